//! Metrics that a configuration makes up: each series brings labels of its own, and idle ones are forgotten.

use super::family::{Owner, push_escaped};
use super::{ComponentMetrics, MetricsHub};
use crate::text::go_float::push_float;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Series of a metric at the most. Further ones are not counted until others have been idle, and the log says so once.
pub const MAX_SERIES: usize = 100_000;

/// What the values of an open metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum OpenKind {
    Counter,
    Gauge,
    Histogram,
}

/// What an open metric is.
#[derive(Clone, Debug)]
pub struct OpenSpec {
    /// The whole name.
    pub name: String,
    /// The help text.
    pub help: String,
    /// What its values are.
    pub kind: OpenKind,
    /// The rising upper bounds of a histogram's ranges; the one at infinity is added.
    pub bounds: Vec<f64>,
    /// A series that nothing changed for this long is forgotten.
    pub max_idle: Duration,
}

/// A change of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Adds, for counters and gauges.
    Add(f64),
    /// Sets, for gauges.
    Set(f64),
    /// Observes, for histograms.
    Observe(f64),
}

/// A metric with labels as they come. Clones share it; it leaves the page with the last one.
#[derive(Clone)]
pub struct OpenMetric(Arc<OpenMember>);

impl fmt::Debug for OpenMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenMetric({})", self.0.spec.name)
    }
}

/// All open metrics of the process, by name.
pub(super) type OpenMembers = Mutex<BTreeMap<Box<str>, Vec<Weak<OpenMember>>>>;

pub(super) struct OpenMember {
    owner: Arc<Owner>,
    spec: OpenSpec,
    all: Mutex<AllSeries>,
}

#[derive(Default)]
struct AllSeries {
    series: Vec<Series>,
    /// Places in `series`, by the labels as they are printed.
    by_labels: BTreeMap<Arc<str>, usize>,
    /// The same, by what the caller tells label sets apart by.
    by_key: FxHashMap<u64, usize>,
    told: bool,
}

struct Series {
    labels: Arc<str>,
    /// A counter's or gauge's value, or a histogram's sum.
    value: f64,
    /// Of each range by itself; the last is the one without an upper bound.
    counts: Box<[u64]>,
    last: Instant,
}

impl AllSeries {
    /// Forgets what was idle for too long.
    fn prune(&mut self, max_idle: Duration, now: Instant) {
        let before = self.series.len();
        self.series
            .retain(|series| now.saturating_duration_since(series.last) < max_idle);
        if self.series.len() == before {
            return;
        }
        self.by_key.clear();
        self.by_labels.clear();
        let labels = self.series.iter().enumerate();
        self.by_labels
            .extend(labels.map(|(at, series)| (series.labels.clone(), at)));
    }
}

impl OpenMetric {
    /// Changes the series that a key stands for; `labels` gives its labels, in any order, and is asked only where the key is new. Those that no
    /// metric may have (wrong names, `__…`) are left out.
    pub fn change<'l, L: Iterator<Item = (&'l str, &'l str)>>(
        &self,
        key: u64,
        labels: impl FnOnce() -> L,
        change: Change,
        now: Instant,
    ) {
        let OpenMember { owner, spec, all } = &*self.0;
        let mut all = all.lock();
        let at = match all.by_key.get(&key) {
            Some(at) => *at,
            None => {
                let labels = print_labels(owner, labels());
                let known = all.by_labels.get(labels.as_str()).copied();
                let at = match known {
                    Some(at) => at,
                    None => {
                        if all.series.len() >= MAX_SERIES {
                            all.prune(spec.max_idle, now);
                        }
                        if all.series.len() >= MAX_SERIES {
                            if !all.told {
                                all.told = true;
                                tracing::warn!(
                                    component_id = &*owner.id,
                                    metric = spec.name,
                                    "a metric has too many series ({MAX_SERIES}); new ones are not counted: take labels away before stage.metrics"
                                );
                            }
                            return;
                        }
                        let labels: Arc<str> = labels.into();
                        let at = all.series.len();
                        all.series.push(Series {
                            labels: labels.clone(),
                            value: 0.0,
                            counts: match spec.kind {
                                OpenKind::Histogram => vec![0; spec.bounds.len() + 1].into(),
                                _ => Box::default(),
                            },
                            last: now,
                        });
                        all.by_labels.insert(labels, at);
                        at
                    }
                };
                // Several keys may stand for one series; forgotten, they are found again.
                if all.by_key.len() >= MAX_SERIES {
                    all.by_key.clear();
                }
                all.by_key.insert(key, at);
                at
            }
        };
        let Some(series) = all.series.get_mut(at) else {
            return;
        };
        series.last = now;
        match change {
            Change::Add(value) => series.value += value,
            Change::Set(value) => series.value = value,
            Change::Observe(value) => {
                // What is not a number belongs to no range but the last.
                let at = spec
                    .bounds
                    .partition_point(|bound| value.is_nan() || *bound < value);
                if let Some(count) = series.counts.get_mut(at) {
                    *count += 1;
                }
                series.value += value;
            }
        }
    }
}

/// `a="b",c="d"`, by name, with the component's own labels.
fn print_labels<'l>(owner: &Owner, labels: impl Iterator<Item = (&'l str, &'l str)>) -> String {
    let is_shown = |name: &str| {
        let mut bytes = name.bytes();
        !name.starts_with("__")
            && !matches!(name, "component_id" | "component_path" | "le")
            && bytes
                .next()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let mut all: Vec<(&str, &str)> = vec![("component_id", &owner.id), ("component_path", owner.path())];
    for (name, value) in labels.filter(|(name, _)| is_shown(name)) {
        all.push((name, value));
    }
    all.sort_unstable();
    let mut out = String::new();
    for (name, value) in all {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        push_escaped(&mut out, value, true);
        out.push('"');
    }
    out
}

impl OpenMember {
    fn render(&self, out: &mut String) {
        let name = &self.spec.name;
        let mut all = self.all.lock();
        let number = |out: &mut String, value: f64| {
            push_float(out, value);
            out.push('\n');
        };
        for at in all.by_labels.values() {
            let Some(series) = all.series.get(*at) else {
                continue;
            };
            let labels = &series.labels;
            if self.spec.kind != OpenKind::Histogram {
                // Writing to a String cannot fail.
                let _ = write!(out, "{name}{{{labels}}} ");
                number(out, series.value);
                continue;
            }
            let mut count = 0;
            let bounds = self.spec.bounds.iter().copied().chain([f64::INFINITY]);
            for (bound, own) in bounds.zip(&series.counts) {
                count += own;
                let _ = write!(out, "{name}_bucket{{{labels},le=\"");
                push_float(out, bound);
                let _ = writeln!(out, "\"}} {count}");
            }
            let _ = write!(out, "{name}_sum{{{labels}}} ");
            number(out, series.value);
            let _ = writeln!(out, "{name}_count{{{labels}}} {count}");
        }
        // As in the reference: shown a last time, then forgotten.
        all.prune(self.spec.max_idle, Instant::now());
    }
}

impl MetricsHub {
    /// Appends the open metrics of the components that are wanted.
    pub(super) fn render_open(&self, out: &mut String, wanted: &impl Fn(&str, &str) -> bool) {
        let mut members = self.open.lock();
        members.retain(|_, members| {
            members.retain(|member| member.strong_count() > 0);
            !members.is_empty()
        });
        let members: Vec<Vec<Arc<OpenMember>>> = members
            .values()
            .map(|members| members.iter().filter_map(Weak::upgrade).collect())
            .collect();
        for members in members {
            let mut shown = members
                .iter()
                .filter(|member| wanted(&member.owner.id, member.owner.path()))
                .filter(|member| !member.all.lock().series.is_empty())
                .peekable();
            if let Some(first) = shown.peek() {
                let OpenSpec { name, help, kind, .. } = &first.spec;
                let _ = write!(out, "# HELP {name} ");
                push_escaped(out, help, false);
                let kind = match kind {
                    OpenKind::Counter => "counter",
                    OpenKind::Gauge => "gauge",
                    OpenKind::Histogram => "histogram",
                };
                let _ = writeln!(out, "\n# TYPE {name} {kind}");
            }
            for member in shown {
                member.render(out);
            }
        }
    }
}

impl ComponentMetrics {
    /// A metric whose series bring their own labels. Asked for again with the same kind and bounds, it is the same one, with its values; with others, the
    /// new one takes the old one's place. Where the name is taken by another component's metric of another kind, it works on unseen and the log says so.
    pub fn open(&self, spec: OpenSpec) -> OpenMetric {
        let hub = &self.registered.hub;
        let owner = &self.registered.owner;
        let is_fixed = hub.families.lock().contains_key(spec.name.as_str());
        let mut all = hub.open.lock();
        let members = all.entry(spec.name.as_str().into()).or_default();
        let alive: Vec<Arc<OpenMember>> = members.iter().filter_map(Weak::upgrade).collect();
        let is_same = |member: &OpenMember| {
            member.spec.kind == spec.kind
                && member.spec.bounds == spec.bounds
                && member.spec.max_idle == spec.max_idle
                && member.spec.help == spec.help
        };
        let own = alive.iter().find(|member| Arc::ptr_eq(&member.owner, owner));
        if let Some(own) = own.filter(|own| is_same(own)) {
            return OpenMetric(own.clone());
        }
        let others = alive.iter().filter(|member| !Arc::ptr_eq(&member.owner, owner));
        let is_taken = is_fixed || others.clone().any(|member| member.spec.kind != spec.kind);
        *members = others.map(Arc::downgrade).collect();
        if is_taken {
            tracing::error!(
                component_id = &*owner.id,
                metric = spec.name,
                "a metric of this name and another kind is there already, this one will not be shown: give it another name or prefix"
            );
        }
        let member = Arc::new(OpenMember {
            owner: owner.clone(),
            spec,
            all: Mutex::default(),
        });
        if !is_taken {
            members.push(Arc::downgrade(&member));
        }
        OpenMetric(member)
    }
}
