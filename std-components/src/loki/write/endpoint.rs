//! An endpoint: a bounded queue for each shard, independent of all other endpoints.

use super::group::size;
use super::ledger::{Ledger, Owed};
use super::metrics::{Metrics, Reason};
use super::packer::{Contents, Packers, Parcel};
use super::pending::Share;
use super::resolve::TENANT_LABEL;
use super::send::{Common, Seldoms};
use super::settings::Settings;
use super::shard::{Item, Shard};
use crate::component::CancellationToken;
use crate::http_client::{EndpointsHealth, Seldom};
use crate::signals::{Entry, LogBatch};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use river_eval::BodyValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::Instrument;

/// Bytes that an entry counts for besides its line.
const ENTRY_BYTES: usize = 64;

struct Lane {
    room: Arc<Semaphore>,
    /// Without a bound of its own: `room` bounds it. `None` once the endpoint is closed.
    sender: Mutex<Option<mpsc::UnboundedSender<Item>>>,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Item>>>,
    capacity: u32,
}

/// An endpoint.
pub(super) struct Endpoint {
    common: Arc<Common>,
    lanes: Vec<Lane>,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl Endpoint {
    /// Makes its queues; nothing runs yet.
    pub(super) fn new(
        name: String,
        settings: Settings,
        metrics: Metrics,
        health: Arc<EndpointsHealth>,
    ) -> Self {
        let capacity = settings.capacity();
        let lanes = (0..settings.shards())
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                Lane {
                    room: Arc::new(Semaphore::new(capacity as usize)),
                    sender: Mutex::new(Some(sender)),
                    receiver: Mutex::new(Some(receiver)),
                    capacity,
                }
            })
            .collect();
        Self {
            common: Arc::new(Common {
                ledger: Arc::new(Ledger::new(&metrics.ledger, &name)),
                store: tokio::sync::Mutex::default(),
                tasks: Mutex::default(),
                closing: CancellationToken::new(),
                stored: Seldom::default(),
                no_overflow: Mutex::default(),
                name,
                settings: ArcSwap::from_pointee(settings),
                changed: Notify::new(),
                metrics,
                health,
                abandon: CancellationToken::new(),
                refused: Seldoms::default(),
                troubled: Seldom::default(),
                limited: Seldom::default(),
            }),
            lanes,
            tasks: tokio::sync::Mutex::default(),
        }
    }

    async fn push_to(&self, lane: &Lane, parcel: Parcel, mut owed: Owed) {
        let entries = owed.entries();
        let bytes = (parcel.contents.bytes()).saturating_add((entries as usize).saturating_mul(ENTRY_BYTES));
        // A batch that is larger than the whole queue has it for itself.
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX).clamp(1, lane.capacity);
        let room = if self
            .common
            .settings
            .load()
            .arguments
            .queue_config
            .block_on_overflow
        {
            // Closed: the endpoint is no more, the source sends again to those that are.
            let Ok(room) = lane.room.clone().acquire_many_owned(wanted).await else {
                return;
            };
            room
        } else {
            match lane.room.clone().try_acquire_many_owned(wanted) {
                Ok(room) => room,
                Err(_) => {
                    owed.dropped(Reason::QueueIsFull, entries);
                    return self.overflow(parcel);
                }
            }
        };
        let share = Share {
            waits: parcel.ack.is_awaited(),
            ack: parcel.ack,
            _room: Arc::new(room),
        };
        if let Some(sender) = &*lane.sender.lock() {
            // Fails once the shard is gone; the acknowledgement fails with it.
            drop(sender.send(Item {
                contents: parcel.contents,
                share,
                owed,
            }));
        }
    }

    fn overflow(&self, parcel: Parcel) {
        let settings = self.common.settings.load();
        let dropped = |tenant: &str, entries: u64, bytes: usize| {
            self.common.metrics.of(&settings.host, tenant).dropped(
                Reason::QueueIsFull,
                entries,
                bytes as u64,
            );
        };
        match &parcel.contents {
            Contents::Entries(entries) => {
                for entry in entries {
                    let tenant = entry.labels.get(TENANT_LABEL);
                    dropped(tenant.unwrap_or(&settings.arguments.tenant_id), 1, size(entry));
                }
            }
            Contents::Packed(pieces) => {
                for piece in pieces.iter() {
                    dropped(&piece.tenant, piece.entries, piece.bytes);
                }
            }
        }
        if let Some(left_out) = self.common.limited.now() {
            tracing::error!(
                endpoint = self.common.name,
                url = settings.shown_url,
                left_out,
                "the queue is full, dropping entries; set block_on_overflow = true in queue_config to let sources wait"
            );
        }
        parcel.ack.delivered();
    }

    /// Sends what is on disk, for a while; the rest stays there.
    async fn drain_store(&self) {
        self.common.closing.cancel();
        let mut tasks = std::mem::take(&mut *self.common.tasks.lock());
        let timeout = self.common.settings.load().wal.drain_timeout;
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(timeout, all).await.is_err() {
            self.common.abandon.cancel();
            while tasks.join_next().await.is_some() {}
        }
        let Some(store) = self.common.store.lock().await.take() else {
            return;
        };
        let left = store.left();
        self.common.ledger.drop_queued(Reason::Kept, left);
        if left > 0 {
            tracing::info!(
                endpoint = self.common.name,
                entries = left,
                "entries stay in the write-ahead log and are sent after the next start"
            );
        }
    }
}

impl crate::endpoints::Endpoint for Endpoint {
    type Batch = LogBatch;
    type Parcel = Parcel;
    type Shared = Packers;
    type Settings = Settings;

    fn reconfigure(&self, settings: Settings) -> Result<(), Box<Settings>> {
        if !self.common.settings.load().fits(&settings) {
            return Err(Box::new(settings));
        }
        if let Ok(store) = self.common.store.try_lock()
            && let Some(store) = &*store
        {
            store.set_age(settings.wal.max_segment_age);
        }
        self.common.settings.store(Arc::new(settings));
        self.common.changed.notify_waiters();
        Ok(())
    }

    fn name(&self) -> &str {
        &self.common.name
    }

    fn drain_timeout(&self) -> Duration {
        self.common.settings.load().arguments.queue_config.drain_timeout
    }

    async fn start(self: &Arc<Self>) {
        for lane in &self.lanes {
            let Some(queue) = lane.receiver.lock().take() else {
                continue;
            };
            let shard = Shard::new(self.common.clone());
            self.tasks.lock().await.spawn(shard.run(queue).in_current_span());
        }
    }

    fn deal(packers: &mut Packers, endpoints: &[Arc<Self>], batch: LogBatch) -> Vec<Parcel> {
        let settings: Vec<_> = endpoints
            .iter()
            .map(|endpoint| endpoint.common.settings.load_full())
            .collect();
        packers.deal(&settings, batch)
    }

    async fn push(&self, parcel: Parcel) {
        let mut owed = self.common.ledger.see(parcel.contents.entries());
        let Parcel { contents, ack } = parcel;
        let entries = match contents {
            Contents::Entries(entries) if self.lanes.len() > 1 => entries,
            // What is packed is for endpoints of one shard.
            contents => {
                if let Some(lane) = self.lanes.first() {
                    self.push_to(lane, Parcel { contents, ack }, owed).await;
                }
                return;
            }
        };
        let shards = self.lanes.len();
        let mut parts: Vec<Vec<Entry>> = (0..shards).map(|_| Vec::new()).collect();
        for entry in entries {
            let at = (entry.labels.hash() % shards as u64) as usize;
            if let Some(part) = parts.get_mut(at) {
                part.push(entry);
            }
        }
        let pushes = self
            .lanes
            .iter()
            .zip(parts)
            .filter(|(_, entries)| !entries.is_empty())
            .map(|(lane, entries)| {
                let mut part = owed.empty();
                part.take(&mut owed, entries.len() as u64);
                let parcel = Parcel {
                    contents: Contents::Entries(entries),
                    ack: ack.clone(),
                };
                self.push_to(lane, parcel, part)
            });
        futures_util::future::join_all(pushes).await;
        ack.delivered();
    }

    async fn drain(&self) {
        let timeout = self.drain_timeout();
        for lane in &self.lanes {
            lane.sender.lock().take();
            lane.room.close();
        }
        let mut tasks = self.tasks.lock().await;
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(timeout, all).await.is_err() {
            tracing::warn!(
                endpoint = self.common.name,
                url = self.common.settings.load().shown_url,
                "failed to flush all queues during shutdown; sources that wait send the rest again"
            );
            self.common.abandon.cancel();
            while tasks.join_next().await.is_some() {}
        }
        self.drain_store().await;
        self.common.health.gone(&self.common.name);
    }

    fn debug_info(&self) -> BodyValue {
        let settings = self.common.settings.load();
        let mut info = BodyValue::default();
        let queued: usize = self
            .lanes
            .iter()
            .map(|lane| (lane.capacity as usize).saturating_sub(lane.room.available_permits()))
            .sum();
        info.attribute("name", self.common.name.as_str());
        info.attribute("url", settings.shown_url.as_str());
        info.attribute("queued_bytes", u64::try_from(queued).unwrap_or(u64::MAX));
        self.common.ledger.describe(&mut info);
        if let Ok(store) = self.common.store.try_lock()
            && let Some(store) = &*store
        {
            let (bytes, segments, damaged) = store.describe();
            info.attribute("wal_bytes", bytes);
            info.attribute("wal_segments", segments);
            info.attribute("wal_damaged_records", damaged);
        }
        if let Some(failing) = self.common.health.failing(&self.common.name) {
            info.attribute("last_error", failing.error);
            info.attribute("failing_for", failing.since.elapsed());
        }
        info
    }
}
