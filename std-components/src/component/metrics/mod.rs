//! A component's own metrics: shown with `component_id` and `component_path`, taken away when it stops.
//!
//! A family (name, help, bounds) is kept once a process and each component only adds its numbers to it: with thousands of components, metrics that each
//! carry their own description cost more memory than everything else. What is not a component's (the controller's, the process') stays in
//! a plain registry, which holds few.

mod cells;
mod family;
mod handles;
mod open;
#[cfg(test)]
mod tests;

pub use handles::{Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

pub use open::{Change, MAX_SERIES, OpenKind, OpenMetric, OpenSpec};

use family::{Family, Kind, Member, Owner};
use parking_lot::Mutex;
use prometheus::Registry;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// All metrics of the process. Clones share it.
#[derive(Clone, Default)]
pub struct MetricsHub {
    registry: Registry,
    families: Arc<Mutex<BTreeMap<Box<str>, Arc<Family>>>>,
    open: Arc<open::OpenMembers>,
}

impl fmt::Debug for MetricsHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsHub")
    }
}

impl MetricsHub {
    /// Where metrics that are no component's are registered. Their names must not be those of components' metrics.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Appends the page in the Prometheus text format 0.0.4.
    ///
    /// # Errors
    /// Where a collector of the [`registry`](Self::registry) gives a family that cannot be written.
    pub fn render(&self, out: &mut String) -> Result<(), prometheus::Error> {
        prometheus::TextEncoder::new().encode_utf8(&self.registry.gather(), out)?;
        self.render_components(out, |_, _| true);
        Ok(())
    }

    /// Appends the metrics of one component only: its local id, and the path of its module (`/` is the root).
    pub fn render_component(&self, component_id: &str, component_path: &str, out: &mut String) {
        self.render_components(out, |id, path| id == component_id && path == component_path);
    }

    fn render_components(&self, out: &mut String, wanted: impl Fn(&str, &str) -> bool) {
        let families: Vec<_> = self.families.lock().values().cloned().collect();
        for family in families {
            family.render(out, &wanted);
        }
        self.render_open(out, &wanted);
    }

    /// The family of this name; `None` where there is one of another kind.
    fn family(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        kind: Kind,
        bounds: &[f64],
    ) -> Option<Arc<Family>> {
        let mut families = self.families.lock();
        if let Some(known) = families.get(name) {
            return known.is(kind, labels, bounds).then(|| known.clone());
        }
        let family = Arc::new(Family::new(name, help, labels, kind, bounds));
        families.insert(name.into(), family.clone());
        Some(family)
    }
}

/// What a component has registered; goes with the last clone of its [`ComponentMetrics`].
struct Registered {
    hub: MetricsHub,
    owner: Arc<Owner>,
    members: Mutex<Vec<Arc<Member>>>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        for member in self.members.get_mut().drain(..) {
            member.leave();
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
        write!(f, "ComponentMetrics({})", self.registered.owner.id)
    }
}

impl ComponentMetrics {
    /// For a component with this local id in the module with this path (`/` is the root).
    pub fn new(hub: &MetricsHub, component_id: &str, component_path: &str) -> Self {
        Self {
            registered: Arc::new(Registered {
                hub: hub.clone(),
                owner: Arc::new(Owner::new(component_id, component_path)),
                members: Mutex::default(),
            }),
        }
    }

    /// A counter without labels of its own.
    pub fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.counters(name, help, &[]).with_label_values::<&str>(&[])
    }

    /// A gauge of whole numbers without labels of its own.
    pub fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.gauges(name, help, &[]).with_label_values::<&str>(&[])
    }

    /// A gauge of fractions without labels of its own.
    pub fn float_gauge(&self, name: &str, help: &str) -> Gauge {
        Gauge::of(&self.member(name, help, &[], Kind::FloatGauge, &[]))
    }

    /// Counters by labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        IntCounterVec(self.member(name, help, labels, Kind::Counter, &[]))
    }

    /// Gauges by labels.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        IntGaugeVec(self.member(name, help, labels, Kind::Gauge, &[]))
    }

    /// Histograms by labels. The bounds are rising; the one at infinity is added.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        bounds: impl AsRef<[f64]>,
    ) -> HistogramVec {
        HistogramVec(self.member(name, help, labels, Kind::Histogram, bounds.as_ref()))
    }

    /// Summaries by labels, of sum and count: quantiles cannot be added up, and histograms tell more.
    pub fn summaries(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        HistogramVec(self.member(name, help, labels, Kind::Summary, &[]))
    }

    /// This component's part of a family. Where the name is taken by something of another kind (a mistake in a component), it works on unseen and
    /// the log says so.
    fn member(&self, name: &str, help: &str, labels: &[&str], kind: Kind, bounds: &[f64]) -> Arc<Member> {
        let registered = &self.registered;
        match registered.hub.family(name, help, labels, kind, bounds) {
            Some(family) => {
                let member = Family::join(&family, &registered.owner);
                let mut members = registered.members.lock();
                // Asked for again, it is the same.
                if !members.iter().any(|known| Arc::ptr_eq(known, &member)) {
                    members.push(member.clone());
                }
                member
            }
            None => {
                tracing::error!(
                    metric = name,
                    "a metric is registered with other labels elsewhere and will not be shown"
                );
                let unseen = Arc::new(Family::new(name, help, labels, kind, bounds));
                Family::join(&unseen, &registered.owner)
            }
        }
    }
}
