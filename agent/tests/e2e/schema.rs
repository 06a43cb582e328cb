//! `alloy-rs schema`: what people and programs read of the catalogs.

use crate::harness::{Home, told};

#[test]
fn a_component_is_printed_for_people() {
    let home = Home::new();
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["schema", "--target=alloy-rs", "discovery.relabel"], ""), @r#"
    0
    discovery.relabel "LABEL"  (generally-available, alloy-rs v0.1.0)

    Arguments:
      targets  list(capsule("discovery.Target"))  required
        The targets to change.
      rule { }  block, any number of times
        What is done to each target, in order.
        source_labels  list(string)             = []
          The labels whose values are joined and matched.
        separator      string                   = ";"
          What the values are joined with.
        regex          string (RE2 regular expression, anchored at both ends)  = "(.*)"
          RE2 expression that the joined values, or the names of labels, have to match as a whole.
        modulus        number (uint64)          = 0
          What `hashmod` divides the hash by.
        target_label   string                   = ""
          The label that is written; may hold `$1` with `replace`.
        replacement    string                   = "$1"
          What is written; `$1` and `${name}` stand for groups of the expression.
        action         string (relabel action)  = "replace"
          One of "replace", "keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase".
          What is done.

    Exports:
      output  list(capsule("discovery.Target"))
        The targets that were kept.
      rules   capsule("relabel.Rules")
        The rules, for components that apply them themselves.
    ---
    "#);
    insta::assert_snapshot!(told(&here, &["schema", "loki.rite"], ""), @"
    2
    ---
    alloy-rs schema: Grafana Alloy v1.15.0 has no component loki.rite; did you mean loki.write?
    ");
    insta::assert_snapshot!(told(&here, &["schema", "--target=alloy-rs", "otelcol.receiver.otlp"], ""), @"
    2
    ---
    alloy-rs schema: alloy-rs v0.1.0 has no component otelcol.receiver.otlp; Grafana Alloy has: add --target=grafana-alloy
    ");
    insta::assert_snapshot!(told(&here, &["schema", "--target=grafana-alloy@0.1"], ""), @r#"
    2
    ---
    error: invalid value 'grafana-alloy@0.1' for '--target <TARGET>': unknown target "grafana-alloy@0.1"; there are alloy-rs, grafana-alloy@1.15.0, grafana-alloy@1.11.3, and grafana-alloy for the newest release

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(told(&here, &["schema", "declare"], ""), @"
    2
    ---
    alloy-rs schema: declare is a block of the language, not of an agent: no catalog has it
    ");
    insta::assert_snapshot!(told(&here, &["schema", "logging"], ""), @r#"
    0
    logging  (generally-available, Grafana Alloy v1.15.0)

    Arguments:
      level     string (log level)                  = "info"
        One of "debug", "info", "warn", "error".
        The least level that is logged.
      format    string (log format)                 = "logfmt"
        One of "logfmt", "json".
        How lines are written.
      write_to  list(capsule("loki.LogsReceiver"))  = []
        Receivers that get a copy of every line.

    Exports:
      none
    ---
    "#);
}

#[test]
fn components_are_listed_with_what_this_agent_has() {
    let home = Home::new();
    let here = home.path("");
    let list = told(&here, &["schema"], "");
    assert_eq!(
        list.lines()
            .filter(|line| line.contains("  generally-available"))
            .count(),
        143,
        "{list}"
    );
    let line = |name: &str| {
        list.lines()
            .find(|line| line.split(' ').next() == Some(name))
            .unwrap()
            .to_owned()
    };
    insta::assert_snapshot!(line("loki.write"), @r#"loki.write                                generally-available  receiver: capsule("loki.LogsReceiver")"#);
    insta::assert_snapshot!(line("otelcol.receiver.otlp"), @"otelcol.receiver.otlp                     generally-available  (not in this agent)");
    let old = told(&here, &["schema", "--target=grafana-alloy@1.11.3", "--json"], "");
    let json = old.split_once('\n').unwrap().1.rsplit_once("---").unwrap().0;
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["target"], "grafana-alloy@1.11.3");
    assert_eq!(json["components"].as_array().unwrap().len(), 168);
}

#[test]
fn a_json_schema_is_printed_for_programs() {
    let home = Home::new();
    let here = home.path("");
    let told = told(&here, &["schema", "--json-schema", "loki.write"], "");
    let json = told.split_once('\n').unwrap().1.rsplit_once("---").unwrap().0;
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(json["properties"]["endpoint"]["items"]["required"][0], "url");
}
