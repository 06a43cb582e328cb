//! Sends a request until its endpoint has taken it, or has refused it for good, or it goes to disk instead.

use super::ledger::{Ledger, Owed};
use super::metrics::{Metrics, Reason, TenantMetrics};
use super::refusal::{Verdict, judge};
use super::settings::Settings;
use super::split;
use super::store::Store;
use crate::component::CancellationToken;
use crate::http_client::{Backoff, EndpointsHealth, HttpError, Seldom, beginning, retry_after};
use crate::own_span;
use arc_swap::ArcSwap;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::Instrument;

/// Bytes of an answer that are read at the most: Loki writes a line for each stream of which it has ignored something.
const MAX_ANSWER: usize = 64 * 1024;

/// Bytes of an answer's first line that a message shows at the most.
const MAX_SHOWN: usize = 1024;

/// What the tasks of an endpoint share.
pub(super) struct Common {
    /// The name in messages and debug information.
    pub(super) name: String,
    pub(super) settings: ArcSwap<Settings>,
    /// Told when settings have changed: a wait for the next attempt ends.
    pub(super) changed: Notify,
    pub(super) metrics: Metrics,
    pub(super) ledger: Arc<Ledger>,
    pub(super) health: Arc<EndpointsHealth>,
    /// The log on disk, once there is one.
    pub(super) store: tokio::sync::Mutex<Option<Arc<Store>>>,
    pub(super) tasks: parking_lot::Mutex<tokio::task::JoinSet<()>>,
    /// Nothing more will come.
    pub(super) closing: CancellationToken,
    /// The time for draining is over: what is left goes back to its sources, or stays on disk.
    pub(super) abandon: CancellationToken,
    pub(super) refused: Seldoms,
    pub(super) troubled: Seldom,
    pub(super) limited: Seldom,
    pub(super) stored: Seldom,
    /// Until when nothing is to be put on disk, as it could not be lately.
    pub(super) no_overflow: parking_lot::Mutex<Option<Instant>>,
}

/// A [`Seldom`] for each reason.
#[derive(Debug, Default)]
pub(super) struct Seldoms(parking_lot::Mutex<Vec<(Reason, Arc<Seldom>)>>);

impl Seldoms {
    fn now(&self, reason: Reason) -> Option<u64> {
        let mut all = self.0.lock();
        let known = all.iter().find(|(known, _)| *known == reason);
        let seldom = match known {
            Some((_, seldom)) => seldom.clone(),
            None => {
                let seldom = Arc::new(Seldom::default());
                all.push((reason, seldom.clone()));
                seldom
            }
        };
        drop(all);
        seldom.now()
    }
}

/// A request, or what is left of it.
pub(super) struct Request {
    pub(super) tenant: Arc<str>,
    pub(super) metrics: TenantMetrics,
    /// Of all parts.
    pub(super) owed: Owed,
    pub(super) begun: Instant,
    /// Whether a source would rather wait than lose it.
    pub(super) waits: bool,
    /// Whether it is on disk already.
    pub(super) is_on_disk: bool,
    /// Bodies with how many entries each holds: one, or more where the endpoint found it too large.
    pub(super) parts: VecDeque<(Bytes, u64)>,
}

/// How sending has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Taken, or dropped and counted.
    Done,
    /// Given up at a stop.
    Abandoned,
    /// The endpoint fails while another works: what is left goes to disk, so that the other goes on.
    Overflows,
}

enum After {
    Again,
    Ends(Sent),
}

/// How long nothing is put on disk after the log could not be opened.
const NO_OVERFLOW: Duration = Duration::from_secs(30);

impl Common {
    /// Whether what the endpoint does not take should go to disk, so that another endpoint of the component goes on.
    fn may_overflow(&self) -> bool {
        let was_impossible = self
            .no_overflow
            .lock()
            .is_some_and(|until| Instant::now() < until);
        !was_impossible && !self.closing.is_cancelled() && self.health.another_works(&self.name)
    }

    /// The log could not be opened.
    pub(super) fn cannot_overflow(&self) {
        *self.no_overflow.lock() = Some(Instant::now() + NO_OVERFLOW);
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: &mut Request) -> Sent {
        let mut backoff: Option<Backoff> = None;
        while let Some((body, entries)) = request.parts.front().cloned() {
            // Listens before it looks, so that no change slips in between.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let settings = self.settings.load_full();
            let (verdict, error) = tokio::select! {
                biased;
                () = self.abandon.cancelled() => return Sent::Abandoned,
                answer = self.attempt(&settings, request, body.clone()).instrument(span(&settings)) => answer,
            };
            let (reason, ignored) = match verdict {
                Verdict::Taken => {
                    request.metrics.sent_bytes.inc_by(body.len() as u64);
                    self.is_taken(request, entries);
                    backoff = None;
                    continue;
                }
                Verdict::Split => match unpack_halves(&body) {
                    Some(halves) => {
                        request.parts.pop_front();
                        halves
                            .into_iter()
                            .rev()
                            .for_each(|half| request.parts.push_front(half));
                        continue;
                    }
                    None => (Reason::TooLarge, None),
                },
                Verdict::Refused(reason, ignored) => (reason, ignored),
                Verdict::Retry(asked, limit) => {
                    request.metrics.retries.inc();
                    self.health.fails(&self.name, &settings.shown_url, &error);
                    let arguments = &settings.arguments;
                    let backoff = backoff.get_or_insert_with(|| {
                        Backoff::new(arguments.min_backoff_period, arguments.max_backoff_period)
                    });
                    let wait = backoff.next(asked);
                    let most = u64::try_from(arguments.max_backoff_retries).unwrap_or(0);
                    let may_end = limit.is_some() || !request.waits;
                    if !(most > 0 && backoff.retries() >= most && may_end) {
                        self.tell_trouble(&settings, request, &error, wait);
                        match self.pause(request, wait, changed.as_mut()).await {
                            After::Again => continue,
                            After::Ends(sent) => return sent,
                        }
                    }
                    (limit.unwrap_or(Reason::IngesterError), None)
                }
            };
            let dropped = ignored.unwrap_or(entries).clamp(1, entries.max(1));
            self.drop_refused(&settings, request, reason, &error, (dropped, entries, body.len()));
            self.is_taken(request, entries - dropped.min(entries));
            backoff = None;
        }
        Sent::Done
    }

    /// So many entries of the first part have been taken, and it is done with.
    fn is_taken(&self, request: &mut Request, entries: u64) {
        request.parts.pop_front();
        if entries > 0 {
            request.metrics.sent_entries.inc_by(entries);
            request
                .metrics
                .latency
                .observe(request.begun.elapsed().as_secs_f64());
            request.owed.delivered(entries);
        }
        self.health.works(&self.name);
    }

    /// Waits until it is time for another attempt.
    async fn pause(
        &self,
        request: &Request,
        wait: Duration,
        changed: std::pin::Pin<&mut tokio::sync::futures::Notified<'_>>,
    ) -> After {
        let again = tokio::time::sleep(wait);
        tokio::pin!(again, changed);
        loop {
            let recovered = self.health.recovered().notified();
            tokio::pin!(recovered);
            recovered.as_mut().enable();
            if !request.is_on_disk && self.may_overflow() {
                return After::Ends(Sent::Overflows);
            }
            tokio::select! {
                () = self.abandon.cancelled() => return After::Ends(Sent::Abandoned),
                // It is safe where it is.
                () = self.closing.cancelled(), if request.is_on_disk => return After::Ends(Sent::Abandoned),
                () = &mut again => return After::Again,
                () = &mut changed => return After::Again,
                () = recovered => {}
            }
        }
    }

    fn tell_trouble(&self, settings: &Settings, request: &Request, error: &str, wait: Duration) {
        if let Some(left_out) = self.troubled.now() {
            tracing::warn!(
                endpoint = self.name,
                url = settings.shown_url,
                tenant = &*request.tenant,
                error,
                retry_in = ?wait,
                left_out,
                "error sending batch, will retry"
            );
        }
    }

    fn drop_refused(
        &self,
        settings: &Settings,
        request: &mut Request,
        reason: Reason,
        error: &str,
        (dropped, of, bytes): (u64, u64, usize),
    ) {
        let part = bytes as u64 * dropped / of.max(1);
        request.metrics.dropped(reason, dropped, part);
        request.owed.dropped(reason, dropped);
        if let Some(left_out) = self.refused.now(reason) {
            tracing::error!(
                endpoint = self.name,
                url = settings.shown_url,
                tenant = &*request.tenant,
                reason = reason.as_str(),
                entries = dropped,
                error,
                left_out,
                "final error sending batch, no retries left, dropping data"
            );
        }
    }

    async fn attempt(&self, settings: &Settings, request: &Request, body: Bytes) -> (Verdict, String) {
        let tenant = match &*request.tenant {
            "" => None,
            tenant => match HeaderValue::from_str(tenant) {
                Ok(tenant) => Some(tenant),
                Err(_) => {
                    let error = format!("{tenant:?} cannot be a tenant: no header may hold it");
                    return (Verdict::Refused(Reason::IngesterError, None), error);
                }
            },
        };
        let started = Instant::now();
        let answer = self.post(settings, tenant, body).await;
        let seconds = started.elapsed().as_secs_f64();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                request.metrics.duration(None, seconds);
                return (Verdict::Retry(None, None), error.to_string());
            }
        };
        let status = answer.status();
        request.metrics.duration(Some(status.as_u16()), seconds);
        if status.is_success() {
            return (Verdict::Taken, String::new());
        }
        let asked = retry_after(answer.headers());
        let text = beginning(answer, MAX_ANSWER).await;
        let verdict = judge(
            status.as_u16(),
            &text,
            asked,
            settings.arguments.retry_on_http_429,
        );
        let line: String = text
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(MAX_SHOWN)
            .collect();
        let error = format!(
            "server returned HTTP status {status} ({}): {line}",
            status.as_u16()
        );
        (verdict, error)
    }

    async fn post(
        &self,
        settings: &Settings,
        tenant: Option<HeaderValue>,
        body: Bytes,
    ) -> Result<reqwest::Response, HttpError> {
        let mut headers = settings.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        if let Some(tenant) = tenant {
            headers.insert("X-Scope-OrgID", tenant);
        }
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

/// The agent's own span around a request.
fn span(settings: &Settings) -> tracing::Span {
    own_span!(
        "loki.write send",
        otel.kind = "client",
        url.full = settings.shown_url
    )
}

/// The halves of a packed request, packed.
fn unpack_halves(body: &[u8]) -> Option<[(Bytes, u64); 2]> {
    let plain = snap::raw::Decoder::new().decompress_vec(body).ok()?;
    let [first, second] = split::halves(&plain)?;
    let mut snappy = snap::raw::Encoder::new();
    let mut pack = |(plain, entries): split::Half| {
        let packed = snappy.compress_vec(&plain).ok()?;
        Some((Bytes::from(packed), entries))
    };
    Some([pack(first)?, pack(second)?])
}
