//! The controller's own metrics, under the reference's names. Each module is a controller in its words and has its own; they go with it.

use super::changes::Changes;
use super::instance::RunningComponent;
use crate::component::HealthState;
use crate::own_span;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, Histogram, HistogramOpts, HistogramVec, IntGauge, IntGaugeVec, Opts, Registry};
use river_eval::Str;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Upper bounds of the histograms, in seconds.
const BUCKETS: &[f64] = &[
    0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// From how long on building or updating a component is slow, as in the reference.
const SLOW: Duration = Duration::from_secs(60);

/// The labels by which modules are told apart.
const MODULE: [&str; 2] = ["controller_id", "controller_path"];

/// What the controller measures while it works.
pub(super) struct ControllerMetrics {
    evaluating: IntGaugeVec,
    evaluation_seconds: HistogramVec,
    wait_seconds: HistogramVec,
    slow_seconds: CounterVec,
    /// The modules that have numbers, without the root.
    modules: Mutex<BTreeMap<Str, Module>>,
    root: Module,
}

/// The numbers of one module.
#[derive(Clone)]
struct Module {
    evaluating: IntGauge,
    evaluation_seconds: Histogram,
    wait_seconds: Histogram,
    slow: BTreeSet<Str>,
}

/// A module's labels: its own name, and the path to where it stands.
fn labels(module: &str) -> [String; 2] {
    let (path, id) = module.rsplit_once('/').unwrap_or(("", module));
    [id.to_owned(), format!("/{path}")]
}

impl ControllerMetrics {
    pub(super) fn register(
        registry: &Registry,
        live: Arc<ArcSwap<Vec<Arc<RunningComponent>>>>,
        changes: Arc<Changes>,
    ) -> Result<Self, prometheus::Error> {
        let histogram = |name: &str, help: &str| {
            let opts = HistogramOpts {
                common_opts: Opts::new(name, help),
                buckets: BUCKETS.to_vec(),
            };
            HistogramVec::new(opts, &MODULE)
        };
        let evaluating = IntGaugeVec::new(
            Opts::new(
                "alloy_component_controller_evaluating",
                "Tracks if the controller is currently in the middle of a graph evaluation",
            ),
            &MODULE,
        )?;
        let evaluation_seconds = histogram(
            "alloy_component_evaluation_seconds",
            "Time spent performing component evaluation",
        )?;
        let slow_seconds = CounterVec::new(
            Opts::new(
                "alloy_component_evaluation_slow_seconds",
                "Number of seconds spent evaluating components that take longer than 1m0s to evaluate",
            ),
            &["component_id", "controller_id", "controller_path"],
        )?;
        let wait_seconds = histogram(
            "alloy_component_dependencies_wait_seconds",
            "Time spent by components waiting to be evaluated after one of their dependencies is updated.",
        )?;
        registry.register(Box::new(slow_seconds.clone()))?;
        registry.register(Box::new(evaluating.clone()))?;
        registry.register(Box::new(evaluation_seconds.clone()))?;
        registry.register(Box::new(wait_seconds.clone()))?;
        registry.register(Box::new(OnDemand {
            running: IntGaugeVec::new(
                Opts::new(
                    "alloy_component_controller_running_components",
                    "Total number of running components.",
                ),
                &["controller_id", "controller_path", "health_type"],
            )?,
            queue: IntGauge::with_opts(opts(
                "alloy_component_evaluation_queue_size",
                "Tracks the number of components waiting to be evaluated in the worker pool",
            ))?,
            live,
            changes,
        }))?;
        let root = Module {
            evaluating: evaluating.with_label_values(&labels("")),
            evaluation_seconds: evaluation_seconds.with_label_values(&labels("")),
            wait_seconds: wait_seconds.with_label_values(&labels("")),
            slow: BTreeSet::new(),
        };
        Ok(Self {
            evaluating,
            evaluation_seconds,
            wait_seconds,
            slow_seconds,
            modules: Mutex::default(),
            root,
        })
    }

    /// Does something with a module's numbers.
    fn with<T>(&self, module: &str, act: impl FnOnce(&Module) -> T) -> T {
        if module.is_empty() {
            return act(&self.root);
        }
        let mut modules = self.modules.lock();
        if let Some(known) = modules.get(module) {
            return act(known);
        }
        let labels = labels(module);
        let new = Module {
            evaluating: self.evaluating.with_label_values(&labels),
            evaluation_seconds: self.evaluation_seconds.with_label_values(&labels),
            wait_seconds: self.wait_seconds.with_label_values(&labels),
            slow: BTreeSet::new(),
        };
        act(modules.entry(module.into()).or_insert(new))
    }

    /// Measures one evaluation of a node of a module until it is dropped.
    pub(super) fn evaluation(&self, module: &str, node_id: &str) -> Evaluation {
        let (evaluating, seconds) = self.with(module, |module| {
            (module.evaluating.clone(), module.evaluation_seconds.clone())
        });
        evaluating.inc();
        Evaluation {
            evaluating,
            seconds,
            begun: Instant::now(),
            _span: own_span!("EvaluateNode", node_id, controller_id = module).entered(),
        }
    }

    /// A component of a module was built or updated in this time; told apart where it is long.
    pub(super) fn built(&self, module: &str, local_id: &str, time: Duration) {
        if time < SLOW {
            return;
        }
        let [id, path] = labels(module);
        self.slow_seconds
            .with_label_values(&[local_id, &id, &path])
            .inc_by(time.as_secs_f64());
        self.with(module, |_| {});
        if let Some(known) = self.modules.lock().get_mut(module) {
            known.slow.insert(local_id.into());
        }
    }

    /// The dependants of a component, by its global id, waited for this long.
    pub(super) fn waited(&self, global_id: &str, time: Duration) {
        let module = global_id.rsplit_once('/').map_or("", |(module, _)| module);
        self.with(module, |module| module.wait_seconds.observe(time.as_secs_f64()));
    }

    /// Only these modules are left: the numbers of others go.
    pub(super) fn keep(&self, modules: impl Fn() -> BTreeSet<Str>) {
        let mut known = self.modules.lock();
        if known.is_empty() {
            return;
        }
        let left = modules();
        known.retain(|module, numbers| {
            if left.contains(module) {
                return true;
            }
            let [id, path] = labels(module);
            // An error says that there were none.
            drop(self.evaluating.remove_label_values(&[&id, &path]));
            drop(self.evaluation_seconds.remove_label_values(&[&id, &path]));
            drop(self.wait_seconds.remove_label_values(&[&id, &path]));
            for component in &numbers.slow {
                drop(self.slow_seconds.remove_label_values(&[&**component, &id, &path]));
            }
            false
        });
    }
}

fn opts(name: &str, help: &str) -> Opts {
    let labels = [("controller_id", ""), ("controller_path", "/")];
    let labels: HashMap<_, _> = labels
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Opts::new(name, help).const_labels(labels)
}

/// An evaluation that is going on.
pub(super) struct Evaluation {
    evaluating: IntGauge,
    seconds: Histogram,
    begun: Instant,
    _span: tracing::span::EnteredSpan,
}

impl Drop for Evaluation {
    fn drop(&mut self) {
        self.evaluating.dec();
        self.seconds.observe(self.begun.elapsed().as_secs_f64());
    }
}

/// What is counted when the page is asked for.
struct OnDemand {
    running: IntGaugeVec,
    queue: IntGauge,
    live: Arc<ArcSwap<Vec<Arc<RunningComponent>>>>,
    changes: Arc<Changes>,
}

impl Collector for OnDemand {
    fn desc(&self) -> Vec<&Desc> {
        let mut descriptions = self.running.desc();
        descriptions.extend(self.queue.desc());
        descriptions
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let states = [
            HealthState::Unknown,
            HealthState::Healthy,
            HealthState::Unhealthy,
            HealthState::Exited,
        ];
        // Each module is a controller in the reference's words.
        let mut modules: BTreeMap<Arc<str>, [i64; 4]> = BTreeMap::from([("".into(), [0; 4])]);
        for component in self.live.load().iter() {
            let state = component.health().state;
            let counts = modules.entry(component.id.module.clone()).or_default();
            for (count, counted) in counts.iter_mut().zip(states) {
                *count += i64::from(counted == state);
            }
        }
        // Modules that are gone are told no more.
        self.running.reset();
        for (module, counts) in modules {
            let [id, path] = labels(&module);
            for (state, count) in states.into_iter().zip(counts) {
                let labels = [id.as_str(), path.as_str(), state.as_str()];
                self.running.with_label_values(&labels).set(count);
            }
        }
        self.queue.set(self.changes.len() as i64);
        let mut families = self.running.collect();
        families.extend(self.queue.collect());
        families
    }
}
