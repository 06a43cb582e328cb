//! Hovers and hints, as they are read.

use super::Fixture;
use crate::lsp::features::{hover, inlay};
use crate::lsp::settings::Hints;
use alloy_check::catalog::Target;
use lsp_types::{HoverContents, InlayHintLabel, Position, Range};

fn hovered(marked: &str) -> String {
    let fixture = Fixture::new(marked);
    let found = hover::at(
        Target::newest().catalog(),
        &fixture.view(),
        None,
        fixture.position,
    );
    match found.map(|hover| hover.contents) {
        Some(HoverContents::Markup(markup)) => markup.value,
        _ => "nothing".to_owned(),
    }
}

#[test]
fn components_attributes_and_functions_are_explained() {
    insta::assert_snapshot!(hovered("loki.wr$0ite \"w\" { }\n"), @r#"
    **loki.write** (Grafana Alloy v1.15.0, generally-available)

    Exports:

    - `receiver`: `capsule("loki.LogsReceiver")`
    "#);
    insta::assert_snapshot!(hovered("loki.write \"w\" {\n\tendpoint {\n\t\tu$0rl = \"\"\n\t}\n}\n"), @"
    ```
    url: string, required
    ```

    Full URL to send logs to.
    ");
    insta::assert_snapshot!(hovered("logging {\n\tle$0vel = \"info\"\n}\n"), @r#"
    ```
    level: "debug" | "info" | "warn" | "error", default "info"
    ```

    The least level that is logged.
    "#);
    insta::assert_snapshot!(hovered("a \"b\" {\n\tx = string.for$0mat(\"\")\n}\n"), @r#"
    ```alloy
    string.format(format, value...)
    ```

    Fills the verbs of a format (`%s`, `%d`, `%v`, `%.2f` …) from the values.

    ```alloy
    > string.format("%s:%d", "host", 80)
    "host:80"
    ```
    "#);
    insta::assert_snapshot!(hovered("a \"b\" {\n\tx = constants.host$0name\n}\n"), @"
    `constants.hostname`: string

    The machine's name.
    ");
}

#[test]
fn references_have_types_and_the_words_above_their_definition() {
    let text = "// Where all logs go.\nloki.write \"w\" { }\nloki.source.file \"f\" {\n\tforward_to = [loki.write.w.re$0ceiver]\n}\n";
    insta::assert_snapshot!(hovered(text), @r#"
    `loki.write.w.receiver`: `capsule("loki.LogsReceiver")`

    Takes log entries.
    "#);
    let custom = "// Wraps.\ndeclare \"d\" {\n\targument \"a\" { }\n}\n\nd$0 \"x\" {\n\ta = 1\n}\n";
    insta::assert_snapshot!(hovered(custom), @"
    **d** (custom component, main.alloy)

    Wraps.

    Arguments:

    - `a`, required
    ");
    assert_eq!(hovered("a \"b\" {\n\tx = $01\n}\n"), "nothing");
}

#[test]
fn hints_tell_types_and_defaults() {
    let fixture = Fixture::new(
        "local.file_match \"m\" { }\n\nloki.source.file \"f\" {\n\ttargets    = local.file_match.m.targets\n\tforward_to = []\n}\n\nloki.process \"p\" {\n\tforward_to = []\n\tstage.cri { }\n}\n$0",
    );
    let all = Range::new(Position::new(0, 0), fixture.position);
    let hints = inlay::of(Target::newest().catalog(), &fixture.view(), all, Hints::default());
    let told: Vec<String> = hints
        .iter()
        .map(|hint| match &hint.label {
            InlayHintLabel::String(text) => {
                format!("{}:{}{text}", hint.position.line, hint.position.character)
            }
            InlayHintLabel::LabelParts(_) => String::new(),
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    0:22 sync_period = "10s"
    3:40: list(capsule("discovery.Target"))
    9:12 max_partial_lines = 100
    "#);
    let none = Hints {
        types: false,
        defaults: false,
    };
    assert!(inlay::of(Target::newest().catalog(), &fixture.view(), all, none).is_empty());
}
