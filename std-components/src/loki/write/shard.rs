//! A shard of an endpoint: gathers entries into requests, sends one request at a time, in order, until the endpoint has taken it.

use super::group::{Press, size};
use super::ledger::Owed;
use super::metrics::{Reason, TenantMetrics};
use super::packer::{Contents, Piece};
use super::pending::{Gathered, Pending, Share};
use super::resolve::Resolver;
use super::send::{Common, Request, Sent};
use super::settings::Settings;
use super::store::{RECORD_BYTES, Store, is_there};
use crate::loki::recent::{self, unused};
use crate::signals::Entry;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What this shard has to send of one batch.
pub(super) struct Item {
    pub(super) contents: Contents,
    pub(super) share: Share,
    pub(super) owed: Owed,
}

/// Tenants whose metrics a shard keeps at hand at the most.
const MAX_TENANTS: usize = 1000;

/// Bytes of lines that are synced to disk together at the most.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

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
    press: Press,
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
            press: Press::default(),
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
                return self.next_after_rest(queue).await;
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
        self.next_after_rest(queue).await
    }

    /// The next item where nothing waits to be sent: what was kept for a next request goes meanwhile.
    async fn next_after_rest(&mut self, queue: &mut mpsc::UnboundedReceiver<Item>) -> Option<Item> {
        loop {
            tokio::select! {
                biased;
                item = queue.recv() => return item,
                () = unused(self.is_at_rest()) => self.rest(),
            }
        }
    }

    /// Whether it keeps nothing for a next request.
    fn is_at_rest(&self) -> bool {
        self.resolver.is_empty() && self.press.is_empty()
    }

    /// Gives back buffers, and forgets streams that were not used for a while.
    fn rest(&mut self) {
        self.resolver.tend(recent::now());
        self.press = Press::default();
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

    async fn gather(&mut self, item: Item) {
        let Item {
            contents,
            share,
            mut owed,
        } = item;
        self.reconfigure();
        self.resolver.tend(recent::now());
        self.batch += 1;
        match contents {
            Contents::Entries(entries) => {
                for entry in &entries {
                    self.gather_entry(entry, &share, &mut owed).await;
                }
            }
            Contents::Packed(pieces) => {
                for piece in pieces.iter() {
                    self.gather_piece(piece, &share, &mut owed).await;
                }
            }
        }
        share.delivered();
    }

    async fn gather_entry(&mut self, entry: &Entry, share: &Share, owed: &mut Owed) {
        let stream = self.resolver.stream(&entry.labels);
        let bytes = size(entry);
        self.make_room(&stream.tenant, bytes, owed).await;
        let Some(pending) = self.pending.get_mut(&stream.tenant) else {
            return;
        };
        let most_streams = self.settings.max_streams;
        let from = (self.batch, share, &mut *owed);
        if !pending.add(&stream, entry, most_streams, from, &mut self.press) {
            pending.metrics.dropped(Reason::StreamLimited, 1, bytes as u64);
            owed.dropped(Reason::StreamLimited, 1);
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

    async fn gather_piece(&mut self, piece: &Piece, share: &Share, owed: &mut Owed) {
        self.make_room(&piece.tenant, piece.bytes, owed).await;
        if let Some(pending) = self.pending.get_mut(&piece.tenant) {
            let from = (self.batch, share, &mut *owed);
            pending.add_piece(piece, from, &mut self.press);
        }
    }

    /// Has a request for this tenant that has room for so many bytes of lines.
    async fn make_room(&mut self, tenant: &Arc<str>, bytes: usize, owed: &Owed) {
        self.unsynced += bytes;
        let most_bytes = match &self.way {
            Way::Direct => usize::try_from(self.settings.arguments.batch_size.0).unwrap_or(usize::MAX),
            Way::Disk(_) => RECORD_BYTES,
        };
        if let Some(pending) = self.pending.get(tenant) {
            if !pending.is_full_for(bytes, most_bytes) {
                return;
            }
            self.send_apart(tenant).await;
        }
        let metrics = self.tenant(tenant);
        let wait = self.settings.arguments.batch_wait;
        let pending = Pending::new(tenant.clone(), metrics, owed.empty(), wait);
        self.pending.insert(tenant.clone(), pending);
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
        let (mut gathered, body) = pending.finish(&mut self.press);
        let Some(body) = body else {
            tracing::error!(
                endpoint = self.common.name,
                "a request of 4 GiB and more cannot be encoded, dropping data; set a smaller batch_size"
            );
            let (entries, bytes) = (gathered.owed.entries(), gathered.bytes as u64);
            gathered.metrics.dropped(Reason::IngesterError, entries, bytes);
            gathered.owed.dropped(Reason::IngesterError, entries);
            gathered.shares.into_iter().for_each(Share::delivered);
            return;
        };
        let entries = gathered.owed.entries();
        let mut parts = VecDeque::new();
        match &self.way {
            Way::Direct => {
                gathered.metrics.request_size.observe(body.len() as f64);
                parts.push_back((body, entries));
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
                if store.add(&gathered.tenant, gathered.streams, &body, entries) {
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
                    bytes: gathered.bytes,
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
