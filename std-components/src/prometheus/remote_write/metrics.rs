//! The metrics of `prometheus.remote_write`, by endpoint.

use crate::component::ComponentMetrics;
use crate::component::metrics::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use crate::signals::MetricBatch;

const PREFIX: &str = "prometheus_remote_storage_";

/// The families.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    counters: Vec<(&'static str, IntCounterVec)>,
    gauges: Vec<(&'static str, IntGaugeVec)>,
    dropped: IntCounterVec,
    dropped_exemplars: IntCounterVec,
    durations: HistogramVec,
    appended_samples: IntCounter,
    appended_exemplars: IntCounter,
    highest: IntGauge,
}

/// Go's `prometheus.DefBuckets` and what the reference adds, in seconds.
const DURATIONS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 120.0, 300.0,
];

const COUNTERS: [(&str, &str); 15] = [
    ("samples_total", "Total number of samples sent to remote storage."),
    (
        "exemplars_total",
        "Total number of exemplars sent to remote storage.",
    ),
    (
        "histograms_total",
        "Total number of histograms sent to remote storage.",
    ),
    (
        "metadata_total",
        "Total number of metadata entries sent to remote storage.",
    ),
    (
        "samples_failed_total",
        "Total number of samples which failed on send to remote storage, non-recoverable errors.",
    ),
    (
        "exemplars_failed_total",
        "Total number of exemplars which failed on send to remote storage, non-recoverable errors.",
    ),
    (
        "histograms_failed_total",
        "Total number of histograms which failed on send to remote storage, non-recoverable errors.",
    ),
    (
        "metadata_failed_total",
        "Total number of metadata entries which failed on send to remote storage, non-recoverable errors.",
    ),
    (
        "samples_retried_total",
        "Total number of samples which failed on send to remote storage but were retried because the send error was recoverable.",
    ),
    (
        "exemplars_retried_total",
        "Total number of exemplars which failed on send to remote storage but were retried because the send error was recoverable.",
    ),
    (
        "histograms_retried_total",
        "Total number of histograms which failed on send to remote storage but were retried because the send error was recoverable.",
    ),
    (
        "metadata_retried_total",
        "Total number of metadata entries which failed on send to remote storage but were retried because the send error was recoverable.",
    ),
    (
        "enqueue_retries_total",
        "Total number of times enqueue has failed because a shards queue was full.",
    ),
    (
        "bytes_total",
        "The total number of bytes of data (not metadata) sent by the queue after compression. Note that when exemplars over remote write is enabled the exemplars included in a remote write request count towards this metric.",
    ),
    (
        "metadata_bytes_total",
        "The total number of bytes of metadata sent by the queue after compression.",
    ),
];

const GAUGES: [(&str, &str); 10] = [
    (
        "samples_pending",
        "The number of samples pending in the queues shards to be sent to the remote storage.",
    ),
    (
        "exemplars_pending",
        "The number of exemplars pending in the queues shards to be sent to the remote storage.",
    ),
    (
        "histograms_pending",
        "The number of histograms pending in the queues shards to be sent to the remote storage.",
    ),
    (
        "shard_capacity",
        "The capacity of each shard of the queue used for parallel sending to the remote storage.",
    ),
    (
        "shards",
        "The number of shards used for parallel sending to the remote storage.",
    ),
    (
        "shards_max",
        "The maximum number of shards that the queue is allowed to run.",
    ),
    (
        "shards_min",
        "The minimum number of shards that the queue is allowed to run.",
    ),
    (
        "max_samples_per_send",
        "The maximum number of samples to be sent, in a single request, to the remote storage. Note that, when sending of exemplars over remote write is enabled, exemplars count towards this limit.",
    ),
    (
        "queue_highest_timestamp_seconds",
        "Highest timestamp that was enqueued, in seconds since epoch. Initialized to 0 when no data has been received yet.",
    ),
    (
        "queue_highest_sent_timestamp_seconds",
        "Highest timestamp successfully sent by this queue, in seconds since epoch. Initialized to 0 when no data has been sent yet.",
    ),
];

const LABELS: [&str; 2] = ["remote_name", "url"];

impl Metrics {
    /// Counts a batch that has come.
    pub(super) fn appended(&self, batch: &MetricBatch) {
        self.appended_samples.inc_by(batch.samples.len() as u64);
        self.appended_exemplars.inc_by(batch.exemplars.len() as u64);
        let highest = batch.samples.iter().map(|sample| sample.timestamp / 1000).max();
        self.highest.set(self.highest.get().max(highest.unwrap_or(0)));
    }

    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        let reasons = ["remote_name", "url", "reason"];
        Self {
            counters: COUNTERS
                .map(|(name, help)| (name, metrics.counters(&format!("{PREFIX}{name}"), help, &LABELS)))
                .into(),
            gauges: GAUGES
                .map(|(name, help)| (name, metrics.gauges(&format!("{PREFIX}{name}"), help, &LABELS)))
                .into(),
            dropped: metrics.counters(
                "prometheus_remote_storage_samples_dropped_total",
                "Total number of samples which were dropped before being sent via remote write, either via relabelling, due to being too old or unintentionally because of an unknown reference ID.",
                &reasons,
            ),
            dropped_exemplars: metrics.counters(
                "prometheus_remote_storage_exemplars_dropped_total",
                "Total number of exemplars which were dropped before being sent via remote write, either via relabelling, due to being too old or unintentionally because of an unknown reference ID.",
                &reasons,
            ),
            durations: metrics.histograms(
                "prometheus_remote_storage_sent_batch_duration_seconds",
                "Duration of send calls to the remote storage.",
                &LABELS,
                DURATIONS,
            ),
            appended_samples: metrics.counter(
                "prometheus_remote_write_wal_samples_appended_total",
                "Total number of samples appended to the WAL",
            ),
            appended_exemplars: metrics.counter(
                "prometheus_remote_write_wal_exemplars_appended_total",
                "Total number of exemplars appended to the WAL",
            ),
            highest: metrics.gauge(
                "prometheus_remote_storage_highest_timestamp_in_seconds",
                "Highest timestamp that has come into the remote storage via the Appender interface, in seconds since epoch. Initialized to 0 when no data has been received yet.",
            ),
        }
    }

    /// Those of an endpoint.
    pub(super) fn of(&self, name: &str, url: &str) -> EndpointMetrics {
        let labels = [name, url];
        let counter = |wanted: &str| match self.counters.iter().find(|(name, _)| *name == wanted) {
            Some((_, family)) => family.with_label_values(&labels),
            None => self.appended_samples.clone(),
        };
        let gauge = |wanted: &str| match self.gauges.iter().find(|(name, _)| *name == wanted) {
            Some((_, family)) => family.with_label_values(&labels),
            None => self.highest.clone(),
        };
        // There are no native histograms yet; the families are shown at 0, as dashboards expect them.
        for name in [
            "histograms_total",
            "histograms_failed_total",
            "histograms_retried_total",
        ] {
            counter(name);
        }
        gauge("histograms_pending");
        EndpointMetrics {
            samples: Kind {
                sent: counter("samples_total"),
                failed: counter("samples_failed_total"),
                retried: counter("samples_retried_total"),
            },
            exemplars: Kind {
                sent: counter("exemplars_total"),
                failed: counter("exemplars_failed_total"),
                retried: counter("exemplars_retried_total"),
            },
            metadata: Kind {
                sent: counter("metadata_total"),
                failed: counter("metadata_failed_total"),
                retried: counter("metadata_retried_total"),
            },
            enqueue_retries: counter("enqueue_retries_total"),
            bytes: counter("bytes_total"),
            metadata_bytes: counter("metadata_bytes_total"),
            samples_pending: gauge("samples_pending"),
            exemplars_pending: gauge("exemplars_pending"),
            shard_capacity: gauge("shard_capacity"),
            shards: gauge("shards"),
            shards_max: gauge("shards_max"),
            shards_min: gauge("shards_min"),
            most_per_send: gauge("max_samples_per_send"),
            highest: gauge("queue_highest_timestamp_seconds"),
            highest_sent: gauge("queue_highest_sent_timestamp_seconds"),
            too_old: self.dropped.with_label_values(&[name, url, "too_old"]),
            relabelled: self.dropped.with_label_values(&[name, url, "dropped_series"]),
            exemplars_relabelled: self
                .dropped_exemplars
                .with_label_values(&[name, url, "dropped_series"]),
            duration: self.durations.with_label_values(&labels),
        }
    }
}

/// What is counted for samples, exemplars and metadata alike.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) sent: IntCounter,
    pub(super) failed: IntCounter,
    pub(super) retried: IntCounter,
}

/// The metrics of an endpoint.
#[derive(Clone, Debug)]
pub(super) struct EndpointMetrics {
    pub(super) samples: Kind,
    pub(super) exemplars: Kind,
    pub(super) metadata: Kind,
    pub(super) enqueue_retries: IntCounter,
    pub(super) bytes: IntCounter,
    pub(super) metadata_bytes: IntCounter,
    pub(super) samples_pending: IntGauge,
    pub(super) exemplars_pending: IntGauge,
    pub(super) shard_capacity: IntGauge,
    pub(super) shards: IntGauge,
    pub(super) shards_max: IntGauge,
    pub(super) shards_min: IntGauge,
    pub(super) most_per_send: IntGauge,
    pub(super) highest: IntGauge,
    pub(super) highest_sent: IntGauge,
    pub(super) too_old: IntCounter,
    pub(super) relabelled: IntCounter,
    pub(super) exemplars_relabelled: IntCounter,
    pub(super) duration: Histogram,
}
