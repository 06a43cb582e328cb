//! `prometheus.relabel`: changes, keeps and drops series by rules.

mod cache;
#[cfg(test)]
mod tests;

use crate::component::metrics::{IntCounter, IntGauge};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::relabel::{Rule, Rules, Scratch};
use crate::signals::{Batch, Fanout, Inlet, MetricBatch, MetricsReceiver, inlet};
use cache::Cache;
use parking_lot::Mutex;
use river_eval::{Checks, Shared};
use std::sync::Arc;

/// The arguments of `prometheus.relabel`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// Who takes the samples that are kept.
    forward_to: Fanout<MetricBatch>,
    /// The most series whose result is remembered; more are worked out anew each time, which costs the same whatever their number.
    #[river(default = 100_000)]
    max_cache_size: i64,
    /// What is done to each series, in order.
    #[river(block, name = "rule")]
    rules: Vec<Rule>,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.max_cache_size <= 0 {
        let message = format!(
            "max_cache_size must be greater than 0 and is {}",
            arguments.max_cache_size
        );
        checks.attribute("max_cache_size", message).help =
            Some("leave it out for the default, 100000".into());
    }
}

/// The exports of `prometheus.relabel`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// Takes the samples.
    receiver: Shared<MetricsReceiver>,
    /// The rules, for components that apply them themselves.
    rules: Shared<Rules>,
}

#[derive(Clone)]
struct Settings {
    rules: Shared<Rules>,
    forward_to: Fanout<MetricBatch>,
    max_cache_size: usize,
}

struct Metrics {
    processed: IntCounter,
    written: IntCounter,
    hits: IntCounter,
    misses: IntCounter,
    deletes: IntCounter,
    size: IntGauge,
    forwarded: IntCounter,
}

/// `prometheus.relabel`.
pub(super) struct Relabel {
    context: Context<Exports>,
    receiver: Shared<MetricsReceiver>,
    settings: Mutex<Settings>,
    inlet: tokio::sync::Mutex<Inlet<MetricBatch>>,
    metrics: Metrics,
}

impl Relabel {
    fn settings(id: &str, arguments: Arguments, before: Option<&Shared<Rules>>) -> Settings {
        Settings {
            rules: Rules::shared(id, &arguments.rules, before),
            forward_to: arguments.forward_to,
            max_cache_size: usize::try_from(arguments.max_cache_size).unwrap_or(0),
        }
    }
}

impl Component for Relabel {
    const NAME: &'static str = "prometheus.relabel";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let id = context.id.to_string();
        let (receiver, inlet) = inlet(&id);
        context.flow.tells_itself();
        let settings = Self::settings(&id, arguments, None);
        context.export(&Exports {
            receiver: receiver.clone(),
            rules: settings.rules.clone(),
        });
        let counter = |name: &str, help: &str| context.metrics.counter(name, help);
        Ok(Self {
            metrics: Metrics {
                processed: counter(
                    "alloy_prometheus_relabel_metrics_processed",
                    "Total number of metrics processed",
                ),
                written: counter(
                    "alloy_prometheus_relabel_metrics_written",
                    "Total number of metrics written",
                ),
                hits: counter(
                    "alloy_prometheus_relabel_cache_hits",
                    "Total number of cache hits",
                ),
                misses: counter(
                    "alloy_prometheus_relabel_cache_misses",
                    "Total number of cache misses",
                ),
                deletes: counter(
                    "alloy_prometheus_relabel_cache_deletes",
                    "Total number of cache deletes",
                ),
                size: context.metrics.gauge(
                    "alloy_prometheus_relabel_cache_size",
                    "Total size of relabel cache.",
                ),
                forwarded: counter(
                    "prometheus_forwarded_samples_total",
                    "Total number of samples sent to downstream components.",
                ),
            },
            context,
            receiver,
            settings: Mutex::new(settings),
            inlet: tokio::sync::Mutex::new(inlet),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        let rules = {
            let mut settings = self.settings.lock();
            *settings = Self::settings(&self.context.id.to_string(), arguments, Some(&settings.rules));
            settings.rules.clone()
        };
        self.context.export(&Exports {
            receiver: self.receiver.clone(),
            rules,
        });
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        self.context.health.healthy("relabelling samples");
        let mut cache = Cache::default();
        loop {
            let batch = tokio::select! {
                biased;
                batch = inlet.next() => batch,
                () = stop.cancelled() => None,
            };
            let Some(batch) = batch else { break };
            self.pass(batch, &mut cache).await;
        }
        while let Some(batch) = inlet.try_next() {
            self.pass(batch, &mut cache).await;
        }
        Ok(())
    }
}

impl Relabel {
    /// Tells those who watch what becomes of each series.
    fn tell(&self, batch: &MetricBatch, rules: &Rules) {
        let mut scratch = Scratch::default();
        for sample in &batch.samples {
            match rules.labels(&sample.labels, &mut scratch) {
                Some(labels) => self
                    .context
                    .flow
                    .tell(format_args!("{} => {labels}", sample.labels)),
                None => self
                    .context
                    .flow
                    .tell(format_args!("{} => <dropped>", sample.labels)),
            }
        }
    }

    async fn pass(&self, mut batch: MetricBatch, cache: &mut Cache) {
        let settings = self.settings.lock().clone();
        let metrics = &self.metrics;
        metrics.processed.inc_by(batch.samples.len() as u64);
        if self.context.flow.is_watched() {
            self.tell(&batch, &settings.rules.inner);
        }
        let counts = cache.relabel(&mut batch, &settings.rules.inner, settings.max_cache_size);
        metrics.hits.inc_by(counts.hits);
        metrics.misses.inc_by(counts.misses);
        metrics.deletes.inc_by(counts.deletes);
        metrics.size.set(i64::try_from(cache.len()).unwrap_or(i64::MAX));
        metrics.written.inc_by(batch.samples.len() as u64);
        if batch.samples.is_empty() {
            batch.delivered();
            return;
        }
        if !settings.forward_to.is_empty() {
            metrics.forwarded.inc_by(batch.samples.len() as u64);
        }
        settings.forward_to.send(batch).await;
    }
}
