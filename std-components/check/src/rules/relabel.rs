//! Relabelling rules have the fields that their action needs, and no others.

use super::groups::is_relabel_rule;
use crate::codes::values::RELABEL_RULE;
use crate::given::{Given, given, number, place, text};
use river_eval::check::{Checked, Findings, Rule};
use river_eval::schema::AttributeSchema;
use river_syntax::Diagnostic;
use std_components::relabel::makes_a_name;

/// [`RELABEL_RULE`].
#[derive(Debug)]
pub(super) struct Relabel;

impl Rule for Relabel {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            if is_relabel_rule(block)
                && let Some(action) = text(block, "action")
            {
                check(block, &action.to_lowercase(), findings);
            }
        });
    }
}

fn check(block: &Checked<'_>, action: &str, findings: &mut Findings<'_>) {
    let mut error = |name: &str, message: String, help: &str| {
        findings.push(Diagnostic::error(&RELABEL_RULE, place(block, name), message).with_help(help));
    };
    if action == "hashmod" && number(block, "modulus") == Some(0.0) {
        error(
            "modulus",
            "a rule with the action hashmod needs a `modulus` above 0".into(),
            "add `modulus = 8`, the number of shards",
        );
    }
    let needs_target = matches!(
        action,
        "replace" | "hashmod" | "lowercase" | "uppercase" | "keepequal" | "dropequal"
    );
    if needs_target && given(block, "target_label") == Given::No {
        error(
            "target_label",
            format!("a rule with the action {action} needs a `target_label`"),
            "name the label that the rule is about: `target_label = \"job\"`",
        );
    }
    if action == "replace"
        && let Some(target) = text(block, "target_label")
        && target.contains('$')
        && !makes_a_name(target)
    {
        error(
            "target_label",
            format!("`target_label` {target:?} does not make the name of a label"),
            "letters, digits and `_`, and groups such as `$1` or `${name}`",
        );
    }
    if action == "labelmap"
        && let Some(replacement) = text(block, "replacement")
        && !makes_a_name(replacement)
    {
        error(
            "replacement",
            format!("`replacement` {replacement:?} does not make the name of a label"),
            "letters, digits and `_`, and groups such as `$1` or `${name}`",
        );
    }
    let (allowed, unused): (&str, &[&str]) = match action {
        "labeldrop" | "labelkeep" => (
            "`regex`",
            &[
                "source_labels",
                "target_label",
                "modulus",
                "separator",
                "replacement",
            ],
        ),
        "keepequal" | "dropequal" => (
            "`source_labels` and `target_label`",
            &["regex", "modulus", "separator", "replacement"],
        ),
        "lowercase" | "uppercase" => (
            "`source_labels`, `separator`, `regex` and `target_label`",
            &["replacement"],
        ),
        _ => return,
    };
    for name in unused {
        if differs_from_default(block, name) {
            error(
                name,
                format!("a rule with the action {action} takes {allowed} only, not `{name}`"),
                "take it away",
            );
        }
    }
}

/// Whether an attribute was written with another value than its default, as far as that is known.
fn differs_from_default(block: &Checked<'_>, name: &str) -> bool {
    let Some(attribute) = block.attribute(name) else {
        return false;
    };
    let AttributeSchema { default, .. } = attribute.schema;
    match (&attribute.inferred.value, default) {
        (Some(value), Some(default)) => value != default,
        (Some(_), None) => given(block, name) == Given::Yes,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Relabel;
    use crate::testing::said;

    #[test]
    fn complete_rules_pass() {
        let text = "prometheus.relabel \"b\" {
	forward_to = []
	rule {
		source_labels = [\"__address__\"]
		action        = \"hashmod\"
		modulus       = 4
		target_label  = \"shard\"
	}
	rule {
		action = \"labelmap\"
		regex  = \"__meta_(.+)\"
	}
	rule {
		regex  = \"a|b\"
		action = \"labeldrop\"
	}
	rule {
		action        = \"keep\"
		source_labels = [\"a\"]
	}
	rule {
		target_label = sys.env(\"X\")
		replacement  = \"x\"
	}
}
";
        insta::assert_snapshot!(said(&Relabel, text), @"");
    }

    #[test]
    fn what_is_missing_or_too_much_is_found() {
        let text = "prometheus.remote_write \"b\" {
	endpoint {
		url = \"http://a/b\"
		write_relabel_config {
			source_labels = [\"x\"]
			action        = \"hashmod\"
		}
		write_relabel_config {
			source_labels = [\"x\"]
			regex         = \"a\"
			action        = \"labeldrop\"
		}
		write_relabel_config {
			source_labels = [\"x\"]
			target_label  = \"a-$1\"
		}
		write_relabel_config {
			action       = \"uppercase\"
			target_label = \"a\"
			replacement  = \"b\"
		}
	}
}
";
        insta::assert_snapshot!(said(&Relabel, text), @r#"
        4:3: error[AR0302]: a rule with the action hashmod needs a `modulus` above 0 (add `modulus = 8`, the number of shards)
        4:3: error[AR0302]: a rule with the action hashmod needs a `target_label` (name the label that the rule is about: `target_label = "job"`)
        9:4: error[AR0302]: a rule with the action labeldrop takes `regex` only, not `source_labels` (take it away)
        15:4: error[AR0302]: `target_label` "a-$1" does not make the name of a label (letters, digits and `_`, and groups such as `$1` or `${name}`)
        20:4: error[AR0302]: a rule with the action uppercase takes `source_labels`, `separator`, `regex` and `target_label` only, not `replacement` (take it away)
        "#);
    }
}
