//! Attributes of type string that take a few words only.

use crate::codes::values::WORD;
use crate::given::is_at;
use river_eval::check::{Checked, Findings, Rule};
use river_eval::suggest::nearest;
use river_syntax::{Diagnostic, Edit, Fix};

/// [`WORD`].
#[derive(Debug)]
pub(super) struct Words;

/// Roles of Kubernetes' objects that can be discovered.
const ROLES: &[&str] = &["node", "pod", "service", "endpoints", "endpointslice", "ingress"];
const PROTOCOLS: &[&str] = &[
    "PrometheusProto",
    "OpenMetricsText1.0.0",
    "OpenMetricsText0.0.1",
    "PrometheusText1.0.0",
    "PrometheusText0.0.4",
];

/// Component, block, attribute, and the words that the catalog does not know as a closed set.
const PLACES: &[(&str, &str, &str, &[&str])] = &[
    ("discovery.kubernetes", ".", "role", ROLES),
    ("discovery.kubernetes", "selectors", "role", ROLES),
    ("discovery.dns", ".", "type", &["SRV", "A", "AAAA", "MX", "NS"]),
    ("discovery.hetzner", ".", "role", &["robot", "hcloud"]),
    (
        "discovery.dockerswarm",
        ".",
        "role",
        &["services", "tasks", "nodes"],
    ),
    ("discovery.triton", ".", "role", &["container", "cn"]),
    ("discovery.consul", ".", "scheme", &["http", "https"]),
    ("prometheus.scrape", ".", "scheme", &["http", "https"]),
    ("prometheus.scrape", ".", "scrape_protocols", PROTOCOLS),
    ("prometheus.scrape", ".", "scrape_fallback_protocol", PROTOCOLS),
    (
        "prometheus.scrape",
        ".",
        "metric_name_validation_scheme",
        &["legacy", "utf8"],
    ),
    (
        "prometheus.scrape",
        ".",
        "metric_name_escaping_scheme",
        &["allow-utf-8", "underscores", "dots", "values"],
    ),
    ("", "stage.match", "action", &["keep", "drop"]),
    ("", "stage.timestamp", "action_on_failure", &["fudge", "skip"]),
    ("", "stage.geoip", "db_type", &["city", "asn", "country"]),
    ("", "metric.counter", "action", &["inc", "add"]),
    ("", "metric.gauge", "action", &["set", "inc", "dec", "add", "sub"]),
    ("loki.source.syslog", "listener", "protocol", &["tcp", "udp"]),
    ("", "matcher", "match_type", &["=", "!=", "=~", "!~"]),
    (
        "otelcol.processor.attributes",
        "action",
        "action",
        &[
            "insert", "update", "upsert", "delete", "hash", "extract", "convert",
        ],
    ),
    (
        "otelcol.exporter.loadbalancing",
        ".",
        "routing_key",
        &[
            "service",
            "traceID",
            "metric",
            "resource",
            "streamID",
            "attributes",
        ],
    ),
    ("otelcol.", "include", "match_type", &["strict", "regexp"]),
    ("otelcol.", "exclude", "match_type", &["strict", "regexp"]),
];

impl Rule for Words {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                let name = attribute.schema.name;
                let place = PLACES
                    .iter()
                    .find(|(component, place, known, _)| *known == name && is_at(block, component, place));
                let Some((.., words)) = place else { continue };
                for (_, text) in attribute.texts() {
                    let is_open = text.text.is_empty() || super::is_placeholder(&text.text);
                    if is_open || words.contains(&&*text.text) {
                        continue;
                    }
                    let mut found =
                        Diagnostic::error(&WORD, text.span, format!("`{name}` knows no {:?}", text.text));
                    let other_case = words
                        .iter()
                        .copied()
                        .find(|word| word.eq_ignore_ascii_case(&text.text));
                    let near = other_case.or_else(|| nearest(&text.text, words.iter().copied()));
                    found = match near {
                        Some(near) => found
                            .with_help(format!("did you mean {near:?}? It takes {}", words.join(", ")))
                            .with_fix(Fix {
                                title: format!("write {near:?}"),
                                edits: vec![Edit {
                                    span: text.span,
                                    replacement: format!("{near:?}"),
                                }],
                                safe: false,
                            }),
                        None => found.with_help(format!("it takes {}", words.join(", "))),
                    };
                    findings.push(found);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Words;
    use crate::testing::said;

    #[test]
    fn known_words_pass() {
        let text = "discovery.kubernetes \"a\" {\n\trole = \"pod\"\n}\nprometheus.scrape \"b\" {\n\ttargets = []\n\tforward_to = []\n\tscheme = \"https\"\n\tscrape_protocols = [\"PrometheusProto\"]\n}\n";
        insta::assert_snapshot!(said(&Words, text), @"");
    }

    #[test]
    fn other_words_are_refused() {
        let text = "discovery.kubernetes \"a\" {\n\trole = \"pods\"\n}\nprometheus.scrape \"b\" {\n\ttargets = []\n\tforward_to = []\n\tscheme = \"HTTPS\"\n\tscrape_protocols = [\"PrometheusProto\", \"xml\"]\n}\n";
        insta::assert_snapshot!(said(&Words, text), @r#"
        2:9: error[AR0318]: `role` knows no "pods" (did you mean "pod"? It takes node, pod, service, endpoints, endpointslice, ingress)
        7:11: error[AR0318]: `scheme` knows no "HTTPS" (did you mean "https"? It takes http, https)
        8:41: error[AR0318]: `scrape_protocols` knows no "xml" (it takes PrometheusProto, OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText1.0.0, PrometheusText0.0.4)
        "#);
    }
}
