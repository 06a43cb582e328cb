//! Stages with Go templates.

use super::super::super::arguments::Arguments;
use super::{bench, mistakes};

#[test]
fn templates_set_and_take_away_extracted_values() {
    let mut bench = bench(
        "stage.json { expressions = {level = \"\", n = \"\", user = \"\"} }
         stage.template {
            source   = \"level\"
            template = \"{{ if eq .Value \\\"W\\\" }}warn{{ else }}{{ ToLower .Value }}{{ end }}\"
         }
         stage.template {
            source   = \"line\"
            template = \"{{ .job }}/{{ .n }}: {{ .Entry | len }} {{ .missing }}\"
         }
         stage.template {
            source   = \"user\"
            template = \"{{ if ne .Value \\\"root\\\" }}{{ Hash \\\"salt\\\" .Value | trunc 8 }}{{ end }}\"
         }
         stage.template {
            source   = \"filename\"
            template = \"\"
         }
         stage.labels { values = {level = \"\", user = \"\"} }
         stage.pack {
            labels           = [\"filename\", \"n\"]
            ingest_timestamp = false
         }
         stage.output { source = \"line\" }",
    );
    insta::assert_snapshot!(bench.run(&[
        r#"{"level":"W","n":1.5,"user":"bob"}"#,
        r#"{"level":"INFO","n":true,"user":"root"}"#,
        "no json",
    ]), @r#"
    - {filename="/f.log", job="j", level="warn", user="71b1e1e2"} "j/1.5: 34 <no value>"
    - {filename="/f.log", job="j", level="info"} "j/true: 39 <no value>"
    - {filename="/f.log", job="j"} "j/<no value>: 7 <no value>"
    "#);
}

#[test]
fn groups_are_replaced() {
    let mut first = bench(
        "stage.replace {
            expression = `password=(\\S+)|user=(?P<user>\\w+)`
            replace    = \"{{ if eq .Value \\\"bob\\\" }}B{{ else }}***{{ end }}\"
         }
         stage.labels { values = {user = \"\"} }",
    );
    insta::assert_snapshot!(first.run(&["user=bob password=é1 password=2 end", "nothing", "no group: password="]), @r#"
    - {filename="/f.log", job="j", user="B"} "user=B password=*** password=*** end"
    - {filename="/f.log", job="j"} "nothing"
    - {filename="/f.log", job="j"} "no group: password="
    "#);
    let mut second = bench(
        "stage.replace {
            expression = `((a)b)`
            source     = \"job\"
            replace    = \"x\"
         }
         stage.replace { expression = ` (secret)` }",
    );
    insta::assert_snapshot!(second.run(&["a secret b"]), @r#"- {filename="/f.log", job="j"} "a  b""#);
}

#[test]
fn wrong_templates_say_what_to_do() {
    insta::assert_snapshot!(mistakes::<Arguments>(
        "forward_to = []
         stage.template {
            source   = \"\"
            template = \"{{ tolower .Value }}\"
         }
         stage.template {
            source   = \"a\"
            template = \"{{ genPrivateKey `rsa` }}\"
         }
         stage.replace {
            expression = \"(\"
            replace    = \"{{ .Value\"
         }",
    ), @"
    source must not be empty (name the extracted value that the template makes)
    template is no valid template: there is no function tolower (did you mean ToLower?)
    template is no valid template: the function genPrivateKey is not supported by this agent (use another function, or other stages)
    expression is no valid regular expression: unclosed group (expressions are RE2's; between backticks a backslash needs no second one)
    replace is no valid template: the action is never closed (add `}}`)
    ");
}
