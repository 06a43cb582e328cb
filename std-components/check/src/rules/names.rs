//! Names of labels and metrics that their systems refuse.

use super::groups::is_relabel_rule;
use crate::codes::values::LABEL_NAME;
use crate::given::{is_at, text};
use river_eval::check::{Checked, Findings, KnownText, Rule};
use river_syntax::Diagnostic;

/// [`LABEL_NAME`].
#[derive(Debug)]
pub(super) struct Names;

/// Attributes whose keys are names of labels: component, block, attribute.
const KEYS: &[(&str, &str, &str)] = &[
    ("", "stage.labels", "values"),
    ("", "stage.static_labels", "values"),
    ("", "", "external_labels"),
    ("loki.source.", "", "labels"),
];

/// Attributes that are, or list, names of labels.
const NAMES: &[(&str, &str, &str)] = &[
    ("", "stage.label_drop", "values"),
    ("", "stage.label_keep", "values"),
    ("", "stage.pack", "labels"),
    ("", "stage.tenant", "label"),
    ("", "stage.limit", "by_label_name"),
];

impl Rule for Names {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| check(block, findings));
    }
}

fn check(block: &Checked<'_>, findings: &mut Findings<'_>) {
    for (component, place, name) in KEYS {
        if let Some(attribute) = block.attribute(name)
            && is_at(block, component, place)
        {
            keys(&attribute.attribute.value, findings);
        }
    }
    for (component, place, name) in NAMES {
        if let Some(attribute) = block.attribute(name)
            && is_at(block, component, place)
        {
            for (_, text) in attribute.texts() {
                label(&text, findings);
            }
        }
    }
    if is_relabel_rule(block)
        && let Some(target) = block.text("target_label")
        && !target.text.contains('$')
        && !matches!(
            text(block, "action"),
            Some("labeldrop" | "labelkeep" | "keep" | "drop" | "labelmap")
        )
    {
        label(&target, findings);
    }
    if block.name().starts_with("metric.")
        && let Some(name) = block.text("name")
        && !is_metric_name(&name.text)
    {
        findings.push(
            Diagnostic::warning(
                &LABEL_NAME,
                name.span,
                format!("{:?} is no usual name of a metric", name.text),
            )
            .with_help("letters, digits, `_` and `:` only, no digit first"),
        );
    }
}

/// The keys of an object that is written out.
fn keys(value: &river_eval::ir::Expr, findings: &mut Findings<'_>) {
    let river_eval::ir::ExprKind::Object(fields) = &value.kind else {
        return;
    };
    for field in fields.iter() {
        if !is_label_name(&field.key) {
            refuse(&field.key, field.key_span, findings);
        }
    }
}

fn label(name: &KnownText, findings: &mut Findings<'_>) {
    if !name.text.is_empty() && !is_label_name(&name.text) {
        refuse(&name.text, name.span, findings);
    }
}

fn refuse(name: &str, span: river_syntax::Span, findings: &mut Findings<'_>) {
    let mut mended: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if mended.starts_with(|c: char| c.is_ascii_digit()) {
        mended.insert(0, '_');
    }
    findings.push(
        Diagnostic::warning(&LABEL_NAME, span, format!("{name:?} is no usual name of a label")).with_help(
            format!("letters, digits and `_` only, no digit first, or queries have to quote it: {mended:?}"),
        ),
    );
}

fn is_label_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_metric_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::testing::said;

    #[test]
    fn usual_names_pass() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.labels {
		values = { level = \"\", app_name = \"app\" }
	}
	stage.label_drop {
		values = [\"filename\"]
	}
}
";
        insta::assert_snapshot!(said(&Names, text), @"");
    }

    #[test]
    fn other_names_are_told() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.labels {
		values = { \"app-name\" = \"\", \"2nd\" = \"\" }
	}
	stage.metrics {
		metric.counter {
			name   = \"lines-total\"
			action = \"inc\"
		}
	}
}
discovery.relabel \"b\" {
	targets = []
	rule {
		target_label = \"k8s.pod\"
		replacement  = \"x\"
	}
}
";
        insta::assert_snapshot!(said(&Names, text), @r#"
        4:14: warning[AR0305]: "app-name" is no usual name of a label (letters, digits and `_` only, no digit first, or queries have to quote it: "app_name")
        4:31: warning[AR0305]: "2nd" is no usual name of a label (letters, digits and `_` only, no digit first, or queries have to quote it: "_2nd")
        8:13: warning[AR0305]: "lines-total" is no usual name of a metric (letters, digits, `_` and `:` only, no digit first)
        16:18: warning[AR0305]: "k8s.pod" is no usual name of a label (letters, digits and `_` only, no digit first, or queries have to quote it: "k8s_pod")
        "#);
    }
}
