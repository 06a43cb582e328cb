//! `import.http`: a module that a server holds; asked for every `poll_frequency`.

use super::{MAX_TEXT_BYTES, Read, folder_of};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::{HttpClient, HttpClientArguments, parse_url, safe_url};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use river_eval::engine::Content;
use river_eval::{Checks, Str};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The arguments of `import.http`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// Where the module is.
    url: String,
    /// How often to ask for it.
    #[river(default = Duration::from_secs(60))]
    poll_frequency: Duration,
    /// How long an answer may take.
    #[river(default = Duration::from_secs(10))]
    poll_timeout: Duration,
    /// The request's method.
    #[river(default = "GET".into())]
    method: String,
    /// Headers of the request.
    #[river(default)]
    headers: BTreeMap<String, String>,
    /// The request's body.
    #[river(default)]
    body: String,
    /// How the server is spoken to.
    #[river(block, default)]
    client: HttpClientArguments,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.poll_frequency.is_zero() {
        checks.attribute("poll_frequency", "poll_frequency must be greater than 0");
    }
    if arguments.poll_timeout.is_zero() {
        checks.attribute("poll_timeout", "poll_timeout must be greater than 0");
    }
    if arguments.poll_timeout >= arguments.poll_frequency {
        checks.attribute("poll_timeout", "poll_timeout must be less than poll_frequency");
    }
    if arguments.method.parse::<Method>().is_err() {
        checks.attribute("method", format!("{:?} is no HTTP method", arguments.method));
    }
}

/// `import.http`.
pub(super) struct ImportHttp {
    context: Context<Read>,
    source: Source,
}

/// Where to ask and how.
#[derive(Clone)]
struct Source {
    arguments: Arc<Arguments>,
    url: Url,
    client: Arc<HttpClient>,
}

impl Component for ImportHttp {
    const NAME: &'static str = "import.http";
    type Arguments = Arguments;
    type Exports = Read;

    fn new(context: Context<Read>, arguments: Arguments) -> Result<Self, BuildError> {
        let source = Source {
            url: parse_url(&arguments.url).map_err(|reason| BuildError::at("url", reason))?,
            client: Arc::new(HttpClient::new(&arguments.client)?),
            arguments: Arc::new(arguments),
        };
        let import = Self { context, source };
        let fetches = &import.context.services.fetches;
        let asked = import.source.clone();
        let id = import.context.id.to_string();
        match fetches.get(
            &id,
            &*import.source.arguments,
            || async move { asked.ask().await },
        ) {
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
                    safe_url(import.source.url.as_str())
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
                () = tokio::time::sleep(self.source.arguments.poll_frequency) => {}
            }
            let asked = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                asked = self.source.ask() => asked,
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
        for byte in Sha256::digest(self.source.url.as_str().as_bytes()).iter().take(8) {
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
        let address = safe_url(self.source.url.as_str());
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

impl Source {
    /// Asks once. The error names the target.
    async fn ask(&self) -> Result<String, String> {
        let target = safe_url(self.url.as_str());
        let arguments = &self.arguments;
        let failed = |reason: String| format!("failed to fetch module {target}: {reason}");
        let ask = async {
            let method: Method = arguments
                .method
                .parse()
                .map_err(|_| failed(format!("{:?} is no HTTP method", arguments.method)))?;
            let mut request = (self.client)
                .request(method, self.url.clone())
                .await
                .map_err(|error| failed(error.to_string()))?;
            for (name, value) in &arguments.headers {
                let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                    return Err(failed(format!("{name:?} cannot be a header")));
                };
                request = request.header(name, value);
            }
            if !arguments.body.is_empty() {
                request = request.body(arguments.body.clone());
            }
            let mut answer = request
                .send()
                .await
                .map_err(|error| failed(crate::http_client::HttpError::from(error).to_string()))?;
            if answer.status() != reqwest::StatusCode::OK {
                return Err(failed(format!("unexpected status code {}", answer.status())));
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = answer
                .chunk()
                .await
                .map_err(|error| failed(crate::http_client::HttpError::from(error).to_string()))?
            {
                bytes.extend_from_slice(&chunk);
                if bytes.len() as u64 > MAX_TEXT_BYTES {
                    return Err(failed(format!("it is larger than {MAX_TEXT_BYTES} bytes")));
                }
            }
            String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8 text".into()))
        };
        match tokio::time::timeout(arguments.poll_timeout, ask).await {
            Ok(answer) => answer,
            Err(_) => Err(failed(format!("no answer within {:?}", arguments.poll_timeout))),
        }
    }
}
