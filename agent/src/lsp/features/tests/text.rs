//! What only needs the text: shown as people see it, and on texts that nobody would write.

use crate::lsp::documents::Document;
use crate::lsp::features::{folding, formatting, selection, symbols, tokens};
use crate::lsp::positions::Encoding;
use lsp_types::{DocumentSymbol, DocumentSymbolResponse, Position, Range, TextEdit, Uri};
use proptest::prelude::*;
use river_syntax::FileId;
use std::str::FromStr;

pub(crate) fn document(text: &str) -> Document {
    let uri = Uri::from_str("file:///tmp/config.alloy").unwrap();
    Document::new(uri, FileId(0), Some(1), text, Encoding::Utf16)
}

const TEXT: &str = "// Where logs go.\n// Both of them.\nloki.write \"größe\" {\n\tendpoint {\n\t\turl = string.format(\"%s\",\n\t\t\t`a\nb`,\n\t\t)\n\t}\n}\n\ndeclare \"x\" {\n\tloki.echo \"y\" { }\n}\n";

fn shown(document: &Document, range: Range) -> &str {
    let bytes = document.index.bytes(range);
    &document.text()[bytes.start as usize..bytes.end as usize]
}

#[test]
fn an_outline_holds_blocks_and_attributes_also_of_a_broken_text() {
    fn lines(document: &Document, symbols: &[DocumentSymbol], depth: usize, found: &mut String) {
        for symbol in symbols {
            let selected = shown(document, symbol.selection_range);
            *found += &format!(
                "{}{} {:?} ({selected})\n",
                "  ".repeat(depth),
                symbol.name,
                symbol.kind
            );
            lines(
                document,
                symbol.children.as_deref().unwrap_or_default(),
                depth + 1,
                found,
            );
        }
    }
    let document = document(&format!("{TEXT}loki.source.file \"z\" {{\n\ttargets = [\n"));
    let DocumentSymbolResponse::Nested(symbols) = symbols::outline(&document, true) else {
        panic!("a tree was asked for");
    };
    let mut found = String::new();
    lines(&document, &symbols, 0, &mut found);
    insta::assert_snapshot!(found, @r#"
    loki.write "größe" Object (loki.write "größe")
      endpoint Struct (endpoint)
        url Property (url)
    declare "x" Class (declare "x")
      loki.echo "y" Object (loki.echo "y")
    loki.source.file "z" Object (loki.source.file "z")
      targets Property (targets)
    "#);
}

#[test]
fn brackets_and_comments_fold() {
    let document = document(TEXT);
    let told: Vec<String> = folding::ranges(&document)
        .iter()
        .map(|range| format!("{}-{} {:?}", range.start_line, range.end_line, range.kind))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    0-1 Some(Comment)
    2-8 None
    3-7 None
    4-6 None
    5-6 None
    11-12 None
    ");
}

/// Each token with what it is, read as a client reads it.
fn read_tokens(document: &Document, range: Option<Range>) -> Vec<String> {
    let legend = tokens::legend();
    let (mut line, mut column) = (0, 0);
    tokens::of(document, range)
        .data
        .iter()
        .map(|token| {
            column = if token.delta_line == 0 { column } else { 0 } + token.delta_start;
            line += token.delta_line;
            let start = Position::new(line, column);
            let end = Position::new(line, column + token.length);
            let text = shown(document, Range::new(start, end));
            let kind = legend.token_types[token.token_type as usize].as_str();
            format!("{text}:{kind}:{}", token.token_modifiers_bitset)
        })
        .collect()
}

#[test]
fn words_are_told_what_they_are() {
    let document = document(TEXT);
    let all = read_tokens(&document, None);
    insta::assert_snapshot!(all.join(" "), @r#"// Where logs go.:comment:0 // Both of them.:comment:0 loki:type:0 write:type:0 "größe":variable:1 endpoint:struct:0 url:property:0 =:operator:0 string:namespace:2 format:function:2 "%s":string:0 `a:string:0 b`:string:0 declare:type:0 "x":variable:1 loki:type:0 echo:type:0 "y":variable:1"#);
    let part = read_tokens(
        &document,
        Some(Range::new(Position::new(4, 3), Position::new(5, 1))),
    );
    assert!(all.windows(part.len()).any(|window| window == part), "{part:?}");
    assert_eq!(part.first().map(String::as_str), Some("url:property:0"));
}

#[test]
fn a_selection_grows_along_the_tree() {
    let document = document("a.b \"l\" {\n  x = f(1 + \"abc\")\n}\n");
    let mut range = Some(Box::new(selection::around(&document, Position::new(1, 14))));
    let mut told = Vec::new();
    while let Some(step) = range {
        told.push(shown(&document, step.range).to_owned());
        range = step.parent;
    }
    insta::assert_snapshot!(told.join("\n---\n"), @r#"
    abc
    ---
    "abc"
    ---
    1 + "abc"
    ---
    f(1 + "abc")
    ---
    x = f(1 + "abc")
    ---
    a.b "l" {
      x = f(1 + "abc")
    }
    ---
    a.b "l" {
      x = f(1 + "abc")
    }
    "#);
}

/// The text with edits applied.
fn edited(document: &Document, edits: Vec<TextEdit>) -> String {
    let mut text = document.text().to_owned();
    for edit in edits {
        let bytes = document.index.bytes(edit.range);
        text.replace_range(bytes.start as usize..bytes.end as usize, &edit.new_text);
    }
    text
}

#[test]
fn formatting_changes_the_lines_that_differ() {
    let document = document("a = 1\nb=2\nc = 3\nd=4\ne = 5\n");
    let edits = formatting::document(&document);
    assert_eq!(
        edits[0].range,
        Range::new(Position::new(1, 0), Position::new(3, 3))
    );
    assert_eq!(edited(&document, edits), "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n");
    let line = Range::new(Position::new(3, 0), Position::new(3, 1));
    assert_eq!(
        edited(&document, formatting::range(&document, line)),
        "a = 1\nb=2\nc = 3\nd = 4\ne = 5\n"
    );
}

proptest! {
    #[test]
    fn formatting_by_edits_is_formatting(
        text in "([a-c] ?= ?[0-9]{1,2} ?(//x)?\n{1,2}|b \\{\n? *x=1\n\\}\n|é = 1\n){0,12}",
    ) {
        let document = document(&text);
        if let Ok(formatted) = river_syntax::format(&text) {
            prop_assert_eq!(edited(&document, formatting::document(&document)), formatted);
        }
    }

    #[test]
    fn any_text_has_answers(
        text in "([a-c]\\.?|=|\"|`|\\{|\\}|\\[|\\]|\\(|\\)|//|/\\*|\\*/|,|\n|\r\n|é|\u{10000}| |f\\(|x = |b \"l\" \\{\n){0,40}",
        line in 0u32..12, character in 0u32..12,
    ) {
        let document = document(&text);
        let position = Position::new(line, character);
        symbols::outline(&document, true);
        for range in folding::ranges(&document) {
            prop_assert!(range.start_line < range.end_line && range.end_line < document.index.lines());
        }
        read_tokens(&document, None);
        read_tokens(&document, Some(Range::new(position, Position::new(line + 1, character))));
        let mut step = &selection::around(&document, position);
        while let Some(parent) = &step.parent {
            prop_assert!(parent.range.start <= step.range.start && step.range.end <= parent.range.end);
            prop_assert!(parent.range != step.range);
            step = parent;
        }
        formatting::document(&document);
        formatting::range(&document, Range::new(position, position));
    }
}
