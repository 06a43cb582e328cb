//! The queue of one signal and what is under way of it. Each signal has its own, as in the reference, so that one that is not taken does not hold
//! up the others.
//!
//! A batch stays in the lane until its peer has taken it, has refused it for good, or its time is over; only then its source hears of it.

use super::metrics::Metrics;
use super::protocol::{Protocol, Taken};
use crate::component::CancellationToken;
use crate::http_client::{EndpointsHealth, Seldom};
use crate::otelcol::settings::{QueueArguments, Retries, RetryArguments, Sizer};
use crate::signals::{Ack, OtlpBatch, OtlpData, OtlpSignal};
use arc_swap::ArcSwap;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What an exporter works with; a new one for each change of the arguments.
pub(super) struct Settings<P> {
    pub(super) protocol: P,
    pub(super) queue: QueueArguments,
    pub(super) retry: RetryArguments,
}

/// What the lanes of an exporter share.
pub(super) struct Shared<P> {
    pub(super) settings: ArcSwap<Settings<P>>,
    /// Settings have changed: a wait for the next attempt ends.
    pub(super) changed: Notify,
    pub(super) health: EndpointsHealth,
    /// The exporter is told to stop: each request gets one more attempt.
    pub(super) stopping: CancellationToken,
    /// Nothing more will come.
    pub(super) closing: CancellationToken,
}

/// A batch, or several that were joined.
struct Queued {
    data: OtlpData,
    acks: Vec<Ack>,
    items: u64,
    /// In the queue's unit.
    size: u64,
    /// In the unit of the `batch` block; 0 without one.
    measure: u64,
    since: Instant,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Queued>,
    /// Of what waits and what is under way.
    size: u64,
    last_error: Option<String>,
}

enum Next {
    Send(Queued),
    /// More may come to go along with what waits.
    Until(Instant),
    Nothing,
}

/// The lane of one signal.
pub(super) struct Lane<P> {
    signal: OtlpSignal,
    shared: Arc<Shared<P>>,
    state: Mutex<State>,
    arrived: Notify,
    room: Notify,
    metrics: Metrics,
    full: Seldom,
    refused: Seldom,
    given_up: Seldom,
    troubled: Seldom,
    partial: Seldom,
}

/// What a lane holds, for people.
pub(super) struct Look {
    pub(super) queued: u64,
    pub(super) last_error: Option<String>,
}

fn measure(sizer: Sizer, data: &OtlpData, items: u64) -> u64 {
    match sizer {
        Sizer::Requests => 1,
        Sizer::Items => items,
        Sizer::Bytes => super::encode::proto_len(data) as u64,
    }
}

impl<P: Protocol> Lane<P> {
    pub(super) fn new(signal: OtlpSignal, shared: Arc<Shared<P>>, metrics: Metrics) -> Self {
        let lane = Self {
            signal,
            shared,
            state: Mutex::default(),
            arrived: Notify::new(),
            room: Notify::new(),
            metrics,
            full: Seldom::default(),
            refused: Seldom::default(),
            given_up: Seldom::default(),
            troubled: Seldom::default(),
            partial: Seldom::default(),
        };
        lane.reconfigured();
        lane
    }

    pub(super) fn signal(&self) -> OtlpSignal {
        self.signal
    }

    pub(super) fn look(&self) -> Look {
        let state = self.state.lock();
        Look {
            queued: state.size,
            last_error: state.last_error.clone(),
        }
    }

    /// The settings are others now.
    pub(super) fn reconfigured(&self) {
        let capacity = self.shared.settings.load().queue.capacity();
        self.metrics
            .queue_capacity
            .set(i64::try_from(capacity).unwrap_or(i64::MAX));
        self.room.notify_one();
        self.arrived.notify_one();
    }

    /// Puts a batch into the queue. Where there is no room it waits, or the batch goes back to its source, as the arguments say.
    pub(super) async fn push(&self, batch: OtlpBatch) {
        let items = batch.data.items() as u64;
        if items == 0 {
            batch.ack.delivered();
            return;
        }
        loop {
            let settings = self.shared.settings.load_full();
            let queue = &settings.queue;
            let size = measure(queue.sizer(), &batch.data, items);
            {
                let mut state = self.state.lock();
                // What is larger than the whole queue goes alone: it would wait for ever otherwise.
                if state.size == 0 || state.size.saturating_add(size) <= queue.capacity() {
                    state.size += size;
                    self.tell_size(&state);
                    let batching = queue.batching();
                    state.waiting.push_back(Queued {
                        measure: batching.map_or(0, |batching| measure(batching.sizer(), &batch.data, items)),
                        data: batch.data,
                        acks: vec![batch.ack],
                        items,
                        size,
                        since: Instant::now(),
                    });
                    drop(state);
                    self.arrived.notify_one();
                    return;
                }
            }
            if queue.enabled && !queue.block_on_overflow {
                self.metrics.not_queued.inc_by(items);
                if let Some(left_out) = self.full.now() {
                    tracing::error!(
                        signal = self.signal.as_str(),
                        items,
                        left_out,
                        "sending queue is full: the batch goes back to its source; what cannot be sent again there is lost. Enlarge queue_size or set block_on_overflow in sending_queue"
                    );
                }
                return;
            }
            self.room.notified().await;
        }
    }

    fn tell_size(&self, state: &State) {
        self.metrics
            .queue_size
            .set(i64::try_from(state.size).unwrap_or(i64::MAX));
    }

    fn next(&self, settings: &Settings<P>) -> Next {
        let mut state = self.state.lock();
        let Some(oldest) = state.waiting.front() else {
            return Next::Nothing;
        };
        let Some(batching) = settings.queue.batching() else {
            return state.waiting.pop_front().map_or(Next::Nothing, Next::Send);
        };
        let due = oldest.since + batching.flush_timeout;
        let (mut joined, mut total, mut is_full) = (0, 0_u64, false);
        for queued in &state.waiting {
            let with = total.saturating_add(queued.measure);
            if joined > 0 && with > batching.most() {
                is_full = true;
                break;
            }
            total = with;
            joined += 1;
        }
        let is_due = is_full
            || total >= batching.least()
            || self.shared.closing.is_cancelled()
            || due <= Instant::now();
        if !is_due {
            return Next::Until(due);
        }
        let mut parts = state.waiting.drain(..joined);
        let Some(mut whole) = parts.next() else {
            return Next::Nothing;
        };
        for part in parts {
            // All in a lane are of its signal.
            if whole.data.append(part.data).is_ok() {
                whole.items += part.items;
                whole.size += part.size;
                whole.acks.extend(part.acks);
            }
        }
        Next::Send(whole)
    }

    /// Sends what is pushed until the exporter closes and everything that was pushed has ended.
    pub(super) async fn run(&self) {
        let mut under_way = FuturesUnordered::new();
        let mut is_closing = false;
        loop {
            let mut until = None;
            let settings = self.shared.settings.load_full();
            while under_way.len() < settings.queue.consumers() {
                match self.next(&settings) {
                    Next::Send(queued) => under_way.push(self.deliver(queued)),
                    Next::Until(due) => {
                        until = Some(due);
                        break;
                    }
                    Next::Nothing => break,
                }
            }
            is_closing |= self.shared.closing.is_cancelled();
            if is_closing && until.is_none() && under_way.is_empty() {
                return;
            }
            drop(settings);
            tokio::select! {
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                () = self.arrived.notified() => {}
                () = self.shared.closing.cancelled(), if !is_closing => {}
                () = sleep_until(until), if until.is_some() => {}
            }
        }
    }

    /// Sends one request until it has ended one way or the other.
    async fn deliver(&self, queued: Queued) {
        let size = queued.size;
        self.attempts(queued).await;
        let mut state = self.state.lock();
        state.size = state.size.saturating_sub(size);
        self.tell_size(&state);
        drop(state);
        self.room.notify_one();
    }

    async fn attempts(&self, queued: Queued) {
        let mut retries = Retries::new();
        let mut prepared: Option<(Arc<Settings<P>>, Bytes)> = None;
        loop {
            // Listens before it looks, so that no change slips in between.
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let settings = self.shared.settings.load_full();
            let body = match &prepared {
                Some((by, body)) if Arc::ptr_eq(by, &settings) => body.clone(),
                _ => match settings.protocol.prepare(&queued.data) {
                    Ok(body) => {
                        prepared = Some((settings.clone(), body.clone()));
                        body
                    }
                    Err(error) => return self.refuse(&settings, queued, &error),
                },
            };
            let was_stopping = self.shared.stopping.is_cancelled();
            let failure = match settings.protocol.send(self.signal, body).await {
                Ok(taken) => return self.is_taken(&settings, queued, &taken),
                Err(failure) => failure,
            };
            let target = settings.protocol.target(self.signal);
            self.shared
                .health
                .fails(self.signal.as_str(), target, &failure.error);
            self.state.lock().last_error = Some(failure.error.clone());
            if !failure.may_retry {
                return self.refuse(&settings, queued, &failure.error);
            }
            let wait = retries.next(&settings.retry, failure.asked);
            let Some(wait) = wait.filter(|_| !was_stopping) else {
                return self.give_up(&settings, queued, &failure.error);
            };
            if let Some(left_out) = self.troubled.now() {
                tracing::warn!(
                    signal = self.signal.as_str(),
                    url = target,
                    error = failure.error,
                    interval = ?wait,
                    left_out,
                    "Exporting failed. Will retry the request after interval."
                );
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = &mut changed => {}
                // A last attempt, at once.
                () = self.shared.stopping.cancelled() => {}
            }
        }
    }

    fn is_taken(&self, settings: &Settings<P>, queued: Queued, taken: &Taken) {
        self.shared.health.works(self.signal.as_str());
        self.state.lock().last_error = None;
        let rejected = taken.rejected.min(queued.items);
        self.metrics.sent.inc_by(queued.items - rejected);
        self.metrics.failed.inc_by(rejected);
        if (rejected > 0 || !taken.message.is_empty())
            && let Some(left_out) = self.partial.now()
        {
            tracing::warn!(
                signal = self.signal.as_str(),
                url = settings.protocol.target(self.signal),
                message = taken.message,
                dropped = rejected,
                of = queued.items,
                left_out,
                "Partial success response"
            );
        }
        queued.acks.into_iter().for_each(Ack::delivered);
    }

    /// The peer will never take it: counted, and over for its source too, which would only send it again.
    fn refuse(&self, settings: &Settings<P>, queued: Queued, error: &str) {
        self.fail(
            settings,
            &queued,
            error,
            &self.refused,
            "Exporting failed. Dropping data.",
        );
        queued.acks.into_iter().for_each(Ack::delivered);
    }

    /// Its time is over: goes back to its source.
    fn give_up(&self, settings: &Settings<P>, queued: Queued, error: &str) {
        let what = "Exporting failed. No more retries left. The batch goes back to its source; what cannot be sent again there is lost";
        self.fail(settings, &queued, error, &self.given_up, what);
    }

    /// Counts what was not sent, and tells it now and then.
    fn fail(&self, settings: &Settings<P>, queued: &Queued, error: &str, seldom: &Seldom, what: &str) {
        self.metrics.failed.inc_by(queued.items);
        if let Some(left_out) = seldom.now() {
            tracing::error!(
                signal = self.signal.as_str(),
                url = settings.protocol.target(self.signal),
                error,
                dropped_items = queued.items,
                left_out,
                "{what}"
            );
        }
    }
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
