//! Traces, metrics and logs of OpenTelemetry on their way from a source to an exporter, as OTLP's own messages.

use super::{Ack, Batch, Direction, Flow, Receiver};
use opentelemetry_proto::tonic::logs::v1::ResourceLogs;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

/// The kinds of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OtlpSignal {
    /// Spans.
    Traces,
    /// Data points.
    Metrics,
    /// Log records.
    Logs,
}

impl OtlpSignal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Metrics, Self::Logs];

    /// As arguments and labels spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    /// What is counted of it, as metrics spell it.
    pub fn items(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Metrics => "metric_points",
            Self::Logs => "log_records",
        }
    }
}

/// What a batch holds.
#[derive(Clone, Debug, PartialEq)]
pub enum OtlpData {
    /// Spans by resource.
    Traces(Vec<ResourceSpans>),
    /// Metrics by resource.
    Metrics(Vec<ResourceMetrics>),
    /// Log records by resource.
    Logs(Vec<ResourceLogs>),
}

impl OtlpData {
    /// Which signal it is.
    pub fn signal(&self) -> OtlpSignal {
        match self {
            Self::Traces(_) => OtlpSignal::Traces,
            Self::Metrics(_) => OtlpSignal::Metrics,
            Self::Logs(_) => OtlpSignal::Logs,
        }
    }

    /// Spans, data points or log records.
    pub fn items(&self) -> usize {
        match self {
            Self::Traces(all) => all
                .iter()
                .flat_map(|resource| &resource.scope_spans)
                .map(|scope| scope.spans.len())
                .sum(),
            Self::Metrics(all) => all
                .iter()
                .flat_map(|resource| &resource.scope_metrics)
                .flat_map(|scope| &scope.metrics)
                .map(points)
                .sum(),
            Self::Logs(all) => all
                .iter()
                .flat_map(|resource| &resource.scope_logs)
                .map(|scope| scope.log_records.len())
                .sum(),
        }
    }

    /// Appends data of the same signal.
    ///
    /// # Errors
    /// The other data, if it is of another signal.
    pub fn append(&mut self, other: Self) -> Result<(), Self> {
        match (self, other) {
            (Self::Traces(all), Self::Traces(more)) => all.extend(more),
            (Self::Metrics(all), Self::Metrics(more)) => all.extend(more),
            (Self::Logs(all), Self::Logs(more)) => all.extend(more),
            (_, other) => return Err(other),
        }
        Ok(())
    }
}

/// The data points of a metric.
fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
    }
}

/// Telemetry that travels and is acknowledged together.
#[derive(Debug)]
pub struct OtlpBatch {
    /// Of one signal.
    pub data: OtlpData,
    /// Tells the source when every receiver has taken it.
    pub ack: Ack,
}

impl Batch for OtlpBatch {
    const CAPSULE: &'static str = "otelcol.Consumer";

    fn tell(&self, direction: Direction, flow: &Flow) {
        let direction = match direction {
            Direction::In => "IN",
            Direction::Out => "OUT",
        };
        let told = match &self.data {
            OtlpData::Traces(all) => serde_json::to_string(all),
            OtlpData::Metrics(all) => serde_json::to_string(all),
            OtlpData::Logs(all) => serde_json::to_string(all),
        };
        let signal = self.data.signal().as_str();
        match told {
            Ok(told) => flow.tell(format_args!("[{direction}]: {signal}: {told}")),
            Err(error) => flow.tell(format_args!(
                "[{direction}]: {signal} that cannot be written: {error}"
            )),
        }
    }

    fn split(&self) -> Self {
        Self {
            data: self.data.clone(),
            ack: self.ack.clone(),
        }
    }

    fn len(&self) -> usize {
        self.data.items()
    }

    fn delivered(self) {
        self.ack.delivered();
    }
}

/// What a component that takes telemetry exports as `input`.
pub type OtlpConsumer = Receiver<OtlpBatch>;
