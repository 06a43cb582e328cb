//! `discovery.kubernetes`: targets of a cluster's nodes, pods, services, endpoints and ingresses.
//!
//! Objects are listed and watched with the few fields that labels are made of. Targets of an object are made anew when it or one around it changes, and
//! exported together, at most every [`UPDATES`].

mod arguments;
mod labels;
mod objects;
mod roles;
mod session;
#[cfg(test)]
mod tests;
mod watches;
mod world;

pub(super) use arguments::Arguments;

use crate::component::metrics::{IntCounter, IntCounterVec};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::kubernetes::{Cluster, InCluster};
use crate::signals::Target;
use arguments::{AttachMetadata, Role};
use objects::Kind;
use parking_lot::Mutex;
use river_eval::schema::Type;
use river_eval::{ConvertError, FromValue, IntoValue, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use watches::Selection;

/// The least time between two exports.
const UPDATES: Duration = Duration::from_secs(5);

/// The exports of `discovery.kubernetes`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// The targets that were found.
    targets: Targets,
}

/// A list of targets that are values already, so that they are in memory once.
#[derive(Clone, Debug, PartialEq)]
struct Targets(Vec<Value>);

impl FromValue for Targets {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        Vec::from_value(value).map(Self)
    }

    fn schema() -> Type {
        Vec::<Target>::schema()
    }
}

impl IntoValue for Targets {
    fn into_value(self) -> Value {
        self.0.into_value()
    }
}

/// What is to be done.
#[derive(Clone, Debug)]
struct Plan {
    cluster: Cluster,
    role: Role,
    /// `None` for all of them.
    namespaces: Vec<Option<String>>,
    attach: AttachMetadata,
    selections: Vec<(Kind, Selection)>,
}

impl Plan {
    fn new(arguments: &Arguments, pod: &InCluster, id: &str) -> Result<Self, BuildError> {
        let cluster = arguments.client().cluster(pod)?;
        let mut names: BTreeSet<String> = arguments.namespaces.names.iter().cloned().collect();
        if arguments.namespaces.own_namespace {
            match pod.namespace() {
                Ok(own) => {
                    names.insert(own);
                }
                Err(reason) if names.is_empty() => return Err(BuildError::at("namespaces", reason)),
                Err(reason) => tracing::warn!(
                    component_id = id,
                    "own_namespace is left out: {reason}; this agent does not seem to run in a pod"
                ),
            }
        }
        let role = arguments.role;
        let attach = arguments.attach_metadata;
        let mut selections: Vec<(Kind, Selection)> = Vec::new();
        for selector in &arguments.selectors {
            let kind = selector.role.kind();
            let used = role.kinds().contains(&kind) || (kind == Kind::Node && attach.node && role.has_node());
            if !used {
                tracing::warn!(
                    component_id = id,
                    "a selector for {:?} has no effect on role {role:?}",
                    selector.role
                );
            }
            selections.retain(|(known, _)| *known != kind);
            let selection = Selection {
                label: selector.label.clone(),
                field: selector.field.clone(),
            };
            selections.push((kind, selection));
        }
        let all = role == Role::Node || names.is_empty();
        Ok(Self {
            cluster,
            role,
            namespaces: if all {
                vec![None]
            } else {
                names.into_iter().map(Some).collect()
            },
            attach,
            selections,
        })
    }

    fn selection(&self, kind: Kind) -> Selection {
        let found = self.selections.iter().find(|(known, _)| *known == kind);
        found.map(|(_, selection)| selection.clone()).unwrap_or_default()
    }

    /// Kinds and namespaces to watch.
    fn watches(&self) -> Vec<(Kind, Option<&str>)> {
        let mut watches = Vec::new();
        if self.attach.node && self.role.has_node() {
            watches.push((Kind::Node, None));
        }
        if self.attach.namespace && self.role != Role::Node {
            watches.push((Kind::Namespace, None));
        }
        for namespace in &self.namespaces {
            watches.extend(self.role.kinds().iter().map(|kind| (*kind, namespace.as_deref())));
        }
        watches
    }
}

/// What is counted.
#[derive(Debug)]
struct Metrics {
    events: IntCounterVec,
    failures: IntCounter,
}

/// `discovery.kubernetes`.
pub(super) struct Kubernetes {
    context: Context<Exports>,
    plan: Mutex<Arc<Plan>>,
    changed: Notify,
    metrics: Metrics,
    updates: Duration,
}

impl Kubernetes {
    fn build(context: Context<Exports>, plan: Plan, updates: Duration) -> Self {
        let metrics = Metrics {
            events: context.metrics.counters(
                "prometheus_sd_kubernetes_events_total",
                "The number of Kubernetes events handled.",
                &["role", "event"],
            ),
            failures: context.metrics.counter(
                "prometheus_sd_kubernetes_failures_total",
                "The number of failed WATCH/LIST requests.",
            ),
        };
        for role in ["endpointslice", "endpoints", "node", "pod", "service", "ingress"] {
            for event in ["add", "delete", "update"] {
                metrics.events.with_label_values(&[role, event]);
            }
        }
        context.flow.tells_itself();
        context.export(&Exports {
            targets: Targets(Vec::new()),
        });
        Self {
            context,
            plan: Mutex::new(Arc::new(plan)),
            changed: Notify::new(),
            metrics,
            updates,
        }
    }
}

impl Component for Kubernetes {
    const NAME: &'static str = "discovery.kubernetes";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let plan = Plan::new(
            &arguments,
            &InCluster::from_environment(),
            &context.id.to_string(),
        )?;
        Ok(Self::build(context, plan, UPDATES))
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        let id = self.context.id.to_string();
        let plan = Plan::new(&arguments, &InCluster::from_environment(), &id)?;
        *self.plan.lock() = Arc::new(plan);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        loop {
            let plan = self.plan.lock().clone();
            let mut session = session::Session::new(&self, &plan);
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                // Begins anew; what was exported stays until the new lists are there.
                () = self.changed.notified() => {}
                () = session.run() => return Err(RunError("the watches of the API server ended".into())),
            }
        }
    }
}
