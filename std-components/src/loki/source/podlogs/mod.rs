//! `loki.source.podlogs`: tails the containers that `PodLogs` objects of the cluster select.
//!
//! Three watches (`PodLogs`, namespaces' metadata, pods) fill a [`World`]; at most every [`RECONCILE`] the containers that it selects are handed to the
//! same [`Tails`] as those of `loki.source.kubernetes`.

mod arguments;
mod objects;
mod reconcile;
#[cfg(test)]
mod tests;

use super::kubetail::{Desk, Pods, Tails};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::kubernetes::pod;
use crate::kubernetes::{Access, ApiError, Cluster, InCluster, Problem};
use arguments::Arguments;
use futures_util::StreamExt;
use jiff::Timestamp;
use kube::Api;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher;
use objects::{Namespace, Pod, PodLogs, Watch, watch};
use parking_lot::Mutex;
use reconcile::{Choice, World};
use river_eval::{BodyValue, Nothing};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The group of `PodLogs`.
const GROUP: &str = "monitoring.grafana.com";

/// The least time between two looks at what is to be tailed: changes come in crowds.
const RECONCILE: Duration = Duration::from_secs(1);

/// How soon after a change the first look is.
const SOON: Duration = Duration::from_millis(100);

/// Objects on a page of a list: some 2 MiB of pods as the API writes them.
const PAGE: u32 = 200;

/// `loki.source.podlogs`.
pub(in crate::loki) struct SourcePodLogs {
    context: Context<Nothing>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
    desk: Arc<Desk>,
    found: Mutex<Option<(World, Choice, Timestamp)>>,
}

fn cluster(arguments: &Arguments) -> Result<Cluster, BuildError> {
    arguments.client.cluster(&InCluster::from_environment())
}

fn choice(arguments: &Arguments) -> Result<Choice, BuildError> {
    Ok(Choice {
        podlogs: arguments.selector.selector().map_err(BuildError::new)?,
        namespaces: arguments.namespace_selector.selector().map_err(BuildError::new)?,
        keeps_discovered: arguments.preserve_discovered_labels,
    })
}

impl Component for SourcePodLogs {
    const NAME: &'static str = "loki.source.podlogs";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        choice(&arguments)?;
        let desk = Desk::new(
            context.id.to_string().into(),
            context.health.clone(),
            &context.data_dir(),
            (&context.metrics, "loki_source_podlogs"),
            Pods::new(&arguments.client)?,
        )?;
        Ok(Self {
            context,
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
            desk: Arc::new(desk),
            found: Mutex::default(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        choice(&arguments)?;
        if self.arguments.lock().client != arguments.client {
            self.desk.ask(Pods::new(&arguments.client)?);
        }
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut tails = Tails::new(self.desk.clone());
        let mut arguments = self.arguments.lock().clone();
        let mut watches = self.begin(&arguments)?;
        let mut due: Option<Instant> = None;
        let mut reconciled: Option<Instant> = None;
        loop {
            let changed = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => {
                    let new = self.arguments.lock().clone();
                    let is_other = new.client != arguments.client || new.node_filter != arguments.node_filter;
                    arguments = new;
                    if is_other {
                        watches = self.begin(&arguments)?;
                    } else {
                        self.configure(&arguments)?;
                    }
                    Ok(())
                }
                Some(event) = watches.podlogs.next() => self.take(event, |world, event| world.podlogs.take(event)),
                Some(event) = watches.namespaces.next() => self.take(event, |world, event| world.namespaces.take(event)),
                Some(event) = watches.pods.next() => self.take(event, |world, event| world.pods.take(event)),
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    due = None;
                    reconciled = Some(Instant::now());
                    self.reconcile(&mut tails);
                    continue;
                }
                worked = tails.work() => {
                    worked?;
                    continue;
                }
            };
            match changed {
                Ok(()) if due.is_none() => {
                    let soon = Instant::now() + SOON;
                    due = Some(reconciled.map_or(soon, |last| soon.max(last + RECONCILE)));
                }
                Ok(()) => {}
                Err(error) => self.report(&error),
            }
        }
        tails.finish().await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        if let Some((world, choice, last)) = &*self.found.lock() {
            world.describe(choice, *last, &mut body);
        }
        self.desk.describe(&mut body);
        body
    }
}

/// The watches of a component.
struct Watches {
    podlogs: Watch<PodLogs>,
    namespaces: Watch<Namespace>,
    pods: Watch<Pod>,
}

impl SourcePodLogs {
    fn configure(&self, arguments: &Arguments) -> Result<(), RunError> {
        self.desk.forward_to(arguments.forward_to.clone());
        self.desk.tail_from_end(arguments.tail_from_end);
        let choice = choice(arguments).map_err(|error| RunError(error.message))?;
        match &mut *self.found.lock() {
            Some((_, own, _)) => *own = choice,
            found => *found = Some((World::default(), choice, Timestamp::now())),
        }
        Ok(())
    }

    /// Watches anew. What is tailed goes on until all lists have come.
    fn begin(&self, arguments: &Arguments) -> Result<Watches, RunError> {
        *self.found.lock() = None;
        self.configure(arguments)?;
        let id = self.context.id.to_string();
        if let Some(clustering) = &arguments.clustering {
            clustering.warn(&id);
        }
        if arguments.node_filter.is_nameless() {
            tracing::warn!(
                component_id = id,
                "node_filter is enabled and neither node_name nor the environment variable NODE_NAME says which node is meant: pods of all nodes are taken"
            );
        }
        let cluster = cluster(arguments).map_err(|error| RunError(error.message))?;
        let (client, server) = (cluster.client(), cluster.server());
        let config = watcher::Config::default().page_size(PAGE);
        let pods = match arguments.node_filter.node() {
            Some(node) => config.clone().fields(&format!("spec.nodeName={node}")),
            None => config.clone(),
        };
        let kind = GroupVersionKind::gvk(GROUP, "v1alpha2", "PodLogs");
        let kind = ApiResource::from_gvk_with_plural(&kind, "podlogs");
        let podlogs: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
        Ok(Watches {
            podlogs: watch(
                watcher(podlogs, config.clone()).boxed(),
                server.clone(),
                Access::watch(GROUP, "podlogs", None),
                PodLogs::of,
            ),
            namespaces: watch(
                watcher(Api::all(client.clone()), config).boxed(),
                server.clone(),
                Access::watch("", "namespaces", None),
                Namespace::of,
            ),
            pods: watch(
                watcher(Api::all_with(client, &pod::resource()), pods).boxed(),
                server,
                Access::watch("", "pods", None),
                Pod::of,
            ),
        })
    }

    fn take<T>(
        &self,
        event: Result<watcher::Event<T>, ApiError>,
        take: impl FnOnce(&mut World, watcher::Event<T>),
    ) -> Result<(), ApiError> {
        let event = event?;
        if let Some((world, ..)) = &mut *self.found.lock() {
            take(world, event);
        }
        Ok(())
    }

    fn reconcile(&self, tails: &mut Tails) {
        let wanted = match &mut *self.found.lock() {
            // Without one of the lists containers would seem to be gone.
            Some((world, choice, last)) if world.is_known() => {
                *last = Timestamp::now();
                world.wanted(choice)
            }
            _ => return,
        };
        tails.sync(wanted);
    }

    fn report(&self, error: &ApiError) {
        let mut text = error.to_string();
        if error.problem == Problem::NotFound && error.access.group == GROUP {
            text.push_str("; install the CRD podlogs.monitoring.grafana.com");
        }
        self.desk.trouble(&text);
    }
}
