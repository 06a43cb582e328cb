//! The HTTP API has the reference's shapes, as recorded from it where the recordings are at hand.

use crate::harness::Home;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

const CONFIG: &str = r#"
local.file_match "logs" {
	path_targets = [{"__path__" = "/var/log/none-such-*.log", "job" = "h"}]
}

loki.source.file "logs" {
	targets    = local.file_match.logs.targets
	forward_to = [loki.echo.out.receiver]
}

loki.echo "out" { }

prometheus.exporter.unix "node" { }
"#;

/// A recording of the reference's answer; `None`, in words, where this machine has none.
pub(crate) fn recorded(name: &str) -> Option<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/http")
        .join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            eprintln!("skipped the comparison with {}: {error}", path.display());
            None
        }
    }
}

/// `key: type`, for every key of an object.
pub(crate) fn shape(object: &Value) -> BTreeSet<String> {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let object = object.as_object().expect("an object");
    object
        .iter()
        .map(|(key, value)| format!("{key}: {}", kind(value)))
        .collect()
}

/// Every object of a body: its keys, and of attributes the kinds of values. Which attributes there are differs from case to case.
fn check_body(body: &Value) {
    for statement in body.as_array().expect("a body is a list") {
        assert!(statement["name"].is_string(), "{statement}");
        match statement["type"].as_str() {
            Some("attr") => check_value(&statement["value"]),
            Some("block") => check_body(&statement["body"]),
            other => panic!("{other:?} in {statement}"),
        }
    }
}

fn check_value(value: &Value) {
    match value["type"].as_str() {
        Some("array") => value["value"].as_array().unwrap().iter().for_each(check_value),
        Some("object") => {
            for pair in value["value"].as_array().unwrap() {
                assert!(pair["key"].is_string(), "{pair}");
                check_value(&pair["value"]);
            }
        }
        Some("null" | "bool" | "number" | "string" | "capsule" | "function") => {}
        other => panic!("{other:?} in {value}"),
    }
}

#[tokio::test]
async fn components_are_listed_in_the_references_shape() {
    let agent = Home::with(CONFIG);
    let agent = agent.start().await;
    let answer = agent.get("/api/v0/web/components").await;
    assert_eq!(
        (answer.status, answer.content_type.as_str()),
        (200, "application/json")
    );
    let list = answer.json();
    assert_eq!(list.as_array().unwrap().len(), 4);
    let theirs = recorded("components.json");
    for component in list.as_array().unwrap() {
        assert_eq!(component["arguments"], serde_json::json!([]), "{component}");
        if let Some(theirs) = &theirs {
            // The first of theirs is no custom component, which has a key more.
            assert_eq!(shape(component), shape(&theirs[0]));
            assert_eq!(shape(&component["health"]), shape(&theirs[0]["health"]));
        }
    }
    let of = |id: &str| {
        let mut all = list.as_array().unwrap().iter();
        all.find(|component| component["localID"] == id).unwrap().clone()
    };
    let source = of("loki.source.file.logs");
    assert_eq!(
        source["referencesTo"],
        serde_json::json!(["local.file_match.logs", "loki.echo.out"])
    );
    assert_eq!(source["dataFlowEdgesTo"], serde_json::json!(["loki.echo.out"]));
    assert_eq!(
        of("loki.echo.out")["referencedBy"],
        serde_json::json!(["loki.source.file.logs"])
    );
}

#[tokio::test]
async fn a_component_is_told_in_the_references_shape() {
    let home = Home::with(CONFIG);
    let agent = home.start().await;
    let component = agent
        .get("/api/v0/web/components/loki.source.file.logs")
        .await
        .json();
    for body in ["arguments", "exports", "debugInfo"] {
        check_body(&component[body]);
    }
    assert_eq!(component["arguments"][0]["name"], "targets");
    let receiver = &component["arguments"][1];
    assert_eq!(receiver["name"], "forward_to");
    assert_eq!(
        receiver["value"]["value"][0],
        serde_json::json!({"type": "capsule", "value": "loki.echo.out.receiver"})
    );
    if let Some(theirs) = recorded("component-loki_source_file.json") {
        assert_eq!(shape(&component), shape(&theirs));
        check_body(&theirs["arguments"]);
        check_body(&theirs["debugInfo"]);
    }
    let missing = agent.get("/api/v0/web/components/loki.echo.nobody").await;
    assert_eq!(missing.status, 404);
    let peers = agent.get("/api/v0/web/peers").await.json();
    if let Some(theirs) = recorded("peers.json") {
        assert_eq!(shape(&peers[0]), shape(&theirs[0]));
    }
    assert_eq!(peers[0]["addr"], agent.address().to_string());
}

#[tokio::test]
async fn an_exporter_has_its_own_page() {
    let home = Home::with(CONFIG);
    let agent = home.start().await;
    let page = agent
        .get("/api/v0/component/prometheus.exporter.unix.node/metrics")
        .await;
    assert_eq!(page.status, 200);
    assert!(
        page.content_type.starts_with("text/plain; version=0.0.4"),
        "{}",
        page.content_type
    );
    let load = page.body.lines().find(|line| line.starts_with("node_load1 "));
    let load: f64 = load.unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert!(load >= 0.0);
    assert!(page.body.contains("# TYPE node_load1 gauge\n"));
    assert!(
        page.body
            .contains("node_scrape_collector_success{collector=\"cpu\"} 1\n")
    );
    for id in ["loki.echo.out", "prometheus.exporter.unix.other"] {
        let page = agent.get(&format!("/api/v0/component/{id}/metrics")).await;
        assert_eq!(page.status, 404, "{id}");
    }
    let unknown = agent.get("/nothing/here").await;
    assert_eq!((unknown.status, unknown.body.trim()), (404, "404 page not found"));
}

#[tokio::test]
async fn the_prefix_stands_before_the_api_of_the_ui() {
    let home = Home::with(CONFIG);
    let agent = home
        .start_with("config.alloy", &["--server.http.ui-path-prefix=/agent"], &[])
        .await;
    assert_eq!(agent.get("/agent/api/v0/web/components").await.status, 200);
    assert_eq!(agent.get("/api/v0/web/components").await.status, 404);
    assert_eq!(agent.get("/metrics").await.status, 200);
}

#[tokio::test]
async fn own_metrics_have_the_references_names_and_types() {
    let home = Home::with(CONFIG);
    let agent = home.start().await;
    let page = agent.get("/metrics").await.body;
    for (name, kind) in [
        ("alloy_build_info", "gauge"),
        ("alloy_component_controller_evaluating", "gauge"),
        ("alloy_component_controller_running_components", "gauge"),
        ("alloy_component_evaluation_seconds", "histogram"),
        ("alloy_component_evaluation_queue_size", "gauge"),
        ("alloy_config_hash", "gauge"),
        ("alloy_config_last_load_successful", "gauge"),
        ("alloy_config_last_load_success_timestamp_seconds", "gauge"),
        ("alloy_config_load_failures_total", "counter"),
        ("alloy_resources_process_cpu_seconds_total", "counter"),
        ("alloy_resources_process_resident_memory_bytes", "gauge"),
        ("alloy_resources_process_start_time_seconds", "gauge"),
    ] {
        let line = format!("# TYPE {name} {kind}\n");
        assert!(page.contains(&line), "{line} is missing:\n{page}");
    }
    assert!(
        page.contains("alloy_component_controller_running_components{controller_id=\"\",controller_path=\"/\",health_type=\"healthy\"} 4"),
        "{page}"
    );
}
