//! A request that is being gathered for a tenant, and what it owes to the sources.

use super::encode;
use super::ledger::Owed;
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
    owed: Owed,
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
    pub(super) owed: Owed,
    pub(super) streams: usize,
    pub(super) shares: Vec<Share>,
    pub(super) begun: Instant,
}

impl Gathered {
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
    pub(super) fn new(tenant: Arc<str>, metrics: TenantMetrics, owed: Owed, wait: Duration) -> Self {
        let begun = Instant::now();
        Self {
            tenant,
            metrics,
            due: begun + wait,
            begun,
            streams: Vec::new(),
            index: FxHashMap::default(),
            bytes: 0,
            owed,
            shares: Vec::new(),
            last_batch: 0,
        }
    }

    /// Whether it holds nothing yet.
    pub(super) fn is_empty(&self) -> bool {
        self.owed.entries() == 0
    }

    /// Adds an entry of the batch with this number, of which the account of the batch's entries is told. Answers false where it would be one
    /// stream too many.
    pub(super) fn add(
        &mut self,
        stream: &Stream,
        entry: &Entry,
        most_streams: usize,
        (batch, share, owed): (u64, &Share, &mut Owed),
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
        self.owed.take(owed, 1);
        if self.last_batch != batch {
            self.last_batch = batch;
            self.shares.push(share.clone());
        }
        true
    }

    /// Writes the request and hands out what it stands for.
    pub(super) fn finish(self, request: &mut Vec<u8>, spare: &mut Spare) -> Gathered {
        request.clear();
        let streams = self.streams.len();
        for stream in self.streams {
            encode::stream(request, &stream.labels, &stream.entries);
            spare.keep(stream.entries);
        }
        Gathered {
            tenant: self.tenant,
            metrics: self.metrics,
            owed: self.owed,
            streams,
            shares: self.shares,
            begun: self.begun,
        }
    }
}
