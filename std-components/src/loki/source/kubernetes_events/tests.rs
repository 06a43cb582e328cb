//! Events over breaks, restarts and forgotten histories: each once.

use super::*;
use crate::component::testing::mistakes;
use crate::kubernetes_api::ApiServer;
use crate::loki::source::testing;
use serde_json::{Value, json};
use std::path::Path;

fn event(number: usize, count: usize) -> Value {
    json!({
        "metadata": {"namespace": "shop", "name": format!("e{number}")},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": format!("web-{number}")},
        "reason": "Started", "type": "Normal", "count": count, "message": "m",
        "lastTimestamp": format!("2026-01-01T00:00:{:02}Z", number % 60),
    })
}

type Running = testing::Running<SourceKubernetesEvents>;

fn start(api: &ApiServer, storage: &Path, more: &str) -> Running {
    Running::start("all", api, storage, more, |arguments, receiver| {
        arguments.forward_to = receiver;
    })
}

/// Takes so many events for good: `NAME*COUNT`.
async fn events(running: &mut Running, count: usize) -> String {
    let tell = |entry: &crate::signals::Entry| {
        let word = |name: &str| {
            let found = entry.line.split(' ').find_map(|word| word.strip_prefix(name));
            found.unwrap_or_default().to_owned()
        };
        format!("{}*{}", word("name="), word("count="))
    };
    running.take(count, tell).await.join(" ")
}

fn is_watch(request: &crate::kubernetes_api::Request) -> bool {
    request.verb == "watch"
}

#[tokio::test]
async fn each_event_once_over_breaks_restarts_and_forgotten_histories() {
    let api = ApiServer::start().await;
    let storage = tempfile::tempdir().unwrap();
    api.page(2);
    api.apply_all("events", (0..5).rev().map(|number| event(number, 1)));
    let mut running = start(&api, storage.path(), "");
    // In the order in which they came to be.
    assert_eq!(
        events(&mut running, 5).await,
        "web-4*1 web-3*1 web-2*1 web-1*1 web-0*1"
    );
    api.apply("events", event(3, 2));
    api.delete("events", "shop", "e2");
    assert_eq!(events(&mut running, 1).await, "web-3*2");
    api.cut(|_| true);
    api.apply("events", event(5, 1));
    assert_eq!(events(&mut running, 1).await, "web-5*1");
    // 410 Gone while a watch is open.
    api.requests(2, is_watch).await;
    api.open(1, |_| true).await;
    api.expire("events");
    api.apply("events", event(6, 1));
    assert_eq!(events(&mut running, 1).await, "web-6*1");
    // What is handed on and not taken comes again.
    api.apply("events", event(7, 1));
    let batch = running.inlet.next().await.unwrap();
    drop(batch);
    assert_eq!(events(&mut running, 1).await, "web-7*1");
    running.is_quiet().await;
    running.stop().await;

    // While nobody looks: with the history still there, and without.
    api.apply_all("events", [event(3, 3), event(8, 1)]);
    let mut running = start(&api, storage.path(), "");
    assert_eq!(events(&mut running, 2).await, "web-3*3 web-8*1");
    running.stop().await;
    api.apply_all("events", [event(9, 1), event(0, 2)]);
    api.expire("events");
    let mut running = start(&api, storage.path(), "");
    assert_eq!(events(&mut running, 2).await, "web-9*1 web-0*2");
    running.is_quiet().await;
    let text = running.info();
    assert!(text.contains(r#""value":"2026-01-01T00:00:00Z""#), "{text}");
    running.stop().await;
}

#[tokio::test]
async fn namespaces_labels_and_refusals() {
    let api = ApiServer::start().await;
    let storage = tempfile::tempdir().unwrap();
    api.deny("list", "events");
    api.apply("events", event(1, 1));
    let mut other = event(2, 1);
    other["metadata"]["namespace"] = "other".into();
    api.apply("events", other);
    let mut nothing = event(3, 1);
    nothing["involvedObject"] = json!({});
    api.apply("events", nothing);
    let more = "namespaces = [\"shop\"]\n log_format = \"json\"\n job_name = \"j\"";
    let mut running = start(&api, storage.path(), more);
    api.requests(2, |request| request.verb == "list").await;
    let health = running
        .source
        .context
        .health
        .get()
        .message
        .replace(&api.url(), "URL");
    insta::assert_snapshot!(health, @r#"URL does not permit to get, list, watch events in namespace shop (403 events is forbidden: User "system:serviceaccount:monitoring:alloy" cannot list resource "events" in API group "" in the namespace "shop"); grant it with this rule in a Role in namespace shop (or a ClusterRole): - {apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"]}"#);
    api.allow("list", "events");
    let batch = running.inlet.next().await.unwrap();
    let entry = &batch.entries[0];
    insta::assert_snapshot!(format!("{} {} {}", entry.labels, entry.timestamp, entry.line), @r#"{instance="loki.source.kubernetes_events.all", job="j", namespace="shop"} 1767225601000000000 {"count":1,"eventRV":"1","kind":"Pod","msg":"m","name":"web-1","reason":"Started","type":"Normal"}"#);
    batch.ack.delivered();
    running.is_quiet().await;
    insta::assert_snapshot!(running.source.desk.account.check(), @"seen 2 delivered 1 no_object 1");
    running.stop().await;
    let positions = storage
        .path()
        .join("loki.source.kubernetes_events.all/positions.yml");
    insta::assert_snapshot!(std::fs::read_to_string(positions).unwrap(), @r#"
    positions:
      ? path: "cursor-events-shop"
        labels: ""
      : "1767225601000000"
    alloy_rs_identities: {}
    alloy_rs_cursors:
      ? path: "cursor-events-shop"
        labels: ""
      : "1"
    alloy_rs_journal: "1"
    "#);
}

#[tokio::test]
async fn the_references_position_is_taken_over() {
    let api = ApiServer::start().await;
    let storage = tempfile::tempdir().unwrap();
    api.apply_all("events", (0..5).map(|number| event(number, 1)));
    let folder = storage.path().join("loki.source.kubernetes_events.all");
    std::fs::create_dir_all(&folder).unwrap();
    // Of the event 2.
    let text = "positions:\n  ? path: cursor-events\n    labels: \"\"\n  : \"1767225602000000\"\n";
    std::fs::write(folder.join("positions.yml"), text).unwrap();
    let mut running = start(&api, storage.path(), "");
    assert_eq!(events(&mut running, 2).await, "web-3*1 web-4*1");
    running.is_quiet().await;
    running.stop().await;
}

#[test]
fn mistakes_are_told() {
    let text =
        "forward_to = []\n job_name = \"\"\n log_format = \"xml\"\n client {\n api_server = \"http://a\"\n }";
    insta::assert_snapshot!(mistakes::<Arguments>(text), @r#"
    job_name must not be an empty string (leave it out for "loki.source.kubernetes_events")
    supported values of log_format are logfmt and json
    "#);
}
