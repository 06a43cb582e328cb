//! The component against a peer on the loopback, and against a page of this process.

use crate::component::{CancellationToken, Component, Context, ExportSink, INTERNAL_ADDRESS, Page, testing};
use crate::prometheus::scrape::Scrape;
use crate::prometheus::scrape::arguments::Arguments;
use crate::signals::{Fanout, Inlet, MetricBatch, Sample, Target, inlet, is_stale_nan};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use river_eval::Nothing;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

async fn metrics(headers: HeaderMap) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    };
    // user:secret
    if header("authorization") != "Basic dXNlcjpzZWNyZXQ=" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert!(
        header("accept").starts_with("application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5")
    );
    assert!(!header("x-prometheus-scrape-timeout-seconds").is_empty());
    assert_eq!(header("accept-encoding"), "gzip");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"zipped 1\n# EOF\n").unwrap();
    let headers = [
        ("content-type", "application/openmetrics-text; version=1.0.0"),
        ("content-encoding", "gzip"),
    ];
    (headers, gzip.finish().unwrap()).into_response()
}

async fn peer() -> SocketAddr {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/moved", get(|| async { Redirect::temporary("/metrics") }))
        .route("/slow", get(std::future::pending::<&'static str>))
        .route("/large", get(|| async { "x 1\n".repeat(1000) }))
        .route("/bad", get(|| async { "x{ 1\n" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn target(address: &str, path: &str) -> Target {
    Target::new([
        ("__address__", address),
        ("__metrics_path__", path),
        ("path", path),
    ])
}

struct Running {
    component: Arc<Scrape>,
    inlet: Inlet<MetricBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), crate::component::RunError>>,
    arguments: Arguments,
    context: Context<Nothing>,
}

fn start(targets: Vec<Target>, page: Option<Arc<dyn Page>>) -> Running {
    let (receiver, inlet) = inlet("test");
    let mut arguments: Arguments = testing::arguments(
        r#"
        targets         = []
        forward_to      = []
        scrape_interval = "200ms"
        scrape_timeout  = "150ms"
        body_size_limit = "1KiB"
        basic_auth {
            username = "user"
            password = "secret"
        }
        "#,
    );
    arguments.targets = targets;
    arguments.forward_to = Fanout::new(vec![receiver]);
    let (context, _exports): (Context<Nothing>, Arc<ExportSink>) =
        Context::for_test("prometheus.scrape.x", std::path::Path::new("/nonexistent"));
    if let Some(page) = page {
        context.services.pages.insert("prometheus.exporter.unix.x", page);
    }
    let component = Arc::new(Scrape::new(context.clone(), arguments.clone()).unwrap());
    let stop = CancellationToken::new();
    let task = tokio::spawn(component.clone().run(stop.clone()));
    Running {
        component,
        inlet,
        stop,
        task,
        arguments,
        context,
    }
}

impl Running {
    /// The first sample of a name and path that the function accepts.
    async fn sample(&mut self, name: &str, path: &str, accepts: impl Fn(&Sample) -> bool) -> Sample {
        let search = async {
            loop {
                let batch = self.inlet.next().await.unwrap();
                let found = batch.samples.into_iter().find(|sample| {
                    sample.labels.get("__name__") == Some(name)
                        && sample.labels.get("path") == Some(path)
                        && accepts(sample)
                });
                if let Some(found) = found {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), search)
            .await
            .unwrap_or_else(|_| panic!("no {name} of {path}"))
    }
}

#[tokio::test]
async fn auth_gzip_redirects_timeouts_and_bad_pages() {
    let address = peer().await.to_string();
    for (path, up, reason) in [
        ("/metrics", 1.0, ""),
        ("/moved", 1.0, ""),
        ("/slow", 0.0, "no page within the scrape timeout of 150ms"),
        ("/large", 0.0, "body size limit exceeded"),
        ("/bad", 0.0, "line 1: expected label name"),
        ("/none", 0.0, "server returned HTTP status 404 Not Found"),
    ] {
        let mut running = start(vec![target(&address, path)], None);
        if up == 1.0 {
            let sample = running.sample("zipped", path, |_| true).await;
            assert_eq!(sample.labels.get("instance"), Some(address.as_str()));
            assert_eq!(sample.labels.get("job"), Some("prometheus.scrape.x"));
        }
        assert_eq!(running.sample("up", path, |_| true).await.value, up, "{path}");
        let info = format!("{:?}", running.component.debug_info());
        assert!(info.contains(reason), "{info}");
        assert_eq!(info.contains("last_error"), up == 0.0, "{info}");
        running.stop.cancel();
        running.task.await.unwrap().unwrap();
    }
}

struct Fixed;

impl Page for Fixed {
    fn render(&self, _query: &str, out: &mut String) -> Result<(), String> {
        out.push_str("inside 7\n");
        Ok(())
    }
}

#[tokio::test]
async fn a_page_of_this_process_needs_no_socket_and_a_removed_target_ends() {
    let path = "/api/v0/component/prometheus.exporter.unix.x/metrics";
    let mut running = start(vec![target(INTERNAL_ADDRESS, path)], Some(Arc::new(Fixed)));
    assert_eq!(running.sample("inside", path, |_| true).await.value, 7.0);
    let mut arguments = running.arguments.clone();
    arguments.targets.clear();
    Component::update(&*running.component, arguments).unwrap();
    running
        .sample("inside", path, |sample| is_stale_nan(sample.value))
        .await;
    assert_eq!(running.component.debug_info().blocks.len(), 0);
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_update_keeps_the_loops_of_targets_that_stay() {
    let path = "/api/v0/component/prometheus.exporter.unix.x/metrics";
    let mut running = start(vec![target(INTERNAL_ADDRESS, path)], Some(Arc::new(Fixed)));
    running.sample("up", path, |_| true).await;
    let mut arguments = running.arguments.clone();
    arguments.extra_metrics = true;
    arguments.scrape_timeout = Duration::from_millis(140);
    Component::update(&*running.component, arguments).unwrap();
    let timeout = running.sample("scrape_timeout_seconds", path, |_| true).await;
    assert_eq!(timeout.value, 0.14);
    let mut text = String::new();
    running.context.services.metrics.render(&mut text).unwrap();
    assert!(text.contains(
        "prometheus_scrape_targets_gauge{component_id=\"prometheus.scrape.x\",component_path=\"/\"} 1"
    ));
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[test]
fn wrong_arguments_are_told() {
    let body = |more: &str| format!("targets = []\nforward_to = []\n{more}");
    let told: Vec<String> = [
        "scrape_interval = \"5s\"",
        "scrape_timeout = \"2m\"",
        "scrape_protocols = [\"x\"]",
        "metric_name_validation_scheme = \"x\"",
        "metric_name_escaping_scheme = \"allow-utf-8\"",
    ]
    .iter()
    .map(|more| testing::mistakes::<Arguments>(&body(more)))
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    scrape_timeout (10s) greater than scrape_interval (5s) for scrape config with job name "" (a scrape has to end before the next one begins)
    scrape_timeout (120s) greater than scrape_interval (60s) for scrape config with job name "" (a scrape has to end before the next one begins)
    invalid scrape protocol "x" (one of PrometheusProto, OpenMetricsText1.0.0, OpenMetricsText0.0.1, PrometheusText1.0.0, PrometheusText0.0.4)
    invalid metric_name_validation_scheme "x": must be either "utf8" or "legacy"
    metric_name_escaping_scheme cannot be set to 'allow-utf-8' while metric_name_validation_scheme is not set to 'utf8'
    "##);
}
