//! Findings as the protocol tells them.

use crate::lsp::documents::Document;
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString, Range,
};
use river_eval::codes::eval::DEPRECATED_NAME;
use river_syntax::{Diagnostic, Severity, Span};

/// A finding of a document. `place` tells where a span of any file lies.
pub(crate) fn diagnostic(
    document: &Document,
    found: &Diagnostic,
    related: bool,
    place: impl Fn(Span) -> Option<Location>,
) -> lsp_types::Diagnostic {
    let mut message = found.message.clone();
    if let Some(help) = &found.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let others: Vec<DiagnosticRelatedInformation> = found
        .secondary
        .iter()
        .filter_map(|label| {
            Some(DiagnosticRelatedInformation {
                location: place(label.span)?,
                message: label.text.to_string(),
            })
        })
        .collect();
    lsp_types::Diagnostic {
        range: visible(document, found.primary.span),
        severity: Some(match found.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            // A remark that needs no action does not deserve a line under the words.
            Severity::Info => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(found.code.id.to_owned())),
        source: Some("alloy-rs".to_owned()),
        tags: (found.code.id == DEPRECATED_NAME.id).then(|| vec![DiagnosticTag::DEPRECATED]),
        message,
        related_information: (related && !others.is_empty()).then_some(others),
        ..lsp_types::Diagnostic::default()
    }
}

/// A place that an editor can underline: one without width gets the character before it, or after it at a line's beginning.
fn visible(document: &Document, span: Span) -> Range {
    let index = &document.index;
    if span.end > span.start {
        return index.range(span);
    }
    let line = index.line_of(span.start);
    let before = document
        .text()
        .get(index.line_start(line) as usize..span.start as usize)
        .and_then(|text| text.chars().next_back());
    let after = document
        .text()
        .get(span.start as usize..index.line_end(line) as usize)
        .and_then(|text| text.chars().next());
    match (before, after) {
        (Some(before), _) => index.range(document.span(span.start - before.len_utf8() as u32..span.start)),
        (None, Some(after)) => index.range(document.span(span.start..span.start + after.len_utf8() as u32)),
        (None, None) => index.range(span),
    }
}
