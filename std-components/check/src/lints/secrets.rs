//! Passwords and tokens that stand in the configuration.

use crate::codes::lints::LITERAL_SECRET;
use river_eval::check::{Checked, CheckedAttribute, Findings, Rule};
use river_eval::schema::Type;
use river_syntax::{Diagnostic, Span};

/// [`LITERAL_SECRET`].
#[derive(Debug)]
pub struct SecretLint;

/// Attributes of type string that hold a secret nevertheless.
const NAMES: &[&str] = &[
    "password",
    "token",
    "secret",
    "api_key",
    "client_secret",
    "auth_token",
];
/// Secret attributes of which only a part is secret.
const CONNECTIONS: &[&str] = &[
    "data_source_name",
    "data_source_names",
    "mongodb_uri",
    "connection_string",
    "redis_addr",
];
/// Headers that carry credentials.
const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "cookie",
    "x-auth-token",
];

impl Rule for SecretLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                look(block, attribute, findings);
            }
        });
    }
}

fn look(block: &Checked<'_>, attribute: &CheckedAttribute<'_>, findings: &mut Findings<'_>) {
    let name = attribute.schema.name;
    if CONNECTIONS.contains(&name) {
        for (_, text) in attribute.texts() {
            if has_password(&text.text) {
                tell(block, name, text.span, findings);
            }
        }
        return;
    }
    if matches!(name, "http_headers" | "headers" | "proxy_connect_header") {
        for (header, text) in attribute.texts() {
            let header = header.unwrap_or_default().to_lowercase();
            if HEADERS.contains(&&*header) && !text.text.is_empty() {
                tell(block, name, text.span, findings);
            }
        }
        return;
    }
    let is_secret = holds_secret(&attribute.schema.ty)
        || (matches!(attribute.schema.ty, Type::String) && NAMES.contains(&name));
    // The whole configuration of an embedded component.
    if !is_secret || matches!(name, "config" | "global_config") {
        return;
    }
    for (_, text) in attribute.texts() {
        if !text.text.is_empty() && !crate::rules::is_placeholder(&text.text) {
            tell(block, name, text.span, findings);
        }
    }
}

pub(super) fn holds_secret(ty: &Type) -> bool {
    match ty {
        Type::Secret => true,
        Type::List(of) | Type::Map(of) => holds_secret(of),
        _ => false,
    }
}

fn tell(block: &Checked<'_>, name: &str, span: Span, findings: &mut Findings<'_>) {
    let file = format!("{name}_file");
    let help = if block.schema.attribute(&file).is_some() {
        format!("read it from a file with `{file}`, or from the environment with `sys.env(\"…\")`")
    } else {
        "read it with `sys.env(\"…\")`, or from a file: `local.file` with `is_secret = true`".to_owned()
    };
    findings.push(
        Diagnostic::warning(
            &LITERAL_SECRET,
            span,
            format!("`{name}` is written out, for everybody who can read the configuration"),
        )
        .with_help(help),
    );
}

/// Whether a connection's text holds a password: `user:pw@host`, `password=pw`.
fn has_password(text: &str) -> bool {
    if super::urls::credentials(text).is_some() {
        return true;
    }
    let plain = text
        .split_once('@')
        .filter(|(user, _)| !user.contains('/'))
        .and_then(|(user, _)| user.split_once(':'));
    if plain.is_some_and(|(_, password)| !password.is_empty()) {
        return true;
    }
    let lower = text.to_lowercase();
    ["password=", "pwd=", "accountkey=", "sharedaccesskey="]
        .iter()
        .any(|key| {
            lower.split_once(key).is_some_and(|(_, rest)| {
                rest.chars()
                    .next()
                    .is_some_and(|c| !c.is_whitespace() && c != ';' && c != '&')
            })
        })
}

#[cfg(test)]
mod tests {
    use super::SecretLint;
    use crate::testing::said;

    #[test]
    fn secrets_from_elsewhere_pass() {
        let text = "loki.write \"a\" {
	endpoint {
		url = \"https://a/b\"
		basic_auth {
			username = \"u\"
			password = sys.env(\"P\")
		}
		bearer_token = \"\"
		headers = {\"X-Scope-OrgID\" = \"me\"}
	}
}
prometheus.exporter.postgres \"b\" {
	data_source_names = [\"postgres://user@host/db\"]
}
";
        insta::assert_snapshot!(said(&SecretLint, text), @"");
    }

    #[test]
    fn written_secrets_are_told() {
        let text = "loki.write \"a\" {
	endpoint {
		url = \"https://a/b\"
		basic_auth {
			username = \"u\"
			password = \"hunter2\"
		}
		headers = {\"Authorization\" = \"Bearer x\"}
	}
}
prometheus.exporter.postgres \"b\" {
	data_source_names = [\"postgres://user:pw@host/db\"]
}
prometheus.exporter.mysql \"c\" {
	data_source_name = \"root:pw@(localhost:3306)/\"
}
";
        insta::assert_snapshot!(said(&SecretLint, text), @r#"
        6:15: warning[AR0401]: `password` is written out, for everybody who can read the configuration (read it from a file with `password_file`, or from the environment with `sys.env("…")`)
        8:32: warning[AR0401]: `headers` is written out, for everybody who can read the configuration (read it with `sys.env("…")`, or from a file: `local.file` with `is_secret = true`)
        12:23: warning[AR0401]: `data_source_names` is written out, for everybody who can read the configuration (read it with `sys.env("…")`, or from a file: `local.file` with `is_secret = true`)
        15:21: warning[AR0401]: `data_source_name` is written out, for everybody who can read the configuration (read it with `sys.env("…")`, or from a file: `local.file` with `is_secret = true`)
        "#);
    }
}
