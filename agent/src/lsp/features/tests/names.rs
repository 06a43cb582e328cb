//! Definitions, references and rename over files, declares and imports.

use super::Fixture;
use crate::lsp::features::{navigation, rename};
use crate::lsp::workspace::Workspace;
use lsp_types::{Position, WorkspaceEdit};

/// What the name at the cursor means, and every place that names it.
fn told(marked: &str, others: &[(&str, &str)]) -> String {
    let fixture = Fixture::with(marked, others);
    let view = fixture.view();
    let Some((meaning, span)) = view.at(fixture.document.index.offset(fixture.position)) else {
        return "nothing".to_owned();
    };
    let definition = meaning.target.definition().unwrap();
    let mut text = format!(
        "{} -> {} {:?} {}\n",
        fixture.document.slice(span),
        fixture.name(&meaning.target.document),
        meaning.target.name(),
        if meaning.exact { "exact" } else { "part" },
    );
    let _ = definition;
    for (document, span) in view.occurrences(&meaning.target) {
        let at = document.index.position(span.start);
        text += &format!(
            "{}:{}:{}\n",
            fixture.name(&document),
            at.line + 1,
            at.character + 1
        );
    }
    text
}

const PIPELINE: &str = "loki.source.file \"a\" {\n\tforward_to = [loki.write.out.receiver]\n}\n\nloki.write \"out\" {\n\tendpoint {\n\t\turl = \"http://x\"\n\t}\n}\n";

#[test]
fn a_label_is_found_from_its_uses_and_its_definition() {
    insta::assert_snapshot!(told(&PIPELINE.replacen("write.out", "write.o$0ut", 1), &[]), @r#"
    out -> main.alloy Some("out") exact
    main.alloy:5:13
    main.alloy:2:27
    "#);
    insta::assert_snapshot!(told(&PIPELINE.replacen("\"out\"", "\"$0out\"", 1), &[]), @r#"
    out -> main.alloy Some("out") exact
    main.alloy:5:13
    main.alloy:2:27
    "#);
    insta::assert_snapshot!(told(&PIPELINE.replacen("receiver", "rec$0eiver", 1), &[]), @r#"
    receiver -> main.alloy Some("out") part
    main.alloy:5:13
    main.alloy:2:27
    "#);
    insta::assert_snapshot!(told(&PIPELINE.replacen("url", "u$0rl", 1), &[]), @"nothing");
}

const DECLARE: &str = "declare \"wrap\" {\n\targument \"to\" { }\n\n\tloki.echo \"in\" { }\n\n\texport \"receiver\" {\n\t\tvalue = argument.to.value\n\t}\n}\n\nwrap \"one\" {\n\tto = loki.echo.in.receiver\n}\n\nloki.echo \"in\" { }\n\nloki.source.file \"f\" {\n\tforward_to = [wrap.one.receiver]\n}\n";

#[test]
fn custom_components_lead_to_their_declare() {
    insta::assert_snapshot!(told(&DECLARE.replacen("\"wrap\"", "\"wr$0ap\"", 1), &[]), @r#"
    wrap -> main.alloy Some("wrap") exact
    main.alloy:1:10
    main.alloy:11:1
    main.alloy:18:16
    "#);
    insta::assert_snapshot!(told(&DECLARE.replacen("\nwrap", "\nwr$0ap", 1), &[]), @r#"
    wrap -> main.alloy Some("wrap") exact
    main.alloy:1:10
    main.alloy:11:1
    main.alloy:18:16
    "#);
    insta::assert_snapshot!(told(&DECLARE.replacen("one.receiver", "one.rec$0eiver", 1), &[]), @r#"
    receiver -> main.alloy Some("receiver") exact
    main.alloy:6:10
    main.alloy:18:25
    "#);
    insta::assert_snapshot!(told(&DECLARE.replacen("argument.to", "argument.t$0o", 1), &[]), @r#"
    to -> main.alloy Some("to") exact
    main.alloy:2:12
    main.alloy:12:2
    main.alloy:7:20
    "#);
}

#[test]
fn a_declare_does_not_see_what_is_outside() {
    // `loki.echo.in` of the file is another one than that of the declare.
    insta::assert_snapshot!(told(&DECLARE.replacen("echo.in.", "echo.i$0n.", 1), &[]), @r#"
    in -> main.alloy Some("in") exact
    main.alloy:15:12
    main.alloy:12:17
    "#);
    let inside = "loki.write \"out\" { }\n\ndeclare \"d\" {\n\tloki.source.file \"f\" {\n\t\tforward_to = [loki.write.o$0ut.receiver]\n\t}\n}\n";
    insta::assert_snapshot!(told(inside, &[]), @"nothing");
}

#[test]
fn a_foreach_sees_what_is_outside_and_its_variable() {
    let text = "loki.write \"out\" { }\n\nforeach \"f\" {\n\tcollection = [1]\n\n\ttemplate {\n\t\tloki.source.file \"f\" {\n\t\t\ttargets    = [it$0em]\n\t\t\tforward_to = [loki.write.out.receiver]\n\t\t}\n\t}\n\tvar = \"item\"\n}\n";
    insta::assert_snapshot!(told(text, &[]), @r#"
    item -> main.alloy Some("item") exact
    main.alloy:12:9
    main.alloy:8:18
    "#);
    insta::assert_snapshot!(told(&text.replacen("$0", "", 1).replacen("write.out", "write.$0out", 1), &[]), @r#"
    out -> main.alloy Some("out") exact
    main.alloy:1:13
    main.alloy:9:29
    "#);
}

#[test]
fn names_of_imports_lead_to_the_imported_file() {
    let module = (
        "lib/m.alloy",
        "declare \"sink\" {\n\targument \"url\" { }\n\n\texport \"receiver\" {\n\t\tvalue = loki.write.w.receiver\n\t}\n\n\tloki.write \"w\" {\n\t\tendpoint {\n\t\t\turl = argument.url.value\n\t\t}\n\t}\n}\n",
    );
    let text = "import.file \"lib\" {\n\tfilename = \"lib/m.alloy\"\n}\n\nlib.sink \"a\" {\n\turl = \"http://x\"\n}\n\nloki.source.file \"f\" {\n\tforward_to = [lib.sink.a.receiver]\n}\n";
    for (from, to) in [
        ("lib.sink \"", "lib.si$0nk \""),
        ("lib.sink.a", "li$0b.sink.a"),
        ("sink.a.", "sink.$0a."),
        ("url =", "$0url ="),
        ("a.receiver", "a.r$0eceiver"),
    ] {
        let text = told(&text.replacen(from, to, 1), &[module]);
        insta::allow_duplicates! { assert!(text != "nothing", "{to}") };
    }
    insta::assert_snapshot!(told(&text.replacen("lib.sink \"", "lib.si$0nk \"", 1), &[module]), @r#"
    sink -> lib/m.alloy Some("sink") exact
    lib/m.alloy:1:10
    main.alloy:5:5
    main.alloy:10:20
    "#);
    insta::assert_snapshot!(told(&text.replacen("sink.a.", "si$0nk.a.", 1), &[module]), @r#"
    sink -> lib/m.alloy Some("sink") exact
    lib/m.alloy:1:10
    main.alloy:5:5
    main.alloy:10:20
    "#);
    insta::assert_snapshot!(told(&text.replacen("a.receiver", "a.re$0ceiver", 1), &[module]), @r#"
    receiver -> lib/m.alloy Some("receiver") exact
    lib/m.alloy:4:10
    main.alloy:10:27
    "#);
    insta::assert_snapshot!(told(&text.replacen("\"lib\"", "\"l$0ib\"", 1), &[module]), @r#"
    lib -> main.alloy Some("lib") exact
    main.alloy:1:14
    main.alloy:5:1
    main.alloy:10:16
    "#);
    let fixture = Fixture::with(&format!("{text}$0"), &[module]);
    let links = navigation::links(&fixture.view());
    assert!(
        links[0]
            .target
            .as_ref()
            .unwrap()
            .as_str()
            .ends_with("/lib/m.alloy"),
        "{links:?}"
    );
}

#[test]
fn files_belong_together_where_one_needs_the_other() {
    let fixture = Fixture::with(
        &PIPELINE.replacen("loki.write \"out\"", "loki.write \"o$0ut\"", 1),
        &[
            (
                "uses.alloy",
                "loki.source.file \"b\" {\n\tforward_to = [loki.write.out.receiver]\n}\n",
            ),
            ("alone.alloy", "loki.echo \"in\" { }\n"),
            ("notes.txt", "loki.write.out"),
        ],
    );
    let names = |workspace: &Workspace| -> Vec<String> {
        let unit = workspace.unit(&fixture.document);
        unit.iter().map(|file| fixture.name(file)).collect()
    };
    assert_eq!(names(&fixture.workspace), ["main.alloy", "uses.alloy"]);
    let places = navigation::references(&fixture.view(), fixture.position, true);
    assert_eq!(places.len(), 3, "{places:?}");
    let found = navigation::workspace_symbols(&fixture.workspace, "lkecho");
    assert_eq!(
        found.iter().map(|symbol| &*symbol.name).collect::<Vec<_>>(),
        ["loki.echo \"in\""]
    );
}

#[test]
fn two_files_that_define_the_same_are_two_configurations() {
    let fixture = Fixture::with(
        &format!("{PIPELINE}$0"),
        &[
            (
                "b.alloy",
                "loki.source.file \"b\" {\n\tforward_to = [loki.write.out.receiver]\n}\n",
            ),
            ("c.alloy", PIPELINE),
        ],
    );
    assert_eq!(fixture.workspace.unit(&fixture.document).len(), 1);
}

/// The changed lines of a rename.
fn renamed(fixture: &Fixture, edit: &WorkspaceEdit) -> Vec<String> {
    let mut lines = Vec::new();
    for (uri, edits) in edit.changes.as_ref().unwrap() {
        let path = crate::lsp::documents::path_of(uri);
        let document = fixture.workspace.at(&path).unwrap();
        for edit in edits {
            let bytes = document.index.bytes(edit.range);
            let line = document.index.line_of(bytes.start);
            let start = document.index.line_start(line) as usize;
            let end = document.index.line_end(line) as usize;
            let text = document.text();
            lines.push(format!(
                "{}: {}{}{}",
                fixture.name(&document),
                text[start..bytes.start as usize].trim_start(),
                edit.new_text,
                &text[bytes.end as usize..end],
            ));
        }
    }
    lines.sort();
    lines
}

#[test]
fn a_label_is_renamed_in_all_files() {
    let fixture = Fixture::with(
        &PIPELINE.replacen("write.out", "write.o$0ut", 1),
        &[(
            "uses.alloy",
            "loki.source.file \"b\" {\n\tforward_to = [loki.write.out.receiver]\n}\n",
        )],
    );
    let edit = rename::rename(&fixture.view(), fixture.position, "sink").unwrap();
    insta::assert_snapshot!(renamed(&fixture, &edit).join("\n"), @r#"
    main.alloy: forward_to = [loki.write.sink.receiver]
    main.alloy: loki.write "sink" {
    uses.alloy: forward_to = [loki.write.sink.receiver]
    "#);
}

#[test]
fn what_cannot_be_renamed_says_so() {
    let fixture = Fixture::new(&PIPELINE.replacen("write.out", "write.o$0ut", 1));
    let refused = |new: &str| {
        format!(
            "{:?}",
            rename::rename(&fixture.view(), fixture.position, new).unwrap_err()
        )
    };
    assert!(refused("not a name").contains("is no name"));
    let twice = Fixture::new(&format!("{PIPELINE}loki.write \"$0b\" {{ }}\n"));
    let refused = format!(
        "{:?}",
        rename::rename(&twice.view(), twice.position, "out").unwrap_err()
    );
    assert!(refused.contains("is there already"), "{refused}");
    let component = Fixture::new(&PIPELINE.replacen("loki.write.out", "lo$0ki.write.out", 1));
    assert!(rename::prepare(&component.view(), component.position).is_err());
    assert!(rename::prepare(&component.view(), Position::new(99, 99)).is_err());
}
