//! Stages that change what entries look like.

use super::super::super::arguments::Arguments;
use super::{bench, entry, mistakes};
use crate::signals::{Ack, LogBatch, Outcome};
use std::sync::mpsc;

#[test]
fn lines_that_belong_together_are_joined() {
    let mut bench = bench(
        "stage.multiline {
            firstline = `^\\[`
            max_lines = 3
         }",
    );
    insta::assert_snapshot!(bench.run(&["before all", "[1] one", "  at a\r\n", "[2] two", "  b", "  c", "  d", "[3] three"]), @r#"
    - {filename="/f.log", job="j"} "before all"
    - {filename="/f.log", job="j"} "[1] one\n  at a"
    - {filename="/f.log", job="j"} "[2] two\n  b\n  c"
    - {filename="/f.log", job="j"} "  d"
    "#);
    let rest = bench.pipeline.release(None).unwrap();
    assert_eq!(&*rest.entries[0].line, "[3] three");
    insta::assert_snapshot!(bench.run(&["  after the block ended"]), @r#"- {filename="/f.log", job="j"} "  after the block ended""#);
}

#[test]
fn joined_lines_are_acknowledged_together() {
    // Partial lines inside of lines to join: both stages hold, every batch is told once.
    let mut bench = bench(
        "stage.cri { }
         stage.multiline { firstline = `^\\[` }",
    );
    let (told, outcome) = mpsc::channel();
    let mut send = |line: &str| {
        let told = told.clone();
        bench.pipeline.process(LogBatch {
            entries: vec![entry(line)],
            ack: Ack::new(move |end| {
                let _ = told.send(end);
            }),
        })
    };
    assert!(send("t stdout P [1] ").is_none());
    assert!(send("t stdout F one").is_none());
    assert!(send("t stdout F more").is_none());
    assert!(outcome.try_recv().is_err(), "nothing is delivered yet");
    let joined = send("t stdout F [2]").unwrap();
    assert_eq!(&*joined.entries[0].line, "[1] one\nmore");
    joined.ack.delivered();
    assert_eq!(
        outcome.try_iter().collect::<Vec<_>>(),
        [Outcome::Delivered; 3],
        "the fourth still waits"
    );
}

#[test]
fn labels_are_packed_into_the_line() {
    let mut bench = bench(
        "stage.regex { expression = `(?P<user>\\w+)$` }
         stage.pack {
            labels           = [\"user\", \"job\", \"none\"]
            ingest_timestamp = false
         }",
    );
    insta::assert_snapshot!(bench.run(&["say \"hi\" bob"]), @r#"- {filename="/f.log"} "{\"job\":\"j\",\"user\":\"bob\",\"_entry\":\"say \\\"hi\\\" bob\"}""#);
}

#[test]
fn numbers_of_cards_are_hidden() {
    let mut first = bench("stage.luhn { }");
    insta::assert_snapshot!(first.run(&["card 4539578763621486, not 4539578763621487 or 42, é4539578763621486", "4539-5787-6362-1486"]), @r#"
    - {filename="/f.log", job="j"} "card **REDACTED**, not 4539578763621487 or 42, é**REDACTED**"
    - {filename="/f.log", job="j"} "4539-5787-6362-1486"
    "#);
    let mut second = bench(
        "stage.luhn {
            replacement = \"#\"
            delimiters  = \" -\"
            min_length  = 16
         }",
    );
    insta::assert_snapshot!(second.run(&["a 4539-5787-6362 1486 b", "4539-5787-6362-1487 c"]), @r#"
    - {filename="/f.log", job="j"} "a # b"
    - {filename="/f.log", job="j"} "4539-5787-6362-1487 c"
    "#);
}

#[test]
fn what_is_too_long_is_cut() {
    let mut bench = bench(
        "stage.regex { expression = `^(?P<first>\\S+)` }
         stage.truncate {
            rule {
                limit  = \"8B\"
                suffix = \"...\"
            }
            rule {
                limit       = \"3B\"
                source_type = \"label\"
                sources     = [\"filename\"]
            }
            rule {
                limit       = \"2B\"
                source_type = \"extracted\"
                sources     = [\"first\"]
            }
         }
         stage.structured_metadata { values = {first = \"\", truncated = \"\"} }",
    );
    insta::assert_snapshot!(bench.run(&["a short", "éééééééé"]), @r#"
    - {filename="/f.", job="j"} "a sho..." [("first", "a"), ("truncated", "label,line")]
    - {filename="/f.", job="j"} "éé..." [("first", "é"), ("truncated", "extracted,label,line")]
    "#);
    insta::assert_snapshot!(bench.metrics(), @r#"
    loki_process_truncated_fields_total{component_id="loki.process.t",component_path="/",field="extracted"} 1
    loki_process_truncated_fields_total{component_id="loki.process.t",component_path="/",field="label"} 2
    loki_process_truncated_fields_total{component_id="loki.process.t",component_path="/",field="line"} 2
    "#);
}

#[test]
fn wrong_shapes_say_what_to_do() {
    insta::assert_snapshot!(mistakes::<Arguments>(
        "forward_to = []
         stage.multiline {
            firstline     = \"(\"
            max_wait_time = \"0s\"
         }
         stage.truncate {
            rule { limit = \"0B\" }
            rule {
                limit   = \"2B\"
                suffix  = \"...\"
                sources = [\"a\"]
            }
         }
         stage.luhn { source = \"\" }",
    ), @"
    max_wait_time must be greater than 0
    firstline is no valid regular expression: unclosed group (expressions are RE2's; between backticks a backslash needs no second one)
    limit must be greater than 0
    suffix must be shorter than limit
    a line has no sources (say with source_type where the sources are)
    source must not be empty (leave it out to work on the line)
    ");
}
