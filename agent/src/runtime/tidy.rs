//! Keeps the process small between the work: what only a load needed goes once it is over, and what is free goes back to the system.

use super::Agent;
use crate::{allocator, program, resources};
use std::sync::Arc;
use std::time::Duration;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(3);

/// From a load to the next look.
const SOON: Duration = Duration::from_secs(1);

/// At which looks after a load pages of the program are let go of: those that only the load needed, then, after a minute, those of what comes first after it,
/// such as first scrapes and sends.
const RELEASED_AT: [u64; 2] = [1, 20];

/// So much more free memory than the least since the last time is worth giving back.
const WORTH_BYTES: u64 = 128 * 1024;

/// Looks for as long as the agent runs; to be started after the first load.
pub(super) async fn tidy(agent: Arc<Agent>) {
    let (mut loads, mut looks) = (agent.load_count(), 0u64);
    let mut least_free = 0;
    loop {
        tokio::time::sleep(if looks == 0 { SOON } else { EVERY }).await;
        looks = match agent.load_count() {
            count if count == loads => looks.saturating_add(1),
            count => {
                loads = count;
                0
            }
        };
        let releases = RELEASED_AT.contains(&looks);
        let free = allocator::free_bytes(resources::own_bytes());
        least_free = free.min(least_free);
        if releases || free > least_free + WORTH_BYTES {
            // Where the heap is large it takes milliseconds: not on a thread that serves components.
            let done = tokio::task::spawn_blocking(move || give_back(releases));
            if let Err(error) = done.await {
                tracing::debug!(%error, "memory was not given back");
            }
            // Pieces smaller than a page, which cannot be given back, count as free, too; and stacks do.
            least_free = allocator::free_bytes(resources::own_bytes());
        }
    }
}

fn give_back(releases_program: bool) {
    if releases_program {
        match program::release_pages() {
            Ok(bytes) => tracing::debug!(
                bytes,
                "let go of pages of the program that the start or a load needed"
            ),
            Err(error) => tracing::debug!(%error, "the program's pages cannot be told from /proc"),
        }
    }
    allocator::give_back();
}
