//! The LogQL selectors of `stage.match`.

use crate::codes::values::SELECTOR;
use crate::given::is_at;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;
use std_components::text::logql;

/// [`SELECTOR`].
#[derive(Debug)]
pub(super) struct Selectors;

impl Rule for Selectors {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            if !is_at(block, "", "stage.match") {
                return;
            }
            let Some(text) = block.text("selector") else {
                return;
            };
            if let Err(mistake) = logql::parse(&text.text) {
                let message = format!("`selector` is no valid LogQL selector: {}", mistake.message);
                let help = mistake
                    .help
                    .unwrap_or_else(|| "such as `{app=\"web\", env!=\"dev\"} |= \"error\"`".into());
                let place = findings.inside(&text, mistake.range);
                findings.push(Diagnostic::error(&SELECTOR, place, message).with_help(help));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Selectors;
    use crate::testing::said;

    fn stage(selector: &str) -> String {
        said(
            &Selectors,
            &format!(
                "loki.process \"a\" {{\n\tforward_to = []\n\tstage.match {{\n\t\tselector = {selector}\n\t\tstage.cri {{ }}\n\t}}\n}}\n"
            ),
        )
    }

    #[test]
    fn good_selectors_pass() {
        insta::assert_snapshot!(stage("`{app=\"web\", env=~\"a|b\"} |= \"x\" !~ \"y\"`"), @"");
        insta::assert_snapshot!(stage("\"{app=\\\"web\\\"}\""), @"");
    }

    #[test]
    fn bad_selectors_are_found() {
        insta::assert_snapshot!(stage("\"{app=}\""), @r#"4:20: error[AR0310]: `selector` is no valid LogQL selector: expected a text in double quotes or backticks, got `}` (write `{app="web"}`: with a backquoted string around, or with `\"` in a quoted one)"#);
        insta::assert_snapshot!(stage("`{app=\"x\"} | json`"), @"4:25: error[AR0310]: `selector` is no valid LogQL selector: expected `|=`, `!=`, `|~` or `!~`, got `|` (only line filters may follow the selector: parsers and label filters are stages of their own)");
        insta::assert_snapshot!(stage("`{app=~\"a(\"}`"), @r"4:23: error[AR0310]: `selector` is no valid LogQL selector: the regular expression is not valid: unclosed group (close the group, or write a plain parenthesis as `\\(`)");
    }
}
