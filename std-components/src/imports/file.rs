//! `import.file`: a module in a file, or in the `*.alloy` files of a folder; read again whenever they change.

use super::{MAX_FILES, MAX_TEXT_BYTES, Read, folder_of};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::text_files::{self, Detector, Folders, REST, RETRY};
use river_eval::engine::Content;
use river_eval::{Checks, Str};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

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
    text_files::check_poll_frequency(arguments.poll_frequency, checks);
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

    /// Watches the folder, or that of the file.
    fn watch(&self, touched: &Arc<Notify>) -> Option<Folders> {
        let path = Path::new(&self.arguments.filename);
        let folder = if path.is_dir() {
            path
        } else {
            text_files::folder_of(path)
        };
        text_files::watch(&self.context.id, folder, "it", touched)
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
    text_files::read(path, MAX_TEXT_BYTES, path.display())
}
