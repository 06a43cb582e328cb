//! Arguments of the stages that change what entries look like: joined, packed, hidden, cut, replaced.

use super::{check_regex, check_source};
use crate::text::go_template;
use river_eval::{ByteSize, Checks};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_luhn)]
pub(crate) struct Luhn {
    /// What stands in the place of a number; `**REDACTED**` where it is empty.
    #[river(default)]
    pub(crate) replacement: String,
    /// The extracted value to look at, whose text becomes the line; the line where it is not set.
    pub(crate) source: Option<String>,
    /// Digits that a number has at the least; 13 where it is below 1.
    #[river(default)]
    pub(crate) min_length: i64,
    /// Characters that may stand between the digits of a number.
    #[river(default)]
    pub(crate) delimiters: String,
}

fn check_luhn(luhn: &Luhn, checks: &mut Checks<'_, '_>) {
    check_source(luhn.source.as_deref(), checks);
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_multiline)]
pub(crate) struct Multiline {
    /// Matches the first line of those that belong together.
    pub(crate) firstline: String,
    /// Lines that are joined at the most; 0 sets no limit.
    #[river(default = 128)]
    pub(crate) max_lines: u64,
    /// How long lines wait for more.
    #[river(default = Duration::from_secs(3))]
    pub(crate) max_wait_time: Duration,
    /// Whether line ends are taken off each line before it is joined.
    #[river(default = true)]
    pub(crate) trim_newlines: bool,
}

fn check_multiline(multiline: &Multiline, checks: &mut Checks<'_, '_>) {
    if multiline.max_wait_time.is_zero() {
        checks.attribute("max_wait_time", "max_wait_time must be greater than 0");
    }
    if multiline.firstline.is_empty() {
        checks.attribute("firstline", "firstline must not be empty").help =
            Some("an expression that only first lines match, such as `^\\d{4}-`".into());
    }
    check_regex("firstline", &multiline.firstline, checks);
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Pack {
    /// Extracted values and labels that go into the line; labels leave the stream.
    pub(crate) labels: Vec<String>,
    /// Whether the entry gets the present as its time: without its labels it may be older than what its stream has already.
    #[river(default = true)]
    pub(crate) ingest_timestamp: bool,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_replace)]
pub(crate) struct Replace {
    /// What to look for; its groups are replaced, and named ones extracted.
    pub(crate) expression: String,
    /// The extracted value to change; the line where it is empty.
    #[river(default)]
    pub(crate) source: String,
    /// The Go template that makes the text in the place of a group, which is `.Value` in it.
    #[river(default)]
    pub(crate) replace: String,
}

fn check_replace(replace: &Replace, checks: &mut Checks<'_, '_>) {
    if replace.expression.is_empty() {
        checks.attribute("expression", "expression must not be empty");
    }
    check_regex("expression", &replace.expression, checks);
    check_template("replace", &replace.replace, checks);
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_template_stage)]
pub(crate) struct Template {
    /// The extracted value that is set, and that is `.Value` in the template.
    pub(crate) source: String,
    /// The Go template; in it extracted values have their names, and the line is `.Entry`.
    pub(crate) template: String,
}

fn check_template_stage(template: &Template, checks: &mut Checks<'_, '_>) {
    if template.source.is_empty() {
        checks.attribute("source", "source must not be empty").help =
            Some("name the extracted value that the template makes".into());
    }
    check_template("template", &template.template, checks);
}

fn check_template(attribute: &str, text: &str, checks: &mut Checks<'_, '_>) {
    if let Err(mistake) = go_template::Template::new(text) {
        checks
            .attribute(
                attribute,
                format!("{attribute} is no valid template: {}", mistake.message),
            )
            .help = mistake.help;
    }
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_truncate)]
pub(crate) struct Truncate {
    #[river(block, name = "rule")]
    pub(crate) rules: Vec<TruncateRule>,
}

#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct TruncateRule {
    /// Bytes at the most, with the suffix.
    pub(crate) limit: ByteSize,
    /// What is put at the end of what was cut.
    #[river(default)]
    pub(crate) suffix: String,
    /// Names of the labels, metadata or extracted values; all of them where it is empty.
    #[river(default)]
    pub(crate) sources: Vec<String>,
    /// What is cut: `line` (default), `label`, `structured_metadata` or `extracted`.
    #[river(default = TruncateSource::Unset)]
    pub(crate) source_type: TruncateSource,
}

#[derive(Clone, Copy, Debug, PartialEq, river_eval::TextEnum)]
#[river(text = "truncate source type")]
pub(crate) enum TruncateSource {
    #[river(name = "")]
    Unset,
    Line,
    Label,
    StructuredMetadata,
    Extracted,
}

fn check_truncate(truncate: &Truncate, checks: &mut Checks<'_, '_>) {
    if truncate.rules.is_empty() {
        checks.here("a truncate stage needs at least one rule").help =
            Some("add rule { limit = \"64KiB\" }".into());
    }
    for (at, rule) in truncate.rules.iter().enumerate() {
        if rule.limit.0 == 0 {
            checks.block_attribute(("rule", at), "limit", "limit must be greater than 0");
        } else if rule.suffix.len() as u64 >= rule.limit.0 {
            checks.block_attribute(("rule", at), "suffix", "suffix must be shorter than limit");
        }
        if matches!(rule.source_type, TruncateSource::Unset | TruncateSource::Line)
            && !rule.sources.is_empty()
        {
            checks
                .block_attribute(("rule", at), "sources", "a line has no sources")
                .help = Some("say with source_type where the sources are".into());
        }
    }
}
