//! `alloy-rs graph` through the program.

use crate::harness::{Home, run_in, told};

#[test]
fn a_pipeline_is_drawn_in_each_form() {
    let home = Home::with(
        "loki.relabel \"r\" {\n\tforward_to = [loki.echo.out.receiver]\n}\n\nloki.echo \"out\" { }\n",
    );
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["graph", "config.alloy"], ""), @r#"
    0
    flowchart LR
      n0["loki.relabel<br/><b>r</b>"]:::loki
      n1["loki.echo<br/><b>out</b>"]:::loki
      n0 --> n1
      classDef loki fill:#fff9db,stroke:#e67700,color:#212529
    ---
    "#);
    let stdin = "loki.echo \"out\" { }\n";
    let run = |arguments: &[&str], stdin: &str| {
        let output = run_in(&here, arguments, stdin.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&["graph", "--format=dot"], stdin).starts_with("digraph"));
    assert!(run(&["graph", "--format=svg", "-"], stdin).starts_with("<svg "));
    let json: serde_json::Value = serde_json::from_str(&run(&["graph", "--format=json", "."], "")).unwrap();
    assert_eq!(json["edges"][0]["to"], 1);
}

#[test]
fn mistakes_are_said_and_drawn() {
    let home = Home::with(
        "loki.relabel \"r\" {\n\tforward_to = [loki.echo.nope.receiver\n}\nloki.echo \"out\" { }\n",
    );
    let output = run_in(&home.path(""), &["graph", "config.alloy"], b"");
    assert_eq!(output.status.code(), Some(0));
    let (drawn, said) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(drawn.contains("loki.relabel<br/><b>r</b>"), "{drawn}");
    assert!(said.contains("`alloy-rs check` tells"), "{said}");
    let missing = run_in(&home.path(""), &["graph", "none.alloy"], b"");
    assert_eq!(missing.status.code(), Some(2));
}
