//! Arguments that the reference's documentation calls deprecated.

use crate::codes::lints::DEPRECATED;
use crate::given::is_at;
use river_eval::check::{Checked, Findings, Rule};
use river_eval::ir::Statement;
use river_syntax::{Diagnostic, Edit, Fix, Span};

/// [`DEPRECATED`].
#[derive(Debug)]
pub struct DeprecatedLint;

/// What comes in the place of a deprecated name.
#[derive(Debug)]
enum Instead {
    /// Nothing: it has no effect any more.
    Nothing,
    /// Another name of the same meaning.
    Renamed(&'static str),
    /// Another attribute or block of the same body, written otherwise.
    Use(&'static str),
}

use Instead::{Nothing, Renamed, Use};

/// Component, block, names, what comes instead.
const NAMES: &[(&str, &str, &[&str], Instead)] = &[
    (
        "discovery.consul",
        ".",
        &["username", "password"],
        Use("basic_auth"),
    ),
    (
        "loki.process",
        "",
        &["stage.eventlogmessage"],
        Use("stage.windowsevent"),
    ),
    (
        "otelcol.auth.basic",
        ".",
        &["username", "password"],
        Use("client_auth"),
    ),
    (
        "otelcol.connector.spanmetrics",
        ".",
        &["dimensions_cache_size"],
        Use("aggregation_cardinality_limit"),
    ),
    ("otelcol.exporter.kafka", ".", &["topic", "encoding"], Use("logs")),
    ("otelcol.receiver.kafka", ".", &["topic", "encoding"], Use("logs")),
    (
        "otelcol.receiver.kafka",
        ".",
        &["group_rebalance_strategy"],
        Use("group_rebalance_strategies"),
    ),
    ("otelcol.receiver.kafka", "logs", &["topic"], Use("topics")),
    ("otelcol.receiver.kafka", "metrics", &["topic"], Use("topics")),
    ("otelcol.receiver.kafka", "traces", &["topic"], Use("topics")),
    ("otelcol.processor.filter", ".", &["logs"], Use("log_conditions")),
    (
        "otelcol.processor.filter",
        ".",
        &["metrics"],
        Use("metric_conditions"),
    ),
    (
        "otelcol.processor.filter",
        ".",
        &["traces"],
        Use("trace_conditions"),
    ),
    (
        "prometheus.enrich",
        ".",
        &["target_match_label", "metrics_match_label"],
        Use("target_to_metric_match"),
    ),
    (
        "prometheus.exporter.kafka",
        ".",
        &["prune_interval_seconds"],
        Use("metadata_refresh_interval"),
    ),
    (
        "prometheus.exporter.oracledb",
        ".",
        &["connection_string", "username", "password"],
        Use("database"),
    ),
    (
        "prometheus.exporter.windows",
        ".",
        &["text_file"],
        Renamed("textfile"),
    ),
    ("prometheus.exporter.windows", ".", &["msmq"], Nothing),
    (
        "prometheus.exporter.windows",
        "service",
        &["use_api", "where_clause", "enable_v2_collector"],
        Nothing,
    ),
    (
        "prometheus.exporter.windows",
        "textfile",
        &["text_file_directory"],
        Use("directories"),
    ),
    (
        "prometheus.scrape",
        ".",
        &["enable_protobuf_negotiation"],
        Use("scrape_protocols"),
    ),
    (
        "pyroscope.ebpf",
        ".",
        &[
            "build_id_cache_size",
            "cache_rounds",
            "collect_kernel_profile",
            "collect_user_profile",
            "container_id_cache_size",
            "go_table_fallback",
            "pid_cache_size",
            "pid_map_size",
            "same_file_cache_size",
            "symbols_map_size",
        ],
        Nothing,
    ),
];

impl Rule for DeprecatedLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (component, at, names, instead) in NAMES {
                if !is_at(block, component, at) {
                    continue;
                }
                let attributes = block
                    .attributes
                    .iter()
                    .map(|attribute| (attribute.schema.name, attribute.attribute.name_span));
                let blocks = block.blocks.iter().map(|inner| (inner.name(), inner.head));
                for (name, span) in attributes.chain(blocks) {
                    if names.contains(&name) {
                        tell(block, name, span, instead, findings);
                    }
                }
            }
        });
    }
}

fn tell(block: &Checked<'_>, name: &str, span: Span, instead: &Instead, findings: &mut Findings<'_>) {
    let exists = |other: &str| block.schema.attribute(other).is_some() || block.schema.block(other).is_some();
    match instead {
        // The release that is checked against has only the old name.
        Renamed(other) | Use(other) if !exists(other) => {}
        Nothing => findings.push(
            Diagnostic::warning(
                &DEPRECATED,
                span,
                format!("`{name}` is deprecated and has no effect"),
            )
            .with_help("take it away"),
        ),
        Use(other) => findings.push(
            Diagnostic::warning(&DEPRECATED, span, format!("`{name}` is deprecated"))
                .with_help(format!("use `{other}`")),
        ),
        Renamed(other) => {
            let is_free = !block.body.statements.iter().any(|statement| match statement {
                Statement::Attribute(attribute) => &*attribute.name == *other,
                Statement::Block(inner) => &*inner.name == *other,
            });
            let found = Diagnostic::warning(&DEPRECATED, span, format!("`{name}` is deprecated"))
                .with_help(format!("its name is `{other}` now"));
            findings.push(if is_free {
                found.with_fix(Fix {
                    title: format!("rename it to `{other}`"),
                    edits: vec![Edit {
                        span,
                        replacement: (*other).to_owned(),
                    }],
                    safe: true,
                })
            } else {
                found
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeprecatedLint;
    use crate::testing::said;

    #[test]
    fn old_names_are_told() {
        let text = "discovery.consul \"a\" {
	username = \"x\"
}
prometheus.exporter.windows \"b\" {
	text_file { }
}
pyroscope.ebpf \"c\" {
	targets      = []
	forward_to   = []
	pid_map_size = 5
}
";
        insta::assert_snapshot!(said(&DeprecatedLint, text), @"
        2:2: warning[AR0409]: `username` is deprecated (use `basic_auth`)
        5:2: warning[AR0409]: `text_file` is deprecated (its name is `textfile` now)
        10:2: warning[AR0409]: `pid_map_size` is deprecated and has no effect (take it away)
        ");
        insta::assert_snapshot!(said(&DeprecatedLint, "discovery.consul \"a\" {\n\tbasic_auth { }\n}\n"), @"");
    }

    /// A name that the catalog does not know would never be found.
    #[test]
    fn every_name_is_in_a_release() {
        use crate::catalog::releases;
        use river_eval::check::Catalog;
        for (component, at, names, _) in super::NAMES {
            let known = |name: &str| {
                releases().iter().any(|release| {
                    release
                        .component_names()
                        .into_iter()
                        .filter(|known| known.starts_with(component))
                        .filter_map(|known| release.component(known))
                        .any(|schema| {
                            let body = match *at {
                                "." | "" => Some(&schema.arguments),
                                at => schema.arguments.block(at).map(|block| block.body.get()),
                            };
                            body.is_some_and(|body| {
                                body.attribute(name).is_some() || body.block(name).is_some()
                            })
                        })
                })
            };
            for name in *names {
                assert!(known(name), "{component} {at} {name}");
            }
        }
    }
}
