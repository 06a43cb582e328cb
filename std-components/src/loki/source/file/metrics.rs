//! The component's metrics: the reference's, and counts of lines that could not be passed on as they are.

use crate::component::ComponentMetrics;
use crate::component::metrics::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use crate::signals::Outcome;
use river_eval::BodyValue;
use std::collections::HashMap;
use std::sync::Arc;

/// The metrics of a component.
pub(super) struct Metrics {
    read_bytes: IntGaugeVec,
    file_bytes: IntGaugeVec,
    read_lines: IntCounterVec,
    active: IntGauge,
    /// Lines in which bytes were replaced.
    pub(super) replaced: IntCounter,
    /// Pieces of lines that were too long.
    pub(super) cut: IntCounter,
    /// Bytes that cannot be sent again.
    pub(super) lost: IntCounterVec,
    pub(super) account: Arc<Account>,
    /// How many tails use a path: its metrics go with the last.
    users: HashMap<String, usize>,
}

/// The account of a component: `seen = delivered + queued + dropped{reason}`, in lines.
#[derive(Debug)]
pub(super) struct Account {
    seen: IntCounter,
    delivered: IntCounter,
    queued: IntGauge,
    /// Not taken by a receiver: read and seen again.
    returned: IntCounter,
}

impl Account {
    fn new(metrics: &ComponentMetrics) -> Self {
        let dropped = metrics.counters(
            "loki_source_file_ledger_dropped_lines_total",
            "Number of lines that a receiver did not take. Those returned are read again.",
            &["reason"],
        );
        Self {
            seen: metrics.counter(
                "loki_source_file_ledger_seen_lines_total",
                "Number of lines sent: those delivered, queued and dropped.",
            ),
            delivered: metrics.counter(
                "loki_source_file_ledger_delivered_lines_total",
                "Number of lines that every receiver has taken for good.",
            ),
            queued: metrics.gauge(
                "loki_source_file_ledger_queued_lines",
                "Number of lines on their way.",
            ),
            returned: dropped.with_label_values(&["returned"]),
        }
    }

    /// Lines go on their way.
    pub(super) fn see(&self, lines: u64) {
        self.seen.inc_by(lines);
        self.queued.add(i64::try_from(lines).unwrap_or(i64::MAX));
    }

    /// Lines have been taken for good, or not.
    pub(super) fn end(&self, lines: u64, outcome: Outcome) {
        self.queued.sub(i64::try_from(lines).unwrap_or(i64::MAX));
        match outcome {
            Outcome::Delivered => self.delivered.inc_by(lines),
            Outcome::Failed => self.returned.inc_by(lines),
        }
    }

    #[cfg(test)]
    pub(super) fn check(&self, on_their_way: u64) {
        assert_eq!(self.queued.get(), i64::try_from(on_their_way).unwrap());
        let ended = self.delivered.get() + self.returned.get();
        assert_eq!(self.seen.get(), ended + on_their_way, "{self:?}");
    }

    /// Writes it into the debug information.
    pub(super) fn describe(&self, info: &mut BodyValue) {
        info.attribute("seen_lines", self.seen.get());
        info.attribute("delivered_lines", self.delivered.get());
        info.attribute("queued_lines", u64::try_from(self.queued.get()).unwrap_or(0));
        info.attribute("returned_lines", self.returned.get());
    }
}

/// The metrics of a path.
pub(super) struct FileMetrics {
    /// How far it has been taken for good.
    pub(super) read_bytes: IntGauge,
    /// How large it is.
    pub(super) file_bytes: IntGauge,
    /// Lines sent.
    pub(super) lines: IntCounter,
}

impl Metrics {
    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        Self {
            read_bytes: metrics.gauges(
                "loki_source_file_read_bytes_total",
                "Number of bytes read.",
                &["path"],
            ),
            file_bytes: metrics.gauges(
                "loki_source_file_file_bytes_total",
                "Number of bytes total.",
                &["path"],
            ),
            read_lines: metrics.counters(
                "loki_source_file_read_lines_total",
                "Number of lines read.",
                &["path"],
            ),
            active: metrics.gauge("loki_source_file_files_active_total", "Number of active files."),
            replaced: metrics.counter(
                "loki_source_file_replaced_lines_total",
                "Number of lines with bytes that are not valid in the encoding and were replaced by U+FFFD.",
            ),
            cut: metrics.counter(
                "loki_source_file_cut_lines_total",
                "Number of entries that are a piece of a line too long for one entry.",
            ),
            lost: metrics.counters(
                "loki_source_file_lost_bytes_total",
                "Number of bytes that a receiver did not take and that cannot be read again.",
                &["reason"],
            ),
            account: Arc::new(Account::new(metrics)),
            users: HashMap::new(),
        }
    }

    pub(super) fn start(&mut self, path: &str) -> FileMetrics {
        self.active.inc();
        *self.users.entry(path.into()).or_default() += 1;
        FileMetrics {
            read_bytes: self.read_bytes.with_label_values(&[path]),
            file_bytes: self.file_bytes.with_label_values(&[path]),
            lines: self.read_lines.with_label_values(&[path]),
        }
    }

    pub(super) fn stop(&mut self, path: &str) {
        self.active.dec();
        let left = self.users.get(path).map_or(0, |users| users.saturating_sub(1));
        if left > 0 {
            self.users.insert(path.into(), left);
            return;
        }
        self.users.remove(path);
        self.read_bytes.remove_label_values(&[path]);
        self.file_bytes.remove_label_values(&[path]);
        self.read_lines.remove_label_values(&[path]);
    }
}
