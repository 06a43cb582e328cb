//! What it costs to load 4,000 components, to load the same again, and to load it with one attribute changed.
//!
//! `cargo bench -p std-components --bench load`

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use river_syntax::Sources;
use std::fmt::Write as _;
use std::time::Duration;
use std_components::component::Services;
use std_components::controller::{Controller, Options};

/// Pipelines of four components each.
const PIPELINES: usize = 1000;

fn configuration(changed: &str) -> Sources {
    let mut text = String::new();
    for team in 0..PIPELINES {
        let write = write!(
            text,
            r#"// Logs of team {team}.
local.file_match "team_{team}" {{
	path_targets = [{{"__path__" = "/nowhere/team-{team}/*.log", "team" = string.format("team-%d", {team})}}]
}}

loki.source.file "team_{team}" {{
	targets    = local.file_match.team_{team}.targets
	forward_to = [loki.process.team_{team}.receiver]
}}

loki.process "team_{team}" {{
	forward_to = [loki.echo.team_{team}.receiver]

	stage.cri {{ }}

	stage.json {{
		expressions = {{"level" = "lvl", "msg" = ""}}
	}}

	stage.labels {{
		values = {{"level" = ""}}
	}}

	stage.static_labels {{
		values = {{"cluster" = "{}"}}
	}}
}}

loki.echo "team_{team}" {{ }}

"#,
            if team == PIPELINES / 2 { changed } else { "c" },
        );
        assert!(write.is_ok(), "writing to a String cannot fail");
    }
    let mut sources = Sources::new();
    sources.add("bench.alloy", text);
    sources
}

fn controller(storage: &std::path::Path) -> Controller {
    let services = Services {
        storage: storage.into(),
        ..Services::default()
    };
    let options = Options {
        services,
        shutdown_timeout: Duration::from_secs(5),
        ..Options::default()
    };
    Controller::new(options)
        .unwrap_or_else(|error| unreachable!("a registry of its own takes all metrics: {error}"))
}

fn load(criterion: &mut Criterion) {
    let (Ok(runtime), Ok(storage)) = (tokio::runtime::Runtime::new(), tempfile::tempdir()) else {
        unreachable!("a machine that measures has threads and a temporary folder");
    };
    let _inside = runtime.enter();
    let texts = [configuration("c"), configuration("changed")];
    let accept = |controller: &Controller, text: &Sources| {
        let report = runtime.block_on(controller.load(text.clone()));
        report.unwrap_or_else(|error| unreachable!("the configuration is right: {error}"))
    };
    let mut group = criterion.benchmark_group("load of 4,000 components");
    group.sample_size(10);
    group.bench_function("fresh", |bencher| {
        bencher.iter_batched(
            || controller(storage.path()),
            |controller| {
                accept(&controller, &texts[0]);
                controller
            },
            BatchSize::PerIteration,
        );
    });
    let running = controller(storage.path());
    accept(&running, &texts[0]);
    group.bench_function("the same again", |bencher| {
        bencher.iter(|| accept(&running, &texts[0]));
    });
    let mut turn = 0;
    group.bench_function("one attribute changed", |bencher| {
        bencher.iter(|| {
            turn = 1 - turn;
            accept(&running, &texts[turn])
        });
    });
    group.finish();
    runtime.block_on(running.shutdown());
}

criterion_group!(benches, load);
criterion_main!(benches);
