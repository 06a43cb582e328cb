//! What one scrape of `prometheus.exporter.unix` costs on the machine that runs this, with the default collectors and each alone.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std_components::prometheus::exporter::unix::{Exporter, UnixArguments};

fn scrapes(criterion: &mut Criterion) {
    let arguments = UnixArguments::default();
    let Ok(mut exporter) = Exporter::new("prometheus.exporter.unix.bench", &arguments) else {
        return;
    };
    let mut page = String::new();
    criterion.bench_function("unix scrape, default collectors", |bench| {
        bench.iter(|| {
            page.clear();
            exporter.scrape(&mut page);
            black_box(page.len())
        });
    });
    let mut group = criterion.benchmark_group("unix collector");
    for name in exporter.collectors().collect::<Vec<_>>() {
        let mut arguments = arguments.clone();
        arguments.set_collectors = vec![name.into()];
        let Ok(mut exporter) = Exporter::new("prometheus.exporter.unix.bench", &arguments) else {
            continue;
        };
        group.bench_function(name, |bench| {
            bench.iter(|| {
                page.clear();
                exporter.scrape(&mut page);
                black_box(page.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, scrapes);
criterion_main!(benches);
