//! A shard of an endpoint: gathers entries into requests, sends one request at a time, in order, until the endpoint has taken it.

use super::metrics::{Metrics, Reason, TenantMetrics};
use super::pending::{Gathered, Pending, Share, Spare, size};
use super::resolve::Resolver;
use super::settings::Settings;
use crate::component::CancellationToken;
use crate::http_client::{Backoff, EndpointsHealth, HttpError, Seldom, first_line, retry_after};
use crate::signals::Entry;
use arc_swap::ArcSwap;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// Entries of one batch that this shard has to send.
pub(super) struct Item {
    pub(super) entries: Vec<Entry>,
    pub(super) share: Share,
}

/// What the shards of an endpoint share.
pub(super) struct Common {
    /// The name in messages and debug information.
    pub(super) name: String,
    pub(super) settings: ArcSwap<Settings>,
    /// Told when settings have changed: a wait for the next attempt ends.
    pub(super) changed: Notify,
    pub(super) metrics: Metrics,
    pub(super) health: Arc<EndpointsHealth>,
    /// The time for draining is over: what is left goes back to its sources.
    pub(super) abandon: CancellationToken,
    pub(super) refused: Seldom,
    pub(super) troubled: Seldom,
    pub(super) limited: Seldom,
}

/// Tenants whose metrics a shard keeps at hand at the most.
const MAX_TENANTS: usize = 1000;

/// A shard at work.
pub(super) struct Shard {
    common: Arc<Common>,
    settings: Arc<Settings>,
    resolver: Resolver,
    pending: FxHashMap<Arc<str>, Pending>,
    tenants: FxHashMap<Arc<str>, TenantMetrics>,
    batch: u64,
    spare: Spare,
    request: Vec<u8>,
    /// Made for the first request.
    snappy: Option<Box<snap::raw::Encoder>>,
    compressed: Vec<u8>,
}

/// How an attempt ended.
enum Attempt {
    Taken,
    /// It makes no sense to send the same again.
    Refused(Reason, String),
    Failed(Option<Duration>, String),
}

impl Shard {
    pub(super) fn new(common: Arc<Common>) -> Self {
        let settings = common.settings.load_full();
        let mut resolver = Resolver::default();
        resolver.configure(&settings.arguments.tenant_id, &settings.external_labels);
        Self {
            common,
            settings,
            resolver,
            pending: FxHashMap::default(),
            tenants: FxHashMap::default(),
            batch: 0,
            spare: Spare::default(),
            request: Vec::new(),
            snappy: None,
            compressed: Vec::new(),
        }
    }

    /// Works until the queue is closed and everything has been sent, or draining is given up.
    pub(super) async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Item>) {
        loop {
            let due = self.pending.values().map(|pending| pending.due).min();
            let item = match due {
                None => queue.recv().await,
                Some(due) => tokio::select! {
                    biased;
                    // Entries that wait already may still go with the request that is due.
                    item = queue.recv(), if Instant::now() < due => item,
                    () = tokio::time::sleep_until(due) => {
                        self.send_due().await;
                        continue;
                    }
                },
            };
            match item {
                Some(item) => self.gather(item).await,
                None => break,
            }
            if self.common.abandon.is_cancelled() {
                return;
            }
        }
        let tenants: Vec<_> = self.pending.keys().cloned().collect();
        for tenant in tenants {
            self.send_apart(&tenant).await;
        }
    }

    async fn gather(&mut self, item: Item) {
        self.reconfigure();
        self.batch += 1;
        let most_bytes = usize::try_from(self.settings.arguments.batch_size.0).unwrap_or(usize::MAX);
        for entry in &item.entries {
            let stream = self.resolver.stream(&entry.labels);
            let bytes = size(entry);
            if let Some(pending) = self.pending.get(&stream.tenant)
                && pending.entries > 0
                && pending.bytes + bytes > most_bytes
            {
                self.send_apart(&stream.tenant).await;
            }
            let pending = match self.pending.get_mut(&stream.tenant) {
                Some(pending) => pending,
                None => {
                    let metrics = self.tenant(&stream.tenant);
                    let wait = self.settings.arguments.batch_wait;
                    self.pending
                        .entry(stream.tenant.clone())
                        .or_insert_with(|| Pending::new(stream.tenant.clone(), metrics, wait))
                }
            };
            if !pending.add(
                &stream,
                entry,
                self.settings.max_streams,
                (self.batch, &item.share),
                &mut self.spare,
            ) {
                pending.metrics.dropped(Reason::StreamLimited, 1, bytes as u64);
                if let Some(left_out) = self.common.limited.now() {
                    tracing::error!(
                        endpoint = self.common.name,
                        max_streams = self.settings.max_streams,
                        stream = &*stream.labels,
                        left_out,
                        "streams limit exceeded, dropping entry; raise max_streams or use fewer labels"
                    );
                }
            }
        }
        item.share.delivered();
    }

    /// Takes changed settings between requests.
    fn reconfigure(&mut self) {
        let now = self.common.settings.load();
        if !Arc::ptr_eq(&now, &self.settings) {
            if now.host != self.settings.host {
                self.tenants.clear();
            }
            self.settings = now.clone();
            self.resolver
                .configure(&self.settings.arguments.tenant_id, &self.settings.external_labels);
        }
    }

    fn tenant(&mut self, tenant: &Arc<str>) -> TenantMetrics {
        if let Some(known) = self.tenants.get(tenant) {
            return known.clone();
        }
        if self.tenants.len() >= MAX_TENANTS {
            self.tenants.clear();
        }
        let metrics = self.common.metrics.of(&self.settings.host, tenant);
        self.tenants.insert(tenant.clone(), metrics.clone());
        metrics
    }

    async fn send_due(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self
            .pending
            .values()
            .filter(|pending| pending.due <= now)
            .map(|pending| pending.tenant.clone())
            .collect();
        for tenant in due {
            self.send_apart(&tenant).await;
        }
    }

    /// Apart, so that the task is small while it waits: a request on its way takes some 8 KiB.
    fn send_apart<'a>(&'a mut self, tenant: &'a Arc<str>) -> impl Future<Output = ()> + Send + 'a {
        Box::pin(self.send(tenant))
    }

    async fn send(&mut self, tenant: &Arc<str>) {
        let Some(pending) = self.pending.remove(tenant) else {
            return;
        };
        let gathered = pending.finish(&mut self.request, &mut self.spare);
        self.compressed
            .resize(snap::raw::max_compress_len(self.request.len()), 0);
        let body = match self
            .snappy
            .get_or_insert_with(|| Box::new(snap::raw::Encoder::new()))
            .compress(&self.request, &mut self.compressed)
        {
            Ok(length) => Bytes::copy_from_slice(self.compressed.get(..length).unwrap_or_default()),
            Err(error) => {
                // Only a request of 4 GiB and more cannot be compressed.
                tracing::error!(endpoint = self.common.name, %error, "a request cannot be encoded, dropping data");
                gathered
                    .metrics
                    .dropped(Reason::IngesterError, gathered.entries, self.request.len() as u64);
                gathered.delivered();
                return;
            }
        };
        gathered.metrics.request_size.observe(body.len() as f64);
        self.common.push(gathered, body).await;
    }
}

impl Common {
    /// Sends a request until it is taken, refused or given up.
    async fn push(&self, gathered: Gathered, body: Bytes) {
        let mut backoff: Option<Backoff> = None;
        loop {
            // Listens before it looks, so that no change slips in between.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let settings = self.settings.load_full();
            let attempt = tokio::select! {
                attempt = self.attempt(&settings, &gathered, body.clone()) => attempt,
                () = self.abandon.cancelled() => return,
            };
            match attempt {
                Attempt::Taken => {
                    gathered.metrics.sent_bytes.inc_by(body.len() as u64);
                    gathered.metrics.sent_entries.inc_by(gathered.entries);
                    gathered
                        .metrics
                        .latency
                        .observe(gathered.begun.elapsed().as_secs_f64());
                    self.health.works(&self.name);
                    gathered.delivered();
                    return;
                }
                Attempt::Refused(reason, error) => {
                    self.drop_refused(&settings, reason, &error, gathered, body.len());
                    return;
                }
                Attempt::Failed(asked, error) => {
                    gathered.metrics.retries.inc();
                    self.health.fails(&self.name, &settings.shown_url, &error);
                    let arguments = &settings.arguments;
                    let backoff = backoff.get_or_insert_with(|| {
                        Backoff::new(arguments.min_backoff_period, arguments.max_backoff_period)
                    });
                    let wait = backoff.next(asked);
                    let most = u64::try_from(arguments.max_backoff_retries).unwrap_or(0);
                    if most > 0 && backoff.retries() >= most && !gathered.source_waits() {
                        self.drop_refused(&settings, Reason::IngesterError, &error, gathered, body.len());
                        return;
                    }
                    if let Some(left_out) = self.troubled.now() {
                        tracing::warn!(
                            endpoint = self.name,
                            url = settings.shown_url,
                            tenant = &*gathered.tenant,
                            error,
                            retry_in = ?wait,
                            left_out,
                            "error sending batch, will retry"
                        );
                    }
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = changed => {}
                        () = self.abandon.cancelled() => return,
                    }
                }
            }
        }
    }

    fn drop_refused(
        &self,
        settings: &Settings,
        reason: Reason,
        error: &str,
        gathered: Gathered,
        bytes: usize,
    ) {
        gathered.metrics.dropped(reason, gathered.entries, bytes as u64);
        if let Some(left_out) = self.refused.now() {
            tracing::error!(
                endpoint = self.name,
                url = settings.shown_url,
                tenant = &*gathered.tenant,
                reason = reason.as_str(),
                entries = gathered.entries,
                error,
                left_out,
                "final error sending batch, no retries left, dropping data"
            );
        }
        gathered.delivered();
    }

    async fn attempt(&self, settings: &Settings, gathered: &Gathered, body: Bytes) -> Attempt {
        let tenant = match &*gathered.tenant {
            "" => None,
            tenant => match HeaderValue::from_str(tenant) {
                Ok(tenant) => Some(tenant),
                Err(_) => {
                    let error = format!("{tenant:?} cannot be a tenant: no header may hold it");
                    return Attempt::Refused(Reason::IngesterError, error);
                }
            },
        };
        let started = Instant::now();
        let answer = self.post(settings, tenant, body).await;
        let seconds = started.elapsed().as_secs_f64();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                gathered.metrics.duration(None, seconds);
                return Attempt::Failed(None, error.to_string());
            }
        };
        let status = answer.status();
        gathered.metrics.duration(Some(status.as_u16()), seconds);
        if status.is_success() {
            return Attempt::Taken;
        }
        let asked = retry_after(answer.headers());
        let line = first_line(answer).await;
        let error = format!(
            "server returned HTTP status {status} ({}): {line}",
            status.as_u16()
        );
        match status.as_u16() {
            429 if settings.arguments.retry_on_http_429 => Attempt::Failed(asked, error),
            429 => Attempt::Refused(Reason::RateLimited, error),
            400..500 => Attempt::Refused(Reason::IngesterError, error),
            _ => Attempt::Failed(asked, error),
        }
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
