//! The component's metrics: the reference's, and counts of what could not be passed on as it is.

use crate::component::ComponentMetrics;
use crate::component::metrics::IntCounter;
use crate::loki::source::account::Account;
use std::sync::Arc;

/// Why a line is not sent: it is empty, which the reference does not send either.
pub(super) const EMPTY: &str = "empty";

/// Why a line is not sent: the rules drop its stream.
pub(super) const DROPPED: &str = "relabel_rules";

/// The metrics of a component.
#[derive(Debug)]
pub(super) struct Metrics {
    /// Lines sent.
    pub(super) entries: IntCounter,
    /// Texts that are no lines of a log.
    pub(super) parsing_errors: IntCounter,
    /// Lines in which bytes were replaced.
    pub(super) replaced: IntCounter,
    /// Pieces of lines that were too long.
    pub(super) cut: IntCounter,
    /// Streams that broke off or could not be opened.
    pub(super) broken_streams: IntCounter,
    /// Lines that cannot be sent again.
    pub(super) lost: IntCounter,
    pub(super) account: Arc<Account>,
}

impl Metrics {
    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        Self {
            entries: metrics.counter(
                "loki_source_docker_target_entries_total",
                "Total number of successful entries sent to the Docker target",
            ),
            parsing_errors: metrics.counter(
                "loki_source_docker_target_parsing_errors_total",
                "Total number of parsing errors while receiving Docker messages",
            ),
            replaced: metrics.counter(
                "loki_source_docker_replaced_lines_total",
                "Number of lines with bytes that are not valid UTF-8 and were replaced by U+FFFD.",
            ),
            cut: metrics.counter(
                "loki_source_docker_cut_lines_total",
                "Number of entries that are a piece of a line too long for one entry.",
            ),
            broken_streams: metrics.counter(
                "loki_source_docker_broken_streams_total",
                "Number of log streams that broke off or could not be opened; they are opened again.",
            ),
            lost: metrics
                .counters(
                    "loki_source_docker_lost_lines_total",
                    "Number of lines that a receiver did not take and that cannot be read again.",
                    &["reason"],
                )
                .with_label_values(&["container_gone"]),
            account: Arc::new(Account::new(
                metrics,
                "loki_source_docker",
                &["returned", EMPTY, DROPPED],
            )),
        }
    }
}
