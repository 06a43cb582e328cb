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

    fn take(&self) -> FxHashMap<Str, Instant> {
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
        {
            let mut engine = shared.engine.lock();
            let changed = shared.changes.take();
            if let Some(metrics) = engine.host().metrics() {
                changed.values().for_each(|since| metrics.waited(since.elapsed()));
            }
            engine.exports_changed(changed.keys().map(AsRef::as_ref));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(BETWEEN_ROUNDS) => {}
        }
    }
}
