//! `alloy-rs plan` through the program.

use crate::harness::{Home, run_in, told};

const OLD: &str = "prometheus.scrape \"s\" {\n\ttargets    = discovery.relabel.a.output\n\tforward_to = [prometheus.echo.out.receiver]\n}\n\n\
    discovery.relabel \"a\" {\n\ttargets = [{__address__ = \"a:1\"}]\n}\n\n\
    prometheus.echo \"out\" { }\n\nloki.echo \"gone\" { }\n";

#[test]
fn a_plan_tells_what_a_reload_would_do_and_why() {
    let home = Home::new();
    let here = home.path("");
    home.write("old.alloy", OLD);
    home.write(
        "new.alloy",
        &OLD.replace("a:1", "a:2")
            .replace("loki.echo \"gone\"", "loki.echo \"new\""),
    );
    insta::assert_snapshot!(told(&here, &["plan", "old.alloy", "new.alloy"], ""), @"
    0
    ~ update   prometheus.scrape.s
                 targets changes, because of discovery.relabel.a
    ~ update   discovery.relabel.a
                 targets changes
    + start    loki.echo.new
    - stop     loki.echo.gone

    1 to start, 2 to update, 1 to stop; 1 left alone
    ---
    ");
    insta::assert_snapshot!(told(&here, &["plan", "old.alloy", "old.alloy"], ""), @"
    0
    nothing to do; 4 left alone
    ---
    ");
    insta::assert_snapshot!(told(&here, &["plan", "--format=json", "-", "new.alloy"], OLD), @r#"
    0
    {
      "version": 1,
      "changes": [
        {
          "id": "prometheus.scrape.s",
          "action": "update",
          "reasons": [
            {
              "kind": "changed",
              "attribute": "targets",
              "written": false,
              "because": [
                "discovery.relabel.a"
              ]
            }
          ]
        },
        {
          "id": "discovery.relabel.a",
          "action": "update",
          "reasons": [
            {
              "kind": "changed",
              "attribute": "targets",
              "written": true
            }
          ]
        },
        {
          "id": "loki.echo.new",
          "action": "start",
          "reasons": [
            {
              "kind": "new"
            }
          ]
        },
        {
          "id": "loki.echo.gone",
          "action": "stop",
          "reasons": [
            {
              "kind": "gone"
            }
          ]
        }
      ],
      "unchanged": [
        "prometheus.echo.out"
      ]
    }
    ---
    "#);
}

#[test]
fn what_would_be_rejected_has_no_plan() {
    let home = Home::new();
    let here = home.path("");
    home.write("old.alloy", OLD);
    home.write("new.alloy", "loki.echo \"a\" {\n\tx = 1\n}\n");
    insta::assert_snapshot!(told(&here, &["plan", "old.alloy", "new.alloy"], ""), @r#"
    1
    ---
    new.alloy:2:2: error[AR0100]: unrecognized attribute name "x" (nothing of the kind may stand here)
    alloy-rs plan: the new configuration would be rejected; what runs would go on
    "#);
    assert_eq!(
        run_in(&here, &["plan", "old.alloy", "none.alloy"], b"")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(run_in(&here, &["plan", "-", "-"], b"").status.code(), Some(2));
}
