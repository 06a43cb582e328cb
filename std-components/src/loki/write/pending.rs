//! A request that is being gathered for a tenant, and what it owes to the sources.

use super::encode;
use super::metrics::TenantMetrics;
use super::resolve::Stream;
use crate::signals::{Ack, Entry};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// A source's batch, as far as it is here: its acknowledgement and its room in the queue, which is free again when the last share is gone.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) ack: Ack,
    /// Whether the source waits for the acknowledgement, and sends again what is not taken.
    pub(super) waits: bool,
    pub(super) _room: Arc<OwnedSemaphorePermit>,
}

impl Share {
    /// It has been taken for good, or dropped by a rule and counted.
    pub(super) fn delivered(self) {
        self.ack.delivered();
    }
}

struct StreamBuffer {
    labels: Arc<str>,
    entries: Vec<u8>,
}

/// A request that is being gathered.
pub(super) struct Pending {
    pub(super) tenant: Arc<str>,
    pub(super) metrics: TenantMetrics,
    /// When it must be sent at the latest.
    pub(super) due: Instant,
    begun: Instant,
    streams: Vec<StreamBuffer>,
    index: FxHashMap<u64, usize>,
    /// Bytes of lines and their metadata.
    pub(super) bytes: usize,
    pub(super) entries: u64,
    shares: Vec<Share>,
    last_batch: u64,
}

/// Buffers of streams that have been sent, to be used again.
#[derive(Default)]
pub(super) struct Spare {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
}

/// Bytes of unused buffers that a shard keeps at the most.
const MAX_SPARE_BYTES: usize = 2 * 1024 * 1024;

impl Spare {
    fn take(&mut self) -> Vec<u8> {
        let buffer = self.buffers.pop().unwrap_or_default();
        self.bytes -= buffer.capacity().min(self.bytes);
        buffer
    }

    fn keep(&mut self, mut buffer: Vec<u8>) {
        if self.bytes + buffer.capacity() <= MAX_SPARE_BYTES {
            buffer.clear();
            self.bytes += buffer.capacity();
            self.buffers.push(buffer);
        }
    }
}

/// What a request is made of when it goes.
pub(super) struct Gathered {
    pub(super) tenant: Arc<str>,
    pub(super) metrics: TenantMetrics,
    pub(super) entries: u64,
    pub(super) shares: Vec<Share>,
    pub(super) begun: Instant,
}

impl Gathered {
    /// Ends the request: everything in it is taken, or dropped and counted.
    pub(super) fn delivered(self) {
        self.shares.into_iter().for_each(Share::delivered);
    }

    /// Whether there is a source that would rather wait than lose this.
    pub(super) fn source_waits(&self) -> bool {
        self.shares.iter().any(|share| share.waits)
    }
}

/// Bytes that count for an entry: line and structured metadata.
pub(super) fn size(entry: &Entry) -> usize {
    let metadata = entry.metadata.as_deref().unwrap_or_default();
    let pairs: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    entry.line.len() + pairs
}

impl Pending {
    pub(super) fn new(tenant: Arc<str>, metrics: TenantMetrics, wait: Duration) -> Self {
        let begun = Instant::now();
        Self {
            tenant,
            metrics,
            due: begun + wait,
            begun,
            streams: Vec::new(),
            index: FxHashMap::default(),
            bytes: 0,
            entries: 0,
            shares: Vec::new(),
            last_batch: 0,
        }
    }

    /// Adds an entry of the batch with this number. Hands it back as refused where it would be one stream too many.
    pub(super) fn add(
        &mut self,
        stream: &Stream,
        entry: &Entry,
        most_streams: usize,
        (batch, share): (u64, &Share),
        spare: &mut Spare,
    ) -> bool {
        let at = match self.index.get(&stream.id) {
            Some(&at) => at,
            None if most_streams > 0 && self.streams.len() >= most_streams => return false,
            None => {
                let at = self.streams.len();
                self.streams.push(StreamBuffer {
                    labels: stream.labels.clone(),
                    entries: spare.take(),
                });
                self.index.insert(stream.id, at);
                at
            }
        };
        if let Some(buffer) = self.streams.get_mut(at) {
            encode::entry(&mut buffer.entries, entry);
        }
        self.bytes += size(entry);
        self.entries += 1;
        if self.last_batch != batch {
            self.last_batch = batch;
            self.shares.push(share.clone());
        }
        true
    }

    /// Writes the request and hands out what it stands for.
    pub(super) fn finish(self, request: &mut Vec<u8>, spare: &mut Spare) -> Gathered {
        request.clear();
        for stream in self.streams {
            encode::stream(request, &stream.labels, &stream.entries);
            spare.keep(stream.entries);
        }
        Gathered {
            tenant: self.tenant,
            metrics: self.metrics,
            entries: self.entries,
            shares: self.shares,
            begun: self.begun,
        }
    }
}
