//! What `PodLogs` objects select, and that their containers' lines come.

use super::*;
use crate::component::testing::mistakes;
use crate::kubernetes_api::ApiServer;
use crate::loki::source::testing;
use serde_json::{Value, json};
use std::path::Path;

fn pod(name: &str, app: &str) -> Value {
    json!({
        "metadata": {
            "namespace": "shop", "name": name, "uid": format!("uid-{name}"),
            "labels": {"app": app, "example.com/team": "a"}, "annotations": {"note": "n"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "o", "controller": true}],
        },
        "spec": {
            "nodeName": "node-1", "initContainers": [{"name": "init", "image": "i"}],
            "containers": [{"name": "nginx", "image": "nginx:1"}],
        },
        "status": {
            "phase": "Running", "podIP": "10.1.0.1", "hostIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "initContainerStatuses": [status("init", json!({"terminated": {"containerID": "c://init", "exitCode": 0}}))],
            "containerStatuses": [status("nginx", json!({"running": {}}))],
        },
    })
}

fn status(name: &str, state: Value) -> Value {
    json!({
        "name": name, "image": "", "imageID": "", "ready": true, "restartCount": 0,
        "containerID": format!("c://{name}"), "state": state, "lastState": {},
    })
}

fn podlogs(name: &str, selector: Value, relabelings: Value) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": name, "labels": {"logs": "yes"}},
        "spec": {"selector": selector, "namespaceSelector": {}, "relabelings": relabelings},
    })
}

type Running = testing::Running<SourcePodLogs>;

fn start(api: &ApiServer, storage: &Path, more: &str) -> Running {
    Running::start("all", api, storage, more, |arguments, receiver| {
        arguments.forward_to = receiver;
    })
}

/// Takes so many lines for good: `LABELS LINE`, sorted.
async fn lines(running: &mut Running, count: usize) -> String {
    let mut told = running
        .take(count, |entry| format!("{} {}", entry.labels, entry.line))
        .await;
    told.sort();
    told.join("\n")
}

async fn api() -> (ApiServer, tempfile::TempDir) {
    let api = ApiServer::start().await;
    for (name, stage) in [("shop", "prod"), ("lab", "test")] {
        api.apply(
            "namespaces",
            json!({"metadata": {"name": name, "labels": {"stage": stage}}}),
        );
    }
    api.apply("pods", pod("web-0", "web"));
    api.apply("pods", pod("db-0", "db"));
    (api, tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn containers_are_selected_relabelled_and_tailed() {
    let (api, storage) = api().await;
    let rules = json!([
        {"sourceLabels": ["__meta_kubernetes_pod_label_example_com_team"], "targetLabel": "team"},
        {"action": "Drop", "sourceLabels": ["__meta_kubernetes_pod_container_init"], "regex": "true"},
    ]);
    api.apply(
        "podlogs",
        podlogs("web", json!({"matchLabels": {"app": "web"}}), rules),
    );
    let bad = json!([{"action": "replace", "regex": "("}]);
    api.apply("podlogs", podlogs("wrong", json!({}), bad));
    let mut other = podlogs("lab", json!({}), json!([]));
    other["metadata"]["namespace"] = "lab".into();
    api.apply("podlogs", other);
    let log = api.log("shop", "web-0", "nginx");
    log.line("2026-01-01T00:00:00Z", "hello");
    let more = "selector {\n match_labels = {logs = \"yes\"}\n }\n namespace_selector {\n match_expression {\n key = \"stage\"\n operator = \"In\"\n values = [\"prod\"]\n }\n }\n node_filter {\n enabled = true\n node_name = \"node-1\"\n }";
    let mut running = start(&api, storage.path(), more);
    insta::assert_snapshot!(lines(&mut running, 1).await, @r#"{instance="shop/web-0:nginx", job="shop/web", team="a"} hello"#);
    let listed = api
        .requests(1, |request| request.resource == "pods" && request.verb == "list")
        .await;
    assert_eq!(listed[0].query("fieldSelector"), "spec.nodeName=node-1");
    let partly = api.requests(1, |request| request.resource == "namespaces").await;
    assert!(partly[0].headers["accept"].contains("PartialObjectMetadata"));
    let info: Value = serde_json::from_str(&running.info()).unwrap();
    let selected = info
        .as_array()
        .unwrap()
        .iter()
        .filter(|field| field["name"] == "pod_logs");
    let selected: Vec<_> = selected.cloned().collect();
    insta::assert_snapshot!(told(&selected.into()), @r#"
    pod_logs {
    namespace: "shop"
    name: "web"
    pod {
    namespace: "shop"
    name: "web-0"
    container {
    discovered_labels:
      __meta_kubernetes_namespace="shop"
      __meta_kubernetes_namespace_label_stage="prod"
      __meta_kubernetes_namespace_labelpresent_stage="true"
      __meta_kubernetes_pod_annotation_note="n"
      __meta_kubernetes_pod_annotationpresent_note="true"
      __meta_kubernetes_pod_container_image="i"
      __meta_kubernetes_pod_container_init="true"
      __meta_kubernetes_pod_container_name="init"
      __meta_kubernetes_pod_controller_kind="StatefulSet"
      __meta_kubernetes_pod_controller_name="web"
      __meta_kubernetes_pod_host_ip="10.0.0.1"
      __meta_kubernetes_pod_ip="10.1.0.1"
      __meta_kubernetes_pod_label_app="web"
      __meta_kubernetes_pod_label_example_com_team="a"
      __meta_kubernetes_pod_labelpresent_app="true"
      __meta_kubernetes_pod_labelpresent_example_com_team="true"
      __meta_kubernetes_pod_name="web-0"
      __meta_kubernetes_pod_node_name="node-1"
      __meta_kubernetes_pod_phase="Running"
      __meta_kubernetes_pod_ready="true"
      __meta_kubernetes_pod_uid="uid-web-0"
      __meta_kubernetes_podlogs_label_logs="yes"
      __meta_kubernetes_podlogs_labelpresent_logs="true"
      __meta_kubernetes_podlogs_name="web"
      __meta_kubernetes_podlogs_namespace="shop"
      __pod_container_name__="init"
      __pod_name__="web-0"
      __pod_namespace__="shop"
      __pod_uid__="uid-web-0"
      instance="shop/web-0:init"
      job="shop/web"
    labels:
    reconcile_error: "dropped by the relabelings"
    }
    container {
    discovered_labels:
      __meta_kubernetes_namespace="shop"
      __meta_kubernetes_namespace_label_stage="prod"
      __meta_kubernetes_namespace_labelpresent_stage="true"
      __meta_kubernetes_pod_annotation_note="n"
      __meta_kubernetes_pod_annotationpresent_note="true"
      __meta_kubernetes_pod_container_image="nginx:1"
      __meta_kubernetes_pod_container_init="false"
      __meta_kubernetes_pod_container_name="nginx"
      __meta_kubernetes_pod_controller_kind="StatefulSet"
      __meta_kubernetes_pod_controller_name="web"
      __meta_kubernetes_pod_host_ip="10.0.0.1"
      __meta_kubernetes_pod_ip="10.1.0.1"
      __meta_kubernetes_pod_label_app="web"
      __meta_kubernetes_pod_label_example_com_team="a"
      __meta_kubernetes_pod_labelpresent_app="true"
      __meta_kubernetes_pod_labelpresent_example_com_team="true"
      __meta_kubernetes_pod_name="web-0"
      __meta_kubernetes_pod_node_name="node-1"
      __meta_kubernetes_pod_phase="Running"
      __meta_kubernetes_pod_ready="true"
      __meta_kubernetes_pod_uid="uid-web-0"
      __meta_kubernetes_podlogs_label_logs="yes"
      __meta_kubernetes_podlogs_labelpresent_logs="true"
      __meta_kubernetes_podlogs_name="web"
      __meta_kubernetes_podlogs_namespace="shop"
      __pod_container_name__="nginx"
      __pod_name__="web-0"
      __pod_namespace__="shop"
      __pod_uid__="uid-web-0"
      instance="shop/web-0:nginx"
      job="shop/web"
    labels:
      instance="shop/web-0:nginx"
      job="shop/web"
      team="a"
    }
    }
    }
    pod_logs {
    namespace: "shop"
    name: "wrong"
    reconcile_error: "invalid relabelings: regex: \"(\" is not a regular expression: unclosed group"
    }
    "#);
    running.stop().await;
}

/// A debug information as it is read.
fn told(info: &Value) -> String {
    let value = |value: &Value| match value["value"].as_array() {
        Some(pairs) => {
            let pair =
                |pair: &Value| format!("\n  {}={}", pair["key"].as_str().unwrap(), pair["value"]["value"]);
            pairs.iter().map(pair).collect::<String>()
        }
        None => format!(" {}", value["value"]),
    };
    let mut out = String::new();
    for field in info.as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        if name == "last_reconcile" {
            assert!(
                field["value"]["value"]
                    .as_str()
                    .is_some_and(|time| time.starts_with("20"))
            );
            continue;
        }
        match field["body"].is_array() {
            true => out.push_str(&format!("{name} {{\n{}}}\n", told(&field["body"]))),
            false => out.push_str(&format!("{name}:{}\n", value(&field["value"]))),
        }
    }
    out
}

#[tokio::test]
async fn pods_come_and_go_with_their_last_lines() {
    let (api, storage) = api().await;
    let keep = json!([{"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_container_name"], "regex": "nginx"}]);
    api.apply(
        "podlogs",
        podlogs(
            "all",
            json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            keep.clone(),
        ),
    );
    let logs = ["web-0", "db-0", "web-1"].map(|name| api.log("shop", name, "nginx"));
    logs[0].line("2026-01-01T00:00:00Z", "one");
    logs[1].line("2026-01-01T00:00:00Z", "two");
    let mut running = start(&api, storage.path(), "tail_from_end = true");
    api.open(2, |stream| stream.resource == "pods/log").await;
    running.is_quiet().await;
    logs[0].line("2026-01-01T00:00:01Z", "three");
    api.apply("pods", pod("web-1", "web"));
    insta::assert_snapshot!(lines(&mut running, 1).await, @r#"{instance="shop/web-0:nginx", job="shop/all"} three"#);
    api.open(3, |stream| stream.resource == "pods/log").await;
    // A pod is deleted; its last lines come after its target has gone.
    api.delete("pods", "shop", "db-0");
    logs[1].line("2026-01-01T00:00:02Z", "four");
    tokio::time::sleep(SOON).await;
    logs[1].line("2026-01-01T00:00:03Z", "five");
    logs[1].stop();
    insta::assert_snapshot!(lines(&mut running, 2).await, @r#"
    {instance="shop/db-0:nginx", job="shop/all"} five
    {instance="shop/db-0:nginx", job="shop/all"} four
    "#);
    api.open(2, |stream| stream.resource == "pods/log").await;
    // The selection changes, and the history is forgotten.
    api.expire("podlogs");
    api.apply(
        "podlogs",
        podlogs("all", json!({"matchLabels": {"app": "none"}}), keep),
    );
    api.open(0, |stream| stream.resource == "pods/log").await;
    running.stop().await;
}

#[tokio::test]
async fn refusals_are_told() {
    let (api, storage) = api().await;
    api.deny("list", "podlogs");
    let running = start(&api, storage.path(), "");
    api.requests(2, |request| request.resource == "podlogs").await;
    let health = running
        .source
        .context
        .health
        .get()
        .message
        .replace(&api.url(), "URL");
    insta::assert_snapshot!(health, @r#"URL does not permit to get, list, watch podlogs.monitoring.grafana.com (403 podlogs is forbidden: User "system:serviceaccount:monitoring:alloy" cannot list resource "podlogs" in API group "monitoring.grafana.com" at the cluster scope); grant it with this rule in a ClusterRole: - {apiGroups: ["monitoring.grafana.com"], resources: ["podlogs"], verbs: ["get", "list", "watch"]}"#);
    running.stop().await;
}

#[test]
fn mistakes_are_told() {
    let text = "forward_to = []\n client {\n api_server = \"http://a\"\n }\n selector {\n match_expression {\n key = \"a\"\n operator = \"in\"\n values = [\"b\"]\n }\n }";
    insta::assert_snapshot!(mistakes::<Arguments>(text), @r#""in" is not a valid label selector operator (operators are "In", "NotIn", "Exists" and "DoesNotExist")"#);
}
