//! `loki.source.kubernetes`: tails the logs of containers through the Kubernetes API.

use super::kubetail::{Clustering, Desk, Pods, Tails, Wanted};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::kubernetes::ClientArguments;
use crate::signals::{Fanout, LogBatch, Target};
use parking_lot::Mutex;
use river_eval::{BodyValue, Nothing};
use std::sync::Arc;
use tokio::sync::Notify;

/// The arguments of `loki.source.kubernetes`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(in crate::loki) struct Arguments {
    /// Containers to tail; each needs the labels of namespace, pod, container and UID that `discovery.kubernetes` gives with `role = "pod"`.
    targets: Vec<Target>,
    /// Receivers of the lines.
    forward_to: Fanout<LogBatch>,
    /// How to reach the Kubernetes API server; without it, by the service account of the pod.
    #[river(block, default)]
    client: ClientArguments,
    /// Sharing targets among agents.
    #[river(block)]
    clustering: Option<Clustering>,
}

/// `loki.source.kubernetes`.
pub(in crate::loki) struct SourceKubernetes {
    context: Context<Nothing>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    desk: Arc<Desk>,
}

impl Component for SourceKubernetes {
    const NAME: &'static str = "loki.source.kubernetes";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        let desk = Desk::new(
            context.id.to_string().into(),
            context.health.clone(),
            &context.data_dir(),
            (&context.metrics, "loki_source_kubernetes"),
            Pods::new(&arguments.client)?,
        )?;
        Ok(Self {
            context,
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
            desk: Arc::new(desk),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        if self.arguments.lock().client != arguments.client {
            self.desk.ask(Pods::new(&arguments.client)?);
        }
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut tails = Tails::new(self.desk.clone());
        let mut told = Vec::new();
        self.changed.notify_one();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => {
                    let arguments = self.arguments.lock().clone();
                    self.desk.forward_to(arguments.forward_to.clone());
                    tails.sync(self.wanted(&arguments, &mut told));
                }
                worked = tails.work() => worked?,
            }
        }
        tails.finish().await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        self.desk.describe(&mut body);
        body
    }
}

impl SourceKubernetes {
    /// What the targets mean; says what is wrong with those that mean nothing, once.
    fn wanted(&self, arguments: &Arguments, told: &mut Vec<String>) -> Vec<Wanted> {
        if let Some(clustering) = &arguments.clustering {
            clustering.warn(&self.context.id.to_string());
        }
        let job = self.context.id.to_string();
        let mut problems = Vec::new();
        let mut wanted = Vec::with_capacity(arguments.targets.len());
        for target in &arguments.targets {
            match Wanted::of_target(target, &job) {
                Ok(one) => wanted.push(one),
                // One of each kind is enough.
                Err(problem) if !problems.contains(&problem) => {
                    if !told.contains(&problem) {
                        tracing::error!(
                            component_id = %self.context.id, ?target, err = problem,
                            "failed to process input target"
                        );
                    }
                    problems.push(problem);
                }
                Err(_) => {}
            }
        }
        *told = problems;
        wanted
    }
}

#[cfg(test)]
mod tests;
