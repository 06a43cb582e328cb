//! URLs: credentials in them, credentials in the clear, writers that reach no further than this machine.

use crate::codes::lints::{CLEARTEXT, LOCALHOST, URL_CREDENTIALS};
use crate::given::{Given, given, holds_text};
use river_eval::check::{Checked, Findings, Rule};
use river_syntax::{Diagnostic, Severity};
use std::net::IpAddr;
use std::ops::Range;

/// [`URL_CREDENTIALS`], [`CLEARTEXT`] and [`LOCALHOST`].
#[derive(Debug)]
pub struct UrlLint;

/// What is sent along with every request.
const AUTHENTICATION: &[&str] = &[
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
];

impl Rule for UrlLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                let name = attribute.schema.name;
                // Secrets are told of by their own lint.
                if super::secrets::holds_secret(&attribute.schema.ty) || !holds_text(&attribute.schema.ty) {
                    continue;
                }
                for (_, text) in attribute.texts() {
                    if let Some(range) = credentials(&text.text) {
                        let place = findings.inside(&text, range);
                        findings.push(
                            Diagnostic::warning(
                                &URL_CREDENTIALS,
                                place,
                                "a password stands in the URL, which pages and logs show",
                            )
                            .with_help("use a `basic_auth` block, with `password_file` or `sys.env(\"…\")`"),
                        );
                    }
                }
                if matches!(name, "url" | "endpoint" | "address" | "server" | "token_url")
                    && let Some(text) = attribute.text()
                {
                    peer(block, name, &text, findings);
                }
            }
        });
    }
}

fn peer(block: &Checked<'_>, name: &str, text: &river_eval::check::KnownText, findings: &mut Findings<'_>) {
    if is_local(&text.text) {
        let writes = matches!(
            block.component(),
            "loki.write" | "prometheus.remote_write" | "pyroscope.write"
        ) || block.component().starts_with("otelcol.exporter.");
        if writes && is_loopback(&text.text) {
            findings.push(
                Diagnostic::new(
                    Severity::Info,
                    &LOCALHOST,
                    text.span,
                    "this machine itself: in a container it is the container",
                )
                .with_help("name the host that receives, unless it runs beside this agent"),
            );
        }
        return;
    }
    let sends = AUTHENTICATION.iter().find(|name| given(block, name) != Given::No);
    if let Some(sent) = sends
        && text.text.starts_with("http://")
        && !crate::rules::is_placeholder(&text.text)
        && name != "token_url"
    {
        findings.push(
            Diagnostic::warning(
                &CLEARTEXT,
                text.span,
                format!("`{sent}` is sent in the clear: the URL is not https"),
            )
            .with_help("write https://, if the peer speaks it"),
        );
    }
}

/// Where a URL holds user and password.
pub(super) fn credentials(text: &str) -> Option<Range<usize>> {
    let at = text.find("://")? + 3;
    let authority = text.get(at..)?.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    let is_filled = !password.is_empty() && !crate::rules::is_placeholder(user);
    is_filled.then(|| at..at + user.len())
}

/// The host of a URL or of `host:port`.
fn host(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host_port.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => host_port.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(text: &str) -> bool {
    let host = host(text);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a peer is this machine, or in a network of its own: a service of the cluster, a private address.
pub(super) fn is_local(text: &str) -> bool {
    let host = host(text);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => {
            !host.contains('.')
                || host.ends_with(".svc")
                || host.ends_with(".local")
                || host.ends_with(".internal")
                || host.contains(".svc.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UrlLint;
    use crate::testing::said;

    fn endpoint(body: &str) -> String {
        said(
            &UrlLint,
            &format!("loki.write \"a\" {{\n\tendpoint {{\n\t\t{body}\n\t}}\n}}\n"),
        )
    }

    #[test]
    fn https_and_the_cluster_pass() {
        insta::assert_snapshot!(endpoint("url = \"https://example.org/x\"\nbearer_token_file = \"/t\""), @"");
        insta::assert_snapshot!(endpoint("url = \"http://loki.logs.svc.cluster.local:3100/x\"\nbearer_token_file = \"/t\""), @"");
        insta::assert_snapshot!(endpoint("url = \"http://example.org/x\""), @"");
    }

    #[test]
    fn open_credentials_are_told() {
        insta::assert_snapshot!(endpoint("url = \"http://u:secret@example.org/x\""), @r#"3:17: warning[AR0402]: a password stands in the URL, which pages and logs show (use a `basic_auth` block, with `password_file` or `sys.env("…")`)"#);
        insta::assert_snapshot!(endpoint("url = \"http://example.org/x\"\nbearer_token_file = \"/t\""), @"3:9: warning[AR0403]: `bearer_token_file` is sent in the clear: the URL is not https (write https://, if the peer speaks it)");
        insta::assert_snapshot!(endpoint("url = \"http://localhost:3100/loki/api/v1/push\""), @"3:9: info[AR0404]: this machine itself: in a container it is the container (name the host that receives, unless it runs beside this agent)");
    }
}
