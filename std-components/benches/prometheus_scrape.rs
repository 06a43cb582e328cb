//! Samples a second of a steady scrape: reading a page, the cache of series, staleness.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write;
use std_components::prometheus::scrape::cycle::{Cycle, Page, Settings};
use std_components::prometheus::scrape::exposition::{Format, Reader};
use std_components::prometheus::scrape::merge::Limits;
use std_components::signals::Labels;

/// A page as a busy service has it: histograms with a few labels.
fn page(series: usize) -> String {
    let mut out = String::new();
    for at in 0..series {
        if at % 12 == 0 {
            let _ = write!(
                out,
                "# HELP http_request_duration_seconds_{at} How long requests take.\n# TYPE http_request_duration_seconds_{at} gauge\n"
            );
        }
        let _ = writeln!(
            out,
            "http_request_duration_seconds_{}{{method=\"GET\",code=\"200\",handler=\"/api/v1/things/{at}\"}} {}",
            at / 12 * 12,
            at as f64 * 1.25
        );
    }
    out
}

fn settings() -> Settings {
    Settings {
        honor_labels: false,
        honor_timestamps: true,
        track_timestamps_staleness: false,
        sample_limit: 0,
        limits: Limits::default(),
        utf8_names: false,
        metadata: false,
        type_and_unit_labels: false,
        extra_metrics: false,
        timeout_seconds: 10.0,
    }
}

fn scrape(criterion: &mut Criterion) {
    const SERIES: usize = 10_000;
    let text = page(SERIES);
    let page = Page {
        bytes: text.as_bytes(),
        format: Format::Text,
    };
    let target = Labels::from_pairs([("job", "bench"), ("instance", "localhost:9100")]);
    let mut group = criterion.benchmark_group("scrape");
    group.throughput(Throughput::Elements(SERIES as u64));
    group.bench_function("read", |bench| {
        bench.iter(|| {
            let mut reader = Reader::new(page.bytes, page.format);
            let mut items = 0;
            while let Ok(Some(_)) = reader.next(None) {
                items += 1;
            }
            items
        });
    });
    let mut steady = Cycle::new(&target, settings());
    let mut at = 0;
    group.bench_function("steady", |bench| {
        bench.iter(|| {
            at += 15_000;
            steady.scrape(Ok(page), at, || 0.01)
        });
    });
    group.bench_function("first", |bench| {
        bench.iter_batched(
            || Cycle::new(&target, settings()),
            |mut cycle| {
                let made = cycle.scrape(Ok(page), 1, || 0.01);
                (cycle, made)
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, scrape);
criterion_main!(benches);
