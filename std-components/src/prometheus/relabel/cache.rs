//! The results of rules by series.
//!
//! An LRU that holds fewer series than there are is worse than none: a scrape goes through all series in turn and finds each just thrown out. This cache
//! takes what fits and keeps it; a series beyond that is worked out anew, so the cost of a sample grows no further than that. Entries that no sample has asked for
//! over a while go in a sweep, which makes room for others.

use crate::relabel::{Rules, Scratch};
use crate::signals::{Labels, MetricBatch, is_stale_nan};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an entry stays that nothing asks for: longer than scrape intervals are.
const IDLE: Duration = Duration::from_secs(600);

#[derive(Debug)]
struct Entry {
    result: Option<Labels>,
    used: Instant,
}

/// What a batch cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) deletes: u64,
}

/// The cache of one component.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: FxHashMap<Labels, Entry>,
    rules: Option<Arc<Rules>>,
    scratch: Scratch,
    swept: Option<Instant>,
}

impl Cache {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Changes the labels of a batch; what the rules drop is gone from it. Series that end are forgotten.
    pub(super) fn relabel(&mut self, batch: &mut MetricBatch, rules: &Arc<Rules>, limit: usize) -> Counts {
        let mut counts = Counts::default();
        let now = Instant::now();
        let is_same = self
            .rules
            .as_ref()
            .is_some_and(|before| Arc::ptr_eq(before, rules));
        if !is_same || self.entries.len() > limit {
            self.entries = FxHashMap::default();
            self.rules = Some(rules.clone());
        }
        self.sweep(now, &mut counts);
        batch.exemplars.retain_mut(|exemplar| {
            let changed = self.look_up(&exemplar.series, rules, limit, now, &mut counts);
            changed.is_some_and(|labels| {
                exemplar.series = labels;
                true
            })
        });
        batch.samples.retain_mut(|sample| {
            let changed = self.look_up(&sample.labels, rules, limit, now, &mut counts);
            if is_stale_nan(sample.value) && self.entries.remove(&sample.labels).is_some() {
                counts.deletes += 1;
            }
            changed.is_some_and(|labels| {
                sample.labels = labels;
                true
            })
        });
        counts
    }

    fn look_up(
        &mut self,
        labels: &Labels,
        rules: &Rules,
        limit: usize,
        now: Instant,
        counts: &mut Counts,
    ) -> Option<Labels> {
        if let Some(entry) = self.entries.get_mut(labels) {
            counts.hits += 1;
            entry.used = now;
            return entry.result.clone();
        }
        counts.misses += 1;
        let result = rules.labels(labels, &mut self.scratch);
        if self.entries.len() < limit {
            let entry = Entry {
                result: result.clone(),
                used: now,
            };
            self.entries.insert(labels.clone(), entry);
        }
        result
    }

    fn sweep(&mut self, now: Instant, counts: &mut Counts) {
        let since = *self.swept.get_or_insert(now);
        if now.duration_since(since) < IDLE {
            return;
        }
        self.swept = Some(now);
        let before = self.entries.len();
        self.entries
            .retain(|_, entry| now.duration_since(entry.used) < IDLE);
        counts.deletes += (before - self.entries.len()) as u64;
    }
}
