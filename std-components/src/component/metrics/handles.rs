//! What components hold: counters, gauges and histograms, with the names and methods that users of Prometheus clients expect.
//!
//! A clone is a reference count, a change is an atomic operation.

use super::cells::{AtomicFloat, Cell, Ranges};
use super::family::Member;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A count that only grows.
#[derive(Clone, Debug)]
pub struct IntCounter(Arc<AtomicU64>);

impl IntCounter {
    /// One more.
    pub fn inc(&self) {
        self.inc_by(1);
    }

    /// This many more.
    pub fn inc_by(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// What it stands at.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A whole number that rises and falls.
#[derive(Clone, Debug)]
pub struct IntGauge(Arc<AtomicI64>);

impl IntGauge {
    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// One less.
    pub fn dec(&self) {
        self.sub(1);
    }

    /// This many more.
    pub fn add(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// This many less.
    pub fn sub(&self, by: i64) {
        self.0.fetch_sub(by, Ordering::Relaxed);
    }

    /// What it stands at.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that rises and falls.
#[derive(Clone, Debug)]
pub struct Gauge(Arc<AtomicFloat>);

impl Gauge {
    pub(super) fn of(member: &Member) -> Self {
        match member.cell::<&str>(&[]) {
            Cell::Float(cell) => Self(cell),
            // Another kind cannot be: a member is asked for by its kind.
            _ => Self(Arc::default()),
        }
    }

    /// Sets it.
    pub fn set(&self, value: f64) {
        self.0.set(value);
    }

    /// What it stands at.
    pub fn get(&self) -> f64 {
        self.0.get()
    }
}

/// How often observed values fell into each range.
#[derive(Clone, Debug)]
pub struct Histogram {
    ranges: Arc<Ranges>,
    bounds: Arc<[f64]>,
}

impl Histogram {
    /// A value was observed.
    pub fn observe(&self, value: f64) {
        self.ranges.observe(&self.bounds, value);
    }

    /// How many values were observed.
    pub fn count(&self) -> u64 {
        self.ranges
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .sum()
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.ranges.sum.get()
    }
}

macro_rules! by_labels {
    ($(#[$doc:meta])* $name:ident, $one:ident, $make:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub(super) Arc<Member>);

        impl $name {
            /// The one with these values, in the order of the labels' names; made, and shown from now on, where there is none yet.
            pub fn with_label_values<V: AsRef<str>>(&self, values: &[V]) -> $one {
                let make: fn(&Member, Cell) -> $one = $make;
                make(&self.0, self.0.cell(values))
            }

            /// Shows the one with these values no more; whether there was one.
            pub fn remove_label_values<V: AsRef<str>>(&self, values: &[V]) -> bool {
                self.0.remove(values)
            }
        }
    };
}

// The fallbacks are never made: a member is asked for by its kind.
by_labels!(
    /// Counters by labels.
    IntCounterVec,
    IntCounter,
    |_, cell| match cell {
        Cell::Counter(cell) => IntCounter(cell),
        _ => IntCounter(Arc::default()),
    }
);
by_labels!(
    /// Gauges of whole numbers by labels.
    IntGaugeVec,
    IntGauge,
    |_, cell| match cell {
        Cell::Gauge(cell) => IntGauge(cell),
        _ => IntGauge(Arc::default()),
    }
);
by_labels!(
    /// Histograms by labels.
    HistogramVec,
    Histogram,
    |member, cell| {
        let bounds = member.bounds().clone();
        let ranges = match cell {
            Cell::Ranges(ranges) => ranges,
            _ => Arc::new(Ranges::new(bounds.len())),
        };
        Histogram { ranges, bounds }
    }
);
