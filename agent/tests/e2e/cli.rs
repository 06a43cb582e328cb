//! The commands that need no running agent: `fmt`, `check`, `completion`, `--help`.

use crate::harness::{Home, program};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};

const UGLY: &str = "loki.echo   \"out\"  {\n}\nlocal.file_match \"logs\" {\npath_targets=[ ]\n  sync_period   =   \"1s\" // often\n}\n";

fn run(arguments: &[&str], stdin: &str) -> Output {
    let mut child = program(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn standard_input_is_formatted_and_formatting_is_stable() {
    let once = run(&["fmt"], UGLY);
    assert_eq!(once.status.code(), Some(0), "{}", text(&once.stderr));
    insta::assert_snapshot!(text(&once.stdout), @r#"
    loki.echo "out" { }

    local.file_match "logs" {
    	path_targets = []
    	sync_period  = "1s" // often
    }
    "#);
    let twice = run(&["fmt", "-"], text(&once.stdout));
    assert_eq!(text(&twice.stdout), text(&once.stdout));
}

#[test]
fn a_file_is_written_in_place_with_its_mode() {
    let home = Home::new();
    let file = home.write("ugly.alloy", UGLY);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let name = file.to_str().unwrap();

    let test = run(&["fmt", "-t", name], "");
    assert_eq!(test.status.code(), Some(1));
    assert_eq!(text(&test.stdout), format!("{name}\n"), "the file is named");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        UGLY,
        "a test writes nothing"
    );

    let printed = run(&["fmt", name], "");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        UGLY,
        "printing writes nothing"
    );

    let written = run(&["fmt", "-w", name], "");
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    assert_eq!(text(&written.stdout), "");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        text(&printed.stdout),
        "what is printed is what is written"
    );
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    let leftovers = std::fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(leftovers, 1, "no temporary file stays");
    assert_eq!(run(&["fmt", "-t", name], "").status.code(), Some(0));
}

#[test]
fn what_has_syntax_errors_is_not_formatted() {
    let home = Home::new();
    let broken = "loki.echo \"out\" {\n\tx = [1,\n";
    let file = home.write("broken.alloy", broken);
    let output = run(&["fmt", "-w", file.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), broken, "the file stays");
    insta::assert_snapshot!(home.anonymous(text(&output.stderr)), @"HOME/broken.alloy:3:1: error[AR0002]: expected ], got the end of the file (add the missing `]`)");
    let missing = run(&["fmt", home.path("none.alloy").to_str().unwrap()], "");
    assert_eq!(missing.status.code(), Some(2));
    insta::assert_snapshot!(home.anonymous(text(&missing.stderr)), @"alloy-rs fmt: cannot read HOME/none.alloy: No such file or directory (os error 2)");
}

#[test]
fn check_tells_all_mistakes_and_starts_nothing() {
    let home = Home::new();
    let good = home.write("good.alloy", "logging {\n\tlevel = \"debug\"\n}\n");
    let output = run(&["check", good.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("", ""));

    let broken = home.write(
        "broken.alloy",
        "loki.source.file \"a\" {\n\ttargets    = 1\n\tforward_to = []\n}\n\n\
         loki.relabel \"r\" {\n\tforward_to = [loki.echo.nope.receiver]\n}\n\n\
         loki.process \"p\" {\n\tforward_to = []\n\n\tstage.regex {\n\t\texpression = \"(\"\n\t}\n}\n",
    );
    let output = run(&["check", broken.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    let told = home.anonymous(text(&output.stderr));
    insta::assert_snapshot!(told, @r#"
    HOME/broken.alloy:2:15: error[AR0108]: targets: expected array, got number (put the value in brackets: [ … ])
    HOME/broken.alloy:3:15: warning[AR0407]: an empty `forward_to`: everything is dropped (name a receiver, such as that of a `.write` component)
    HOME/broken.alloy:6:1: warning[AR0253]: loki.relabel.r is unused: nothing writes to its receiver (hand loki.relabel.r.receiver to a component that forwards, or take it away)
    HOME/broken.alloy:7:16: error[AR0201]: component "loki.echo.nope.receiver" does not exist or is out of scope (a component is named in full: its name, its label, and what it exports)
    HOME/broken.alloy:10:1: warning[AR0253]: loki.process.p is unused: nothing writes to its receiver (hand loki.process.p.receiver to a component that forwards, or take it away)
    HOME/broken.alloy:11:15: warning[AR0407]: an empty `forward_to`: everything is dropped (name a receiver, such as that of a `.write` component)
    HOME/broken.alloy:14:17: error[AR0300]: `expression` is no valid regular expression: unclosed group (close the group, or write a plain parenthesis as `\\(`)
    3 errors, 4 warnings in HOME/broken.alloy
    "#);
    assert!(!told.contains('\u{1b}'), "no colours in a pipe");

    let unreadable = run(&["check", home.path("none").to_str().unwrap()], "");
    assert_eq!(unreadable.status.code(), Some(2));
    let stdin = run(&["check", "-"], "loki.echo \"out\" {\n\ta = 1\n}\n");
    assert_eq!(stdin.status.code(), Some(1));
    assert!(text(&stdin.stderr).contains(":2:2:"), "{}", text(&stdin.stderr));
}

#[test]
fn every_command_helps_with_examples() {
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["fmt", "--help"],
        &["check", "--help"],
        &["graph", "--help"],
        &["plan", "--help"],
        &["completion", "--help"],
        &["schema", "--help"],
    ] {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let help = text(&output.stdout);
        assert!(help.contains("Examples:\n  alloy-rs "), "{help}");
        assert!(!help.contains('\u{1b}'), "no colours in a pipe: {help}");
    }
    let run_help = run(&["run", "--help"], "");
    for flag in [
        "--storage.path",
        "--server.http.listen-addr",
        "--server.http.ui-path-prefix",
        "--stability.level",
        "--disable-reporting",
        "--config.format",
    ] {
        assert!(text(&run_help.stdout).contains(flag), "{flag}");
    }
}

#[test]
fn wrong_usage_is_told_and_ends_with_2() {
    let output = run(&["runn"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("'run'"),
        "a suggestion: {}",
        text(&output.stderr)
    );
    let home = Home::with("");
    let config = home.path("config.alloy");
    let output = run(&["run", config.to_str().unwrap(), "--config.format=yaml"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("alloy"), "{}", text(&output.stderr));
    // A reload could not read it again.
    let piped = run(&["run", "-"], "");
    assert_eq!(piped.status.code(), Some(2));
    assert!(
        text(&piped.stderr).contains("cannot read standard input"),
        "{}",
        text(&piped.stderr)
    );
}

#[test]
fn completion_scripts_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completion", shell], "");
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        for word in ["run", "fmt", "check", "graph", "plan", "storage.path", "sarif"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
