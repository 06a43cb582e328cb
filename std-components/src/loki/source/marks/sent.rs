//! What a reader of a log has handed on and what has become of it. Its mark is stored once everything before it is taken for good.

use super::Flights;
use crate::component::CancellationToken;
use crate::loki::source::account::Account;
use crate::signals::{Ack, Entry, Fanout, LogBatch, Outcome};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// The bytes of lines that all readers of a component may have on their way.
#[derive(Clone, Debug)]
pub(in crate::loki::source) struct Budget {
    room: Arc<Semaphore>,
    most: usize,
}

impl Budget {
    /// So many bytes.
    pub(in crate::loki::source) fn new(most: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(most)),
            most,
        }
    }
}

/// The component stops.
#[derive(Debug)]
pub(in crate::loki::source) struct Stopped;

/// What a reader has sent. While it waits for anything it does so here, so that acknowledgements are taken up meanwhile.
pub(in crate::loki::source) struct Sent<M> {
    flights: Flights<M>,
    told: mpsc::UnboundedSender<(u64, Outcome)>,
    /// Never more of them than batches, which the budget bounds.
    ended: mpsc::UnboundedReceiver<(u64, Outcome)>,
    stop: CancellationToken,
    budget: Budget,
    account: Arc<Account>,
    store: Box<dyn Fn(&M) + Send + Sync>,
}

impl<M: Clone> Sent<M> {
    /// Everything until `stored` has been taken already; `store` is told when that moves.
    pub(in crate::loki::source) fn behind(
        stored: Option<M>,
        stop: CancellationToken,
        budget: Budget,
        account: Arc<Account>,
        store: impl Fn(&M) + Send + Sync + 'static,
    ) -> Self {
        let (told, ended) = mpsc::unbounded_channel();
        Self {
            flights: Flights::behind(stored),
            told,
            ended,
            stop,
            budget,
            account,
            store: Box::new(store),
        }
    }

    /// Whether something was not taken, so that it has to be read again.
    pub(in crate::loki::source) fn has_failed(&self) -> bool {
        self.flights.has_failed()
    }

    /// Begins again behind what was taken, once all have landed. Answers where that is, and how many lines were not taken.
    pub(in crate::loki::source) fn forget_failed(&mut self) -> (Option<M>, u64) {
        let lines = self.flights.forget_failed();
        (self.flights.committed().cloned(), lines)
    }

    /// Moves to a mark that no line stands for; nothing may be on its way.
    pub(in crate::loki::source) fn commit(&mut self, mark: M) {
        (self.store)(&mark);
        self.flights.commit(mark);
    }

    /// Whether nothing is on its way, and all was taken.
    pub(in crate::loki::source) fn is_settled(&self) -> bool {
        self.flights.have_landed() && !self.flights.has_failed()
    }

    async fn settle_next(&mut self) {
        if let Some((number, outcome)) = self.ended.recv().await {
            self.settle(number, outcome);
        }
    }

    fn settle(&mut self, number: u64, outcome: Outcome) {
        let (lines, has_moved) = self.flights.ended(number, outcome);
        self.account.end(lines, outcome);
        if let Some(mark) = self.flights.committed().filter(|_| has_moved) {
            (self.store)(mark);
        }
    }

    /// Waits for something.
    ///
    /// # Errors
    /// The component stops.
    pub(in crate::loki::source) async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Stopped> {
        let stop = self.stop.clone();
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Stopped),
                Some((number, outcome)) = self.ended.recv() => self.settle(number, outcome),
                done = &mut work => return Ok(done),
            }
        }
    }

    /// Waits for something as long as all that was sent may still be taken; `None` once it is not.
    ///
    /// # Errors
    /// The component stops.
    pub(in crate::loki::source) async fn unless_failed<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, Stopped> {
        let stop = self.stop.clone();
        let mut work = pin!(work);
        while !self.flights.has_failed() {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Stopped),
                Some((number, outcome)) = self.ended.recv() => self.settle(number, outcome),
                done = &mut work => return Ok(Some(done)),
            }
        }
        Ok(None)
    }

    /// Waits until nothing is on its way.
    ///
    /// # Errors
    /// The component stops.
    pub(in crate::loki::source) async fn land(&mut self) -> Result<(), Stopped> {
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Stopped),
            () = self.land_at_last() => Ok(()),
        }
    }

    /// Waits until nothing is on its way, also while the component stops. The caller bounds it.
    pub(in crate::loki::source) async fn land_at_last(&mut self) {
        while !self.flights.have_landed() {
            self.settle_next().await;
        }
    }

    /// Hands on entries with so many bytes of text, behind which is `mark`; waits for room first.
    ///
    /// # Errors
    /// The component stops, and there is no room.
    pub(in crate::loki::source) async fn send(
        &mut self,
        to: &Fanout<LogBatch>,
        entries: Vec<Entry>,
        bytes: usize,
        mark: Option<M>,
    ) -> Result<(), Stopped> {
        let cost = (bytes + entries.len() * size_of::<Entry>()).min(self.budget.most);
        let room = self.budget.room.clone();
        let room = self.meanwhile(room.acquire_many_owned(u32::try_from(cost).unwrap_or(u32::MAX)));
        let room = room.await?;
        let lines = entries.len() as u64;
        self.account.see(lines);
        let number = self.flights.send(lines, mark);
        let told = self.told.clone();
        let ack = Ack::new(move |outcome| {
            drop(room);
            // Nobody listens any more once the reader has ended.
            let _ = told.send((number, outcome));
        });
        let mut sending = pin!(to.send(LogBatch { entries, ack }));
        // Also while the component stops, for as long as it may take.
        loop {
            tokio::select! {
                () = &mut sending => return Ok(()),
                () = self.settle_next() => {}
            }
        }
    }
}
