//! `loki.source.kubernetes_events`: the events of a cluster as lines.
//!
//! A [`watch::Follower`] for each namespace (or one for all) hands events on; positions on disk move when they are taken for good.

mod line;
#[cfg(test)]
mod tests;
mod watch;

use super::account::Account;
use super::marks::{Budget, Kept};
use crate::component::{BuildError, CancellationToken, Component, Context, HealthCell, RunError};
use crate::http_client::Seldom;
use crate::kubernetes::{ClientArguments, Cluster, InCluster};
use crate::signals::{Fanout, LogBatch};
use parking_lot::Mutex;
use river_eval::{BodyValue, Checks, Nothing};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use watch::{Follower, Info, Settings};

/// Bytes of lines that may be on their way unacknowledged; when there are more, watches are not read.
const MAX_IN_FLIGHT_BYTES: usize = 4 * 1024 * 1024;

/// How long a stop waits for what is on its way; what is not acknowledged by then comes again after the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// The arguments of `loki.source.kubernetes_events`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// Receivers of the lines.
    forward_to: Fanout<LogBatch>,
    /// The label `job` of the lines.
    #[river(default = "loki.source.kubernetes_events".into())]
    job_name: String,
    /// Namespaces whose events are watched; all where there are none.
    #[river(default)]
    namespaces: Vec<String>,
    /// How an event is written: `logfmt` or `json`.
    #[river(default = "logfmt".into())]
    log_format: String,
    /// How to reach the Kubernetes API server; without it, by the service account of the pod.
    #[river(block, default)]
    client: ClientArguments,
}

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Logfmt,
    Json,
}

impl Arguments {
    fn format(&self) -> Option<Format> {
        match self.log_format.as_str() {
            "logfmt" => Some(Format::Logfmt),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.job_name.is_empty() {
        checks
            .attribute("job_name", "job_name must not be an empty string")
            .help = Some("leave it out for \"loki.source.kubernetes_events\"".into());
    }
    if arguments.format().is_none() {
        checks.attribute("log_format", "supported values of log_format are logfmt and json");
    }
}

/// What the followers of a component share.
struct Desk {
    component: Arc<str>,
    context_health: HealthCell,
    forward_to: Mutex<Arc<Fanout<LogBatch>>>,
    budget: Budget,
    kept: Arc<Kept>,
    account: Arc<Account>,
    failures: Seldom,
}

/// `loki.source.kubernetes_events`.
pub(in crate::loki) struct SourceKubernetesEvents {
    context: Context<Nothing>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    desk: Arc<Desk>,
    infos: Mutex<Vec<Arc<Info>>>,
}

fn cluster(arguments: &Arguments) -> Result<Cluster, BuildError> {
    arguments.client.cluster(&InCluster::from_environment())
}

impl Component for SourceKubernetesEvents {
    const NAME: &'static str = "loki.source.kubernetes_events";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        cluster(&arguments)?;
        let component: Arc<str> = context.id.to_string().into();
        let without = "all events that the cluster still has are sent";
        let kept = Kept::load(component.clone(), &context.data_dir(), "events", without)?;
        let desk = Desk {
            component,
            context_health: context.health.clone(),
            forward_to: Mutex::default(),
            budget: Budget::new(MAX_IN_FLIGHT_BYTES),
            kept: Arc::new(kept),
            account: Arc::new(Account::new(
                &context.metrics,
                "loki_source_kubernetes_events",
                &["returned", "no_object"],
            )),
            failures: Seldom::default(),
        };
        Ok(Self {
            context,
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
            desk: Arc::new(desk),
            infos: Mutex::default(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        cluster(&arguments)?;
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut current: Option<Arc<Arguments>> = None;
        let mut run = Running::default();
        self.changed.notify_one();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => {
                    let arguments = self.arguments.lock().clone();
                    *self.desk.forward_to.lock() = Arc::new(arguments.forward_to.clone());
                    let is_same = current.as_ref().is_some_and(|current| Arguments {
                        forward_to: arguments.forward_to.clone(),
                        ..Arguments::clone(current)
                    } == *arguments);
                    if !is_same {
                        run.finish().await;
                        run = self.start(&arguments)?;
                    }
                    current = Some(arguments);
                }
                () = self.desk.kept.work(|| {}) => {}
                Some(ended) = run.tasks.join_next() => {
                    ended.map_err(|error| RunError(format!("the watching of events broke down: {error}")))?;
                }
            }
        }
        self.desk.kept.save(true).await;
        run.finish().await;
        self.desk.kept.save(true).await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        for info in self.infos.lock().iter() {
            let nanoseconds = info.last_event.load(Ordering::Relaxed);
            let time = jiff::Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default();
            let mut controller = BodyValue::default();
            controller
                .attribute("namespace", info.namespace.clone())
                .attribute("last_event_timestamp", time.to_string());
            if let Some(error) = info.last_error.lock().clone() {
                controller.attribute("last_error", error);
            }
            body.block("event_controller", controller);
        }
        self.desk.account.describe(&mut body);
        body
    }
}

/// Followers that run.
#[derive(Default)]
struct Running {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Running {
    async fn finish(&mut self) {
        self.stop.cancel();
        let deadline = tokio::time::Instant::now() + DRAIN;
        while let Ok(Some(_)) = tokio::time::timeout_at(deadline, self.tasks.join_next()).await {}
        self.tasks.abort_all();
    }
}

impl SourceKubernetesEvents {
    fn start(&self, arguments: &Arguments) -> Result<Running, RunError> {
        let cluster = cluster(arguments).map_err(|error| RunError(error.message))?;
        let mut namespaces = arguments.namespaces.clone();
        if namespaces.is_empty() {
            namespaces.push(String::new());
        }
        namespaces.sort();
        namespaces.dedup();
        let mut run = Running::default();
        let mut infos = Vec::new();
        for namespace in namespaces {
            let info = Arc::new(Info {
                namespace,
                ..Info::default()
            });
            let settings = Settings {
                job: arguments.job_name.clone(),
                instance: self.context.id.to_string(),
                format: arguments.format().unwrap_or(Format::Logfmt),
            };
            let follower = Follower::new(
                self.desk.clone(),
                info.clone(),
                settings,
                &cluster,
                run.stop.clone(),
            );
            run.tasks.spawn(follower.run());
            infos.push(info);
        }
        *self.infos.lock() = infos;
        Ok(run)
    }
}
