//! `stage.timestamp`: layouts that can be parsed with, and time zones that exist.

use crate::codes::values::TIME_LAYOUT;
use crate::given::{is_at, text};
use river_eval::check::{Checked, Findings, KnownText, Rule};
use river_eval::suggest::nearest;
use river_syntax::{Diagnostic, Edit, Fix};
use std_components::text::go_time::{Layout, NAMED};

/// [`TIME_LAYOUT`].
#[derive(Debug)]
pub(super) struct Timestamps;

/// Names of layouts that stand for no layout.
const UNIX: &[&str] = &["Unix", "UnixMs", "UnixUs", "UnixNs"];

impl Rule for Timestamps {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            if !is_at(block, "", "stage.timestamp") {
                return;
            }
            for name in ["format", "fallback_formats"] {
                let Some(attribute) = block.attribute(name) else {
                    continue;
                };
                for (_, format) in attribute.texts() {
                    layout(&format, findings);
                }
            }
            if let Some(location) = text(block, "location")
                && let Some(written) = block.text("location")
                && !matches!(location, "" | "UTC" | "Local")
                && jiff::tz::TimeZone::get(location).is_err()
            {
                findings.push(
                    Diagnostic::error(
                        &TIME_LAYOUT,
                        written.span,
                        format!("there is no time zone {location:?}"),
                    )
                    .with_help("write it as in the tz database: `Europe/Berlin`"),
                );
            }
        });
    }
}

fn layout(format: &KnownText, findings: &mut Findings<'_>) {
    let text = &*format.text;
    if text.is_empty() || UNIX.contains(&text) || NAMED.iter().any(|(name, _)| *name == text) {
        return;
    }
    let compiled = Layout::new(text);
    let found = if let Some(translated) = from_other_notation(text) {
        let (message, help) = match &translated {
            Some(layout) => (
                format!("{text:?} is written in another notation than Go's"),
                format!("write the reference time, 2 January 2006 15:04:05: {layout:?}"),
            ),
            None => (
                format!("{text:?} is written in another notation than Go's"),
                "write the reference time as it would look: `2006-01-02 15:04:05`".to_owned(),
            ),
        };
        let found = Diagnostic::warning(&TIME_LAYOUT, format.span, message).with_help(help);
        match translated {
            Some(layout) if format.literal => found.with_fix(Fix {
                title: format!("write {layout:?}"),
                edits: vec![Edit {
                    span: format.span,
                    replacement: format!("{layout:?}"),
                }],
                safe: false,
            }),
            _ => found,
        }
    } else if let Some(name) = other_case(text) {
        Diagnostic::warning(
            &TIME_LAYOUT,
            format.span,
            format!("{text:?} is no name of a layout"),
        )
        .with_help(format!("did you mean {name:?}?"))
        .with_fix(Fix {
            title: format!("write {name:?}"),
            edits: vec![Edit {
                span: format.span,
                replacement: format!("{name:?}"),
            }],
            safe: false,
        })
    } else if !compiled.names_a_time() {
        let help = match nearest(text, names()) {
            Some(name) => format!("did you mean {name:?}?"),
            None => "write the reference time as it would look: `2006-01-02 15:04:05`".to_owned(),
        };
        let message = format!("{text:?} is no layout of a time: nothing in it stands for a part of one");
        Diagnostic::warning(&TIME_LAYOUT, format.span, message).with_help(help)
    } else if let Some(part) = compiled.names_twice() {
        Diagnostic::warning(
            &TIME_LAYOUT,
            format.span,
            format!("{text:?} names the {part} more than once: is it a time of its own?"),
        )
        .with_help("a layout is the reference time, 2 January 2006 15:04:05, as it would look: `2006-01-02 15:04:05`")
    } else {
        return;
    };
    findings.push(found);
}

/// The names that stand for a layout.
fn names() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|(name, _)| *name).chain(UNIX.iter().copied())
}

/// A name written in other letters: `unix_ms`, `rfc3339`.
fn other_case(text: &str) -> Option<&'static str> {
    let plain: String = text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
    names().find(|name| name.eq_ignore_ascii_case(&plain))
}

/// Words of strftime, and of Java's and moment's notation, with Go's.
const STRFTIME: &[(char, &str)] = &[
    ('Y', "2006"),
    ('y', "06"),
    ('m', "01"),
    ('d', "02"),
    ('e', "_2"),
    ('H', "15"),
    ('I', "03"),
    ('M', "04"),
    ('S', "05"),
    ('f', "000000"),
    ('L', "000"),
    ('N', "000000000"),
    ('p', "PM"),
    ('z', "-0700"),
    ('Z', "MST"),
    ('b', "Jan"),
    ('B', "January"),
    ('a', "Mon"),
    ('A', "Monday"),
    ('j', "002"),
    ('T', "15:04:05"),
    ('F', "2006-01-02"),
    ('%', "%"),
];
const LETTERS: &[(&str, &str)] = &[
    ("yyyy", "2006"),
    ("YYYY", "2006"),
    ("yy", "06"),
    ("MMM", "Jan"),
    ("MM", "01"),
    ("DD", "02"),
    ("dd", "02"),
    ("HH", "15"),
    ("hh", "03"),
    ("mm", "04"),
    ("SSSSSS", "000000"),
    ("SSS", "000"),
    ("sss", "000"),
    ("ss", "05"),
    ("XXX", "Z07:00"),
    ("ZZ", "-0700"),
    ("Z", "Z07:00"),
    ("'T'", "T"),
];

/// Go's layout for one of another notation (`None` within, where a part has no counterpart); `None` where it is none.
fn from_other_notation(text: &str) -> Option<Option<String>> {
    let percent = text.split('%').skip(1).any(|rest| {
        rest.chars()
            .next()
            .is_some_and(|letter| STRFTIME.iter().any(|(known, _)| *known == letter))
    });
    if percent {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            if char != '%' {
                out.push(char);
                continue;
            }
            let letter = chars.next();
            match STRFTIME.iter().find(|(known, _)| Some(*known) == letter) {
                Some((_, go)) => out.push_str(go),
                None => return Some(None),
            }
        }
        return Some(Some(out));
    }
    let has_year = ["yyyy", "YYYY"].iter().any(|year| text.contains(year));
    let has_time = ["HH:mm", "hh:mm"].iter().any(|time| text.contains(time));
    if !has_year && !has_time {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        match LETTERS.iter().find(|(known, _)| rest.starts_with(known)) {
            Some((known, go)) => {
                out.push_str(go);
                rest = &rest[known.len()..];
            }
            None => {
                out.push(char);
                rest = &rest[char.len_utf8()..];
            }
        }
    }
    Some(Some(out))
}

#[cfg(test)]
mod tests {
    use super::Timestamps;
    use crate::testing::said;

    fn stage(body: &str) -> String {
        said(
            &Timestamps,
            &format!(
                "loki.process \"a\" {{\n\tforward_to = []\n\tstage.timestamp {{\n\t\tsource = \"t\"\n\t\t{body}\n\t}}\n}}\n"
            ),
        )
    }

    #[test]
    fn good_layouts_pass() {
        insta::assert_snapshot!(stage("format = \"RFC3339\"\nfallback_formats = [\"UnixMs\", \"2006-01-02T15:04:05.999Z07:00\", \"Jan _2 15:04:05\", \"02/Jan/2006:15:04:05 -0700\"]\nlocation = \"Europe/Berlin\""), @"");
    }

    #[test]
    fn layouts_of_other_languages_are_translated() {
        insta::assert_snapshot!(stage("format = \"%Y-%m-%d %H:%M:%S\""), @r#"5:12: warning[AR0311]: "%Y-%m-%d %H:%M:%S" is written in another notation than Go's (write the reference time, 2 January 2006 15:04:05: "2006-01-02 15:04:05")"#);
        insta::assert_snapshot!(stage("format = \"yyyy-MM-dd'T'HH:mm:ss.SSSZ\""), @r#"5:12: warning[AR0311]: "yyyy-MM-dd'T'HH:mm:ss.SSSZ" is written in another notation than Go's (write the reference time, 2 January 2006 15:04:05: "2006-01-02T15:04:05.000Z07:00")"#);
        insta::assert_snapshot!(stage("format = \"rfc3339\""), @r#"5:12: warning[AR0311]: "rfc3339" is no name of a layout (did you mean "RFC3339"?)"#);
        insta::assert_snapshot!(stage("format = \"2024-05-17 10:20:30\""), @r#"5:12: warning[AR0311]: "2024-05-17 10:20:30" names the day more than once: is it a time of its own? (a layout is the reference time, 2 January 2006 15:04:05, as it would look: `2006-01-02 15:04:05`)"#);
        insta::assert_snapshot!(stage("format = \"Unix\"\nlocation = \"Berlin\""), @r#"6:12: error[AR0311]: there is no time zone "Berlin" (write it as in the tz database: `Europe/Berlin`)"#);
    }
}
