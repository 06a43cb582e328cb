//! Findings as JSON, the form that programs and editors read.

use super::batch::Batch;
use super::statistics::Count;
use river_syntax::{Diagnostic, Sources, Span};

/// Version of the JSON form; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// A place as programs read it; lines and columns count from 1, columns in bytes.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Place<'s> {
    file: &'s str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'s> Place<'s> {
    pub(crate) fn new(sources: &'s Sources, span: Span) -> Self {
        let file = sources.get(span.file);
        let place = |offset| {
            file.map_or((0, 0), |file| {
                let at = file.line_column(offset);
                (at.line, at.column)
            })
        };
        let ((line, column), (end_line, end_column)) = (place(span.start), place(span.end));
        Self {
            file: file.map_or("", |file| file.name()),
            line,
            column,
            end_line,
            end_column,
        }
    }
}

/// A place with words beside it.
#[derive(Debug, serde::Serialize)]
struct Beside<'s> {
    #[serde(flatten)]
    place: Place<'s>,
    text: &'s str,
}

/// A change that mends a finding.
#[derive(Debug, serde::Serialize)]
struct Mend<'s> {
    title: &'s str,
    /// Whether it may be applied without a person looking at it.
    safe: bool,
    edits: Vec<Replacement<'s>>,
}

/// One replacement of a change.
#[derive(Debug, serde::Serialize)]
struct Replacement<'s> {
    #[serde(flatten)]
    place: Place<'s>,
    replacement: &'s str,
}

/// A finding as programs read it.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Finding<'s> {
    #[serde(flatten)]
    place: Place<'s>,
    severity: &'static str,
    code: &'static str,
    message: &'s str,
    help: Option<&'s str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Beside<'s>>,
    fix: Option<Mend<'s>>,
}

impl<'s> Finding<'s> {
    pub(crate) fn new(sources: &'s Sources, diagnostic: &'s Diagnostic) -> Self {
        let related = diagnostic.secondary.iter().map(|label| Beside {
            place: Place::new(sources, label.span),
            text: &label.text,
        });
        let fix = diagnostic.fix.as_ref().map(|fix| Mend {
            title: &fix.title,
            safe: fix.safe,
            edits: fix
                .edits
                .iter()
                .map(|edit| Replacement {
                    place: Place::new(sources, edit.span),
                    replacement: &edit.replacement,
                })
                .collect(),
        });
        Self {
            place: Place::new(sources, diagnostic.primary.span),
            severity: diagnostic.severity.as_str(),
            code: diagnostic.code.id,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            related: related.collect(),
            fix,
        }
    }
}

/// Findings with the version of their form.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Findings<'s> {
    version: u32,
    diagnostics: Vec<Finding<'s>>,
    /// What could not be read or written.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    failures: &'s [String],
    /// How often each code was found, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Vec<Count>>,
}

/// Diagnostics of one configuration as JSON values.
pub(crate) fn findings<'s>(sources: &'s Sources, diagnostics: &'s [Diagnostic]) -> Findings<'s> {
    let all = diagnostics
        .iter()
        .map(|diagnostic| Finding::new(sources, diagnostic));
    Findings {
        version: VERSION,
        diagnostics: all.collect(),
        failures: &[],
        statistics: None,
    }
}

/// The whole document.
pub(crate) fn document(batch: &Batch, statistics: Option<Vec<Count>>) -> String {
    pretty(&Findings {
        version: VERSION,
        diagnostics: batch
            .findings()
            .map(|(sources, diagnostic)| Finding::new(sources, diagnostic))
            .collect(),
        failures: &batch.failures,
        statistics,
    })
}

/// A JSON text with a line's end.
pub(crate) fn pretty(value: &impl serde::Serialize) -> String {
    // Texts and numbers only: nothing in it cannot be written as JSON.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
