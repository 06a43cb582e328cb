//! TLS that proves nothing, or is not there.

use super::urls::is_local;
use crate::codes::lints::INSECURE_TLS;
use crate::given::flag;
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::Diagnostic;

/// [`INSECURE_TLS`].
#[derive(Debug)]
pub struct TlsLint;

/// Flags that turn the check of the peer's certificate off.
const UNCHECKED: &[&str] = &["insecure_skip_verify", "ssl_skip_verify", "tls_skip_verify"];
/// Flags that turn TLS off.
const PLAIN: &[&str] = &["insecure", "use_insecure"];
/// Where the peer stands.
const PEERS: &[&str] = &["endpoint", "url", "server", "address", "scrape_uri"];

impl Rule for TlsLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        look(block, false, findings);
    }
}

fn look(block: &Checked<'_>, peer_is_local: bool, findings: &mut Findings<'_>) {
    let peer = PEERS.iter().find_map(|name| block.text(name));
    let peer_is_local = peer.map_or(peer_is_local, |peer| is_local(&peer.text));
    for attribute in &block.attributes {
        let name = attribute.schema.name;
        if peer_is_local || flag(block, name) != Some(true) {
            continue;
        }
        let (message, help) = if UNCHECKED.contains(&name) {
            (
                format!("`{name}`: whoever answers is believed to be the peer"),
                "give the authority that signed its certificate with `ca_file` or `ca_pem`",
            )
        } else if PLAIN.contains(&name) {
            (
                format!("`{name}`: everything goes over the wire in the clear, credentials, too"),
                "take it away where the peer speaks TLS",
            )
        } else {
            continue;
        };
        findings.push(
            Diagnostic::warning(&INSECURE_TLS, attribute.attribute.value.span, message).with_help(help),
        );
    }
    for inner in &block.blocks {
        look(inner, peer_is_local, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::TlsLint;
    use crate::testing::said;

    #[test]
    fn checked_and_local_peers_pass() {
        let text = "otelcol.exporter.otlp \"a\" {
	client {
		endpoint = \"localhost:4317\"
		tls {
			insecure = true
		}
	}
}
loki.write \"b\" {
	endpoint {
		url = \"https://a/b\"
		tls_config {
			insecure_skip_verify = false
		}
	}
}
";
        insta::assert_snapshot!(said(&TlsLint, text), @"");
    }

    #[test]
    fn unchecked_peers_are_told() {
        let text = "otelcol.exporter.otlp \"a\" {
	client {
		endpoint = \"collector.example.org:4317\"
		tls {
			insecure = true
		}
	}
}
loki.write \"b\" {
	endpoint {
		url = \"https://example.org/b\"
		tls_config {
			insecure_skip_verify = true
		}
	}
}
";
        insta::assert_snapshot!(said(&TlsLint, text), @"
        5:15: warning[AR0400]: `insecure`: everything goes over the wire in the clear, credentials, too (take it away where the peer speaks TLS)
        13:27: warning[AR0400]: `insecure_skip_verify`: whoever answers is believed to be the peer (give the authority that signed its certificate with `ca_file` or `ca_pem`)
        ");
    }
}
