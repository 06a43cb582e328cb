//! Stopping components in order: what refers to others first, so that what it still sends is taken.

use super::instance::RunningComponent;
use super::run::Task;
use super::tasks;
use crate::component::{CancellationToken, Pages};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Ids that a message names before it says how many more there are.
const MAX_NAMED: usize = 10;

/// A component that has to stop.
pub(super) struct Stopping {
    pub(super) component: Arc<RunningComponent>,
    pub(super) task: Task,
    /// Those with a lower number stop first; those with the same at the same time.
    pub(super) stage: u32,
    /// Cancelled when it has ended.
    pub(super) ended: CancellationToken,
}

/// Stops all, in order of stages, within `timeout` over all. Each stage gets an equal share of the time that is left; what does not
/// end in its share is aborted.
pub(super) async fn drain(mut gone: Vec<Stopping>, timeout: Duration, pages: Pages) {
    gone.sort_by_key(|stopping| stopping.stage);
    let mut stages: Vec<Vec<Stopping>> = Vec::new();
    for stopping in gone {
        match stages.last_mut() {
            Some(last) if last.first().is_some_and(|first| first.stage == stopping.stage) => {
                last.push(stopping);
            }
            _ => stages.push(vec![stopping]),
        }
    }
    let end = Instant::now() + timeout;
    let mut left = stages.len() as u32;
    for stage in stages {
        let share = end.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        drain_stage(stage, share, &pages).await;
    }
}

async fn drain_stage(stage: Vec<Stopping>, share: Duration, pages: &Pages) {
    let deadline = Instant::now() + share;
    for stopping in &stage {
        stopping.task.stop.cancel();
    }
    let mut late = Vec::new();
    for Stopping {
        component,
        task,
        ended,
        ..
    } in stage
    {
        let mut handle = task.handle;
        if tasks::timeout_at(deadline, &mut handle).await.is_err() {
            handle.abort();
            // The task holds the component's sockets and files until it is gone.
            drop(handle.await);
            late.push(component.id.to_string());
        }
        // One that takes its place waits for this with its own page.
        pages.remove(&component.global_id);
        ended.cancel();
    }
    if !late.is_empty() {
        let more = late.len().saturating_sub(MAX_NAMED);
        late.truncate(MAX_NAMED);
        let and_more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        tracing::error!(
            "components did not drain within {:.1}s and were aborted; what they had not acknowledged is sent again after the next start: {}{and_more}",
            share.as_secs_f64(),
            late.join(", ")
        );
    }
}
