//! The agent in a cluster that a test plays: what it costs, and what its log says.

#[path = "../../../std-components/tests/kubernetes_api/mod.rs"]
mod kubernetes_api;

use super::harness::{Agent, Home, until};
use kubernetes_api::ApiServer;
use serde_json::{Value, json};

/// A pod as large as they are: with what components bring and nobody needs here.
fn pod(number: usize, node: &str) -> Value {
    let fields: Value = (0..60)
        .map(|field| (format!("f:field-{field}"), json!({"f:a": {}, "f:b": {}})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let environment: Vec<Value> = (0..20)
        .map(|at| json!({"name": format!("VARIABLE_{at}"), "value": format!("the value of number {at} in pod {number}")}))
        .collect();
    let container = |name: &str, port: u16| {
        json!({
            "name": name, "image": format!("registry.example/{name}:1.{number}"), "env": environment,
            "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
            "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}],
        })
    };
    json!({
        "metadata": {
            "namespace": format!("team-{}", number % 20), "name": format!("service-{number}-5d8f7c9b6-x{number}"),
            "labels": {"app.kubernetes.io/name": format!("service-{}", number % 50), "app.kubernetes.io/instance": "a", "pod-template-hash": "5d8f7c9b6", "team": format!("team-{}", number % 20)},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "checksum/config": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("service-{number}-5d8f7c9b6"), "controller": true, "uid": format!("owner-{number}")}],
            "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": fields}, {"manager": "kubelet", "operation": "Update", "fieldsV1": fields}],
        },
        "spec": {"nodeName": node, "containers": [container("main", 8080), container("proxy", 15090)]},
        "status": {
            "phase": "Running", "podIP": format!("10.{}.{}.{}", number / 65536, number / 256 % 256, number % 256), "hostIP": "10.1.0.1",
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "True"}],
            "containerStatuses": [{"name": "main", "containerID": format!("containerd://{number:064}")}, {"name": "proxy", "containerID": format!("containerd://{number:064}")}],
        },
    })
}

/// Pods on the node of the agent, whatever the size of the cluster.
const HERE: usize = 30;

/// A cluster of so many pods, and an agent that looks at it; its resident memory in bytes when it knows all that it asked for.
async fn resident(pods: usize, selector: &str, known: usize, more: &str) -> f64 {
    let api = ApiServer::start().await;
    let node = |number| if number < HERE { "here" } else { "elsewhere" };
    api.apply_all("pods", (0..pods).map(|number| pod(number, node(number))));
    let home = Home::with(&format!(
        "discovery.kubernetes \"pods\" {{\n  role = \"pod\"\n  api_server = {:?}\n{selector}\n}}\n{more}",
        api.url()
    ));
    let agent = home.start().await;
    let added = r#"prometheus_sd_kubernetes_events_total{component_id="discovery.kubernetes.pods",component_path="/",event="add",role="pod"}"#;
    until("all pods are known", async || {
        (agent.metric(added).await? as usize == known).then_some(())
    })
    .await;
    // Changes of a pod elsewhere are not told to this agent; one of a pod here goes through to the exports.
    for number in 0..10 {
        let mut changed = pod(pods - 1, node(pods - 1));
        changed["metadata"]["labels"]["change"] = number.to_string().into();
        api.apply("pods", changed);
    }
    settled(&agent).await
}

/// The resident memory when it has stopped to grow: targets go on to other components after they were found.
async fn settled(agent: &Agent) -> f64 {
    let mut last = Vec::new();
    until("the memory is settled", async || {
        let now = agent
            .metric_sum("alloy_resources_process_resident_memory_bytes", "")
            .await;
        last.push(now);
        let calm = last.iter().rev().take(50);
        let most = calm.clone().fold(0.0, |most: f64, one| most.max(*one));
        let least = calm.fold(f64::MAX, |least: f64, one| least.min(*one));
        (last.len() >= 50 && most - least < 65536.0).then_some(now)
    })
    .await
}

/// How many targets the relabelling has handed on.
async fn count(agent: &Agent) -> usize {
    let told = agent
        .get("/api/v0/web/components/discovery.relabel.pods")
        .await
        .json();
    let exports = told["exports"].as_array().cloned().unwrap_or_default();
    let output = exports.iter().find(|export| export["name"] == "output");
    output.map_or(0, |output| {
        output["value"]["value"].as_array().map_or(0, Vec::len)
    })
}

const OWN: &str = "  selectors {\n    role  = \"pod\"\n    field = \"spec.nodeName=here\"\n  }";

const RELABEL: &str = "discovery.relabel \"pods\" {\n  targets = discovery.kubernetes.pods.targets\n  rule {\n    source_labels = [\"__meta_kubernetes_pod_name\"]\n    target_label = \"pod\"\n  }\n}\n";

/// As large as issue 7 asks: the same pods on the node, 50 or 5,000 in the cluster.
const MOST_DIFFERENCE: f64 = 5.0 * 1024.0 * 1024.0;

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_the_cluster_does_not_matter_to_an_agent_on_one_node() {
    let small = resident(50, OWN, HERE, RELABEL).await;
    let large = resident(5000, OWN, HERE, RELABEL).await;
    println!("resident: {small} bytes in a cluster of 50 pods, {large} in one of 5,000");
    assert!(
        small > 0.0 && (large - small).abs() < MOST_DIFFERENCE,
        "{small} and {large}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement for the documentation"]
async fn what_all_pods_of_a_cluster_cost() {
    for pods in [50, 5000] {
        for (what, more) in [("discovery alone", ""), ("and a relabelling", RELABEL)] {
            println!(
                "{pods} pods, {what}: {} bytes",
                resident(pods, "", pods, more).await
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_logged_once_with_the_rule_that_grants_it() {
    let api = ApiServer::start().await;
    api.deny("list", "pods");
    api.apply("pods", pod(1, "here"));
    let home = Home::with(&format!(
        "discovery.kubernetes \"pods\" {{\n  role = \"pod\"\n  api_server = {:?}\n}}\ndiscovery.relabel \"pods\" {{\n  targets = discovery.kubernetes.pods.targets\n}}\n",
        api.url()
    ));
    let mut agent = home.start().await;
    api.requests(3, |request| request.verb == "list").await;
    let log = agent.stderr();
    let rule = r#"{apiGroups: [\"\"], resources: [\"pods\"], verbs: [\"get\", \"list\", \"watch\"]}"#;
    assert_eq!(log.matches(rule).count(), 1, "{log}");
    assert_eq!(log.matches("is forbidden").count(), 1, "{log}");
    api.allow("list", "pods");
    until("the targets are there", async || {
        (count(&agent).await == 2).then_some(())
    })
    .await;
    agent.stop().await;
}
