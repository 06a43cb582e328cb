//! The numbers themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A fraction that many threads may change.
#[derive(Debug, Default)]
pub(super) struct AtomicFloat(AtomicU64);

impl AtomicFloat {
    pub(super) fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn add(&self, value: f64) {
        // It never answers that there is nothing to store.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| {
            Some((f64::from_bits(bits) + value).to_bits())
        });
    }
}

/// How often values fell into each range, and their sum.
#[derive(Debug)]
pub(super) struct Ranges {
    /// Of each range by itself; the last is the one without an upper bound.
    pub(super) counts: Box<[AtomicU64]>,
    pub(super) sum: AtomicFloat,
}

impl Ranges {
    pub(super) fn new(bounds: usize) -> Self {
        Self {
            counts: (0..=bounds).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicFloat::default(),
        }
    }

    pub(super) fn observe(&self, bounds: &[f64], value: f64) {
        // What is not a number belongs to no range but the last.
        let at = if value.is_nan() {
            bounds.len()
        } else {
            bounds.partition_point(|bound| *bound < value)
        };
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.add(value);
    }
}

/// The number of one set of labels.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Counter(Arc<AtomicU64>),
    Gauge(Arc<AtomicI64>),
    Float(Arc<AtomicFloat>),
    Ranges(Arc<Ranges>),
}
