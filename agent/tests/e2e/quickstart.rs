//! The configuration that the README starts with, as a stranger runs it.

use crate::harness::{Home, until};
use crate::loki_endpoint::LokiEndpoint;
use crate::prometheus_peer::Prometheus;
use std::io::Write;

const QUICKSTART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/quickstart.alloy");

#[tokio::test]
async fn without_any_server_log_lines_and_metrics_are_shown() {
    let home = Home::new();
    let log = home.write("app.log", "an old line, level=info\n");
    let mut agent = home
        .start_with(QUICKSTART, &[], &[("LOG_PATH", log.to_str().unwrap())])
        .await;
    agent.opens(&log).await;
    let mut file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    file.write_all(b"ts=1 level=warn msg=\"the quick start works\"\n")
        .unwrap();
    until("the line is shown", async || {
        agent.stdout().contains("the quick start works").then_some(())
    })
    .await;
    let samples = |page: &str| {
        let load = page.lines().find(|line| line.starts_with("node_load1{"));
        load.map(str::to_owned)
    };
    let load = until("node_load1 is shown", async || samples(&agent.stdout())).await;
    let value = load.rsplit_once('}').unwrap().1.split_whitespace().next();
    assert!(value.unwrap().parse::<f64>().unwrap() >= 0.0, "{load}");

    let shown = agent.stdout();
    assert!(!shown.contains("an old line"), "only new lines: {shown}");
    assert!(
        !shown.contains("node_cpu_seconds_total"),
        "only what a person reads: {shown}"
    );
    assert!(!shown.contains('\u{1b}'), "no colours in a file: {shown}");
    let line = shown
        .lines()
        .find(|line| line.contains("the quick start works"))
        .unwrap();
    assert!(line.contains("warn"), "with its labels: {line}");
    assert_eq!(
        agent.get("/-/healthy").await.status,
        200,
        "nothing waits for a server that is not there"
    );
    for id in ["loki.process.logs", "prometheus.scrape.node"] {
        let component = agent.get(&format!("/api/v0/web/components/{id}")).await.json();
        let mut arguments = component["arguments"].as_array().unwrap().iter();
        let forward_to = arguments
            .find(|argument| argument["name"] == "forward_to")
            .unwrap();
        let receivers = forward_to["value"]["value"].as_array().unwrap();
        assert_eq!(receivers.len(), 1, "the terminal only: {receivers:?}");
    }
    let log = agent.stderr();
    for level in ["level=error", "level=warn"] {
        let complaints = log.lines().filter(|line| line.contains(level));
        // The kernel of the machine may lack what a collector reads: that may be told.
        let complaints: Vec<_> = complaints
            .filter(|line| !line.contains("prometheus.exporter.unix"))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
    agent.stop().await;
}

#[tokio::test]
async fn with_servers_the_same_file_sends_there_too() {
    let Some(prometheus) = Prometheus::start().await else {
        return;
    };
    let loki = LokiEndpoint::start().await;
    let home = Home::new();
    let log = home.write("app.log", "an old line, level=info\n");
    let (loki_url, write_url) = (loki.url(), prometheus.write_url());
    let environment = [
        ("LOG_PATH", log.to_str().unwrap()),
        ("LOG_FROM_START", "1"),
        ("LOKI_URL", &loki_url),
        ("PROMETHEUS_URL", &write_url),
    ];
    let mut agent = home.start_with(QUICKSTART, &[], &environment).await;
    loki.takes(1).await;
    assert_eq!(loki.texts(), ["an old line, level=info"]);
    assert!(
        loki.taken()[0].stream.contains("level=\"info\""),
        "{:?}",
        loki.taken()
    );
    until("the terminal has the line too", async || {
        agent.stdout().contains("an old line").then_some(())
    })
    .await;
    // All of a scrape, not what the terminal gets.
    until("Prometheus has the processors", async || {
        let cpus = prometheus.query("count(node_cpu_seconds_total)").await;
        cpus.first().filter(|cpus| cpus.value >= 8.0).map(|_| ())
    })
    .await;
    agent.stop().await;
}
