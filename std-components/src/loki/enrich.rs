//! `loki.enrich`: copies labels of discovered targets to the log entries that belong to them.

use super::recent::{self, Recent};
use crate::component::{BuildError, CancellationToken, Component, Context, HealthCell, RunError, Stability};
use crate::signals::{Fanout, Inlet, Labels, LogBatch, LogsReceiver, Target, inlet};
use arc_swap::ArcSwap;
use river_eval::Shared;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Label sets whose result is kept at the most.
const MAX_RESULTS: usize = 10_000;

/// The arguments of `loki.enrich`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub struct Arguments {
    /// The targets whose labels are copied.
    targets: Vec<Target>,
    /// The label of the targets that has to be equal to the entry's.
    target_match_label: String,
    /// The label of the entries that is compared; the one of `target_match_label` where it is empty.
    #[river(default)]
    logs_match_label: String,
    /// The labels to copy; all where it is empty.
    #[river(default)]
    labels_to_copy: Vec<String>,
    /// Where to send entries.
    forward_to: Fanout<LogBatch>,
}

/// The exports of `loki.enrich`.
#[derive(Clone, Debug, river_eval::Exports)]
pub struct Exports {
    /// Where other components send log entries to be enriched.
    receiver: Shared<LogsReceiver>,
}

/// `loki.enrich`.
#[derive(Debug)]
pub struct Enrich {
    context: Context<Exports>,
    health: HealthCell,
    settings: ArcSwap<Settings>,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
}

#[derive(Debug)]
struct Settings {
    /// The entries' label.
    label: String,
    /// What to copy for a value of it. Of several targets with one value the last counts, as in the reference.
    by_value: FxHashMap<Box<str>, Target>,
    labels_to_copy: Vec<String>,
    forward_to: Fanout<LogBatch>,
}

impl Settings {
    fn of(arguments: Arguments) -> Self {
        let by_value = arguments.targets.iter().filter_map(|target| {
            let value = target.get(&arguments.target_match_label)?;
            (!value.is_empty()).then(|| (value.into(), target.clone()))
        });
        Self {
            by_value: by_value.collect(),
            label: if arguments.logs_match_label.is_empty() {
                arguments.target_match_label
            } else {
                arguments.logs_match_label
            },
            labels_to_copy: arguments.labels_to_copy,
            forward_to: arguments.forward_to,
        }
    }

    fn enrich(&self, labels: &Labels) -> Labels {
        let target = labels.get(&self.label).and_then(|value| self.by_value.get(value));
        let Some(target) = target else {
            return labels.clone();
        };
        let mut all = labels.builder();
        if self.labels_to_copy.is_empty() {
            for (name, value) in target.iter() {
                all.set(name, value);
            }
        }
        for name in &self.labels_to_copy {
            if let Some(value) = target.get(name).filter(|value| !value.is_empty()) {
                all.set(name, value);
            }
        }
        all.build()
    }
}

/// Results by label set, for the settings that they were made with.
struct Cache {
    settings: Arc<Settings>,
    results: Recent<Labels, Labels>,
}

impl Cache {
    fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            results: Recent::default(),
        }
    }

    fn process(&mut self, batch: &mut LogBatch) {
        self.results.tend(recent::now());
        // Entries of one stream mostly come one after the other.
        let mut last: Option<(Labels, Labels)> = None;
        for entry in &mut batch.entries {
            let result = match &last {
                Some((labels, result)) if *labels == entry.labels => result.clone(),
                _ => {
                    let result = self.result(&entry.labels);
                    last = Some((entry.labels.clone(), result.clone()));
                    result
                }
            };
            entry.labels = result;
        }
    }

    fn result(&mut self, labels: &Labels) -> Labels {
        if let Some(result) = self.results.get(labels) {
            return result.clone();
        }
        let result = self.settings.enrich(labels);
        self.results.insert(labels.clone(), result.clone(), MAX_RESULTS);
        result
    }
}

impl Component for Enrich {
    const NAME: &'static str = "loki.enrich";
    const STABILITY: Stability = Stability::Experimental;
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let (receiver, inlet) = inlet(&context.id.to_string());
        context.export(&Exports { receiver });
        Ok(Self {
            health: context.health.clone(),
            context,
            settings: ArcSwap::from_pointee(Settings::of(arguments)),
            inlet: tokio::sync::Mutex::new(inlet),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.settings.store(Arc::new(Settings::of(arguments)));
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        let mut cache = Cache::new(self.settings.load_full());
        self.health.healthy("started component");
        loop {
            let batch = tokio::select! {
                biased;
                batch = inlet.next() => batch,
                () = stop.cancelled() => break,
                () = recent::unused(cache.results.is_empty()) => {
                    cache.results.tend(recent::now());
                    continue;
                }
            };
            let Some(batch) = batch else { return Ok(()) };
            self.forward(&mut cache, batch).await;
        }
        while let Some(batch) = inlet.try_next() {
            self.forward(&mut cache, batch).await;
        }
        tracing::debug!(component_id = %self.context.id, "stopped");
        Ok(())
    }
}

impl Enrich {
    async fn forward(&self, cache: &mut Cache, mut batch: LogBatch) {
        let settings = self.settings.load_full();
        if !Arc::ptr_eq(&settings, &cache.settings) {
            *cache = Cache::new(settings.clone());
        }
        cache.process(&mut batch);
        settings.forward_to.send(batch).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing;
    use crate::signals::{Ack, Entry};

    const TARGETS: &str = r#"
        targets = [
            {"__address__" = "10.0.0.1:80", "ip" = "10.0.0.1", "team" = "old"},
            {"__address__" = "10.0.0.1:81", "ip" = "10.0.0.1", "team" = "blue", "zone" = "z1"},
            {"ip" = "", "team" = "nobody"},
        ]
        target_match_label = "ip"
        forward_to = []
    "#;

    fn enriched(more: &str, labels: &[(&str, &str)]) -> String {
        let settings = Settings::of(testing::arguments(&format!("{TARGETS}\n{more}")));
        let mut cache = Cache::new(Arc::new(settings));
        let entry = Entry {
            labels: Labels::from_pairs(labels.iter().copied()),
            timestamp: 0,
            line: "x".into(),
            metadata: None,
        };
        let mut batch = LogBatch {
            entries: vec![entry.clone(), entry],
            ack: Ack::none(),
        };
        cache.process(&mut batch);
        assert_eq!(batch.entries[0].labels, batch.entries[1].labels);
        batch.entries[0].labels.to_string()
    }

    #[test]
    fn all_labels_of_the_last_target_with_the_value_are_copied() {
        insta::assert_snapshot!(enriched("", &[("ip", "10.0.0.1"), ("team", "mine")]), @r#"{__address__="10.0.0.1:81", ip="10.0.0.1", team="blue", zone="z1"}"#);
    }

    #[test]
    fn only_what_is_asked_for_and_there_is_copied() {
        let labels = [("host", "10.0.0.1"), ("team", "mine")];
        let more = "logs_match_label = \"host\"\nlabels_to_copy = [\"zone\", \"absent\"]";
        insta::assert_snapshot!(enriched(more, &labels), @r#"{host="10.0.0.1", team="mine", zone="z1"}"#);
    }

    #[test]
    fn entries_without_a_target_pass_as_they_are() {
        for labels in [[("ip", "10.0.0.2")], [("other", "10.0.0.1")], [("ip", "")]] {
            let same = Labels::from_pairs(labels).to_string();
            assert_eq!(enriched("", &labels), same);
        }
    }
}
