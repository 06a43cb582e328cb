//! Growing a selection along the tree: token, expression, statement, body, block, file.

use crate::lsp::documents::Document;
use crate::lsp::tree::nodes_at;
use lsp_types::{Position, SelectionRange};
use river_syntax::{Span, SyntaxKind};

/// Steps of a selection. Clients read them recursively; of deeper nests the outermost are left out.
const MAX_STEPS: usize = 64;

/// The ranges around a place, innermost first.
pub(crate) fn around(document: &Document, position: Position) -> SelectionRange {
    let offset = document.index.offset(position);
    let parse = document.parse();
    let tree = &parse.tree;
    let mut spans: Vec<Span> = nodes_at(parse, offset).iter().map(|node| node.span()).collect();
    // A caret behind a word means the word.
    let mut token = tree.tokens().at_offset(offset);
    if tree.tokens().start(token) == offset
        && tree.tokens().kind(token).is_trivia()
        && let Some(before) = token.checked_sub(1)
    {
        token = before;
    }
    if matches!(
        tree.tokens().kind(token),
        SyntaxKind::String | SyntaxKind::RawString
    ) {
        let string = tree.token_span(token);
        let inner = Span::new(string.file, string.start + 1, string.end.saturating_sub(1));
        if inner.start <= offset && offset <= inner.end {
            spans.extend([string, inner]);
        }
    } else if !tree.tokens().is_empty() && tree.tokens().kind(token) != SyntaxKind::Newline {
        spans.push(tree.token_span(token));
    }
    let mut answer = None;
    let skipped = spans.len().saturating_sub(MAX_STEPS);
    let mut last = None;
    for span in spans.into_iter().skip(skipped) {
        // Each range lies in the one around it and differs from it.
        if last.is_some_and(|last: Span| last == span || span.start < last.start || span.end > last.end) {
            continue;
        }
        last = Some(span);
        answer = Some(SelectionRange {
            range: document.index.range(span),
            parent: answer.map(Box::new),
        });
    }
    answer.unwrap_or(SelectionRange {
        range: document.index.range(document.span(offset..offset)),
        parent: None,
    })
}
