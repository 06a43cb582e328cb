//! The reference formatter's corpus, where it lies beside the project.

use river_syntax::{FileId, SourceFile, parse_expression, parse_file};
use std::path::PathBuf;

/// The folder of shared data, or why there is none.
fn shared(path: &str) -> Option<String> {
    let folder = std::env::var_os("ALLOY_RS_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join(path));
    if let Err(error) = &text {
        println!("skipped: {}: {error}", folder.join(path).display());
    }
    text.ok()
}

fn rows(text: &str) -> impl Iterator<Item = serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a row is JSON"))
}

/// Line and column of the first error, or nothing.
fn first_error(text: &str, errors: &[river_syntax::Diagnostic]) -> Option<(u64, u64)> {
    let file = SourceFile::new("", text);
    let at = file.line_column(errors.first()?.primary.span.start);
    Some((at.line.into(), at.column.into()))
}

#[test]
fn files_parse_and_fail_where_the_reference_does() {
    let Some(text) = shared("corpus/fmt.jsonl") else {
        return;
    };
    let mut differences = Vec::new();
    for row in rows(&text) {
        let input = row["input"].as_str().expect("input");
        let parse = parse_file(FileId(0), input);
        let ours = first_error(input, &parse.errors);
        let theirs = row["errors"].as_array().and_then(|errors| {
            let first = errors.first()?;
            Some((first["line"].as_u64()?, first["col"].as_u64()?))
        });
        let theirs = if row["ok"] == true { None } else { theirs };
        if ours != theirs {
            let message = parse.errors.first().map(|error| error.message.clone());
            differences.push(format!(
                "{} ours {ours:?} {message:?}, reference {theirs:?} {}",
                row["id"], row["errors"]
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn expressions_fail_where_the_reference_does() {
    let Some(text) = shared("vectors/expr.jsonl") else {
        return;
    };
    let mut differences = Vec::new();
    for row in rows(&text) {
        let input = row["expr"].as_str().expect("expr");
        let parse = parse_expression(FileId(0), input);
        let ours = first_error(input, &parse.errors);
        let theirs = (row["stage"] == "parse").then(|| {
            (
                row["errors"][0]["line"].as_u64().unwrap_or(0),
                row["errors"][0]["col"].as_u64().unwrap_or(0),
            )
        });
        if ours != theirs && row["better"].is_null() {
            let message = parse.errors.first().map(|error| error.message.clone());
            differences.push(format!(
                "{} {input:?} ours {ours:?} {message:?}, reference {theirs:?} {}",
                row["id"], row["errors"]
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
