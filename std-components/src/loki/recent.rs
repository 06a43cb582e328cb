//! Results that are kept for as long as they are used: the files and pods that log streams are of come and go.
//!
//! Two generations. What is used moves to the young one; at a turn the young one becomes the old one, and the old one is forgotten. A turn comes with time, or
//! when the young one is half of what may be kept, so that the memory follows what is in use and is bounded all the same. Who keeps one waits for the next
//! turn beside the next batch: when the last file is gone, no batch comes any more.

use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// After so long without use a result may be forgotten, and after twice as long it is.
pub(super) const UNUSED: Duration = Duration::from_secs(2);

/// Ends when there may be something to forget; never where nothing is kept.
pub(super) async fn unused(is_empty: bool) {
    match is_empty {
        true => std::future::pending().await,
        false => tokio::time::sleep(UNUSED).await,
    }
}

/// Now, by the clock that [`unused`] waits by.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

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
            turned: now(),
        }
    }
}

impl<K: Eq + Hash + Clone, V> Recent<K, V> {
    /// How many are kept.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
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

    /// Forgets what was not used for a while. To be called once a batch, and after each wait for [`unused`].
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

    #[tokio::test(start_paused = true)]
    async fn nothing_is_left_where_nothing_comes_any_more() {
        let mut results = Recent::default();
        let start = now();
        results.insert(0, "used", 10);
        while !results.is_empty() {
            unused(results.is_empty()).await;
            results.tend(now());
        }
        assert!(now() - start <= UNUSED * 2 + Duration::from_millis(100));
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
