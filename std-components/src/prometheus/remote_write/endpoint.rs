//! An endpoint: shards with bounded queues, more of them while there is a backlog, and the metadata that is sent now and then.

use super::encode;
use super::metrics::Metrics;
use super::sender::{Common, Load};
use super::settings::Settings;
use super::shard::{Item, Room, Shard, Share, compress};
use crate::component::CancellationToken;
use crate::endpoints::Endpoint as _;
use crate::http_client::{EndpointsHealth, Seldom};
use crate::signals::{Exemplar, Metadata, MetricBatch, Sample};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use river_eval::BodyValue;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

/// How long draining at a stop may take.
const DRAIN: Duration = Duration::from_secs(15);

/// How long a batch that waits for room at a stop may go on waiting.
const LAST_PUSH: Duration = Duration::from_secs(5);

/// How long a batch waits for room in the queues of a well endpoint until there shall be more shards.
const BACKLOG: Duration = Duration::from_secs(1);

/// Families whose metadata is kept at the most.
const MAX_FAMILIES: usize = 20_000;

struct Lane {
    room: Arc<Semaphore>,
    /// Without a bound of its own: `room` bounds it.
    sender: mpsc::UnboundedSender<Item>,
}

#[derive(Default)]
struct Lanes {
    open: Vec<Lane>,
    tasks: JoinSet<()>,
    closed: bool,
}

/// An endpoint.
pub(super) struct Endpoint {
    common: Arc<Common>,
    families: Metrics,
    lanes: tokio::sync::Mutex<Lanes>,
    metadata: Mutex<FxHashMap<Box<str>, Metadata>>,
    /// Ends the waiting of a batch and the sending of metadata.
    closing: CancellationToken,
}

impl Endpoint {
    /// Nothing runs until the first [`start`](Self::start).
    pub(super) fn new(
        name: String,
        settings: Settings,
        metrics: Metrics,
        health: Arc<EndpointsHealth>,
    ) -> Self {
        let endpoint = Self {
            common: Arc::new(Common {
                name,
                metrics: ArcSwap::from_pointee(metrics.of(&settings.name, &settings.shown_url)),
                settings: ArcSwap::from_pointee(settings),
                changed: Notify::new(),
                health,
                abandon: CancellationToken::new(),
                refused: Seldom::default(),
                troubled: Seldom::default(),
            }),
            families: metrics,
            lanes: tokio::sync::Mutex::default(),
            metadata: Mutex::default(),
            closing: CancellationToken::new(),
        };
        endpoint.show_settings();
        endpoint
    }

    fn show_settings(&self) {
        let settings = self.common.settings.load();
        let metrics = self.common.metrics.load();
        metrics.shard_capacity.set(i64::from(settings.capacity()));
        metrics.shards_min.set(settings.arguments.queue_config.min_shards);
        metrics.shards_max.set(settings.arguments.queue_config.max_shards);
        metrics
            .most_per_send
            .set(settings.arguments.queue_config.max_samples_per_send);
    }

    fn open(&self, lanes: &mut Lanes, shards: usize) {
        let capacity = self.common.settings.load().capacity();
        for _ in 0..shards {
            let (sender, queue) = mpsc::unbounded_channel();
            let shard = Shard::new(self.common.clone());
            lanes.tasks.spawn(shard.run(queue).in_current_span());
            lanes.open.push(Lane {
                room: Arc::new(Semaphore::new(capacity as usize)),
                sender,
            });
        }
        self.common
            .metrics
            .load()
            .shards
            .set(i64::try_from(shards).unwrap_or(i64::MAX));
    }

    async fn queue(&self, mut batch: MetricBatch) {
        let settings = self.common.settings.load_full();
        if let Some(metadata) = &batch.metadata
            && settings.arguments.metadata_config.send
        {
            self.keep_metadata(metadata);
        }
        if !settings.arguments.send_exemplars {
            batch.exemplars.clear();
        }
        let metrics = self.common.metrics.load_full();
        let highest = batch.samples.iter().map(|sample| sample.timestamp / 1000).max();
        metrics
            .highest
            .set(metrics.highest.get().max(highest.unwrap_or(0)));
        let mut lanes = self.lanes.lock().await;
        let shards = lanes.open.len().max(1) as u64;
        let mut parts: Vec<(Vec<Sample>, Vec<Exemplar>)> = (0..shards).map(|_| Default::default()).collect();
        if let [only] = parts.as_mut_slice() {
            *only = (batch.samples, batch.exemplars);
        } else {
            for sample in batch.samples {
                if let Some(part) = parts.get_mut((sample.labels.hash() % shards) as usize) {
                    part.0.push(sample);
                }
            }
            for exemplar in batch.exemplars {
                if let Some(part) = parts.get_mut((exemplar.series.hash() % shards) as usize) {
                    part.1.push(exemplar);
                }
            }
        }
        let begun = Instant::now();
        for (lane, (samples, exemplars)) in lanes.open.iter().zip(parts) {
            let count = samples.len() + exemplars.len();
            if count == 0 {
                continue;
            }
            // A part that is larger than the whole queue has it for itself.
            let wanted = u32::try_from(count).unwrap_or(u32::MAX).min(settings.capacity());
            let permit = match lane.room.clone().try_acquire_many_owned(wanted) {
                Ok(permit) => permit,
                Err(_) => {
                    metrics.enqueue_retries.inc();
                    match lane.room.clone().acquire_many_owned(wanted).await {
                        Ok(permit) => permit,
                        Err(_) => continue,
                    }
                }
            };
            let pending = [
                (
                    metrics.samples_pending.clone(),
                    i64::try_from(samples.len()).unwrap_or(0),
                ),
                (
                    metrics.exemplars_pending.clone(),
                    i64::try_from(exemplars.len()).unwrap_or(0),
                ),
            ];
            for (gauge, number) in &pending {
                gauge.add(*number);
            }
            // Fails once the shard is gone; the acknowledgement fails with it.
            let _ = lane.sender.send(Item {
                samples,
                exemplars,
                share: Share {
                    ack: batch.ack.clone(),
                    _room: Arc::new(Room {
                        _permit: permit,
                        pending,
                    }),
                },
            });
        }
        batch.ack.delivered();
        let most = settings.most_shards();
        let shards = lanes.open.len();
        if begun.elapsed() >= BACKLOG && shards < most && self.common.health.failing(self.name()).is_none() {
            // What waits is sent first: a series that moved to another shard meanwhile would come out of order.
            lanes.open.clear();
            while lanes.tasks.join_next().await.is_some() {}
            self.open(&mut lanes, (shards * 2).min(most));
        }
    }

    fn keep_metadata(&self, metadata: &[Metadata]) {
        let mut kept = self.metadata.lock();
        for one in metadata {
            let full = kept.len() >= MAX_FAMILIES;
            match kept.get_mut(&one.family) {
                Some(known) if known == one => {}
                Some(known) => known.clone_from(one),
                None if !full => {
                    kept.insert(one.family.clone(), one.clone());
                }
                None => {}
            }
        }
    }

    async fn send_metadata(&self) {
        loop {
            let config = self.common.settings.load().arguments.metadata_config.clone();
            tokio::select! {
                () = tokio::time::sleep(config.send_interval) => {}
                () = self.closing.cancelled() => return,
            }
            if !config.send {
                continue;
            }
            // Told anew by each scrape, so that families that are gone are not sent for ever.
            let families: Vec<Metadata> = self.metadata.lock().drain().map(|(_, one)| one).collect();
            let most = usize::try_from(config.max_samples_per_send).unwrap_or(1).max(1);
            // Neither kept between rounds nor part of the task: it mostly waits.
            let mut snappy = Box::new(snap::raw::Encoder::new());
            let mut compressed = Vec::new();
            for part in families.chunks(most) {
                let mut request = Vec::new();
                for one in part {
                    encode::metadata(&mut request, one);
                }
                let load = Load {
                    metadata: part.len() as u64,
                    ..Load::default()
                };
                if let Some(body) = compress(&mut snappy, &request, &mut compressed) {
                    tokio::select! {
                        _ = Box::pin(self.common.send(body, load)) => {}
                        () = self.closing.cancelled() => return,
                    }
                }
            }
        }
    }
}

impl crate::endpoints::Endpoint for Endpoint {
    type Batch = MetricBatch;
    type Parcel = MetricBatch;
    type Shared = ();
    type Settings = Settings;

    fn name(&self) -> &str {
        &self.common.name
    }

    fn reconfigure(&self, settings: Settings) -> Result<(), Box<Settings>> {
        if !self.common.settings.load().fits(&settings) {
            return Err(Box::new(settings));
        }
        let metrics = self.families.of(&settings.name, &settings.shown_url);
        self.common.metrics.store(Arc::new(metrics));
        self.common.settings.store(Arc::new(settings));
        self.show_settings();
        self.common.changed.notify_waiters();
        Ok(())
    }

    async fn start(self: &Arc<Self>) {
        let mut lanes = self.lanes.lock().await;
        if lanes.open.is_empty() && !lanes.closed {
            self.open(&mut lanes, self.common.settings.load().least_shards());
            let endpoint = self.clone();
            tokio::spawn(async move { endpoint.send_metadata().await }.in_current_span());
        }
    }

    fn deal((): &mut (), endpoints: &[Arc<Self>], batch: MetricBatch) -> Vec<MetricBatch> {
        crate::endpoints::copies(endpoints.len(), batch)
    }

    async fn push(&self, batch: MetricBatch) {
        tokio::select! {
            biased;
            () = self.closing.cancelled() => {}
            () = self.queue(batch) => {}
        }
    }

    async fn drain(&self) {
        self.closing.cancel();
        let mut lanes = self.lanes.lock().await;
        lanes.closed = true;
        lanes.open.clear();
        let all = async { while lanes.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            let metrics = self.common.metrics.load();
            tracing::error!(
                url = self.common.settings.load().shown_url,
                samples = metrics.samples_pending.get(),
                "Failed to flush all samples on shutdown"
            );
            self.common.abandon.cancel();
            while lanes.tasks.join_next().await.is_some() {}
        }
        self.common.health.gone(&self.common.name);
    }

    fn drain_timeout(&self) -> Duration {
        LAST_PUSH
    }

    fn debug_info(&self) -> BodyValue {
        let settings = self.common.settings.load();
        let metrics = self.common.metrics.load();
        let mut info = BodyValue::default();
        info.attribute("name", settings.name.as_str());
        info.attribute("url", settings.shown_url.as_str());
        info.attribute("shards", metrics.shards.get());
        info.attribute("samples_pending", metrics.samples_pending.get());
        if let Some(failing) = self.common.health.failing(&self.common.name) {
            info.attribute("last_error", failing.error);
            info.attribute("failing_for", failing.since.elapsed());
        }
        info
    }
}
