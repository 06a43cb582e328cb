//! An endpoint's log on disk: entries are taken for good once they are synced there, and a task of the endpoint's sends what is in it, in order.

use super::metrics::{Reason, WalMetrics};
use super::record;
use super::send::{Common, Request, Sent};
use crate::wal::{Appender, Folder, Limits, Log, Next, Position, Reader};
use bytes::Bytes;
use parking_lot::Mutex;
use prost::encoding::encode_varint;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, SystemTime};
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::Instant;
use tracing::Instrument;

/// Bytes of a segment, packed: what lies on disk although all of it has been sent.
const SEGMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes of an endpoint's log at the most, packed; beyond them its sources wait.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// Bytes of a (part of a) request in a record, unpacked: what a damaged byte costs.
pub(super) const RECORD_BYTES: usize = 64 * 1024;

/// Bytes, packed, of the requests of all tenants that are put together at once at the most.
const ROUND_BYTES: usize = 8 * 1024 * 1024;

/// Pause after the disk has refused something.
const PAUSE: Duration = Duration::from_secs(1);

/// How often old segments are looked for.
const EXPIRY_PERIOD: Duration = Duration::from_secs(15);

/// A folder belongs to one log at a time, also while an endpoint of an earlier configuration still drains.
static FOLDERS: LazyLock<Mutex<HashMap<PathBuf, Weak<tokio::sync::Mutex<()>>>>> =
    LazyLock::new(Mutex::default);

async fn lease(folder: &Path) -> OwnedMutexGuard<()> {
    let lock = {
        let mut folders = FOLDERS.lock();
        folders.retain(|_, lock| lock.strong_count() > 0);
        match folders.get(folder).and_then(Weak::upgrade) {
            Some(lock) => lock,
            None => {
                let lock = Arc::default();
                folders.insert(folder.to_owned(), Arc::downgrade(&lock));
                lock
            }
        }
    };
    lock.lock_owned().await
}

/// The log of an endpoint.
pub(super) struct Store {
    appender: Mutex<Appender<Folder>>,
    log: Arc<Log<Folder>>,
    /// Entries in the log that were not sent yet.
    queued: AtomicU64,
    more: Notify,
    metrics: WalMetrics,
    _lease: OwnedMutexGuard<()>,
}

/// Whether there is a log of an earlier life.
pub(super) fn is_there(folder: &Path) -> bool {
    folder.is_dir()
}

impl Store {
    /// Opens the log of an endpoint and starts to send what is in it.
    pub(super) async fn open(common: &Arc<Common>) -> io::Result<Arc<Self>> {
        let settings = common.settings.load_full();
        let lease = lease(&settings.folder).await;
        let (folder, limits) = (settings.folder.clone(), limits(settings.wal.max_segment_age));
        let opened = tokio::task::spawn_blocking(move || {
            // Now and not with the first record, so that it is known early that it cannot be.
            std::fs::create_dir_all(&folder)?;
            Log::open(Folder { path: folder }, limits)
        });
        let (appender, reader) = opened.await.map_err(io::Error::other)??;
        let log = reader.log().clone();
        let unread = log.unread();
        let store = Arc::new(Self {
            appender: Mutex::new(appender),
            queued: AtomicU64::new(unread),
            more: Notify::new(),
            metrics: common.metrics.wal(&common.name),
            log,
            _lease: lease,
        });
        common.ledger.see(unread).stored();
        store.measure();
        let sending = Sending {
            common: common.clone(),
            store: store.clone(),
            reader: Arc::new(Mutex::new(Gatherer::new(reader))),
            counted: (0, 0),
        };
        let mut tasks = common.tasks.lock();
        tasks.spawn(sending.run().in_current_span());
        tasks.spawn(expire(common.clone(), store.clone()).in_current_span());
        drop(tasks);
        Ok(store)
    }

    /// Whether all that was stored has been sent.
    pub(super) fn is_empty(&self) -> bool {
        self.queued.load(Ordering::Acquire) == 0
    }

    /// Takes (a part of) a request for the next [`commit`](Self::commit). False where it is too large for the log.
    pub(super) fn add(&self, tenant: &str, streams: usize, block: &[u8], entries: u64) -> bool {
        let mut bytes = Vec::with_capacity(block.len() + tenant.len() + 32);
        let streams = u32::try_from(streams).unwrap_or(u32::MAX);
        record::write(&mut bytes, tenant, now(), streams, block);
        let entries_word = u32::try_from(entries).unwrap_or(u32::MAX);
        // Counted before the reader can come to it.
        self.queued.fetch_add(entries, Ordering::AcqRel);
        let is_taken = self.appender.lock().add(&bytes, entries_word);
        if !is_taken {
            self.queued.fetch_sub(entries, Ordering::AcqRel);
        }
        is_taken
    }

    /// Makes what was added last, trying as long as it takes. False if the endpoint was abandoned meanwhile.
    pub(super) async fn commit(self: &Arc<Self>, common: &Common) -> bool {
        loop {
            let store = self.clone();
            let done =
                tokio::task::spawn_blocking(move || store.appender.lock().commit(std::time::Instant::now()))
                    .await;
            let trouble = match done {
                Ok(Ok(())) => {
                    self.measure();
                    self.more.notify_one();
                    common.health.is_in_order(&common.name);
                    return true;
                }
                Ok(Err(trouble)) => trouble.to_string(),
                Err(error) => error.to_string(),
            };
            self.metrics.failures.inc();
            // What is sent already may be removed now.
            self.more.notify_one();
            let folder = common.settings.load().folder.display().to_string();
            common.health.is_out_of_order(
                &common.name,
                format!("the write-ahead log {folder} cannot be written: {trouble}; sources wait until it can: free space below --storage.path, or see to the endpoint {}", common.name),
            );
            if let Some(left_out) = common.stored.now() {
                tracing::error!(
                    endpoint = common.name,
                    folder,
                    error = trouble,
                    left_out,
                    "the write-ahead log cannot be written; sources wait until it can: free space below --storage.path, or see to the endpoint"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = common.abandon.cancelled() => return false,
            }
        }
    }

    fn measure(&self) {
        self.metrics
            .bytes
            .set(i64::try_from(self.log.bytes()).unwrap_or(i64::MAX));
    }

    /// Takes another `max_segment_age`.
    pub(super) fn set_age(&self, age: Duration) {
        self.log.limit(limits(age));
    }

    /// Bytes and segments on disk, damaged places so far.
    pub(super) fn describe(&self) -> (u64, u64, u64) {
        (self.log.bytes(), self.log.segments() as u64, self.log.damaged())
    }

    /// Entries that stay on disk for the next start.
    pub(super) fn left(&self) -> u64 {
        self.queued.load(Ordering::Acquire)
    }
}

fn limits(age: Duration) -> Limits {
    Limits {
        segment_bytes: SEGMENT_BYTES,
        most_bytes: MOST_BYTES,
        most_age: age,
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Drops what has become too old.
async fn expire(common: Arc<Common>, store: Arc<Store>) {
    loop {
        let age = common.settings.load().wal.max_segment_age;
        tokio::select! {
            () = tokio::time::sleep(EXPIRY_PERIOD.min(age / 4).max(Duration::from_millis(10))) => {}
            () = common.closing.cancelled() => return,
        }
        let log = store.log.clone();
        let expired = tokio::task::spawn_blocking(move || log.expire(std::time::Instant::now())).await;
        let expired = expired.unwrap_or(0);
        if expired > 0 {
            store.queued.fetch_sub(expired, Ordering::AcqRel);
            common.drop_on_disk(Reason::WalExpired, expired);
            store.measure();
            tracing::error!(
                endpoint = common.name,
                entries = expired,
                "dropped what has waited in the write-ahead log for longer than max_segment_age; raise it, or see to the endpoint"
            );
        }
    }
}

impl Common {
    /// Entries on disk are gone; whose they were is not known.
    fn drop_on_disk(&self, reason: Reason, entries: u64) {
        self.ledger.drop_queued(reason, entries);
        let settings = self.settings.load();
        self.metrics
            .of(&settings.host, &settings.arguments.tenant_id)
            .dropped(reason, entries, 0);
    }
}

/// A request that is put together of records.
struct Gathering {
    tenant: Arc<str>,
    written: u64,
    streams: u64,
    entries: u64,
    plain: u64,
    elements: Vec<u8>,
}

/// Puts records together to requests.
struct Gatherer {
    reader: Reader<Folder>,
    /// A record that has been read and did not fit any more, with its entries.
    ahead: Option<(Vec<u8>, u64)>,
    /// Behind the last record that is in a request.
    end: Position,
    contents: Vec<u8>,
}

#[derive(Default)]
struct Round {
    requests: Vec<Gathering>,
    is_full: bool,
    /// Entries of records that could not be understood.
    strange: u64,
}

impl Gatherer {
    fn new(reader: Reader<Folder>) -> Self {
        Self {
            end: reader.position(),
            reader,
            ahead: None,
            contents: Vec::new(),
        }
    }

    /// Adds what there is to a round, up to a request's size for one of its tenants.
    fn gather(&mut self, round: &mut Round, most_bytes: u64, most_streams: u64) -> io::Result<()> {
        loop {
            let entries = match self.ahead.take() {
                Some((contents, entries)) => {
                    self.contents = contents;
                    entries
                }
                None => match self.reader.next(&mut self.contents)? {
                    Next::Record(entries) => u64::from(entries),
                    Next::End => {
                        if round.requests.is_empty() {
                            // Damage that was passed over is done with too.
                            self.end = self.reader.position();
                        }
                        return Ok(());
                    }
                },
            };
            let Some(record) = record::read(&self.contents) else {
                round.strange += entries;
                continue;
            };
            let streams = u64::from(record.streams);
            let known = round
                .requests
                .iter_mut()
                .find(|request| *request.tenant == *record.tenant);
            let request = match known {
                Some(request)
                    if request.plain + record.plain > most_bytes
                        || (most_streams > 0 && request.streams + streams > most_streams) =>
                {
                    round.is_full = true;
                    self.ahead = Some((std::mem::take(&mut self.contents), entries));
                    return Ok(());
                }
                Some(request) => request,
                None => {
                    round.requests.push(Gathering {
                        tenant: record.tenant.into(),
                        written: record.written,
                        streams: 0,
                        entries: 0,
                        plain: 0,
                        elements: Vec::new(),
                    });
                    match round.requests.last_mut() {
                        Some(request) => request,
                        None => return Ok(()),
                    }
                }
            };
            request.streams += streams;
            request.entries += entries;
            request.plain += record.plain;
            request.elements.extend_from_slice(record.elements);
            self.end = self.reader.position();
            let bytes: usize = round.requests.iter().map(|request| request.elements.len()).sum();
            if bytes >= ROUND_BYTES {
                round.is_full = true;
                return Ok(());
            }
        }
    }

    /// Everything that was gathered is done with.
    fn mark(&mut self) -> io::Result<()> {
        self.reader.mark(self.end, std::time::Instant::now())
    }
}

/// The task that sends what is on disk.
struct Sending {
    common: Arc<Common>,
    store: Arc<Store>,
    reader: Arc<Mutex<Gatherer>>,
    /// Damaged places and lost entries that are counted already.
    counted: (u64, u64),
}

impl Sending {
    async fn run(mut self) {
        while let Some(round) = self.round().await {
            for gathered in round.requests {
                let entries = gathered.entries;
                if self.send(gathered).await == Sent::Abandoned {
                    return;
                }
                self.store.queued.fetch_sub(entries, Ordering::AcqRel);
            }
            self.off_reactor(Gatherer::mark).await;
            self.store.measure();
        }
    }

    /// What is to be sent next; `None` when there is nothing and nothing will come.
    async fn round(&mut self) -> Option<Round> {
        let mut round = Round::default();
        let mut due = None;
        loop {
            let is_closing = self.common.closing.is_cancelled();
            let settings = self.common.settings.load_full();
            let (bytes, streams) = (settings.arguments.batch_size.0, settings.max_streams as u64);
            let gathered = self
                .off_reactor(move |gatherer| {
                    let read = gatherer.gather(&mut round, bytes, streams);
                    let marked = if round.requests.is_empty() {
                        gatherer.mark()
                    } else {
                        Ok(())
                    };
                    // What was read before an error is sent.
                    Ok((round, read.and(marked)))
                })
                .await;
            self.count_damage();
            let (gathered, read) = gathered.unwrap_or_else(|| (Round::default(), Ok(())));
            round = gathered;
            let strange = std::mem::take(&mut round.strange);
            self.lose(strange);
            let is_empty = round.requests.is_empty();
            if let Err(error) = read {
                self.tell(&error);
                if is_empty {
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => continue,
                        () = self.common.abandon.cancelled() => return None,
                    }
                }
                return Some(round);
            }
            if round.is_full || is_closing {
                return (!is_empty).then_some(round);
            }
            if !is_empty && due.is_none() {
                due = Some(Instant::now() + settings.arguments.batch_wait);
            }
            let wait = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.store.more.notified() => {}
                () = self.common.closing.cancelled() => {}
                () = wait => return Some(round),
            }
        }
    }

    async fn send(&self, gathered: Gathering) -> Sent {
        let settings = self.common.settings.load_full();
        let mut body = Vec::with_capacity(gathered.elements.len() + 10);
        encode_varint(gathered.plain, &mut body);
        body.extend_from_slice(&gathered.elements);
        let age = Duration::from_millis(now().saturating_sub(gathered.written));
        let metrics = self.common.metrics.of(&settings.host, &gathered.tenant);
        metrics.request_size.observe(body.len() as f64);
        let mut request = Request {
            tenant: gathered.tenant,
            metrics,
            owed: self.common.ledger.resume_from_disk(gathered.entries),
            begun: Instant::now().checked_sub(age).unwrap_or_else(Instant::now),
            waits: true,
            is_on_disk: true,
            parts: VecDeque::from([(Bytes::from(body), gathered.entries)]),
        };
        self.common.send(&mut request).await
    }

    fn lose(&self, entries: u64) {
        if entries > 0 {
            self.store.queued.fetch_sub(entries, Ordering::AcqRel);
            self.common.drop_on_disk(Reason::WalDamaged, entries);
        }
    }

    fn count_damage(&mut self) {
        let (damaged, lost) = (self.store.log.damaged(), self.store.log.lost());
        if damaged > self.counted.0 {
            self.store.metrics.damaged.inc_by(damaged - self.counted.0);
            self.lose(lost - self.counted.1);
            if let Some(left_out) = self.common.stored.now() {
                tracing::error!(
                    endpoint = self.common.name,
                    records = damaged - self.counted.0,
                    entries = lost - self.counted.1,
                    left_out,
                    "the write-ahead log was damaged, or a part of it taken away; the rest is sent: see to the disk below --storage.path"
                );
            }
            self.counted = (damaged, lost);
        }
    }

    /// Lets the reader do something that blocks; `None` with an error, which is told.
    async fn off_reactor<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Gatherer) -> io::Result<T> + Send + 'static,
    ) -> Option<T> {
        let reader = self.reader.clone();
        let done = tokio::task::spawn_blocking(move || work(&mut reader.lock())).await;
        match done.map_err(io::Error::other).and_then(|done| done) {
            Ok(done) => Some(done),
            Err(error) => {
                self.tell(&error);
                None
            }
        }
    }

    fn tell(&self, error: &io::Error) {
        self.store.metrics.failures.inc();
        if let Some(left_out) = self.common.stored.now() {
            tracing::error!(
                endpoint = self.common.name,
                %error,
                left_out,
                "the write-ahead log cannot be read or marked; it is tried again: see to the disk below --storage.path"
            );
        }
    }
}
