//! Labels with too many values: each makes a stream or a series of its own.

use crate::codes::lints::HIGH_CARDINALITY;
use crate::given::{is_at, text};
use river_eval::check::{Checked, Findings, Rule};
use river_eval::ir::ExprKind;
use river_syntax::{Diagnostic, Span};

/// [`HIGH_CARDINALITY`].
#[derive(Debug)]
pub struct CardinalityLint;

/// Names of labels, in lower case and without `_`, that have a value of their own for nearly everything.
const NAMES: &[&str] = &[
    "traceid",
    "spanid",
    "requestid",
    "reqid",
    "correlationid",
    "transactionid",
    "sessionid",
    "userid",
    "useremail",
    "email",
    "customerid",
    "orderid",
    "messageid",
    "eventid",
    "uuid",
    "guid",
    "ip",
    "clientip",
    "remoteip",
    "remoteaddr",
    "sourceip",
    "uid",
    "poduid",
    "containerid",
    "timestamp",
    "time",
    "ts",
    "msg",
    "message",
    "line",
    "latency",
    "duration",
    "url",
    "uri",
    "querystring",
    "useragent",
    "referer",
];

impl Rule for CardinalityLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            if is_at(block, "", "stage.labels")
                && let Some(attribute) = block.attribute("values")
                && let ExprKind::Object(fields) = &attribute.attribute.value.kind
            {
                for field in fields.iter().filter(|field| is_listed(&field.key)) {
                    tell(
                        &field.key,
                        field.key_span,
                        "stream",
                        "keep it in the line, or in structured metadata: `stage.structured_metadata`",
                        findings,
                    );
                }
            }
            let relabels = matches!(block.component(), "loki.relabel" | "prometheus.relabel")
                || block.name() == "write_relabel_config";
            if relabels
                && block.schema.attribute("source_labels").is_some()
                && matches!(text(block, "action"), Some("replace"))
                && let Some(target) = block.text("target_label")
                && is_listed(&target.text)
                // A constant has one value.
                && block.attribute("source_labels").is_some()
            {
                tell(
                    &target.text,
                    target.span,
                    if block.component().starts_with("loki.") {
                        "stream"
                    } else {
                        "series"
                    },
                    "leave it out, or take a label with fewer values",
                    findings,
                );
            }
        });
    }
}

fn is_listed(label: &str) -> bool {
    if label.starts_with("__") {
        return false;
    }
    let plain: String = label
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    NAMES.contains(&&*plain)
}

fn tell(label: &str, span: Span, what: &str, help: &str, findings: &mut Findings<'_>) {
    findings.push(
        Diagnostic::warning(
            &HIGH_CARDINALITY,
            span,
            format!("a label {label:?} makes a {what} of its own for nearly every entry"),
        )
        .with_help(help),
    );
}

#[cfg(test)]
mod tests {
    use super::CardinalityLint;
    use crate::testing::said;

    #[test]
    fn few_values_pass() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.labels {
		values = { level = \"\", app = \"\" }
	}
	stage.structured_metadata {
		values = { trace_id = \"\" }
	}
}
";
        insta::assert_snapshot!(said(&CardinalityLint, text), @"");
    }

    #[test]
    fn many_values_are_told() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.labels {
		values = { level = \"\", trace_id = \"\", \"requestID\" = \"r\" }
	}
}
loki.relabel \"b\" {
	forward_to = []
	rule {
		source_labels = [\"__journal__x\"]
		target_label  = \"pod_uid\"
	}
}
";
        insta::assert_snapshot!(said(&CardinalityLint, text), @r#"
        4:26: warning[AR0405]: a label "trace_id" makes a stream of its own for nearly every entry (keep it in the line, or in structured metadata: `stage.structured_metadata`)
        4:41: warning[AR0405]: a label "requestID" makes a stream of its own for nearly every entry (keep it in the line, or in structured metadata: `stage.structured_metadata`)
        11:19: warning[AR0405]: a label "pod_uid" makes a stream of its own for nearly every entry (leave it out, or take a label with fewer values)
        "#);
    }
}
