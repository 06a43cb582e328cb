//! Stages that select entries and parts of lines.

use super::super::super::arguments::Arguments;
use super::{bench, mistakes};

#[test]
fn matching_entries_go_through_stages_of_their_own() {
    let mut bench = bench(
        "stage.regex { expression = `^(?P<level>\\w+)` }
         stage.labels { values = {level = \"\"} }
         stage.match {
            selector = \"{level=~`warn|error`, job=`j`} |= `disk` != `test`\"
            stage.static_labels { values = {page = \"ops\"} }
            stage.labels { values = {severity = \"level\"} }
            stage.match {
                selector = \"{level=`error`}\"
                stage.static_labels { values = {page = \"night\"} }
            }
         }
         stage.match {
            selector = \"{level=`debug`}\"
            action   = \"drop\"
            drop_counter_reason = \"chatty\"
         }
         stage.match {
            selector = \"{level=`trace`}\"
            action   = \"drop\"
         }",
    );
    insta::assert_snapshot!(bench.run(&["warn disk full", "error disk gone", "warn disk test", "info disk", "debug x", "trace x"]), @r#"
    - {filename="/f.log", job="j", level="warn", page="ops", severity="warn"} "warn disk full"
    - {filename="/f.log", job="j", level="error", page="night", severity="error"} "error disk gone"
    - {filename="/f.log", job="j", level="warn"} "warn disk test"
    - {filename="/f.log", job="j", level="info"} "info disk"
    "#);
    insta::assert_snapshot!(bench.metrics(), @r#"
    loki_process_dropped_lines_total{component_id="loki.process.t",component_path="/",reason="chatty"} 1
    loki_process_dropped_lines_total{component_id="loki.process.t",component_path="/",reason="match_stage"} 1
    "#);
}

#[test]
fn partial_lines_inside_of_a_match_come_out_of_it() {
    let mut bench = bench(
        "stage.match {
            selector = \"{job=`j`}\"
            stage.cri { }
            stage.drop { expression = \"noise\" }
         }
         stage.static_labels { values = {after = \"yes\"} }",
    );
    insta::assert_snapshot!(bench.run(&["t stdout P one ", "t stdout F noise", "t stdout P one ", "t stdout F two"]), @r#"- {after="yes", filename="/f.log", job="j", stream="stdout"} "one two""#);
}

#[test]
fn patterns_extract() {
    let mut bench = bench(
        "stage.pattern {
            pattern            = \"<method> <path> <_>\"
            labels_from_groups = true
         }
         stage.output { source = \"path\" }",
    );
    insta::assert_snapshot!(bench.run(&["GET /a 200 x", "none"]), @r#"
    - {filename="/f.log", job="j", method="GET", path="/a"} "/a"
    - {filename="/f.log", job="j", method="none"} "none"
    "#);
}

#[test]
fn messages_of_windows_events_are_taken_apart() {
    let mut bench = bench(
        "stage.json { expressions = {message = \"\"} }
         stage.match {
            selector = \"{job=`j`} |= `Logon`\"
            stage.windowsevent { }
            stage.structured_metadata { regex = \"Desc.*|Logon.*|Note\" }
         }
         stage.match {
            selector = \"{job=`j`} |= `Level`\"
            stage.eventlogmessage { }
            stage.structured_metadata { regex = \"Level|job_extracted|my_key\" }
         }",
    );
    insta::assert_snapshot!(bench.run(&[
        r#"{"message":"An account\twas used.\r\n\r\nLogon Information:\r\n\tLogon Type:\t5\r\n\r\nNote: one\r\ntwo"}"#,
        r#"{"message":"Level: warn\r\nmy key: 1\r\njob: x\r\nno pair"}"#,
    ]), @r#"
    - {filename="/f.log", job="j"} "{\"message\":\"An account\\twas used.\\r\\n\\r\\nLogon Information:\\r\\n\\tLogon Type:\\t5\\r\\n\\r\\nNote: one\\r\\ntwo\"}" [("Description", "An accountwas used."), ("LogonInformation_LogonType", "5"), ("Note", "one,two")]
    - {filename="/f.log", job="j"} "{\"message\":\"Level: warn\\r\\nmy key: 1\\r\\njob: x\\r\\nno pair\"}" [("Level", "warn"), ("my_key", "1"), ("job_extracted", "x")]
    "#);
}

#[test]
fn wrong_selectors_say_what_to_do() {
    insta::assert_snapshot!(mistakes::<Arguments>(
        "forward_to = []
         stage.match { selector = \"{a=1}\" }
         stage.match {
            selector = \"{a=`1`}\"
            action   = \"drop\"
            stage.docker { }
         }
         stage.match {
            selector = \"{a=`1`}\"
            action   = \"keeep\"
         }
         stage.pattern { pattern = \"<a><b>\" }
         stage.eventlogmessage { source = \"my message\" }
         stage.geoip {
            db     = \"x\"
            source = \"ip\"
         }",
    ), @r#"
    a match stage needs at least one stage of its own (add stages for the entries that match, or action = "drop")
    selector is not valid: expected a text in double quotes or backticks, got `1` (write `{app="web"}`: with a backquoted string around, or with `\"` in a quoted one)
    a match stage that drops entries cannot hold stages (take the stages away, or action = "drop")
    "keeep" is no action of a match stage (one of "keep" and "drop")
    pattern is not valid: two captures follow each other (put the text that parts them between them)
    "my message" is no valid label name (letters, digits and _ only, no digit first)
    stage.geoip is not supported: this agent reads no databases of IP addresses (take the stage away, or look the addresses up where the logs are read)
    "#);
}
