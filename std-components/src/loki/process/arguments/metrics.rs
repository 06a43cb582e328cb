//! Arguments of `stage.metrics`.

use river_eval::Checks;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_metrics)]
pub(crate) struct Metrics {
    #[river(alternatives)]
    pub(crate) metrics: Vec<Metric>,
}

/// A metric's arguments.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(prefix = "metric")]
pub(crate) enum Metric {
    /// A number that only grows.
    Counter(Counter),
    /// A number that rises and falls.
    Gauge(Gauge),
    /// How often values fell into ranges.
    Histogram(Histogram),
}

/// What every metric has.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Common {
    /// The name, after the prefix.
    pub(crate) name: String,
    /// The help text.
    #[river(default)]
    pub(crate) description: String,
    /// The extracted value that counts; the one of the metric's name where it is empty.
    #[river(default)]
    pub(crate) source: String,
    /// What stands before the name; `loki_process_custom_` where it is empty.
    #[river(default)]
    pub(crate) prefix: String,
    /// A series is forgotten when nothing changed it for this long.
    #[river(default = Duration::from_secs(300))]
    pub(crate) max_idle_duration: Duration,
    /// Only entries whose source has exactly this value count; all where it is empty.
    #[river(default)]
    pub(crate) value: String,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_counter)]
pub(crate) struct Counter {
    #[river(squash)]
    pub(crate) common: Common,
    /// What an entry does: `inc` counts it, `add` adds the value of its source.
    pub(crate) action: String,
    /// Whether every entry counts, whatever is extracted.
    #[river(default)]
    pub(crate) match_all: bool,
    /// Whether the bytes of lines are added; needs `match_all` and `action = "add"`.
    #[river(default)]
    pub(crate) count_entry_bytes: bool,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_gauge)]
pub(crate) struct Gauge {
    #[river(squash)]
    pub(crate) common: Common,
    /// What an entry does: `set`, `inc`, `dec`, `add` or `sub`.
    pub(crate) action: String,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_histogram)]
pub(crate) struct Histogram {
    #[river(squash)]
    pub(crate) common: Common,
    /// The upper bounds of the ranges, rising.
    pub(crate) buckets: Vec<f64>,
}

/// What an entry does to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Set,
    Inc,
    Dec,
    Add,
    Sub,
    Observe,
}

impl Action {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "set" => Self::Set,
            "inc" => Self::Inc,
            "dec" => Self::Dec,
            "add" => Self::Add,
            "sub" => Self::Sub,
            _ => return None,
        })
    }
}

/// The least time that a series may be idle.
const LEAST_IDLE: Duration = Duration::from_secs(1);

/// Prefix of names where the configuration sets none.
const PREFIX: &str = "loki_process_custom_";

impl Metric {
    /// What every metric has.
    pub(crate) fn common(&self) -> &Common {
        match self {
            Self::Counter(metric) => &metric.common,
            Self::Gauge(metric) => &metric.common,
            Self::Histogram(metric) => &metric.common,
        }
    }
}

impl Common {
    /// The whole name.
    pub(crate) fn full_name(&self) -> String {
        let prefix = if self.prefix.is_empty() {
            PREFIX
        } else {
            &self.prefix
        };
        format!("{prefix}{}", self.name)
    }
}

fn check_metrics(metrics: &Metrics, checks: &mut Checks<'_, '_>) {
    let mut names: Vec<String> = metrics
        .metrics
        .iter()
        .map(|metric| metric.common().full_name())
        .collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.get(1)) {
        let name = pair.first().map_or("", |name| name);
        checks.here(format!("two metrics have the name {name}")).help =
            Some("give one of them another name or prefix".into());
    }
}

fn check_common(common: &Common, checks: &mut Checks<'_, '_>) {
    let Common { name, prefix, .. } = common;
    let mut all = prefix.bytes().chain(name.bytes());
    if name.is_empty() {
        checks.attribute("name", "name must not be empty");
    } else if !all.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
        || prefix.as_bytes().first().is_some_and(u8::is_ascii_digit)
    {
        checks
            .attribute("name", format!("{prefix}{name} is no valid name of a metric"))
            .help = Some("letters, digits, _ and : only, no digit first".into());
    }
    if common.max_idle_duration < LEAST_IDLE {
        checks.attribute("max_idle_duration", "max_idle_duration must be at least 1s");
    }
}

fn check_counter(counter: &Counter, checks: &mut Checks<'_, '_>) {
    check_common(&counter.common, checks);
    if !matches!(counter.action.as_str(), "inc" | "add") {
        checks.attribute("action", "the action of a counter is \"inc\" or \"add\"");
    }
    if counter.match_all && !counter.common.value.is_empty() {
        checks.attribute("value", "value and match_all exclude each other");
    }
    if counter.count_entry_bytes && (!counter.match_all || counter.action != "add") {
        checks.attribute(
            "count_entry_bytes",
            "count_entry_bytes needs match_all = true and action = \"add\"",
        );
    }
}

fn check_gauge(gauge: &Gauge, checks: &mut Checks<'_, '_>) {
    check_common(&gauge.common, checks);
    if Action::parse(&gauge.action).is_none() {
        checks.attribute(
            "action",
            "the action of a gauge is \"set\", \"inc\", \"dec\", \"add\" or \"sub\"",
        );
    }
}

fn check_histogram(histogram: &Histogram, checks: &mut Checks<'_, '_>) {
    check_common(&histogram.common, checks);
    if histogram
        .buckets
        .windows(2)
        .any(|pair| pair.first() >= pair.get(1))
    {
        checks.attribute("buckets", "buckets must rise");
    }
}
