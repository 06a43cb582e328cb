//! Places of an example that were never filled in.

use crate::codes::lints::PLACEHOLDER;
use crate::given::holds_text;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;

/// [`PLACEHOLDER`].
#[derive(Debug)]
pub struct PlaceholderLint;

impl Rule for PlaceholderLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                // Here `<name>` is a part of the notation.
                if attribute.schema.name == "pattern" || !holds_text(&attribute.schema.ty) {
                    continue;
                }
                for (_, text) in attribute.texts() {
                    if is_example(&text.text) {
                        findings.push(
                            Diagnostic::warning(
                                &PLACEHOLDER,
                                text.span,
                                format!("{:?} looks like the place of an example", text.text),
                            )
                            .with_help("put the real value there"),
                        );
                    }
                }
            }
        });
    }
}

fn is_example(text: &str) -> bool {
    let is_words = |inner: &str| {
        inner.len() > 1
            && inner.starts_with(|c: char| c.is_ascii_alphabetic())
            && inner
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '))
    };
    let inside = |open: usize| -> Option<&str> {
        let rest = &text[open + 1..];
        rest.find('>').map(|end| &rest[..end])
    };
    let whole = text.starts_with('<') && text.ends_with('>') && inside(0).is_some_and(is_words);
    let host = text
        .find("://<")
        .and_then(|at| inside(at + 3))
        .is_some_and(is_words);
    let upper = text.to_ascii_uppercase();
    whole
        || host
        || matches!(
            &*upper,
            "REPLACE_ME" | "CHANGE_ME" | "CHANGEME" | "REPLACEME" | "TODO" | "FIXME"
        )
        || (text == upper && (text.starts_with("YOUR_") || text.starts_with("YOUR-")))
}

#[cfg(test)]
mod tests {
    use super::PlaceholderLint;
    use crate::testing::said;

    #[test]
    fn examples_are_told_from_values() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.pattern {
		pattern = \"<ip>\"
	}
	stage.regex {
		expression = \"<(?P<x>.*)>\"
	}
}
";
        insta::assert_snapshot!(said(&PlaceholderLint, text), @"");
        let text = "loki.write \"a\" {
	endpoint {
		url = \"https://<LOKI_HOST>/loki/api/v1/push\"
		basic_auth {
			username = \"<USERNAME>\"
			password = \"CHANGEME\"
		}
	}
}
";
        insta::assert_snapshot!(said(&PlaceholderLint, text), @r#"
        3:9: warning[AR0410]: "https://<LOKI_HOST>/loki/api/v1/push" looks like the place of an example (put the real value there)
        5:15: warning[AR0410]: "<USERNAME>" looks like the place of an example (put the real value there)
        6:15: warning[AR0410]: "CHANGEME" looks like the place of an example (put the real value there)
        "#);
    }
}
