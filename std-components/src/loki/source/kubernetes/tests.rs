//! Each line once, whatever happens to connections, containers and the agent.

use super::*;
use crate::component::testing::arguments;
use crate::kubernetes_api::{ApiServer, ContainerLog, Fault};
use crate::loki::source::testing;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// A pod whose container is in a run, which may have ended.
fn pod(run: u32, is_running: bool) -> Value {
    let id = |run: u32| format!("containerd://run-{run}");
    let started = format!("2026-01-01T0{run}:00:00Z");
    let state = match is_running {
        true => json!({"running": {"startedAt": started}}),
        false => json!({"terminated": {"containerID": id(run), "startedAt": started, "exitCode": 1}}),
    };
    let last = match run {
        0 => json!({}),
        run => json!({"terminated": {"containerID": id(run - 1), "exitCode": 1}}),
    };
    json!({
        "metadata": {"namespace": "shop", "name": "web-0", "uid": "u1"},
        "spec": {"containers": [{"name": "nginx"}], "restartPolicy": "Always"},
        "status": {"phase": "Running", "containerStatuses": [{
            "name": "nginx", "image": "", "imageID": "", "ready": true, "restartCount": run,
            "containerID": id(run), "state": state, "lastState": last,
        }]},
    })
}

fn target(labels: &[(&str, &str)]) -> Target {
    let own = [
        ("__meta_kubernetes_namespace", "shop"),
        ("__meta_kubernetes_pod_name", "web-0"),
        ("__meta_kubernetes_pod_container_name", "nginx"),
        ("__meta_kubernetes_pod_uid", "u1"),
    ];
    Target::new(own.iter().chain(labels).copied())
}

fn is_log(stream: &crate::kubernetes_api::Stream) -> bool {
    stream.resource == "pods/log"
}

type Running = testing::Running<SourceKubernetes>;

fn start(api: &ApiServer, storage: &Path) -> Running {
    Running::start("pods", api, storage, "targets = []", |arguments, receiver| {
        arguments.forward_to = receiver;
        arguments.targets = vec![target(&[])];
    })
}

/// Changes the arguments.
fn change(running: &Running, change: impl FnOnce(&mut Arguments)) {
    let mut arguments = Arguments::clone(&running.source.arguments.lock());
    change(&mut arguments);
    running.source.update(arguments).unwrap();
}

fn retarget(running: &Running, targets: Vec<Target>) {
    change(running, |arguments| arguments.targets = targets);
}

/// Lines that are a tenth of a second apart.
fn tenths(from: usize, to: usize) -> Vec<(String, String)> {
    let line = |number: usize| {
        let (second, tenth) = (number / 10, number % 10);
        let time = format!(
            "2026-01-01T00:{:02}:{:02}.{tenth}00000001Z",
            second / 60,
            second % 60
        );
        (time, format!("line {number}"))
    };
    (from..to).map(line).collect()
}

fn names(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| format!("line {number}")).collect()
}

async fn api() -> (ApiServer, ContainerLog, tempfile::TempDir) {
    let api = ApiServer::start().await;
    api.apply("pods", pod(0, true));
    let log = api.log("shop", "web-0", "nginx");
    (api, log, tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn labels_and_times_are_the_references() {
    let (api, log, storage) = api().await;
    log.line("2026-01-01T00:00:00.123456789Z", "hello ");
    log.bytes("2026-01-01T00:00:01Z", b"not \xff UTF-8\n");
    let mut running = start(&api, storage.path());
    let mut told = String::new();
    while told.lines().count() < 2 {
        let batch = running.batch().await;
        for entry in &batch.entries {
            told.push_str(&format!(
                "{} {} {:?}\n",
                entry.labels, entry.timestamp, entry.line
            ));
        }
        batch.ack.delivered();
    }
    insta::assert_snapshot!(told, @r#"
    {instance="shop/web-0:nginx", job="loki.source.kubernetes.pods"} 1767225600123456789 "hello "
    {instance="shop/web-0:nginx", job="loki.source.kubernetes.pods"} 1767225601000000000 "not � UTF-8"
    "#);
    let opened = api.requests(1, |request| request.resource == "pods/log").await;
    insta::assert_snapshot!(opened[0].uri, @"/api/v1/namespaces/shop/pods/web-0/log?container=nginx&timestamps=true&follow=true");
    running.stop().await;
    insta::assert_snapshot!(std::fs::read_to_string(storage.path().join("loki.source.kubernetes.pods/positions.yml")).unwrap(), @r#"
    positions:
      ? path: "cursor-shop/web-0:nginx:u1"
        labels: "{instance=\"shop/web-0:nginx\", job=\"loki.source.kubernetes.pods\"}"
      : "1767225601000000"
    alloy_rs_identities: {}
    alloy_rs_cursors:
      ? path: "cursor-shop/web-0:nginx:u1"
        labels: "{instance=\"shop/web-0:nginx\", job=\"loki.source.kubernetes.pods\"}"
      : "1767225601000000000 1 1767225601000000000 containerd://run-0"
    alloy_rs_journal: "1"
    "#);
}

#[tokio::test]
async fn cut_slow_and_refused_streams_lose_and_double_nothing() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 300));
    log.cut_after([0, 10, 45, 46, 47, 500, 3000, 4001]);
    log.pace(101, Duration::from_micros(100));
    api.fault(2, Fault::Cut, |request| request.resource == "pods/log");
    api.fault(1, Fault::Status(500), |request| request.resource == "pods");
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(300).await, names(0, 300));
    api.open(1, is_log).await;
    log.lines(tenths(300, 310));
    assert_eq!(running.lines(10).await, names(300, 310));
    // The end that an API server gives a connection when it stops, and a cut, while the container is silent and while it writes.
    api.end(is_log);
    log.lines(tenths(310, 320));
    assert_eq!(running.lines(10).await, names(310, 320));
    api.open(1, is_log).await;
    api.cut(is_log);
    log.lines(tenths(320, 330));
    assert_eq!(running.lines(10).await, names(320, 330));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn a_restart_of_the_agent_goes_on_behind_what_was_taken() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 50));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(50).await, names(0, 50));
    // These are handed on and not taken.
    log.lines(tenths(50, 60));
    let batch = running.batch().await;
    assert_eq!(batch.entries.len(), 10);
    running.stop.cancel();
    drop(batch);
    running.stop().await;
    log.lines(tenths(60, 70));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(20).await, names(50, 70));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn what_a_receiver_does_not_take_is_read_again() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 20));
    let mut running = start(&api, storage.path());
    let batch = running.batch().await;
    assert_eq!(batch.entries.len(), 20);
    drop(batch);
    assert_eq!(running.lines(20).await, names(0, 20));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn a_thousand_lines_of_one_time_are_a_thousand() {
    let (api, log, storage) = api().await;
    let time = "2026-01-01T00:00:00.5Z";
    log.lines(names(0, 1000).iter().map(|line| (time, line)));
    log.cut_after([10_000, 20_000]);
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(1000).await, names(0, 1000));
    running.stop().await;
    log.lines(names(1000, 2000).iter().map(|line| (time, line)));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(1000).await, names(1000, 2000));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn a_nodes_clock_may_be_set_back() {
    let (api, log, storage) = api().await;
    log.lines(tenths(100, 200));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(100).await, names(100, 200));
    // By seven seconds, while the stream is open; then it breaks.
    let tenths = |from, to| {
        let lines = tenths(from, to).into_iter();
        lines.map(|(time, line)| (time.replace("1Z", "2Z"), line))
    };
    log.lines(tenths(130, 160));
    assert_eq!(running.lines(30).await, names(130, 160));
    api.cut(is_log);
    log.lines(tenths(160, 220));
    assert_eq!(running.lines(60).await, names(160, 220));
    // By five seconds, while none is.
    running.stop().await;
    let tenths = |from, to| tenths(from, to).map(|(time, line)| (time.replace("2Z", "3Z"), line));
    log.lines(tenths(170, 180));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(10).await, names(170, 180));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn a_container_that_restarts_leaves_nothing_behind() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 10));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(10).await, names(0, 10));
    // The connection breaks, the container writes, ends, and another writes.
    api.fault(3, Fault::Status(503), |request| request.resource == "pods");
    api.cut(is_log);
    log.lines(tenths(10, 20));
    log.restart();
    api.apply("pods", pod(1, true));
    log.lines((20..30).map(|number| (format!("2026-01-01T01:00:{number}Z"), format!("line {number}"))));
    assert_eq!(running.lines(20).await, names(10, 30));
    // Once more while the stream is open: the next run begins before its clock has gone on.
    log.restart();
    log.lines((30..40).map(|number| (format!("2026-01-01T00:30:{number}Z"), format!("line {number}"))));
    api.apply("pods", pod(2, true));
    assert_eq!(running.lines(10).await, names(30, 40));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn a_refusal_names_the_permission_and_what_grants_it() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 10));
    api.deny("get", "pods/log");
    let mut running = start(&api, storage.path());
    api.requests(2, |request| request.resource == "pods/log").await;
    let health = running.source.context.health.get();
    let message = health.message.replace(&api.url(), "URL");
    insta::assert_snapshot!(message, @r#"1 of 1 containers fail: URL does not permit to get pods/log in namespace shop (403 pods "web-0" is forbidden: User "system:serviceaccount:monitoring:alloy" cannot get resource "pods/log" in API group "" in the namespace "shop"); grant it with this rule in a Role in namespace shop (or a ClusterRole): - {apiGroups: [""], resources: ["pods/log"], verbs: ["get"]}"#);
    assert!(running.info().contains("pods/log"));
    api.allow("get", "pods/log");
    assert_eq!(running.lines(10).await, names(0, 10));
    // Without a look at the pod lines come too.
    api.deny("get", "pods");
    api.cut(is_log);
    log.lines(tenths(10, 20));
    assert_eq!(running.lines(10).await, names(10, 20));
    let health = running.source.context.health.get();
    assert!(
        health.message.contains("get pods in namespace shop"),
        "{}",
        health.message
    );
    running.stop().await;
}

#[tokio::test]
async fn labels_change_without_another_stream() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 10));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(10).await, names(0, 10));
    retarget(&running, vec![target(&[("team", "a")])]);
    log.lines(tenths(10, 20));
    assert_eq!(running.lines(10).await, names(10, 20));
    log.lines(tenths(20, 21));
    let batch = running.batch().await;
    assert_eq!(batch.entries[0].labels.get("team"), Some("a"));
    batch.ack.delivered();
    assert_eq!(
        api.requests(1, |request| request.resource == "pods/log")
            .await
            .len(),
        1
    );
    running.stop().await;
    // Also while the agent does not run, and when a target goes and comes back.
    log.lines(tenths(21, 30));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(9).await, names(21, 30));
    retarget(&running, Vec::new());
    api.open(0, is_log).await;
    log.lines(tenths(30, 40));
    retarget(&running, vec![target(&[("team", "b")])]);
    assert_eq!(running.lines(10).await, names(30, 40));
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn who_takes_nothing_stops_the_streams() {
    let (api, log, storage) = api().await;
    let long = "x".repeat(100_000);
    log.lines((0..400).map(|number| {
        (
            format!("2026-01-01T00:{:02}:{:02}Z", number / 60, number % 60),
            format!("{number} {long}"),
        )
    }));
    let mut running = start(&api, storage.path());
    let mut sent = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = log.sent();
        if now > 0 && now == sent {
            break;
        }
        sent = now;
    }
    assert!(sent < 30_000_000, "{sent} bytes of 40,000,000 were read ahead");
    let lines = running.lines(400).await;
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(at, line)| line.starts_with(&format!("{at} ")))
    );
    running.is_quiet().await;
    running.stop().await;
}

#[tokio::test]
async fn a_stream_that_old_kubelets_let_miss_a_rotation_is_opened_anew() {
    let (old, old_log, storage) = api().await;
    let (new, new_log, new_storage) = api().await;
    old.release(28, 15);
    let mut running = start(&old, storage.path());
    let mut other = start(&new, new_storage.path());
    for (api, log, running) in [(&old, &old_log, &mut running), (&new, &new_log, &mut other)] {
        log.lines(tenths(0, 1));
        assert_eq!(running.lines(1).await, names(0, 1));
        // Enough to know how often it writes; then the file is another one, which the stream does not notice.
        log.lines(tenths(1, 150));
        assert_eq!(running.lines(149).await, names(1, 150));
        api.open(1, is_log).await;
        log.rotate_unnoticed();
        log.lines(tenths(150, 160));
    }
    assert_eq!(running.lines(10).await, names(150, 160));
    running.is_quiet().await;
    assert_eq!(
        old.requests(2, |request| request.resource == "pods/log")
            .await
            .len(),
        2
    );
    // A newer one is asked which it is, and then trusted.
    tokio::time::timeout(Duration::from_secs(5), async {
        while new.versions_told() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    other.is_quiet().await;
    assert_eq!(
        new.requests(1, |request| request.resource == "pods/log")
            .await
            .len(),
        1
    );
    assert_eq!((old.versions_told(), new.versions_told()), (1, 1));
    running.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn of_a_pod_that_is_gone_nothing_is_kept_and_nothing_is_wrong_with_it() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 10));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(10).await, names(0, 10));
    api.delete("pods", "shop", "web-0");
    log.remove();
    let looks = |request: &crate::kubernetes_api::Request| request.resource == "pods";
    api.requests(api.seen().len() + 3, looks).await;
    let health = running.source.context.health.get();
    assert_eq!(health.message, "1 containers are tailed");
    let positions = storage.path().join("loki.source.kubernetes.pods/positions.yml");
    let is_kept = || std::fs::read_to_string(&positions).is_ok_and(|text| text.contains("web-0"));
    let until = async |kept: bool| {
        while is_kept() != kept {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // As long as its target is there, it may be that this is another's mistake.
    tokio::time::timeout(Duration::from_secs(10), until(true))
        .await
        .unwrap();
    retarget(&running, Vec::new());
    tokio::time::timeout(Duration::from_secs(10), until(false))
        .await
        .unwrap();
    running.stop().await;
}

#[tokio::test]
async fn the_references_positions_are_taken_over() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 20));
    let folder = storage.path().join("loki.source.kubernetes.pods");
    std::fs::create_dir_all(&folder).unwrap();
    // Of the line 9: the reference cuts the nanoseconds off.
    let text = "positions:\n  ? path: cursor-shop/web-0:nginx:u1\n    labels: '{instance=\"shop/web-0:nginx\", job=\"loki.source.kubernetes.pods\"}'\n  : \"1767225600900000\"\n";
    std::fs::write(folder.join("positions.yml"), text).unwrap();
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(11).await, names(9, 20));
    running.stop().await;
}

#[tokio::test]
async fn a_container_that_has_ended_for_good_is_asked_for_nothing_more() {
    let (api, log, storage) = api().await;
    log.lines(tenths(0, 10));
    log.stop();
    let mut ended = pod(0, false);
    ended["spec"]["restartPolicy"] = "Never".into();
    api.apply("pods", ended);
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(10).await, names(0, 10));
    running.is_quiet().await;
    insta::assert_snapshot!(running.info(), @r#"[{"name":"seen_lines","type":"attr","value":{"type":"number","value":10}},{"name":"delivered_lines","type":"attr","value":{"type":"number","value":10}},{"name":"queued_lines","type":"attr","value":{"type":"number","value":0}},{"name":"target","type":"block","body":[{"name":"labels","type":"attr","value":{"type":"object","value":[{"key":"instance","value":{"type":"string","value":"shop/web-0:nginx"}},{"key":"job","value":{"type":"string","value":"loki.source.kubernetes.pods"}}]}},{"name":"discovery_labels","type":"attr","value":{"type":"object","value":[{"key":"__meta_kubernetes_namespace","value":{"type":"string","value":"shop"}},{"key":"__meta_kubernetes_pod_container_name","value":{"type":"string","value":"nginx"}},{"key":"__meta_kubernetes_pod_name","value":{"type":"string","value":"web-0"}},{"key":"__meta_kubernetes_pod_uid","value":{"type":"string","value":"u1"}}]}},{"name":"last_error","type":"attr","value":{"type":"string","value":""}},{"name":"update_time","type":"attr","value":{"type":"string","value":"2026-01-01T00:00:00.900000001Z"}},{"name":"read_offset","type":"attr","value":{"type":"string","value":"2026-01-01T00:00:00.900000001Z"}},{"name":"is_finished","type":"attr","value":{"type":"bool","value":true}}]}]"#);
    assert_eq!(api.seen().len(), 2, "{:?}", api.seen());
    running.stop().await;
}

#[tokio::test]
async fn another_server_is_asked_when_the_client_changes() {
    let (api, log, storage) = api().await;
    let (other, other_log, _) = self::api().await;
    log.lines(tenths(0, 10));
    other_log.lines(tenths(0, 20));
    let mut running = start(&api, storage.path());
    assert_eq!(running.lines(10).await, names(0, 10));
    let client = arguments::<Arguments>(&testing::body(&other, "targets = []")).client;
    change(&running, |arguments| arguments.client = client);
    assert_eq!(running.lines(10).await, names(10, 20));
    api.open(0, is_log).await;
    running.stop().await;
}

/// What the process holds in memory, in KiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Run it alone: `cargo test -p std-components --lib many_quiet -- --ignored --nocapture`.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "its figure is for the documentation"]
async fn many_quiet_containers_are_followed() {
    const CONTAINERS: usize = 1000;
    let api = ApiServer::start().await;
    let storage = tempfile::tempdir().unwrap();
    let mut running = start(&api, storage.path());
    let mut targets = Vec::new();
    for number in 0..CONTAINERS {
        let name = format!("web-{number}");
        let mut pod = pod(0, true);
        pod["metadata"]["name"] = name.as_str().into();
        pod["metadata"]["uid"] = name.as_str().into();
        api.apply("pods", pod);
        api.log("shop", &name, "nginx").lines(tenths(0, 1));
        targets.push(target(&[("__pod_name__", &name), ("__pod_uid__", &name)]));
    }
    let before = resident();
    retarget(&running, targets);
    assert_eq!(running.lines(CONTAINERS).await.len(), CONTAINERS);
    api.open(CONTAINERS, is_log).await;
    println!(
        "{} KiB for {CONTAINERS} streams, both ends of them",
        resident() - before
    );
    running.stop().await;
}
