//! The component's metrics: the reference's, and counts of lines that could not be passed on as they are.

use crate::component::ComponentMetrics;
use crate::component::metrics::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use std::collections::HashMap;

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
    /// How many tails use a path: its metrics go with the last.
    users: HashMap<String, usize>,
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
