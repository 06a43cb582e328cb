//! Stages that let only some entries through: by rate, or by chance.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage, StageMetrics};
use super::super::record::Record;
use crate::component::metrics::IntCounterVec;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tokens that come back at a rate, as many as a burst at the most.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Below 0 where entries that went on have taken them in advance.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(burst: f64, now: Instant) -> Self {
        Self {
            tokens: burst,
            at: now,
        }
    }

    fn refill(&mut self, rate: f64, burst: f64, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * rate).min(burst);
        self.at = now;
    }

    fn take(&mut self, rate: f64, burst: f64, now: Instant) -> bool {
        self.refill(rate, burst, now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

/// Values of a label that are told apart at the least, as in the reference.
const MIN_DISTINCT_LABELS: usize = 10_000;

/// How long before its time an entry may go on: a wait for each single one would make batches of one entry at high rates.
const AHEAD: Duration = Duration::from_millis(50);

/// `stage.limit`.
pub(super) struct Limit {
    rate: f64,
    burst: f64,
    kind: Kind,
}

enum Kind {
    /// What is above the rate waits.
    Waits(Bucket),
    /// It is dropped.
    Drops(Bucket),
    /// It is dropped, by the value of a label.
    DropsByLabel(ByLabel),
}

/// Buckets by the value of a label. When there are too many, those that were not needed since the last time are forgotten.
struct ByLabel {
    name: String,
    most: usize,
    young: HashMap<String, Bucket>,
    old: HashMap<String, Bucket>,
    dropped: IntCounterVec,
}

impl ByLabel {
    fn take(&mut self, value: &str, rate: f64, burst: f64, now: Instant) -> bool {
        if let Some(bucket) = self.young.get_mut(value) {
            return bucket.take(rate, burst, now);
        }
        let known = self.old.get(value).copied();
        let mut bucket = known.unwrap_or_else(|| Bucket::full(burst, now));
        let is_taken = bucket.take(rate, burst, now);
        self.young.insert(value.to_owned(), bucket);
        if self.young.len() >= self.most {
            for value in self.old.keys().chain(self.young.keys()) {
                self.dropped
                    .remove_label_values(&[self.name.as_str(), value.as_str()]);
            }
            self.old = std::mem::take(&mut self.young);
        }
        is_taken
    }
}

impl Limit {
    pub(super) fn new(arguments: &arguments::Limit, metrics: &StageMetrics) -> Self {
        let burst = arguments.burst as f64;
        let bucket = Bucket::full(burst, Instant::now());
        Self {
            rate: arguments.rate,
            burst,
            kind: match (arguments.drop, arguments.by_label_name.as_str()) {
                (false, _) => Kind::Waits(bucket),
                (true, "") => Kind::Drops(bucket),
                (true, name) => Kind::DropsByLabel(ByLabel {
                    name: name.to_owned(),
                    most: usize::try_from(arguments.max_distinct_labels)
                        .unwrap_or(0)
                        .max(MIN_DISTINCT_LABELS),
                    young: HashMap::new(),
                    old: HashMap::new(),
                    dropped: metrics.dropped_by_label.clone(),
                }),
            },
        }
    }
}

impl Stage for Limit {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let now = Instant::now();
        let (rate, burst) = (self.rate, self.burst);
        let is_taken = match &mut self.kind {
            Kind::Waits(bucket) => {
                bucket.refill(rate, burst, now);
                bucket.tokens -= 1.0;
                true
            }
            Kind::Drops(bucket) => bucket.take(rate, burst, now),
            Kind::DropsByLabel(by_label) => {
                // As in the reference what has no such label is not limited.
                let Some(value) = record.label(&by_label.name) else {
                    return Flow::Next;
                };
                let is_taken = by_label.take(value, rate, burst, now);
                if !is_taken {
                    by_label
                        .dropped
                        .with_label_values(&[by_label.name.as_str(), value])
                        .inc();
                }
                is_taken
            }
        };
        if is_taken {
            Flow::Next
        } else {
            Flow::Drop("ratelimit_drop_stage")
        }
    }

    fn may_wait(&self) -> bool {
        matches!(self.kind, Kind::Waits(_))
    }

    fn waits_until(&self) -> Option<Instant> {
        let Kind::Waits(bucket) = &self.kind else {
            return None;
        };
        let wait = Duration::try_from_secs_f64(-bucket.tokens / self.rate).ok()?;
        let until = bucket.at.checked_add(wait)?;
        (until > Instant::now() + AHEAD).then_some(until)
    }
}

/// `stage.sampling`.
pub(super) struct Sampling {
    reason: Arc<str>,
    /// Entries whose number is below are kept; of 2^64.
    bound: u64,
    keep_all: bool,
    state: u64,
}

impl Sampling {
    pub(super) fn new(arguments: &arguments::Sampling) -> Self {
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |now| now.as_nanos() as u64);
        Self {
            reason: arguments.drop_counter_reason.as_str().into(),
            bound: (arguments.rate * u64::MAX as f64) as u64,
            keep_all: arguments.rate >= 1.0,
            state: seed | 1,
        }
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): sampling wants evenness, not secrecy.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Stage for Sampling {
    fn process(&mut self, _: &mut Record, _: &mut Outlet<'_>) -> Flow {
        if self.keep_all || self.next() < self.bound {
            Flow::Next
        } else {
            Flow::DropFor(self.reason.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{ComponentMetrics, MetricsHub};

    #[test]
    fn buckets_by_label_are_bounded_and_those_in_use_last() {
        let hub = MetricsHub::default();
        let metrics = StageMetrics::new(&ComponentMetrics::new(&hub, "x", "/"));
        let mut buckets = ByLabel {
            name: "a".into(),
            most: 3,
            young: HashMap::new(),
            old: HashMap::new(),
            dropped: metrics.dropped_by_label,
        };
        let now = Instant::now();
        assert!(buckets.take("used", 0.001, 1.0, now));
        for value in 0..20 {
            assert!(buckets.take(&value.to_string(), 0.001, 1.0, now));
            assert!(!buckets.take("used", 0.001, 1.0, now), "forgotten after {value}");
            assert!(buckets.young.len() + buckets.old.len() <= 6);
        }
    }
}
