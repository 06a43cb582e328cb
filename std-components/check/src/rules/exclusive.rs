//! Arguments that exclude each other: two ways to authenticate, a value and a file for it.

use crate::codes::values::EXCLUSIVE;
use crate::given::{Given, flag, given, is_at, place, text};
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::{Diagnostic, Severity};

/// [`EXCLUSIVE`].
#[derive(Debug)]
pub(super) struct Exclusive;

/// Ways to authenticate.
const AUTHENTICATION: &[&str] = &[
    "basic_auth",
    "authorization",
    "oauth2",
    "bearer_token",
    "bearer_token_file",
    "sigv4",
    "azuread",
    "google_iam",
    "auth_token",
    "auth_token_file",
];

/// Attributes and blocks of one body of which at most one may be given: component, block, names.
const GROUPS: &[(&str, &str, &[&str])] = &[
    ("", "", AUTHENTICATION),
    ("", "basic_auth", &["password", "password_file"]),
    ("", "client_auth", &["password", "password_file"]),
    ("", "authorization", &["credentials", "credentials_file"]),
    ("", "oauth2", &["client_secret", "client_secret_file"]),
    (
        "otelcol.auth.oauth2",
        ".",
        &["client_secret", "client_secret_file"],
    ),
    ("", "", &["ca_pem", "ca_file"]),
    ("", "", &["cert_pem", "cert_file"]),
    ("", "", &["key_pem", "key_file"]),
    ("", "", &["secret_key", "secret_key_file"]),
    ("", "client", &["api_server", "kubeconfig_file"]),
    ("discovery.kubernetes", ".", &["api_server", "kubeconfig_file"]),
    ("prometheus.exporter.", ".", &["config", "config_file"]),
    ("prometheus.exporter.blackbox", ".", &["target", "targets"]),
    ("prometheus.exporter.snmp", ".", &["target", "targets"]),
    ("prometheus.exporter.redis", ".", &["script_path", "script_paths"]),
    ("", "stage.drop", &["value", "expression"]),
    ("", "stage.tenant", &["label", "source", "value"]),
    ("", "metric.counter", &["match_all", "value"]),
    ("", "multiline", &["line_start_pattern", "line_end_pattern"]),
    ("", "histogram", &["exponential", "explicit"]),
    (
        "otelcol.auth.headers",
        "header",
        &["value", "from_context", "from_attribute"],
    ),
    (
        "otelcol.extension.jaeger_remote_sampling",
        "source",
        &["contents", "file", "remote"],
    ),
    (
        "database_observability.",
        ".",
        &["prometheus_exporter", "targets"],
    ),
    ("", "cloud_provider", &["aws", "azure", "gcp"]),
    (
        "otelcol.receiver.kafka",
        ".",
        &["group_rebalance_strategy", "group_rebalance_strategies"],
    ),
];

impl Rule for Exclusive {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (component, at, names) in GROUPS {
                if is_at(block, component, at) {
                    group(block, names, findings);
                }
            }
            if block.attribute("proxy_from_environment").is_some()
                && flag(block, "proxy_from_environment") == Some(true)
            {
                for name in ["proxy_url", "no_proxy"] {
                    clash(block, "proxy_from_environment", name, findings);
                }
            }
            if is_at(block, "", "authorization")
                && text(block, "type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case("basic"))
            {
                findings.push(
                    Diagnostic::error(
                        &EXCLUSIVE,
                        place(block, "type"),
                        "an `authorization` of the type basic is a `basic_auth` block",
                    )
                    .with_help("write `basic_auth { username = …, password = … }` instead"),
                );
            }
        });
    }
}

/// A flag that is off excludes nothing.
fn counts(block: &Checked<'_>, name: &str) -> Given {
    match given(block, name) {
        Given::No => Given::No,
        _ if flag(block, name) == Some(false) => Given::No,
        certainty => certainty,
    }
}

fn group(block: &Checked<'_>, names: &[&str], findings: &mut Findings<'_>) {
    // In the order in which they stand: the first is right, the others are too much.
    let mut found: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| counts(block, name) != Given::No)
        .collect();
    found.sort_by_key(|name| place(block, name).start);
    let Some((first, others)) = found.split_first() else {
        return;
    };
    for other in others {
        clash(block, first, other, findings);
    }
}

fn clash(block: &Checked<'_>, first: &str, second: &str, findings: &mut Findings<'_>) {
    let certainty = counts(block, first).min(counts(block, second));
    let severity = match certainty {
        Given::No => return,
        // One of them may turn out to be empty.
        Given::Perhaps => Severity::Warning,
        Given::Yes => Severity::Error,
    };
    let (message, help) = (
        format!("`{second}` and `{first}` exclude each other"),
        format!("take `{first}` or `{second}` away"),
    );
    // Ways to authenticate stand far apart: the block that has both is to blame.
    let found = if AUTHENTICATION.contains(&first) {
        let name = block.name();
        Diagnostic::new(
            severity,
            &EXCLUSIVE,
            block.head,
            format!("two ways to authenticate in `{name}`: {message}"),
        )
        .with_secondary(place(block, first), "this one")
        .with_secondary(place(block, second), "and this one")
    } else {
        Diagnostic::new(severity, &EXCLUSIVE, place(block, second), message)
            .with_label("this one")
            .with_secondary(place(block, first), "and this one")
    };
    findings.push(found.with_help(help));
}

#[cfg(test)]
mod tests {
    use super::Exclusive;
    use crate::testing::said;

    #[test]
    fn one_way_passes() {
        let text = "loki.write \"a\" {
	endpoint {
		url = \"http://a/b\"
		basic_auth {
			username      = \"u\"
			password_file = \"/p\"
			password      = \"\"
		}
		tls_config {
			ca_file = \"/ca\"
		}
	}
}
";
        insta::assert_snapshot!(said(&Exclusive, text), @"");
    }

    #[test]
    fn two_ways_are_found() {
        let text = "loki.write \"a\" {
	endpoint {
		url          = \"http://a/b\"
		bearer_token = \"x\"
		basic_auth {
			username      = \"u\"
			password      = sys.env(\"P\")
			password_file = \"/p\"
		}
		tls_config {
			ca_file = \"/ca\"
			ca_pem  = \"x\"
		}
	}
}
prometheus.scrape \"b\" {
	targets                = []
	forward_to             = []
	proxy_from_environment = true
	proxy_url              = \"http://p\"
	authorization {
		type = \"Basic\"
	}
}
";
        insta::assert_snapshot!(said(&Exclusive, text), @"
        2:2: error[AR0313]: two ways to authenticate in `endpoint`: `basic_auth` and `bearer_token` exclude each other (take `bearer_token` or `basic_auth` away)
        8:4: warning[AR0313]: `password_file` and `password` exclude each other (take `password` or `password_file` away)
        12:4: error[AR0313]: `ca_pem` and `ca_file` exclude each other (take `ca_file` or `ca_pem` away)
        20:2: error[AR0313]: `proxy_url` and `proxy_from_environment` exclude each other (take `proxy_from_environment` or `proxy_url` away)
        22:3: error[AR0313]: an `authorization` of the type basic is a `basic_auth` block (write `basic_auth { username = …, password = … }` instead)
        ");
    }
}
