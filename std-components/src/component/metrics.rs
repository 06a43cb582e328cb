//! A component's own metrics: registered with `component_id` and `component_path`, taken away when it stops.

use prometheus::core::Collector;
use prometheus::{Opts, Registry};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// All metrics of the process. Clones share it.
#[derive(Clone, Default)]
pub struct MetricsHub {
    registry: Registry,
}

impl fmt::Debug for MetricsHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsHub")
    }
}

impl MetricsHub {
    /// The registry behind `/metrics`.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Appends the page in the Prometheus text format 0.0.4.
    pub fn render(&self, out: &mut String) -> Result<(), prometheus::Error> {
        prometheus::TextEncoder::new().encode_utf8(&self.registry.gather(), out)
    }
}

struct Registered {
    hub: MetricsHub,
    labels: HashMap<String, String>,
    collectors: parking_lot::Mutex<Vec<Box<dyn Collector>>>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        for collector in self.collectors.get_mut().drain(..) {
            // Unregistering fails only where registering did.
            drop(self.hub.registry.unregister(collector));
        }
    }
}

/// Where a component registers its metrics. Clones share it; when the last one is gone the metrics go too.
#[derive(Clone)]
pub struct ComponentMetrics {
    registered: Arc<Registered>,
}

impl fmt::Debug for ComponentMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ComponentMetrics({:?})", self.registered.labels)
    }
}

impl ComponentMetrics {
    /// For a component with this local id in the module with this path (`/` is the root).
    pub fn new(hub: &MetricsHub, component_id: &str, component_path: &str) -> Self {
        let labels = HashMap::from([
            ("component_id".to_owned(), component_id.to_owned()),
            ("component_path".to_owned(), component_path.to_owned()),
        ]);
        Self {
            registered: Arc::new(Registered {
                hub: hub.clone(),
                labels,
                collectors: Default::default(),
            }),
        }
    }

    /// The name and help of a metric, with the component's labels.
    pub fn opts(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).const_labels(self.registered.labels.clone())
    }

    /// Registers a collector made with [`opts`](Self::opts) and hands it back. Where the registry refuses it (the same
    /// metric with other labels: a mistake in the component), it works on unseen and the log says so.
    pub fn register<C: Collector + Clone + 'static>(&self, collector: C) -> C {
        match self.registered.hub.registry.register(Box::new(collector.clone())) {
            Ok(()) => self
                .registered
                .collectors
                .lock()
                .push(Box::new(collector.clone())),
            Err(error) => tracing::error!(%error, "a metric could not be registered and will not be shown"),
        }
        collector
    }

    /// A counter without labels of its own.
    pub fn counter(&self, name: &str, help: &str) -> prometheus::IntCounter {
        self.build(prometheus::IntCounter::with_opts(self.opts(name, help)), || {
            prometheus::IntCounter::new("unnamed", "-")
        })
    }

    /// A gauge without labels of its own.
    pub fn gauge(&self, name: &str, help: &str) -> prometheus::IntGauge {
        self.build(prometheus::IntGauge::with_opts(self.opts(name, help)), || {
            prometheus::IntGauge::new("unnamed", "-")
        })
    }

    /// Counters by labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::IntCounterVec {
        self.build(
            prometheus::IntCounterVec::new(self.opts(name, help), labels),
            || prometheus::IntCounterVec::new(Opts::new("unnamed", "-"), labels),
        )
    }

    /// Gauges by labels.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::IntGaugeVec {
        self.build(
            prometheus::IntGaugeVec::new(self.opts(name, help), labels),
            || prometheus::IntGaugeVec::new(Opts::new("unnamed", "-"), labels),
        )
    }

    /// Histograms by labels.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        buckets: Vec<f64>,
    ) -> prometheus::HistogramVec {
        let opts = prometheus::HistogramOpts::from(self.opts(name, help)).buckets(buckets);
        self.build(prometheus::HistogramVec::new(opts, labels), || {
            prometheus::HistogramVec::new(prometheus::HistogramOpts::new("unnamed", "-"), labels)
        })
    }

    #[expect(
        clippy::expect_used,
        reason = "the fallbacks' names and buckets are valid constants"
    )]
    fn build<C: Collector + Clone + 'static>(
        &self,
        made: prometheus::Result<C>,
        fallback: impl FnOnce() -> prometheus::Result<C>,
    ) -> C {
        match made {
            Ok(collector) => self.register(collector),
            Err(error) => {
                tracing::error!(%error, "a metric has an invalid name and will not be shown");
                fallback().expect("a constant name is valid")
            }
        }
    }
}
