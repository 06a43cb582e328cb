//! `${NAME}` inside of a string: other languages put a value there, this one does not.

use crate::codes::lints::INTERPOLATION;
use crate::given::holds_text;
use river_eval::check::{Checked, CheckedAttribute, Findings, KnownText, Rule};
use river_eval::schema::Type;
use river_syntax::{Diagnostic, Edit, Fix};
use std::ops::Range;

/// [`INTERPOLATION`].
#[derive(Debug)]
pub struct InterpolationLint;

/// Attributes where `${…}` means a group or is for somebody else.
const LEGAL: &[&str] = &[
    "replacement",
    "target_label",
    "regex",
    "template",
    "replace",
    "expression",
    "pattern",
    "statements",
    "statement",
    "conditions",
    "span",
    "spanevent",
    "metric",
    "datapoint",
    "log_record",
    "resource",
    "query",
    "config",
    "query_config",
    "global_config",
    "content",
    "contents",
    "rules",
    "selector",
    "firstline",
];

impl Rule for InterpolationLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                if !holds_text(&attribute.schema.ty) || is_legal(attribute) {
                    continue;
                }
                for (_, text) in attribute.texts() {
                    look(&text, findings);
                }
            }
        });
    }
}

fn is_legal(attribute: &CheckedAttribute<'_>) -> bool {
    LEGAL.contains(&attribute.schema.name)
        || matches!(&attribute.schema.ty, Type::Text { name, .. } if name.starts_with("RE2"))
}

fn look(text: &KnownText, findings: &mut Findings<'_>) {
    // A text of several lines is a file of another language.
    if text.text.contains('\n') {
        return;
    }
    let found = interpolations(&text.text);
    let Some(first) = found.first() else { return };
    let place = findings.inside(text, first.range.clone());
    let written = &text.text[first.range.clone()];
    let expression = expression(&text.text, &found, '"');
    let mut diagnostic = Diagnostic::warning(
        &INTERPOLATION,
        place,
        format!("`{written}` stands for itself: strings know no interpolation"),
    )
    .with_help(format!("join the parts with `+`: {expression}"));
    if text.literal {
        // Escapes stay as they are written: the parts are cut out of the source.
        let mut replacement = String::new();
        let quote = match findings.source(text.span).chars().next() {
            Some('`') => '`',
            _ => '"',
        };
        let mut at = 0;
        let mut push = |part: &str| {
            if !replacement.is_empty() {
                replacement.push_str(" + ");
            }
            replacement.push_str(part);
        };
        for one in &found {
            if one.range.start > at {
                let part = findings.source(findings.inside(text, at..one.range.start));
                push(&format!("{quote}{part}{quote}"));
            }
            push(&one.value);
            at = one.range.end;
        }
        if at < text.text.len() {
            let part = findings.source(findings.inside(text, at..text.text.len()));
            push(&format!("{quote}{part}{quote}"));
        }
        diagnostic = diagnostic.with_fix(Fix {
            title: format!("write {replacement}"),
            edits: vec![Edit {
                span: text.span,
                replacement,
            }],
            safe: false,
        });
    }
    findings.push(diagnostic);
}

struct Interpolation {
    range: Range<usize>,
    /// What to write instead.
    value: String,
}

/// `${NAME}`, `${env:NAME}`, `${NAME:-default}`, `${component.label.export}`.
fn interpolations(text: &str) -> Vec<Interpolation> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find("${") {
        let start = at + next;
        at = start + 2;
        // `$${` is an escape elsewhere.
        if text[..start].ends_with('$') {
            continue;
        }
        let Some(length) = text[at..].find('}') else {
            return found;
        };
        let inner = &text[at..at + length];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let name = name.strip_prefix("env:").unwrap_or(name);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
        if is_name {
            let value = match (name.contains('.'), default) {
                (true, _) => name.to_owned(),
                (false, None) => format!("sys.env({name:?})"),
                (false, Some(default)) => format!("coalesce(sys.env({name:?}), {default:?})"),
            };
            found.push(Interpolation {
                range: start..at + length + 1,
                value,
            });
        }
        at += length + 1;
    }
    found
}

fn expression(text: &str, found: &[Interpolation], quote: char) -> String {
    let mut parts = Vec::new();
    let mut at = 0;
    for one in found {
        if one.range.start > at {
            parts.push(format!("{quote}{}{quote}", &text[at..one.range.start]));
        }
        parts.push(one.value.clone());
        at = one.range.end;
    }
    if at < text.len() {
        parts.push(format!("{quote}{}{quote}", &text[at..]));
    }
    format!("`{}`", parts.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::InterpolationLint;
    use crate::testing::said;

    #[test]
    fn groups_and_other_languages_pass() {
        let text = "discovery.relabel \"a\" {
	targets = []
	rule {
		regex        = \"(?P<name>.*)\"
		replacement  = \"${name}:80\"
		target_label = \"x\"
	}
}
local.file \"b\" {
	filename = \"/etc/\" + sys.env(\"NODE\") + \"/$x/${1}/$${Y}\"
}
";
        insta::assert_snapshot!(said(&InterpolationLint, text), @"");
    }

    #[test]
    fn interpolation_is_told() {
        let text = "local.file \"b\" {
	filename = \"/etc/${NODE}/x\"
}
local.file \"c\" {
	filename = \"${local.file.b.content}${env:A}/${B:-x}\"
}
";
        insta::assert_snapshot!(said(&InterpolationLint, text), @r#"
        2:19: warning[AR0406]: `${NODE}` stands for itself: strings know no interpolation (join the parts with `+`: `"/etc/" + sys.env("NODE") + "/x"`)
        5:14: warning[AR0406]: `${local.file.b.content}` stands for itself: strings know no interpolation (join the parts with `+`: `local.file.b.content + sys.env("A") + "/" + coalesce(sys.env("B"), "x")`)
        "#);
    }
}
