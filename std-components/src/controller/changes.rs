//! Changed exports on their way to the engine: each component waits at most once, however often it exports.

use super::{Restarts, Shared, tasks};
use crate::component::CancellationToken;
use parking_lot::Mutex;
use river_eval::Str;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::Instant as Time;

/// The shortest time between two rounds of evaluation, so that components that export all the time are evaluated in batches.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(5);

/// How often imports may need something from elsewhere in one go: an import in an import in an import.
pub(super) const MAX_FETCHES: usize = 32;

/// The components whose exports have changed, with since when they wait. Bounded by the number of components.
#[derive(Debug, Default)]
pub(super) struct Changes {
    waiting: Mutex<FxHashMap<Str, Instant>>,
    wake: Notify,
}

impl Changes {
    /// A component's exports have changed.
    pub(super) fn push(&self, id: &Str) {
        let is_first = {
            let mut waiting = self.waiting.lock();
            waiting.entry(id.clone()).or_insert_with(Instant::now);
            waiting.len() == 1
        };
        if is_first {
            self.wake.notify_one();
        }
    }

    /// Something failed and has to be tried again some time.
    pub(super) fn look(&self) {
        self.wake.notify_one();
    }

    /// How many components wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().len()
    }

    pub(super) fn take(&self) -> FxHashMap<Str, Instant> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// When evaluations and updates that failed are tried again: as tasks that failed are run again.
struct Retries {
    restarts: Restarts,
    wait: Duration,
    /// How many failed the last time.
    failed: usize,
    next: Option<Time>,
}

impl Retries {
    fn new(restarts: Restarts) -> Self {
        Self {
            restarts,
            wait: restarts.first,
            failed: 0,
            next: None,
        }
    }

    /// Comes when something is to be tried again.
    async fn due(&self) {
        match self.next {
            Some(next) => tasks::sleep_until(next).await,
            None => std::future::pending().await,
        }
    }

    /// So many failed now; whether it was a retry.
    fn tried(&mut self, failed: usize, was_due: bool) {
        if failed == 0 {
            self.next = None;
        } else if was_due && failed == self.failed {
            self.wait = (self.wait * 2).min(self.restarts.longest);
            self.next = Some(Time::now() + self.wait);
        } else if was_due || failed != self.failed || self.next.is_none() {
            // Something is different: it may soon be well.
            self.wait = self.restarts.first;
            self.next = Some(Time::now() + self.wait);
        }
        self.failed = failed;
    }
}

/// Evaluates what depends on changed exports until `stop`, and what failed again from time to time.
pub(super) async fn follow(shared: Arc<Shared>, stop: CancellationToken) {
    let mut retries = Retries::new(shared.options.restarts);
    loop {
        let due = tokio::select! {
            () = stop.cancelled() => return,
            () = shared.changes.wake.notified() => false,
            () = retries.due() => true,
        };
        let mut failed = shared.follow();
        if due {
            failed = shared.retry_failed();
        }
        retries.tried(failed, due);
        // What an import needs from elsewhere before it can be built is asked for without holding up anything but this.
        let fetches = &shared.options.services.fetches;
        if fetches.has_wanted() {
            let fetch = async {
                let _turn = fetches.turn().await;
                for _ in 0..MAX_FETCHES {
                    // First without: a load that was on may have fetched it.
                    shared.retry();
                    if !fetches.fetch().await {
                        break;
                    }
                }
                fetches.clear();
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = fetch => {}
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tasks::sleep(BETWEEN_ROUNDS) => {}
        }
    }
}
