//! The canonical format, as the smallest run of lines that changes.

use crate::lsp::documents::Document;
use lsp_types::{Range, TextEdit};

/// What formatting the document changes; nothing where it has syntax errors.
pub(crate) fn document(document: &Document) -> Vec<TextEdit> {
    match river_syntax::format_parsed(document.parse()) {
        Some(formatted) => difference(document, 0..document.text().len() as u32, &formatted),
        None => Vec::new(),
    }
}

/// What formatting the statements that a range touches changes.
pub(crate) fn range(document: &Document, range: Range) -> Vec<TextEdit> {
    let bytes = document.index.bytes(range);
    match river_syntax::format_range(document.parse(), document.span(bytes)) {
        Some((span, formatted)) => difference(document, span.start..span.end, &formatted),
        None => Vec::new(),
    }
}

/// One edit without the lines at both ends that stay: marks and folds of the editor hold there.
pub(crate) fn difference(document: &Document, place: std::ops::Range<u32>, new: &str) -> Vec<TextEdit> {
    let old = document
        .text()
        .get(place.start as usize..place.end as usize)
        .unwrap_or("");
    if old == new {
        return Vec::new();
    }
    let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    // Back to the last line break before the first difference.
    let head = memchr::memrchr(b'\n', old.as_bytes().get(..same).unwrap_or_default()).map_or(0, |at| at + 1);
    let (old, new) = (old.get(head..).unwrap_or(""), new.get(head..).unwrap_or(""));
    let same = old
        .bytes()
        .rev()
        .zip(new.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    // Forward to the first line break behind the last difference.
    let tail_bytes = old.as_bytes().get(old.len() - same..).unwrap_or_default();
    let tail = memchr::memchr(b'\n', tail_bytes).map_or(0, |at| same - at);
    let start = place.start + head as u32;
    let end = place.end - tail as u32;
    vec![TextEdit {
        range: document.index.range(document.span(start..end)),
        new_text: new.get(..new.len() - tail).unwrap_or("").to_owned(),
    }]
}
