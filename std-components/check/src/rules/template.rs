//! The templates of log pipelines parse, and use functions that there are.

use crate::codes::values::TEMPLATE;
use crate::given::is_at;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;
use std_components::text::go_template;

/// [`TEMPLATE`].
#[derive(Debug)]
pub(super) struct Templates;

/// Blocks and attributes that hold a Go template.
const PLACES: &[(&str, &str)] = &[("stage.template", "template"), ("stage.replace", "replace")];

impl Rule for Templates {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (place, name) in PLACES {
                if !is_at(block, "", place) {
                    continue;
                }
                let Some(text) = block.text(name) else { continue };
                // Built as the stage builds it: functions that this agent lacks are refused there, too.
                if let Err(mistake) = go_template::Template::new(&text.text) {
                    let message = format!("`{name}` is no valid template: {}", mistake.message);
                    let help = mistake
                        .help
                        .unwrap_or_else(|| "templates are Go's: `{{ ToLower .Value }}`".into());
                    let place = findings.inside(&text, mistake.range);
                    findings.push(Diagnostic::error(&TEMPLATE, place, message).with_help(help));
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::Templates;
    use crate::testing::said;

    #[test]
    fn good_templates_pass() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.template {
		source   = \"a\"
		template = \"{{ if .Value }}{{ ToUpper .Value | trunc 3 }}{{ end }}\"
	}
	stage.replace {
		expression = \"(a)\"
		replace    = \"{{ .Value | Hash \\\"salt\\\" }}\"
	}
}
";
        insta::assert_snapshot!(said(&Templates, text), @"");
    }

    #[test]
    fn bad_templates_are_found() {
        let text = "loki.process \"a\" {
	forward_to = []
	stage.template {
		source   = \"a\"
		template = \"{{ toupper .Value }}\"
	}
	stage.match {
		selector = \"{a=`b`}\"
		stage.template {
			source   = \"a\"
			template = `{{ if .Value }}x`
		}
		stage.template {
			source   = \"a\"
			template = `{{ genPrivateKey \"rsa\" }}`
		}
	}
}
";
        insta::assert_snapshot!(said(&Templates, text), @"
        5:18: error[AR0309]: `template` is no valid template: there is no function toupper (did you mean ToUpper?)
        11:19: error[AR0309]: `template` is no valid template: `{{if}}` is never ended (add `{{end}}`)
        15:19: error[AR0309]: `template` is no valid template: the function genPrivateKey is not supported by this agent (use another function, or other stages)
        ");
    }
}
