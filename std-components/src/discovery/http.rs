//! `discovery.http`: targets that a server lists, as Prometheus' `http_sd_config` asks for them.

use super::groups;
use super::refresh::{Exports, Question, Refreshing, check_interval};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::{HttpClient, HttpClientArguments, HttpError, parse_url, safe_url, whole};
use crate::signals::Target;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, StatusCode, Url};
use river_eval::Checks;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of an answer at the most.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// The arguments of `discovery.http`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// Where the targets are listed.
    url: String,
    /// How often to ask for them.
    #[river(default = Duration::from_secs(60))]
    refresh_interval: Duration,
    #[river(squash)]
    client: HttpClientArguments,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    check_interval(arguments.refresh_interval, checks);
    if let Err(reason) = parse_url(&arguments.url) {
        checks.attribute("url", reason);
    }
}

/// A server and how it is asked.
struct Server {
    url: Url,
    /// For messages and labels: without its password.
    shown: String,
    client: HttpClient,
    interval: Duration,
}

impl Server {
    fn new(arguments: &Arguments) -> Result<Self, BuildError> {
        Ok(Self {
            url: parse_url(&arguments.url).map_err(|reason| BuildError::at("url", reason))?,
            shown: safe_url(&arguments.url),
            client: HttpClient::new(&arguments.client)?,
            interval: arguments.refresh_interval,
        })
    }

    async fn list(&self) -> Result<Vec<Target>, String> {
        let request = self.client.request(Method::GET, self.url.clone()).await;
        let answer = request
            .map_err(|error| error.to_string())?
            .header(ACCEPT, "application/json")
            .header(
                "X-Prometheus-Refresh-Interval-Seconds",
                self.interval.as_secs_f64().to_string(),
            )
            .send()
            .await
            .map_err(|error| HttpError::from(error).to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("server returned HTTP status {}", answer.status()));
        }
        let kind = answer.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !is_json(kind) {
            return Err(format!(
                "unsupported content type {kind:?}, it has to be application/json"
            ));
        }
        let text = whole(answer, MAX_ANSWER_BYTES).await?;
        groups::from_json(&text, ("__meta_url", &self.shown))
    }
}

/// Whether a content type is JSON in UTF-8.
fn is_json(kind: &str) -> bool {
    let mut parts = kind.trim().splitn(2, ';');
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    is_json
        && parts.next().is_none_or(|parameter| {
            let parameter = parameter.trim().to_ascii_lowercase();
            matches!(&*parameter, "charset=utf-8" | "charset=\"utf-8\"")
        })
}

impl Question for Server {
    const MECHANISM: &'static str = "http";

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn ask(&self) -> Result<Vec<Target>, String> {
        self.list().await.map_err(|reason| {
            format!(
                "failed to refresh the targets from {}: {reason}; check the URL, the authentication and that the server runs",
                self.shown
            )
        })
    }
}

/// `discovery.http`.
pub(super) struct Http {
    refreshing: Refreshing<Server>,
}

impl Component for Http {
    const NAME: &'static str = "discovery.http";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let server = Server::new(&arguments)?;
        let failures = context.metrics.counter(
            "prometheus_sd_http_failures_total",
            "Number of HTTP service discovery refresh failures.",
        );
        Ok(Self {
            refreshing: Refreshing::new(context, server).also_counts(failures),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.refreshing.update(Server::new(&arguments)?);
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        self.refreshing.run(stop).await
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
