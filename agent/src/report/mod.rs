//! Tells people and programs about diagnostics: graphically on a terminal, a line each elsewhere, as JSON where that is asked for.

pub(crate) mod batch;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod junit;
mod paths;
pub(crate) mod sarif;
pub(crate) mod statistics;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use json::findings as json;

use batch::Batch;
use human::Look;
use river_syntax::{Diagnostic, Sources};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// Diagnostics that are told at the most; beyond, only their number.
pub(crate) const MAX_TOLD: usize = 100;

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
    /// With the source text drawn.
    Graphical(Look),
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
        let graphical = Style::Graphical(Look::of_stderr());
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
                Style::Graphical(look) => look.draw(&mut out, sources, diagnostic),
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
    kept: Batch,
}

impl Told {
    /// Nothing told yet.
    pub(crate) fn new(reporter: Reporter, command: &'static str, json_to: JsonTo) -> Self {
        Self {
            reporter,
            command,
            json_to,
            kept: Batch::default(),
        }
    }

    /// Whether a JSON document will be written.
    pub(crate) fn is_json(&self) -> bool {
        self.reporter.style == Style::Json
    }

    /// Findings in texts.
    pub(crate) fn add(&mut self, sources: Sources, diagnostics: Vec<Diagnostic>) {
        match self.is_json() {
            true => self.kept.add(String::new(), sources, diagnostics),
            false => self.reporter.print(&sources, &diagnostics),
        }
    }

    /// A text that cannot be read or written.
    pub(crate) fn fail(&mut self, message: String) {
        match self.is_json() {
            true => self.kept.failures.push(message),
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
        json::document(&self.kept, None)
    }
}

/// Adds a diagnostic as one line.
pub(crate) fn concise(out: &mut String, sources: &Sources, diagnostic: &Diagnostic) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", river_syntax::render::concise(sources, diagnostic));
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
              ],
              "fix": null
            }
          ],
          "failures": [
            "cannot read b.alloy: gone"
          ]
        }
        "#);
    }
}
