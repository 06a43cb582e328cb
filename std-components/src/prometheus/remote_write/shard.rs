//! A shard of an endpoint: encodes samples into requests as they come and sends one request at a time, so that each series stays in order.

use super::encode;
use super::sender::{Common, Load, Sent};
use super::settings::Settings;
use crate::relabel::Scratch;
use crate::signals::{Ack, Exemplar, Labels, Sample};
use bytes::Bytes;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

/// Room in a queue; free again when dropped.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) _permit: OwnedSemaphorePermit,
    /// What waits, for the metrics.
    pub(super) pending: [(crate::component::metrics::IntGauge, i64); 2],
}

impl Drop for Room {
    fn drop(&mut self) {
        for (gauge, number) in &self.pending {
            gauge.sub(*number);
        }
    }
}

/// A batch's part for this shard.
pub(super) struct Item {
    pub(super) samples: Vec<Sample>,
    pub(super) exemplars: Vec<Exemplar>,
    pub(super) share: Share,
}

/// What a request owes to a batch.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) ack: Ack,
    pub(super) _room: Arc<Room>,
}

/// A shard at work.
pub(super) struct Shard {
    common: Arc<Common>,
    settings: Arc<Settings>,
    scratch: Scratch,
    request: Vec<u8>,
    /// A series under construction.
    series: Vec<u8>,
    load: Load,
    /// Milliseconds since 1970 of the youngest sample of the request.
    highest: i64,
    due: Option<Instant>,
    shares: Vec<Share>,
    /// Made for the first request.
    snappy: Option<Box<snap::raw::Encoder>>,
    compressed: Vec<u8>,
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Compresses a request.
pub(super) fn compress(snappy: &mut snap::raw::Encoder, request: &[u8], room: &mut Vec<u8>) -> Option<Bytes> {
    room.resize(snap::raw::max_compress_len(request.len()), 0);
    match snappy.compress(request, room) {
        Ok(length) => Some(Bytes::copy_from_slice(room.get(..length).unwrap_or_default())),
        Err(error) => {
            // Only a request of 4 GiB and more cannot be compressed.
            tracing::error!(%error, "a request cannot be compressed");
            None
        }
    }
}

/// The labels to send for a series: with external ones and rewritten. `None` if the rules drop it.
fn relabelled(settings: &Settings, scratch: &mut Scratch, labels: &Labels) -> Option<Labels> {
    let labels = Labels::from_sorted(encode::merged(labels.iter(), settings.external.iter()));
    settings.rules.labels(&labels, scratch)
}

impl Shard {
    pub(super) fn new(common: Arc<Common>) -> Self {
        Self {
            settings: common.settings.load_full(),
            common,
            scratch: Scratch::default(),
            request: Vec::new(),
            series: Vec::new(),
            load: Load::default(),
            highest: 0,
            due: None,
            shares: Vec::new(),
            snappy: None,
            compressed: Vec::new(),
        }
    }

    /// Works until the queue is closed and everything has been sent, or draining is given up.
    pub(super) async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Item>) {
        loop {
            let item = match self.due {
                None => queue.recv().await,
                Some(due) => tokio::select! {
                    biased;
                    item = queue.recv(), if Instant::now() < due => item,
                    () = tokio::time::sleep_until(due) => {
                        self.flush_apart().await;
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
        self.flush_apart().await;
    }

    async fn gather(&mut self, item: Item) {
        self.settings = self.common.settings.load_full();
        let metrics = self.common.metrics.load_full();
        let limit = self.settings.arguments.queue_config.sample_age_limit;
        let oldest = match i64::try_from(limit.as_millis()) {
            Ok(0) | Err(_) => i64::MIN,
            Ok(limit) => now().saturating_sub(limit),
        };
        let most = self.settings.most_per_send();
        for sample in &item.samples {
            if sample.timestamp < oldest {
                metrics.too_old.inc();
                continue;
            }
            let settings = &self.settings;
            if settings.rules.is_empty() {
                let labels = encode::merged(sample.labels.iter(), settings.external.iter());
                encode::sample(
                    &mut self.request,
                    &mut self.series,
                    labels,
                    sample.value,
                    sample.timestamp,
                );
            } else if let Some(labels) = relabelled(settings, &mut self.scratch, &sample.labels) {
                encode::sample(
                    &mut self.request,
                    &mut self.series,
                    labels.iter(),
                    sample.value,
                    sample.timestamp,
                );
            } else {
                metrics.relabelled.inc();
                continue;
            }
            self.load.samples += 1;
            self.highest = self.highest.max(sample.timestamp);
            self.flush_if_full(most, &item.share).await;
        }
        for exemplar in &item.exemplars {
            let Some(series) = relabelled(&self.settings, &mut self.scratch, &exemplar.series) else {
                metrics.exemplars_relabelled.inc();
                continue;
            };
            encode::exemplar(
                &mut self.request,
                series.iter(),
                exemplar.labels.iter(),
                exemplar.value,
                exemplar.timestamp,
            );
            self.load.exemplars += 1;
            self.flush_if_full(most, &item.share).await;
        }
        if self.request.is_empty() {
            item.share.ack.delivered();
        } else {
            let deadline = self.settings.arguments.queue_config.batch_send_deadline;
            self.due.get_or_insert_with(|| Instant::now() + deadline);
            self.shares.push(item.share);
        }
    }

    async fn flush_if_full(&mut self, most: usize, share: &Share) {
        if self.load.samples + self.load.exemplars >= most as u64 {
            self.shares.push(share.clone());
            self.flush_apart().await;
        }
    }

    /// Apart, so that the task is small while it waits: a request on its way takes some 8 KiB.
    fn flush_apart(&mut self) -> impl Future<Output = ()> + Send {
        Box::pin(self.flush())
    }

    async fn flush(&mut self) {
        self.due = None;
        if self.request.is_empty() {
            return;
        }
        let load = std::mem::take(&mut self.load);
        let highest = std::mem::take(&mut self.highest);
        let shares = std::mem::take(&mut self.shares);
        let body = compress(
            self.snappy
                .get_or_insert_with(|| Box::new(snap::raw::Encoder::new())),
            &self.request,
            &mut self.compressed,
        );
        self.request.clear();
        let Some(body) = body else {
            load.count(&self.common.metrics.load(), |kind| &kind.failed);
            return;
        };
        if self.common.send(body, load).await == Sent::Done {
            let sent = &self.common.metrics.load().highest_sent;
            sent.set(sent.get().max(highest / 1000));
            shares.into_iter().for_each(|share| share.ack.delivered());
        }
    }
}
