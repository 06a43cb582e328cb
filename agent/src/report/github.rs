//! Findings as GitHub's workflow commands, which its runner shows beside the lines of a pull request.

use super::batch::Batch;
use super::paths::Paths;
use river_syntax::{Diagnostic, Severity, SourceFile, Sources};
use std::fmt::Write as _;

/// A line for each finding.
pub(crate) fn lines(batch: &Batch) -> String {
    let paths = Paths::from_environment("GITHUB_WORKSPACE");
    let mut out = String::new();
    for (sources, diagnostic) in batch.findings() {
        line(&mut out, &paths, sources, diagnostic);
    }
    for failure in &batch.failures {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "::error title=alloy-rs::{}", message(failure));
    }
    out
}

fn line(out: &mut String, paths: &Paths, sources: &Sources, diagnostic: &Diagnostic) {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let span = diagnostic.primary.span;
    let mut place = String::new();
    if let Some(file) = sources.get(span.file) {
        let ((line, column), (end_line, end_column)) =
            (character_place(file, span.start), character_place(file, span.end));
        let name = property(&paths.of(file.name()));
        place = format!("file={name},line={line},endLine={end_line},");
        // Columns of places over several lines are refused.
        if line == end_line {
            place.push_str(&format!("col={column},endColumn={end_column},"));
        }
    }
    let mut text = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let _ = writeln!(
        out,
        "::{command} {place}title={}::{}",
        property(diagnostic.code.id),
        message(&text)
    );
}

/// Line and column from 1, the column in characters.
pub(super) fn character_place(file: &SourceFile, offset: u32) -> (u32, u32) {
    let at = file.line_column(offset);
    let line = file.line(at.line);
    let before = at.column.saturating_sub(1) as usize;
    let characters = line
        .char_indices()
        .take_while(|(start, _)| *start < before)
        .count();
    (at.line, characters as u32 + 1)
}

/// A text as it may stand after the second `::`.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as it may stand as a property's value.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::report::testing;

    #[test]
    fn each_finding_is_a_command() {
        insta::assert_snapshot!(super::lines(&testing::batch()), @r#"
        ::warning file=conf/a b.alloy,line=1,endLine=1,col=4,endColumn=9,title=AR0005::an odd word: 50%25 of it, <b> & more
        ::error file=conf/a b.alloy,line=4,endLine=4,col=3,endColumn=5,title=AR0100::unrecognized attribute name "ur"%0Ahelp: did you mean `url`?
        ::error file=conf/b.alloy,line=1,endLine=1,col=1,endColumn=17,title=AR0202::component "loki.write.out" is already declared%0Ahelp: give one of them another label
        ::error title=alloy-rs::cannot read gone.alloy: No such file or directory (os error 2)
        "#);
    }

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(super::property("a:b,c%\r\n"), "a%3Ab%2Cc%25%0D%0A");
        assert_eq!(super::message("a:b,c%\r\n"), "a:b,c%25%0D%0A");
    }
}
