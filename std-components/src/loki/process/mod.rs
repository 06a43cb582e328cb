//! `loki.process`: stages that parse, change and drop log entries.

mod arguments;
mod label_cache;
mod pipeline;
mod record;
mod slots;
mod stages;

use super::recent::unused;
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::signals::{Fanout, Inlet, LogBatch, LogsReceiver, inlet};
use arguments::{Arguments, StageArguments};
use parking_lot::Mutex;
use pipeline::{Advance, Pipeline, StageMetrics, Work};
use river_eval::Shared;
use std::sync::Arc;
use tokio::sync::Notify;

/// What `loki.process` exports.
#[derive(Clone, Debug, river_eval::Exports)]
pub struct Exports {
    /// Where other components send log entries to be processed.
    receiver: Shared<LogsReceiver>,
}

/// `loki.process`.
pub struct Process {
    metrics: StageMetrics,
    health: crate::component::HealthCell,
    settings: Mutex<Settings>,
    changed: Notify,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
}

struct Settings {
    stages: Vec<StageArguments>,
    forward_to: Fanout<LogBatch>,
    /// A pipeline that the task has not taken over yet.
    next: Option<Pipeline>,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("loki.process")
    }
}

impl Component for Process {
    const NAME: &'static str = "loki.process";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let metrics = StageMetrics::new(&context.metrics);
        let pipeline = Pipeline::new(&arguments.stages, &metrics)?;
        let (receiver, inlet) = inlet(&context.id.to_string());
        context.export(&Exports { receiver });
        Ok(Self {
            metrics,
            health: context.health,
            settings: Mutex::new(Settings {
                stages: arguments.stages,
                forward_to: arguments.forward_to,
                next: Some(pipeline),
            }),
            changed: Notify::new(),
            inlet: tokio::sync::Mutex::new(inlet),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        let mut settings = self.settings.lock();
        // Stages that did not change go on with what they hold.
        if settings.stages != arguments.stages {
            settings.next = Some(Pipeline::new(&arguments.stages, &self.metrics)?);
            settings.stages = arguments.stages;
        }
        settings.forward_to = arguments.forward_to;
        drop(settings);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        let mut pipeline: Option<Pipeline> = None;
        let mut work: Option<Work> = None;
        let mut forward_to = Fanout::default();
        self.health.healthy("started component");
        loop {
            let taken = {
                let mut settings = self.settings.lock();
                forward_to.clone_from(&settings.forward_to);
                match settings.next.take() {
                    // Run again after a failure: the old stages are gone.
                    None if pipeline.is_none() => Some(
                        Pipeline::new(&settings.stages, &self.metrics)
                            .map_err(|error| RunError(error.message))?,
                    ),
                    next => next,
                }
            };
            if let Some(next) = taken {
                if let Some(batch) = pipeline.as_mut().and_then(|old| old.release(None)) {
                    forward_to.send(batch).await;
                }
                pipeline = Some(next);
            }
            let Some(pipeline) = pipeline.as_mut() else {
                return Ok(());
            };
            if let Some(under_way) = &mut work {
                let until = match pipeline.advance(under_way) {
                    Advance::Done(batch) => {
                        work = None;
                        if let Some(batch) = batch {
                            forward_to.send(batch).await;
                        }
                        continue;
                    }
                    Advance::Wait { until, before } => {
                        if let Some(batch) = before {
                            forward_to.send(batch).await;
                        }
                        until
                    }
                };
                // Nothing is taken from the inlet meanwhile: the wait reaches the source.
                tokio::select! {
                    biased;
                    () = stop.cancelled() => break,
                    () = self.changed.notified() => {}
                    () = tokio::time::sleep_until(until.into()) => {}
                }
                continue;
            }
            let deadline = pipeline.deadline();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => {}
                batch = inlet.next() => match batch {
                    Some(batch) => work = Some(Work::new(batch)),
                    None => break,
                },
                () = unused(pipeline.remembers_nothing()) => pipeline.tend(),
                () = due(deadline) => {
                    if let Some(batch) = pipeline.release(Some(std::time::Instant::now())) {
                        forward_to.send(batch).await;
                    }
                }
            }
        }
        // Whoever sends here has stopped already: what waits is all there is.
        if let Some(mut pipeline) = pipeline {
            let mut is_waiting = work.is_some();
            while let Some(left) = work.take().or_else(|| inlet.try_next().map(Work::new)) {
                if is_waiting && left.is_awaited() {
                    // Its source sends it again after the restart, when its turn has come.
                    continue;
                }
                let mut left = left;
                match pipeline.advance(&mut left) {
                    Advance::Done(batch) => {
                        if let Some(batch) = batch {
                            forward_to.send(batch).await;
                        }
                    }
                    Advance::Wait { before, .. } => {
                        if let Some(batch) = before {
                            forward_to.send(batch).await;
                        }
                        is_waiting = true;
                        // Nobody would send it again: it goes too early rather than not at all.
                        if !left.is_awaited()
                            && let Some(batch) = pipeline.finish(left)
                        {
                            forward_to.send(batch).await;
                        }
                    }
                }
            }
            // What stages hold is not complete; unacknowledged, its source reads it again after the restart.
        }
        Ok(())
    }
}

async fn due(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
