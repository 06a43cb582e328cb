//! A shard of an endpoint: gathers entries into requests, sends one request at a time, in order, until the endpoint has taken it.

use super::ledger::Owed;
use super::metrics::{Reason, TenantMetrics};
use super::pending::{Gathered, Pending, Share, Spare, size};
use super::resolve::Resolver;
use super::send::{Common, Request, Sent};
use super::settings::Settings;
use super::store::{RECORD_BYTES, Store, is_there};
use crate::signals::Entry;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Entries of one batch that this shard has to send.
pub(super) struct Item {
    pub(super) entries: Vec<Entry>,
    pub(super) share: Share,
    pub(super) owed: Owed,
}

/// Tenants whose metrics a shard keeps at hand at the most.
const MAX_TENANTS: usize = 1000;

/// Bytes of lines that are synced to disk together at the most.
const COMMIT_BYTES: usize = 1024 * 1024;

/// Pause before a log that cannot be opened is tried again.
const OPEN_PAUSE: Duration = Duration::from_secs(5);

/// Where what was gathered goes.
enum Way {
    /// To the endpoint.
    Direct,
    /// To the log on disk, whose task sends it.
    Disk(Arc<Store>),
}

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
    way: Way,
    /// What is in the log and not synced yet.
    stored: Vec<(Vec<Share>, Owed)>,
    /// Bytes of lines that were gathered since the last sync.
    unsynced: usize,
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
            way: Way::Direct,
            stored: Vec::new(),
            unsynced: 0,
        }
    }

    /// Works until the queue is closed and everything has been sent or stored, or draining is given up.
    pub(super) async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Item>) {
        if self.settings.wal.enabled || is_there(&self.settings.folder) {
            self.open_store().await;
        }
        loop {
            let item = match &self.way {
                Way::Direct => self.next_direct(&mut queue).await,
                Way::Disk(_) => self.next_stored(&mut queue).await,
            };
            let Some(item) = item else { break };
            if let Way::Disk(store) = &self.way
                && !self.settings.wal.enabled
                && store.is_empty()
                && self.stored.is_empty()
                && self.pending.is_empty()
            {
                // What did not fit into memory has been sent.
                self.way = Way::Direct;
            }
            self.gather(item).await;
            if self.common.abandon.is_cancelled() {
                return;
            }
        }
        self.flush().await;
    }

    /// The next item, sending what is due meanwhile.
    async fn next_direct(&mut self, queue: &mut mpsc::UnboundedReceiver<Item>) -> Option<Item> {
        loop {
            let due = self.pending.values().map(|pending| pending.due).min();
            let Some(due) = due else {
                return queue.recv().await;
            };
            tokio::select! {
                biased;
                // Entries that wait already may still go with the request that is due.
                item = queue.recv(), if Instant::now() < due => return item,
                () = tokio::time::sleep_until(due) => self.send_due().await,
            }
        }
    }

    /// The next item; what was gathered is synced as soon as nothing more waits, or it is much.
    async fn next_stored(&mut self, queue: &mut mpsc::UnboundedReceiver<Item>) -> Option<Item> {
        if self.unsynced < COMMIT_BYTES
            && let Ok(item) = queue.try_recv()
        {
            return Some(item);
        }
        self.flush().await;
        queue.recv().await
    }

    /// Sends or stores everything.
    async fn flush(&mut self) {
        let tenants: Vec<_> = self.pending.keys().cloned().collect();
        for tenant in tenants {
            self.send_apart(&tenant).await;
        }
        self.commit().await;
    }

    /// From now on everything goes to disk. Tries as long as it takes, or until a stop gives up.
    async fn open_store(&mut self) {
        while let Err(error) = self.try_store().await {
            self.tell_unopened(&error);
            tokio::select! {
                () = tokio::time::sleep(OPEN_PAUSE) => {}
                () = self.common.abandon.cancelled() => return,
            }
        }
    }

    async fn try_store(&mut self) -> io::Result<Arc<Store>> {
        let mut opened = self.common.store.lock().await;
        let store = match &*opened {
            Some(store) => store.clone(),
            None => opened.insert(Store::open(&self.common).await?).clone(),
        };
        self.way = Way::Disk(store.clone());
        Ok(store)
    }

    fn tell_unopened(&self, error: &io::Error) {
        if let Some(left_out) = self.common.stored.now() {
            tracing::error!(
                endpoint = self.common.name,
                folder = %self.settings.folder.display(),
                %error,
                left_out,
                "the write-ahead log cannot be opened; sources wait until it can: let the agent's user write below --storage.path"
            );
        }
    }

    /// Syncs what was stored and tells its sources.
    async fn commit(&mut self) {
        self.unsynced = 0;
        let Way::Disk(store) = &self.way else {
            return;
        };
        if self.stored.is_empty() || !store.clone().commit(&self.common).await {
            return;
        }
        for (shares, owed) in self.stored.drain(..) {
            owed.stored();
            shares.into_iter().for_each(Share::delivered);
        }
    }

    async fn gather(&mut self, mut item: Item) {
        self.reconfigure();
        self.resolver.tend(Instant::now().into_std());
        self.batch += 1;
        let most_bytes = match &self.way {
            Way::Direct => usize::try_from(self.settings.arguments.batch_size.0).unwrap_or(usize::MAX),
            Way::Disk(_) => RECORD_BYTES,
        };
        for entry in &item.entries {
            let stream = self.resolver.stream(&entry.labels);
            let bytes = size(entry);
            self.unsynced += bytes;
            if let Some(pending) = self.pending.get(&stream.tenant)
                && !pending.is_empty()
                && pending.bytes + bytes > most_bytes
            {
                self.send_apart(&stream.tenant).await;
            }
            let pending = match self.pending.get_mut(&stream.tenant) {
                Some(pending) => pending,
                None => {
                    let metrics = self.tenant(&stream.tenant);
                    let wait = self.settings.arguments.batch_wait;
                    let owed = item.owed.empty();
                    self.pending
                        .entry(stream.tenant.clone())
                        .or_insert_with(|| Pending::new(stream.tenant.clone(), metrics, owed, wait))
                }
            };
            if !pending.add(
                &stream,
                entry,
                self.settings.max_streams,
                (self.batch, &item.share, &mut item.owed),
                &mut self.spare,
            ) {
                pending.metrics.dropped(Reason::StreamLimited, 1, bytes as u64);
                item.owed.dropped(Reason::StreamLimited, 1);
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
        let mut gathered = pending.finish(&mut self.request, &mut self.spare);
        self.compressed
            .resize(snap::raw::max_compress_len(self.request.len()), 0);
        let packed = self
            .snappy
            .get_or_insert_with(|| Box::new(snap::raw::Encoder::new()))
            .compress(&self.request, &mut self.compressed);
        let body = match packed {
            Ok(length) => self.compressed.get(..length).unwrap_or_default(),
            Err(error) => {
                // Only a request of 4 GiB and more cannot be compressed.
                tracing::error!(endpoint = self.common.name, %error, "a request cannot be encoded, dropping data");
                let entries = gathered.owed.entries();
                let bytes = self.request.len() as u64;
                gathered.metrics.dropped(Reason::IngesterError, entries, bytes);
                gathered.owed.dropped(Reason::IngesterError, entries);
                gathered.shares.into_iter().for_each(Share::delivered);
                return;
            }
        };
        let entries = gathered.owed.entries();
        let mut parts = VecDeque::new();
        match &self.way {
            Way::Direct => {
                gathered.metrics.request_size.observe(body.len() as f64);
                parts.push_back((Bytes::copy_from_slice(body), entries));
                let mut rest = Some((gathered, parts));
                while let Some((gathered, parts)) = rest.take() {
                    let Some((gathered, parts)) = self.send_direct(gathered, parts).await else {
                        break;
                    };
                    match self.try_store().await {
                        Ok(store) => self.overflow(&store, gathered, parts).await,
                        Err(error) => {
                            self.common.cannot_overflow();
                            self.tell_unopened(&error);
                            rest = Some((gathered, parts));
                        }
                    }
                }
            }
            Way::Disk(store) => {
                if store.add(&gathered.tenant, gathered.streams, body, entries) {
                    self.stored.push((gathered.shares, gathered.owed));
                } else {
                    drop_too_large(gathered, entries);
                }
            }
        }
    }

    /// Sends a request; what has to go to disk instead comes back.
    async fn send_direct(
        &self,
        gathered: Gathered,
        parts: VecDeque<(Bytes, u64)>,
    ) -> Option<(Gathered, VecDeque<(Bytes, u64)>)> {
        let waits = gathered.source_waits();
        let mut request = Request {
            tenant: gathered.tenant,
            metrics: gathered.metrics,
            owed: gathered.owed,
            begun: gathered.begun,
            waits,
            is_on_disk: false,
            parts,
        };
        match self.common.send(&mut request).await {
            Sent::Done => gathered.shares.into_iter().for_each(Share::delivered),
            Sent::Abandoned => {}
            Sent::Overflows => {
                let rest = Gathered {
                    tenant: request.tenant,
                    metrics: request.metrics,
                    owed: request.owed,
                    streams: gathered.streams,
                    shares: gathered.shares,
                    begun: request.begun,
                };
                return Some((rest, request.parts));
            }
        }
        None
    }

    /// The endpoint fails while another works: what it was to be sent goes to disk from now on.
    async fn overflow(&mut self, store: &Store, mut gathered: Gathered, parts: VecDeque<(Bytes, u64)>) {
        tracing::warn!(
            endpoint = self.common.name,
            folder = %self.settings.folder.display(),
            "this endpoint fails while another works: entries for it wait on disk from now on, so that the other goes on"
        );
        for (body, entries) in parts {
            let mut owed = gathered.owed.empty();
            owed.take(&mut gathered.owed, entries);
            if store.add(&gathered.tenant, gathered.streams, &body, entries) {
                self.stored.push((Vec::new(), owed));
            } else {
                gathered
                    .metrics
                    .dropped(Reason::TooLarge, entries, body.len() as u64);
                owed.dropped(Reason::TooLarge, entries);
            }
        }
        self.stored.push((gathered.shares, gathered.owed));
        self.commit().await;
    }
}

fn drop_too_large(mut gathered: Gathered, entries: u64) {
    gathered.metrics.dropped(Reason::TooLarge, entries, 0);
    gathered.owed.dropped(Reason::TooLarge, entries);
    gathered.shares.into_iter().for_each(Share::delivered);
}
