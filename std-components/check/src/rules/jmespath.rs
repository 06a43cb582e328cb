//! The JMESPath expressions of `stage.json`.

use crate::codes::values::JMESPATH;
use crate::given::is_at;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;
use std_components::text::jmes::{Expression, joined_names};

/// [`JMESPATH`].
#[derive(Debug)]
pub(super) struct JmesPaths;

/// Where maps of names to expressions stand.
const PLACES: &[(&str, &str)] = &[("stage.json", "expressions"), ("stage.geoip", "custom_lookups")];

impl Rule for JmesPaths {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                let is_path =
                    |(place, name): &(&str, &str)| attribute.schema.name == *name && is_at(block, "", place);
                if !PLACES.iter().any(is_path) {
                    continue;
                }
                for (name, text) in attribute.texts() {
                    let name = name.as_deref().unwrap_or_default();
                    // An empty expression is the name itself.
                    let (expression, is_name) = if text.text.is_empty() {
                        (name, true)
                    } else {
                        (&*text.text, false)
                    };
                    let mistake = Expression::new(expression).err();
                    let (mistake, joined) = match mistake {
                        Some(mistake) => (mistake, false),
                        None => match joined_names(expression) {
                            Some(mistake) => (mistake, true),
                            None => continue,
                        },
                    };
                    let place = if is_name {
                        text.span
                    } else {
                        findings.inside(&text, mistake.range)
                    };
                    let finding = if joined {
                        Diagnostic::warning(&JMESPATH, place, mistake.message)
                    } else {
                        let message = format!(
                            "the expression of {name:?} is no valid JMESPath: {}",
                            mistake.message
                        );
                        Diagnostic::error(&JMESPATH, place, message)
                    };
                    findings.push(match mistake.help {
                        Some(help) => finding.with_help(help),
                        None => finding,
                    });
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::JmesPaths;
    use crate::testing::said;

    fn stage(expressions: &str) -> String {
        said(
            &JmesPaths,
            &format!(
                "loki.process \"a\" {{\n\tforward_to = []\n\tstage.json {{\n\t\texpressions = {{\n{expressions}\n\t\t}}\n\t}}\n}}\n"
            ),
        )
    }

    #[test]
    fn good_paths_pass() {
        insta::assert_snapshot!(stage("a = \"\", b = \"x.y[0].z\", c = `\"my-key\".b`, d = \"length(x)\", e = sys.env(\"X\"),"), @"");
    }

    #[test]
    fn bad_paths_are_found() {
        insta::assert_snapshot!(stage("\"x\" = \"a[\",\nb = \"my-key.x\",\nc = \"$.a\",\n\"d-e\" = \"\",\nf = \"lenght(a)\",\ng = \"let $x = a in $y\","), @r#"
        5:10: error[AR0308]: the expression of "x" is no valid JMESPath: a number, `*` or `:` is missing at the end (several names of a value are `a.[b, c]`; a name is `a."b"`)
        6:6: warning[AR0308]: "my-key" subtracts the values of two names (names with other characters than letters, digits and _ stand in double quotes: `"my-key".x` between backticks)
        8:9: warning[AR0308]: "d-e" subtracts the values of two names (names with other characters than letters, digits and _ stand in double quotes: `"d-e"` between backticks)
        9:6: error[AR0308]: the expression of "f" is no valid JMESPath: there is no function lenght (did you mean length?)
        10:20: error[AR0308]: the expression of "g" is no valid JMESPath: there is no variable $y (bind it: `let $y = a.b in …`; a name below the root is `$.y`)
        "#);
    }
}
