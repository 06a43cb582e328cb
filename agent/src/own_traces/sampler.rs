//! Which traces are kept: a part of all that can change while the agent runs.

use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// `sampling_fraction`. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Fraction(Arc<AtomicU64>);

impl Fraction {
    /// From 0 to 1.
    pub(super) fn set(&self, fraction: f64) {
        self.0.store(fraction.to_bits(), Ordering::Relaxed);
    }
}

impl ShouldSample for Fraction {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let fraction = f64::from_bits(self.0.load(Ordering::Relaxed));
        Sampler::TraceIdRatioBased(fraction).should_sample(parent, trace, name, kind, attributes, links)
    }
}
