//! A component's task: runs it, and runs it again after a failure or a panic.

use super::instance::RunningComponent;
use super::options::Restarts;
use super::tasks::{self, JoinHandle};
use crate::component::{CancellationToken, HealthState};
use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// A component's task.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) stop: CancellationToken,
    pub(super) handle: JoinHandle<()>,
}

impl Task {
    /// Ends it without draining.
    pub(super) fn abort(&self) {
        self.stop.cancel();
        self.handle.abort();
    }
}

/// Runs a component until its task is stopped, or it ends by itself.
pub(super) fn spawn(component: Arc<RunningComponent>, restarts: Restarts) -> Task {
    let stop = CancellationToken::new();
    let handle = tasks::spawn(supervise(component, stop.clone(), restarts));
    Task { stop, handle }
}

/// Runs a component once `before` is over.
pub(super) fn spawn_after(
    component: Arc<RunningComponent>,
    restarts: Restarts,
    before: impl Future<Output = ()> + Send + 'static,
) -> Task {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let handle = tasks::spawn(async move {
        before.await;
        supervise(component, stopped, restarts).await;
    });
    Task { stop, handle }
}

async fn supervise(running: Arc<RunningComponent>, stop: CancellationToken, restarts: Restarts) {
    let mut wait = restarts.first;
    loop {
        running.run.healthy("started component");
        let begun = Instant::now();
        let run = AssertUnwindSafe(running.component.clone().run(stop.clone()));
        let run = run.catch_unwind().instrument(running.span());
        let reason = match run.await {
            Ok(Ok(())) => {
                running
                    .run
                    .set(HealthState::Exited, "component shut down normally");
                if !stop.is_cancelled() {
                    tracing::info!(component_id = %running.id, "component exited by itself; a changed configuration starts it again");
                }
                return;
            }
            Ok(Err(error)) => error.0,
            Err(panic) => format!("it panicked: {}", panic_text(&*panic)),
        };
        if stop.is_cancelled() {
            tracing::error!(component_id = %running.id, "component shut down with error: {reason}");
            running.run.set(
                HealthState::Exited,
                &format!("component shut down with error: {reason}"),
            );
            return;
        }
        if begun.elapsed() >= restarts.longest {
            wait = restarts.first;
        }
        // At most one line for each restart, and restarts become rare.
        tracing::error!(
            component_id = %running.id,
            "component failed and is started again in {}: {reason}", seconds(wait)
        );
        running.run.unhealthy(format!(
            "component shut down with error: {reason}; it is started again in {}",
            seconds(wait)
        ));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tasks::sleep(wait) => {}
        }
        wait = (wait * 2).min(restarts.longest);
    }
}

fn seconds(wait: Duration) -> String {
    format!("{}s", wait.as_secs_f64())
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return text;
    }
    panic
        .downcast_ref::<String>()
        .map_or("no reason given", |text| text)
}
