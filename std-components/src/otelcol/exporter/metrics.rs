//! The exporters' metrics, under the collector's names: one set for each signal.

use crate::component::ComponentMetrics;
use crate::component::metrics::{IntCounter, IntGauge};
use crate::signals::OtlpSignal;

/// What is counted of one signal.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    /// Items that the peer has taken.
    pub(super) sent: IntCounter,
    /// Items that it has not taken for good: refused, or given up.
    pub(super) failed: IntCounter,
    /// Items for which the queue had no room.
    pub(super) not_queued: IntCounter,
    pub(super) queue_size: IntGauge,
    pub(super) queue_capacity: IntGauge,
}

impl Metrics {
    pub(super) fn new(metrics: &ComponentMetrics, exporter: &str, signal: OtlpSignal) -> Self {
        let counter = |name: &str, help: &str| {
            let help = match signal {
                OtlpSignal::Traces => help.replace('%', "spans"),
                OtlpSignal::Metrics => help.replace('%', "metric points"),
                OtlpSignal::Logs => help.replace('%', "log records"),
            };
            let name = format!("otelcol_exporter_{name}_{}_total", signal.items());
            metrics
                .counters(&name, &help, &["exporter"])
                .with_label_values(&[exporter])
        };
        let gauge = |name: &str, help: &str| {
            metrics
                .gauges(name, help, &["data_type", "exporter"])
                .with_label_values(&[signal.as_str(), exporter])
        };
        Self {
            sent: counter("sent", "Number of % successfully sent to destination."),
            failed: counter(
                "send_failed",
                "Number of % in failed attempts to send to destination.",
            ),
            not_queued: counter(
                "enqueue_failed",
                "Number of % failed to be added to the sending queue.",
            ),
            queue_size: gauge(
                "otelcol_exporter_queue_size",
                "Current size of the retry queue (in batches).",
            ),
            queue_capacity: gauge(
                "otelcol_exporter_queue_capacity",
                "Fixed capacity of the retry queue (in batches).",
            ),
        }
    }
}
