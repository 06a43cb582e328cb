//! What reading log files costs by itself: `loki.source.file` into a receiver that takes everything at once.
//!
//! `read` is 200,000 CRI lines (34 MB) from the page cache to acknowledged entries; `quiet` prints what watching
//! 1,000 files costs in which nothing happens.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use river_eval::BodyValue;
use std::cell::Cell;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std_components::component::{CancellationToken, ComponentId, ExportSink, HealthCell, Services};
use std_components::signals::{Fanout, Inlet, LogBatch, Target, inlet};

const LINES: usize = 200_000;

fn write_log(path: &Path) -> u64 {
    let mut text = String::new();
    for line in 0..LINES {
        writeln!(
            text,
            "2026-11-21T03:14:15.000000000Z stdout F level=info msg=\"request served\" method=GET path=/api/v1/items/{} \
             status=200 duration={}ms trace_id={:016x} seq={line}",
            line % 977,
            line % 313,
            line * 2_654_435_761
        )
        .unwrap();
    }
    std::fs::write(path, &text).unwrap();
    text.len() as u64
}

struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    inlet: Inlet<LogBatch>,
    _folder: tempfile::TempDir,
}

/// Starts the component on files, with a storage of its own.
fn start(paths: &[String]) -> Running {
    let registration = std_components::components()
        .find(|registration| registration.name == "loki.source.file")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (receiver, inlet) = inlet::<LogBatch>("bench");
    let targets: Vec<Target> = paths
        .iter()
        .map(|path| Target::new([("__path__", path.as_str())]))
        .collect();
    let mut body = BodyValue::default();
    body.attribute("targets", targets);
    body.attribute("forward_to", Fanout::new(vec![receiver]));
    let services = Services {
        storage: folder.path().into(),
        ..Services::default()
    };
    let exports = Arc::new(ExportSink::default());
    let id = ComponentId::root("loki.source.file.bench");
    let component = (registration.build)(
        id,
        services,
        HealthCell::default(),
        exports,
        &body,
        river_eval::eval::Stability::Experimental,
    )
    .ok()
    .unwrap();
    let stop = CancellationToken::new();
    let run = component.run(stop.clone());
    let task = tokio::spawn(async move { run.await.unwrap() });
    Running {
        stop,
        task,
        inlet,
        _folder: folder,
    }
}

fn cpu_time() -> Duration {
    // Nanoseconds on a processor, of all threads.
    let of_thread = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path().join("schedstat");
        let text = std::fs::read_to_string(path).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    Duration::from_nanos(threads.filter_map(of_thread).sum())
}

fn read(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let bytes = write_log(&path);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let path = [path.display().to_string()];
    let mut group = criterion.benchmark_group("loki.source.file");
    group.sample_size(20).throughput(Throughput::Bytes(bytes));
    let spent = Cell::new(Duration::ZERO);
    let runs = Cell::new(0_u32);
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let before = cpu_time();
            runtime.block_on(async {
                let mut running = start(&path);
                let mut lines = 0;
                while lines < LINES {
                    let batch = running.inlet.next().await.unwrap();
                    lines += batch.entries.len();
                    batch.ack.delivered();
                }
                running.stop.cancel();
                running.task.await.unwrap();
            });
            spent.set(spent.get() + cpu_time().saturating_sub(before));
            runs.set(runs.get() + 1);
        });
    });
    println!(
        "processor time for each run: {:?}",
        spent.get() / runs.get().max(1)
    );
    group.finish();
}

/// Processor time for watching 1,000 files for two seconds in which nothing happens to them.
fn quiet(_: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<String> = (0..1000)
        .map(|number| folder.path().join(format!("{number}.log")).display().to_string())
        .collect();
    for path in &paths {
        std::fs::write(path, "a line\n").unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let running = runtime.block_on(async {
        let mut running = start(&paths);
        let mut lines = 0;
        while lines < paths.len() {
            let batch = running.inlet.next().await.unwrap();
            lines += batch.entries.len();
            batch.ack.delivered();
        }
        running
    });
    let (before, watched) = (cpu_time(), Duration::from_secs(4));
    runtime.block_on(async { tokio::time::sleep(watched).await });
    let spent = cpu_time().saturating_sub(before);
    println!(
        "loki.source.file/quiet: {spent:?} of {watched:?}, {:.3} % of a processor for 1,000 files",
        spent.as_secs_f64() / watched.as_secs_f64() * 100.0
    );
    runtime.block_on(async {
        running.stop.cancel();
        running.task.await.unwrap();
    });
}

criterion_group!(benches, read, quiet);
criterion_main!(benches);
