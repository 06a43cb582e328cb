//! Puts lines of any files together into batches, and knows which bytes of which files are in each.

use super::generation::Generation;
use super::metrics::Account;
use crate::signals::{Ack, Entry, LogBatch, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, Outcome};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::mpsc::UnboundedSender;

/// Bytes of a component's lines that may be on their way unacknowledged; when there are more, its files are not read. Buffers are at least
/// half full, so that memory is at most twice as much.
pub(super) const MAX_IN_FLIGHT_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of one opened file in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The tail's id.
    pub(super) tail: u64,
    /// [`Generation::number`].
    pub(super) generation: u64,
    /// The offset behind the last line.
    pub(super) end: u64,
}

/// A shipment's number and how it ended.
pub(super) type Ended = (u64, Outcome);

struct Shipment {
    parts: Vec<Part>,
    cost: usize,
    lines: u64,
}

/// The batches of a component.
pub(super) struct Batches {
    entries: Vec<Entry>,
    bytes: usize,
    parts: Vec<Part>,
    next: u64,
    sealed: Vec<(u64, LogBatch)>,
    shipments: FxHashMap<u64, Shipment>,
    in_flight: usize,
    /// There are never more of them waiting than shipments, which [`MAX_IN_FLIGHT_BYTES`] bounds.
    told: UnboundedSender<Ended>,
    last_timestamp: i64,
    taken: u64,
    account: Arc<Account>,
}

impl Batches {
    /// Ends of shipments go to `told`.
    pub(super) fn new(told: UnboundedSender<Ended>, account: Arc<Account>) -> Self {
        Self {
            entries: Vec::new(),
            bytes: 0,
            parts: Vec::new(),
            next: 0,
            sealed: Vec::new(),
            shipments: FxHashMap::default(),
            in_flight: 0,
            told,
            last_timestamp: 0,
            taken: 0,
            account,
        }
    }

    /// Whether no more should be read before something is acknowledged.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight + self.cost() >= MAX_IN_FLIGHT_BYTES
    }

    /// Bytes of all lines ever taken.
    pub(super) fn taken_bytes(&self) -> u64 {
        self.taken
    }

    /// Whether nothing is on its way.
    pub(super) fn is_settled(&self) -> bool {
        self.shipments.is_empty()
    }

    /// The time for the next line, in nanoseconds; [`stamp`](Self::stamp) counts on from it. One look at the clock for a chunk.
    pub(super) fn now(&mut self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX);
        self.last_timestamp = now.max(self.last_timestamp);
    }

    /// A time of its own for each line: Loki takes two equal lines of one time for one.
    pub(super) fn stamp(&mut self) -> i64 {
        self.last_timestamp += 1;
        self.last_timestamp
    }

    /// Adds a line.
    pub(super) fn push(&mut self, entry: Entry, part: Part) {
        let is_full =
            self.entries.len() >= MAX_BATCH_ENTRIES || self.bytes + entry.line.len() > MAX_BATCH_BYTES;
        if is_full && !self.entries.is_empty() {
            self.seal();
        }
        self.bytes += entry.line.len();
        self.taken += entry.line.len() as u64;
        self.entries.push(entry);
        match self.parts.last_mut() {
            Some(last) if (last.tail, last.generation) == (part.tail, part.generation) => last.end = part.end,
            _ => self.parts.push(part),
        }
    }

    /// Ends the batch that is being made.
    pub(super) fn seal(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        let number = self.next;
        self.next += 1;
        let cost = self.cost();
        let told = self.told.clone();
        // Nobody listens any more once the component has stopped.
        let ack = Ack::new(move |outcome| {
            let _ = told.send((number, outcome));
        });
        let capacity = self.entries.len();
        let entries = std::mem::replace(&mut self.entries, Vec::with_capacity(capacity));
        self.sealed.push((number, LogBatch { entries, ack }));
        let parts = std::mem::take(&mut self.parts);
        self.in_flight += cost;
        self.bytes = 0;
        let lines = capacity as u64;
        self.account.see(lines);
        self.shipments.insert(number, Shipment { parts, cost, lines });
    }

    fn cost(&self) -> usize {
        self.bytes + self.entries.len() * size_of::<Entry>()
    }

    /// The batches made so far; `sent` is called for each part of each, in order.
    pub(super) fn take(&mut self, mut sent: impl FnMut(u64, Part)) -> Vec<LogBatch> {
        self.seal();
        self.entries = Vec::new();
        let sealed = std::mem::take(&mut self.sealed);
        let batch = |(number, batch): (u64, LogBatch)| {
            let parts = self
                .shipments
                .get(&number)
                .map(|shipment| shipment.parts.as_slice());
            parts
                .unwrap_or_default()
                .iter()
                .for_each(|part| sent(number, *part));
            batch
        };
        sealed.into_iter().map(batch).collect()
    }

    /// The account has to be right at any time.
    #[cfg(test)]
    pub(super) fn check_account(&self) {
        let lines = self.shipments.values().map(|shipment| shipment.lines).sum();
        self.account.check(lines);
    }

    /// A shipment has ended: its parts.
    pub(super) fn ended(&mut self, shipment: u64, outcome: Outcome) -> Vec<Part> {
        let Some(shipment) = self.shipments.remove(&shipment) else {
            return Vec::new();
        };
        self.in_flight = self.in_flight.saturating_sub(shipment.cost);
        self.account.end(shipment.lines, outcome);
        shipment.parts
    }
}

impl Part {
    /// A part that ends at an offset.
    pub(super) fn of(tail: u64, generation: &Generation, end: u64) -> Self {
        Self {
            tail,
            generation: generation.number,
            end,
        }
    }
}
