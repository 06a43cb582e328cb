//! `tracing { write_to }`: the agent's own spans reach a real OTLP receiver over HTTP and over gRPC, with names, parents and resource.

use crate::harness::{Agent, Home, until};
use crate::otlp_peer::{OtlpPeer, Taken};

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
        taken.span.name == "EvaluateNode" && taken.attribute("node_id").as_deref() == Some("loki.process.in")
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
    let nobody = "tracing {\n\tsampling_fraction = 1\n\n\tsampler {\n\t\tjaeger_remote { }\n\t}\n}\n";
    home.write("config.alloy", &config(&exporter, nobody, 5));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let log = agent.stderr();
    for told in [
        "names nobody who receives traces",
        "jaeger_remote is not supported",
    ] {
        assert!(log.contains(told), "{log}");
    }
    agent.stop().await;
    assert!(peer.spans().is_empty());
}
