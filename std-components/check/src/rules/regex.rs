//! Regular expressions compile, wherever the catalog or a component means one.

use super::expressions::parsed;
use crate::codes::values::BAD_REGEX;
use crate::given::is_at;
use river_eval::check::{Checked, CheckedAttribute, Findings, Rule};
use river_eval::schema::Type;
use river_syntax::Diagnostic;

/// Attributes of type string that hold RE2 expressions: component, block (`.` for the component's own body), attribute.
const PLACES: &[(&str, &str, &[&str])] = &[
    ("", "stage.drop", &["expression"]),
    ("", "stage.regex", &["expression"]),
    ("", "stage.replace", &["expression"]),
    ("", "stage.multiline", &["firstline"]),
    ("", "stage.structured_metadata", &["regex"]),
    (
        "prometheus.exporter.kafka",
        ".",
        &[
            "groups_exclude_regex",
            "groups_filter_regex",
            "topics_exclude_regex",
            "topics_filter_regex",
        ],
    ),
    (
        "prometheus.exporter.unix",
        "",
        &[
            "device_exclude",
            "device_include",
            "metrics_include",
            "flags_include",
            "bugs_include",
            "fs_types_exclude",
            "mount_points_exclude",
            "chip_exclude",
            "chip_include",
            "ignored_devices",
            "ignored_supplies",
            "unit_exclude",
            "unit_include",
            "fields",
        ],
    ),
    (
        "prometheus.exporter.windows",
        "",
        &[
            "include",
            "exclude",
            "app_include",
            "app_exclude",
            "site_include",
            "site_exclude",
        ],
    ),
    ("prometheus.exporter.process", "matcher", &["cmdline"]),
    ("otelcol.processor.attributes", "action", &["pattern"]),
    ("otelcol.", "annotation", &["key_regex"]),
    ("otelcol.", "label", &["key_regex"]),
    (
        "otelcol.",
        "multiline",
        &["line_start_pattern", "line_end_pattern"],
    ),
    ("otelcol.receiver.filelog", "ordering_criteria", &["regex"]),
    ("otelcol.receiver.filelog", "header", &["pattern"]),
    (
        "otelcol.processor.metric_start_time",
        ".",
        &["start_time_metric_regex"],
    ),
    ("otelcol.processor.span", "to_attributes", &["rules"]),
    ("otelcol.exporter.googlecloud", "", &["regex"]),
    ("otelcol.exporter.datadog", "traces", &["ignore_resources"]),
];

/// Lists of expressions where `match_type` says that they are ones.
const MATCHED: &[&str] = &[
    "services",
    "span_names",
    "log_bodies",
    "log_severity_texts",
    "metric_names",
    "metrics",
    "span_kinds",
];

/// [`BAD_REGEX`].
#[derive(Debug)]
pub(super) struct Regexes;

/// Whether an attribute's texts are expressions.
pub(super) fn is_regex(block: &Checked<'_>, attribute: &CheckedAttribute<'_>) -> bool {
    if let Type::Text { name, .. } = &attribute.schema.ty {
        return name.starts_with("RE2");
    }
    let name = attribute.schema.name;
    let is_listed = PLACES
        .iter()
        .any(|(component, place, names)| is_at(block, component, place) && names.contains(&name));
    is_listed
        || (matches!(block.name(), "include" | "exclude")
            && MATCHED.contains(&name)
            && crate::given::text(block, "match_type") == Some("regexp"))
        || (block.name() == "string_attribute"
            && name == "values"
            && crate::given::flag(block, "enabled_regex_matching") == Some(true))
}

impl Rule for Regexes {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                if !is_regex(block, attribute) {
                    continue;
                }
                for (_, text) in attribute.texts() {
                    if let Err(mistake) = parsed(&text.text).as_ref() {
                        let message = format!(
                            "`{}` is no valid regular expression: {}",
                            attribute.schema.name, mistake.message
                        );
                        let help = mistake.help.clone().unwrap_or_else(|| {
                            "expressions are RE2's; between backticks a backslash needs no second one".into()
                        });
                        let place = findings.inside(&text, mistake.range.clone());
                        findings.push(Diagnostic::error(&BAD_REGEX, place, message).with_help(help));
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Regexes;
    use crate::testing::said;

    #[test]
    fn good_expressions_pass() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.regex {
		expression = `^(?P<level>\\w+) (?i:x)\\d{2,3}$`
	}
}
discovery.relabel \"b\" {
	targets = []
	rule {
		regex        = \"__meta_(.+)|\" + sys.env(\"X\")
		target_label = \"a\"
	}
}
";
        insta::assert_snapshot!(said(&Regexes, text), @"");
    }

    #[test]
    fn mistakes_are_found_inside_of_the_text() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.drop {
		expression = \"a\\\\d(b\"
	}
}
discovery.relabel \"b\" {
	targets = []
	rule {
		regex        = `kube-(?!system).*`
		target_label = \"a\"
	}
	rule {
		regex        = \"*.log\"
		target_label = \"a\"
	}
}
prometheus.exporter.unix \"c\" {
	filesystem {
		fs_types_exclude = \"^(tmpfs|[a-z\"
	}
}
";
        insta::assert_snapshot!(said(&Regexes, text), @r"
        4:21: error[AR0300]: `expression` is no valid regular expression: unclosed group (close the group, or write a plain parenthesis as `\\(`)
        10:24: error[AR0300]: `regex` is no valid regular expression: look-around is not supported, including look-ahead and look-behind (match more and use a group, or take two rules: one that drops, one that keeps)
        14:19: error[AR0300]: `regex` is no valid regular expression: nothing stands before the repetition (a glob's `*` is `.*` here; a plain one is `\\*`)
        20:31: error[AR0300]: `fs_types_exclude` is no valid regular expression: unclosed character class (close the class with `]`, or write a plain bracket as `\\[`)
        ");
    }
}
