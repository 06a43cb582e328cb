//! Any text as a file and as an expression: a tree of nested nodes, and errors that lie inside the text, in order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use river_syntax::{FileId, Node, Parse, SourceFile, Sources, parse_expression, parse_file, render};

fn nested(node: Node<'_>) {
    let mut end = node.first_token();
    for child in node.children() {
        assert!(
            child.first_token() >= end && child.end_token() <= node.end_token(),
            "{child:?} in {node:?}"
        );
        end = child.end_token();
        nested(child);
    }
}

fn check(text: &str, parse: &Parse) {
    nested(parse.root().expect("a tree has a root"));
    let mut sources = Sources::new();
    sources.add("fuzz", text);
    let file = SourceFile::new("fuzz", text);
    let mut before = 0;
    for error in &parse.errors {
        let span = error.primary.span;
        assert!(span.start >= before && text.get(span.range()).is_some());
        assert!(file.line_column(span.start).line >= 1);
        assert!(!render::concise(&sources, error).contains('\n'));
        before = span.start;
    }
}

fuzz_target!(|text: &str| {
    check(text, &parse_file(FileId(0), text));
    check(text, &parse_expression(FileId(0), text));
});
