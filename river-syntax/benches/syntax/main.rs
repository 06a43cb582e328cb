//! How many bytes a second are lexed, parsed and formatted: 1 kB, 1 MB and 30 MB of configuration.
//!
//! `cargo bench -p river-syntax`; the last group measures the same grammar written with chumsky, see `docs/parser-choice.md`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod cpu;
mod generate;
mod peer;

use cpu::CpuTime;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use river_syntax::{FileId, format, format_parsed, lex, parse_file};
use std::hint::black_box;
use std::sync::Arc;

/// Names of the sizes and how many copies of the pipeline make them up.
const SIZES: [(&str, usize); 3] = [("1kB", 1), ("1MB", 740), ("30MB", 21_500)];

fn stages(criterion: &mut Criterion<CpuTime>) {
    for (size, copies) in SIZES {
        let text: Arc<str> = generate::configuration(copies).into();
        let mut group = criterion.benchmark_group(size);
        group.sample_size(if copies > 10_000 { 10 } else { 30 });
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("lex", |bencher| bencher.iter(|| lex(black_box(&text))));
        group.bench_function("parse", |bencher| {
            bencher.iter(|| parse_file(FileId(0), black_box(&text).clone()));
        });
        group.bench_function("format", |bencher| {
            bencher.iter(|| format(black_box(&text)).unwrap());
        });
        let parse = parse_file(FileId(0), text.clone());
        group.bench_function("format-parsed", |bencher| {
            bencher.iter(|| format_parsed(black_box(&parse)).unwrap());
        });
        group.finish();
    }
}

fn peers(criterion: &mut Criterion<CpuTime>) {
    let text: Arc<str> = generate::configuration(740).into();
    assert!(
        peer::recovering(&text).1.is_empty(),
        "the peer's grammar knows the language"
    );
    let mut group = criterion.benchmark_group("peer-1MB");
    group.sample_size(30);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function(BenchmarkId::new("ours", "tree and errors"), |bencher| {
        bencher.iter(|| parse_file(FileId(0), black_box(&text).clone()));
    });
    group.bench_function(BenchmarkId::new("chumsky", "rich errors, recovery"), |bencher| {
        bencher.iter(|| peer::recovering(black_box(&text)));
    });
    group.bench_function(BenchmarkId::new("chumsky", "no errors, no recovery"), |bencher| {
        bencher.iter(|| peer::bare(black_box(&text)));
    });
    group.finish();
}

/// What either parser says of the same broken text; printed, so that the page can show it.
fn mistakes(_: &mut Criterion<CpuTime>) {
    let text = "a = 'one'\nb: 2\nc = [1 2]\nd = {x = 1 y = 2}\ne = 1 + )\ng {\n\th = [1,\n\ti = 2\n}\nj = (3\nk = 1\n";
    let file = river_syntax::SourceFile::new("mistakes", text);
    for error in parse_file(FileId(0), text).errors {
        let at = file.line_column(error.primary.span.start);
        println!("ours     {}:{}: {}", at.line, at.column, error.message);
    }
    for (start, message) in peer::recovering(text).1 {
        let at = file.line_column(start);
        println!("chumsky  {}:{}: {message}", at.line, at.column);
    }
}

criterion_group!(
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = mistakes, stages, peers
);
criterion_main!(benches);
