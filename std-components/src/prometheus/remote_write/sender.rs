//! Sends one encoded request until the endpoint has taken or refused it.

use super::metrics::{EndpointMetrics, Kind};
use super::settings::Settings;
use crate::component::CancellationToken;
use crate::http_client::{Backoff, EndpointsHealth, HttpError, Seldom, first_line, retry_after};
use crate::own_span;
use arc_swap::ArcSwap;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::Instrument;

/// What the shards of an endpoint share.
pub(super) struct Common {
    /// The name in messages and debug information.
    pub(super) name: String,
    pub(super) settings: ArcSwap<Settings>,
    /// Told when settings have changed: a wait for the next attempt ends.
    pub(super) changed: Notify,
    pub(super) metrics: ArcSwap<EndpointMetrics>,
    pub(super) health: Arc<EndpointsHealth>,
    /// The time for draining is over.
    pub(super) abandon: CancellationToken,
    pub(super) refused: Seldom,
    pub(super) troubled: Seldom,
}

/// What a request holds, for counting.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    pub(super) samples: u64,
    pub(super) exemplars: u64,
    pub(super) metadata: u64,
}

impl Load {
    pub(super) fn count(
        &self,
        metrics: &EndpointMetrics,
        which: fn(&Kind) -> &crate::component::metrics::IntCounter,
    ) {
        for (kind, number) in [
            (&metrics.samples, self.samples),
            (&metrics.exemplars, self.exemplars),
            (&metrics.metadata, self.metadata),
        ] {
            if number > 0 {
                which(kind).inc_by(number);
            }
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Taken, or refused for good and counted.
    Done,
    /// Given up at a stop.
    Abandoned,
}

enum Attempt {
    Taken,
    Refused(String),
    Failed(Option<Duration>, String),
}

impl Common {
    /// Sends a compressed request.
    pub(super) async fn send(&self, body: Bytes, load: Load) -> Sent {
        let mut backoff: Option<Backoff> = None;
        loop {
            // Listens before it looks, so that no change slips in between.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let settings = self.settings.load_full();
            let metrics = self.metrics.load_full();
            let started = Instant::now();
            let attempt = tokio::select! {
                attempt = self.attempt(&settings, body.clone()).instrument(span(&settings)) => attempt,
                () = self.abandon.cancelled() => return Sent::Abandoned,
            };
            metrics.duration.observe(started.elapsed().as_secs_f64());
            match attempt {
                Attempt::Taken => {
                    load.count(&metrics, |kind| &kind.sent);
                    let bytes = if load.metadata > 0 {
                        &metrics.metadata_bytes
                    } else {
                        &metrics.bytes
                    };
                    bytes.inc_by(body.len() as u64);
                    self.health.works(&self.name);
                    return Sent::Done;
                }
                Attempt::Refused(error) => {
                    load.count(&metrics, |kind| &kind.failed);
                    if let Some(left_out) = self.refused.now() {
                        tracing::error!(
                            remote_name = settings.name,
                            url = settings.shown_url,
                            count = load.samples,
                            exemplarCount = load.exemplars,
                            metadataCount = load.metadata,
                            err = error,
                            left_out,
                            "non-recoverable error"
                        );
                    }
                    return Sent::Done;
                }
                Attempt::Failed(asked, error) => {
                    load.count(&metrics, |kind| &kind.retried);
                    self.health.fails(&self.name, &settings.shown_url, &error);
                    let queue = &settings.arguments.queue_config;
                    let wait = backoff
                        .get_or_insert_with(|| Backoff::new(queue.min_backoff, queue.max_backoff))
                        .next(asked);
                    if let Some(left_out) = self.troubled.now() {
                        tracing::warn!(
                            remote_name = settings.name,
                            url = settings.shown_url,
                            err = error,
                            retry_in = ?wait,
                            left_out,
                            "Failed to send batch, retrying"
                        );
                    }
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = changed => {}
                        () = self.abandon.cancelled() => return Sent::Abandoned,
                    }
                }
            }
        }
    }

    async fn attempt(&self, settings: &Settings, body: Bytes) -> Attempt {
        let answer = match self.post(settings, body).await {
            Ok(answer) => answer,
            Err(error) => return Attempt::Failed(None, error.to_string()),
        };
        let status = answer.status();
        if status.is_success() {
            return Attempt::Taken;
        }
        let asked = retry_after(answer.headers());
        let line = first_line(answer).await;
        let error = format!("server returned HTTP status {status}: {line}");
        match status.as_u16() {
            429 if settings.arguments.queue_config.retry_on_http_429 => Attempt::Failed(asked, error),
            400..500 => Attempt::Refused(error),
            _ => Attempt::Failed(asked, error),
        }
    }

    async fn post(&self, settings: &Settings, body: Bytes) -> Result<reqwest::Response, HttpError> {
        let mut headers = settings.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        headers.insert(
            "X-Prometheus-Remote-Write-Version",
            HeaderValue::from_static("0.1.0"),
        );
        let request = settings
            .client
            .request(Method::POST, settings.url.clone())
            .await?
            .headers(headers)
            .timeout(settings.arguments.remote_timeout)
            .body(body);
        Ok(request.send().await?)
    }
}

/// The agent's own span around a request, by the name that Prometheus gives it.
fn span(settings: &Settings) -> tracing::Span {
    own_span!(
        "Remote Send Batch",
        otel.kind = "client",
        url.full = settings.shown_url
    )
}
