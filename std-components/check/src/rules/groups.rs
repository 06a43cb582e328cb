//! Replacements name groups that the regular expression has.

use super::expressions::parsed;
use crate::codes::values::NO_SUCH_GROUP;
use crate::given::text;
use river_eval::check::{Checked, Findings, Rule};
use river_eval::schema::Type;
use river_syntax::{Diagnostic, Edit, Fix};
use std::ops::Range;
use std_components::text::re2_syntax::Syntax;

/// [`NO_SUCH_GROUP`].
#[derive(Debug)]
pub(super) struct Groups;

/// What relabelling writes where no replacement is given.
const DEFAULT_REPLACEMENT: &str = "$1";

impl Rule for Groups {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| check(block, findings));
    }
}

/// Whether a body is a relabelling rule.
pub(super) fn is_relabel_rule(block: &Checked<'_>) -> bool {
    let is_regex = |ty: &Type| matches!(ty, Type::Text { name, .. } if name.starts_with("RE2"));
    block
        .schema
        .attribute("regex")
        .is_some_and(|attribute| is_regex(&attribute.ty))
        && block.schema.attribute("replacement").is_some()
        && block.schema.attribute("action").is_some()
}

fn check(block: &Checked<'_>, findings: &mut Findings<'_>) {
    if !is_relabel_rule(block) || !matches!(text(block, "action"), Some("replace" | "labelmap")) {
        return;
    }
    let Some(regex) = text(block, "regex").map(parsed) else {
        return;
    };
    let Ok(syntax) = regex.as_ref() else { return };
    for name in ["replacement", "target_label"] {
        let Some(written) = block.text(name) else { continue };
        for (group, range) in references(&written.text) {
            if syntax.has_group(&group) {
                continue;
            }
            let place = findings.inside(&written, range.clone());
            let mut found = Diagnostic::warning(
                &NO_SUCH_GROUP,
                place,
                format!(
                    "the regular expression has no group {group:?}, so `{}` is empty",
                    &written.text[range]
                ),
            )
            .with_help(help(&group, syntax));
            if let Some(attribute) = block.attribute("regex") {
                found = found.with_secondary(attribute.attribute.value.span, "the expression");
            }
            if let Some(known) = known_prefix(&group, syntax)
                && written.literal
            {
                let rest = &group[known.len()..];
                found = found.with_fix(Fix {
                    title: format!("write `${{{known}}}{rest}`"),
                    edits: vec![Edit {
                        span: place,
                        replacement: format!("${{{known}}}{rest}"),
                    }],
                    safe: false,
                });
            }
            findings.push(found);
        }
    }
    // A replacement that was not written is `$1`.
    if block.attribute("replacement").is_none()
        && text(block, "replacement") == Some(DEFAULT_REPLACEMENT)
        && syntax.group_count() == 0
        && let Some(attribute) = block.attribute("regex")
    {
        let message = "the regular expression has no group, and the replacement is `$1` by default: the label becomes empty";
        findings.push(
            Diagnostic::warning(&NO_SUCH_GROUP, attribute.attribute.value.span, message)
                .with_help("put the part to keep in parentheses, or set `replacement`"),
        );
    }
}

/// The longest beginning of a name that is a group: `1` of `1_total`, which was meant to end there.
fn known_prefix<'a>(group: &'a str, syntax: &Syntax) -> Option<&'a str> {
    (1..group.len())
        .rev()
        .filter_map(|end| group.get(..end))
        .find(|prefix| syntax.has_group(prefix))
}

fn help(group: &str, syntax: &Syntax) -> String {
    if let Some(known) = known_prefix(group, syntax) {
        let rest = &group[known.len()..];
        return format!("a name reaches as far as it can: write `${{{known}}}{rest}`");
    }
    let names: Vec<&str> = syntax.group_names().collect();
    match (syntax.group_count(), names.as_slice()) {
        (0, _) => "put what is to be kept in parentheses".to_owned(),
        (count, []) => format!(
            "it has {count}: `$1`{}",
            if count > 1 {
                format!(" to `${count}`")
            } else {
                String::new()
            }
        ),
        (_, names) => format!("its named groups are {}", names.join(", ")),
    }
}

/// The groups that a replacement names, with their places (<https://pkg.go.dev/regexp#Regexp.Expand>).
fn references(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find('$') {
        let start = at + next;
        let rest = &text[start + 1..];
        if rest.starts_with('$') {
            at = start + 2;
            continue;
        }
        let (inner, braced) = match rest.strip_prefix('{') {
            Some(inner) => (inner, true),
            None => (rest, false),
        };
        let end = inner
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(inner.len());
        at = start + 1;
        if end == 0 || (braced && !inner[end..].starts_with('}')) {
            continue;
        }
        let length = 1 + end + if braced { 2 } else { 0 };
        found.push((inner[..end].to_owned(), start..start + length));
        at = start + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Groups;
    use crate::testing::said;

    #[test]
    fn groups_that_are_there_pass() {
        let text = "discovery.relabel \"b\" {
	targets = []
	rule {
		source_labels = [\"a\"]
		regex         = `(.+)-(?P<unit>[a-z]+)`
		replacement   = \"${1}_$2-${unit} $$5\"
		target_label  = \"b\"
	}
	rule {
		source_labels = [\"a\"]
		regex         = \"x.*\"
		replacement   = \"y\"
		target_label  = \"b\"
	}
	rule {
		regex  = \"x\"
		action = \"labeldrop\"
	}
}
";
        insta::assert_snapshot!(said(&Groups, text), @"");
    }

    #[test]
    fn groups_that_are_not_there_are_found() {
        let text = "discovery.relabel \"b\" {
	targets = []
	rule {
		source_labels = [\"a\"]
		regex         = `(.+)-(.+)`
		replacement   = \"$1_x $3\"
		target_label  = \"b\"
	}
	rule {
		source_labels = [\"a\"]
		regex         = `(?P<name>.+)`
		replacement   = \"${nmae}\"
		target_label  = \"b\"
	}
	rule {
		source_labels = [\"a\"]
		regex         = \"x.*\"
		target_label  = \"b\"
	}
}
";
        insta::assert_snapshot!(said(&Groups, text), @r#"
        6:20: warning[AR0301]: the regular expression has no group "1_x", so `$1_x` is empty (a name reaches as far as it can: write `${1}_x`)
        6:25: warning[AR0301]: the regular expression has no group "3", so `$3` is empty (it has 2: `$1` to `$2`)
        12:20: warning[AR0301]: the regular expression has no group "nmae", so `${nmae}` is empty (its named groups are name)
        17:19: warning[AR0301]: the regular expression has no group, and the replacement is `$1` by default: the label becomes empty (put the part to keep in parentheses, or set `replacement`)
        "#);
    }
}
