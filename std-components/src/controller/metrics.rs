//! The controller's own metrics, under the reference's names.

use super::changes::Changes;
use super::instance::RunningComponent;
use crate::component::HealthState;
use arc_swap::ArcSwap;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, Histogram, HistogramOpts, IntGauge, IntGaugeVec, Opts, Registry};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Upper bounds of the histograms, in seconds.
const BUCKETS: &[f64] = &[
    0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// From how long on building or updating a component is slow, as in the reference.
const SLOW: Duration = Duration::from_secs(60);

/// What the controller measures while it works.
pub(super) struct ControllerMetrics {
    evaluating: IntGauge,
    evaluation_seconds: Histogram,
    wait_seconds: Histogram,
    slow_seconds: CounterVec,
}

impl ControllerMetrics {
    pub(super) fn register(
        registry: &Registry,
        live: Arc<ArcSwap<Vec<Arc<RunningComponent>>>>,
        changes: Arc<Changes>,
    ) -> Result<Self, prometheus::Error> {
        let histogram = |name: &str, help: &str| {
            let opts = HistogramOpts {
                common_opts: opts(name, help),
                buckets: BUCKETS.to_vec(),
            };
            Histogram::with_opts(opts)
        };
        let metrics = Self {
            evaluating: IntGauge::with_opts(opts(
                "alloy_component_controller_evaluating",
                "Tracks if the controller is currently in the middle of a graph evaluation",
            ))?,
            evaluation_seconds: histogram(
                "alloy_component_evaluation_seconds",
                "Time spent performing component evaluation",
            )?,
            slow_seconds: CounterVec::new(
                opts(
                    "alloy_component_evaluation_slow_seconds",
                    "Number of seconds spent evaluating components that take longer than 1m0s to evaluate",
                ),
                &["component_id"],
            )?,
            wait_seconds: histogram(
                "alloy_component_dependencies_wait_seconds",
                "Time spent by components waiting to be evaluated after one of their dependencies is updated.",
            )?,
        };
        registry.register(Box::new(metrics.slow_seconds.clone()))?;
        registry.register(Box::new(metrics.evaluating.clone()))?;
        registry.register(Box::new(metrics.evaluation_seconds.clone()))?;
        registry.register(Box::new(metrics.wait_seconds.clone()))?;
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
        Ok(metrics)
    }

    /// Measures one evaluation until it is dropped.
    pub(super) fn evaluation(&self) -> Evaluation {
        self.evaluating.inc();
        Evaluation {
            evaluating: self.evaluating.clone(),
            seconds: self.evaluation_seconds.clone(),
            begun: Instant::now(),
        }
    }

    /// A component was built or updated in this time; told apart where it is long.
    pub(super) fn built(&self, component_id: &str, time: Duration) {
        if time >= SLOW {
            self.slow_seconds
                .with_label_values(&[component_id])
                .inc_by(time.as_secs_f64());
        }
    }

    /// A component's dependants waited for this long.
    pub(super) fn waited(&self, time: Duration) {
        self.wait_seconds.observe(time.as_secs_f64());
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
            let (path, id) = module.rsplit_once('/').unwrap_or(("", &module));
            let path = format!("/{path}");
            for (state, count) in states.into_iter().zip(counts) {
                let labels = [id, path.as_str(), state.as_str()];
                self.running.with_label_values(&labels).set(count);
            }
        }
        self.queue.set(self.changes.len() as i64);
        let mut families = self.running.collect();
        families.extend(self.queue.collect());
        families
    }
}
