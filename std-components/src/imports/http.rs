//! `import.http`: a module that a server holds; asked for every `poll_frequency`.

use super::{MAX_TEXT_BYTES, Read, folder_of};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::{Poll, PollArguments};
use river_eval::Str;
use river_eval::engine::Content;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// The arguments of `import.http`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Arguments {
    #[river(squash)]
    poll: PollArguments,
}

/// `import.http`.
pub(super) struct ImportHttp {
    context: Context<Read>,
    arguments: Arguments,
    poll: Poll,
}

impl Component for ImportHttp {
    const NAME: &'static str = "import.http";
    type Arguments = Arguments;
    type Exports = Read;

    fn new(context: Context<Read>, arguments: Arguments) -> Result<Self, BuildError> {
        let import = Self {
            poll: Poll::new(&arguments.poll, MAX_TEXT_BYTES)?,
            context,
            arguments,
        };
        let fetches = &import.context.services.fetches;
        let asked = import.poll.clone();
        let id = import.context.id.to_string();
        match fetches.get(&id, &import.arguments, || async move { ask(&asked).await }) {
            Some(Ok(text)) => {
                import.keep(&text);
                import.export(text);
                Ok(import)
            }
            // Where the server is away at the start, what it said last is better than nothing.
            Some(Err(reason)) => match import.kept() {
                Some(text) => {
                    import.export(text);
                    let reason = format!("{reason}; the copy of an earlier fetch is used");
                    tracing::warn!(component_id = %import.context.id, "{reason}");
                    import.context.health.unhealthy(reason);
                    Ok(import)
                }
                None => Err(BuildError::at("url", reason)),
            },
            None => Err(BuildError::at(
                "url",
                format!(
                    "{} has not been asked yet; a check asks no peers",
                    import.poll.target()
                ),
            )),
        }
    }

    fn update(&self, _: Arguments) -> Result<(), BuildError> {
        // Other arguments make another import.
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(self.arguments.poll.poll_frequency) => {}
            }
            let asked = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                asked = ask(&self.poll) => asked,
            };
            match asked {
                Ok(text) => {
                    told = None;
                    self.keep(&text);
                    self.export(text);
                }
                Err(reason) => {
                    self.context.health.unhealthy(&reason);
                    if told.as_ref() != Some(&reason) {
                        tracing::error!(component_id = %self.context.id, "{reason}; the last content stays in use, and it is tried again");
                        told = Some(reason);
                    }
                }
            }
        }
    }
}

impl ImportHttp {
    /// Where the last answer is kept: below the import's folder, by the address.
    fn copy(&self) -> PathBuf {
        let mut name = String::from("module-");
        for byte in Sha256::digest(self.poll.url().as_str().as_bytes()).iter().take(8) {
            name.push_str(&format!("{byte:02x}"));
        }
        self.context.data_dir().join(name)
    }

    /// Keeps an answer for a start without the server. That it cannot be kept is no reason not to use it.
    fn keep(&self, text: &str) {
        let path = self.copy();
        if self.kept().as_deref() == Some(text) {
            return;
        }
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| {
                let folder = path.parent().unwrap_or(&path);
                // Readable by this user only, as a new temporary file is.
                let mut file = tempfile::NamedTempFile::new_in(folder)?;
                file.write_all(text.as_bytes())?;
                file.persist(&path).map_err(|error| error.error)?;
                Ok(())
            });
        if let Err(error) = written {
            tracing::warn!(component_id = %self.context.id, "the module cannot be kept in {} for a start without its server: {error}", path.display());
        }
    }

    /// The answer that was kept.
    fn kept(&self) -> Option<String> {
        std::fs::read_to_string(self.copy()).ok()
    }

    fn export(&self, text: String) {
        let address = self.poll.target();
        let folder = folder_of(&address);
        self.context.export(&Read(Content {
            key: Some(address.as_str().into()),
            // With the slash behind it, as in the reference.
            module_path: Some(Str::from(format!("{folder}/"))),
            files: [(address.into(), text.into())].into(),
            is_secret: false,
        }));
        self.context.health.healthy("polled endpoint");
    }
}

/// Asks once. The error names the target.
async fn ask(poll: &Poll) -> Result<String, String> {
    poll.ask()
        .await
        .map_err(|reason| format!("failed to fetch module {}: {reason}", poll.target()))
}
