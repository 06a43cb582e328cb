//! The arguments of `loki.process` and of its stages, as the reference documents them.

mod events;
mod metrics;
mod select;
mod shape;

pub(crate) use events::{Event, Geoip};
pub(crate) use metrics::{Action, Metric, Metrics};
pub(crate) use select::{Match, Pattern};
pub(crate) use shape::{Luhn, Multiline, Pack, Replace, Template, Truncate, TruncateRule, TruncateSource};

use crate::signals::{Fanout, LogBatch};
use river_eval::{ByteSize, Checks};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `loki.process`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub struct Arguments {
    /// Where to send log entries after processing.
    pub(crate) forward_to: Fanout<LogBatch>,
    #[river(alternatives)]
    pub(crate) stages: Vec<StageArguments>,
}

macro_rules! stages {
    ($($(#[doc = $doc:literal])* $variant:ident($type:ty) = $name:literal,)*) => {
        /// A stage's arguments.
        #[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
        #[river(prefix = "stage")]
        pub(crate) enum StageArguments {
            $($(#[doc = $doc])* #[river(name = $name)] $variant($type),)*
        }

        impl StageArguments {
            /// The name after `stage.`.
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                }
            }
        }
    };
}

stages! {
    /// Parses a container runtime's lines (CRI) and joins partial ones.
    Cri(Cri) = "cri",
    /// Takes ANSI colours away.
    Decolorize(Empty) = "decolorize",
    /// Parses lines of Docker's JSON files.
    Docker(Empty) = "docker",
    /// Drops entries that meet all conditions.
    Drop(Drop) = "drop",
    /// Extracts the `key: value` lines of a Windows event's message.
    EventLogMessage(Event) = "eventlogmessage",
    /// Looks places of IP addresses up (not supported by this agent).
    Geoip(Geoip) = "geoip",
    /// Extracts values from JSON by JMESPath.
    Json(Json) = "json",
    /// Keeps only these labels.
    LabelKeep(Values) = "label_keep",
    /// Takes these labels away.
    LabelDrop(Values) = "label_drop",
    /// Makes labels of extracted values.
    Labels(Labels) = "labels",
    /// Limits the rate of entries.
    Limit(Limit) = "limit",
    /// Extracts values from logfmt.
    Logfmt(Logfmt) = "logfmt",
    /// Hides numbers that pass the Luhn check, such as those of credit cards.
    Luhn(Luhn) = "luhn",
    /// Takes entries that a LogQL selector matches through stages of their own, or drops them.
    Match(Match) = "match",
    /// Exposes metrics made of entries on the agent's own metrics page.
    Metrics(Metrics) = "metrics",
    /// Joins lines that belong together.
    Multiline(Multiline) = "multiline",
    /// Makes an extracted value the line.
    Output(Source) = "output",
    /// Puts the line and labels into one JSON object, which becomes the line.
    Pack(Pack) = "pack",
    /// Extracts values by a LogQL pattern.
    Pattern(Pattern) = "pattern",
    /// Extracts values by the named groups of a regular expression.
    Regex(Regex) = "regex",
    /// Replaces what the groups of a regular expression match.
    Replace(Replace) = "replace",
    /// Sets labels to fixed values.
    StaticLabels(StaticLabels) = "static_labels",
    /// Makes structured metadata of extracted values and labels.
    StructuredMetadata(StructuredMetadata) = "structured_metadata",
    /// Takes structured metadata away.
    StructuredMetadataDrop(Values) = "structured_metadata_drop",
    /// Keeps a share of the entries.
    Sampling(Sampling) = "sampling",
    /// Sets an extracted value to what a Go template makes.
    Template(Template) = "template",
    /// Sets the tenant.
    Tenant(Tenant) = "tenant",
    /// Cuts what is too long.
    Truncate(Truncate) = "truncate",
    /// Sets the timestamp from an extracted value.
    Timestamp(Timestamp) = "timestamp",
    /// Extracts the sections of a Windows event's message.
    WindowsEvent(Event) = "windowsevent",
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Empty {}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_cri)]
pub(crate) struct Cri {
    /// Streams whose partial lines wait at the same time, at the most.
    #[river(default = 100)]
    pub(crate) max_partial_lines: i64,
    /// Bytes of a joined line at the most, where `max_partial_line_size_truncate` is set.
    #[river(default)]
    pub(crate) max_partial_line_size: u64,
    /// Whether longer joined lines are cut.
    #[river(default)]
    pub(crate) max_partial_line_size_truncate: bool,
}

fn check_cri(cri: &Cri, checks: &mut Checks<'_, '_>) {
    if cri.max_partial_lines <= 0 {
        checks.attribute("max_partial_lines", "max_partial_lines must be greater than 0");
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_drop)]
pub(crate) struct Drop {
    /// The reason under which dropped entries are counted.
    #[river(default)]
    pub(crate) drop_counter_reason: String,
    /// Names of extracted values, separated by commas.
    #[river(default)]
    pub(crate) source: String,
    /// Drops entries whose source has exactly this value.
    #[river(default)]
    pub(crate) value: String,
    /// What joins several sources.
    #[river(default)]
    pub(crate) separator: String,
    /// Drops entries whose line, or source, this expression matches.
    #[river(default)]
    pub(crate) expression: String,
    /// Drops entries older than this.
    #[river(default)]
    pub(crate) older_than: Duration,
    /// Drops entries whose line is longer than this.
    #[river(default)]
    pub(crate) longer_than: ByteSize,
}

fn check_drop(drop: &Drop, checks: &mut Checks<'_, '_>) {
    if drop.source.is_empty()
        && drop.expression.is_empty()
        && drop.older_than.is_zero()
        && drop.longer_than.0 == 0
    {
        checks.here("a drop stage needs at least one of source, expression, older_than and longer_than");
    }
    if !drop.value.is_empty() && !drop.expression.is_empty() {
        checks
            .attribute("value", "value and expression exclude each other")
            .help = Some("keep one of the two".into());
    }
    if !drop.value.is_empty() && drop.source.is_empty() {
        checks.attribute("value", "value needs a source").help =
            Some("say with source which extracted value to compare".into());
    }
    check_regex("expression", &drop.expression, checks);
}

/// Reports an expression that does not compile.
pub(super) fn check_regex(attribute: &str, expression: &str, checks: &mut Checks<'_, '_>) {
    if let Err(reason) = crate::text::re2::compile(expression) {
        checks
            .attribute(
                attribute,
                format!("{attribute} is no valid regular expression: {reason}"),
            )
            .help = Some("expressions are RE2's; between backticks a backslash needs no second one".into());
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_json)]
pub(crate) struct Json {
    /// Names of values to extract, with a JMESPath each; an empty path is the name itself.
    pub(crate) expressions: BTreeMap<String, String>,
    /// The extracted value to parse; the line where it is not set.
    pub(crate) source: Option<String>,
    /// Whether a line that is no JSON object is dropped.
    #[river(default)]
    pub(crate) drop_malformed: bool,
}

fn check_json(json: &Json, checks: &mut Checks<'_, '_>) {
    if json.expressions.is_empty() {
        checks.attribute("expressions", "a json stage needs at least one expression");
    }
    check_source(json.source.as_deref(), checks);
    for (name, expression) in &json.expressions {
        let expression = if expression.is_empty() { name } else { expression };
        if let Err(mistake) = crate::text::jmes::Expression::new(expression) {
            let message = format!("the JMESPath of {name:?} is not valid: {}", mistake.message);
            checks.attribute("expressions", message).help = mistake.help;
        }
    }
}

fn check_source(source: Option<&str>, checks: &mut Checks<'_, '_>) {
    if source == Some("") {
        checks.attribute("source", "source must not be empty").help =
            Some("leave it out to work on the line".into());
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Values {
    /// Names of labels.
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, river_eval::TextEnum)]
#[river(text = "label source type")]
pub(crate) enum SourceType {
    Extracted,
    StructuredMetadata,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_labels)]
pub(crate) struct Labels {
    /// Names of labels with the extracted value each; an empty or null value is the name itself.
    pub(crate) values: BTreeMap<String, Option<String>>,
    /// Whether the values are extracted ones or structured metadata.
    pub(crate) source_type: Option<SourceType>,
}

fn check_labels(labels: &Labels, checks: &mut Checks<'_, '_>) {
    check_names(labels.values.keys(), checks);
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>, checks: &mut Checks<'_, '_>) {
    for name in names {
        if !is_label_name(name) {
            checks
                .attribute("values", format!("{name:?} is no valid label name"))
                .help = Some("letters, digits and _ only, no digit first".into());
        }
    }
}

/// Whether a text is a label name: letters, digits and `_`, no digit first.
pub(super) fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_limit)]
pub(crate) struct Limit {
    /// Entries a second.
    pub(crate) rate: f64,
    /// Entries that may come at once.
    pub(crate) burst: i64,
    /// Whether what is above the rate is dropped; else it waits.
    #[river(default)]
    pub(crate) drop: bool,
    /// Limits each value of this label by itself.
    #[river(default)]
    pub(crate) by_label_name: String,
    /// Values of the label that are told apart at the most, from 10,000 on.
    #[river(default)]
    pub(crate) max_distinct_labels: i64,
}

fn check_limit(limit: &Limit, checks: &mut Checks<'_, '_>) {
    if limit.rate.is_nan() || limit.rate <= 0.0 || limit.burst <= 0 {
        checks.here("rate and burst must be greater than 0");
    }
    if !limit.by_label_name.is_empty() && !limit.drop {
        checks.attribute("by_label_name", "when limiting by label, drop must be true");
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_logfmt)]
pub(crate) struct Logfmt {
    /// Names of values to extract, with the key of each; an empty key is the name itself.
    pub(crate) mapping: BTreeMap<String, String>,
    /// The extracted value to parse; the line where it is not set.
    #[river(default)]
    pub(crate) source: String,
}

fn check_logfmt(logfmt: &Logfmt, checks: &mut Checks<'_, '_>) {
    if logfmt.mapping.is_empty() {
        checks.attribute("mapping", "a logfmt stage needs at least one key to extract");
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_output)]
pub(crate) struct Source {
    /// The extracted value that becomes the line.
    pub(crate) source: String,
}

fn check_output(output: &Source, checks: &mut Checks<'_, '_>) {
    if output.source.is_empty() {
        checks.attribute("source", "source must not be empty").help =
            Some("name the extracted value that becomes the line".into());
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_regex_stage)]
pub(crate) struct Regex {
    /// The expression; its named groups are extracted.
    pub(crate) expression: String,
    /// The extracted value to match; the line where it is not set.
    pub(crate) source: Option<String>,
    /// Whether the groups become labels, too.
    #[river(default)]
    pub(crate) labels_from_groups: bool,
}

fn check_regex_stage(regex: &Regex, checks: &mut Checks<'_, '_>) {
    if regex.expression.is_empty() {
        checks.attribute("expression", "expression must not be empty");
    }
    check_source(regex.source.as_deref(), checks);
    check_regex("expression", &regex.expression, checks);
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_static)]
pub(crate) struct StaticLabels {
    /// Labels and their values; an empty or null value is left out.
    pub(crate) values: BTreeMap<String, Option<String>>,
}

fn check_static(labels: &StaticLabels, checks: &mut Checks<'_, '_>) {
    check_names(labels.values.keys(), checks);
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_metadata)]
pub(crate) struct StructuredMetadata {
    /// Names of structured metadata with the extracted value or label each; an empty or null value is the name itself.
    #[river(default)]
    pub(crate) values: BTreeMap<String, Option<String>>,
    /// Extracted values and labels whose names match become structured metadata, too.
    #[river(default)]
    pub(crate) regex: String,
}

fn check_metadata(metadata: &StructuredMetadata, checks: &mut Checks<'_, '_>) {
    check_names(metadata.values.keys(), checks);
    check_regex("regex", &metadata.regex, checks);
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_sampling)]
pub(crate) struct Sampling {
    /// The reason under which dropped entries are counted.
    #[river(default = "sampling_stage".to_owned())]
    pub(crate) drop_counter_reason: String,
    /// The share that is kept, from 0 to 1.
    pub(crate) rate: f64,
}

fn check_sampling(sampling: &Sampling, checks: &mut Checks<'_, '_>) {
    if !(0.0..=1.0).contains(&sampling.rate) {
        checks.attribute("rate", "rate must be between 0.0 and 1.0");
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_tenant)]
pub(crate) struct Tenant {
    /// The label whose value is the tenant.
    #[river(default)]
    pub(crate) label: String,
    /// The extracted value that is the tenant.
    #[river(default)]
    pub(crate) source: String,
    /// The tenant.
    #[river(default)]
    pub(crate) value: String,
}

fn check_tenant(tenant: &Tenant, checks: &mut Checks<'_, '_>) {
    let given = [&tenant.label, &tenant.source, &tenant.value]
        .into_iter()
        .filter(|text| !text.is_empty())
        .count();
    if given != 1 {
        checks.here("a tenant stage needs exactly one of label, source and value");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, river_eval::TextEnum)]
#[river(text = "action on failure")]
pub(crate) enum OnFailure {
    #[river(name = "")]
    Unset,
    Skip,
    Fudge,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_timestamp)]
pub(crate) struct Timestamp {
    /// The extracted value that holds the time.
    pub(crate) source: String,
    /// A layout as Go writes it, or the name of one: `RFC3339`, `Unix`, `UnixMs` …
    pub(crate) format: String,
    /// Layouts that are tried after `format`.
    #[river(default)]
    pub(crate) fallback_formats: Vec<String>,
    /// The time zone of times that name none, `Europe/Berlin`.
    pub(crate) location: Option<String>,
    /// What happens to an entry whose time cannot be read: `fudge` (default) gives it the last time and a nanosecond, `skip`
    /// leaves it.
    #[river(default = OnFailure::Unset)]
    pub(crate) action_on_failure: OnFailure,
}

fn check_timestamp(timestamp: &Timestamp, checks: &mut Checks<'_, '_>) {
    if timestamp.source.is_empty() {
        checks.attribute("source", "source must not be empty");
    }
    if timestamp.format.is_empty() {
        checks.attribute("format", "format must not be empty").help =
            Some("such as RFC3339, or a layout: 2006-01-02 15:04:05".into());
    }
    if let Some(location) = &timestamp.location
        && jiff::tz::TimeZone::get(location).is_err()
    {
        checks
            .attribute(
                "location",
                format!("{location:?} is no time zone of this machine"),
            )
            .help = Some("write it as in the tz database, Europe/Berlin, and install tzdata".into());
    }
}
