//! The metrics of `loki.write`, by host of the endpoint and tenant.

use super::ledger::LedgerMetrics;
use crate::component::ComponentMetrics;
use crate::component::metrics::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

/// Why entries are dropped: the reference's reasons, those of Loki's `loki_discarded_samples_total`, and our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Loki refused them for a reason that has no name here, or retries came to their end.
    IngesterError,
    /// Loki answered 429.
    RateLimited,
    /// More streams than `max_streams`.
    StreamLimited,
    /// A line is longer than Loki's `max_line_size`.
    LineTooLong,
    /// No room in the queue and `block_on_overflow = false`.
    QueueIsFull,
    /// More active streams than the tenant may have.
    StreamLimit,
    /// Older than the newest entry of the stream by more than Loki takes.
    TooFarBehind,
    /// Older than the newest entry of the stream, which this Loki does not take.
    OutOfOrder,
    /// Older than `reject_old_samples_max_age`.
    TooOld,
    /// Further in the future than `creation_grace_period`.
    TooNew,
    /// Too many labels.
    LabelNames,
    /// A label's name is too long.
    LabelName,
    /// A label's value is too long.
    LabelValue,
    /// A label is there twice.
    DuplicateLabels,
    /// Labels that Loki cannot read.
    InvalidLabels,
    /// No labels at all.
    MissingLabels,
    /// Structured metadata that is too large, too much or not allowed.
    StructuredMetadata,
    /// A single entry is too large for a request.
    TooLarge,
    /// Older than `max_segment_age` of the `wal` block.
    WalExpired,
    /// Damaged or taken away on disk.
    WalDamaged,
    /// In the ledger only: given back to the source, which sends again.
    Returned,
    /// In the ledger only: left on disk for the next start.
    Kept,
}

impl Reason {
    /// Those that are shown before they occur, as in the reference.
    const SHOWN: [Self; 5] = [
        Self::IngesterError,
        Self::RateLimited,
        Self::StreamLimited,
        Self::LineTooLong,
        Self::QueueIsFull,
    ];

    /// The value of the label `reason` of the reference's metrics: there everything that Loki refuses for good has one name. The ledger and the
    /// log tell more.
    fn reference(self) -> &'static str {
        match self {
            Self::RateLimited | Self::StreamLimit => "rate_limited",
            Self::StreamLimited
            | Self::LineTooLong
            | Self::QueueIsFull
            | Self::WalExpired
            | Self::WalDamaged
            | Self::Returned
            | Self::Kept => self.as_str(),
            _ => Self::IngesterError.as_str(),
        }
    }

    /// The reason in the ledger and in messages.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::IngesterError => "ingester_error",
            Self::RateLimited => "rate_limited",
            Self::StreamLimited => "stream_limited",
            Self::LineTooLong => "line_too_long",
            Self::QueueIsFull => "queue_is_full",
            Self::StreamLimit => "stream_limit",
            Self::TooFarBehind => "too_far_behind",
            Self::OutOfOrder => "out_of_order",
            Self::TooOld => "greater_than_max_sample_age",
            Self::TooNew => "too_far_in_future",
            Self::LabelNames => "max_label_names_per_series",
            Self::LabelName => "label_name_too_long",
            Self::LabelValue => "label_value_too_long",
            Self::DuplicateLabels => "duplicate_label_names",
            Self::InvalidLabels => "invalid_labels",
            Self::MissingLabels => "missing_labels",
            Self::StructuredMetadata => "structured_metadata",
            Self::TooLarge => "request_too_large",
            Self::WalExpired => "wal_expired",
            Self::WalDamaged => "wal_damaged",
            Self::Returned => "returned",
            Self::Kept => "kept",
        }
    }
}

/// The families.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    sent_bytes: IntCounterVec,
    sent_entries: IntCounterVec,
    dropped_bytes: IntCounterVec,
    dropped_entries: IntCounterVec,
    retries: IntCounterVec,
    request_size: HistogramVec,
    request_duration: HistogramVec,
    latency: HistogramVec,
    wal_bytes: IntGaugeVec,
    wal_failures: IntCounterVec,
    wal_damaged: IntCounterVec,
    pub(super) ledger: LedgerMetrics,
}

/// Go's `prometheus.DefBuckets`, in seconds.
const DURATIONS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Sizes of requests, in KiB.
const SIZES_KIB: [f64; 12] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0, 20480.0,
];
const LATENCIES: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

impl Metrics {
    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        let tenant = ["host", "tenant"];
        let reason = ["host", "tenant", "reason"];
        let sizes = SIZES_KIB.map(|kib| kib * 1024.0);
        Self {
            sent_bytes: metrics.counters("loki_write_sent_bytes_total", "Number of bytes sent.", &tenant),
            sent_entries: metrics.counters(
                "loki_write_sent_entries_total",
                "Number of log entries sent to the ingester.",
                &tenant,
            ),
            dropped_bytes: metrics.counters(
                "loki_write_dropped_bytes_total",
                "Number of bytes dropped because failed to be sent to the ingester after all retries.",
                &reason,
            ),
            dropped_entries: metrics.counters(
                "loki_write_dropped_entries_total",
                "Number of log entries dropped because failed to be sent to the ingester after all retries.",
                &reason,
            ),
            retries: metrics.counters(
                "loki_write_batch_retries_total",
                "Number of times batches has had to be retried.",
                &tenant,
            ),
            request_size: metrics.histograms(
                "loki_write_request_size_bytes",
                "Number of bytes for requests.",
                &tenant,
                sizes,
            ),
            request_duration: metrics.histograms(
                "loki_write_request_duration_seconds",
                "Duration of send requests.",
                &["status_code", "host", "tenant"],
                DURATIONS,
            ),
            latency: metrics.histograms(
                "loki_write_entry_propagation_latency_seconds",
                "Write latency for entries",
                &tenant,
                LATENCIES,
            ),
            wal_bytes: metrics.gauges(
                "loki_write_wal_bytes",
                "Number of bytes that an endpoint's write-ahead log takes on disk.",
                &["endpoint"],
            ),
            wal_failures: metrics.counters(
                "loki_write_wal_failures_total",
                "Number of times that an endpoint's write-ahead log could not be written or read; entries waited meanwhile.",
                &["endpoint"],
            ),
            wal_damaged: metrics.counters(
                "loki_write_wal_damaged_records_total",
                "Number of damaged places of an endpoint's write-ahead log that were skipped.",
                &["endpoint"],
            ),
            ledger: LedgerMetrics::new(metrics),
        }
    }

    /// Those of an endpoint's write-ahead log.
    pub(super) fn wal(&self, endpoint: &str) -> WalMetrics {
        let labels = [endpoint];
        WalMetrics {
            bytes: self.wal_bytes.with_label_values(&labels),
            failures: self.wal_failures.with_label_values(&labels),
            damaged: self.wal_damaged.with_label_values(&labels),
        }
    }

    /// Those of an endpoint's tenant; from now on they are shown, at 0.
    pub(super) fn of(&self, host: &str, tenant: &str) -> TenantMetrics {
        let labels = [host, tenant];
        for reason in Reason::SHOWN {
            for family in [&self.dropped_bytes, &self.dropped_entries] {
                let _ = family.with_label_values(&[host, tenant, reason.as_str()]);
            }
        }
        TenantMetrics {
            host: host.into(),
            tenant: tenant.into(),
            sent_bytes: self.sent_bytes.with_label_values(&labels),
            sent_entries: self.sent_entries.with_label_values(&labels),
            retries: self.retries.with_label_values(&labels),
            request_size: self.request_size.with_label_values(&labels),
            latency: self.latency.with_label_values(&labels),
            families: self.clone(),
        }
    }
}

/// The metrics of an endpoint's write-ahead log.
#[derive(Debug)]
pub(super) struct WalMetrics {
    pub(super) bytes: IntGauge,
    pub(super) failures: IntCounter,
    pub(super) damaged: IntCounter,
}

/// The metrics of an endpoint's tenant.
#[derive(Clone, Debug)]
pub(super) struct TenantMetrics {
    host: Box<str>,
    tenant: Box<str>,
    families: Metrics,
    pub(super) sent_bytes: IntCounter,
    pub(super) sent_entries: IntCounter,
    pub(super) retries: IntCounter,
    pub(super) request_size: Histogram,
    pub(super) latency: Histogram,
}

impl TenantMetrics {
    /// Counts what is dropped.
    pub(super) fn dropped(&self, reason: Reason, entries: u64, bytes: u64) {
        let labels = [&*self.host, &*self.tenant, reason.reference()];
        self.families
            .dropped_entries
            .with_label_values(&labels)
            .inc_by(entries);
        self.families
            .dropped_bytes
            .with_label_values(&labels)
            .inc_by(bytes);
    }

    /// How long a request took; without an answer the status is -1, as the reference has it.
    pub(super) fn duration(&self, status: Option<u16>, seconds: f64) {
        let status = status.map_or("-1".into(), |status| status.to_string());
        let labels = [status.as_str(), &*self.host, &*self.tenant];
        self.families
            .request_duration
            .with_label_values(&labels)
            .observe(seconds);
    }
}
