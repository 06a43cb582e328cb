//! `loki.relabel`: changes the labels of log entries by rules, or drops entries.

use super::recent::{self, Recent};
use crate::component::metrics::{IntCounter, IntGauge};
use crate::component::{BuildError, CancellationToken, Component, Context, HealthCell, RunError};
use crate::relabel::{Rule, Rules, Scratch};
use crate::signals::{Fanout, Inlet, Labels, LogBatch, LogsReceiver, inlet};
use parking_lot::Mutex;
use river_eval::Shared;
use std::sync::Arc;

/// The arguments of `loki.relabel`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub struct Arguments {
    /// Where to send entries that are kept.
    forward_to: Fanout<LogBatch>,
    /// What is done to each entry's labels, in order.
    #[river(block, name = "rule")]
    rules: Vec<Rule>,
    /// Label sets whose result is kept at the most.
    #[river(default = 10_000)]
    max_cache_size: usize,
}

/// The exports of `loki.relabel`.
#[derive(Clone, Debug, river_eval::Exports)]
pub struct Exports {
    /// Where other components send log entries to be relabelled.
    receiver: Shared<LogsReceiver>,
    /// The rules, for components that apply them themselves.
    rules: Shared<Rules>,
}

/// `loki.relabel`.
#[derive(Debug)]
pub struct Relabel {
    context: Context<Exports>,
    receiver: Shared<LogsReceiver>,
    settings: Mutex<Settings>,
    health: HealthCell,
    metrics: Metrics,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
}

#[derive(Debug)]
struct Settings {
    rules: Shared<Rules>,
    forward_to: Fanout<LogBatch>,
    max_cache_size: usize,
}

#[derive(Clone, Debug)]
struct Metrics {
    processed: IntCounter,
    written: IntCounter,
    hits: IntCounter,
    misses: IntCounter,
    size: IntGauge,
}

/// Results by label set.
#[derive(Debug)]
struct Cache {
    rules: Shared<Rules>,
    results: Recent<Labels, Option<Labels>>,
    scratch: Scratch,
}

impl Cache {
    fn new(rules: Shared<Rules>) -> Self {
        Self {
            rules,
            results: Recent::default(),
            scratch: Scratch::default(),
        }
    }

    fn relabel(&mut self, labels: &Labels, max_size: usize, metrics: &Metrics) -> Option<Labels> {
        if let Some(result) = self.results.get(labels) {
            metrics.hits.inc();
            return result.clone();
        }
        metrics.misses.inc();
        let result = self.rules.inner.labels(labels, &mut self.scratch);
        self.results.insert(labels.clone(), result.clone(), max_size);
        metrics.size.set(self.results.len() as i64);
        result
    }

    /// Forgets what was not used for a while.
    fn tend(&mut self, metrics: &Metrics) {
        self.results.tend(recent::now());
        metrics.size.set(self.results.len() as i64);
    }

    /// Relabels a batch; `None` where nothing of it is kept.
    fn process(&mut self, mut batch: LogBatch, max_size: usize, metrics: &Metrics) -> Option<LogBatch> {
        metrics.processed.inc_by(batch.entries.len() as u64);
        self.results.tend(recent::now());
        // Entries of one stream mostly come one after the other.
        let mut last: Option<(Labels, Option<Labels>)> = None;
        batch.entries.retain_mut(|entry| {
            let result = match &last {
                Some((labels, result)) if *labels == entry.labels => result.clone(),
                _ => {
                    let result = self.relabel(&entry.labels, max_size, metrics);
                    last = Some((entry.labels.clone(), result.clone()));
                    result
                }
            };
            match result {
                Some(labels) => {
                    entry.labels = labels;
                    true
                }
                None => false,
            }
        });
        metrics.written.inc_by(batch.entries.len() as u64);
        if batch.entries.is_empty() {
            // Dropped by the configuration's rules, and counted: taken for good.
            batch.ack.delivered();
            return None;
        }
        Some(batch)
    }
}

impl Component for Relabel {
    const NAME: &'static str = "loki.relabel";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let id = context.id.to_string();
        let (receiver, inlet) = inlet(&id);
        context.flow.tells_itself();
        let rules = Rules::shared(&id, &arguments.rules, None);
        context.export(&Exports {
            receiver: receiver.clone(),
            rules: rules.clone(),
        });
        let metrics = Metrics {
            processed: context.metrics.counter(
                "loki_relabel_entries_processed",
                "Total number of log entries processed",
            ),
            written: context.metrics.counter(
                "loki_relabel_entries_written",
                "Total number of log entries forwarded",
            ),
            hits: context
                .metrics
                .counter("loki_relabel_cache_hits", "Total number of cache hits"),
            misses: context
                .metrics
                .counter("loki_relabel_cache_misses", "Total number of cache misses"),
            size: context
                .metrics
                .gauge("loki_relabel_cache_size", "Total size of relabel cache"),
        };
        let settings = Settings {
            rules,
            forward_to: arguments.forward_to,
            max_cache_size: arguments.max_cache_size,
        };
        Ok(Self {
            health: context.health.clone(),
            context,
            receiver,
            settings: Mutex::new(settings),
            metrics,
            inlet: tokio::sync::Mutex::new(inlet),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        let rules = {
            let mut settings = self.settings.lock();
            let rules = Rules::shared(
                &self.context.id.to_string(),
                &arguments.rules,
                Some(&settings.rules),
            );
            *settings = Settings {
                rules: rules.clone(),
                forward_to: arguments.forward_to,
                max_cache_size: arguments.max_cache_size,
            };
            rules
        };
        self.context.export(&Exports {
            receiver: self.receiver.clone(),
            rules,
        });
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        let mut cache = Cache::new(self.settings.lock().rules.clone());
        self.health.healthy("started component");
        loop {
            let batch = tokio::select! {
                biased;
                batch = inlet.next() => batch,
                () = stop.cancelled() => break,
                () = recent::unused(cache.results.is_empty()) => {
                    cache.tend(&self.metrics);
                    continue;
                }
            };
            let Some(batch) = batch else { return Ok(()) };
            self.forward(&mut cache, batch).await;
        }
        while let Some(batch) = inlet.try_next() {
            self.forward(&mut cache, batch).await;
        }
        Ok(())
    }
}

impl Relabel {
    /// Tells those who watch what becomes of each entry.
    fn tell(&self, batch: &LogBatch, rules: &Rules) {
        let mut scratch = Scratch::default();
        for entry in &batch.entries {
            let (line, before) = (&entry.line, &entry.labels);
            match rules.labels(before, &mut scratch) {
                Some(labels) => self
                    .context
                    .flow
                    .tell(format_args!("entry: {line}, labels: {before} => {labels}")),
                None => self
                    .context
                    .flow
                    .tell(format_args!("entry: {line}, labels: {before} => <dropped>")),
            }
        }
    }

    async fn forward(&self, cache: &mut Cache, batch: LogBatch) {
        let (forward_to, max_size) = {
            let settings = self.settings.lock();
            if settings.rules != cache.rules {
                *cache = Cache::new(settings.rules.clone());
            }
            (settings.forward_to.clone(), settings.max_cache_size)
        };
        if self.context.flow.is_watched() {
            self.tell(&batch, &cache.rules.inner);
        }
        if let Some(batch) = cache.process(batch, max_size, &self.metrics) {
            forward_to.send(batch).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing;
    use crate::signals::{Ack, Entry, Outcome};
    use std::path::Path;

    fn component(rules: &str) -> Relabel {
        let (context, _) = Context::for_test("loki.relabel.t", Path::new("/nonexistent"));
        Relabel::new(
            context,
            testing::arguments(&format!("forward_to = []\nmax_cache_size = 2\n{rules}")),
        )
        .unwrap()
    }

    fn run(component: &Relabel, cache: &mut Cache, streams: &[&str]) -> (Vec<String>, Outcome) {
        let entry = |app: &&str| Entry {
            labels: Labels::from_pairs([("app", *app), ("pod", "p")]),
            timestamp: 0,
            line: "x".into(),
            metadata: None,
        };
        let (told, outcome) = std::sync::mpsc::channel();
        let ack = Ack::new(move |end| told.send(end).unwrap());
        let batch = LogBatch {
            entries: streams.iter().map(entry).collect(),
            ack,
        };
        let left = match cache.process(batch, 2, &component.metrics) {
            Some(batch) => {
                let labels = batch
                    .entries
                    .iter()
                    .map(|entry| entry.labels.to_string())
                    .collect();
                batch.ack.delivered();
                labels
            }
            None => Vec::new(),
        };
        (left, outcome.recv().unwrap())
    }

    const RULES: &str = "rule {\n source_labels = [\"app\"]\n regex = \"debug.*\"\n action = \"drop\"\n }\n rule {\n action = \"labeldrop\"\n regex = \"pod\"\n }";

    #[test]
    fn entries_are_relabelled_and_dropped_ones_are_taken_for_good() {
        let component = component(RULES);
        let mut cache = Cache::new(component.settings.lock().rules.clone());
        let (left, outcome) = run(&component, &mut cache, &["web", "debug1", "web"]);
        assert_eq!(
            (left.as_slice(), outcome),
            (
                ["{app=\"web\"}".to_owned(), "{app=\"web\"}".to_owned()].as_slice(),
                Outcome::Delivered
            )
        );
        let (left, outcome) = run(&component, &mut cache, &["debug2"]);
        assert_eq!((left.len(), outcome), (0, Outcome::Delivered));
        assert_eq!(
            (component.metrics.processed.get(), component.metrics.written.get()),
            (4, 2)
        );
    }

    #[test]
    fn the_cache_stays_within_its_bound() {
        let component = component(RULES);
        let mut cache = Cache::new(component.settings.lock().rules.clone());
        for app in ["a", "b", "c", "d", "e"] {
            run(&component, &mut cache, &[app]);
            assert!(cache.results.len() <= 2);
        }
        run(&component, &mut cache, &["e"]);
        assert_eq!(component.metrics.hits.get(), 1);
    }
}
