//! `loki.source.syslog`: takes syslog messages over TCP, TLS and UDP.
//!
//! A listener is a task that holds a socket; a connection is a task that reads, makes entries ([`entries`]) and ships them ([`shipping`]). A reload changes
//! the settings of listeners that stay under their connections; a socket that is let go goes to whoever asks for its address next.

mod arguments;
mod entries;
mod framing;
mod message;
mod names;
mod rfc3164;
mod rfc5424;
mod shipping;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;

use super::account::Account;
use crate::component::metrics::IntCounter;
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::listeners::tls::{ServerTls, TlsSettings};
use crate::signals::Labels;
use arc_swap::ArcSwap;
use arguments::{Arguments, Listener, host_and_port};
use parking_lot::Mutex;
use river_eval::{BodyValue, Nothing, Value};
use shipping::Shipper;
use std::collections::HashMap;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// How long a stop waits for what is on its way.
const DRAIN: Duration = Duration::from_secs(5);

/// How often the same trouble is told.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// The pause before a listener that could not listen tries again.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// `loki.source.syslog`.
pub(in crate::loki) struct SourceSyslog {
    context: Context<Nothing>,
    shared: Arc<Shared>,
    changed: Notify,
    /// What the listeners are about, in the configuration's order.
    infos: Mutex<Vec<Info>>,
}

/// What every task of a component needs.
struct Shared {
    id: String,
    arguments: Arc<ArcSwap<Arguments>>,
    shipper: Arc<Shipper>,
    metrics: Metrics,
    names: names::Names,
    /// When which trouble was told.
    told: Mutex<HashMap<&'static str, Instant>>,
}

struct Metrics {
    parsing_errors: IntCounter,
    empty_messages: IntCounter,
    truncated: IntCounter,
}

impl Shared {
    fn account(&self) -> &Account {
        &self.shipper.account
    }

    /// Whether rules may look at the names of senders.
    fn wants_names(&self) -> bool {
        let arguments = self.arguments.load();
        let rules = arguments.relabel_rules.as_ref();
        rules.is_some_and(|rules| !rules.inner.is_empty())
    }

    /// Counts a message as dropped and tells it, now and then.
    fn drop_one(&self, reason: &'static str, text: impl FnOnce() -> String) {
        self.account().drop(1, reason);
        self.tell(reason, text);
    }

    /// Tells of trouble, unless it was told not long ago.
    fn tell(&self, what: &'static str, text: impl FnOnce() -> String) {
        let mut told = self.told.lock();
        let is_due = told.get(what).is_none_or(|at| at.elapsed() >= TELL_EVERY);
        if is_due {
            told.insert(what, Instant::now());
            tracing::warn!(component_id = %self.id, "{}", text());
        }
    }
}

/// What is shown of a listener.
#[derive(Clone, Debug)]
struct Info {
    /// Where it listens; `None` while it does not.
    address: Option<SocketAddr>,
    /// What the configuration says.
    wanted: String,
    labels: String,
}

impl Info {
    fn of(listener: &Listener, address: Option<SocketAddr>) -> Self {
        let labels = listener
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Self {
            address,
            wanted: listener.address.clone(),
            labels: Labels::from_pairs(labels).to_string(),
        }
    }
}

/// What a listener cannot change without another socket.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    address: String,
    is_udp: bool,
    tls: Option<TlsSettings>,
}

/// A listener that runs.
struct Running {
    place: Place,
    address: SocketAddr,
    settings: watch::Sender<Arc<Listener>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Component for SourceSyslog {
    const NAME: &'static str = "loki.source.syslog";
    type Arguments = Arguments;
    type Exports = Nothing;

    fn new(context: Context<Nothing>, arguments: Arguments) -> Result<Self, BuildError> {
        check(&context, &arguments)?;
        let metrics = &context.metrics;
        let arguments = Arc::new(ArcSwap::from_pointee(arguments));
        let entries = metrics.counter(
            "loki_source_syslog_entries_total",
            "Total number of successful entries sent to the syslog target",
        );
        let account = Account::new(metrics, "loki_source_syslog", &entries::DROPPED);
        let shared = Shared {
            id: context.id.to_string(),
            shipper: Arc::new(Shipper::new(arguments.clone(), account, entries)),
            arguments,
            metrics: Metrics {
                parsing_errors: metrics.counter(
                    "loki_source_syslog_parsing_errors_total",
                    "Total number of parsing errors while receiving syslog messages",
                ),
                empty_messages: metrics.counter(
                    "loki_source_syslog_empty_messages_total",
                    "Total number of empty messages received from syslog",
                ),
                truncated: metrics.counter(
                    "loki_source_syslog_truncated_datagrams_total",
                    "Total number of datagrams that were longer than max_message_length and were cut off",
                ),
            },
            names: names::Names::default(),
            told: Mutex::default(),
        };
        Ok(Self {
            context,
            shared: Arc::new(shared),
            changed: Notify::new(),
            infos: Mutex::default(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        check(&self.context, &arguments)?;
        self.shared.arguments.store(Arc::new(arguments));
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut running: Vec<Running> = Vec::new();
        // Listeners that have let their sockets go and still read the last of their connections.
        let mut leaving = tokio::task::JoinSet::new();
        while !stop.is_cancelled() {
            let arguments = self.shared.arguments.load_full();
            let places: Vec<Place> = arguments.listeners.iter().map(Place::of).collect();
            for old in running.extract_if(.., |old| !places.contains(&old.place)) {
                old.stop.cancel();
                leaving.spawn(old.task);
            }
            let (mut infos, mut problem, mut kept) = (Vec::new(), None, Vec::new());
            for (listener, place) in arguments.listeners.iter().zip(&places) {
                let listener = Arc::new(listener.clone());
                let old = running.iter().position(|running| running.place == *place);
                let started = match old.map(|at| running.swap_remove(at)) {
                    Some(old) => {
                        old.settings.send_replace(listener.clone());
                        Some(old)
                    }
                    None => match self.listen(place, &listener).await {
                        Ok(started) => Some(started),
                        Err(error) => {
                            problem = problem.or(Some(error));
                            None
                        }
                    },
                };
                infos.push(Info::of(
                    &listener,
                    started.as_ref().map(|started| started.address),
                ));
                kept.extend(started);
            }
            running = kept;
            *self.infos.lock() = infos;
            match &problem {
                None => self
                    .context
                    .health
                    .healthy(format!("{} listeners are ready", running.len())),
                Some(problem) => {
                    self.shared.tell("listen", || problem.clone());
                    self.context.health.unhealthy(problem);
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.changed.notified() => {}
                () = tokio::time::sleep(AGAIN_AFTER), if problem.is_some() => {}
                Some(_) = leaving.join_next(), if !leaving.is_empty() => {}
            }
        }
        for running in running {
            running.stop.cancel();
            leaving.spawn(running.task);
        }
        self.infos.lock().clear();
        let deadline = tokio::time::Instant::now() + DRAIN;
        while let Ok(Some(_)) = tokio::time::timeout_at(deadline, leaving.join_next()).await {}
        self.shared
            .shipper
            .drain(deadline.saturating_duration_since(tokio::time::Instant::now()))
            .await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut body = BodyValue::default();
        self.shared.account().describe(&mut body);
        let infos = self.infos.lock();
        let listeners = infos.iter().map(|info| {
            let address = info
                .address
                .map_or_else(|| info.wanted.clone(), |address| address.to_string());
            Value::object([
                ("ready", Value::Bool(info.address.is_some())),
                ("listen_address", Value::string(address)),
                ("labels", Value::string(info.labels.clone())),
            ])
        });
        body.attribute("listeners_info", Value::list(listeners));
        body
    }
}

/// Whether the certificates can be used.
fn check(context: &Context<Nothing>, arguments: &Arguments) -> Result<(), BuildError> {
    for listener in &arguments.listeners {
        if let Some(settings) = listener.tls().map_err(BuildError::new)? {
            ServerTls::new(&context.id.to_string(), &settings).map_err(|(setting, reason)| {
                let address = &listener.address;
                BuildError::new(format!(
                    "the tls_config of the listener {address} cannot be used: {setting}: {reason}"
                ))
            })?;
        }
    }
    Ok(())
}

impl Place {
    fn of(listener: &Listener) -> Self {
        Self {
            address: listener.address.clone(),
            is_udp: listener.is_udp(),
            // What is wrong with it has been refused.
            tls: listener.tls().unwrap_or_default(),
        }
    }
}

impl SourceSyslog {
    /// Starts a listener.
    async fn listen(&self, place: &Place, listener: &Arc<Listener>) -> Result<Running, String> {
        let mut problem = format!("cannot listen on {}: the host has no address", place.address);
        for address in addresses(&place.address).await? {
            match self.listen_on(address, place, listener).await {
                Ok(running) => return Ok(running),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    async fn listen_on(
        &self,
        address: SocketAddr,
        place: &Place,
        listener: &Arc<Listener>,
    ) -> Result<Running, String> {
        let (settings, watched) = watch::channel(listener.clone());
        let stop = CancellationToken::new();
        let (shared, until) = (self.shared.clone(), stop.clone());
        let sockets = &self.context.services.listeners;
        let told = |error: &dyn std::fmt::Display| format!("{error}");
        let (task, local) = if place.is_udp {
            let socket = sockets
                .udp(&shared.id, address)
                .await
                .map_err(|error| told(&error))?;
            let local = socket.get().and_then(|socket| socket.local_addr().ok());
            (tokio::spawn(udp::serve(shared, socket, watched, until)), local)
        } else {
            let tls = place
                .tls
                .as_ref()
                .map(|settings| ServerTls::new(&shared.id, settings));
            let tls = tls
                .transpose()
                .map_err(|(setting, reason)| format!("{setting}: {reason}"))?;
            let socket = sockets
                .tcp(&shared.id, address)
                .await
                .map_err(|error| told(&error))?;
            let local = socket.get().and_then(|socket| socket.local_addr().ok());
            (
                tokio::spawn(tcp::serve(shared, socket, watched, tls.map(Arc::new), until)),
                local,
            )
        };
        let local = local.unwrap_or(address);
        let protocol = if place.is_udp { "udp" } else { "tcp" };
        tracing::info!(component_id = %self.shared.id, address = %local, protocol, tls = place.tls.is_some(), "syslog listening on address");
        Ok(Running {
            place: place.clone(),
            address: local,
            settings,
            stop,
            task,
        })
    }
}

/// The addresses that a listener may take, the first that can be had.
async fn addresses(text: &str) -> Result<Vec<SocketAddr>, String> {
    let Some((host, port)) = host_and_port(text) else {
        return Err(format!("{text:?} is no host:port"));
    };
    if host.is_empty() {
        // As Go listens: on both families where there are both.
        return Ok(vec![
            (Ipv6Addr::UNSPECIFIED, port).into(),
            ([0, 0, 0, 0], port).into(),
        ]);
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(found) => Ok(found.collect()),
        Err(error) => Err(format!(
            "cannot listen on {text}: {error}; name an address of this machine"
        )),
    }
}
