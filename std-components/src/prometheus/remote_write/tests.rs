//! `prometheus.remote_write` against a peer that decodes what it gets and answers by a script.

use super::testing::{Series, decode};
use super::*;
use crate::component::HealthState;
use crate::component::testing::{arguments, mistakes};
use crate::http_client::testing::{Peer, Reply};
use crate::signals::{Ack, Exemplar, Fanout, Labels, Metadata, MetricType, MetricsReceiver, Outcome, Sample};
use river_eval::{FromValue, Shared, Value};
use std::time::Duration;
use tokio::sync::mpsc;

const OK: Reply = Reply::Status(204, "");
const DOWN: Reply = Reply::Status(503, "no room");

struct Running {
    out: Fanout<MetricBatch>,
    write: Arc<RemoteWrite>,
    context: Context<Exports>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), RunError>>,
    told: mpsc::UnboundedReceiver<Outcome>,
    tell: mpsc::UnboundedSender<Outcome>,
}

impl Running {
    fn start(text: &str) -> Self {
        let (context, exports) = Context::for_test(
            "prometheus.remote_write.out",
            std::path::Path::new("/nonexistent"),
        );
        let write = Arc::new(RemoteWrite::new(context.clone(), arguments(text)).unwrap());
        let Value::Object(fields) = exports.get() else {
            panic!("no exports")
        };
        let receiver = Shared::<MetricsReceiver>::from_value(fields.get("receiver").unwrap()).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(Component::run(write.clone(), stop.clone()));
        let (tell, told) = mpsc::unbounded_channel();
        Self {
            out: Fanout::new(vec![receiver]),
            write,
            context,
            stop,
            task,
            told,
            tell,
        }
    }

    fn batch(&self, samples: Vec<Sample>) -> MetricBatch {
        let tell = self.tell.clone();
        MetricBatch {
            ack: Ack::new(move |outcome| {
                let _ = tell.send(outcome);
            }),
            ..MetricBatch::of(samples)
        }
    }

    async fn send(&self, samples: Vec<Sample>) {
        self.out.send(self.batch(samples)).await;
    }

    async fn told(&mut self) -> Outcome {
        tokio::time::timeout(Duration::from_secs(20), self.told.recv())
            .await
            .expect("the source is told in time")
            .unwrap()
    }

    fn metric(&self, name: &str) -> String {
        let mut page = String::new();
        self.context.services.metrics.render(&mut page).unwrap();
        let found = page.lines().find(|line| line.starts_with(name));
        found
            .and_then(|line| line.rsplit(' ').next())
            .unwrap_or("absent")
            .to_owned()
    }
}

fn sample(labels: &[(&str, &str)], timestamp: i64, value: f64) -> Sample {
    Sample {
        labels: Labels::from_pairs(labels.iter().copied()),
        timestamp,
        value,
    }
}

fn up(timestamp: i64) -> Sample {
    sample(&[("__name__", "up")], timestamp, 1.0)
}

fn endpoint(peer: &Peer, more: &str, queue: &str) -> String {
    format!(
        "endpoint {{\n url = \"{}\"\n {more}\n queue_config {{\n batch_send_deadline = \"10ms\"\n min_backoff = \"1ms\"\n max_backoff = \"5ms\"\n {queue}\n}}\n}}\n",
        peer.url("/api/v1/write")
    )
}

fn series(peer: &Peer) -> Vec<Series> {
    peer.seen()
        .iter()
        .flat_map(|seen| decode(&seen.body).series)
        .collect()
}

#[tokio::test]
async fn samples_arrive_relabelled_with_external_labels() {
    let peer = Peer::start([], OK).await;
    let text = endpoint(
        &peer,
        "bearer_token = \"t\"\n write_relabel_config {\n source_labels = [\"job\"]\n regex = \"noise\"\n action = \"drop\"\n}\n write_relabel_config {\n source_labels = [\"cluster\"]\n target_label = \"copy\"\n}",
        "",
    ) + "external_labels = { cluster = \"c\", job = \"outer\" }";
    let mut running = Running::start(&text);
    running
        .send(vec![
            sample(&[("__name__", "a"), ("job", "j")], 1000, 1.5),
            sample(&[("__name__", "b"), ("job", "noise")], 1000, 2.0),
            sample(&[("__name__", "c")], 2000, crate::signals::stale_nan()),
        ])
        .await;
    assert_eq!(running.told().await, Outcome::Delivered);
    let seen = &peer.seen()[0];
    assert_eq!(seen.path, "/api/v1/write");
    assert_eq!(seen.header("content-type"), "application/x-protobuf");
    assert_eq!(seen.header("content-encoding"), "snappy");
    assert_eq!(seen.header("x-prometheus-remote-write-version"), "0.1.0");
    assert_eq!(seen.header("authorization"), "Bearer t");
    let got: Vec<_> = series(&peer).iter().map(Series::text).collect();
    assert_eq!(
        got,
        [
            "__name__=a,cluster=c,copy=c,job=j",
            "__name__=c,cluster=c,copy=c,job=outer"
        ]
    );
    assert!(crate::signals::is_stale_nan(series(&peer)[1].samples[0].value));
    assert_eq!(running.metric("prometheus_remote_storage_samples_total{"), "2");
    assert_eq!(
        running.metric("prometheus_remote_storage_samples_dropped_total{"),
        "1"
    );
    assert_eq!(running.metric("prometheus_remote_storage_samples_pending{"), "0");
    assert_eq!(
        running.metric("prometheus_remote_storage_queue_highest_sent_timestamp_seconds{"),
        "2"
    );
}

#[tokio::test]
async fn trouble_is_retried_refusals_are_counted() {
    let script = [
        DOWN,
        Reply::Header(429, "retry-after", "0"),
        OK,
        Reply::Status(400, "out of order"),
    ];
    let peer = Peer::start(script, OK).await;
    let mut running = Running::start(&endpoint(&peer, "", ""));
    running.send(vec![up(1)]).await;
    assert_eq!(running.told().await, Outcome::Delivered);
    assert_eq!(
        running.metric("prometheus_remote_storage_samples_retried_total{"),
        "2"
    );
    running.send(vec![up(2), up(3)]).await;
    assert_eq!(running.told().await, Outcome::Delivered);
    assert_eq!(
        running.metric("prometheus_remote_storage_samples_failed_total{"),
        "2"
    );
    assert_eq!(running.metric("prometheus_remote_storage_samples_total{"), "1");
    assert_eq!(running.context.health.get().state, HealthState::Healthy);
}

#[tokio::test]
async fn a_dead_endpoint_makes_scrapes_wait_and_loses_nothing() {
    let peer = Peer::start([], DOWN).await;
    let mut running = Running::start(&endpoint(&peer, "", "capacity = 4\n max_samples_per_send = 2"));
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_millis(300), running.send(vec![up(sent + 1)]))
        .await
        .is_ok()
    {
        sent += 1;
        assert!(
            sent < 30,
            "a queue of 4 samples and a channel of 4 batches took {sent}"
        );
    }
    assert_eq!(running.told().await, Outcome::Failed, "the one that was given up");
    peer.otherwise(OK);
    for _ in 0..sent {
        assert_eq!(running.told().await, Outcome::Delivered);
    }
    let mut times: Vec<_> = series(&peer).iter().map(|one| one.samples[0].timestamp).collect();
    times.dedup();
    let mut once = times.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once, (1..=sent).collect::<Vec<_>>());
}

#[tokio::test]
async fn shards_keep_the_order_of_each_series() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(
        &peer,
        "",
        "min_shards = 4\n max_shards = 4\n max_samples_per_send = 3",
    ));
    for round in 1..=20 {
        let samples = (0..10).map(|at| sample(&[("__name__", &format!("m{at}"))], round, 0.0));
        running.send(samples.collect()).await;
    }
    for _ in 0..20 {
        assert_eq!(running.told().await, Outcome::Delivered);
    }
    let mut times: std::collections::HashMap<String, Vec<i64>> = std::collections::HashMap::new();
    for one in series(&peer) {
        times
            .entry(one.text())
            .or_default()
            .push(one.samples[0].timestamp);
    }
    assert_eq!(times.len(), 10);
    assert!(times.values().all(|times| *times == (1..=20).collect::<Vec<_>>()));
}

#[tokio::test]
async fn exemplars_and_metadata_are_sent() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(
        &peer,
        "metadata_config {\n send_interval = \"20ms\"\n}",
        "",
    ));
    let mut batch = running.batch(vec![up(1)]);
    batch.exemplars.push(Exemplar {
        series: Labels::from_pairs([("__name__", "up")]),
        labels: Labels::from_pairs([("trace_id", "abc")]),
        timestamp: 5,
        value: 0.5,
    });
    batch.metadata = Some(Arc::new([Metadata {
        family: "up".into(),
        kind: MetricType::Gauge,
        help: "Whether".into(),
        unit: "".into(),
    }]));
    running.out.send(batch).await;
    assert_eq!(running.told().await, Outcome::Delivered);
    let seen = peer.requests(2).await;
    let exemplar = series(&peer)
        .into_iter()
        .find(|one| !one.exemplars.is_empty())
        .unwrap();
    assert_eq!(exemplar.exemplars[0].labels[0].value, "abc");
    let metadata: Vec<_> = seen.iter().flat_map(|seen| decode(&seen.body).metadata).collect();
    assert_eq!((metadata[0].family.as_str(), metadata[0].kind), ("up", 2));
}

#[tokio::test]
async fn samples_that_are_too_old_are_dropped() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(&peer, "", "sample_age_limit = \"1m\""));
    running.send(vec![up(1000)]).await;
    assert_eq!(running.told().await, Outcome::Delivered);
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn a_stop_sends_what_waits() {
    let peer = Peer::start([], OK).await;
    let mut running = Running::start(&endpoint(&peer, "", "").replace("10ms", "1h"));
    running.send(vec![up(1)]).await;
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
    assert_eq!(running.told.recv().await, Some(Outcome::Delivered));
    assert_eq!(series(&peer).len(), 1);
}

#[tokio::test]
async fn a_corrected_url_gets_what_waits() {
    let (wrong, right) = (Peer::start([], DOWN).await, Peer::start([], OK).await);
    let mut running = Running::start(
        &endpoint(&wrong, "", "")
            .replace("\"5ms\"", "\"1h\"")
            .replace("\"1ms\"", "\"1h\""),
    );
    running.send(vec![up(1)]).await;
    wrong.requests(1).await;
    running
        .write
        .update(arguments(&endpoint(&right, "", "")))
        .unwrap();
    assert_eq!(running.told().await, Outcome::Delivered);
    assert_eq!(series(&right).len(), 1);
}

#[test]
fn mistakes_are_told() {
    insta::assert_snapshot!(
        mistakes::<Arguments>("endpoint {\n url = \"http://x/\"\n protobuf_message = \"io.prometheus.write.v2.Request\"\n}"),
        @"remote write 2.0 is not supported yet (leave it out: remote write 1.0 is understood by every receiver)"
    );
    let (context, _) = Context::for_test(
        "prometheus.remote_write.out",
        std::path::Path::new("/nonexistent"),
    );
    let signed = arguments("endpoint {\n url = \"http://x/\"\n sigv4 { }\n}");
    let refusal = RemoteWrite::new(context, signed).err().unwrap();
    assert_eq!(refusal.attribute, Some("sigv4"));
    insta::assert_snapshot!(refusal, @"sigv4 is not supported yet; send through a proxy that signs requests");
}
