//! What looking for secrets costs: lines without one, lines with a keyword and no secret, and lines with one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use river_eval::{FromValue, Object, Shared, Value};
use std::sync::Arc;
use std_components::component::{CancellationToken, ComponentId, ExportSink, HealthCell, Services};
use std_components::signals::{Ack, Entry, Fanout, Labels, LogBatch, MAX_BATCH_ENTRIES, Receiver};

const LINES: usize = 20_000;

fn start() -> Fanout<LogBatch> {
    let parse = river_syntax::parse_file(river_syntax::FileId(0), "forward_to = []");
    let (body, _) = river_eval::lower::file(&parse);
    let body = river_eval::evaluate_body(&body, &Object::new()).unwrap();
    let registration = std_components::components()
        .find(|one| one.name == "loki.secretfilter")
        .unwrap();
    let exports = Arc::new(ExportSink::default());
    let component = (registration.build)(
        ComponentId::root("loki.secretfilter.bench"),
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
    let receiver = Shared::<Receiver<LogBatch>>::from_value(fields.get("receiver").unwrap()).unwrap();
    tokio::spawn(component.run(CancellationToken::new()));
    Fanout::new(vec![receiver])
}

fn entries(what: &str) -> Vec<Entry> {
    let labels = Labels::from_pairs([("app", "a")]);
    let entry = |at: usize| {
        let line = format!(
            "level=info msg=\"request served\" method=GET path=/api/v1/items/{} status=200 duration={}ms {what} seq={at}",
            at % 977,
            at % 313,
        );
        Entry {
            labels: labels.clone(),
            timestamp: at as i64,
            line: format!("{line:<169}").into(),
            metadata: None,
        }
    };
    (0..LINES).map(entry).collect()
}

fn secretfilter(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let filter = runtime.block_on(async { start() });
    let mut group = criterion.benchmark_group("secretfilter");
    group.sample_size(10);
    group.throughput(Throughput::Elements(LINES as u64));
    // Made of two parts, so that no file of ours looks as if it held one.
    let secret = ["key=ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    for (name, what) in [
        ("plain", "user=someone"),
        ("keyword", "token_count=12"),
        ("secret", &secret),
    ] {
        let entries = entries(what);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
                    let mut count = 0;
                    for part in entries.chunks(MAX_BATCH_ENTRIES) {
                        let tell = tell.clone();
                        count += 1;
                        let ack = Ack::new(move |outcome| {
                            let _ = tell.send(outcome);
                        });
                        let entries = part.to_vec();
                        filter.send(LogBatch { entries, ack }).await;
                    }
                    for _ in 0..count {
                        told.recv().await.unwrap();
                    }
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, secretfilter);
criterion_main!(benches);
