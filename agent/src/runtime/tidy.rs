//! Keeps the process small between the work: what only a load needed goes once it is over, and what is free goes back to the system.

use super::Agent;
use crate::{allocator, program, resources};
use std::sync::Arc;
use std::time::Duration;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(3);

/// At which looks after a load pages of the program are let go of: those that only the load needed, then those of what comes first after it, such as first
/// scrapes and sends.
const RELEASED_AT: [u64; 2] = [1, 20];

/// So much more memory than after the last time is worth giving back what is free.
const WORTH_BYTES: u64 = 512 * 1024;

/// At so many looks in a row free memory is given back then: caches and buffers are let go of some seconds after the last line, and what is free counts as the
/// process' memory as what is used does.
const LOOKS_AFTERWARDS: u32 = 4;

/// Looks for as long as the agent runs; to be started after the first load.
pub(super) async fn tidy(agent: Arc<Agent>) {
    let (mut loads, mut looks) = (agent.load_count(), 0u64);
    let (mut kept, mut left) = (0, 0);
    loop {
        tokio::time::sleep(EVERY).await;
        looks = match agent.load_count() {
            count if count == loads => looks.saturating_add(1),
            count => {
                loads = count;
                0
            }
        };
        let releases = RELEASED_AT.contains(&looks);
        if releases || resources::own_bytes() > kept + WORTH_BYTES {
            left = LOOKS_AFTERWARDS;
        }
        if left > 0 {
            left -= 1;
            // Where the heap is large it takes milliseconds: not on a thread that serves components.
            let done = tokio::task::spawn_blocking(move || give_back(releases));
            if let Err(error) = done.await {
                tracing::debug!(%error, "memory was not given back");
            }
            kept = resources::own_bytes();
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
