//! Does the same work on many items with all cores, and hands the results over in the order of the items.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Items whose results may wait for their turn, for each core: what bounds the memory.
const WAITING_PER_CORE: usize = 16;

/// Bytes of a worker's stack: as the main thread has, since the parser is recursive.
const STACK_BYTES: usize = 8 << 20;

/// Calls `work` on every item, and `done` with every result on this thread in the order of the items.
pub(crate) fn in_order<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(R),
) {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    for batch in items.chunks(cores * WAITING_PER_CORE) {
        if cores == 1 || batch.len() == 1 {
            batch.iter().for_each(|item| done(work(item)));
            continue;
        }
        let slots: Vec<Mutex<Option<R>>> = batch.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        let run = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(item), Some(slot)) = (batch.get(at), slots.get(at)) else {
                    break;
                };
                let result = work(item);
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..cores.min(batch.len()) {
                let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
                // Where the system gives no further thread, the others do the work.
                drop(builder.spawn_scoped(scope, run));
            }
            run();
        });
        slots
            .into_iter()
            .filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner))
            .for_each(&mut done);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_results_come_in_order() {
        let items: Vec<usize> = (0..1_000).collect();
        let mut results = Vec::new();
        super::in_order(&items, |item| item * 2, |result| results.push(result));
        let wanted: Vec<usize> = items.iter().map(|item| item * 2).collect();
        assert_eq!(results, wanted);
    }
}
