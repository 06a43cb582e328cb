//! Text files that a configuration names: read up to a bound, and watched so that a change is noticed soon.
//!
//! A watch is always on a folder: one on the file itself would end with the file when it is replaced.

use crate::component::ComponentId;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use river_eval::Checks;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// How long a change rests before a file is read, so that a writer in several steps is not met half way.
pub(crate) const REST: Duration = Duration::from_millis(30);

/// How soon a file that could not be read is tried again where `poll_frequency` is longer.
pub(crate) const RETRY: Duration = Duration::from_secs(10);

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "file change detector")]
pub(crate) enum Detector {
    /// The kernel tells; `poll_frequency` catches what it cannot tell, as on network file systems.
    #[river(name = "fsnotify")]
    FsNotify,
    /// Only every `poll_frequency`.
    Poll,
}

/// Refuses a `poll_frequency` of 0.
pub(crate) fn check_poll_frequency(poll_frequency: Duration, checks: &mut Checks<'_, '_>) {
    if poll_frequency.is_zero() {
        checks
            .attribute("poll_frequency", "poll_frequency must be above 0")
            .help = Some("leave it out for the default, 1m".into());
    }
}

/// Reads a file of so many bytes at the most; errors call it by `name`.
///
/// # Errors
/// Of reading; a file that is too large; one that is not UTF-8.
pub(crate) fn read(path: &Path, most: u64, name: impl Display) -> io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("{name} is larger than {most} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other(format!("{name} is not UTF-8 text")))
}

/// The folder that a file stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What tells one state of a file from another; `None` where there is no file.
#[derive(Debug, PartialEq)]
pub(crate) struct Stamp(Option<(u64, u64, u64, Option<SystemTime>)>);

impl Stamp {
    /// The present state.
    pub(crate) fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let of = |metadata: std::fs::Metadata| {
            (
                metadata.dev(),
                metadata.ino(),
                metadata.len(),
                metadata.modified().ok(),
            )
        };
        Self(path.metadata().ok().map(of))
    }
}

/// Folders that are watched for changes of what is in them; not of what is in folders below.
pub(crate) struct Folders {
    watcher: notify::Result<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Folders {
    /// Watches nothing yet. Whatever is written, made or taken away wakes `touched`; that something is read does not.
    pub(crate) fn new(touched: &Arc<Notify>) -> Self {
        let touched = touched.clone();
        Self {
            watcher: notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading is told, too, and reading is what follows.
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    touched.notify_one();
                }
            }),
            watched: BTreeSet::new(),
        }
    }

    /// Watches exactly these folders from now on. Answers which cannot be watched; asked again, those are tried again.
    pub(crate) fn watch(&mut self, wanted: &BTreeSet<PathBuf>) -> Vec<(PathBuf, String)> {
        let watcher = match &mut self.watcher {
            Ok(watcher) => watcher,
            Err(error) => {
                let error = error.to_string();
                return wanted
                    .iter()
                    .map(|folder| (folder.clone(), error.clone()))
                    .collect();
            }
        };
        self.watched.retain(|folder| {
            let is_wanted = wanted.contains(folder);
            if !is_wanted {
                // It may be gone already, and its watch with it.
                drop(watcher.unwatch(folder));
            }
            is_wanted
        });
        let mut failed = Vec::new();
        for folder in wanted {
            // Added again it is the same watch, and a folder that was replaced gets a new one.
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(folder.clone());
                }
                Err(error) => {
                    self.watched.remove(folder);
                    failed.push((folder.clone(), error.to_string()));
                }
            }
        }
        failed
    }
}

/// Watches one folder for a component. Where that cannot be, a warning says that `what` is looked at every `poll_frequency` instead.
pub(crate) fn watch(id: &ComponentId, folder: &Path, what: &str, touched: &Arc<Notify>) -> Option<Folders> {
    let mut folders = Folders::new(touched);
    let failed = folders.watch(&BTreeSet::from([folder.to_owned()]));
    for (folder, error) in &failed {
        tracing::warn!(
            component_id = %id, %error,
            "the folder {} cannot be watched; {what} is looked at every poll_frequency instead",
            folder.display()
        );
    }
    failed.is_empty().then_some(folders)
}
