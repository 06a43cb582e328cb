//! Targets that are written out: the labels that make one.

use super::address::host_port_mistake;
use super::url::is_placeholder;
use crate::codes::values::TARGET;
use crate::given::is_at;
use river_eval::Value;
use river_eval::check::{Checked, Findings, Rule};
use river_eval::ir::{Expr, ExprKind};
use river_syntax::Diagnostic;

/// [`TARGET`].
#[derive(Debug)]
pub(super) struct Targets;

/// Component, block, attribute, and the label that a target needs there.
const PLACES: &[(&str, &str, &str, &str)] = &[
    ("prometheus.scrape", ".", "targets", "__address__"),
    ("pyroscope.scrape", ".", "targets", "__address__"),
    ("loki.source.file", ".", "targets", "__path__"),
    ("local.file_match", ".", "path_targets", "__path__"),
];

impl Rule for Targets {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        for (component, at, name, label) in PLACES {
            if !is_at(block, component, at) {
                continue;
            }
            if let Some(attribute) = block.attribute(name) {
                list(&attribute.attribute.value, label, findings);
            }
        }
    }
}

fn list(value: &Expr, label: &str, findings: &mut Findings<'_>) {
    let ExprKind::List(items) = &value.kind else {
        return;
    };
    for item in items.iter() {
        let ExprKind::Object(fields) = &item.kind else {
            continue;
        };
        let Some(field) = fields.iter().find(|field| &*field.key == label) else {
            let near = river_eval::suggest::nearest(label, fields.iter().map(|field| &*field.key))
                .map(ToOwned::to_owned)
                .or_else(|| {
                    let bare = label.trim_matches('_');
                    fields
                        .iter()
                        .find(|field| field.key.trim_matches('_') == bare)
                        .map(|field| field.key.to_string())
                });
            let help = match near {
                Some(near) => format!("is {near:?} meant to be {label:?}?"),
                None => format!("add `\"{label}\" = …`"),
            };
            findings.push(
                Diagnostic::warning(
                    &TARGET,
                    item.span,
                    format!("a target without {label:?} is passed over"),
                )
                .with_help(help),
            );
            continue;
        };
        if let ExprKind::Literal(Value::String(text)) = &field.value.kind
            && label == "__address__"
            && !text.is_empty()
            && !is_placeholder(text)
        {
            let (message, help) = if text.contains('/') {
                let path = "the scheme and the path are labels of their own: `\"__scheme__\" = \"https\"`, `\"__metrics_path__\" = \"/metrics\"`";
                ("it is a URL, or has a path".to_owned(), path)
            } else if let Some((message, _)) = host_port_mistake(text, true) {
                (message, "such as `\"localhost:9090\"`")
            } else {
                continue;
            };
            findings.push(
                Diagnostic::warning(
                    &TARGET,
                    field.value.span,
                    format!("{text:?} is no address to scrape: {message}"),
                )
                .with_help(help),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Targets;
    use crate::testing::said;

    #[test]
    fn whole_targets_pass() {
        let text = "prometheus.scrape \"a\" {
	targets    = [{\"__address__\" = \"a:80\", job = \"x\"}, {\"__address__\" = sys.env(\"A\")}]
	forward_to = []
}
local.file_match \"b\" {
	path_targets = [{__path__ = \"/var/log/*.log\"}]
}
";
        insta::assert_snapshot!(said(&Targets, text), @"");
    }

    #[test]
    fn what_cannot_be_scraped_is_told() {
        let text = "prometheus.scrape \"a\" {
	targets    = [{\"address\" = \"a:80\"}, {\"__address__\" = \"http://a:80/metrics\"}, {\"__address__\" = \"a:port\"}]
	forward_to = []
}
local.file_match \"b\" {
	path_targets = [{path = \"/var/log/*.log\"}]
}
";
        insta::assert_snapshot!(said(&Targets, text), @r#"
        2:16: warning[AR0319]: a target without "__address__" is passed over (is "address" meant to be "__address__"?)
        2:55: warning[AR0319]: "http://a:80/metrics" is no address to scrape: it is a URL, or has a path (the scheme and the path are labels of their own: `"__scheme__" = "https"`, `"__metrics_path__" = "/metrics"`)
        2:96: warning[AR0319]: "a:port" is no address to scrape: "port" is no port (such as `"localhost:9090"`)
        6:18: warning[AR0319]: a target without "__path__" is passed over (is "path" meant to be "__path__"?)
        "#);
    }
}
