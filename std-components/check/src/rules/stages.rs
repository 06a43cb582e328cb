//! Stages of log pipelines: what their fields have to be together.

use super::expressions::parsed;
use crate::codes::values::STAGE;
use crate::given::{Given, bytes, flag, given, is_at, nanoseconds, number, place, text};
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::{Diagnostic, Severity};
use std_components::text::re2_syntax::Syntax;

/// [`STAGE`].
#[derive(Debug)]
pub(super) struct Stages;

/// Attributes that must not be empty where they are written: block, attribute.
const FILLED: &[(&str, &str)] = &[
    ("stage.json", "expressions"),
    ("stage.json", "source"),
    ("stage.logfmt", "mapping"),
    ("stage.regex", "expression"),
    ("stage.regex", "source"),
    ("stage.pattern", "pattern"),
    ("stage.replace", "expression"),
    ("stage.multiline", "firstline"),
    ("stage.labels", "values"),
    ("stage.static_labels", "values"),
    ("stage.label_drop", "values"),
    ("stage.label_keep", "values"),
    ("stage.template", "source"),
    ("stage.output", "source"),
    ("stage.timestamp", "source"),
    ("stage.timestamp", "format"),
    ("stage.match", "selector"),
    ("stage.geoip", "db"),
    ("stage.geoip", "source"),
    ("metric.counter", "name"),
    ("metric.gauge", "name"),
    ("metric.histogram", "name"),
];

/// The least time that a metric may be idle, in nanoseconds.
const LEAST_IDLE: i64 = 1_000_000_000;

impl Rule for Stages {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (at, name) in FILLED {
                if is_at(block, "", at)
                    && let Some(attribute) = block.attribute(name)
                    && given(block, name) == Given::No
                    && attribute
                        .inferred
                        .value
                        .as_ref()
                        .is_some_and(|value| value.type_name() != "null")
                {
                    findings.push(
                        Diagnostic::error(
                            &STAGE,
                            attribute.attribute.value.span,
                            format!("`{name}` must not be empty"),
                        )
                        .with_help("fill it in, or take the stage away"),
                    );
                }
            }
            if block.is_nested() {
                stage(block, findings);
            }
        });
    }
}

fn stage(block: &Checked<'_>, findings: &mut Findings<'_>) {
    let mut say = |severity: Severity, name: &str, message: &str, help: &str| {
        findings.push(Diagnostic::new(severity, &STAGE, place(block, name), message).with_help(help));
    };
    match block.name() {
        "stage.match" => {
            match text(block, "action") {
                Some("drop") => {
                    if let Some(inner) = block.blocks.first() {
                        say(
                            Severity::Error,
                            inner.name(),
                            "a match stage that drops entries holds no stages",
                            "take the stages away, or the `action`",
                        );
                    }
                }
                Some("" | "keep")
                    if block.blocks.is_empty()
                        && block.body.statements.iter().all(|statement| {
                            matches!(statement, river_eval::ir::Statement::Attribute(_))
                        }) =>
                {
                    say(
                        Severity::Error,
                        "",
                        "a match stage without stages does nothing",
                        "put stages into it; to drop what matches write `action = \"drop\"`",
                    );
                }
                _ => {}
            }
        }
        "stage.regex" => {
            let names = text(block, "expression")
                .filter(|expression| !expression.is_empty())
                .map(parsed);
            let no_names = |syntax: &Syntax| syntax.group_names().next().is_none();
            if names.is_some_and(|names| names.as_ref().as_ref().is_ok_and(no_names)) {
                say(
                    Severity::Warning,
                    "expression",
                    "the regular expression has no named group, so nothing is extracted",
                    "name what to extract: `(?P<level>\\\\w+)`",
                );
            }
        }
        "stage.pattern" => {
            if let Some(mistake) = text(block, "pattern")
                .filter(|pattern| !pattern.is_empty())
                .and_then(pattern_mistake)
            {
                say(
                    Severity::Error,
                    "pattern",
                    mistake,
                    "captures are `<name>`, or `<_>` for what is not wanted: `<ip> - <user> [<_>]`",
                );
            }
        }
        "stage.sampling" if number(block, "rate").is_some_and(|rate| !(0.0..=1.0).contains(&rate)) => {
            say(
                Severity::Error,
                "rate",
                "`rate` is a share, from 0.0 to 1.0",
                "0.1 keeps one entry of ten",
            );
        }
        "stage.limit"
            if given(block, "by_label_name") == Given::Yes && flag(block, "drop") == Some(false) =>
        {
            say(
                Severity::Error,
                "by_label_name",
                "a limit for each value of a label can only drop",
                "add `drop = true`",
            );
        }
        "metric.counter" | "metric.gauge" | "metric.histogram" => {
            if nanoseconds(block, "max_idle_duration").is_some_and(|idle| idle < LEAST_IDLE) {
                say(
                    Severity::Error,
                    "max_idle_duration",
                    "`max_idle_duration` is at least one second",
                    "such as `\"5m\"`",
                );
            }
            let counts_bytes = flag(block, "count_entry_bytes") == Some(true);
            let adds = text(block, "action") == Some("add");
            if counts_bytes && (flag(block, "match_all") == Some(false) || !adds) {
                say(
                    Severity::Error,
                    "count_entry_bytes",
                    "`count_entry_bytes` needs `match_all = true` and `action = \"add\"`",
                    "set both, or take it away",
                );
            }
        }
        "rule" if block.path.get(block.path.len().saturating_sub(2)) == Some(&"stage.truncate") => {
            let limit = bytes(block, "limit");
            if limit == Some(0) {
                say(
                    Severity::Error,
                    "limit",
                    "`limit` has to be above 0",
                    "such as `\"1KiB\"`",
                );
            } else if limit
                .zip(text(block, "suffix"))
                .is_some_and(|(limit, suffix)| suffix.len() as u64 >= limit)
            {
                say(
                    Severity::Error,
                    "suffix",
                    "`suffix` is as long as the `limit`",
                    "take a shorter one, or a higher limit",
                );
            }
        }
        _ => {}
    }
}

/// What is wrong with a pattern of captures and the texts between them.
fn pattern_mistake(pattern: &str) -> Option<&'static str> {
    let mut names = Vec::new();
    let mut end_of_last = None;
    let mut at = 0;
    while let Some(open) = pattern[at..].find('<').map(|next| at + next) {
        let inner = &pattern[open + 1..];
        let length = inner
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(inner.len());
        let name = &inner[..length];
        at = open + 1;
        let is_capture = inner[length..].starts_with('>')
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !is_capture {
            continue;
        }
        if end_of_last == Some(open) {
            return Some("two captures follow each other, so nothing tells where the first one ends");
        }
        if name != "_" && names.contains(&name) {
            return Some("two captures have one name");
        }
        names.push(name);
        at = open + length + 2;
        end_of_last = Some(at);
    }
    match names.iter().any(|name| *name != "_") {
        true => None,
        false => Some("the pattern captures nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::Stages;
    use crate::testing::said;

    fn stages(stages: &str) -> String {
        said(
            &Stages,
            &format!("loki.process \"a\" {{\n\tforward_to = []\n{stages}\n}}\n"),
        )
    }

    #[test]
    fn sound_stages_pass() {
        insta::assert_snapshot!(stages("stage.match {
	selector = \"{a=`b`}\"
	stage.regex {
		expression = `(?P<a>.)`
	}
}
stage.match {
	selector = \"{a=`b`}\"
	action   = \"drop\"
}
stage.sampling {
	rate = 0.5
}
stage.json {
	expressions = { a = \"\" }
	source      = null
}
"), @"");
    }

    #[test]
    fn patterns_capture_something() {
        let pattern = |pattern: &str| stages(&format!("stage.pattern {{\n\tpattern = `{pattern}`\n}}"));
        insta::assert_snapshot!(pattern("<ip> - <user> [<_>] <a < b>"), @"");
        insta::assert_snapshot!(pattern("<ip><user>"), @"4:2: error[AR0312]: two captures follow each other, so nothing tells where the first one ends (captures are `<name>`, or `<_>` for what is not wanted: `<ip> - <user> [<_>]`)");
        insta::assert_snapshot!(pattern("<_> x"), @"4:2: error[AR0312]: the pattern captures nothing (captures are `<name>`, or `<_>` for what is not wanted: `<ip> - <user> [<_>]`)");
        insta::assert_snapshot!(pattern("<a> <a>"), @"4:2: error[AR0312]: two captures have one name (captures are `<name>`, or `<_>` for what is not wanted: `<ip> - <user> [<_>]`)");
    }

    #[test]
    fn stages_that_cannot_work_are_found() {
        insta::assert_snapshot!(stages("stage.match {
	selector = \"{a=`b`}\"
}
stage.match {
	selector = \"{a=`b`}\"
	action   = \"drop\"
	stage.cri { }
}
stage.regex {
	expression = `(a)`
}
stage.sampling {
	rate = 50
}
stage.json {
	expressions = {}
}
stage.limit {
	rate          = 1
	burst         = 1
	by_label_name = \"a\"
}
stage.metrics {
	metric.counter {
		name              = \"a\"
		action            = \"inc\"
		max_idle_duration = \"10ms\"
	}
}
"), @r#"
        3:1: error[AR0312]: a match stage without stages does nothing (put stages into it; to drop what matches write `action = "drop"`)
        9:2: error[AR0312]: a match stage that drops entries holds no stages (take the stages away, or the `action`)
        12:2: warning[AR0312]: the regular expression has no named group, so nothing is extracted (name what to extract: `(?P<level>\\w+)`)
        15:2: error[AR0312]: `rate` is a share, from 0.0 to 1.0 (0.1 keeps one entry of ten)
        18:16: error[AR0312]: `expressions` must not be empty (fill it in, or take the stage away)
        23:2: error[AR0312]: a limit for each value of a label can only drop (add `drop = true`)
        29:3: error[AR0312]: `max_idle_duration` is at least one second (such as `"5m"`)
        "#);
    }
}
