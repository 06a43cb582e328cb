//! Addresses to listen on or connect to: `host:port` without a scheme, and ports that exist.

use super::url::is_placeholder;
use crate::codes::values::ADDRESS;
use crate::given::{is_at, number};
use river_eval::check::{Checked, Findings, Rule};
use river_eval::schema::Type;
use river_syntax::Diagnostic;
use std::ops::Range;

/// [`ADDRESS`].
#[derive(Debug)]
pub(super) struct Addresses;

/// Attributes that hold `host:port` without a scheme: component, block, attribute.
const LISTENERS: &[(&str, &str, &str)] = &[
    ("otelcol.receiver.otlp", "grpc", "endpoint"),
    ("otelcol.receiver.otlp", "http", "endpoint"),
    ("otelcol.receiver.jaeger", "", "endpoint"),
    ("otelcol.receiver.zipkin", ".", "endpoint"),
    ("otelcol.receiver.datadog", ".", "endpoint"),
    ("otelcol.receiver.influxdb", ".", "endpoint"),
    ("otelcol.receiver.splunkhec", ".", "endpoint"),
    ("otelcol.receiver.faro", ".", "endpoint"),
    ("otelcol.receiver.fluentforward", ".", "endpoint"),
    ("loki.source.syslog", "listener", "address"),
    ("loki.source.gelf", ".", "listen_address"),
];

/// The highest port.
const MAX_PORT: f64 = 65_535.0;

impl Rule for Addresses {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for attribute in &block.attributes {
                let name = attribute.schema.name;
                if matches!(name, "port" | "listen_port")
                    && matches!(attribute.schema.ty, Type::Number(_))
                    && let Some(port) = number(block, name)
                    && !(0.0..=MAX_PORT).contains(&port)
                {
                    findings.push(
                        Diagnostic::error(
                            &ADDRESS,
                            attribute.attribute.value.span,
                            format!("`{name}` {port} is no port"),
                        )
                        .with_help("ports are numbers from 0 to 65535"),
                    );
                }
                let is_listener = LISTENERS
                    .iter()
                    .any(|(component, place, known)| *known == name && is_at(block, component, place));
                if !is_listener {
                    continue;
                }
                let Some(text) = attribute.text() else { continue };
                if text.text.is_empty() || is_placeholder(&text.text) || text.text.starts_with("unix") {
                    continue;
                }
                let (message, range, help) = if let Some(at) = text.text.find("://") {
                    (
                        "it has a scheme".to_owned(),
                        0..at + 3,
                        "an address to listen on is `host:port`, such as `0.0.0.0:4317`",
                    )
                } else if let Some((message, range)) = host_port_mistake(&text.text, false) {
                    (message, range, "such as `0.0.0.0:4317`")
                } else {
                    continue;
                };
                let place = findings.inside(&text, range);
                findings.push(
                    Diagnostic::error(
                        &ADDRESS,
                        place,
                        format!("`{name}` is no address to listen on: {message}"),
                    )
                    .with_help(help),
                );
            }
        });
    }
}

/// What is wrong with `host:port`, and where.
pub(super) fn host_port_mistake(text: &str, needs_host: bool) -> Option<(String, Range<usize>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inner) => {
            let Some((host, rest)) = inner.split_once(']') else {
                return Some(("its `[` is never closed".into(), 0..text.len()));
            };
            if host.parse::<std::net::Ipv6Addr>().is_err() && !host.contains('%') {
                return Some((format!("{host:?} is no IPv6 address"), 1..1 + host.len()));
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Some(("only a port may follow `]`".into(), host.len() + 2..text.len())),
            }
        }
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Some((
                    "an IPv6 address stands in brackets: `[::1]:80`".into(),
                    0..text.len(),
                ));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() && needs_host {
        return Some(("its host is missing".into(), 0..text.len()));
    }
    let port = port?;
    let range = text.len() - port.len()..text.len();
    if port.bytes().all(|byte| byte.is_ascii_digit()) {
        // Nothing after the colon means the scheme's own port.
        let fits = port.is_empty() || port.parse::<u16>().is_ok();
        return (!fits).then(|| (format!("there is no port {port}"), range));
    }
    // Names of services are looked up by listeners; URLs know numbers only.
    let is_name = !needs_host
        && port
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (!is_name).then(|| (format!("{port:?} is no port"), range))
}

#[cfg(test)]
mod tests {
    use super::Addresses;
    use crate::testing::said;

    fn receiver(endpoint: &str) -> String {
        said(
            &Addresses,
            &format!(
                "otelcol.receiver.otlp \"a\" {{\n\tgrpc {{\n\t\tendpoint = {endpoint}\n\t}}\n\toutput {{ }}\n}}\n"
            ),
        )
    }

    #[test]
    fn good_addresses_pass() {
        insta::assert_snapshot!(receiver("\"0.0.0.0:4317\""), @"");
        insta::assert_snapshot!(receiver("\"[::]:4317\""), @"");
        insta::assert_snapshot!(receiver("sys.env(\"POD_IP\") + \":4317\""), @"");
    }

    #[test]
    fn bad_addresses_are_found() {
        insta::assert_snapshot!(receiver("\"http://0.0.0.0:4317\""), @"3:15: error[AR0307]: `endpoint` is no address to listen on: it has a scheme (an address to listen on is `host:port`, such as `0.0.0.0:4317`)");
        insta::assert_snapshot!(receiver("\"0.0.0.0:70000\""), @"3:23: error[AR0307]: `endpoint` is no address to listen on: there is no port 70000 (such as `0.0.0.0:4317`)");
        insta::assert_snapshot!(receiver("\"::1:4317\""), @"3:15: error[AR0307]: `endpoint` is no address to listen on: an IPv6 address stands in brackets: `[::1]:80` (such as `0.0.0.0:4317`)");
        let text = "loki.source.api \"a\" {\n\tforward_to = []\n\thttp {\n\t\tlisten_port = 99999\n\t}\n}\n";
        insta::assert_snapshot!(said(&Addresses, text), @"4:17: error[AR0307]: `listen_port` 99999 is no port (ports are numbers from 0 to 65535)");
    }
}
