//! The lines of one container on their way: put together into batches, sent one after the other, settled as they are taken.

use super::metrics::{DROPPED, EMPTY, Metrics};
use super::place::Place;
use super::stream::{Line, Stream};
use crate::loki::source::account::Account;
use crate::loki::source::marks::Flights;
use crate::signals::{Ack, Entry, Fanout, Labels, LogBatch, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, Outcome};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// Bytes of a component's lines that may be on their way unacknowledged; when there are more, its streams are not read.
pub(super) const MAX_IN_FLIGHT_BYTES: u32 = 8 * 1024 * 1024;

/// What the containers of a component share.
pub(super) struct Sink {
    /// Where entries go; changes with the arguments.
    pub(super) forward_to: Mutex<Arc<Fanout<LogBatch>>>,
    /// [`MAX_IN_FLIGHT_BYTES`] permits.
    pub(super) room: Arc<Semaphore>,
    pub(super) metrics: Metrics,
}

/// The labels of a container's entries, for each stream; `None` where the rules drop it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StreamLabels {
    pub(super) stdout: Option<Labels>,
    pub(super) stderr: Option<Labels>,
}

/// A batch that is not yet sent.
struct Sealed {
    number: u64,
    entries: Vec<Entry>,
    cost: u32,
}

/// The lines of one container.
pub(super) struct Batches {
    sink: Arc<Sink>,
    container: Arc<str>,
    labels: StreamLabels,
    flights: Flights<Place>,
    /// Behind the last line that was read.
    place: Option<Place>,
    /// Lines were read that no batch tells of: they were skipped.
    has_moved: bool,
    entries: Vec<Entry>,
    bytes: usize,
    outbox: VecDeque<Sealed>,
    sending: Option<BoxFuture<'static, ()>>,
    /// There are never more of them waiting than batches in flight, which [`MAX_IN_FLIGHT_BYTES`] bounds.
    told: UnboundedSender<(u64, Outcome)>,
    ended: UnboundedReceiver<(u64, Outcome)>,
}

impl Batches {
    /// Everything until `place` has been taken for good.
    pub(super) fn new(
        sink: Arc<Sink>,
        container: Arc<str>,
        labels: StreamLabels,
        place: Option<Place>,
    ) -> Self {
        let (told, ended) = mpsc::unbounded_channel();
        Self {
            sink,
            container,
            labels,
            flights: Flights::behind(place.clone()),
            place,
            has_moved: false,
            entries: Vec::new(),
            bytes: 0,
            outbox: VecDeque::new(),
            sending: None,
            told,
            ended,
        }
    }

    /// How far everything has been taken for good.
    pub(super) fn committed(&self) -> Option<&Place> {
        self.flights.committed()
    }

    /// Adds a line that is new.
    pub(super) fn push(&mut self, line: Line) {
        let metrics = &self.sink.metrics;
        metrics.replaced.inc_by(line.is_replaced.into());
        metrics.cut.inc_by(line.goes_on.into());
        let labels = match line.stream {
            Stream::Stdout => &self.labels.stdout,
            Stream::Stderr => &self.labels.stderr,
        };
        let skipped = match labels {
            _ if line.text.is_empty() => Some(EMPTY),
            None => Some(DROPPED),
            Some(labels) => {
                self.bytes += line.text.len();
                self.entries.push(Entry {
                    labels: labels.clone(),
                    timestamp: line.time,
                    line: line.text,
                    metadata: None,
                });
                metrics.entries.inc();
                None
            }
        };
        if let Some(reason) = skipped {
            Account::drop(&metrics.account, 1, reason);
        }
        // A line is behind us with its last piece.
        if !line.goes_on {
            Place::take(&mut self.place, &self.container, line.stream, line.time);
            self.has_moved = true;
        }
        if self.entries.len() >= MAX_BATCH_ENTRIES || self.bytes >= MAX_BATCH_BYTES {
            self.seal();
        }
    }

    /// Whether there are lines in no batch yet.
    pub(super) fn has_open(&self) -> bool {
        self.has_moved || !self.entries.is_empty()
    }

    /// Whether everything that was read has been handed on.
    pub(super) fn is_sent(&self) -> bool {
        self.outbox.is_empty() && self.sending.is_none()
    }

    /// Whether nothing is on its way any more.
    pub(super) fn have_landed(&self) -> bool {
        self.is_sent() && self.flights.have_landed()
    }

    /// Whether something was not taken, so that it has to be read again.
    pub(super) fn has_failed(&self) -> bool {
        self.flights.has_failed()
    }

    /// Ends the batch that is being made.
    pub(super) fn seal(&mut self) {
        if !self.has_open() {
            return;
        }
        self.has_moved = false;
        let entries = std::mem::take(&mut self.entries);
        let cost = std::mem::take(&mut self.bytes) + entries.len() * size_of::<Entry>();
        let number = self.flights.send(entries.len() as u64, self.place.clone());
        self.outbox.push_back(Sealed {
            number,
            entries,
            cost: u32::try_from(cost).map_or(MAX_IN_FLIGHT_BYTES, |cost| cost.min(MAX_IN_FLIGHT_BYTES)),
        });
    }

    /// Hands on what is sealed and settles what ended, until something of it happened. Answers whether the mark has moved. Can be dropped at
    /// any time.
    pub(super) async fn work(&mut self) -> bool {
        if self.sending.is_none()
            && let Some(sealed) = self.outbox.pop_front()
        {
            if sealed.entries.is_empty() {
                // All of its lines were skipped; it counts when what is before it does.
                return self.flights.ended(sealed.number, Outcome::Delivered).1;
            }
            self.sending = Some(Box::pin(send(self.sink.clone(), sealed, self.told.clone())));
        }
        tokio::select! {
            biased;
            ended = self.ended.recv() => match ended {
                Some((number, outcome)) => self.flights.ended(number, outcome).1,
                None => false,
            },
            () = sent(&mut self.sending) => {
                self.sending = None;
                false
            }
        }
    }

    /// Reads again behind what was taken for good. What was read and not sent is forgotten; call it once all has landed, or nothing of it matters
    /// any more. Answers how many lines were not taken.
    pub(super) fn rewind(&mut self) -> u64 {
        let untaken = self.flights.forget_failed();
        self.place = self.flights.committed().cloned();
        self.entries.clear();
        self.outbox.clear();
        (self.bytes, self.has_moved) = (0, false);
        untaken
    }

    /// Forgets what waits to be sent, so that what was sent can land.
    pub(super) fn forget_unsent(&mut self) {
        self.entries.clear();
        (self.bytes, self.has_moved) = (0, false);
        for sealed in self.outbox.drain(..) {
            self.flights.ended(sealed.number, Outcome::Failed);
        }
    }
}

async fn send(sink: Arc<Sink>, sealed: Sealed, told: UnboundedSender<(u64, Outcome)>) {
    let Sealed {
        number,
        entries,
        cost,
    } = sealed;
    // The semaphore is never closed.
    let Ok(room) = sink.room.clone().acquire_many_owned(cost).await else {
        return;
    };
    let account = sink.metrics.account.clone();
    let lines = entries.len() as u64;
    account.see(lines);
    let ack = Ack::new(move |outcome| {
        account.end(lines, outcome);
        drop(room);
        // Nobody listens any more once the container is let go.
        let _ = told.send((number, outcome));
    });
    let forward_to = sink.forward_to.lock().clone();
    forward_to.send(LogBatch { entries, ack }).await;
}

/// Waits until what is being sent has been sent; for ever if nothing is.
async fn sent(sending: &mut Option<BoxFuture<'static, ()>>) {
    match sending {
        Some(sending) => sending.await,
        None => std::future::pending().await,
    }
}
