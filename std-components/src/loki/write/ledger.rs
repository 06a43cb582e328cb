//! An endpoint's account: `seen = delivered + queued + dropped{reason}`, for every entry and at every moment.
//!
//! An [`Owed`] goes along with entries from the moment they come; what it still owes when it is let go of has been handed back to its source.

use super::metrics::Reason;
use crate::component::ComponentMetrics;
use crate::component::metrics::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use river_eval::BodyValue;
use std::sync::Arc;

/// The families.
#[derive(Clone, Debug)]
pub(super) struct LedgerMetrics {
    seen: IntCounterVec,
    delivered: IntCounterVec,
    queued: IntGaugeVec,
    dropped: IntCounterVec,
}

impl LedgerMetrics {
    pub(super) fn new(metrics: &ComponentMetrics) -> Self {
        let endpoint = ["endpoint"];
        Self {
            seen: metrics.counters(
                "loki_write_ledger_seen_entries_total",
                "Number of log entries that came for an endpoint: those delivered, queued and dropped.",
                &endpoint,
            ),
            delivered: metrics.counters(
                "loki_write_ledger_delivered_entries_total",
                "Number of log entries that an endpoint has taken.",
                &endpoint,
            ),
            queued: metrics.gauges(
                "loki_write_ledger_queued_entries",
                "Number of log entries that wait for an endpoint, in memory or on disk.",
                &endpoint,
            ),
            dropped: metrics.counters(
                "loki_write_ledger_dropped_entries_total",
                "Number of log entries that left an endpoint undelivered. Those returned are sent again by their source, those kept are read from disk at the next start.",
                &["endpoint", "reason"],
            ),
        }
    }
}

/// An endpoint's account.
#[derive(Debug)]
pub(super) struct Ledger {
    endpoint: Box<str>,
    seen: IntCounter,
    delivered: IntCounter,
    queued: IntGauge,
    families: LedgerMetrics,
}

impl Ledger {
    pub(super) fn new(families: &LedgerMetrics, endpoint: &str) -> Self {
        let labels = [endpoint];
        Self {
            endpoint: endpoint.into(),
            seen: families.seen.with_label_values(&labels),
            delivered: families.delivered.with_label_values(&labels),
            queued: families.queued.with_label_values(&labels),
            families: families.clone(),
        }
    }

    /// Entries have come.
    pub(super) fn see(self: &Arc<Self>, entries: u64) -> Owed {
        self.seen.inc_by(entries);
        self.queued.add(signed(entries));
        self.resume(entries)
    }

    /// Entries that were seen already are at hand again.
    fn resume(self: &Arc<Self>, entries: u64) -> Owed {
        Owed {
            ledger: self.clone(),
            entries,
            is_on_disk: false,
        }
    }

    /// Entries that are on disk, at hand to be sent.
    pub(super) fn resume_from_disk(self: &Arc<Self>, entries: u64) -> Owed {
        let mut owed = self.resume(entries);
        owed.is_on_disk = true;
        owed
    }

    /// Queued entries go without being delivered.
    pub(super) fn drop_queued(&self, reason: Reason, entries: u64) {
        if entries > 0 {
            self.queued.sub(signed(entries));
            self.families
                .dropped
                .with_label_values(&[&*self.endpoint, reason.as_str()])
                .inc_by(entries);
        }
    }

    /// Writes the account into the debug information.
    pub(super) fn describe(&self, info: &mut BodyValue) {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
        info.attribute("seen_entries", self.seen.get());
        info.attribute("delivered_entries", self.delivered.get());
        info.attribute("queued_entries", unsigned(self.queued.get()));
        let dropped = self
            .seen
            .get()
            .saturating_sub(self.delivered.get() + unsigned(self.queued.get()));
        info.attribute("dropped_entries", dropped);
    }
}

fn signed(entries: u64) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX)
}

/// Entries that have to be accounted for.
#[derive(Debug)]
pub(super) struct Owed {
    ledger: Arc<Ledger>,
    entries: u64,
    /// Whether they stay on disk if they are not delivered now.
    is_on_disk: bool,
}

impl Owed {
    /// How many.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// None yet, of the same account.
    pub(super) fn empty(&self) -> Self {
        self.ledger.resume(0)
    }

    /// Takes over entries of another.
    pub(super) fn take(&mut self, from: &mut Self, entries: u64) {
        let entries = entries.min(from.entries);
        from.entries -= entries;
        self.entries += entries;
    }

    /// The endpoint has taken so many.
    pub(super) fn delivered(&mut self, entries: u64) {
        let entries = entries.min(self.entries);
        self.entries -= entries;
        self.ledger.delivered.inc_by(entries);
        self.ledger.queued.sub(signed(entries));
    }

    /// So many are dropped.
    pub(super) fn dropped(&mut self, reason: Reason, entries: u64) {
        let entries = entries.min(self.entries);
        self.entries -= entries;
        self.ledger.drop_queued(reason, entries);
    }

    /// They last on disk: queued, and at nobody's hand for now.
    pub(super) fn stored(mut self) {
        self.entries = 0;
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if !self.is_on_disk {
            let entries = self.entries;
            self.dropped(Reason::Returned, entries);
        }
    }
}
