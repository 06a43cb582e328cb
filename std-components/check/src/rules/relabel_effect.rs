//! Relabelling rules that can never match, match everything, or undo each other.

use super::expressions::parsed;
use super::groups::is_relabel_rule;
use crate::codes::values::{META_LABEL, RELABEL_NO_EFFECT};
use crate::given::text;
use river_eval::Value;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::{Diagnostic, Span};
use std::rc::Rc;
use std_components::text::Mistake;
use std_components::text::re2_syntax::Syntax;

/// [`RELABEL_NO_EFFECT`] and [`META_LABEL`].
#[derive(Debug)]
pub(super) struct RelabelEffect;

impl Rule for RelabelEffect {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            let rules: Vec<Known<'_>> = block
                .blocks
                .iter()
                .filter(|inner| is_relabel_rule(inner))
                .map(Known::new)
                .collect();
            for rule in &rules {
                alone(rule, findings);
                meta_labels(block, rule, findings);
            }
            filters(&rules, findings);
        });
    }
}

/// What is known of a rule.
struct Known<'a> {
    block: &'a Checked<'a>,
    action: Option<&'a str>,
    /// `None` where it is not known.
    sources: Option<Vec<&'a str>>,
    regex: Option<Rc<Result<Syntax, Mistake>>>,
    is_default_regex: bool,
}

impl<'a> Known<'a> {
    fn new(block: &'a Checked<'a>) -> Self {
        let sources = match block.attribute("source_labels") {
            None => Some(Vec::new()),
            Some(attribute) => match &attribute.inferred.value {
                Some(Value::List(items)) => items
                    .iter()
                    .map(|item| match item {
                        Value::String(text) => Some(&**text),
                        _ => None,
                    })
                    .collect(),
                Some(Value::Null) => Some(Vec::new()),
                _ => None,
            },
        };
        let regex = text(block, "regex");
        Self {
            block,
            action: text(block, "action"),
            sources,
            regex: regex.map(parsed),
            is_default_regex: block.attribute("regex").is_none(),
        }
    }

    /// The expression, if it is known and right.
    fn syntax(&self) -> Option<&Syntax> {
        self.regex.as_deref()?.as_ref().ok()
    }

    /// Where to point at when the expression is to blame.
    fn regex_place(&self) -> Span {
        match self.block.attribute("regex") {
            Some(attribute) => attribute.attribute.value.span,
            None => self.block.head,
        }
    }
}

/// What a rule that looks at values does with what it cannot match.
fn consequence(action: &str) -> Option<&'static str> {
    Some(match action {
        "keep" => "everything is dropped",
        "drop" | "replace" => "it has no effect",
        _ => return None,
    })
}

fn alone(rule: &Known<'_>, findings: &mut Findings<'_>) {
    let (Some(action), Some(syntax)) = (rule.action, rule.syntax()) else {
        return;
    };
    let mut warn = |place: Span, message: String, help: &str| {
        findings.push(Diagnostic::warning(&RELABEL_NO_EFFECT, place, message).with_help(help));
    };
    if syntax.matches_all() {
        let how = if rule.is_default_regex {
            "without a `regex` it matches everything"
        } else {
            "its `regex` matches everything"
        };
        match action {
            "keep" => warn(
                rule.regex_place(),
                format!("the rule keeps everything: {how}, an empty value, too"),
                "to keep what has the label write `regex = \".+\"`",
            ),
            "drop" => warn(
                rule.regex_place(),
                format!("the rule drops everything: {how}, an empty value, too"),
                "to drop what has the label write `regex = \".+\"`",
            ),
            "replace"
                if rule.block.attribute("replacement").is_none()
                    && rule.sources.as_deref().is_some_and(|sources| sources.len() == 1)
                    && rule.sources.as_ref().and_then(|sources| sources.first().copied())
                        == text(rule.block, "target_label") =>
            {
                warn(
                    rule.block.head,
                    "the rule sets a label to its own value".into(),
                    "take it away, or set `replacement`",
                );
            }
            _ => {}
        }
        return;
    }
    let Some(consequence) = consequence(action) else {
        return;
    };
    let Some(sources) = &rule.sources else { return };
    if sources.is_empty() && !syntax.matches_empty() {
        warn(
            rule.regex_place(),
            format!(
                "the rule never matches, so {consequence}: without `source_labels` it looks at an empty text"
            ),
            "name the labels: `source_labels = [\"job\"]`",
        );
        return;
    }
    let separator = text(rule.block, "separator").unwrap_or_default();
    if sources.len() > 1
        && let Some(first) = separator.chars().next()
        && !syntax.may_hold(first)
    {
        warn(
            rule.regex_place(),
            format!(
                "the rule never matches, so {consequence}: the values of {} labels are joined with {separator:?}, which the `regex` does not allow for",
                sources.len()
            ),
            "an expression has to match the whole text: `a;b`",
        );
    }
}

/// Rules that keep and drop by the same labels.
fn filters(rules: &[Known<'_>], findings: &mut Findings<'_>) {
    for (at, later) in rules.iter().enumerate() {
        let (Some("keep" | "drop"), Some(sources), Some(wanted)) = (
            later.action,
            &later.sources,
            later.syntax().and_then(Syntax::literals),
        ) else {
            continue;
        };
        let earlier = rules
            .iter()
            .take(at)
            .rev()
            .find(|earlier| earlier.action == Some("keep") && earlier.sources.as_ref() == Some(sources));
        let Some(earlier) = earlier else { continue };
        let writes = |rule: &Known<'_>| {
            matches!(rule.action, Some("labelmap") | None)
                || text(rule.block, "target_label").is_none_or(|target| sources.contains(&target))
        };
        let between = rules
            .iter()
            .take(at)
            .skip_while(|rule| !std::ptr::eq(*rule, earlier))
            .skip(1);
        let Some(kept) = earlier.syntax().and_then(Syntax::literals) else {
            continue;
        };
        if between.into_iter().any(writes) {
            continue;
        }
        let is_kept = |text: &String| kept.contains(text);
        let nothing_left = match later.action {
            Some("keep") => !wanted.iter().any(is_kept),
            _ => kept.iter().all(|text| wanted.contains(text)),
        };
        if nothing_left {
            findings.push(
                Diagnostic::warning(
                    &RELABEL_NO_EFFECT,
                    later.regex_place(),
                    "nothing is left after this rule: it contradicts an earlier one on the same labels",
                )
                .with_secondary(earlier.regex_place(), "only these are kept here")
                .with_help("put all values that are wanted in one rule: `regex = \"a|b\"`"),
            );
        }
    }
}

/// Labels of discovery, where they are gone already.
fn meta_labels(parent: &Checked<'_>, rule: &Known<'_>, findings: &mut Findings<'_>) {
    if parent.component() != "prometheus.relabel" && rule.block.name() != "write_relabel_config" {
        return;
    }
    let Some(attribute) = rule.block.attribute("source_labels") else {
        return;
    };
    for (_, label) in attribute.texts() {
        if label.text.starts_with("__meta_") {
            findings.push(
                Diagnostic::warning(
                    &META_LABEL,
                    label.span,
                    format!(
                        "samples have no label {:?}: labels of discovery end with the scrape",
                        label.text
                    ),
                )
                .with_help("copy it to another label with discovery.relabel, before prometheus.scrape"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RelabelEffect;
    use crate::testing::said;

    #[test]
    fn rules_with_an_effect_pass() {
        let text = "discovery.relabel \"b\" {
	targets = []
	rule {
		source_labels = [\"__meta_a\", \"b\"]
		regex         = \"a;.+\"
		action        = \"keep\"
	}
	rule {
		source_labels = [\"a\"]
		regex         = \"a|b\"
		action        = \"keep\"
	}
	rule {
		source_labels = [\"a\"]
		regex         = \"b|c\"
		action        = \"drop\"
	}
	rule {
		target_label = \"b\"
		replacement  = \"x\"
	}
	rule {
		source_labels = [\"a\", sys.env(\"X\")]
		regex         = \"x\"
		action        = \"drop\"
	}
}
";
        insta::assert_snapshot!(said(&RelabelEffect, text), @"");
    }

    #[test]
    fn rules_without_effect_or_with_too_much_are_found() {
        let text = "prometheus.relabel \"b\" {
	forward_to = []
	rule {
		source_labels = [\"__meta_kubernetes_namespace\"]
		action        = \"keep\"
	}
	rule {
		regex  = \"a.*\"
		action = \"keep\"
	}
	rule {
		source_labels = [\"a\", \"b\"]
		regex         = \"up|down\"
		action        = \"drop\"
	}
	rule {
		source_labels = [\"a\"]
		target_label  = \"a\"
	}
	rule {
		source_labels = [\"ns\"]
		regex         = \"a|b\"
		action        = \"keep\"
	}
	rule {
		source_labels = [\"ns\"]
		regex         = \"c\"
		action        = \"keep\"
	}
}
";
        insta::assert_snapshot!(said(&RelabelEffect, text), @r#"
        3:2: warning[AR0303]: the rule keeps everything: without a `regex` it matches everything, an empty value, too (to keep what has the label write `regex = ".+"`)
        4:20: warning[AR0304]: samples have no label "__meta_kubernetes_namespace": labels of discovery end with the scrape (copy it to another label with discovery.relabel, before prometheus.scrape)
        8:12: warning[AR0303]: the rule never matches, so everything is dropped: without `source_labels` it looks at an empty text (name the labels: `source_labels = ["job"]`)
        13:19: warning[AR0303]: the rule never matches, so it has no effect: the values of 2 labels are joined with ";", which the `regex` does not allow for (an expression has to match the whole text: `a;b`)
        16:2: warning[AR0303]: the rule sets a label to its own value (take it away, or set `replacement`)
        27:19: warning[AR0303]: nothing is left after this rule: it contradicts an earlier one on the same labels (put all values that are wanted in one rule: `regex = "a|b"`)
        "#);
    }
}
