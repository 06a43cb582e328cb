//! What all tails of a component share: where lines go, how much may be on its way, the positions, the counts.

use super::pods::Pods;
use super::target::Wanted;
use crate::component::metrics::{IntCounter, IntCounterVec, IntGauge};
use crate::component::{BuildError, ComponentMetrics, HealthCell};
use crate::http_client::Seldom;
use crate::loki::source::account::Account;
use crate::loki::source::file::positions::Key;
use crate::loki::source::marks::{Budget, Kept, Mark};
use crate::signals::{Fanout, LogBatch};
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::Semaphore;

/// Bytes of a component's lines that may be on their way unacknowledged; when there are more, its streams are not read.
const MAX_IN_FLIGHT_BYTES: usize = 8 * 1024 * 1024;

/// Streams that are being opened at the same time, at the most: a restart of the agent is none of the API server's troubles.
const MAX_OPENING: usize = 16;

/// What the tails of a component share.
pub(in crate::loki::source) struct Desk {
    /// The component's id, for messages.
    pub(super) component: Arc<str>,
    pub(super) health: HealthCell,
    pub(super) forward_to: Mutex<Arc<Fanout<LogBatch>>>,
    pub(super) pods: Mutex<Arc<Pods>>,
    pub(super) budget: Budget,
    pub(super) opening: Semaphore,
    /// Whether a container without a position is read from its log's end.
    pub(super) from_end: AtomicBool,
    pub(super) kept: Arc<Kept>,
    pub(super) metrics: Metrics,
    /// Failures of tails; there may be thousands at once.
    pub(super) failures: Seldom,
    /// The tails, for the debug information.
    pub(super) infos: Mutex<Vec<Arc<Info>>>,
}

/// Counts of a component.
pub(super) struct Metrics {
    pub(super) account: Arc<Account>,
    pub(super) active: IntGauge,
    pub(super) opened: IntCounter,
    pub(super) errors: IntCounter,
    pub(super) replaced: IntCounter,
    pub(super) cut: IntCounter,
    pub(super) lost: IntCounterVec,
}

impl Metrics {
    fn new(metrics: &ComponentMetrics, of: &str) -> Self {
        Self {
            account: Arc::new(Account::new(metrics, of, &["returned"])),
            active: metrics.gauge(
                &format!("{of}_targets_active_total"),
                "Number of containers being tailed.",
            ),
            opened: metrics.counter(
                &format!("{of}_streams_opened_total"),
                "Number of log streams opened.",
            ),
            errors: metrics.counter(
                &format!("{of}_stream_errors_total"),
                "Number of log streams that could not be opened or broke off.",
            ),
            replaced: metrics.counter(
                &format!("{of}_replaced_lines_total"),
                "Number of lines with bytes that are not UTF-8 and were replaced by U+FFFD.",
            ),
            cut: metrics.counter(
                &format!("{of}_cut_lines_total"),
                "Number of entries that are a piece of a line too long for one entry.",
            ),
            lost: metrics.counters(
                &format!("{of}_lost_lines_total"),
                "Number of lines that a receiver did not take and that cannot be read again.",
                &["reason"],
            ),
        }
    }
}

/// How a tail fares.
pub(in crate::loki::source) struct Info {
    pub(in crate::loki::source) wanted: Mutex<Arc<Wanted>>,
    pub(in crate::loki::source) last_error: Mutex<Option<String>>,
    /// Of the last line or error, in nanoseconds since 1970; 0 before the first.
    pub(super) updated: AtomicI64,
    /// The time of the last line that was taken for good; 0 before the first.
    pub(super) committed: AtomicI64,
    /// Whether the container has ended and all of its log is read.
    pub(super) is_finished: AtomicBool,
    /// Whether the API server has said that there is no such pod any more.
    pub(super) is_gone: AtomicBool,
}

impl Info {
    pub(super) fn new(wanted: Arc<Wanted>) -> Self {
        Self {
            wanted: Mutex::new(wanted),
            last_error: Mutex::default(),
            updated: AtomicI64::new(0),
            committed: AtomicI64::new(0),
            is_finished: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
        }
    }
}

impl Desk {
    /// `of` is what the metrics' names begin with: `loki_source_kubernetes`.
    ///
    /// # Errors
    /// A positions file that exists and cannot be read.
    pub(in crate::loki::source) fn new(
        component: Arc<str>,
        health: HealthCell,
        folder: &Path,
        metrics: (&ComponentMetrics, &str),
        pods: Pods,
    ) -> Result<Self, BuildError> {
        let without = "logs are read from their beginning";
        Ok(Self {
            kept: Arc::new(Kept::load(component.clone(), folder, "lines", without)?),
            component,
            health,
            forward_to: Mutex::default(),
            pods: Mutex::new(Arc::new(pods)),
            budget: Budget::new(MAX_IN_FLIGHT_BYTES),
            opening: Semaphore::new(MAX_OPENING),
            from_end: AtomicBool::new(false),
            metrics: Metrics::new(metrics.0, metrics.1),
            failures: Seldom::default(),
            infos: Mutex::default(),
        })
    }

    /// Where lines go from now on.
    pub(in crate::loki::source) fn forward_to(&self, to: Fanout<LogBatch>) {
        *self.forward_to.lock() = Arc::new(to);
    }

    /// Whom to ask from now on; open streams are opened there anew.
    pub(in crate::loki::source) fn ask(&self, pods: Pods) {
        let before = std::mem::replace(&mut *self.pods.lock(), Arc::new(pods));
        before.is_stale.cancel();
    }

    /// Whether containers without a position are read from the log's end.
    pub(in crate::loki::source) fn tail_from_end(&self, from_end: bool) {
        self.from_end.store(from_end, Ordering::Relaxed);
    }

    /// The stored place in a container's log.
    pub(super) fn stored(&self, key: &Key) -> Option<Mark> {
        let positions = self.kept.positions.lock();
        let mut found = positions.cursors(&key.path);
        found.find_map(|(labels, number, detail)| {
            (labels == key.labels).then(|| Mark::from_stored(number, detail))?
        })
    }

    /// Everything until a mark has been taken.
    pub(super) fn store(&self, info: &Info, mark: &Mark) {
        info.committed.store(mark.time.max(0), Ordering::Relaxed);
        let (number, detail) = mark.to_stored();
        // Held on, so that labels that change meanwhile find the position under the former ones.
        let wanted = info.wanted.lock();
        let mut positions = self.kept.positions.lock();
        positions.set_cursor(&wanted.key(), number, detail);
        drop(positions);
        self.kept.have_moved();
    }

    /// A container whose labels have changed while nobody looked goes on from the position under its former ones: the earliest, if there are several. Not from
    /// those of `others`, which are tailed too.
    pub(super) fn adopt(&self, key: &Key, others: &[String]) {
        let mut positions = self.kept.positions.lock();
        let mut found: Vec<_> = (positions.cursors(&key.path))
            .map(|(labels, number, detail)| (labels.to_owned(), number.to_owned(), detail.to_owned()))
            .collect();
        if found.iter().any(|(labels, ..)| *labels == key.labels) {
            return;
        }
        found.retain(|(labels, ..)| !others.contains(labels));
        let time = |number: &str, detail: &str| Mark::from_stored(number, detail).map(|mark| mark.time);
        let first = found
            .into_iter()
            .min_by_key(|(_, number, detail)| time(number, detail));
        if let Some((labels, number, detail)) = first
            && let Ok(number) = number.parse()
        {
            positions.set_cursor(key, number, detail);
            let path = key.path.clone();
            positions.remove(&Key { path, labels });
        }
    }

    /// Something beside the tails fails.
    pub(in crate::loki::source) fn trouble(&self, text: &str) {
        self.health.unhealthy(text);
        if let Some(more) = self.failures.now() {
            tracing::error!(
                component_id = &*self.component,
                err = text,
                more_of_them = more,
                "failed to watch"
            );
        }
    }

    /// Says how many tails fail.
    pub(super) fn tell_health(&self) {
        let infos = self.infos.lock();
        let mut failed = infos.iter().filter_map(|info| info.last_error.lock().clone());
        match failed.next() {
            None => self
                .health
                .healthy(format!("{} containers are tailed", infos.len())),
            Some(first) => self.health.unhealthy(format!(
                "{} of {} containers fail: {first}",
                failed.count() + 1,
                infos.len()
            )),
        }
    }
}
