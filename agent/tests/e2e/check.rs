//! `alloy-rs check`: its formats, what a project decides about findings, mending, and watching.

use crate::harness::{Home, PATIENCE, program, run_in, told};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;

const GOOD: &str = "logging {\n\tlevel = \"debug\"\n}\n";
/// A warning with a safe fix, as `env` is deprecated, and an error without one.
const BAD: &str = "logging {\n\tnope = env(\"HOME\")\n}\n";

fn home() -> Home {
    let home = Home::new();
    home.write("good.alloy", GOOD);
    home.write("bad.alloy", BAD);
    home
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    let output = run_in(&home.path(""), arguments, b"");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn lines_pictures_and_counts_are_for_people() {
    let home = home();
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["check", "good.alloy", "bad.alloy"], ""), @r#"
    1
    ---
    bad.alloy:2:2: error[AR0100]: unrecognized attribute name "nope" (this block takes: format, level, write_to)
    bad.alloy:2:9: warning[AR0165]: env is deprecated, use sys.env (write sys.env)
    1 error, 1 warning in 1 of 2 files; 1 fixable with --fix
    "#);
    insta::assert_snapshot!(told(&here, &["check", "--format=human", "--statistics", "bad.alloy"], ""), @r#"
    1
    ---
    error[AR0100]: unrecognized attribute name "nope"
      ╭▸ bad.alloy:2:2
      │
    2 │     nope = env("HOME")
      │     ━━━━
      │
      ╰ help: this block takes: format, level, write_to

    warning[AR0165]: env is deprecated, use sys.env
      ╭▸ bad.alloy:2:9
      │
    2 │     nope = env("HOME")
      │            ━━━
      ╰╴
    help: write sys.env
      ╭╴
    2 │     nope = sys.env("HOME")
      ╰╴           ++++

        1  AR0100  unknown attribute
        1  AR0165  a deprecated name of a function (1 fixable)

    ✗ 1 error, 1 warning in bad.alloy; 1 fixable with --fix
      alloy-rs explain AR0100 tells more about a code
    "#);
    insta::assert_snapshot!(told(&here, &["check", "--format=human", "good.alloy"], ""), @"
    0
    ---
    ✓ nothing found in good.alloy
    ");
    // Where nothing is named, standard input is read.
    insta::assert_snapshot!(told(&here, &["check", "--stdin-filename", "conf/x.alloy"], "a = 1\n"), @r#"
    1
    ---
    conf/x.alloy:1:1: error[AR0207]: attribute "a" stands outside of any block (here stand blocks only; put it into the block that it belongs to)
    1 error, 0 warnings in conf/x.alloy
    "#);
}

#[test]
fn programs_read_each_format_on_standard_output() {
    let home = home();
    let found = json(&home, &["check", "--format=json", "--statistics", "bad.alloy"]);
    let first = &found["diagnostics"][0];
    for key in [
        "file",
        "line",
        "column",
        "end_line",
        "end_column",
        "severity",
        "code",
        "message",
        "help",
        "fix",
    ] {
        assert!(first.get(key).is_some(), "{key}: {first}");
    }
    assert_eq!(found["diagnostics"][1]["fix"]["safe"], true);
    assert_eq!(found["statistics"].as_array().unwrap().len(), 2);

    let sarif = json(&home, &["check", "--format=sarif", "bad.alloy", "none.alloy"]);
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 2);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "bad.alloy"
    );
    let gitlab = json(&home, &["check", "--format=gitlab", "good.alloy"]);
    assert_eq!(gitlab, Value::Array(Vec::new()));
    let github = run_in(&home.path(""), &["check", "--format=github", "./bad.alloy"], b"");
    let github = String::from_utf8(github.stdout).unwrap();
    assert!(github.starts_with("::error file=bad.alloy,line=2,"), "{github}");
    let junit = run_in(
        &home.path(""),
        &["check", "--format=junit", "good.alloy", "bad.alloy"],
        b"",
    );
    let junit = String::from_utf8(junit.stdout).unwrap();
    assert!(
        junit.contains("tests=\"3\" failures=\"1\" errors=\"0\""),
        "{junit}"
    );
}

#[test]
fn severities_are_decided_by_flags_files_and_comments() {
    let home = home();
    let here = home.path("");
    let status = |arguments: &[&str]| {
        let all = [&["check", "bad.alloy"], arguments].concat();
        run_in(&here, &all, b"").status.code().unwrap()
    };
    assert_eq!(status(&[]), 1);
    assert_eq!(status(&["--warn", "AR0100"]), 0);
    assert_eq!(status(&["--warn", "AR0100", "--deny", "warnings"]), 1);
    assert_eq!(status(&["--allow=AR0100,AR0165", "--deny", "warnings"]), 0);
    assert_eq!(status(&["--allow=AR0100", "--deny=AR0165"]), 1);
    // Contradictions, unknown codes and syntax errors are wrong usage.
    assert_eq!(status(&["--allow=AR0100", "--deny=AR0100"]), 2);
    assert_eq!(status(&["--allow=AR100"]), 2);
    assert_eq!(status(&["--allow=AR0001"]), 2);
    assert_eq!(status(&["--target", "grafana-alloy@1.15"]), 2);
    insta::assert_snapshot!(told(&here, &["check", "--allow=AR100", "bad.alloy"], ""), @"
    2
    ---
    error: invalid value 'AR100' for '--allow <CODE>': there is no code AR100; did you mean AR0100?

    For more information, try '--help'.
    ");

    home.write("alloy-rs.toml", "[lints]\nAR0100 = \"warn\"\n");
    assert_eq!(status(&[]), 0, "a file decides");
    assert_eq!(status(&["--deny=AR0100"]), 1, "a flag is above the file");
    home.write("alloy-rs.toml", "[lints]\nAR0100 = \"warn\"\n[lint]\n");
    insta::assert_snapshot!(told(&here, &["check", "bad.alloy", "good.alloy"], ""), @r#"
    1
    ---
    alloy-rs.toml:3:2: error[AR0424]: unknown key "lint" (did you mean lints?)
    bad.alloy:2:2: warning[AR0100]: unrecognized attribute name "nope" (this block takes: format, level, write_to)
    bad.alloy:2:9: warning[AR0165]: env is deprecated, use sys.env (write sys.env)
    1 error, 2 warnings in 2 of 3 files; 1 fixable with --fix
    "#);
    std::fs::remove_file(home.path("alloy-rs.toml")).unwrap();

    let allowed = "// alloy-rs: allow(AR0100, AR0165) written by a program\n";
    home.write("bad.alloy", &format!("{allowed}{BAD}"));
    assert_eq!(status(&["--deny", "warnings"]), 0);
    home.write("bad.alloy", &format!("{allowed}{GOOD}"));
    insta::assert_snapshot!(told(&here, &["check", "bad.alloy"], ""), @"
    0
    ---
    bad.alloy:1:20: warning[AR0422]: AR0100 is allowed here and not found (take the exception away)
    bad.alloy:1:28: warning[AR0422]: AR0165 is allowed here and not found (take the exception away)
    0 errors, 2 warnings in bad.alloy
    ");
}

#[test]
fn safe_fixes_are_shown_and_written() {
    let home = home();
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["check", "--fix", "--diff", "good.alloy", "bad.alloy"], ""), @r#"
    1
    --- bad.alloy
    +++ bad.alloy
    @@ -1,3 +1,3 @@
     logging {
    -	nope = env("HOME")
    +	nope = sys.env("HOME")
     }
    ---
    would fix 1 finding in 1 file
    1 error, 0 warnings in 1 of 2 files would be left
    "#);
    assert_eq!(
        std::fs::read_to_string(home.path("bad.alloy")).unwrap(),
        BAD,
        "nothing is written"
    );
    insta::assert_snapshot!(told(&here, &["check", "--fix", "bad.alloy"], ""), @r#"
    1
    ---
    bad.alloy:2:2: error[AR0100]: unrecognized attribute name "nope" (this block takes: format, level, write_to)
    fixed 1 finding in 1 file
    1 error, 0 warnings in bad.alloy
    "#);
    let fixed = std::fs::read_to_string(home.path("bad.alloy")).unwrap();
    assert_eq!(fixed, BAD.replace("env(", "sys.env("));
    assert_eq!(
        run_in(&here, &["check", "--fix", "--diff", "good.alloy"], b"")
            .status
            .code(),
        Some(0)
    );
    // A comma that is missing is put in where the text can be read then.
    insta::assert_snapshot!(
        told(&here, &["check", "--fix"], "loki.echo \"a\" {\n}\n\nlogging {\n\twrite_to = [\n\t\tloki.echo.a.receiver\n\t]\n}\n"),
        @r#"
    0
    loki.echo "a" {
    }

    logging {
    	write_to = [
    		loki.echo.a.receiver,
    	]
    }
    ---
    fixed 1 finding in 1 file
    "#
    );
    assert_eq!(
        run_in(&here, &["check", "--fix", "--format=json"], b"")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run_in(&here, &["check", "--diff", "bad.alloy"], b"")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_file_that_is_no_utf8_is_a_finding_and_is_never_mended() {
    let home = Home::new();
    let bytes = b"local.file \"a\" {\n\tfilename = env(\"\xe9\")\n}\n";
    std::fs::write(home.path("latin.alloy"), bytes).unwrap();
    insta::assert_snapshot!(told(&home.path(""), &["check", "--fix", "latin.alloy"], ""), @"
    1
    ---
    latin.alloy:2:18: error[AR0014]: these bytes are no UTF-8 (save the file as UTF-8)
    1 error, 0 warnings in latin.alloy
    ");
    assert_eq!(std::fs::read(home.path("latin.alloy")).unwrap(), bytes);
}

#[test]
fn a_watched_file_is_checked_after_each_change() {
    let home = home();
    let mut child = program(&["check", "--watch", "good.alloy"])
        .current_dir(home.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        for line in stderr.lines() {
            if sender.send(line.unwrap()).is_err() {
                break;
            }
        }
    });
    let wait_for = |wanted: &str| loop {
        let line = lines
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("{wanted}: {error}"));
        if line.contains(wanted) {
            break;
        }
    };
    wait_for("waiting for changes");
    // Replaced by renaming, as editors do.
    home.write("new", "logging {\n\tx = 1\n}\n");
    std::fs::rename(home.path("new"), home.path("good.alloy")).unwrap();
    wait_for("good.alloy:2:2: error[AR0100]");
    wait_for("waiting for changes");
    home.write("alloy-rs.toml", "[lints]\nAR0100 = \"warn\"\n");
    wait_for("good.alloy:2:2: warning[AR0100]");
    wait_for("waiting for changes");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(
        child.wait().unwrap().code(),
        Some(0),
        "the last round had warnings only"
    );
    drop(lines);
    reader.join().unwrap();
}
