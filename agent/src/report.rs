//! Tells people and programs about diagnostics: graphically on a terminal, a line each elsewhere, as JSON where that is asked for.

use miette::{GraphicalReportHandler, GraphicalTheme};
use river_syntax::{Diagnostic, Severity, Sources, Span};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// Diagnostics that are told at the most; beyond, only their number.
const MAX_TOLD: usize = 100;

/// Columns of the graphical form where the terminal does not say.
const DEFAULT_WIDTH: usize = 110;

/// How to tell, as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// With the text and the places drawn
    Human,
    /// A line each, `FILE:LINE:COL: severity[CODE]: message`
    Concise,
    /// One JSON document
    Json,
}

/// How to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// With the source text; in colour or not.
    Graphical { colour: bool },
    /// `FILE:LINE:COL: severity[CODE]: message`.
    Concise,
    /// One JSON document.
    Json,
}

/// Whether to use colours on a stream: on a terminal, unless `NO_COLOR` is set.
pub(crate) fn colour(terminal: bool) -> bool {
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Tells diagnostics on a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reporter {
    style: Style,
}

impl Reporter {
    /// For standard error: as asked for; otherwise graphical on a terminal and a line each elsewhere.
    pub(crate) fn stderr(format: Option<Format>) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let graphical = Style::Graphical {
            colour: colour(terminal),
        };
        let style = match format {
            Some(Format::Human) => graphical,
            Some(Format::Concise) => Style::Concise,
            Some(Format::Json) => Style::Json,
            None if terminal => graphical,
            None => Style::Concise,
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
                Style::Graphical { colour } => graphical(&mut out, sources, diagnostic, colour),
                Style::Concise | Style::Json => concise(&mut out, sources, diagnostic),
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

/// Where a JSON document goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonTo {
    /// The findings are what was asked for.
    Stdout,
    /// Standard output holds something else.
    Stderr,
}

/// Tells the findings of a command: at once, or in the end as one JSON document.
#[derive(Debug)]
pub(crate) struct Told {
    reporter: Reporter,
    command: &'static str,
    json_to: JsonTo,
    /// Kept for the JSON document only.
    kept: Vec<(Sources, Vec<Diagnostic>)>,
    failures: Vec<String>,
}

impl Told {
    /// Nothing told yet.
    pub(crate) fn new(reporter: Reporter, command: &'static str, json_to: JsonTo) -> Self {
        Self {
            reporter,
            command,
            json_to,
            kept: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Whether a JSON document will be written.
    pub(crate) fn is_json(&self) -> bool {
        self.reporter.style == Style::Json
    }

    /// Findings in texts.
    pub(crate) fn add(&mut self, sources: Sources, diagnostics: Vec<Diagnostic>) {
        match self.is_json() {
            true => self.kept.push((sources, diagnostics)),
            false => self.reporter.print(&sources, &diagnostics),
        }
    }

    /// A text that cannot be read or written.
    pub(crate) fn fail(&mut self, message: String) {
        match self.is_json() {
            true => self.failures.push(message),
            false => drop(writeln!(
                std::io::stderr(),
                "alloy-rs {}: {message}",
                self.command
            )),
        }
    }

    /// Writes the JSON document, where that is the form.
    pub(crate) fn finish(self) {
        if !self.is_json() {
            return;
        }
        let document = self.document();
        // There is nowhere left to say that a stream is closed.
        drop(match self.json_to {
            JsonTo::Stdout => std::io::stdout().lock().write_all(document.as_bytes()),
            JsonTo::Stderr => std::io::stderr().lock().write_all(document.as_bytes()),
        });
    }

    fn document(&self) -> String {
        let findings = Findings {
            version: VERSION,
            diagnostics: self
                .kept
                .iter()
                .flat_map(|(sources, diagnostics)| {
                    diagnostics
                        .iter()
                        .map(|diagnostic| Finding::new(sources, diagnostic))
                })
                .collect(),
            failures: &self.failures,
        };
        // Text and numbers only: nothing in it cannot be written as JSON.
        let mut text = serde_json::to_string_pretty(&findings).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Version of the JSON form; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// A place as programs read it; lines and columns count from 1, columns in bytes.
#[derive(Debug, serde::Serialize)]
struct Place<'s> {
    file: &'s str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'s> Place<'s> {
    fn new(sources: &'s Sources, span: Span) -> Self {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Mend<'s>>,
}

impl<'s> Finding<'s> {
    fn new(sources: &'s Sources, diagnostic: &'s Diagnostic) -> Self {
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
}

/// Diagnostics as JSON values.
pub(crate) fn json<'s>(sources: &'s Sources, diagnostics: &'s [Diagnostic]) -> Findings<'s> {
    Findings {
        version: VERSION,
        diagnostics: diagnostics
            .iter()
            .map(|diagnostic| Finding::new(sources, diagnostic))
            .collect(),
        failures: &[],
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

#[cfg(test)]
mod tests {
    use super::*;
    use river_syntax::FileId;

    #[test]
    fn the_json_form_has_places_codes_and_ways_out() {
        let mut sources = Sources::new();
        let text = "a = [1,\nb = 2\n";
        sources.add("a.alloy", text);
        let errors = river_syntax::parse_file(FileId(0), text).errors;
        let reporter = Reporter { style: Style::Json };
        let mut told = Told::new(reporter, "fmt", JsonTo::Stderr);
        told.add(sources, errors);
        told.fail("cannot read b.alloy: gone".to_owned());
        insta::assert_snapshot!(told.document(), @r#"
        {
          "version": 1,
          "diagnostics": [
            {
              "file": "a.alloy",
              "line": 2,
              "column": 3,
              "end_line": 2,
              "end_column": 4,
              "severity": "error",
              "code": "AR0002",
              "message": "expected ], got `=`",
              "help": "add the missing `]`",
              "related": [
                {
                  "file": "a.alloy",
                  "line": 1,
                  "column": 5,
                  "end_line": 1,
                  "end_column": 6,
                  "text": "this list is never closed"
                }
              ]
            }
          ],
          "failures": [
            "cannot read b.alloy: gone"
          ]
        }
        "#);
    }
}
