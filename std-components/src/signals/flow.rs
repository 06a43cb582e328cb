//! What flows through a component, counted and, where somebody watches, told: the numbers on the edges of the page's graph, and live debugging.
//!
//! A component does nothing for it. While its arguments are decoded and while it is built, the thread knows its [`Flow`]; the [`Fanout`](super::Fanout)s and
//! inlets that are made meanwhile keep it. They count once a batch, and look at one flag to know that nobody watches.

use super::watch::{Stream, Watchers};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

pub use super::watch::{MAX_STREAMS, MAX_TOLD_BYTES, MAX_WAITING, WatchError};

/// The kinds of data that flow, as the reference's graph names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataKind {
    /// Log entries.
    LokiLog,
    /// Samples.
    PrometheusMetric,
    /// Targets of discovery.
    Target,
    /// Anything else.
    Other,
}

impl DataKind {
    /// As `/api/v0/web/graph` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LokiLog => "loki_log",
            Self::PrometheusMetric => "prometheus_metric",
            Self::Target => "target",
            Self::Other => "other",
        }
    }
}

/// Into a component, or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It takes the data.
    In,
    /// It hands the data on.
    Out,
}

/// What has gone along one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeCount {
    /// The component that took it, by its global id.
    pub to: Arc<str>,
    /// What it was.
    pub kind: DataKind,
    /// Entries or samples since the component was made.
    pub sent: u64,
}

/// Counts what goes along one edge.
#[derive(Debug)]
pub(super) struct Edge {
    kind: DataKind,
    sent: AtomicU64,
}

impl Edge {
    pub(super) fn add(&self, count: usize) {
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// What flows through one component.
pub struct Flow {
    id: Arc<str>,
    received: AtomicU64,
    has_inlet: AtomicBool,
    /// By the receiving component; an edge outlives changes of the arguments, so that its counter only grows.
    edges: Mutex<BTreeMap<Arc<str>, Arc<Edge>>>,
    watchers: Watchers,
    /// The component tells what it does with each item itself.
    tells_itself: AtomicBool,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flow({})", self.id)
    }
}

thread_local! {
    /// The component that is being decoded or built on this thread.
    static CURRENT: RefCell<Option<Arc<Flow>>> = const { RefCell::new(None) };
}

/// Puts back what was current, whatever happens.
struct Restore(Option<Arc<Flow>>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Flow {
    fn new(id: &str, registry: &Arc<Registry>) -> Self {
        Self {
            id: id.into(),
            received: AtomicU64::new(0),
            has_inlet: AtomicBool::new(false),
            edges: Mutex::default(),
            watchers: Watchers::new(registry.dropped.clone()),
            tells_itself: AtomicBool::new(false),
        }
    }

    /// The component's global id.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Runs `make`; edges that are made meanwhile on this thread belong to this component.
    pub fn scope<T>(self: &Arc<Self>, make: impl FnOnce() -> T) -> T {
        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        make()
    }

    /// The component that is being made on this thread.
    pub(super) fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// The edge to a component, made where there is none.
    pub(super) fn edge(&self, to: &Arc<str>, kind: DataKind) -> Arc<Edge> {
        let mut edges = self.edges.lock();
        let edge = edges.entry(to.clone()).or_insert_with(|| {
            Arc::new(Edge {
                kind,
                sent: AtomicU64::new(0),
            })
        });
        edge.clone()
    }

    pub(super) fn add_inlet(&self) {
        self.has_inlet.store(true, Ordering::Relaxed);
    }

    pub(super) fn received(&self, count: usize) {
        self.received.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Entries or samples that came in since the component was made; `None` where it takes none.
    pub fn received_total(&self) -> Option<u64> {
        self.has_inlet
            .load(Ordering::Relaxed)
            .then(|| self.received.load(Ordering::Relaxed))
    }

    /// What has gone out, by receiver.
    pub fn sent(&self) -> Vec<EdgeCount> {
        let edges = self.edges.lock();
        edges
            .iter()
            .map(|(to, edge)| EdgeCount {
                to: to.clone(),
                kind: edge.kind,
                sent: edge.sent.load(Ordering::Relaxed),
            })
            .collect()
    }

    /// Whether there is something to watch.
    pub fn can_be_watched(&self) -> bool {
        self.tells_itself.load(Ordering::Relaxed)
            || self.has_inlet.load(Ordering::Relaxed)
            || !self.edges.lock().is_empty()
    }

    /// The component tells with [`tell`](Self::tell) what it does with each item, so that its edges need not.
    pub fn tells_itself(&self) {
        self.tells_itself.store(true, Ordering::Relaxed);
    }

    /// Whether anybody watches: one look at a flag. Ask before making anything to be told.
    pub fn is_watched(&self) -> bool {
        self.watchers.any()
    }

    /// Whether the edges have to tell what passes.
    pub(super) fn edges_tell(&self) -> bool {
        self.is_watched() && !self.tells_itself.load(Ordering::Relaxed)
    }

    /// Tells those who watch. What one of them has no room for is dropped and counted; nobody is waited for.
    pub fn tell(&self, item: fmt::Arguments<'_>) {
        self.watchers.tell(item);
    }
}

/// The flows of all components of a process. Clones share it.
#[derive(Clone, Default)]
pub struct Flows {
    registry: Arc<Registry>,
}

#[derive(Default)]
struct Registry {
    enabled: AtomicBool,
    flows: RwLock<FxHashMap<Arc<str>, Weak<Flow>>>,
    dropped: Arc<AtomicU64>,
}

impl fmt::Debug for Flows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flows({})", self.registry.flows.read().len())
    }
}

impl Flows {
    /// The flow of a component, made where there is none. It is kept as long as somebody holds it.
    pub fn of(&self, id: &str) -> Arc<Flow> {
        let mut flows = self.registry.flows.write();
        if let Some(flow) = flows.get(id).and_then(Weak::upgrade) {
            return flow;
        }
        if flows.len() == flows.capacity() {
            flows.retain(|_, flow| flow.strong_count() > 0);
        }
        let flow = Arc::new(Flow::new(id, &self.registry));
        flows.insert(flow.id.clone(), Arc::downgrade(&flow));
        flow
    }

    /// The flow of a running component.
    pub fn get(&self, id: &str) -> Option<Arc<Flow>> {
        self.registry.flows.read().get(id).and_then(Weak::upgrade)
    }

    /// The flows of all running components.
    pub fn all(&self) -> Vec<Arc<Flow>> {
        let flows = self.registry.flows.read();
        flows.values().filter_map(Weak::upgrade).collect()
    }

    /// Allows or forbids to watch what flows (`livedebugging { enabled = true }`); forbidding ends all streams.
    pub fn enable(&self, enabled: bool) {
        let was = self.registry.enabled.swap(enabled, Ordering::AcqRel);
        if was && !enabled {
            self.all().iter().for_each(|flow| flow.watchers.end());
        }
    }

    /// Whether watching is allowed.
    pub fn is_enabled(&self) -> bool {
        self.registry.enabled.load(Ordering::Acquire)
    }

    /// How many items watchers were too slow for, since the start.
    pub fn dropped(&self) -> u64 {
        self.registry.dropped.load(Ordering::Relaxed)
    }

    /// Watches a component, or a part of its items chosen by chance.
    ///
    /// # Errors
    /// Where watching is not allowed, or there is nothing to watch.
    pub fn watch(&self, id: &str, probability: f64) -> Result<Stream, WatchError> {
        if !self.is_enabled() {
            return Err(WatchError::Disabled);
        }
        let flow = self.get(id).ok_or(WatchError::Unknown)?;
        if !flow.can_be_watched() {
            return Err(WatchError::Nothing);
        }
        flow.watchers.add(probability)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ack, Entry, Fanout, Labels, LogBatch, inlet};
    use super::*;

    fn batch(lines: &[&str]) -> LogBatch {
        let entry = |line: &&str| Entry {
            labels: Labels::from_pairs([("job", "t")]),
            timestamp: 1_700_000_000_000_000_000,
            line: (*line).into(),
            metadata: None,
        };
        LogBatch {
            entries: lines.iter().map(entry).collect(),
            ack: Ack::none(),
        }
    }

    #[tokio::test]
    async fn batches_are_counted_by_edge_and_told_to_those_who_watch() {
        let flows = Flows::default();
        let (source, sink) = (flows.of("loki.source.file.a"), flows.of("loki.echo.b"));
        let (receiver, mut taken) = sink.scope(|| inlet::<LogBatch>("loki.echo.b"));
        let to = source.scope(|| Fanout::new(vec![receiver]));

        to.send(batch(&["one", "two"])).await;
        drop(taken.next().await);
        assert_eq!(source.sent()[0].sent, 2);
        assert_eq!(&*source.sent()[0].to, "loki.echo.b");
        assert_eq!((sink.received_total(), source.received_total()), (Some(2), None));

        assert_eq!(flows.watch("loki.echo.b", 1.0).unwrap_err(), WatchError::Disabled);
        flows.enable(true);
        assert_eq!(flows.watch("loki.echo.c", 1.0).unwrap_err(), WatchError::Unknown);
        let mut stream = flows.watch("loki.source.file.a", 1.0).unwrap();
        to.send(batch(&["three"])).await;
        assert_eq!(
            &*stream.next().await.unwrap(),
            "[OUT]: timestamp: 2023-11-14T22:13:20Z, entry: three, labels: {job=\"t\"}, structured_metadata: {}"
        );
        flows.enable(false);
        assert_eq!(stream.next().await, None);
        assert!(!source.is_watched());
    }

    #[tokio::test]
    async fn who_is_slow_misses_items_and_nobody_waits() {
        let flows = Flows::default();
        flows.enable(true);
        let flow = flows.of("a");
        flow.tells_itself();
        let mut stream = flows.watch("a", 1.0).unwrap();
        for number in 0..MAX_WAITING + 5 {
            flow.tell(format_args!("{number}"));
        }
        assert_eq!(flows.dropped(), 5);
        assert_eq!(&*stream.next().await.unwrap(), "0");
        assert_eq!(stream.take_dropped(), 5);
        assert_eq!(stream.take_dropped(), 0);
        drop(stream);
        // Noticed with the next item.
        flow.tell(format_args!("to nobody"));
        assert!(!flow.is_watched());
    }

    #[tokio::test]
    async fn streams_are_bounded_and_chance_chooses() {
        let flows = Flows::default();
        flows.enable(true);
        let flow = flows.of("a");
        flow.tells_itself();
        let streams: Vec<_> = (0..MAX_STREAMS).map(|_| flows.watch("a", 0.0).unwrap()).collect();
        assert_eq!(flows.watch("a", 1.0).unwrap_err(), WatchError::TooMany);
        flow.tell(format_args!("never"));
        assert!(streams.into_iter().all(|mut stream| stream.try_next().is_none()));
        let long = "é".repeat(MAX_TOLD_BYTES);
        let mut stream = flows.watch("a", 1.0).unwrap();
        flow.tell(format_args!("{long}"));
        let told = stream.try_next().unwrap();
        assert!(told.len() <= MAX_TOLD_BYTES + "…".len() && told.ends_with('…'));
    }

    #[test]
    fn flows_go_with_their_components() {
        let flows = Flows::default();
        let flow = flows.of("a");
        assert!(Arc::ptr_eq(&flow, &flows.of("a")));
        drop(flow);
        assert!(flows.get("a").is_none());
        for number in 0..1000 {
            drop(flows.of(&number.to_string()));
        }
        assert!(flows.registry.flows.read().len() < 100);
    }
}
