//! Files that hold tokens, passwords and certificates, read again when they change.

use super::HttpError;
use parking_lot::Mutex;
use river_eval::Secret;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes of such a file at the most.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// What tells one state of a file from another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// The present state of a file; `None` where there is none.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok(),
        length: metadata.len(),
    })
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Result<String, HttpError> {
    let cannot = |error: String| HttpError::File(format!("cannot read {}: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| cannot(error.to_string()))?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| cannot(error.to_string()))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(cannot(format!("more than {MAX_FILE_BYTES} bytes")));
    }
    Ok(text)
}

/// A secret that is written in the configuration or stands in a file.
#[derive(Debug)]
pub(super) enum SecretSource {
    Given(Secret),
    File {
        path: PathBuf,
        known: Mutex<Option<(Stamp, Secret)>>,
    },
}

impl SecretSource {
    pub(super) fn new(given: Option<&Secret>, file: &str) -> Self {
        if file.is_empty() {
            return Self::Given(given.cloned().unwrap_or_else(|| Secret::new("")));
        }
        Self::File {
            path: file.into(),
            known: Mutex::new(None),
        }
    }

    /// The secret as it is now; a file's content without the white space around it.
    pub(super) fn get(&self) -> Result<Secret, HttpError> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::File { path, known } => {
                let mut known = known.lock();
                let now = stamp(path);
                if let (Some(now), Some((then, secret))) = (&now, &*known)
                    && now == then
                {
                    return Ok(secret.clone());
                }
                let secret = Secret::new(read(path)?.trim());
                *known = now.map(|now| (now, secret.clone()));
                Ok(secret)
            }
        }
    }
}
