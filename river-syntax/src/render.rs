//! Diagnostics as text: a line each, and as a miette report for graphical handlers.

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, SourceFile, Sources};
use std::fmt;

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// `FILE:LINE:COL: severity[CODE]: message (help)`, on one line.
pub fn concise(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let mut line = String::new();
    if let Some(file) = sources.get(diagnostic.primary.span.file) {
        let at = file.line_column(diagnostic.primary.span.start);
        line = format!("{}:{}:{}: ", file.name(), at.line, at.column);
    }
    line.push_str(&format!(
        "{}[{}]: {}",
        diagnostic.severity.as_str(),
        diagnostic.code.id,
        diagnostic.message
    ));
    if let Some(help) = &diagnostic.help {
        line.push_str(" (");
        line.push_str(help);
        line.push(')');
    }
    line
}

/// A diagnostic joined with the texts that it speaks of: what a miette handler draws.
///
/// miette knows one text for each report, so labels in other files are related reports.
pub struct Report<'s> {
    sources: &'s Sources,
    diagnostic: &'s Diagnostic,
    file: FileId,
    /// Labels in other files, each as a report of its own.
    related: Vec<Related<'s>>,
}

/// A label in another file than the diagnostic's.
struct Related<'s> {
    file: Option<&'s SourceFile>,
    label: &'s Label,
}

impl<'s> Report<'s> {
    /// Joins them.
    pub fn new(sources: &'s Sources, diagnostic: &'s Diagnostic) -> Self {
        let file = diagnostic.primary.span.file;
        let elsewhere = diagnostic
            .secondary
            .iter()
            .filter(|label| label.span.file != file);
        let related = elsewhere
            .map(|label| Related {
                file: sources.get(label.span.file).map(|file| &**file),
                label,
            })
            .collect();
        Self {
            sources,
            diagnostic,
            file,
            related,
        }
    }
}

fn labelled(label: &Label) -> miette::LabeledSpan {
    let text = (!label.text.is_empty()).then(|| label.text.to_string());
    let span = label.span;
    miette::LabeledSpan::new(text, span.start as usize, (span.end - span.start) as usize)
}

fn contents<'a>(
    file: Option<&'a SourceFile>,
    span: &miette::SourceSpan,
    before: usize,
    after: usize,
) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
    let file = file.ok_or(miette::MietteError::OutOfBounds)?;
    let contents = miette::SourceCode::read_span(&**file.text(), span, before, after)?;
    Ok(Box::new(miette::MietteSpanContents::new_named(
        file.name().to_owned(),
        contents.data(),
        *contents.span(),
        contents.line(),
        contents.column(),
        contents.line_count(),
    )))
}

impl miette::SourceCode for Report<'_> {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        contents(
            self.sources.get(self.file).map(|file| &**file),
            span,
            before,
            after,
        )
    }
}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code.id))
    }

    /// Where the code's page is: a command, as it works without a network.
    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("alloy-rs explain {}", self.diagnostic.code.id)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.sources
            .get(self.file)
            .map(|_| self as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let primary = &self.diagnostic.primary;
        let span = primary.span;
        let text = if primary.text.is_empty() {
            "here".to_owned()
        } else {
            primary.text.to_string()
        };
        let first = miette::LabeledSpan::new_primary_with_span(
            Some(text),
            (span.start as usize, (span.end - span.start) as usize),
        );
        let here = self
            .diagnostic
            .secondary
            .iter()
            .filter(|label| label.span.file == self.file)
            .map(labelled);
        Some(Box::new(std::iter::once(first).chain(here)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(
            self.related
                .iter()
                .map(|related| related as &dyn miette::Diagnostic),
        ))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.diagnostic, f)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::SourceCode for Related<'_> {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        contents(self.file, span, before, after)
    }
}

impl miette::Diagnostic for Related<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.file.map(|_| self as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(labelled(self.label))))
    }
}

impl fmt::Display for Related<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label.text)
    }
}

impl fmt::Debug for Related<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.label, f)
    }
}

impl std::error::Error for Related<'_> {}
