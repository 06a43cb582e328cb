//! What the capsules of the catalogs are, in words.

/// What a capsule is, with its article.
pub(super) fn described(name: &str) -> Option<&'static str> {
    Some(match name {
        "loki.LogsReceiver" => "a receiver of log entries",
        "storage.Appendable" => "a receiver of Prometheus metrics",
        "otelcol.Consumer" => "a receiver of OpenTelemetry signals",
        "pyroscope.Appendable" => "a receiver of profiles",
        "discovery.Target" => "a target",
        "relabel.Rules" => "relabelling rules",
        "auth.Handler" => "an OpenTelemetry authentication handler",
        "extension.ExtensionHandler" => "an OpenTelemetry extension",
        _ => return None,
    })
}
