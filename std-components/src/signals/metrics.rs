//! Samples on their way from a scrape to a sink.

use super::{Ack, Batch, DataKind, Direction, Flow, Labels, Receiver};
use std::sync::Arc;

/// The value that ends a series (Prometheus' staleness marker), as bits: it is one NaN among many.
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Prometheus' staleness marker.
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Whether a value is the staleness marker.
pub fn is_stale_nan(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// A sample of a series.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The series, `__name__` included.
    pub labels: Labels,
    /// Milliseconds since 1970 (UTC).
    pub timestamp: i64,
    /// The value, or [`stale_nan`].
    pub value: f64,
}

/// An exemplar of a series.
#[derive(Clone, Debug)]
pub struct Exemplar {
    /// The series that it belongs to.
    pub series: Labels,
    /// Its own labels, such as `trace_id`.
    pub labels: Labels,
    /// Milliseconds since 1970 (UTC).
    pub timestamp: i64,
    /// The observed value.
    pub value: f64,
}

/// What kind of metric a family is, as the exposition formats name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names are those of the exposition formats")]
pub enum MetricType {
    #[default]
    Unknown,
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
}

/// What a metric family says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The family's name.
    pub family: Box<str>,
    /// Its type.
    pub kind: MetricType,
    /// Its help text.
    pub help: Box<str>,
    /// Its unit (OpenMetrics); empty where it has none.
    pub unit: Box<str>,
}

/// Samples that travel and are acknowledged together: usually those of one scrape.
#[derive(Debug)]
pub struct MetricBatch {
    /// In the order of the page that they were read from.
    pub samples: Vec<Sample>,
    /// Exemplars of them; seldom any.
    pub exemplars: Vec<Exemplar>,
    /// Metadata of their families, shared between scrapes of the same target.
    pub metadata: Option<Arc<[Metadata]>>,
    /// Tells the source when every receiver has taken them.
    pub ack: Ack,
}

impl MetricBatch {
    /// Samples without exemplars, metadata or a source that waits.
    pub fn of(samples: Vec<Sample>) -> Self {
        Self {
            samples,
            exemplars: Vec::new(),
            metadata: None,
            ack: Ack::none(),
        }
    }
}

impl Batch for MetricBatch {
    const CAPSULE: &'static str = "storage.Appendable";
    const KIND: DataKind = DataKind::PrometheusMetric;

    fn tell(&self, _: Direction, flow: &Flow) {
        for Sample {
            labels,
            timestamp,
            value,
        } in &self.samples
        {
            flow.tell(format_args!(
                "sample: ts={timestamp}, labels={labels}, value={value:.6}"
            ));
        }
        for exemplar in &self.exemplars {
            flow.tell(format_args!(
                "exemplar: ts={}, labels={}, exemplar_labels={}, value={:.6}",
                exemplar.timestamp, exemplar.series, exemplar.labels, exemplar.value
            ));
        }
    }

    fn split(&self) -> Self {
        Self {
            samples: self.samples.clone(),
            exemplars: self.exemplars.clone(),
            metadata: self.metadata.clone(),
            ack: self.ack.clone(),
        }
    }

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn delivered(self) {
        self.ack.delivered();
    }
}

/// What a component that takes samples exports as `receiver`.
pub type MetricsReceiver = Receiver<MetricBatch>;

/// Samples in a batch at the most; a larger scrape is sent in several.
pub const MAX_BATCH_SAMPLES: usize = 5000;
