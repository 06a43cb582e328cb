//! Why a collector could not collect.

use std::io;

/// Why a collector could not collect. `node_scrape_collector_success` is 0 then; what it printed before stays on the page.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The machine has nothing of the kind: no such hardware, or the kernel's module is not loaded. Not worth a line in the log.
    #[error("no data: this machine has nothing of the kind")]
    NoData,
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file holds something unexpected.
    #[error("cannot understand {path}: {reason}")]
    Parse {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Failure {
    pub(crate) fn read(path: &str, source: io::Error) -> Self {
        Self::Read {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn parse(path: &str, reason: impl Into<String>) -> Self {
        Self::Parse {
            path: path.into(),
            reason: reason.into(),
        }
    }

    /// Whether a file or folder is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The same, but a file that is not there means that there is no data.
    #[must_use]
    pub fn absent_is_no_data(self) -> Self {
        if self.is_absent() { Self::NoData } else { self }
    }

    /// The same, but a file that is not there or that this user may not read means that there is no data.
    #[must_use]
    pub fn denied_is_no_data(self) -> Self {
        match &self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Self::NoData,
            _ => self.absent_is_no_data(),
        }
    }
}
