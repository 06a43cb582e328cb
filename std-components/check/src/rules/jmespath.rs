//! The JMESPath expressions of `stage.json`.

use crate::codes::values::JMESPATH;
use crate::given::is_at;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;

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
                    let Err(error) = jmespath::compile(expression) else {
                        continue;
                    };
                    let at = error.offset.min(expression.len());
                    let end = expression
                        .get(at..)
                        .and_then(|rest| rest.chars().next())
                        .map_or(at, |char| at + char.len_utf8());
                    let place = if is_name {
                        text.span
                    } else {
                        findings.inside(&text, at..end)
                    };
                    let reason = reason(&error.to_string());
                    findings.push(
                        Diagnostic::error(
                            &JMESPATH,
                            place,
                            format!("the expression of {name:?} is no valid JMESPath: {reason}"),
                        )
                        .with_help(help(expression)),
                    );
                }
            }
        });
    }
}

/// The first line without the place, which the finding has itself.
fn reason(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    let line = line.trim_start_matches("Parse error: ");
    let end = line.find(" (line").unwrap_or(line.len());
    let line = line[..end].trim_end_matches(['.', ':', ' ', '-']);
    let mut chars = line.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => "it does not parse".to_owned(),
    }
}

fn help(expression: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '/' | ' ');
    if let Some(path) = expression.strip_prefix('$') {
        return format!("there is no `$` in JMESPath: {:?}", path.trim_start_matches('.'));
    }
    if expression.chars().all(plain) && !expression.is_empty() {
        let quoted: Vec<String> = expression
            .split('.')
            .map(|name| {
                let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && !name.starts_with(|c: char| c.is_ascii_digit());
                if is_word {
                    name.to_owned()
                } else {
                    format!("\"{name}\"")
                }
            })
            .collect();
        return format!(
            "names with other characters than letters, digits and _ stand in double quotes: `{}` between backticks",
            quoted.join(".")
        );
    }
    "a path is names with dots between, `a.b`; items of a list are `a[0]`".to_owned()
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
        insta::assert_snapshot!(stage("\"x\" = \"a[\",\nb = \"my-key.x\",\nc = \"$.a\",\n\"d-e\" = \"\","), @r#"
        5:10: error[AR0308]: the expression of "x" is no valid JMESPath: expected number, ':', or '*' -- found Eof (a path is names with dots between, `a.b`; items of a list are `a[0]`)
        6:8: error[AR0308]: the expression of "b" is no valid JMESPath: '-' must be followed by numbers 1-9 (names with other characters than letters, digits and _ stand in double quotes: `"my-key".x` between backticks)
        7:6: error[AR0308]: the expression of "c" is no valid JMESPath: invalid character: $ (there is no `$` in JMESPath: "a")
        8:9: error[AR0308]: the expression of "d-e" is no valid JMESPath: '-' must be followed by numbers 1-9 (names with other characters than letters, digits and _ stand in double quotes: `"d-e"` between backticks)
        "#);
    }
}
