//! Stages that let only some entries through: by rate, or by chance.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Tokens that come back at a rate, as many as a burst at the most.
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, rate: f64, burst: f64, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * rate).min(burst);
        self.at = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

/// Values of a label that are told apart at the least, as in the reference.
const MIN_DISTINCT_LABELS: usize = 10_000;

/// `stage.limit` with `drop = true`.
pub(super) struct Limit {
    rate: f64,
    burst: f64,
    label: Option<String>,
    max_labels: usize,
    all: Bucket,
    by_label: HashMap<String, Bucket>,
}

impl Limit {
    pub(super) fn new(arguments: &arguments::Limit) -> Self {
        let burst = arguments.burst as f64;
        Self {
            rate: arguments.rate,
            burst,
            label: (!arguments.by_label_name.is_empty()).then(|| arguments.by_label_name.clone()),
            max_labels: usize::try_from(arguments.max_distinct_labels)
                .unwrap_or(0)
                .max(MIN_DISTINCT_LABELS),
            all: Bucket {
                tokens: burst,
                at: Instant::now(),
            },
            by_label: HashMap::new(),
        }
    }
}

impl Stage for Limit {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let now = Instant::now();
        let bucket = match &self.label {
            None => &mut self.all,
            Some(label) => {
                let Some(value) = record.label(label) else {
                    return Flow::Next;
                };
                if !self.by_label.contains_key(value) {
                    if self.by_label.len() >= self.max_labels {
                        self.by_label.clear();
                    }
                    self.by_label.insert(
                        value.to_owned(),
                        Bucket {
                            tokens: self.burst,
                            at: now,
                        },
                    );
                }
                match self.by_label.get_mut(value) {
                    Some(bucket) => bucket,
                    None => return Flow::Next,
                }
            }
        };
        if bucket.take(self.rate, self.burst, now) {
            Flow::Next
        } else {
            Flow::Drop("ratelimit_drop_stage")
        }
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
