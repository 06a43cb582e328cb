//! `loki.secretfilter`: hides secrets in log lines.
//!
//! A line is looked through once for the keywords of all rules; only where one is found the rules' expressions run. A line without a hit is
//! passed on as it is, without an allocation.

mod arguments;
mod builtin;
mod detector;
mod gitleaks;
mod redact;
mod rules;
#[cfg(test)]
mod tests;

use crate::component::metrics::{Histogram, IntCounter, IntCounterVec};
use crate::component::{
    BuildError, CancellationToken, Component, ComponentMetrics, Context, HealthCell, RunError, Stability,
};
use crate::signals::{Entry, Fanout, Inlet, LogBatch, LogsReceiver, inlet};
use arc_swap::ArcSwap;
pub use arguments::Arguments;
use detector::{Detector, Scratch};
use redact::Redaction;
use river_eval::Shared;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Entries between two times that other tasks of the runtime get their turn.
const TURN_ENTRIES: usize = 256;

/// What `loki.secretfilter` exports.
#[derive(Clone, Debug, river_eval::Exports)]
pub struct Exports {
    /// Where other components send log entries to be filtered.
    receiver: Shared<LogsReceiver>,
}

/// `loki.secretfilter`.
#[derive(Debug)]
pub struct SecretFilter {
    context: Context<Exports>,
    health: HealthCell,
    filter: ArcSwap<Filter>,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
}

/// The rules with what is done with their findings.
#[derive(Debug)]
struct Filter {
    detector: Arc<Detector>,
    redaction: Redaction,
    origin_label: String,
    rate: f64,
    timeout: Option<Duration>,
    drop_on_timeout: bool,
    forward_to: Fanout<LogBatch>,
    metrics: Metrics,
}

#[derive(Clone, Debug)]
struct Metrics {
    redacted: IntCounter,
    by_category: IntCounterVec,
    duration: Histogram,
    bypassed: IntCounter,
    timed_out: IntCounter,
    dropped: IntCounter,
}

impl Metrics {
    fn new(metrics: &ComponentMetrics) -> Self {
        // The reference has a summary of this name; sum and count are the same.
        let bounds: Vec<f64> = (0..8).map(|power| 1e-7 * 10_f64.powi(power)).collect();
        Self {
            redacted: metrics.counter(
                "loki_secretfilter_secrets_redacted_total",
                "Total number of secrets that have been redacted.",
            ),
            by_category: metrics.counters(
                "loki_secretfilter_secrets_redacted_by_category_total",
                "Number of secrets redacted, partitioned by rule name and origin label value.",
                &["rule", "origin"],
            ),
            duration: metrics
                .histograms(
                    "loki_secretfilter_processing_duration_seconds",
                    "Time taken to process and redact logs in seconds.",
                    &[],
                    &bounds,
                )
                .with_label_values::<&str>(&[]),
            bypassed: metrics.counter(
                "loki_secretfilter_entries_bypassed_total",
                "Total number of entries forwarded without processing due to sampling.",
            ),
            timed_out: metrics.counter(
                "loki_secretfilter_lines_timed_out_total",
                "Total number of log lines that exceeded the processing timeout, regardless of whether they were dropped or forwarded.",
            ),
            dropped: metrics.counter(
                "loki_secretfilter_lines_dropped_total",
                "Total number of log lines dropped due to processing timeout.",
            ),
        }
    }
}

impl Filter {
    fn new(arguments: &Arguments, metrics: Metrics) -> Result<Self, BuildError> {
        let detector = match arguments.gitleaks_config.as_str() {
            "" => gitleaks::own(),
            path => gitleaks::load(Path::new(path)),
        };
        let timeout = arguments.processing_timeout;
        Ok(Self {
            detector: Arc::new(detector.map_err(|reason| BuildError::at("gitleaks_config", reason))?),
            redaction: Redaction::new(&arguments.redact_with, arguments.redact_percent),
            origin_label: arguments.origin_label.clone(),
            rate: arguments.rate,
            timeout: (!timeout.is_zero()).then_some(timeout),
            drop_on_timeout: arguments.drop_on_timeout,
            forward_to: arguments.forward_to.clone(),
            metrics,
        })
    }

    /// Hides an entry's secrets. Answers whether the entry stays.
    fn entry(&self, entry: &mut Entry, scratch: &mut Scratch, began: &mut Instant) -> bool {
        if self.rate < 1.0 && fastrand::f64() >= self.rate {
            self.metrics.bypassed.inc();
            return true;
        }
        let until = self.timeout.map(|timeout| *began + timeout);
        let is_late = self.detector.find(&entry.line, scratch, until);
        if !scratch.findings.is_empty() {
            self.redact(entry, scratch);
        }
        // The end of one is the beginning of the next: the clock costs as much as the search.
        let now = Instant::now();
        self.metrics
            .duration
            .observe(now.duration_since(*began).as_secs_f64());
        *began = now;
        if !is_late {
            return true;
        }
        self.metrics.timed_out.inc();
        if self.drop_on_timeout {
            self.metrics.dropped.inc();
        }
        !self.drop_on_timeout
    }

    fn redact(&self, entry: &mut Entry, scratch: &mut Scratch) {
        redact::places(&entry.line, &mut scratch.findings);
        let name = |rule| self.detector.rule(rule).map_or("", |rule| &*rule.id);
        let origin = match self.origin_label.as_str() {
            "" => "",
            label => entry.labels.get(label).unwrap_or(""),
        };
        for finding in &scratch.findings {
            self.metrics.redacted.inc();
            self.metrics
                .by_category
                .with_label_values(&[name(finding.rule), origin])
                .inc();
        }
        entry.line = redact::redact(&entry.line, &scratch.findings, &self.redaction, name).into();
    }
}

impl Component for SecretFilter {
    const NAME: &'static str = "loki.secretfilter";
    const STABILITY: Stability = Stability::Experimental;
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let filter = Filter::new(&arguments, Metrics::new(&context.metrics))?;
        let (receiver, inlet) = inlet(&context.id.to_string());
        // What comes in holds secrets that no page may show.
        context.flow.tells_itself();
        context.export(&Exports { receiver });
        Ok(Self {
            health: context.health.clone(),
            context,
            filter: ArcSwap::from_pointee(filter),
            inlet: tokio::sync::Mutex::new(inlet),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        let metrics = self.filter.load().metrics.clone();
        self.filter.store(Arc::new(Filter::new(&arguments, metrics)?));
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut inlet = self.inlet.lock().await;
        let mut scratch = Scratch::default();
        let rules = self.filter.load().detector.len();
        self.health
            .healthy(format!("looking for secrets by {rules} rules"));
        loop {
            let batch = tokio::select! {
                biased;
                batch = inlet.next() => batch,
                () = stop.cancelled() => break,
            };
            let Some(batch) = batch else { return Ok(()) };
            self.forward(batch, &mut scratch).await;
        }
        while let Some(batch) = inlet.try_next() {
            self.forward(batch, &mut scratch).await;
        }
        Ok(())
    }
}

impl SecretFilter {
    async fn forward(&self, batch: LogBatch, scratch: &mut Scratch) {
        let filter = self.filter.load_full();
        let LogBatch { mut entries, ack } = batch;
        let mut is_kept = Vec::new();
        for some in entries.chunks_mut(TURN_ENTRIES) {
            let mut began = Instant::now();
            for entry in some {
                let stays = filter.entry(entry, scratch, &mut began);
                if filter.drop_on_timeout {
                    is_kept.push(stays);
                }
            }
            tokio::task::yield_now().await;
        }
        if is_kept.contains(&false) {
            let mut kept = is_kept.into_iter();
            entries.retain(|_| kept.next().unwrap_or(true));
        }
        if self.context.flow.is_watched() {
            for entry in &entries {
                self.context
                    .flow
                    .tell(format_args!("entry: {}, labels: {}", entry.line, entry.labels));
            }
        }
        if entries.is_empty() {
            // Dropped as the configuration asks for, and counted: taken for good.
            ack.delivered();
            return;
        }
        filter.forward_to.send(LogBatch { entries, ack }).await;
    }
}
