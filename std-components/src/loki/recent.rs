//! Results that are kept for as long as they are used: the files and pods that log streams are of come and go.
//!
//! Two generations. What is used moves to the young one; at a turn the young one becomes the old one, and the old one is forgotten. A turn comes with time, or
//! when the young one is half of what may be kept, so that the memory follows what is in use and is bounded all the same.

use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// After so long without use a result may be forgotten, and after twice as long it is.
const UNUSED: Duration = Duration::from_secs(5);

/// The results.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: FxHashMap<K, V>,
    old: FxHashMap<K, V>,
    turned: Instant,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
            turned: Instant::now(),
        }
    }
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// A result, which is in use with that.
    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.young.insert(key, value);
        }
        self.young.get(key)
    }

    /// Keeps a result, and so many at the most; with 0 none is kept.
    pub(super) fn insert(&mut self, key: K, value: V, most: usize) {
        if self.young.len() >= most.div_ceil(2) {
            self.turn();
        }
        if most > 0 {
            self.old.remove(&key);
            self.young.insert(key, value);
        }
        if self.len() > most {
            self.old = FxHashMap::default();
        }
    }

    /// Forgets what was not used for a while. To be called now and then, such as once a batch.
    pub(super) fn tend(&mut self, now: Instant) {
        if now.saturating_duration_since(self.turned) >= UNUSED {
            self.turned = now;
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut results = Recent::default();
        let start = Instant::now();
        results.insert(0, "used", 10);
        for turn in 1..=3 {
            results.insert(turn, "once", 10);
            assert_eq!(results.get(&0), Some(&"used"));
            results.tend(start + UNUSED * turn);
        }
        // The one in use, and the one of the last turn.
        assert_eq!((results.len(), results.get(&1)), (2, None));
    }

    #[test]
    fn there_are_never_more_than_may_be() {
        for most in [0, 1, 2, 7, 100] {
            let mut results = Recent::default();
            for key in 0..1000 {
                results.get(&(key % 5));
                results.insert(key, (), most);
                assert!(results.len() <= most, "{} of {most}", results.len());
                assert_eq!(results.get(&key).is_some(), most > 0);
            }
        }
    }
}
