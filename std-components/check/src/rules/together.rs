//! Arguments that need another one beside them.

use crate::codes::values::TOGETHER;
use crate::given::{Given, flag, given, is_at, place};
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;

/// [`TOGETHER`].
#[derive(Debug)]
pub(super) struct Together;

/// What is given, and of what one has to be given with it: block, any of these, one of those.
const NEEDS: &[(&str, &[&str], &[&str])] = &[
    ("tls_config", &["cert_pem", "cert_file"], &["key_pem", "key_file"]),
    ("tls_config", &["key_pem", "key_file"], &["cert_pem", "cert_file"]),
    (
        "",
        &["proxy_connect_header"],
        &["proxy_url", "proxy_from_environment"],
    ),
    ("", &["no_proxy"], &["proxy_url", "proxy_from_environment"]),
    ("stage.drop", &["value"], &["source"]),
];

/// Blocks that need one of these.
const REQUIRED: &[(&str, &[&str])] = &[
    ("oauth2", &["client_id"]),
    ("oauth2", &["token_url"]),
    ("oauth2", &["client_secret", "client_secret_file"]),
    (
        "stage.drop",
        &["source", "expression", "older_than", "longer_than"],
    ),
    ("stage.tenant", &["label", "source", "value"]),
];

impl Rule for Together {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (at, written, needed) in NEEDS {
                let by = written
                    .iter()
                    .find(|name| is_at(block, "", at) && given(block, name) == Given::Yes);
                if let Some(by) = by
                    && !any_given(block, needed)
                    && exist(block, needed)
                {
                    findings.push(
                        Diagnostic::error(
                            &TOGETHER,
                            place(block, by),
                            format!("`{by}` needs {} beside it", listed(needed)),
                        )
                        .with_help(format!("add {}, or take `{by}` away", listed(needed))),
                    );
                }
            }
            for (at, needed) in REQUIRED {
                // A value without its source is told of above.
                let is_told = *at == "stage.drop" && given(block, "value") != Given::No;
                if is_at(block, "", at) && !is_told && !any_given(block, needed) && exist(block, needed) {
                    let message = match needed {
                        [one] => format!("`{at}` needs `{one}`"),
                        many => format!("`{at}` needs one of {}", listed(many)),
                    };
                    findings.push(
                        Diagnostic::error(&TOGETHER, block.head, message)
                            .with_help(format!("add {}", listed(needed))),
                    );
                }
            }
        });
    }
}

fn any_given(block: &Checked<'_>, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| given(block, name) != Given::No && flag(block, name) != Some(false))
}

fn exist(block: &Checked<'_>, names: &[&str]) -> bool {
    names
        .iter()
        .all(|name| block.schema.attribute(name).is_some() || block.schema.block(name).is_some())
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::Together;
    use crate::testing::said;

    #[test]
    fn complete_blocks_pass() {
        let text = "loki.write \"a\" {
	endpoint {
		url = \"http://a/b\"
		oauth2 {
			client_id          = \"a\"
			client_secret_file = \"/s\"
			token_url          = \"http://t\"
		}
		tls_config {
			cert_file = \"/c\"
			key_pem   = sys.env(\"KEY\")
		}
	}
}
";
        insta::assert_snapshot!(said(&Together, text), @"");
    }

    #[test]
    fn what_is_missing_is_told() {
        let text = "loki.write \"a\" {
	endpoint {
		url      = \"http://a/b\"
		no_proxy = \"b\"
		oauth2 {
			client_id = \"a\"
			token_url = \"http://t\"
		}
		tls_config {
			cert_file = \"/c\"
		}
	}
}
loki.process \"b\" {
	forward_to = []
	stage.drop { }
	stage.tenant { }
	stage.drop {
		value = \"x\"
	}
}
";
        insta::assert_snapshot!(said(&Together, text), @"
        4:3: error[AR0314]: `no_proxy` needs `proxy_url` or `proxy_from_environment` beside it (add `proxy_url` or `proxy_from_environment`, or take `no_proxy` away)
        5:3: error[AR0314]: `oauth2` needs one of `client_secret` or `client_secret_file` (add `client_secret` or `client_secret_file`)
        10:4: error[AR0314]: `cert_file` needs `key_pem` or `key_file` beside it (add `key_pem` or `key_file`, or take `cert_file` away)
        16:2: error[AR0314]: `stage.drop` needs one of `source`, `expression`, `older_than` or `longer_than` (add `source`, `expression`, `older_than` or `longer_than`)
        17:2: error[AR0314]: `stage.tenant` needs one of `label`, `source` or `value` (add `label`, `source` or `value`)
        19:3: error[AR0314]: `value` needs `source` beside it (add `source`, or take `value` away)
        ");
    }
}
