//! How many expressions a second: single ones, and those of a configuration of a million bytes.
//!
//! `ALLOY_RS_BENCH_CONFIG=FILE` measures another configuration. Names that it reads and does not define get texts.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use river_eval::ir::{Body, Expr, Statement};
use river_eval::value::{Object, Str, Value};
use river_eval::{evaluate, evaluate_body, lower, stdlib};
use river_syntax::{FileId, parse_file};
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

/// About a million bytes: 800 teams with a pipeline each.
fn configuration() -> String {
    if let Some(path) = std::env::var_os("ALLOY_RS_BENCH_CONFIG") {
        return std::fs::read_to_string(path).unwrap();
    }
    let mut text = String::new();
    for team in 0..800 {
        write!(
            text,
            r#"// Pipeline of team {team}.
discovery.relabel "team_{team}" {{
	targets = [{{"__address__" = "10.0.{team}.1:8080", "team" = "team-{team}", "__path__" = "/var/log/team-{team}/*.log"}}]

	rule {{
		source_labels = ["__address__", "team"]
		regex         = "([^:]+)(?::\\d+)?;(.+)"
		replacement   = "$1:9000"
		target_label  = "__address__"
	}}
	rule {{
		action = "labelmap"
		regex  = "__meta_kubernetes_pod_label_(.+)"
	}}
}}

prometheus.scrape "team_{team}" {{
	targets         = array.concat(discovery.relabel.team_{team}.output, [])
	forward_to      = [prometheus.remote_write.team_{team}.receiver]
	scrape_interval = "15s"
	sample_limit    = {team} * 100 + 1
	honor_labels    = {team} % 2 == 0
}}

prometheus.remote_write "team_{team}" {{
	endpoint {{
		url = "http://" + coalesce(sys.env("METRICS_HOST_{team}"), "127.0.0.1:1") + "/api/v1/write"

		queue_config {{
			capacity = 1000 // small on purpose
		}}
	}}
	external_labels = {{"cluster" = string.format("c-%d", {team})}}
}}

loki.write "team_{team}" {{
	endpoint {{
		url       = "http://127.0.0.1:1/loki/api/v1/push"
		tenant_id = string.to_lower("TEAM-{team}")
	}}
}}

"#
        )
        .unwrap();
    }
    text
}

fn expressions<'b>(body: &'b Body, found: &mut Vec<&'b Expr>) {
    for statement in &body.statements {
        match statement {
            Statement::Attribute(attribute) => found.push(&attribute.value),
            Statement::Block(block) => expressions(&block.body, found),
        }
    }
}

/// A scope in which every name that the body reads has a value.
fn scope(body: &Body) -> Object {
    let mut scope = Object::new();
    body.visit_references(&mut |reference| {
        let names: Vec<Str> = reference.path.iter().map(|(name, _)| name.clone()).collect();
        if !stdlib::is_name(&names[0]) {
            put(&mut scope, &names);
        }
    });
    scope
}

fn put(object: &mut Object, path: &[Str]) {
    match path {
        [] => {}
        [name] => {
            object.entry(name.clone()).or_insert_with(|| match &**name {
                "output" => Value::list([Value::object([("__address__", Value::string("127.0.0.1:80"))])]),
                _ => Value::string("value"),
            });
        }
        [name, rest @ ..] => {
            let inner = object
                .entry(name.clone())
                .or_insert_with(|| Value::Object(Arc::new(Object::new())));
            if let Value::Object(inner) = inner {
                put(Arc::make_mut(inner), rest);
            }
        }
    }
}

fn single(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("expression");
    group.throughput(Throughput::Elements(1));
    let mut variables = Object::new();
    put(
        &mut variables,
        &["loki", "write", "default", "receiver"].map(Str::from),
    );
    for (name, text) in [
        ("literal", "\"15s\""),
        ("list", "[\"a\", \"b\"]"),
        ("reference", "loki.write.default.receiver"),
        ("arithmetic", "(2 + 3) * 4 % 7"),
        ("join", "\"http://\" + \"host\" + \"/path\""),
        ("call", "string.to_lower(\"TEAM\")"),
        ("format", "string.format(\"%s:%d\", \"host\", 80)"),
        ("json", "encoding.from_json(`{\"a\": [1, 2, {\"b\": null}]}`)"),
    ] {
        let expr = lower::expression(FileId(0), text).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| evaluate(black_box(&expr), &variables));
        });
    }
    group.finish();
}

fn whole(criterion: &mut Criterion) {
    let text = configuration();
    let parse = parse_file(FileId(0), text.as_str());
    assert!(parse.errors.is_empty(), "{:?}", parse.errors.first());
    let (body, _) = lower::file(&parse);
    let variables = scope(&body);
    let mut found = Vec::new();
    expressions(&body, &mut found);
    evaluate_body(&body, &variables).unwrap();

    let mut group = criterion.benchmark_group("configuration");
    group.sample_size(20);
    group.throughput(Throughput::Elements(found.len() as u64));
    group.bench_function("expressions", |bencher| {
        bencher.iter(|| {
            for expr in &found {
                black_box(evaluate(expr, &variables)).unwrap();
            }
        });
    });
    group.bench_function("bodies", |bencher| {
        bencher.iter(|| evaluate_body(black_box(&body), &variables).unwrap());
    });
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("lower", |bencher| bencher.iter(|| lower::file(black_box(&parse))));
    group.finish();
}

criterion_group!(benches, single, whole);
criterion_main!(benches);
