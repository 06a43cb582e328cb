use super::{Paint, json, json_list, json_schema, text, text_list};
use crate::catalog::{Catalog, Release, bundled, releases};
use insta::assert_snapshot;

fn shown(name: &str) -> String {
    let newest = Release::newest();
    text(&newest.component(name).unwrap(), newest.title(), "", Paint::Plain)
}

#[test]
fn a_component_reads_as_a_list_of_what_it_takes() {
    assert_snapshot!(shown("prometheus.exporter.static"), @r#"
    prometheus.exporter.static "LABEL"  (experimental, Grafana Alloy v1.15.0)

    Arguments:
      text  string  required

    Exports:
      targets  list(capsule("discovery.Target"))
    "#);
    assert_snapshot!(shown("discovery.relabel"), @r#"
    discovery.relabel "LABEL"  (generally-available, Grafana Alloy v1.15.0)

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
          One of "replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase", "keepequal", "dropequal".
          What is done.

    Exports:
      output  list(capsule("discovery.Target"))
        The targets that were kept.
      rules   capsule("relabel.Rules")
        The rules, for components that apply them themselves.
    "#);
}

#[test]
fn stages_in_stages_are_named_and_not_told_again() {
    let text = shown("loki.process");
    assert!(
        text.contains("    stage.* { }  the blocks of loki.process again\n"),
        "{text}"
    );
    assert!(text.lines().count() < 400);
}

#[test]
fn the_list_has_a_line_for_each() {
    let newest = Release::newest();
    let components: Vec<_> = ["loki.write", "prometheus.exporter.unix", "faro.receiver"]
        .into_iter()
        .map(|name| newest.component(name).unwrap())
        .collect();
    let notes = components.iter().map(|component| (&**component, "note"));
    assert_snapshot!(text_list(notes, Paint::Plain), @r#"
    loki.write                generally-available  receiver: capsule("loki.LogsReceiver")  note
    prometheus.exporter.unix  generally-available  targets: list(capsule("discovery.Target"))  note
    faro.receiver             generally-available  note
    "#);
}

#[test]
fn json_is_versioned_and_names_what_recurs() {
    let newest = Release::newest();
    let found = json(
        &newest.component("local.file").unwrap(),
        "grafana-alloy@1.15.0",
        true,
    );
    assert_snapshot!(serde_json::to_string(&found).unwrap(), @r#"{"version":1,"target":"grafana-alloy@1.15.0","component":{"name":"local.file","labelled":true,"stability":"generally-available","community":false,"runs_here":true,"exports":[{"name":"content","type":"optional_secret","required":true,"doc":"The content."}],"arguments":{"attributes":[{"name":"filename","type":"string","required":true,"doc":"The file to read."},{"name":"detector","type":{"text":"file change detector","words":["fsnotify","poll"]},"required":false,"default":"fsnotify","doc":"How changes are noticed: `fsnotify` or `poll`."},{"name":"poll_frequency","type":"duration","required":false,"default":"1m0s","doc":"How often to look for changes."},{"name":"is_secret","type":"bool","required":false,"default":false,"doc":"Whether the content is a secret, which is shown nowhere."}],"blocks":[]}}}"#);
    let process = json(&newest.component("loki.process").unwrap(), "t", true);
    let blocks = process["component"]["arguments"]["blocks"].as_array().unwrap();
    let stage = blocks
        .iter()
        .find(|block| block["name"] == "stage.match")
        .unwrap();
    assert_eq!(stage["body"]["alternatives_of"], "loki.process");
    let list = json_list([(&*newest.component("loki.echo").unwrap(), false)], "t");
    assert_eq!(list["components"][0]["runs_here"], false);
}

/// The schema as a validator of its own, checked against the dialect's own schema.
fn validator(schema: &serde_json::Value) -> impl Fn(&serde_json::Value) -> Result<(), String> + use<> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("memory:schema", schema.clone()).unwrap();
    let index = compiler
        .compile("memory:schema", &mut schemas)
        .unwrap_or_else(|error| panic!("{error:#}"));
    move |instance| {
        schemas
            .validate(instance, index)
            .map_err(|error| error.to_string())
    }
}

#[test]
fn every_json_schema_is_a_schema_of_draft_2020_12() {
    let catalogs = releases().iter().map(|release| release as &'static dyn Catalog);
    for catalog in catalogs.chain([bundled()]) {
        for name in catalog.component_names() {
            drop(validator(&json_schema(
                &catalog.component(name).unwrap(),
                catalog.title(),
            )));
        }
        for name in catalog.config_block_names() {
            drop(validator(&json_schema(
                &catalog.config_block(name).unwrap(),
                catalog.title(),
            )));
        }
    }
}

#[test]
fn a_json_schema_takes_what_fits_and_refuses_what_does_not() {
    let newest = Release::newest();
    let fits = |name: &str, instance: serde_json::Value| {
        validator(&json_schema(&newest.component(name).unwrap(), newest.title()))(&instance)
    };
    let write = |endpoint: serde_json::Value| fits("loki.write", serde_json::json!({"endpoint": [endpoint]}));
    write(serde_json::json!({"url": "http://x/loki", "batch_wait": "1.5s"})).unwrap();
    write(serde_json::json!({"batch_wait": "1s"})).unwrap_err();
    write(serde_json::json!({"url": "http://x/loki", "batch_wait": "soon"})).unwrap_err();
    write(serde_json::json!({"url": "http://x/loki", "nonsense": 1})).unwrap_err();
    write(serde_json::json!({"url": "http://x/loki", "tls_config": {"min_version": "TLS9"}})).unwrap_err();

    let stages = |stage: serde_json::Value| {
        let inner = serde_json::json!({"stage.match": {"selector": "{a=\"b\"}", "stage.*": [stage]}});
        fits(
            "loki.process",
            serde_json::json!({"forward_to": ["loki.write.out.receiver"], "stage.*": [inner]}),
        )
    };
    stages(serde_json::json!({"stage.json": {"expressions": {"a": ""}}})).unwrap();
    stages(serde_json::json!({"stage.json": {}})).unwrap_err();
    let target = serde_json::json!({"$label": "a", "address": "127.0.0.1"});
    let snmp = |target: serde_json::Value| {
        fits(
            "prometheus.exporter.snmp",
            serde_json::json!({"target": [target]}),
        )
    };
    snmp(target).unwrap();
    snmp(serde_json::json!({"address": "127.0.0.1"})).unwrap_err();
}
