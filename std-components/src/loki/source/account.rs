//! The account of a source that is no file: `seen = delivered + queued + dropped{reason}`, in entries.

use crate::component::ComponentMetrics;
use crate::component::metrics::{IntCounter, IntCounterVec, IntGauge};
use crate::signals::Outcome;
use river_eval::BodyValue;

/// The account. `PREFIX_ledger_…` are its metrics.
#[derive(Debug)]
pub(super) struct Account {
    seen: IntCounter,
    delivered: IntCounter,
    queued: IntGauge,
    dropped: IntCounterVec,
    /// Why something may be dropped, for the debug information.
    reasons: &'static [&'static str],
}

impl Account {
    /// An account with these reasons for dropping, which are there from the start.
    pub(super) fn new(metrics: &ComponentMetrics, prefix: &str, reasons: &'static [&'static str]) -> Self {
        let dropped = metrics.counters(
            &format!("{prefix}_ledger_dropped_lines_total"),
            "Number of lines that were not delivered, by why. Those returned are read or sent again and seen again.",
            &["reason"],
        );
        for reason in reasons {
            dropped.with_label_values(&[reason]);
        }
        Self {
            seen: metrics.counter(
                &format!("{prefix}_ledger_seen_lines_total"),
                "Number of lines seen: those delivered, queued and dropped.",
            ),
            delivered: metrics.counter(
                &format!("{prefix}_ledger_delivered_lines_total"),
                "Number of lines that every receiver has taken for good.",
            ),
            queued: metrics.gauge(
                &format!("{prefix}_ledger_queued_lines"),
                "Number of lines on their way.",
            ),
            dropped,
            reasons,
        }
    }

    /// Lines go on their way.
    pub(super) fn see(&self, lines: u64) {
        self.seen.inc_by(lines);
        self.queued.add(signed(lines));
    }

    /// Lines on their way have been taken for good, or come back, to be seen again.
    pub(super) fn end(&self, lines: u64, outcome: Outcome) {
        self.queued.sub(signed(lines));
        match outcome {
            Outcome::Delivered => self.delivered.inc_by(lines),
            Outcome::Failed => self.dropped.with_label_values(&["returned"]).inc_by(lines),
        }
    }

    /// Lines on their way are given up.
    pub(super) fn give_up(&self, lines: u64, reason: &str) {
        self.queued.sub(signed(lines));
        self.dropped.with_label_values(&[reason]).inc_by(lines);
    }

    /// Lines are dropped as they are seen.
    pub(super) fn drop(&self, lines: u64, reason: &str) {
        self.seen.inc_by(lines);
        self.dropped.with_label_values(&[reason]).inc_by(lines);
    }

    #[cfg(test)]
    pub(super) fn check(&self) -> String {
        let dropped = |reason: &&str| self.dropped.with_label_values(&[reason]).get();
        let all: u64 = self.reasons.iter().map(dropped).sum();
        let queued = u64::try_from(self.queued.get()).unwrap();
        assert_eq!(
            self.seen.get(),
            self.delivered.get() + queued + all,
            "seen = delivered + queued + dropped"
        );
        let mut told = format!("seen {} delivered {}", self.seen.get(), self.delivered.get());
        if queued > 0 {
            told.push_str(&format!(" queued {queued}"));
        }
        for reason in self.reasons.iter().filter(|reason| dropped(reason) > 0) {
            told.push_str(&format!(" {reason} {}", dropped(reason)));
        }
        told
    }

    /// Writes it into the debug information.
    pub(super) fn describe(&self, info: &mut BodyValue) {
        info.attribute("seen_lines", self.seen.get());
        info.attribute("delivered_lines", self.delivered.get());
        info.attribute("queued_lines", u64::try_from(self.queued.get()).unwrap_or(0));
        for reason in self.reasons {
            let lines = self.dropped.with_label_values(&[reason]).get();
            if lines > 0 {
                let mut dropped = BodyValue::default();
                dropped.attribute("reason", *reason).attribute("lines", lines);
                info.block("dropped", dropped);
            }
        }
    }
}

fn signed(lines: u64) -> i64 {
    i64::try_from(lines).unwrap_or(i64::MAX)
}
