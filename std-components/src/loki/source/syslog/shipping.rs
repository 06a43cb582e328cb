//! Sends entries on, a bounded number of bytes at a time, and keeps each batch until every receiver has taken it.
//!
//! Who ships waits while too much is on its way: so a dead receiver stops the reading of TCP connections, and their senders.

use super::arguments::Arguments;
use crate::component::metrics::IntCounter;
use crate::loki::source::account::Account;
use crate::signals::{Ack, Entry, LogBatch, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, Outcome};
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

/// KiB of lines of a component that may be on their way unacknowledged.
const MAX_IN_FLIGHT_KIB: u32 = 8 * 1024;

/// Bytes that an entry counts for besides its line.
const ENTRY_BYTES: usize = 128;

/// The pause before a batch that a receiver let go is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// What every listener of a component ships with.
pub(super) struct Shipper {
    arguments: Arc<ArcSwap<Arguments>>,
    room: Arc<Semaphore>,
    pub(super) account: Account,
    entries: IntCounter,
    /// Nothing is sent again any more.
    closing: CancellationToken,
}

impl Shipper {
    pub(super) fn new(arguments: Arc<ArcSwap<Arguments>>, account: Account, entries: IntCounter) -> Self {
        Self {
            arguments,
            room: Arc::new(Semaphore::new(MAX_IN_FLIGHT_KIB as usize)),
            account,
            entries,
            closing: CancellationToken::new(),
        }
    }

    /// Sends entries; comes back as soon as there is room for more.
    pub(super) async fn ship(self: &Arc<Self>, mut entries: Vec<Entry>) {
        while !entries.is_empty() {
            let rest = entries.split_off(head_of(&entries));
            let batch = std::mem::replace(&mut entries, rest);
            let bytes: usize = batch.iter().map(|entry| entry.line.len() + ENTRY_BYTES).sum();
            let cost = u32::try_from(bytes / 1024 + 1).unwrap_or(MAX_IN_FLIGHT_KIB);
            self.account.see(batch.len() as u64);
            let permit = tokio::select! {
                permit = self.room.clone().acquire_many_owned(cost.min(MAX_IN_FLIGHT_KIB)) => permit,
                () = self.closing.cancelled() => {
                    self.account.give_up(batch.len() as u64, "stopped");
                    return self.account.drop(entries.len() as u64, "stopped");
                }
            };
            let Ok(permit) = permit else { return };
            let outcome = self.send(&batch).await;
            self.entries.inc_by(batch.len() as u64);
            tokio::spawn(self.clone().settle(batch, outcome, permit));
        }
    }

    async fn send(&self, entries: &[Entry]) -> oneshot::Receiver<Outcome> {
        let (told, outcome) = oneshot::channel();
        let batch = LogBatch {
            entries: entries.to_vec(),
            ack: Ack::new(move |outcome| {
                // Nobody waits any more after a stop.
                let _ = told.send(outcome);
            }),
        };
        let arguments = self.arguments.load_full();
        tokio::select! {
            () = arguments.forward_to.send(batch) => {}
            () = self.closing.cancelled() => {}
        }
        outcome
    }

    /// Waits until a batch is taken for good, and sends it again if it is not: its sender cannot.
    async fn settle(
        self: Arc<Self>,
        entries: Vec<Entry>,
        mut outcome: oneshot::Receiver<Outcome>,
        permit: OwnedSemaphorePermit,
    ) {
        let count = entries.len() as u64;
        loop {
            let end = tokio::select! {
                biased;
                end = &mut outcome => end.unwrap_or(Outcome::Failed),
                () = self.closing.cancelled() => break,
            };
            if end == Outcome::Delivered {
                self.account.end(count, Outcome::Delivered);
                drop(permit);
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN_AFTER) => {}
                () = self.closing.cancelled() => break,
            }
            outcome = self.send(&entries).await;
        }
        self.account.give_up(count, "stopped");
        drop(permit);
    }

    /// Waits for what is on its way, for a while; what is not taken by then is counted as dropped.
    pub(super) async fn drain(&self, patience: Duration) {
        let all = self.room.acquire_many(MAX_IN_FLIGHT_KIB);
        if tokio::time::timeout(patience, all).await.is_ok() {
            return;
        }
        self.closing.cancel();
        drop(self.room.acquire_many(MAX_IN_FLIGHT_KIB).await);
    }
}

/// How many entries go into the next batch.
fn head_of(entries: &[Entry]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take(MAX_BATCH_ENTRIES).take_while(|entry| {
        bytes += entry.line.len();
        bytes <= MAX_BATCH_BYTES
    });
    fits.count().max(1)
}
