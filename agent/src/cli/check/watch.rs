//! `--watch`: checks again whenever something changes, until Ctrl-C.

use crate::cli::output;
use crate::lint_config::find::FILE_NAME;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// How long nothing may change before it is looked again: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// How long to wait for quiet at the most.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The files that a round read.
type Known = Arc<Mutex<HashSet<PathBuf>>>;

/// Calls `round`, which gives its exit status and the files and folders that it read, at once and after every change. Ends with the last round's status.
pub(super) fn watch(mut round: impl FnMut() -> (u8, Vec<PathBuf>)) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain("check", &format!("cannot wait for changes: {error}"));
            return 2;
        }
    };
    let known = Known::default();
    // One notice is enough to say that something changed.
    let (sender, mut changed) = mpsc::channel::<()>(1);
    let watcher = notify::recommended_watcher({
        let known = known.clone();
        move |event: notify::Result<Event>| {
            if event.as_ref().is_ok_and(|event| !matters(event, &known)) {
                return;
            }
            // Full means that the notice is there already.
            let _ = sender.try_send(());
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => {
            output::complain("check", &format!("cannot watch for changes: {error}"));
            return 2;
        }
    };
    let mut folders = HashSet::new();
    let mut ends = {
        let _inside = runtime.enter();
        Ends::new()
    };
    loop {
        // Not inside of the runtime: a check has its own.
        let (status, files) = round();
        follow(&mut watcher, &mut folders, &known, files);
        output::complain(
            "check",
            &format!("waiting for changes in {}; Ctrl-C ends", counted(folders.len())),
        );
        let goes_on = runtime.block_on(async {
            tokio::select! {
                () = ends.wait() => false,
                () = change(&mut changed) => true,
            }
        });
        if !goes_on {
            return status;
        }
    }
}

fn counted(folders: usize) -> String {
    match folders {
        1 => "1 folder".to_owned(),
        _ => format!("{folders} folders"),
    }
}

/// Signals that end the watch.
struct Ends {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Ends {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok(),
        }
    }

    async fn wait(&mut self) {
        let interrupt = tokio::signal::ctrl_c();
        #[cfg(unix)]
        if let Some(terminate) = &mut self.terminate {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        drop(interrupt.await);
    }
}

/// Waits for a change, and then until nothing changes for a while.
async fn change(changed: &mut mpsc::Receiver<()>) {
    if changed.recv().await.is_none() {
        // The watcher is gone, which cannot be while this runs.
        std::future::pending::<()>().await;
    }
    let end = Instant::now() + MAX_WAIT;
    while Instant::now() < end && timeout(QUIET, changed.recv()).await.is_ok() {}
}

/// Watches the folders of these files. Folders, not files, as editors replace files by renaming.
fn follow(
    watcher: &mut RecommendedWatcher,
    folders: &mut HashSet<PathBuf>,
    known: &Known,
    files: Vec<PathBuf>,
) {
    let mut read = HashSet::new();
    for file in files {
        let full = std::path::absolute(&file).unwrap_or(file);
        let folder = match full.is_dir() {
            true => full.as_path(),
            false => full.parent().unwrap_or(&full),
        };
        if !folders.contains(folder)
            && folder.is_dir()
            && watcher.watch(folder, RecursiveMode::NonRecursive).is_ok()
        {
            folders.insert(folder.to_path_buf());
        }
        read.insert(full);
    }
    *known.lock().unwrap_or_else(PoisonError::into_inner) = read;
}

/// Whether an event may change what is found. That a file was read is not one: the check itself does that.
fn matters(event: &Event, known: &Known) -> bool {
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    event.paths.iter().any(|path| {
        let is = |wanted: &str| path.file_name().is_some_and(|name| name == wanted);
        known.contains(path) || is(FILE_NAME) || path.extension() == Some(Path::new("alloy").as_os_str())
    })
}
