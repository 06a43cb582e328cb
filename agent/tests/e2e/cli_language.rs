//! The commands for people who write configurations: `fmt` on folders, `eval`, `explain`, and what programs read of `check`.

use crate::harness::{Home, run_in, told};

/// A folder with files that are formatted, are not, are wrong and are ignored.
fn folder() -> Home {
    let home = Home::new();
    home.write("a.alloy", "a=1\n");
    home.write("deep/fine.alloy", "b = 1\n");
    home.write("deep/broken.alloy", "x = [1,\n");
    home.write("vendor/c.alloy", "c=1\n");
    home.write("z.alloy", "logging {\n  level = \"debug\"\n}\n");
    std::fs::write(home.path("latin.alloy"), b"a = \"\xe9\"\n").unwrap();
    home.write(".gitignore", "/vendor/\n");
    home
}

#[test]
fn a_folder_is_tested_and_nothing_is_written() {
    let home = folder();
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["fmt", "--check", "."], ""), @"
    1
    ./a.alloy
    ./z.alloy
    ---
    ./deep/broken.alloy:2:1: error[AR0002]: expected ], got the end of the file (add the missing `]`)
    ./latin.alloy:1:6: error[AR0014]: these bytes are no UTF-8 (save the file as UTF-8)
    ");
    insta::assert_snapshot!(told(&here, &["fmt", "--diff", "a.alloy", "z.alloy"], ""), @r#"
    1
    --- a.alloy
    +++ a.alloy (formatted)
    @@ -1 +1 @@
    -a=1
    +a = 1
    --- z.alloy
    +++ z.alloy (formatted)
    @@ -1,3 +1,3 @@
     logging {
    -  level = "debug"
    +	level = "debug"
     }
    ---
    "#);
    assert_eq!(std::fs::read_to_string(home.path("a.alloy")).unwrap(), "a=1\n");
}

#[test]
fn a_folder_is_written_and_what_is_wrong_is_left_alone() {
    let home = folder();
    insta::assert_snapshot!(told(&home.path(""), &["fmt", "-w", "."], ""), @"
    1
    ---
    ./deep/broken.alloy:2:1: error[AR0002]: expected ], got the end of the file (add the missing `]`)
    ./latin.alloy:1:6: error[AR0014]: these bytes are no UTF-8 (save the file as UTF-8)
    ");
    let text = |name| std::fs::read(home.path(name)).unwrap();
    assert_eq!(text("a.alloy"), b"a = 1\n");
    assert_eq!(text("z.alloy"), b"logging {\n\tlevel = \"debug\"\n}\n");
    assert_eq!(text("deep/broken.alloy"), b"x = [1,\n");
    assert_eq!(text("latin.alloy"), b"a = \"\xe9\"\n");
    assert_eq!(text("vendor/c.alloy"), b"c=1\n", "ignored");
}

#[test]
fn a_patch_of_the_diff_formats_the_file() {
    let home = folder();
    let here = home.path("");
    let diff = run_in(&here, &["fmt", "--diff", "z.alloy"], b"");
    assert_eq!(diff.status.code(), Some(1));
    let diff = String::from_utf8(diff.stdout).unwrap();
    // `patch` is not everywhere: the lines that stay and those that are added are the formatted text.
    let formatted: String = diff
        .lines()
        .skip(3)
        .filter_map(|line| line.strip_prefix([' ', '+']))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(formatted, "logging {\n\tlevel = \"debug\"\n}\n");
    let written = run_in(&here, &["fmt", "-w", "--diff", "z.alloy"], b"");
    assert_eq!(written.status.code(), Some(0));
    assert_eq!(String::from_utf8(written.stdout).unwrap(), diff);
    assert_eq!(std::fs::read_to_string(home.path("z.alloy")).unwrap(), formatted);
}

#[test]
fn many_files_are_printed_in_their_order() {
    let home = Home::new();
    let mut wanted = String::new();
    for number in 0..300 {
        home.write(&format!("{number:03}.alloy"), &format!("n={number}\n"));
        wanted.push_str(&format!("n = {number}\n"));
    }
    let output = run_in(&home.path(""), &["fmt", "."], b"");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted);
}

#[test]
fn standard_input_has_the_name_it_is_given() {
    let home = Home::new();
    let here = home.path("");
    let name = "--stdin-filename=conf/app.alloy";
    insta::assert_snapshot!(told(&here, &["fmt", name], "a = [\n"), @"
    1
    ---
    conf/app.alloy:2:1: error[AR0002]: expected ], got the end of the file (add the missing `]`)
    ");
    insta::assert_snapshot!(told(&here, &["fmt", "-t", name], "a=1\n"), @"
    1
    conf/app.alloy
    ---
    ");
    assert_eq!(run_in(&here, &["fmt", "-w"], b"a=1\n").status.code(), Some(2));
    assert_eq!(
        run_in(&here, &["fmt", "-", "a.alloy"], b"a=1\n").status.code(),
        Some(2)
    );
}

#[test]
fn programs_read_findings_as_json() {
    let home = folder();
    let output = run_in(
        &home.path(""),
        &["check", "--format=json", "z.alloy", "deep/broken.alloy", "none"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stderr, b"");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["version"], 1);
    let mut all = found["diagnostics"].as_array().unwrap().iter();
    let open = all.find(|finding| finding["code"] == "AR0002").unwrap();
    assert_eq!(open["line"], 2);
    assert_eq!(open["related"][0]["column"], 5, "where the list was opened");
    assert!(
        found["failures"][0]
            .as_str()
            .unwrap()
            .contains("cannot read none")
    );

    let output = run_in(&home.path(""), &["fmt", "--format=json", "deep"], b"");
    assert_eq!(output.stdout, b"b = 1\n", "the text that was asked for");
    let found: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(found["diagnostics"].as_array().unwrap().len(), 1);

    let human = run_in(
        &home.path(""),
        &["check", "--format=human", "deep/broken.alloy"],
        b"",
    );
    let human = String::from_utf8(human.stderr).unwrap();
    assert!(human.contains("this list is never closed"), "{human}");
    assert!(!human.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn expressions_have_values() {
    let home = Home::new();
    let here = home.path("");
    home.write("vars.json", r#"{"host": "db", "ports": [80, 443]}"#);
    let format = "string.format(\"%s:%v\", host, ports[1])";
    for (arguments, stdin, wanted) in [
        (&["eval", "1 + 2 * 3"][..], "", "7\n"),
        (&["eval", "-1"], "", "-1\n"),
        (&["eval", "-"], "{a = [1, \"x\"]}\n", "{a = [1, \"x\"]}\n"),
        (&["eval"], "2 ^ 10", "1024\n"),
        (&["eval", "--scope", "vars.json", format], "", "\"db:443\"\n"),
        (
            &["eval", "--json", "[1, 1.5, 18446744073709551615]"],
            "",
            "{\"list\":[{\"int\":\"1\"},{\"float\":\"1.5\"},{\"uint\":\"18446744073709551615\"}]}\n",
        ),
    ] {
        assert_eq!(
            told(&here, arguments, stdin),
            format!("0\n{wanted}---\n"),
            "{arguments:?}"
        );
    }
}

#[test]
fn what_is_wrong_with_an_expression_is_told() {
    let home = Home::new();
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["eval", "1 / 0"], ""), @"
    1
    ---
    <expression>:1:5: error[AR0155]: divide by zero error
    ");
    insta::assert_snapshot!(told(&here, &["eval", "--json", "[hots]"], ""), @r#"
    1
    {
      "version": 1,
      "diagnostics": [
        {
          "file": "<expression>",
          "line": 1,
          "column": 2,
          "end_line": 1,
          "end_column": 6,
          "severity": "error",
          "code": "AR0150",
          "message": "identifier \"hots\" does not exist",
          "help": "if text is meant, write it in double quotes: \"hots\"",
          "fix": null
        }
      ]
    }
    ---
    "#);
    // A warning never stops anything.
    insta::assert_snapshot!(told(&here, &["eval", "concat([1], [2])"], ""), @"
    0
    [1, 2]
    ---
    <expression>:1:1: warning[AR0165]: concat is deprecated, use array.concat (write array.concat)
    ");
    // A second line is not left out silently.
    insta::assert_snapshot!(told(&here, &["eval", "-"], "1\n2\n"), @"
    0
    1
    ---
    <stdin>:2:1: warning[AR0001]: the expression ended with its line: this is left out (to go on, end the line with an operator or put the expression in parentheses)
    ");
    insta::assert_snapshot!(told(&here, &["eval", "--scope", "none.json", "1"], ""), @"
    2
    ---
    alloy-rs eval: cannot read the scope none.json: No such file or directory (os error 2)
    ");
    let bytes = run_in(&here, &["eval", "-"], b"\"\xff\"");
    assert_eq!(bytes.status.code(), Some(1));
    assert!(String::from_utf8(bytes.stderr).unwrap().contains("AR0014"));
}

#[test]
fn codes_are_explained() {
    let home = Home::new();
    let here = home.path("");
    insta::assert_snapshot!(told(&here, &["explain", "AR0006"], ""), @r#"
    0
    # AR0006: single quotes

    Strings stand in double quotes, or in backticks where no escape is wanted.

    ```alloy
    local.file "a" {
    	filename = '/etc/hosts'
    }
    ```

    Write `"/etc/hosts"`.
    ---
    "#);
    insta::assert_snapshot!(told(&here, &["explain", "AR006"], ""), @"
    2
    ---
    alloy-rs explain: there is no code AR006; did you mean AR0006?
    ");
    let list = told(&here, &["explain"], "");
    for line in [
        "AR0001  unexpected token\n",
        "AR0100  unknown attribute\n",
        "AR0201  ",
    ] {
        assert!(list.contains(line), "{list}");
    }
}
