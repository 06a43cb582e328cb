//! Changed exports on their way to the engine: each component waits at most once, however often it exports.

use super::Shared;
use crate::component::CancellationToken;
use parking_lot::Mutex;
use river_eval::Str;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

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

    /// How many components wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.lock().len()
    }

    pub(super) fn take(&self) -> FxHashMap<Str, Instant> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// Evaluates what depends on changed exports until `stop`.
pub(super) async fn follow(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = shared.changes.wake.notified() => {}
        }
        shared.follow();
        // What an import needs from elsewhere before it can be built is asked for without holding up anything.
        let mut rounds = 0;
        while rounds < MAX_FETCHES {
            let fetched = tokio::select! {
                () = stop.cancelled() => return,
                fetched = shared.options.services.fetches.fetch() => fetched,
            };
            if !fetched {
                break;
            }
            shared.retry();
            rounds += 1;
        }
        shared.options.services.fetches.clear();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(BETWEEN_ROUNDS) => {}
        }
    }
}
