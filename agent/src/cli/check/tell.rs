//! Tells what a round found, in the form that was asked for.

use super::fix::{Mended, Way};
use crate::cli::output;
use crate::report::human::{Look, Paint};
use crate::report::{self, batch::Batch, github, gitlab, json, junit, sarif, statistics};
use river_syntax::Severity;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};

/// How to tell, as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// With the text and the places drawn
    Human,
    /// A line each, `FILE:LINE:COL: severity[CODE]: message`
    Concise,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, which GitHub shows beside the lines
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// A JUnit report
    Junit,
}

impl Format {
    /// Where none is asked for.
    pub(super) fn by_default() -> Self {
        match std::io::stderr().is_terminal() {
            true => Self::Human,
            false => Self::Concise,
        }
    }

    /// Whether it is one document on standard output.
    pub(super) fn on_stdout(self) -> bool {
        !matches!(self, Self::Human | Self::Concise)
    }
}

/// How to tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) format: Format,
    pub(super) statistics: bool,
}

/// Clears the terminal that findings are told on.
pub(super) fn clear() {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        // There is nowhere left to say that stderr is closed, here and below.
        drop(stderr.write_all(b"\x1b[2J\x1b[3J\x1b[H"));
    }
}

/// Writes what was found, and what was mended; gives the exit status.
pub(super) fn tell(batch: &Batch, how: How, mended: Option<(Way, Mended)>) -> u8 {
    let mut status = match (batch.failures.is_empty(), batch.count(Severity::Error)) {
        (false, _) => 2,
        (true, 0) => 0,
        (true, _) => 1,
    };
    if let Some((way, mended)) = &mended {
        let colour = report::colour(std::io::stdout().is_terminal());
        if output::write(&mended.text(*way, colour)).is_err() {
            status = 2;
        }
    }
    let document = match how.format {
        Format::Human | Format::Concise => {
            let text = for_people(batch, how, Look::of_stderr(), mended.as_ref());
            drop(std::io::stderr().lock().write_all(text.as_bytes()));
            return status;
        }
        Format::Json => json::document(batch, how.statistics.then(|| statistics::count(batch))),
        Format::Sarif => sarif::document(batch),
        Format::Github => github::lines(batch),
        Format::Gitlab => gitlab::document(batch),
        Format::Junit => junit::document(batch),
    };
    if how.statistics && how.format != Format::Json {
        let table = statistics::table(&statistics::count(batch), Look::of_stderr());
        drop(std::io::stderr().lock().write_all(table.as_bytes()));
    }
    match output::write(&document) {
        Ok(()) => status,
        Err(_) => 2,
    }
}

fn for_people(batch: &Batch, how: How, look: Look, mended: Option<&(Way, Mended)>) -> String {
    let mut out = String::new();
    let human = how.format == Format::Human;
    let showing = mended.is_some_and(|(way, _)| *way == Way::Show);
    for (at, (sources, diagnostic)) in batch.findings().enumerate() {
        if showing {
            // The places are those of a text that is not written.
            break;
        }
        if !human {
            report::concise(&mut out, sources, diagnostic);
        } else if at < report::MAX_TOLD {
            look.draw(&mut out, sources, diagnostic);
        }
    }
    let all = batch.findings().count();
    if human && !showing && all > report::MAX_TOLD {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            out,
            "… and {} more; --format concise tells all\n",
            all - report::MAX_TOLD
        );
    }
    for failure in &batch.failures {
        let _ = writeln!(out, "{}: {failure}", look.paint(Paint::Error, "alloy-rs check"));
    }
    if how.statistics {
        let table = statistics::table(&statistics::count(batch), look);
        if !table.is_empty() {
            out.push_str(&table);
            out.push('\n');
        }
    }
    if let Some((way, mended)) = mended
        && mended.fixes > 0
    {
        let done = match way {
            Way::Write => "fixed",
            Way::Show => "would fix",
        };
        if human {
            let _ = write!(out, "{} ", look.paint(Paint::Good, "✓"));
        }
        let _ = writeln!(
            out,
            "{done} {} in {}",
            counted(mended.fixes, "finding"),
            counted(mended.files(), "file")
        );
    }
    summary(&mut out, batch, human, look, showing);
    out
}

fn summary(out: &mut String, batch: &Batch, human: bool, look: Look, showing: bool) {
    let (errors, warnings, infos) = (
        batch.count(Severity::Error),
        batch.count(Severity::Warning),
        batch.count(Severity::Info),
    );
    let files: usize = batch
        .checked
        .iter()
        .map(|checked| checked.sources.iter().count())
        .sum();
    let only = match batch.checked.as_slice() {
        [only] if files == 1 => Some(only.name.as_str()),
        _ => None,
    };
    if errors + warnings + infos == 0 {
        // In pipes a good configuration needs no words.
        if human && files > 0 && batch.failures.is_empty() {
            let what = only.map_or_else(|| counted(files, "file"), str::to_owned);
            let _ = writeln!(out, "{} nothing found in {what}", look.paint(Paint::Good, "✓"));
        }
        return;
    }
    let (mark, paint) = match (errors, warnings) {
        (0, 0) => ("•", Paint::Info),
        (0, _) => ("!", Paint::Warning),
        _ => ("✗", Paint::Error),
    };
    let mut text = format!("{}, {}", counted(errors, "error"), counted(warnings, "warning"));
    if infos > 0 {
        let _ = write!(text, ", {}", counted(infos, "remark"));
    }
    match only {
        Some(only) => text.push_str(&format!(" in {only}")),
        None => {
            let found = batch.checked.iter().map(|checked| {
                let files = checked.diagnostics.iter().map(|found| found.primary.span.file);
                files.collect::<HashSet<_>>().len()
            });
            let found: usize = found.sum();
            let _ = write!(text, " in {found} of {}", counted(files, "file"));
        }
    }
    if showing {
        text.push_str(" would be left");
    }
    if human {
        let _ = write!(out, "{} ", look.paint(paint, mark));
    }
    out.push_str(&text);
    let fixable = batch
        .findings()
        .filter(|(_, found)| found.fix.as_ref().is_some_and(|fix| fix.safe))
        .count();
    if fixable > 0 && !showing {
        let _ = write!(out, "; {fixable} fixable with --fix");
    }
    out.push('\n');
    if human && !showing {
        let first = batch
            .findings()
            .max_by_key(|(_, found)| (found.severity, std::cmp::Reverse(found.code.id)));
        if let Some((_, found)) = first {
            let hint = format!("  alloy-rs explain {} tells more about a code", found.code.id);
            let _ = writeln!(out, "{}", look.paint(Paint::Faint, &hint));
        }
    }
}

/// `1 error`, `2 errors`.
fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
