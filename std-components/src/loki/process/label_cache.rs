//! From a label set and changes to the changed set: most entries change few sets in few ways, so results are kept for as long as they are used.

use super::record::Record;
use crate::loki::recent::{self, Recent};
use crate::signals::Labels;
use river_eval::Str;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Results that are kept at the most.
const MAX_RESULTS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct LabelCache {
    results: Recent<u64, Kept>,
}

#[derive(Debug)]
struct Kept {
    base: Labels,
    /// Copies: slices of lines would keep whole read buffers alive.
    edits: Box<[(Str, Option<Box<str>>)]>,
    result: Labels,
}

impl Kept {
    fn is_for(&self, record: &Record) -> bool {
        let mut kept = self.edits.iter();
        let is_same = |(name, value): (&Str, Option<&str>)| {
            kept.next()
                .is_some_and(|(edited, old)| edited == name && old.as_deref() == value)
        };
        self.base == *record.base() && record.edits().all(is_same) && kept.next().is_none()
    }
}

impl LabelCache {
    /// Forgets what was not used for a while. Once a batch, and now and then where none comes.
    pub(super) fn tend(&mut self) {
        self.results.tend(recent::now());
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// The labels of a record.
    pub(super) fn finish(&mut self, record: &Record) -> Labels {
        if record.is_unedited() {
            return record.base().clone();
        }
        let mut hasher = FxHasher::default();
        hasher.write_u64(record.base().hash());
        for (name, value) in record.edits() {
            // The name's address: stages share one allocation for each name.
            (name.as_ptr() as usize).hash(&mut hasher);
            value.hash(&mut hasher);
        }
        let key = hasher.finish();
        if let Some(kept) = self.results.get(&key).filter(|kept| kept.is_for(record)) {
            return kept.result.clone();
        }
        let mut builder = record.base().builder();
        for (name, value) in record.edits() {
            builder.set(name, value.unwrap_or(""));
        }
        let result = builder.build();
        let edits = record
            .edits()
            .map(|(name, value)| (name.clone(), value.map(Into::into)))
            .collect();
        self.results.insert(
            key,
            Kept {
                base: record.base().clone(),
                edits,
                result: result.clone(),
            },
            MAX_RESULTS,
        );
        result
    }
}
