//! A request that is being gathered for a tenant, and what it owes to the sources.

use super::group::{Block, Group, Press};
use super::ledger::Owed;
use super::metrics::TenantMetrics;
use super::packer::Piece;
use super::resolve::Stream;
use crate::signals::{Ack, Entry};
use bytes::Bytes;
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

/// A request that is being gathered.
pub(super) struct Pending {
    pub(super) tenant: Arc<str>,
    pub(super) metrics: TenantMetrics,
    /// When it must be sent at the latest.
    pub(super) due: Instant,
    begun: Instant,
    /// What is packed already, before what is in `group`.
    block: Block,
    /// Bytes of the lines in `block`.
    packed_bytes: usize,
    group: Group,
    owed: Owed,
    shares: Vec<Share>,
    last_batch: u64,
}

/// What a request is made of when it goes.
pub(super) struct Gathered {
    pub(super) tenant: Arc<str>,
    pub(super) metrics: TenantMetrics,
    pub(super) owed: Owed,
    pub(super) streams: usize,
    /// Bytes of lines and their metadata.
    pub(super) bytes: usize,
    pub(super) shares: Vec<Share>,
    pub(super) begun: Instant,
}

impl Gathered {
    /// Whether there is a source that would rather wait than lose this.
    pub(super) fn source_waits(&self) -> bool {
        self.shares.iter().any(|share| share.waits)
    }
}

/// A batch of a source, as something of it is added to a request: its number, its share and the account of its entries.
pub(super) type From<'a> = (u64, &'a Share, &'a mut Owed);

impl Pending {
    pub(super) fn new(tenant: Arc<str>, metrics: TenantMetrics, owed: Owed, wait: Duration) -> Self {
        let begun = Instant::now();
        Self {
            tenant,
            metrics,
            due: begun + wait,
            begun,
            block: Block::default(),
            packed_bytes: 0,
            group: Group::default(),
            owed,
            shares: Vec::new(),
            last_batch: 0,
        }
    }

    /// Whether so many bytes more would make it larger than it may become. One that is empty takes anything.
    pub(super) fn is_full_for(&self, bytes: usize, most_bytes: usize) -> bool {
        self.owed.entries() > 0 && self.packed_bytes + self.group.bytes + bytes > most_bytes
    }

    /// Adds an entry of a batch. Answers false where it would be one stream too many.
    pub(super) fn add(
        &mut self,
        stream: &Stream,
        entry: &Entry,
        most_streams: usize,
        from: From<'_>,
        press: &mut Press,
    ) -> bool {
        let is_added = self.group.add(stream, entry, most_streams, press);
        if is_added {
            self.owe(1, from);
        }
        is_added
    }

    /// Adds what is packed already, behind what came before it.
    pub(super) fn add_piece(&mut self, piece: &Piece, from: From<'_>, press: &mut Press) {
        self.pack(press);
        self.block.append(&piece.block);
        self.packed_bytes += piece.bytes;
        self.owe(piece.entries, from);
    }

    fn owe(&mut self, entries: u64, (batch, share, owed): From<'_>) {
        self.owed.take(owed, entries);
        if self.last_batch != batch {
            self.last_batch = batch;
            self.shares.push(share.clone());
        }
    }

    fn pack(&mut self, press: &mut Press) {
        self.packed_bytes += self.group.bytes;
        press.press(&mut self.group, &mut self.block);
    }

    /// The request's body and what it stands for. There is no body if it is one that cannot be packed: of 4 GiB and more.
    pub(super) fn finish(mut self, press: &mut Press) -> (Gathered, Option<Bytes>) {
        self.pack(press);
        let gathered = Gathered {
            tenant: self.tenant,
            metrics: self.metrics,
            owed: self.owed,
            streams: self.block.streams,
            bytes: self.packed_bytes,
            shares: self.shares,
            begun: self.begun,
        };
        (gathered, self.block.finish())
    }
}
