//! The component's own metrics, by the reference's names.

use crate::component::ComponentMetrics;
use crate::component::metrics::{Histogram, HistogramVec, IntCounter, IntGauge, IntGaugeVec};

/// The metrics of one `prometheus.scrape`.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) targets: IntGauge,
    pub(crate) pool_targets: IntGaugeVec,
    pub(crate) pool_limit: IntGaugeVec,
    pub(crate) interval: HistogramVec,
    pub(crate) duration: Histogram,
    pub(crate) exceeded_samples: IntCounter,
    pub(crate) exceeded_body: IntCounter,
    pub(crate) exceeded_labels: IntCounter,
    pub(crate) exceeded_targets: IntCounter,
    pub(crate) duplicates: IntCounter,
    pub(crate) reloads: IntCounter,
    pub(crate) sync_failed: crate::component::metrics::IntCounterVec,
    pub(crate) syncs: crate::component::metrics::IntCounterVec,
    pub(crate) forwarded: IntCounter,
    pub(crate) skipped: IntCounter,
    pub(crate) latency: Histogram,
}

/// Bounds of `prometheus_fanout_latency`, seconds.
const LATENCY_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

impl Metrics {
    pub(crate) fn new(metrics: &ComponentMetrics) -> Self {
        let plain = |name: &str, help: &str, buckets: &[f64]| {
            metrics
                .histograms(name, help, &[], buckets)
                .with_label_values::<&str>(&[])
        };
        let counter = |name: &str, help: &str| metrics.counter(name, help);
        Self {
            targets: metrics.gauge(
                "prometheus_scrape_targets_gauge",
                "Number of targets this component is configured to scrape",
            ),
            pool_targets: metrics.gauges(
                "prometheus_target_scrape_pool_targets",
                "Current number of targets in this scrape pool.",
                &["scrape_job"],
            ),
            pool_limit: metrics.gauges(
                "prometheus_target_scrape_pool_target_limit",
                "Maximum number of targets allowed in this scrape pool.",
                &["scrape_job"],
            ),
            interval: metrics.histograms(
                "prometheus_target_interval_length_histogram_seconds",
                "Actual intervals between scrapes.",
                &["interval"],
                vec![0.01, 0.1, 1.0, 10.0, 60.0, 600.0],
            ),
            duration: plain(
                "prometheus_target_scrape_duration_seconds",
                "Total duration of the scrape from start to commit completion in seconds.",
                &[0.01, 0.1, 1.0, 10.0, 60.0],
            ),
            exceeded_samples: counter(
                "prometheus_target_scrapes_exceeded_sample_limit_total",
                "Total number of scrapes that hit the sample limit and were rejected.",
            ),
            exceeded_body: counter(
                "prometheus_target_scrapes_exceeded_body_size_limit_total",
                "Total number of scrapes that hit the body size limit",
            ),
            exceeded_labels: counter(
                "prometheus_target_scrape_pool_exceeded_label_limits_total",
                "Total number of times scrape pools hit the label limits, during sync or config reload.",
            ),
            exceeded_targets: counter(
                "prometheus_target_scrape_pool_exceeded_target_limit_total",
                "Total number of times scrape pools hit the target limit, during sync or config reload.",
            ),
            duplicates: counter(
                "prometheus_target_scrapes_sample_duplicate_timestamp_total",
                "Total number of samples rejected due to duplicate timestamps but different values.",
            ),
            reloads: counter(
                "prometheus_target_scrape_pool_reloads_total",
                "Total number of scrape pool reloads.",
            ),
            sync_failed: metrics.counters(
                "prometheus_target_sync_failed_total",
                "Total number of target sync failures.",
                &["scrape_job"],
            ),
            syncs: metrics.counters(
                "prometheus_target_scrape_pool_sync_total",
                "Total number of syncs that were executed on a scrape pool.",
                &["scrape_job"],
            ),
            forwarded: counter(
                "prometheus_forwarded_samples_total",
                "Total number of samples sent to downstream components.",
            ),
            skipped: counter(
                "prometheus_target_scrapes_skipped_total",
                "Total number of scrapes left out because the receivers took no samples for longer than the interval.",
            ),
            latency: plain(
                "prometheus_fanout_latency",
                "Write latency for sending to direct and indirect components",
                &LATENCY_BUCKETS,
            ),
        }
    }
}
