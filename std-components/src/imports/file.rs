//! `import.file`: a module in a file, or in the `*.alloy` files of a folder; read again whenever they change.

use super::{MAX_FILES, MAX_TEXT_BYTES, Read, folder_of};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use river_eval::engine::Content;
use river_eval::{Checks, Str};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long a change rests before the files are read, so that a writer in several steps is not met half way.
const REST: Duration = Duration::from_millis(30);

/// How soon files that could not be read are tried again where `poll_frequency` is longer.
const RETRY: Duration = Duration::from_secs(10);

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "file change detector")]
pub(super) enum Detector {
    /// The kernel tells; `poll_frequency` catches what it cannot tell, as on network file systems.
    #[river(name = "fsnotify")]
    FsNotify,
    /// Only every `poll_frequency`.
    Poll,
}

/// The arguments of `import.file`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// The file or folder to read.
    filename: String,
    /// How changes are noticed: `fsnotify` or `poll`.
    #[river(default = Detector::FsNotify)]
    detector: Detector,
    /// How often to look for changes.
    #[river(default = Duration::from_secs(60))]
    poll_frequency: Duration,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.poll_frequency.is_zero() {
        checks
            .attribute("poll_frequency", "poll_frequency must be above 0")
            .help = Some("leave it out for the default, 1m".into());
    }
}

/// `import.file`.
pub(super) struct ImportFile {
    context: Context<Read>,
    arguments: Arguments,
}

impl Component for ImportFile {
    const NAME: &'static str = "import.file";
    type Arguments = Arguments;
    type Exports = Read;

    fn new(context: Context<Read>, arguments: Arguments) -> Result<Self, BuildError> {
        let import = Self { context, arguments };
        import
            .read()
            .map_err(|reason| BuildError::at("filename", reason))?;
        Ok(import)
    }

    fn update(&self, _: Arguments) -> Result<(), BuildError> {
        // Other arguments make another import.
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let touched = Arc::new(Notify::new());
        let watching = match self.arguments.detector {
            Detector::FsNotify => self.watch(&touched),
            Detector::Poll => None,
        };
        let mut told = None;
        loop {
            let mut wait = self.arguments.poll_frequency;
            match self.read() {
                Ok(()) => told = None,
                Err(reason) => {
                    self.context.health.unhealthy(&reason);
                    wait = wait.min(RETRY);
                    if told.as_ref() != Some(&reason) {
                        tracing::error!(component_id = %self.context.id, "{reason}; the last content stays in use, and it is tried again");
                        told = Some(reason);
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                () = touched.notified() => tokio::time::sleep(REST).await,
            }
        }
        drop(watching);
        Ok(())
    }
}

impl ImportFile {
    /// Reads the files and exports them. What was exported before stays where that fails.
    fn read(&self) -> Result<(), String> {
        let content = read(Path::new(&self.arguments.filename))
            .map_err(|error| format!("failed to read module {}: {error}", self.arguments.filename))?;
        self.context.export(&Read(content));
        self.context.health.healthy("read file");
        Ok(())
    }

    /// Watches the folder, or that of the file: a watch on the file itself would end with the file when it is replaced.
    fn watch(&self, touched: &Arc<Notify>) -> Option<RecommendedWatcher> {
        let path = Path::new(&self.arguments.filename);
        let folder = match path.parent() {
            _ if path.is_dir() => path,
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let touched = touched.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is told, too, and reading is what follows.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                touched.notify_one();
            }
        });
        let watcher = watcher.and_then(|mut watcher| {
            watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map(|()| watcher)
        });
        watcher
            .inspect_err(|error| {
                tracing::warn!(
                    component_id = %self.context.id, %error,
                    "the folder {} cannot be watched; it is looked at every poll_frequency instead",
                    folder.display()
                );
            })
            .ok()
    }
}

/// Reads a file, or the `*.alloy` files of a folder in order of their names.
pub(super) fn read(path: &Path) -> std::io::Result<Content> {
    let canonical = path.canonicalize()?;
    let is_folder = canonical.is_dir();
    let mut paths: Vec<PathBuf> = Vec::new();
    if is_folder {
        for entry in path.read_dir()? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "alloy") && path.is_file() {
                paths.push(path);
            }
        }
        paths.sort();
        if paths.len() > MAX_FILES {
            return Err(std::io::Error::other(format!(
                "it holds more than {MAX_FILES} files"
            )));
        }
    } else {
        paths.push(path.to_owned());
    }
    let files: Result<Arc<[(Str, Str)]>, std::io::Error> = paths
        .iter()
        .map(|path| Ok((path.display().to_string().into(), text(path)?.into())))
        .collect();
    let written = path.display().to_string();
    Ok(Content {
        key: Some(canonical.display().to_string().into()),
        module_path: Some(if is_folder {
            written.as_str().into()
        } else {
            folder_of(&written)
        }),
        files: files?,
        is_secret: false,
    })
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(MAX_TEXT_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(std::io::Error::other(format!(
            "{} is larger than {MAX_TEXT_BYTES} bytes",
            path.display()
        )));
    }
    String::from_utf8(bytes)
        .map_err(|_| std::io::Error::other(format!("{} is not UTF-8 text", path.display())))
}
