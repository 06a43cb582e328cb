//! Lays what a project decides over what the checker found.

use super::comments::{self, Comment};
use super::{Level, code, codes};
use river_syntax::{Code, Diagnostic, Edit, Fix, Severity, Sources};
use std::collections::BTreeMap;

/// What becomes of findings, from the least to the most specific: the file, the command line, and in the end all warnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels {
    /// From `alloy-rs.toml`, by code.
    pub(crate) file: BTreeMap<&'static str, Level>,
    /// From the command line, by code.
    pub(crate) flags: BTreeMap<&'static str, Level>,
    /// Whether warnings are errors.
    pub(crate) deny_warnings: bool,
}

impl Levels {
    fn of(&self, code: &Code) -> Option<Level> {
        let level = self.flags.get(code.id).or_else(|| self.file.get(code.id));
        level.copied().filter(|_| super::may_change(code))
    }
}

/// The findings of one configuration as they are to be told, in order of places. Comments in its texts count, and are findings themselves where they let
/// pass what is not there, name no code or give no reason.
pub(crate) fn apply(sources: &Sources, found: Vec<Diagnostic>, levels: &Levels) -> Vec<Diagnostic> {
    let mut comments: Vec<(Comment, Vec<bool>)> = sources
        .iter()
        .flat_map(|(id, file)| comments::find(id, file))
        .map(|comment| {
            let codes = comment.codes.as_ref().map_or(0, Vec::len);
            (comment, vec![false; codes])
        })
        .collect();
    // What was not parsed was not checked either, so that nothing can be said of exceptions that nothing needed.
    let complete = !found
        .iter()
        .any(|finding| finding.is_error() && !super::may_change(finding.code));
    let mut kept = Vec::with_capacity(found.len());
    for finding in found {
        let allowed = super::may_change(finding.code) && allow(sources, &mut comments, &finding);
        if !allowed {
            kept.extend(levelled(finding, levels));
        }
    }
    let mut own = Vec::new();
    for (comment, used) in &comments {
        judge(comment, used, complete, levels, &mut own);
    }
    kept.extend(own.into_iter().filter_map(|finding| levelled(finding, levels)));
    if levels.deny_warnings {
        for finding in &mut kept {
            if finding.severity == Severity::Warning {
                finding.severity = Severity::Error;
            }
        }
    }
    kept.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
    kept
}

/// A finding with the severity that is decided; `None` where it is not to be told.
fn levelled(mut finding: Diagnostic, levels: &Levels) -> Option<Diagnostic> {
    match levels.of(finding.code) {
        Some(Level::Off) => return None,
        Some(Level::Warn) => finding.severity = Severity::Warning,
        Some(Level::Error) => finding.severity = Severity::Error,
        None => {}
    }
    Some(finding)
}

/// Whether a comment lets a finding pass. Each that does is used.
fn allow(sources: &Sources, comments: &mut [(Comment, Vec<bool>)], finding: &Diagnostic) -> bool {
    if comments.is_empty() {
        return false;
    }
    let span = finding.primary.span;
    let Some(line) = sources
        .get(span.file)
        .map(|file| file.line_column(span.start).line)
    else {
        return false;
    };
    let mut allowed = false;
    for (comment, used) in comments {
        if comment.span.file != span.file || !comment.lines.contains(&line) {
            continue;
        }
        for (code, used) in comment.codes.iter().flatten().zip(used) {
            if code.written.eq_ignore_ascii_case(finding.code.id) {
                *used = true;
                allowed = true;
            }
        }
    }
    allowed
}

/// What is wrong with a comment itself.
fn judge(comment: &Comment, used: &[bool], complete: bool, levels: &Levels, found: &mut Vec<Diagnostic>) {
    let Some(allowed) = &comment.codes else {
        found.push(
            Diagnostic::warning(
                &codes::BAD_COMMENT,
                comment.span,
                "this comment is addressed to alloy-rs and not understood",
            )
            .with_help("write `// alloy-rs: allow(AR0123) reason`"),
        );
        return;
    };
    if !comment.reasoned {
        found.push(
            Diagnostic::warning(
                &codes::NO_REASON,
                comment.span,
                "this exception does not say why it is made",
            )
            .with_help("write the reason behind the bracket"),
        );
    }
    let unused = |(written, used): (&str, &bool)| {
        let known = code(written).ok()?;
        (!used && levels.of(known) != Some(Level::Off)).then_some(known)
    };
    let all_unused = allowed
        .iter()
        .map(|code| code.written.as_str())
        .zip(used)
        .all(|pair| unused(pair).is_some());
    for (allowed, used) in allowed.iter().zip(used) {
        if let Err(message) = code(&allowed.written) {
            found.push(Diagnostic::warning(&codes::UNKNOWN_CODE, allowed.span, message));
        } else if complete && let Some(known) = unused((&allowed.written, used)) {
            let mut finding = Diagnostic::warning(
                &codes::UNUSED,
                allowed.span,
                format!("{} is allowed here and not found", known.id),
            )
            .with_help("take the exception away");
            // Of several codes only some may be to go; that is for a person. So is what else the comment may say.
            if all_unused {
                finding = finding.with_fix(Fix {
                    title: "take the comment away".to_owned(),
                    edits: vec![Edit {
                        span: comment.cut,
                        replacement: String::new(),
                    }],
                    safe: false,
                });
            }
            found.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use river_syntax::Span;

    /// What is told of a text in which each `!!` after a word is an unknown reference at that word.
    fn told(text: &str, levels: &Levels) -> String {
        let mut sources = Sources::new();
        let file = sources.add("a.alloy", text);
        let found = text.match_indices("bad").map(|(at, _)| {
            let span = Span::new(file, at as u32, at as u32 + 3);
            Diagnostic::error(
                &river_eval::codes::graph::UNKNOWN_REFERENCE,
                span,
                "no such component",
            )
        });
        let found = apply(&sources, found.collect(), levels);
        crate::report::text(&sources, &found)
    }

    fn levels(file: &[(&'static str, Level)], flags: &[(&'static str, Level)]) -> Levels {
        Levels {
            file: file.iter().copied().collect(),
            flags: flags.iter().copied().collect(),
            deny_warnings: false,
        }
    }

    #[test]
    fn the_command_line_is_above_the_file() {
        let text = "a = bad\n";
        let none = Levels::default();
        insta::assert_snapshot!(told(text, &none), @"a.alloy:1:5: error[AR0201]: no such component");
        let warn = levels(&[("AR0201", Level::Warn)], &[]);
        insta::assert_snapshot!(told(text, &warn), @"a.alloy:1:5: warning[AR0201]: no such component");
        let off = levels(&[("AR0201", Level::Warn)], &[("AR0201", Level::Off)]);
        assert_eq!(told(text, &off), "");
        let denied = Levels {
            deny_warnings: true,
            ..warn
        };
        insta::assert_snapshot!(told(text, &denied), @"a.alloy:1:5: error[AR0201]: no such component");
    }

    #[test]
    fn comments_let_pass_what_they_name() {
        let none = Levels::default();
        let text = "a = bad // alloy-rs: allow(AR0201) it comes later\nb = bad\n\
                    // alloy-rs: allow(ar0201) all of it\nc {\n\td = bad\n\te = bad\n}\nf = bad\n";
        insta::assert_snapshot!(told(text, &none), @"
        a.alloy:2:5: error[AR0201]: no such component
        a.alloy:8:5: error[AR0201]: no such component
        ");
    }

    #[test]
    fn exceptions_are_findings_where_they_are_no_good() {
        let none = Levels::default();
        let text = "a = bad // alloy-rs: allow(AR0201)\nb = 1 // alloy-rs: allow(AR0202) why\n\
                    c = 1 // alloy-rs: allow(AR02, AR0001) why\n// alloy-rs: off\n";
        insta::assert_snapshot!(told(text, &none), @"
        a.alloy:1:9: warning[AR0420]: this exception does not say why it is made (write the reason behind the bracket)
        a.alloy:2:26: warning[AR0422]: AR0202 is allowed here and not found (take the exception away)
        a.alloy:3:26: warning[AR0421]: there is no code AR02; `alloy-rs explain` lists all codes
        a.alloy:3:32: warning[AR0421]: AR0001 is a syntax error (unexpected token), which always counts
        a.alloy:4:1: warning[AR0423]: this comment is addressed to alloy-rs and not understood (write `// alloy-rs: allow(AR0123) reason`)
        ");
        // A code that is off cannot be found, so nothing is wrong with allowing it.
        let off = levels(&[("AR0202", Level::Off)], &[]);
        assert_eq!(told("b = 1 // alloy-rs: allow(AR0202) why\n", &off), "");
        // And what is said of exceptions can be turned off, too.
        let quiet = levels(&[("AR0422", Level::Off)], &[]);
        assert_eq!(told("b = 1 // alloy-rs: allow(AR0202) why\n", &quiet), "");
    }

    #[test]
    fn syntax_errors_always_count() {
        let mut sources = Sources::new();
        let text = "a = 'x' // alloy-rs: allow(AR0202) why\n";
        let file = sources.add("a.alloy", text);
        let errors = river_syntax::parse_file(file, text).errors;
        let off = levels(&[("AR0006", Level::Off)], &[("AR0006", Level::Warn)]);
        let found = apply(&sources, errors, &off);
        assert_eq!(
            found.len(),
            1,
            "nothing is said of exceptions in what was not checked"
        );
        assert!(found[0].is_error());
    }
}
