//! What sending costs: `loki.write` and `prometheus.remote_write` into a peer in the same process that takes everything unread.
//!
//! `loki_write` is 100,000 lines of 169 bytes in 20 streams, from entries to acknowledgements (grouping, encoding, snappy, HTTP, and the peer's share of
//! it); `remote_write` 100,000 samples of ten labels each.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use river_eval::{FromValue, Object, Shared, Value};
use std::sync::Arc;
use std_components::component::{CancellationToken, ComponentId, ExportSink, HealthCell, Services};
use std_components::signals::{
    Ack, Batch, Entry, Fanout, Labels, LogBatch, MAX_BATCH_ENTRIES, MetricBatch, Receiver, Sample,
};

const LINES: usize = 100_000;
const SAMPLES_PER_BATCH: usize = 2000;

/// Takes and answers requests; its address.
async fn peer() -> std::net::SocketAddr {
    let router = axum::Router::new().fallback(async |_body: axum::body::Bytes| http::StatusCode::NO_CONTENT);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn start<B: Batch>(name: &str, text: &str) -> Fanout<B> {
    let parse = river_syntax::parse_file(river_syntax::FileId(0), text);
    let (body, _) = river_eval::lower::file(&parse);
    let body = river_eval::evaluate_body(&body, &Object::new()).unwrap();
    let registration = std_components::components().find(|one| one.name == name).unwrap();
    let exports = Arc::new(ExportSink::default());
    let component = (registration.build)(
        ComponentId::root(format!("{name}.bench")),
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
    let receiver = Shared::<Receiver<B>>::from_value(fields.get("receiver").unwrap()).unwrap();
    tokio::spawn(component.run(CancellationToken::new()));
    Fanout::new(vec![receiver])
}

fn entries() -> Vec<Entry> {
    let streams: Vec<_> = (0..20)
        .map(|at| {
            Labels::from_pairs([
                ("app", format!("app-{at}").as_str()),
                ("level", "info"),
                ("cluster", "c1"),
            ])
        })
        .collect();
    let entry = |at: usize| {
        let line = format!(
            "level=info msg=\"request served\" method=GET path=/api/v1/items/{} status=200 duration={}ms trace_id={:016x} seq={at}",
            at % 977,
            at % 313,
            at * 2_654_435_761
        );
        Entry {
            labels: streams[at % streams.len()].clone(),
            timestamp: 1_700_000_000_000_000_000 + at as i64,
            line: format!("{line:<169}").into(),
            metadata: None,
        }
    };
    (0..LINES).map(entry).collect()
}

/// Sends batches and waits until all have been taken.
async fn send<B: Batch>(out: &Fanout<B>, batches: impl Iterator<Item = Box<dyn FnOnce(Ack) -> B + Send>>) {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let mut count = 0;
    for batch in batches {
        let tell = tell.clone();
        count += 1;
        out.send(batch(Ack::new(move |outcome| {
            let _ = tell.send(outcome);
        })))
        .await;
    }
    for _ in 0..count {
        told.recv().await.unwrap();
    }
}

fn writers(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("writers");
    group.sample_size(10);

    let address = runtime.block_on(peer());
    let loki: Fanout<LogBatch> = runtime.block_on(async {
        start(
            "loki.write",
            &format!("endpoint {{\n url = \"http://{address}/loki/api/v1/push\"\n batch_wait = \"5ms\"\n}}"),
        )
    });
    let entries = entries();
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("loki_write", |bencher| {
        bencher.iter(|| {
            let batches = entries.chunks(MAX_BATCH_ENTRIES).map(|part| {
                let entries = part.to_vec();
                Box::new(move |ack| LogBatch { entries, ack }) as Box<dyn FnOnce(Ack) -> LogBatch + Send>
            });
            runtime.block_on(send(&loki, batches));
        });
    });

    let remote: Fanout<MetricBatch> = runtime.block_on(async {
        start(
            "prometheus.remote_write",
            &format!(
                "endpoint {{\n url = \"http://{address}/api/v1/write\"\n queue_config {{\n batch_send_deadline = \"5ms\"\n}}\n}}"
            ),
        )
    });
    let samples: Vec<Sample> = (0..LINES)
        .map(|at| {
            let text = at.to_string();
            let mut labels: Vec<(String, &str)> = (0..9)
                .map(|label| (format!("label_{label}"), "some value"))
                .collect();
            labels.push(("__name__".into(), "some_metric_total"));
            labels.push(("series".into(), &text));
            Sample {
                labels: Labels::from_pairs(labels.iter().map(|(name, value)| (name.as_str(), *value))),
                timestamp: 1_700_000_000_000,
                value: at as f64,
            }
        })
        .collect();
    group.bench_function("remote_write", |bencher| {
        bencher.iter(|| {
            let batches = samples.chunks(SAMPLES_PER_BATCH).map(|part| {
                let samples = part.to_vec();
                Box::new(move |ack| MetricBatch {
                    ack,
                    ..MetricBatch::of(samples)
                }) as Box<dyn FnOnce(Ack) -> MetricBatch + Send>
            });
            runtime.block_on(send(&remote, batches));
        });
    });
    group.finish();
}

criterion_group!(benches, writers);
criterion_main!(benches);
