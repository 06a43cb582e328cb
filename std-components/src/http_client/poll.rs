//! A text that a server holds and that is asked for again and again: what `import.http` and `remote.http` have in common.

use super::answer::whole;
use super::{HttpClient, HttpClientArguments, HttpError, parse_headers, parse_url, safe_url};
use crate::component::BuildError;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use river_eval::Checks;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Where a text is and how it is asked for; to be squashed into a component's arguments.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub struct PollArguments {
    /// Where the text is.
    pub url: String,
    /// How often to ask for it.
    #[river(default = Duration::from_secs(60))]
    pub poll_frequency: Duration,
    /// How long an answer may take.
    #[river(default = Duration::from_secs(10))]
    pub poll_timeout: Duration,
    /// The request's method.
    #[river(default = "GET".into())]
    pub method: String,
    /// Headers of the request.
    #[river(default)]
    pub headers: BTreeMap<String, String>,
    /// The request's body.
    #[river(default)]
    pub body: String,
    /// How the server is spoken to.
    #[river(block, default)]
    pub client: HttpClientArguments,
}

fn check(arguments: &PollArguments, checks: &mut Checks<'_, '_>) {
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

/// Asks one server for one text. Clones share it.
#[derive(Clone, Debug)]
pub struct Poll(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: Url,
    method: Method,
    headers: HeaderMap,
    body: String,
    timeout: Duration,
    client: HttpClient,
    /// Bytes of an answer at the most.
    most: u64,
}

impl Poll {
    /// Makes the client; no peer is touched. Answers larger than `most` bytes are refused.
    ///
    /// # Errors
    /// A URL, method or header that HTTP does not know; see [`HttpClient::new`] for the client's.
    pub fn new(arguments: &PollArguments, most: u64) -> Result<Self, BuildError> {
        let method = arguments
            .method
            .parse()
            .map_err(|_| BuildError::at("method", format!("{:?} is no HTTP method", arguments.method)))?;
        Ok(Self(Arc::new(Inner {
            url: parse_url(&arguments.url).map_err(|reason| BuildError::at("url", reason))?,
            method,
            headers: parse_headers(&arguments.headers)?,
            body: arguments.body.clone(),
            timeout: arguments.poll_timeout,
            client: HttpClient::new(&arguments.client)?,
            most,
        })))
    }

    /// The address, password included.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// The address for messages.
    pub fn target(&self) -> String {
        safe_url(self.0.url.as_str())
    }

    /// Asks once.
    ///
    /// # Errors
    /// Why there is no text, without the target's name.
    pub async fn ask(&self) -> Result<String, String> {
        let timeout = self.0.timeout;
        match tokio::time::timeout(timeout, self.0.ask()).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {timeout:?}")),
        }
    }
}

impl Inner {
    async fn ask(&self) -> Result<String, String> {
        let request = self.client.request(self.method.clone(), self.url.clone()).await;
        let mut request = request
            .map_err(|error| error.to_string())?
            .headers(self.headers.clone());
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        let answer = request
            .send()
            .await
            .map_err(|error| HttpError::from(error).to_string())?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(format!("unexpected status code {}", answer.status()));
        }
        let bytes = whole(answer, self.most).await?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())
    }
}
