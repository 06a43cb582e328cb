//! `tracing { write_to }`: the agent's own spans reach a real OTLP receiver over HTTP and over gRPC, with names, parents and resource.

use crate::harness::{Agent, Home, until};
use crate::otlp_peer::{OtlpPeer, Taken};
use axum::Router;
use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::routing::get;
use std::sync::{Arc, Mutex};

/// An exporter, what it is traced to, and something to evaluate.
fn config(exporter: &str, tracing: &str, lines: u32) -> String {
    format!(
        "{exporter}\n{tracing}\nloki.echo \"out\" {{ }}\n\nloki.process \"in\" {{\n\tforward_to = [loki.echo.out.receiver]\n\n\tstage.limit {{\n\t\trate  = {lines}\n\t\tburst = 10\n\t\tdrop  = true\n\t}}\n}}\n"
    )
}

fn tracing(exporter: &str) -> String {
    format!("tracing {{\n\tsampling_fraction = 1\n\twrite_to          = [{exporter}.out.input]\n}}\n")
}

async fn found(peer: &OtlpPeer, what: &str, is: impl Fn(&Taken) -> bool) -> Taken {
    until(what, async || peer.spans().into_iter().find(&is)).await
}

/// Its spans were made before it was known who receives them.
async fn first_load_is_traced(peer: &OtlpPeer) {
    let load = found(peer, "the first load's span arrives", |taken| {
        taken.span.name == "GraphEvaluate"
    })
    .await;
    assert!(load.span.parent_span_id.is_empty());
    let node = found(peer, "the component's span arrives", |taken| {
        taken.span.name == "EvaluateNode" && taken.attribute("node_id").as_deref() == Some("loki.process.in")
    })
    .await;
    assert_eq!(node.span.parent_span_id, load.span.span_id);
}

/// Reloads a configuration with one change, and looks at the spans of that.
async fn reload_is_traced(peer: &OtlpPeer, home: &Home, agent: &Agent, changed: &str) {
    home.write("config.alloy", changed);
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let request = found(peer, "the request's span arrives", |taken| {
        taken.span.name == "POST /-/reload"
    })
    .await;
    assert_eq!(request.span.kind, 2, "a server's");
    assert_eq!(
        request.attribute("http.response.status_code").as_deref(),
        Some("200")
    );
    assert_eq!(request.resource("service.name").as_deref(), Some("alloy"));
    assert!(request.resource("service.version").is_some());
    assert!(request.span.parent_span_id.is_empty());
    let load = found(peer, "the load's span arrives", |taken| {
        taken.span.name == "GraphEvaluate" && taken.span.trace_id == request.span.trace_id
    })
    .await;
    assert_eq!(load.span.parent_span_id, request.span.span_id);
    let node = found(peer, "the changed component's span arrives", |taken| {
        taken.span.name == "EvaluateNode"
            && taken.span.trace_id == request.span.trace_id
            && taken.attribute("node_id").as_deref() == Some("loki.process.in")
    })
    .await;
    assert_eq!(node.span.parent_span_id, load.span.span_id);
    assert!(load.span.start_time_unix_nano <= node.span.start_time_unix_nano);
    assert!(node.span.end_time_unix_nano <= load.span.end_time_unix_nano);
    // Nothing that was not touched was evaluated.
    let nodes = peer.spans();
    let nodes = nodes
        .iter()
        .filter(|taken| taken.span.name == "EvaluateNode" && taken.span.parent_span_id == load.span.span_id);
    assert_eq!(nodes.count(), 1);
}

#[tokio::test]
async fn over_http_spans_of_a_reload_arrive_and_end_when_the_block_goes() {
    let (peer, address) = OtlpPeer::http().await;
    let exporter = format!(
        "otelcol.exporter.otlphttp \"out\" {{\n\tclient {{\n\t\tendpoint = \"http://{address}\"\n\t}}\n}}\n"
    );
    let on = tracing("otelcol.exporter.otlphttp");
    let home = Home::with(&config(&exporter, &on, 5));
    let mut agent = home.start().await;
    first_load_is_traced(&peer).await;
    reload_is_traced(&peer, &home, &agent, &config(&exporter, &on, 6)).await;
    let sent = until("the exporter counts what it has sent", async || {
        let sent = agent
            .metric_sum(
                "otelcol_exporter_sent_spans_total",
                "component_id=\"otelcol.exporter.otlphttp.out\"",
            )
            .await;
        (sent >= 3.0).then_some(sent)
    })
    .await;
    assert!(sent as usize <= peer.spans().len());

    // Without the block no span is made any more.
    home.write("config.alloy", &config(&exporter, "", 6));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    // What was under way meanwhile has come when this marker has: the exporter is stopped, and drains.
    assert_eq!(agent.get("/-/healthy").await.status, 200);
    agent.stop().await;
    let spans = peer.spans();
    assert!(
        !spans.iter().any(|taken| taken.span.name == "GET /-/healthy"),
        "{spans:?}"
    );
}

#[tokio::test]
async fn over_grpc_spans_of_a_reload_arrive_and_the_last_ones_at_the_stop() {
    let (peer, address) = OtlpPeer::grpc().await;
    let exporter = format!(
        "otelcol.exporter.otlp \"out\" {{\n\tclient {{\n\t\tendpoint = \"{address}\"\n\n\t\ttls {{\n\t\t\tinsecure = true\n\t\t}}\n\t}}\n}}\n"
    );
    let on = tracing("otelcol.exporter.otlp");
    let home = Home::with(&config(&exporter, &on, 5));
    let mut agent = home.start().await;
    reload_is_traced(&peer, &home, &agent, &config(&exporter, &on, 6)).await;
    assert_eq!(agent.get("/-/healthy").await.status, 200);
    agent.stop().await;
    let spans = peer.spans();
    assert!(
        spans.iter().any(|taken| taken.span.name == "GET /-/healthy"),
        "{spans:?}"
    );
}

#[tokio::test]
async fn nobody_named_means_no_spans_and_a_fraction_of_nothing_too() {
    let (peer, address) = OtlpPeer::http().await;
    let exporter = format!(
        "otelcol.exporter.otlphttp \"out\" {{\n\tclient {{\n\t\tendpoint = \"http://{address}\"\n\t}}\n}}\n"
    );
    let none = "tracing {\n\tsampling_fraction = 0\n\twrite_to          = [otelcol.exporter.otlphttp.out.input]\n}\n";
    let home = Home::with(&config(&exporter, none, 5));
    let mut agent = home.start().await;
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let nobody = "tracing {\n\tsampling_fraction = 1\n}\n";
    home.write("config.alloy", &config(&exporter, nobody, 5));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let log = agent.stderr();
    assert!(log.contains("names nobody who receives traces"), "{log}");
    assert_eq!(agent.metric("alloy_tracing_lost_spans_total").await, Some(0.0));
    agent.stop().await;
    assert!(peer.spans().is_empty());
}

#[tokio::test]
async fn a_collector_says_which_traces_are_kept() {
    let (peer, address) = OtlpPeer::http().await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = listener.local_addr().unwrap();
    let answers = asked.clone();
    let router = Router::new().route(
        "/sampling",
        get(async move |RawQuery(query): RawQuery| {
            let mut asked = answers.lock().unwrap();
            asked.push(query.unwrap_or_default());
            // First of no use, then the health check only.
            match asked.len() {
                1 => "no JSON".to_owned(),
                _ => r#"{"operationSampling":{"defaultSamplingProbability":0,"defaultLowerBoundTracesPerSecond":0.0001,"perOperationStrategies":[{"operation":"GET /-/healthy","probabilisticSampling":{"samplingRate":1}},{"operation":"GET /-/ready","probabilisticSampling":{"samplingRate":0}}]}}"#.to_owned(),
            }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    let exporter = format!(
        "otelcol.exporter.otlphttp \"out\" {{\n\tclient {{\n\t\tendpoint = \"http://{address}\"\n\t}}\n}}\n"
    );
    let tracing = format!(
        "tracing {{\n\tsampling_fraction = 0\n\twrite_to          = [otelcol.exporter.otlphttp.out.input]\n\n\tsampler {{\n\t\tjaeger_remote {{\n\t\t\turl              = \"http://{collector}/sampling\"\n\t\t\trefresh_interval = \"50ms\"\n\t\t}}\n\t}}\n}}\n"
    );
    let home = Home::with(&config(&exporter, &tracing, 5));
    let mut agent = home.start().await;
    until("spans of what the collector names arrive", async || {
        assert_eq!(agent.get("/-/healthy").await.status, 200);
        let spans = peer.spans();
        (spans
            .iter()
            .filter(|taken| taken.span.name == "GET /-/healthy")
            .count()
            > 2)
        .then_some(())
    })
    .await;
    for _ in 0..20 {
        assert_eq!(agent.get("/-/ready").await.status, 200);
    }
    assert!(
        agent
            .stderr()
            .contains("jaeger_remote does not say which traces to keep")
    );
    agent.stop().await;
    // At most the one that every operation may have at least.
    let ready = peer
        .spans()
        .iter()
        .filter(|taken| taken.span.name == "GET /-/ready")
        .count();
    assert!(ready <= 1, "{ready}");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|query| query == "service=alloy"), "{asked:?}");
}

#[tokio::test]
async fn requests_carry_the_id_of_their_span_where_that_is_wanted() {
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let answers = seen.clone();
    let router = Router::new().route(
        "/metrics",
        get(async move |headers: HeaderMap| {
            let id = headers.get("traceparent").and_then(|id| id.to_str().ok());
            answers.lock().unwrap().push(id.map(str::to_owned));
            "up_and_running 1\n"
        }),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    let scrape = format!(
        "prometheus.scrape \"one\" {{\n\ttargets         = [{{\"__address__\" = \"{target}\"}}]\n\tforward_to      = []\n\tscrape_interval = \"200ms\"\n\tscrape_timeout  = \"200ms\"\n}}\n"
    );
    let home = Home::with(&scrape);
    let mut agent = home.start().await;
    until("the target is scraped", async || seen.lock().unwrap().pop()).await;
    assert!(seen.lock().unwrap().iter().all(Option::is_none));
    home.write(
        "config.alloy",
        &format!("{scrape}\ntracing {{\n\tsampling_fraction = 1\n\tsend_traceparent  = true\n}}\n"),
    );
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let id = until("a scrape carries an id", async || {
        seen.lock().unwrap().pop().flatten()
    })
    .await;
    let parts: Vec<&str> = id.split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [2, 32, 16, 2],
        "{id}"
    );
    assert!(
        parts[0] == "00" && parts[3] == "01" && parts[1] != "0".repeat(32),
        "{id}"
    );
    agent.stop().await;
}
