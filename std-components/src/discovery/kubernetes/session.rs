//! The watches of one set of arguments: from events to exports.

use super::objects::Kind;
use super::watches::{Event, watch};
use super::world::{World, key};
use super::{Exports, Kubernetes, Plan, Targets};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll, select_all};
use tokio::time::Instant;

/// A watch, as it fares.
struct Watching {
    kind: Kind,
    namespace: Option<String>,
    /// Counts its lists.
    generation: u64,
    /// It has been listed once.
    listed: bool,
    /// Why it fails now.
    failing: Option<String>,
    /// The failure that was logged last.
    told: Option<String>,
}

/// Which objects are there already.
#[derive(Clone, Copy, PartialEq)]
enum Ready {
    All,
    Some,
    None,
}

pub(super) struct Session<'a> {
    component: &'a Kubernetes,
    world: World,
    watching: Vec<Watching>,
    events: SelectAll<BoxStream<'static, (usize, Event)>>,
    server: String,
    ready: Ready,
    /// When the next export may be; `None` where nothing has to be exported.
    due: Option<Instant>,
    exported: Option<Instant>,
    begun: Instant,
}

impl<'a> Session<'a> {
    /// Begins to watch. Has to be called within a runtime.
    pub(super) fn new(component: &'a Kubernetes, plan: &Plan) -> Self {
        let client = plan.cluster.client();
        let server = plan.cluster.server();
        let mut watching = Vec::new();
        let mut streams = Vec::new();
        for (at, (kind, namespace)) in plan.watches().into_iter().enumerate() {
            let selection = plan.selection(kind);
            let stream = watch(client.clone(), &server, kind, namespace, &selection);
            streams.push(stream.map(move |event| (at, event)).boxed());
            watching.push(Watching {
                kind,
                namespace: namespace.map(Into::into),
                generation: 0,
                listed: false,
                failing: None,
                told: None,
            });
        }
        Self {
            component,
            world: World::new(plan.role, plan.attach),
            watching,
            events: select_all(streams),
            server,
            ready: Ready::None,
            due: None,
            exported: None,
            begun: Instant::now(),
        }
    }

    /// Watches and exports; ends only with the streams, which do not.
    pub(super) async fn run(&mut self) {
        loop {
            let due = self.due;
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(due.unwrap_or(self.begun)), if due.is_some() => {
                    self.due = None;
                    self.export();
                }
                event = self.events.next() => match event {
                    Some((at, event)) => self.take(at, event),
                    None => return,
                },
            }
        }
    }

    fn take(&mut self, at: usize, event: Event) {
        let Some(watching) = self.watching.get_mut(at) else {
            return;
        };
        let kind = watching.kind;
        let count = |event: &str| {
            if let Some(role) = role(kind) {
                self.component
                    .metrics
                    .events
                    .with_label_values(&[role, event])
                    .inc();
            }
        };
        let mut news = watching.failing.is_some();
        match event {
            Event::Begin => {
                watching.generation += 1;
                return;
            }
            Event::Listed(object) | Event::Changed(object) => {
                let known = self.world.put(kind, at, watching.generation, object);
                count(if known { "update" } else { "add" });
            }
            Event::Gone(object) => {
                self.world.remove(kind, key(object.meta()));
                count("delete");
            }
            Event::End => {
                let gone = self.world.sweep(kind, at, watching.generation);
                for _ in 0..gone {
                    count("delete");
                }
                news |= !watching.listed;
                watching.listed = true;
            }
            Event::Recovered => {}
            Event::Failed(error) => {
                self.component.metrics.failures.inc();
                let reason = error.to_string();
                if watching.told.as_ref() != Some(&reason) {
                    let id = &self.component.context.id;
                    tracing::error!(component_id = %id, "{reason}; the last targets stay, and it is tried again");
                    watching.told = Some(reason.clone());
                }
                watching.failing = Some(reason);
                self.tell();
                return;
            }
        }
        if watching.failing.take().is_some() {
            watching.told = None;
            tracing::info!(component_id = %self.component.context.id, "{} answers again", self.server);
        }
        if news {
            self.ready = self.ready();
            self.tell();
        }
        self.schedule();
    }

    fn ready(&self) -> Ready {
        let listed = self.watching.iter().filter(|watching| watching.listed).count();
        if listed == self.watching.len() {
            return Ready::All;
        }
        let any = self
            .watching
            .iter()
            .any(|watching| self.is_ready(watching.namespace.as_deref()));
        if any { Ready::Some } else { Ready::None }
    }

    /// Whether all objects have been listed that the targets of a namespace depend on.
    fn is_ready(&self, namespace: Option<&str>) -> bool {
        let concern =
            |watching: &&Watching| watching.namespace.is_none() || watching.namespace.as_deref() == namespace;
        self.watching
            .iter()
            .filter(concern)
            .all(|watching| watching.listed)
    }

    /// Decides when the next export is. The first one does not wait.
    fn schedule(&mut self) {
        if self.due.is_some() && self.exported.is_some() {
            return;
        }
        let updates = self.component.updates;
        let from = self.exported.unwrap_or(self.begun);
        self.due = match (self.ready, self.exported) {
            (Ready::None, _) => None,
            (Ready::All, None) => Some(Instant::now()),
            _ => Some(from + updates),
        };
    }

    fn export(&mut self) {
        let changed = self.world.refresh();
        if !changed && self.exported.is_some() && self.ready == Ready::All {
            return;
        }
        self.exported = Some(Instant::now());
        let all = self.ready == Ready::All;
        let targets = self
            .world
            .targets(|namespace| all || self.is_ready(Some(namespace)));
        let context = &self.component.context;
        if context.flow.is_watched() {
            for target in &targets {
                context.flow.tell(format_args!("{target:?}"));
            }
        }
        context.export(&Exports {
            targets: Targets(targets),
        });
    }

    /// Says how it fares.
    fn tell(&self) {
        let health = &self.component.context.health;
        let mut failing = self
            .watching
            .iter()
            .filter_map(|watching| watching.failing.as_deref());
        match (failing.next(), failing.count()) {
            (None, _) if self.ready == Ready::All => health.healthy("listed and watching"),
            (None, _) => {}
            (Some(reason), 0) => health.unhealthy(reason),
            (Some(reason), more) => health.unhealthy(format!("{reason} (and {more} more)")),
        }
    }
}

/// How the metrics call a kind.
fn role(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Node => Some("node"),
        Kind::Pod => Some("pod"),
        Kind::Service => Some("service"),
        Kind::Endpoints => Some("endpoints"),
        Kind::EndpointSlice => Some("endpointslice"),
        Kind::Ingress => Some("ingress"),
        Kind::Namespace => None,
    }
}
