//! What each stage does to entries, from the configuration that a user would write.

use super::super::arguments::Arguments;
use super::super::pipeline::{Pipeline, StageMetrics};
use crate::component::testing::{arguments, mistakes};
use crate::component::{ComponentMetrics, MetricsHub};
use crate::signals::{Ack, Entry, Labels, LogBatch, Outcome};
use std::sync::mpsc;

mod limits;
mod metrics;
mod select;
mod shape;
mod templates;

struct Bench {
    pipeline: Pipeline,
    hub: MetricsHub,
    _registered: ComponentMetrics,
}

fn bench(stages: &str) -> Bench {
    let hub = MetricsHub::default();
    let registered = ComponentMetrics::new(&hub, "loki.process.t", "/");
    let metrics = StageMetrics::new(&registered);
    let arguments: Arguments = arguments(&format!("forward_to = []\n{stages}"));
    Bench {
        pipeline: Pipeline::new(&arguments.stages, &metrics).unwrap(),
        hub,
        _registered: registered,
    }
}

fn entry(line: &str) -> Entry {
    let labels = Labels::from_pairs([("job", "j"), ("filename", "/f.log")]);
    Entry {
        labels,
        timestamp: 7,
        line: line.to_owned().into(),
        metadata: None,
    }
}

impl Bench {
    fn run(&mut self, lines: &[&str]) -> String {
        let batch = LogBatch {
            entries: lines.iter().map(|line| entry(line)).collect(),
            ack: Ack::none(),
        };
        self.pipeline
            .process(batch)
            .map_or(String::new(), |batch| show(&batch))
    }

    fn metrics(&self) -> String {
        let mut page = String::new();
        self.hub.render(&mut page).unwrap();
        page.lines()
            .filter(|line| !line.starts_with('#') && !line.ends_with(" 0"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn show(batch: &LogBatch) -> String {
    let line = |entry: &Entry| {
        let at = if entry.timestamp == 7 {
            "-".to_owned()
        } else {
            jiff::Timestamp::from_nanosecond(entry.timestamp.into())
                .unwrap()
                .to_string()
        };
        let metadata = entry
            .metadata
            .as_ref()
            .map(|metadata| format!(" {metadata:?}"))
            .unwrap_or_default();
        format!("{at} {} {:?}{metadata}", entry.labels, &*entry.line)
    };
    batch.entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn cri_lines_are_parsed_and_partial_ones_joined() {
    let mut bench = bench("stage.cri { }");
    insta::assert_snapshot!(bench.run(&[
        "2026-11-21T03:00:00.5Z stdout F whole",
        "2026-11-21T03:00:01Z stdout P one ",
        "2026-11-21T03:00:02Z stderr F other stream",
        "2026-11-21T03:00:03Z stdout P two ",
        "2026-11-21T03:00:04Z stdout F three",
        "no container's line",
        "2026-11-21T03:00:05Z stdout no flag",
    ]), @r#"
    2026-11-21T03:00:00.5Z {filename="/f.log", job="j", stream="stdout"} "whole"
    2026-11-21T03:00:02Z {filename="/f.log", job="j", stream="stderr"} "other stream"
    2026-11-21T03:00:04Z {filename="/f.log", job="j", stream="stdout"} "one two three"
    - {filename="/f.log", job="j"} "no container's line"
    2026-11-21T03:00:05Z {filename="/f.log", job="j", stream="stdout"} "no flag"
    "#);
}

#[test]
fn held_lines_hold_their_acknowledgement() {
    let mut bench = bench("stage.cri { }");
    let (told, outcome) = mpsc::channel();
    let batch = |line: &str| {
        let told = told.clone();
        LogBatch {
            entries: vec![entry(line)],
            ack: Ack::new(move |end| told.send(end).unwrap()),
        }
    };
    assert!(bench.pipeline.process(batch("t stdout P one ")).is_none());
    assert!(
        outcome.try_recv().is_err(),
        "the partial line is not delivered yet"
    );
    let joined = bench.pipeline.process(batch("t stdout F two")).unwrap();
    assert_eq!(&*joined.entries[0].line, "one two");
    assert!(outcome.try_recv().is_err());
    joined.ack.delivered();
    assert_eq!(outcome.try_iter().collect::<Vec<_>>(), [Outcome::Delivered; 2]);

    assert!(bench.pipeline.process(batch("t stdout P lost ")).is_none());
    drop(bench);
    assert_eq!(
        outcome.try_iter().collect::<Vec<_>>(),
        [Outcome::Failed],
        "a pipeline that ends gives its lines back"
    );
}

#[test]
fn partial_lines_of_too_many_streams_go_on_as_they_are() {
    let mut bench = bench("stage.cri { max_partial_lines = 1 }");
    insta::assert_snapshot!(bench.run(&["t stdout P one", "t stderr P two", "t stderr F three"]), @r#"
    - {filename="/f.log", job="j", stream="stdout"} "one"
    - {filename="/f.log", job="j", stream="stderr"} "twothree"
    "#);
    insta::assert_snapshot!(bench.metrics(), @r#"loki_process_cri_partial_lines_flushed_total{component_id="loki.process.t",component_path="/"} 1"#);
}

#[test]
fn docker_lines_are_parsed() {
    let mut bench = bench("stage.docker { }");
    insta::assert_snapshot!(bench.run(&[
        r#"{"log":"hello \"you\"\n","stream":"stderr","time":"2026-11-21T03:00:00.123456789Z"}"#,
        r#"{"msg":"another program's"}"#,
        "no json",
    ]), @r#"
    2026-11-21T03:00:00.123456789Z {filename="/f.log", job="j", stream="stderr"} "hello \"you\"\n"
    - {filename="/f.log", job="j"} "{\"msg\":\"another program's\"}"
    - {filename="/f.log", job="j"} "no json"
    "#);
}

#[test]
fn values_are_extracted_and_become_labels() {
    let mut bench = bench(
        "stage.json { expressions = {level = \"lvl\", user = \"ctx.user\", first = \"list[0].a\", none = \"\"} }
         stage.labels { values = {level = \"\", user = null, first = \"first\", none = \"none\"} }",
    );
    insta::assert_snapshot!(bench.run(&[
        r#"{"lvl":"warn","ctx":{"user":7.5},"list":[{"a":true}]}"#,
        r#"{"lvl":"warn","ctx":{"user":{"id":1}}}"#,
        "no json",
    ]), @r#"
    - {filename="/f.log", first="true", job="j", level="warn", user="7.5"} "{\"lvl\":\"warn\",\"ctx\":{\"user\":7.5},\"list\":[{\"a\":true}]}"
    - {filename="/f.log", job="j", level="warn", user="{\"id\":1}"} "{\"lvl\":\"warn\",\"ctx\":{\"user\":{\"id\":1}}}"
    - {filename="/f.log", job="j"} "no json"
    "#);
}

#[test]
fn logfmt_and_output() {
    let mut bench = bench(
        "stage.logfmt { mapping = {level = \"lvl\", msg = \"\"} }
         stage.labels { values = {level = \"\"} }
         stage.output { source = \"msg\" }",
    );
    insta::assert_snapshot!(bench.run(&[r#"lvl=info msg="two words" x=1"#, "msg=one"]), @r#"
    - {filename="/f.log", job="j", level="info"} "two words"
    - {filename="/f.log", job="j"} "one"
    "#);
}

#[test]
fn regex_groups_and_static_labels() {
    let mut bench = bench(
        "stage.regex { expression = `^(?P<method>\\w+) (?P<path>\\S+)( (?P<code>\\d+))?` }
         stage.labels { values = {method = \"\", code = \"\"} }
         stage.static_labels { values = {env = \"prod\", empty = \"\", job = \"other\"} }
         stage.label_drop { values = [\"filename\"] }",
    );
    insta::assert_snapshot!(bench.run(&["GET /a 200", "POST /b", "?"]), @r#"
    - {code="200", env="prod", job="other", method="GET"} "GET /a 200"
    - {env="prod", job="other", method="POST"} "POST /b"
    - {env="prod", job="other"} "?"
    "#);
}

#[test]
fn labels_kept_and_structured_metadata() {
    let mut bench = bench(
        "stage.regex { expression = `id=(?P<trace_id>\\w+)` }
         stage.structured_metadata { values = {trace_id = \"\", file = \"filename\"} }
         stage.label_keep { values = [\"job\"] }",
    );
    insta::assert_snapshot!(bench.run(&["id=abc", "none"]), @r#"
    - {job="j"} "id=abc" [("file", "/f.log"), ("trace_id", "abc")]
    - {job="j"} "none" [("file", "/f.log")]
    "#);
}

#[test]
fn the_tenant_is_a_label_for_the_writer() {
    let mut bench = bench("stage.tenant { label = \"job\" }");
    insta::assert_snapshot!(bench.run(&["x"]), @r#"- {__tenant_id__="j", filename="/f.log", job="j"} "x""#);
}

#[test]
fn timestamps_in_every_form_and_what_happens_to_the_rest() {
    let mut bench = bench(
        "stage.regex { expression = `^(?P<t>[^|]*)` }
         stage.timestamp {
            source           = \"t\"
            format           = \"2006-01-02 15:04:05\"
            location         = \"Europe/Berlin\"
            fallback_formats = [\"Unix\", \"RFC3339\"]
         }",
    );
    insta::assert_snapshot!(bench.run(&["|first has no time", "2026-07-01 12:00:00|", "1700000000.25|", "2026-11-21T03:00:00+01:00|", "garbage|"]), @r#"
    - {filename="/f.log", job="j"} "|first has no time"
    2026-07-01T10:00:00Z {filename="/f.log", job="j"} "2026-07-01 12:00:00|"
    2023-11-14T22:13:20.25Z {filename="/f.log", job="j"} "1700000000.25|"
    2026-11-21T02:00:00Z {filename="/f.log", job="j"} "2026-11-21T03:00:00+01:00|"
    2026-11-21T02:00:00.000000001Z {filename="/f.log", job="j"} "garbage|"
    "#);
}

#[test]
fn entries_are_dropped_by_rule_and_counted() {
    let mut bench = bench(
        "stage.drop { expression = \"debug\" }
         stage.drop {
            source              = \"job\"
            value               = \"nobody\"
            drop_counter_reason = \"nobody\"
         }
         stage.drop {
            longer_than         = \"10B\"
            drop_counter_reason = \"long\"
         }",
    );
    insta::assert_snapshot!(bench.run(&["a debug line", "short", "a line of more than ten bytes"]), @r#"- {filename="/f.log", job="j"} "short""#);
    insta::assert_snapshot!(bench.metrics(), @r#"
    loki_process_dropped_lines_total{component_id="loki.process.t",component_path="/",reason="drop_stage"} 1
    loki_process_dropped_lines_total{component_id="loki.process.t",component_path="/",reason="long"} 1
    "#);
}

#[test]
fn old_entries_are_dropped() {
    let mut bench = bench("stage.drop { older_than = \"1h\" }");
    assert_eq!(bench.run(&["from 1970"]), "");
}

#[test]
fn colours_are_taken_away() {
    let mut bench = bench("stage.decolorize { }");
    insta::assert_snapshot!(bench.run(&["\u{1b}[31mred\u{1b}[0m \u{1b}[1;32mgreen\u{1b}[K", "plain"]), @r#"
    - {filename="/f.log", job="j"} "red green"
    - {filename="/f.log", job="j"} "plain"
    "#);
}

#[test]
fn rates_are_limited() {
    let mut bench = bench("stage.limit {\n rate = 1\n burst = 2\n drop = true\n }");
    assert_eq!(bench.run(&["1", "2", "3", "4"]).lines().count(), 2);
}

#[test]
fn wrong_arguments_say_what_to_do() {
    insta::assert_snapshot!(mistakes::<Arguments>(
        "forward_to = []
         stage.json { expressions = {a = \"b[\"} }
         stage.regex { expression = \"(\" }
         stage.timestamp {
            source   = \"t\"
            format   = \"\"
            location = \"Mars/Olympus\"
         }
         stage.tenant { }
         stage.drop { value = \"x\" }
         stage.labels { values = {\"my-label\" = \"\"} }
         stage.labeldrop { values = [] }",
    ), @r#"
    the JMESPath of "a" is not valid: a number, `*` or `:` is missing at the end (several names of a value are `a.[b, c]`; a name is `a."b"`)
    expression is no valid regular expression: unclosed group (expressions are RE2's; between backticks a backslash needs no second one)
    format must not be empty (such as RFC3339, or a layout: 2006-01-02 15:04:05)
    "Mars/Olympus" is no time zone of this machine (write it as in the tz database, Europe/Berlin, and install tzdata)
    a tenant stage needs exactly one of label, source and value
    a drop stage needs at least one of source, expression, older_than and longer_than
    value needs a source (say with source which extracted value to compare)
    "my-label" is no valid label name (letters, digits and _ only, no digit first)
    unrecognized block name "stage.labeldrop" (did you mean `stage.label_drop`?)
    "#);
}
