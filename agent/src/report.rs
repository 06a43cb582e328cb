//! Tells people and programs about diagnostics: graphically on a terminal, a line each elsewhere.

use miette::{GraphicalReportHandler, GraphicalTheme};
use river_syntax::{Diagnostic, Severity, Sources};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// Diagnostics that are told at the most; beyond, only their number.
const MAX_TOLD: usize = 100;

/// Columns of the graphical form where the terminal does not say.
const DEFAULT_WIDTH: usize = 110;

/// How to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// With the source text; in colour or not.
    Graphical { colour: bool },
    /// `FILE:LINE:COL: severity[CODE]: message`.
    Concise,
}

/// Tells diagnostics on a stream.
#[derive(Debug)]
pub(crate) struct Reporter {
    style: Style,
}

impl Reporter {
    /// For standard error: graphical on a terminal, with colour unless `NO_COLOR` is set.
    pub(crate) fn stderr() -> Self {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let style = if std::io::stderr().is_terminal() {
            Style::Graphical { colour }
        } else {
            Style::Concise
        };
        Self { style }
    }

    /// Writes them to standard error, errors first, with a line that counts them.
    pub(crate) fn print(&self, sources: &Sources, diagnostics: &[Diagnostic]) {
        // There is nowhere left to say that stderr is closed.
        drop(
            std::io::stderr()
                .lock()
                .write_all(self.render(sources, diagnostics).as_bytes()),
        );
    }

    fn render(&self, sources: &Sources, diagnostics: &[Diagnostic]) -> String {
        let mut out = String::new();
        for diagnostic in diagnostics.iter().take(MAX_TOLD) {
            match self.style {
                Style::Concise => concise(&mut out, sources, diagnostic),
                Style::Graphical { colour } => graphical(&mut out, sources, diagnostic, colour),
            }
        }
        if diagnostics.len() > MAX_TOLD {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(out, "(and {} more diagnostics)", diagnostics.len() - MAX_TOLD);
        }
        out
    }
}

/// The plain form, for logs and HTTP answers too.
pub(crate) fn text(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    Reporter {
        style: Style::Concise,
    }
    .render(sources, diagnostics)
}

/// A finding as programs read it.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Finding<'s> {
    file: &'s str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    severity: &'static str,
    code: &'static str,
    message: &'s str,
    help: Option<&'s str>,
}

/// Findings with the version of their form.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Findings<'s> {
    version: u32,
    diagnostics: Vec<Finding<'s>>,
}

/// Diagnostics as JSON values.
pub(crate) fn json<'s>(sources: &'s Sources, diagnostics: &'s [Diagnostic]) -> Findings<'s> {
    let finding = |diagnostic: &'s Diagnostic| {
        let span = diagnostic.primary.span;
        let file = sources.get(span.file);
        let place = |offset| {
            file.map_or((0, 0), |file| {
                let at = file.line_column(offset);
                (at.line, at.column)
            })
        };
        let ((line, column), (end_line, end_column)) = (place(span.start), place(span.end));
        Finding {
            file: file.map_or("", |file| file.name()),
            line,
            column,
            end_line,
            end_column,
            severity: diagnostic.severity.as_str(),
            code: diagnostic.code.id,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
        }
    };
    Findings {
        version: 1,
        diagnostics: diagnostics.iter().map(finding).collect(),
    }
}

/// How many there are of a severity.
pub(crate) fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == severity)
        .count()
}

fn concise(out: &mut String, sources: &Sources, diagnostic: &Diagnostic) {
    let _ = writeln!(out, "{}", river_syntax::render::concise(sources, diagnostic));
}

fn graphical(out: &mut String, sources: &Sources, diagnostic: &Diagnostic, colour: bool) {
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(DEFAULT_WIDTH)
        .with_links(false);
    let report = river_syntax::render::Report::new(sources, diagnostic);
    let _ = handler.render_report(out, &report);
    out.push('\n');
}
