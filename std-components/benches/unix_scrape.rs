//! What one scrape of `prometheus.exporter.unix` costs on the machine that runs this, with the default collectors and each alone.
//!
//! Measured is the processor's time of the whole process (the threads that ask file systems included), not the clock on the wall: that is what
//! the agent takes from the host, and it can be compared on a machine that is busy.

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;
use std_components::prometheus::exporter::unix::{Exporter, UnixArguments};

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

fn scrape(bench: &mut Bencher<'_>, exporter: &mut Exporter) {
    let mut page = String::new();
    bench.iter_custom(|times| {
        let begin = processor_time();
        for _ in 0..times {
            page.clear();
            exporter.scrape(&mut page);
            black_box(page.len());
        }
        processor_time() - begin
    });
}

fn scrapes(criterion: &mut Criterion) {
    let arguments = UnixArguments::default();
    let Ok(mut exporter) = Exporter::new("prometheus.exporter.unix.bench", &arguments) else {
        return;
    };
    criterion.bench_function("unix scrape, default collectors", |bench| {
        scrape(bench, &mut exporter);
    });
    let mut group = criterion.benchmark_group("unix collector");
    for name in exporter.collectors().collect::<Vec<_>>() {
        let mut arguments = arguments.clone();
        arguments.set_collectors = vec![name.into()];
        let Ok(mut exporter) = Exporter::new("prometheus.exporter.unix.bench", &arguments) else {
            continue;
        };
        group.bench_function(name, |bench| scrape(bench, &mut exporter));
    }
    group.finish();
}

criterion_group!(benches, scrapes);
criterion_main!(benches);
