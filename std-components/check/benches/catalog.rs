//! What a question to a catalog costs the first time, which is what a run of `alloy-rs check` pays.

use alloy_check::catalog::{Catalog, Release};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use river_eval::schema::BodySchema;
use std::hint::black_box;

const TEXT: &str = include_str!("../data/1.15.0.catalog");

/// A catalog that nobody has asked yet.
fn unread() -> &'static Release {
    Release::from_text(TEXT).unwrap_or(Release::newest())
}

/// All blocks down to `depth`: stages hold stages.
fn expand(body: &BodySchema, depth: usize) -> usize {
    let below = body.blocks.iter().filter(|_| depth > 0);
    body.attributes.len()
        + below
            .map(|block| 1 + expand(block.body.get(), depth - 1))
            .sum::<usize>()
}

fn catalog(criterion: &mut Criterion) {
    criterion.bench_function("open and one component", |bencher| {
        bencher.iter_batched(
            unread,
            |release| black_box(release.component("otelcol.exporter.otlp")),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("open and one component of our own, expanded", |bencher| {
        bencher.iter_batched(
            unread,
            |release| {
                release
                    .component("loki.write")
                    .map(|schema| expand(&schema.arguments, 8))
            },
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("open and all components, expanded", |bencher| {
        bencher.iter_batched(
            unread,
            |release| {
                let names = release.component_names();
                let components = names.iter().filter_map(|name| release.component(name));
                // A stage in a stage in a stage is nothing new.
                components
                    .map(|schema| expand(&schema.arguments, 6))
                    .sum::<usize>()
            },
            BatchSize::SmallInput,
        );
    });
    let release = unread();
    let _ = release.component("loki.write");
    criterion.bench_function("a component again", |bencher| {
        bencher.iter(|| black_box(release.component(black_box("loki.write"))));
    });
}

criterion_group!(benches, catalog);
criterion_main!(benches);
