//! What can be folded: blocks, lists, objects, calls, raw strings, and comments of several lines.

use crate::lsp::documents::Document;
use lsp_types::{FoldingRange, FoldingRangeKind};
use river_syntax::{Span, SyntaxKind};

/// Ranges of lines that can be folded, in order of their beginnings.
pub(crate) fn ranges(document: &Document) -> Vec<FoldingRange> {
    let mut found = Vec::new();
    brackets(document, &mut found);
    comments(document, &mut found);
    found.sort_by_key(|range| (range.start_line, std::cmp::Reverse(range.end_line)));
    // Two brackets that open on the same line fold together: the outer one.
    found.dedup_by_key(|range| range.start_line);
    found
}

/// From each bracket to the one that closes it; the closing one's line stays in sight.
fn brackets(document: &Document, found: &mut Vec<FoldingRange>) {
    let tree = &document.parse().tree;
    let mut open = Vec::new();
    for token in 0..tree.tokens().len() as u32 {
        let kind = tree.tokens().kind(token);
        match kind {
            SyntaxKind::LCurly | SyntaxKind::LBrack | SyntaxKind::LParen => open.push((kind, token)),
            SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => {
                // In a broken text a bracket may be missing: what is inside of its neighbour's pair is forgotten.
                let Some(at) = open.iter().rposition(|&(left, _)| pair(left) == kind) else {
                    continue;
                };
                let from = open.get(at).map_or(token, |&(_, from)| from);
                open.truncate(at);
                let first = document.index.line_of(tree.tokens().start(from));
                let last = document
                    .index
                    .line_of(tree.tokens().start(token))
                    .saturating_sub(1);
                push(found, first, last, None);
            }
            SyntaxKind::RawString => lines(document, tree.token_span(token), None, found),
            _ => {}
        }
    }
}

fn pair(left: SyntaxKind) -> SyntaxKind {
    match left {
        SyntaxKind::LCurly => SyntaxKind::RCurly,
        SyntaxKind::LBrack => SyntaxKind::RBrack,
        _ => SyntaxKind::RParen,
    }
}

/// Block comments, and runs of line comments without an empty line between.
fn comments(document: &Document, found: &mut Vec<FoldingRange>) {
    let tree = &document.parse().tree;
    let tokens = tree.tokens();
    let mut run: Option<(u32, u32)> = None;
    // Whether something that is no layout stands before on the line.
    let mut line_begun = false;
    for (token, &kind) in (0u32..).zip(tokens.kinds()) {
        match kind {
            SyntaxKind::Newline => line_begun = false,
            SyntaxKind::Whitespace | SyntaxKind::ByteOrderMark => {}
            SyntaxKind::LineComment if !line_begun => {
                let line = document.index.line_of(tokens.start(token));
                run = match run {
                    Some((first, last)) if last + 1 == line => Some((first, line)),
                    _ => {
                        finish(run, found);
                        Some((line, line))
                    }
                };
                line_begun = true;
            }
            _ => {
                if matches!(kind, SyntaxKind::BlockComment) {
                    lines(
                        document,
                        tree.token_span(token),
                        Some(FoldingRangeKind::Comment),
                        found,
                    );
                }
                line_begun = true;
            }
        }
    }
    finish(run, found);
}

fn finish(run: Option<(u32, u32)>, found: &mut Vec<FoldingRange>) {
    if let Some((first, last)) = run {
        push(found, first, last, Some(FoldingRangeKind::Comment));
    }
}

fn lines(document: &Document, span: Span, kind: Option<FoldingRangeKind>, found: &mut Vec<FoldingRange>) {
    let (first, last) = (
        document.index.line_of(span.start),
        document.index.line_of(span.end.saturating_sub(1)),
    );
    push(found, first, last, kind);
}

fn push(found: &mut Vec<FoldingRange>, first: u32, last: u32, kind: Option<FoldingRangeKind>) {
    if last > first {
        found.push(FoldingRange {
            start_line: first,
            end_line: last,
            kind,
            ..FoldingRange::default()
        });
    }
}
