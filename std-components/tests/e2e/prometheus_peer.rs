//! `prometheus.remote_write` into Debian's `prometheus` (2.42), read back through its query API.

use river_eval::{FromValue, Object, Shared, Value};
use river_syntax::{FileId, parse_file};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use std_components::component::{CancellationToken, ComponentId, ExportSink, HealthCell, Services};
use std_components::http_client::{HttpClient, HttpClientArguments};
use std_components::signals::{
    Ack, Fanout, Labels, Metadata, MetricBatch, MetricType, MetricsReceiver, Outcome, Sample, stale_nan,
};

const BINARY: &str = "/usr/bin/prometheus";

/// Ended and waited for when the test ends, however it ends.
struct Peer {
    child: Child,
    address: String,
    client: HttpClient,
    _storage: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Peer {
    async fn start() -> Self {
        let storage = tempfile::tempdir().unwrap();
        std::fs::write(storage.path().join("prometheus.yml"), "global: {}\n").unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let child = Command::new(BINARY)
            .arg(format!(
                "--config.file={}/prometheus.yml",
                storage.path().display()
            ))
            .arg(format!("--storage.tsdb.path={}/data", storage.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--web.enable-remote-write-receiver")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let peer = Self {
            child,
            address,
            client: HttpClient::new(&HttpClientArguments::<true>::default()).unwrap(),
            _storage: storage,
        };
        let begin = Instant::now();
        while peer.get("/-/ready").await.is_none() {
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "prometheus does not get ready"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        peer
    }

    async fn get(&self, path: &str) -> Option<String> {
        let url = format!("http://{}{path}", self.address).parse().unwrap();
        let request = self.client.request(reqwest::Method::GET, url).await.unwrap();
        let answer = request.send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        answer.text().await.ok()
    }

    /// What an instant query answers: labels (sorted, without `__name__`) and value of each series.
    async fn query(&self, query: &str, at: i64) -> Vec<(String, String)> {
        let mut url = reqwest::Url::parse("http://x/api/v1/query").unwrap();
        url.query_pairs_mut()
            .append_pair("query", query)
            .append_pair("time", &format!("{}.{:03}", at / 1000, at % 1000));
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        let answer: serde_json::Value = serde_json::from_str(&self.get(&path).await.unwrap()).unwrap();
        let series = answer["data"]["result"].as_array().unwrap().iter().map(|one| {
            let mut labels: Vec<_> = one["metric"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(name, _)| *name != "__name__")
                .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
                .collect();
            labels.sort();
            (labels.join(","), one["value"][1].as_str().unwrap().to_owned())
        });
        let mut all: Vec<_> = series.collect();
        all.sort();
        all
    }
}

/// A running component, built as the controller builds it.
struct Writer {
    out: Fanout<MetricBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), std_components::component::RunError>>,
}

fn writer(text: &str) -> Writer {
    let parse = parse_file(FileId(0), text);
    assert!(parse.errors.is_empty(), "{:?}", parse.errors);
    let (body, mistakes) = river_eval::lower::file(&parse);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let body = river_eval::evaluate_body(&body, &Object::new()).unwrap();
    let registration = std_components::components()
        .find(|one| one.name == "prometheus.remote_write")
        .unwrap();
    let exports = Arc::new(ExportSink::default());
    let component = (registration.build)(
        ComponentId::root("prometheus.remote_write.out"),
        Services::default(),
        HealthCell::default(),
        exports.clone(),
        &body,
        river_eval::eval::Stability::Experimental,
    )
    .ok()
    .unwrap();
    let Value::Object(fields) = exports.get() else {
        panic!("no exports")
    };
    let receiver = Shared::<MetricsReceiver>::from_value(fields.get("receiver").unwrap()).unwrap();
    let stop = CancellationToken::new();
    Writer {
        out: Fanout::new(vec![receiver]),
        task: tokio::spawn(component.run(stop.clone())),
        stop,
    }
}

impl Writer {
    /// Sends samples and waits until Prometheus has taken them.
    async fn send(&self, samples: Vec<Sample>, metadata: Option<Arc<[Metadata]>>) {
        let (tell, told) = tokio::sync::oneshot::channel();
        self.out
            .send(MetricBatch {
                ack: Ack::new(move |outcome| {
                    let _ = tell.send(outcome);
                }),
                metadata,
                ..MetricBatch::of(samples)
            })
            .await;
        let told = tokio::time::timeout(Duration::from_secs(30), told).await;
        assert_eq!(told.expect("taken in time").unwrap(), Outcome::Delivered);
    }
}

fn sample(labels: &[(&str, &str)], timestamp: i64, value: f64) -> Sample {
    Sample {
        labels: Labels::from_pairs(labels.iter().copied()),
        timestamp,
        value,
    }
}

#[tokio::test]
async fn prometheus_reads_what_is_written() {
    if !std::path::Path::new(BINARY).exists() {
        println!("skipped: {BINARY} is not installed (apt-get install prometheus)");
        return;
    }
    let peer = Peer::start().await;
    let writer = writer(&format!(
        r#"
        external_labels = {{ cluster = "c1" }}
        endpoint {{
            url = "http://{}/api/v1/write"
            queue_config {{ batch_send_deadline = "10ms" }}
            metadata_config {{ send_interval = "50ms" }}
            write_relabel_config {{
                source_labels = ["secret"]
                regex         = ".+"
                action        = "drop"
            }}
        }}"#,
        peer.address
    ));
    let begin = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let begin = i64::try_from(begin.as_millis()).unwrap() - 60_000;
    let metadata = Metadata {
        family: "temperature_celsius".into(),
        kind: MetricType::Gauge,
        help: "How warm \"it\" is".into(),
        unit: "celsius".into(),
    };
    writer
        .send(
            vec![
                sample(
                    &[("__name__", "temperature_celsius"), ("room", "kitchen \"é\"\n")],
                    begin,
                    21.5,
                ),
                sample(
                    &[("__name__", "temperature_celsius"), ("room", "attic")],
                    begin,
                    -0.125,
                ),
                sample(
                    &[("__name__", "temperature_celsius"), ("secret", "x")],
                    begin,
                    1.0,
                ),
                sample(&[("__name__", "limits"), ("at", "inf")], begin, f64::INFINITY),
                sample(&[("__name__", "limits"), ("at", "nan")], begin, f64::NAN),
                sample(&[("__name__", "limits"), ("at", "zero")], begin, 0.0),
            ],
            Some(Arc::new([metadata])),
        )
        .await;
    // The attic is still told; the kitchen has gone.
    writer
        .send(
            vec![
                sample(
                    &[("__name__", "temperature_celsius"), ("room", "attic")],
                    begin + 10_000,
                    3.0,
                ),
                sample(
                    &[("__name__", "temperature_celsius"), ("room", "kitchen \"é\"\n")],
                    begin + 10_000,
                    stale_nan(),
                ),
            ],
            None,
        )
        .await;
    let pair = |labels: &str, value: &str| (labels.to_owned(), value.to_owned());
    assert_eq!(
        peer.query("temperature_celsius", begin + 5000).await,
        [
            pair("cluster=c1,room=attic", "-0.125"),
            pair("cluster=c1,room=kitchen \"é\"\n", "21.5"),
        ]
    );
    assert_eq!(
        peer.query("temperature_celsius", begin + 11_000).await,
        [pair("cluster=c1,room=attic", "3")],
        "a stale series ends at once"
    );
    assert_eq!(
        peer.query("limits", begin + 11_000).await,
        [
            pair("at=inf,cluster=c1", "+Inf"),
            pair("at=nan,cluster=c1", "NaN"),
            pair("at=zero,cluster=c1", "0"),
        ]
    );
    writer.stop.cancel();
    writer.task.await.unwrap().unwrap();
}
