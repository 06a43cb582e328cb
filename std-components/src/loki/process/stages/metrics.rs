//! `stage.metrics`: metrics made of entries, on the agent's own page.

use super::super::arguments::{self, Action, Metric};
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use crate::component::ComponentMetrics;
use crate::component::metrics::{Change, OpenKind, OpenMetric, OpenSpec};
use river_eval::{FromValue, SignedDuration, Value};
use std::borrow::Cow;
use std::time::Instant;

pub(super) struct Metrics {
    metrics: Vec<One>,
}

struct One {
    metric: OpenMetric,
    kind: OpenKind,
    action: Action,
    source: Source,
    /// What the source has to be; empty is anything.
    value: String,
}

enum Source {
    Extracted(String),
    /// Every entry counts.
    Entry,
    /// Bytes of the line.
    Bytes,
}

impl Metrics {
    pub(super) fn new(arguments: &arguments::Metrics, metrics: &ComponentMetrics) -> Self {
        let one = |metric: &Metric| One::new(metric, metrics);
        Self {
            metrics: arguments.metrics.iter().map(one).collect(),
        }
    }
}

impl One {
    fn new(arguments: &Metric, metrics: &ComponentMetrics) -> Self {
        let common = arguments.common();
        // Decoding has seen to it that actions are known.
        let action = |action: &str| Action::parse(action).unwrap_or(Action::Inc);
        let (kind, action, bounds) = match arguments {
            Metric::Counter(counter) => (OpenKind::Counter, action(&counter.action), &[][..]),
            Metric::Gauge(gauge) => (OpenKind::Gauge, action(&gauge.action), &[][..]),
            Metric::Histogram(histogram) => {
                (OpenKind::Histogram, Action::Observe, histogram.buckets.as_slice())
            }
        };
        let source = if common.source.is_empty() {
            &common.name
        } else {
            &common.source
        };
        Self {
            metric: metrics.open(OpenSpec {
                name: common.full_name(),
                help: common.description.clone(),
                kind,
                bounds: bounds.to_vec(),
                max_idle: common.max_idle_duration,
            }),
            kind,
            action,
            source: match arguments {
                Metric::Counter(counter) if counter.match_all && counter.count_entry_bytes => Source::Bytes,
                Metric::Counter(counter) if counter.match_all => Source::Entry,
                _ => Source::Extracted(source.clone()),
            },
            value: common.value.clone(),
        }
    }

    /// What an entry does to it; `None` where nothing.
    fn change(&self, record: &Record) -> Option<Change> {
        let extracted: Option<Cow<'_, Extracted>> = match &self.source {
            Source::Extracted(name) => Some(record.extracted(name)?),
            Source::Entry | Source::Bytes => None,
        };
        if !self.value.is_empty() && extracted.as_ref()?.text()? != self.value.as_str() {
            return None;
        }
        let number = || match &self.source {
            Source::Bytes => Some(record.line.len() as f64),
            _ => number(extracted.as_deref()?),
        };
        let change = match self.action {
            Action::Set => Change::Set(number()?),
            Action::Inc => Change::Add(1.0),
            Action::Dec => Change::Add(-1.0),
            Action::Add => Change::Add(number()?),
            Action::Sub => Change::Add(-number()?),
            Action::Observe => Change::Observe(number()?),
        };
        match (self.kind, change) {
            // A counter never falls.
            (OpenKind::Counter, Change::Add(value)) if value < 0.0 || value.is_nan() => None,
            _ => Some(change),
        }
    }
}

/// A value as a number: texts hold a number or a duration as Go writes it, which counts in seconds.
fn number(value: &Extracted) -> Option<f64> {
    match value {
        Extracted::Number(number) => Some(*number),
        Extracted::Bool(value) => Some(f64::from(u8::from(*value))),
        Extracted::Text(text) => text.parse().ok().or_else(|| {
            let duration = SignedDuration::from_value(&Value::string(text.to_string())).ok()?;
            Some(duration.0 as f64 / 1e9).filter(|_| !text.is_empty())
        }),
        Extracted::Null | Extracted::Gone => None,
    }
}

impl Stage for Metrics {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let stream = record.stream();
        let now = Instant::now();
        for one in &self.metrics {
            if let Some(change) = one.change(record) {
                one.metric.change(stream, || record.labels(), change, now);
            }
        }
        Flow::Next
    }
}
