//! URLs have a scheme that is spoken there, a host and a port that exists.

use crate::codes::values::{BAD_URL, WRITE_PATH};
use crate::given::is_at;
use river_eval::check::{Checked, Findings, KnownText, Rule};
use river_eval::schema::Type;
use river_syntax::{Diagnostic, Edit, Fix, Severity};
use std::ops::Range;

/// [`BAD_URL`] and [`WRITE_PATH`].
#[derive(Debug)]
pub(super) struct Urls;

/// Attributes that hold an HTTP URL: component, block, attribute.
const HTTP: &[(&str, &str, &str)] = &[
    ("loki.write", "endpoint", "url"),
    ("prometheus.remote_write", "endpoint", "url"),
    ("pyroscope.write", "endpoint", "url"),
    ("discovery.http", ".", "url"),
    ("discovery.puppetdb", ".", "url"),
    ("discovery.kuma", ".", "server"),
    ("discovery.eureka", ".", "server"),
    ("discovery.uyuni", ".", "server"),
    ("remote.http", ".", "url"),
    ("remote.vault", ".", "server"),
    ("import.http", ".", "url"),
    ("remotecfg", ".", "url"),
    ("loki.rules.kubernetes", ".", "address"),
    ("mimir.rules.kubernetes", ".", "address"),
    ("mimir.alerts.kubernetes", ".", "address"),
    ("otelcol.exporter.otlphttp", "client", "endpoint"),
    ("otelcol.exporter.otlphttp", ".", "logs_endpoint"),
    ("otelcol.exporter.otlphttp", ".", "metrics_endpoint"),
    ("otelcol.exporter.otlphttp", ".", "traces_endpoint"),
    ("otelcol.exporter.faro", "client", "endpoint"),
    ("prometheus.exporter.apache", ".", "scrape_uri"),
    ("prometheus.exporter.elasticsearch", ".", "address"),
    ("prometheus.exporter.github", ".", "api_url"),
    ("", "", "token_url"),
];

const WEB: &[&str] = &["http", "https"];
const PROXIES: &[&str] = &["http", "https", "socks5", "socks5h"];

/// Writers and the path that their peers listen on.
const PATHS: &[(&str, &str)] = &[
    ("loki.write", "/loki/api/v1/push"),
    ("prometheus.remote_write", "/api/v1/write"),
];

impl Rule for Urls {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                let name = attribute.schema.name;
                let is_typed = matches!(attribute.schema.ty, Type::Text { name: "URL", .. });
                let is_http = HTTP
                    .iter()
                    .any(|(component, place, known)| *known == name && is_at(block, component, place));
                if !is_typed && !is_http {
                    continue;
                }
                let Some(text) = attribute.text() else { continue };
                let schemes = if is_typed { PROXIES } else { WEB };
                if let Some(mistake) = check(&text.text, schemes) {
                    // The exporters of OpenTelemetry start with any text, and fail with every request.
                    let severity = match (block.component().starts_with("otelcol."), mistake.prefix) {
                        (true, Some(_)) => Severity::Warning,
                        _ => Severity::Error,
                    };
                    report(severity, name, &text, mistake, findings);
                } else if block.name() == "endpoint" && name == "url" {
                    path(block, &text, findings);
                }
            }
        });
    }
}

struct Mistake {
    message: String,
    range: Range<usize>,
    help: String,
    /// What to put before the text.
    prefix: Option<&'static str>,
}

/// Whether a text stands for something that somebody has still to fill in.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.contains(['<', '>', '{', '}', '$', '%']) || text.contains("...") || text.contains('…')
}

fn check(text: &str, schemes: &[&str]) -> Option<Mistake> {
    if text.is_empty() || is_placeholder(text) {
        return None;
    }
    let mistake = |range: Range<usize>, message: String, help: &str| {
        Some(Mistake {
            message,
            range,
            help: help.to_owned(),
            prefix: None,
        })
    };
    if let Some(at) = text.find(|c: char| c.is_whitespace() || c.is_control()) {
        return mistake(
            at..at + 1,
            "a space or control character stands in it".into(),
            "take it away, or write it as `%20`",
        );
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some(Mistake {
            message: "its scheme is missing".to_owned(),
            range: 0..text.len(),
            help: format!("write `http://{text}` or `https://{text}`"),
            prefix: Some("http://"),
        });
    };
    if !schemes.contains(&scheme.to_ascii_lowercase().as_str()) {
        let meant = river_eval::suggest::nearest(scheme, schemes.iter().copied());
        let help = match meant {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("one of {}", schemes.join(", ")),
        };
        return mistake(0..scheme.len(), format!("its scheme is {scheme:?}"), &help);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let at = scheme.len() + 3;
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host_at = at + authority.len() - host_port.len();
    if let Some((message, range)) = super::address::host_port_mistake(host_port, true) {
        return mistake(
            host_at + range.start..host_at + range.end,
            message,
            "such as `http://example.org:8080/path`",
        );
    }
    match url::Url::parse(text) {
        Ok(_) => None,
        Err(error) => mistake(
            0..text.len(),
            error.to_string(),
            "such as `http://example.org:8080/path`",
        ),
    }
}

fn report(severity: Severity, name: &str, text: &KnownText, mistake: Mistake, findings: &mut Findings<'_>) {
    let place = findings.inside(text, mistake.range);
    let mut found = Diagnostic::new(
        severity,
        &BAD_URL,
        place,
        format!("`{name}` is no usable URL: {}", mistake.message),
    )
    .with_help(mistake.help);
    if let Some(prefix) = mistake.prefix
        && text.literal
    {
        let start = findings.inside(text, 0..0);
        found = found.with_fix(Fix {
            title: format!("write {prefix}{}", text.text),
            edits: vec![Edit {
                span: river_syntax::Span::new(start.file, start.start, start.start),
                replacement: prefix.to_owned(),
            }],
            safe: false,
        });
    }
    findings.push(found);
}

/// A writer's URL that ends with its host.
fn path(block: &Checked<'_>, text: &KnownText, findings: &mut Findings<'_>) {
    let Some((_, path)) = PATHS
        .iter()
        .find(|(component, _)| *component == block.component())
    else {
        return;
    };
    let Ok(url) = url::Url::parse(&text.text) else {
        return;
    };
    if url.path() == "/" && url.query().is_none() {
        findings.push(
            Diagnostic::warning(
                &WRITE_PATH,
                text.span,
                "the URL has no path, so the peer answers that nothing is there",
            )
            .with_help(format!("most listen on `{path}`")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Urls;
    use crate::testing::said;

    fn endpoint(url: &str) -> String {
        said(
            &Urls,
            &format!("loki.write \"a\" {{\n\tendpoint {{\n\t\turl = {url}\n\t}}\n}}\n"),
        )
    }

    #[test]
    fn good_urls_pass() {
        insta::assert_snapshot!(endpoint("\"https://user@example.org:443/loki/api/v1/push?a=b\""), @"");
        insta::assert_snapshot!(endpoint("\"http://[::1]:3100/x\""), @"");
        insta::assert_snapshot!(endpoint("\"http://\" + sys.env(\"HOST\")"), @"");
        insta::assert_snapshot!(endpoint("\"https://<HOST>\""), @"");
    }

    #[test]
    fn bad_urls_are_found() {
        insta::assert_snapshot!(endpoint("\"localhost:3100/loki/api/v1/push\""), @"3:10: error[AR0306]: `url` is no usable URL: its scheme is missing (write `http://localhost:3100/loki/api/v1/push` or `https://localhost:3100/loki/api/v1/push`)");
        insta::assert_snapshot!(endpoint("\"htp://localhost:3100/x\""), @r#"3:10: error[AR0306]: `url` is no usable URL: its scheme is "htp" (did you mean http?)"#);
        insta::assert_snapshot!(endpoint("\"http://localhost:31000000/x\""), @"3:27: error[AR0306]: `url` is no usable URL: there is no port 31000000 (such as `http://example.org:8080/path`)");
        insta::assert_snapshot!(endpoint("\"http://localhost:port/x\""), @r#"3:27: error[AR0306]: `url` is no usable URL: "port" is no port (such as `http://example.org:8080/path`)"#);
        insta::assert_snapshot!(endpoint("\"http:///x\""), @"3:17: error[AR0306]: `url` is no usable URL: its host is missing (such as `http://example.org:8080/path`)");
        insta::assert_snapshot!(endpoint("\"http://local host/x\""), @"3:22: error[AR0306]: `url` is no usable URL: a space or control character stands in it (take it away, or write it as `%20`)");
        insta::assert_snapshot!(endpoint("\"http://loki:3100\""), @"3:9: warning[AR0321]: the URL has no path, so the peer answers that nothing is there (most listen on `/loki/api/v1/push`)");
    }
}
