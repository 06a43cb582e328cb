//! `local.file`: the content of a file, read again whenever it changes.

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::text_files::{self, Detector, Folders, REST, RETRY, Stamp};
use parking_lot::Mutex;
use river_eval::{Checks, OptionalSecret};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// Bytes of a file that are read at the most: what is exported is copied into every expression that uses it.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The arguments of `local.file`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// The file to read.
    filename: String,
    /// How changes are noticed: `fsnotify` or `poll`.
    #[river(default = Detector::FsNotify)]
    detector: Detector,
    /// How often to look for changes.
    #[river(default = Duration::from_secs(60))]
    poll_frequency: Duration,
    /// Whether the content is a secret, which is shown nowhere.
    #[river(default = false)]
    is_secret: bool,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    text_files::check_poll_frequency(arguments.poll_frequency, checks);
}

/// The exports of `local.file`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// The content.
    content: OptionalSecret,
}

/// `local.file`.
pub(super) struct LocalFile {
    context: Context<Exports>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    accessed: crate::component::metrics::Gauge,
}

impl Component for LocalFile {
    const NAME: &'static str = "local.file";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let accessed = context.metrics.float_gauge(
            "local_file_timestamp_last_accessed_unix_seconds",
            "The last successful access in unix seconds",
        );
        let file = Self {
            accessed,
            context,
            arguments: Mutex::new(Arc::new(arguments.clone())),
            changed: Notify::new(),
        };
        file.read(&arguments)
            .map_err(|reason| BuildError::at("filename", reason))?;
        Ok(file)
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.read(&arguments)
            .map_err(|reason| BuildError::at("filename", reason))?;
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let touched = Arc::new(Notify::new());
        let mut watching: Option<(PathBuf, Folders)> = None;
        let mut told = None;
        loop {
            let arguments = self.arguments.lock().clone();
            let path = Path::new(&arguments.filename);
            if arguments.detector == Detector::Poll {
                watching = None;
            } else if watching.as_ref().is_none_or(|(watched, _)| watched != path) {
                let folder = text_files::folder_of(path);
                watching = text_files::watch(&self.context.id, folder, "its file", &touched)
                    .map(|watcher| (path.into(), watcher));
            }
            let before = Stamp::of(path);
            let mut wait = arguments.poll_frequency;
            match self.read(&arguments) {
                Ok(()) => told = None,
                Err(reason) => {
                    self.context.health.unhealthy(&reason);
                    wait = wait.min(RETRY);
                    if told.as_ref() != Some(&reason) {
                        tracing::error!(component_id = %self.context.id, "{reason}");
                        told = Some(reason);
                    }
                }
            }
            let deadline = tokio::time::Instant::now() + wait;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = self.changed.notified() => break,
                    () = tokio::time::sleep_until(deadline) => break,
                    () = touched.notified() => {
                        tokio::time::sleep(REST).await;
                        // The folder's other files come and go too.
                        if Stamp::of(path) != before {
                            break;
                        }
                    }
                }
            }
        }
    }
}

impl LocalFile {
    /// Reads the file and exports it. What was exported before stays where that fails.
    fn read(&self, arguments: &Arguments) -> Result<(), String> {
        let content =
            text_files::read(Path::new(&arguments.filename), MAX_FILE_BYTES, "it").map_err(|error| {
                format!(
                    "failed to read file {}: {error}; the last content stays in use, and it is tried again",
                    arguments.filename
                )
            })?;
        let content = if arguments.is_secret {
            OptionalSecret::secret(content)
        } else {
            OptionalSecret::plain(content)
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.accessed.set(now.unwrap_or_default().as_secs_f64());
        self.context.export(&Exports { content });
        self.context.health.healthy("read file");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{ExportSink, HealthState};
    use river_eval::Value;
    use std::fs;

    fn content(exports: &ExportSink) -> OptionalSecret {
        let Value::Object(fields) = exports.get() else {
            panic!("nothing exported");
        };
        match fields.get("content") {
            Some(Value::OptionalSecret(content)) => content.clone(),
            other => panic!("{other:?}"),
        }
    }

    struct Run {
        folder: tempfile::TempDir,
        component: Arc<LocalFile>,
        exports: Arc<ExportSink>,
        changed: Arc<Notify>,
        stop: CancellationToken,
    }

    impl Run {
        fn path(&self) -> PathBuf {
            self.folder.path().join("f")
        }

        async fn until(&self, wanted: &str) {
            while &**content(&self.exports).reveal() != wanted {
                self.changed.notified().await;
            }
        }
    }

    fn start(detector: Detector, poll_frequency: Duration) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "one").unwrap();
        let (context, exports) = Context::for_test("local.file.x", folder.path());
        let arguments = Arguments {
            filename: path.display().to_string(),
            detector,
            poll_frequency,
            is_secret: true,
        };
        let component = Arc::new(LocalFile::new(context, arguments).unwrap());
        let changed = Arc::new(Notify::new());
        let wake = changed.clone();
        exports.on_change(Arc::new(move || wake.notify_one()));
        let stop = CancellationToken::new();
        tokio::spawn(component.clone().run(stop.clone()));
        Run {
            folder,
            component,
            exports,
            changed,
            stop,
        }
    }

    #[tokio::test]
    async fn the_kernel_tells_of_a_replaced_file() {
        let run = start(Detector::FsNotify, Duration::from_secs(3600));
        run.until("one").await;
        assert_eq!(format!("{:?}", content(&run.exports)), "(secret)");
        // The watch begins with the first turn of the task; a file put there before is read by that turn.
        fs::write(run.folder.path().join("new"), "two").unwrap();
        fs::rename(run.folder.path().join("new"), run.path()).unwrap();
        run.until("two").await;
        run.stop.cancel();
    }

    #[tokio::test]
    async fn a_file_that_is_gone_leaves_its_content_and_comes_back() {
        let run = start(Detector::Poll, Duration::from_millis(5));
        fs::remove_file(run.path()).unwrap();
        while run.component.context.health.get().state != HealthState::Unhealthy {
            tokio::task::yield_now().await;
        }
        assert_eq!(&**content(&run.exports).reveal(), "one");
        let message = run.component.context.health.get().message;
        assert!(message.contains(&run.path().display().to_string()), "{message}");
        fs::write(run.path(), "back").unwrap();
        run.until("back").await;
        run.stop.cancel();
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let (context, _) = Context::for_test("local.file.x", folder.path());
        let arguments = Arguments {
            filename: folder.path().join("missing").display().to_string(),
            detector: Detector::Poll,
            poll_frequency: Duration::from_secs(60),
            is_secret: false,
        };
        let refused = LocalFile::new(context, arguments).err().unwrap();
        assert_eq!(refused.attribute, Some("filename"));
        assert!(refused.message.contains("missing"), "{refused}");
    }
}
