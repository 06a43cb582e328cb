//! Samples through rules and cache.

use super::cache::{Cache, Counts};
use crate::component::testing;
use crate::relabel::{Rule, Rules};
use crate::signals::{Labels, MetricBatch, Sample, is_stale_nan, stale_nan};
use std::sync::Arc;

fn rules(body: &str) -> Arc<Rules> {
    Arc::new(Rules::new(&[testing::arguments::<Rule>(body)]))
}

fn batch(values: &[(usize, f64)]) -> MetricBatch {
    let sample = |(number, value): &(usize, f64)| Sample {
        labels: Labels::from_pairs([("__name__", "m"), ("n", number.to_string().as_str())]),
        timestamp: 1,
        value: *value,
    };
    MetricBatch::of(values.iter().map(sample).collect())
}

const COPY: &str = "source_labels = [\"n\"]\ntarget_label = \"copy\"";

#[test]
fn series_beyond_the_limit_are_changed_and_the_others_stay_cached() {
    let (rules, mut cache) = (rules(COPY), Cache::default());
    let all: Vec<(usize, f64)> = (0..10).map(|number| (number, 1.0)).collect();
    for round in 0..3 {
        let mut batch = batch(&all);
        let counts = cache.relabel(&mut batch, &rules, 6);
        // Four of ten never fit; the six that do are found in every round after the first.
        let hits = if round == 0 { 0 } else { 6 };
        assert_eq!((counts.hits, counts.misses), (hits, 10 - hits));
        assert_eq!(batch.samples[9].labels.get("copy"), Some("9"));
        assert_eq!(cache.len(), 6);
    }
}

#[test]
fn the_end_of_a_series_passes_and_forgets_it() {
    let (rules, mut cache) = (rules(COPY), Cache::default());
    cache.relabel(&mut batch(&[(1, 1.0)]), &rules, 10);
    let mut end = batch(&[(1, stale_nan())]);
    let counts = cache.relabel(&mut end, &rules, 10);
    assert_eq!(
        counts,
        Counts {
            hits: 1,
            misses: 0,
            deletes: 1
        }
    );
    assert!(is_stale_nan(end.samples[0].value));
    assert_eq!(end.samples[0].labels.get("copy"), Some("1"));
    assert_eq!(cache.len(), 0);
}

#[test]
fn dropped_series_are_gone_and_new_rules_count_at_once() {
    let mut cache = Cache::default();
    let drop = rules("source_labels = [\"n\"]\nregex = \"1\"\naction = \"drop\"");
    for _ in 0..2 {
        let mut batch = batch(&[(1, 1.0), (2, 1.0)]);
        cache.relabel(&mut batch, &drop, 10);
        assert_eq!(batch.samples.len(), 1);
        assert_eq!(batch.samples[0].labels.get("n"), Some("2"));
    }
    let mut batch = batch(&[(1, 1.0)]);
    cache.relabel(&mut batch, &rules(COPY), 10);
    assert_eq!(batch.samples[0].labels.get("copy"), Some("1"));
}
