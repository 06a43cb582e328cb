//! A least value is not above its greatest, and what has to be above zero is.

use crate::codes::values::{BOUNDS, ZERO};
use crate::given::{bytes, is_at, nanoseconds, number, place, shown};
use river_eval::Value;
use river_eval::check::{Checked, Findings, Rule};
use river_eval::schema::Type;
use river_syntax::{Diagnostic, Severity};

/// [`BOUNDS`] and [`ZERO`].
#[derive(Debug)]
pub(super) struct Bounds;

/// The lesser and the greater attribute, whether 0 for the greater means none, and how bad it is.
const PAIRS: &[(&str, &str, bool, Severity)] = &[
    ("min_backoff", "max_backoff", false, Severity::Warning),
    (
        "min_backoff_period",
        "max_backoff_period",
        false,
        Severity::Warning,
    ),
    ("min_shards", "max_shards", false, Severity::Warning),
    ("initial_interval", "max_interval", true, Severity::Warning),
    ("send_batch_size", "send_batch_max_size", true, Severity::Error),
    ("min_size", "max_size", true, Severity::Error),
    ("min_size", "queue_size", true, Severity::Warning),
    ("spike_limit", "limit", true, Severity::Error),
    (
        "spike_limit_percentage",
        "limit_percentage",
        true,
        Severity::Error,
    ),
    (
        "min_keepalive_time",
        "max_keepalive_time",
        false,
        Severity::Warning,
    ),
    (
        "min_poll_frequency",
        "max_poll_frequency",
        false,
        Severity::Warning,
    ),
    (
        "min_read_frequency",
        "max_read_frequency",
        false,
        Severity::Warning,
    ),
    ("min_wal_time", "max_wal_time", false, Severity::Warning),
    ("min_delay", "max_delay", false, Severity::Warning),
];

/// Component, block, and attributes that have to be above zero.
const ABOVE_ZERO: &[(&str, &str, &[&str])] = &[
    ("prometheus.scrape", ".", &["scrape_interval"]),
    ("pyroscope.scrape", ".", &["scrape_interval", "scrape_timeout"]),
    ("local.file", ".", &["poll_frequency"]),
    ("local.file_match", ".", &["sync_period"]),
    ("remote.http", ".", &["poll_frequency", "poll_timeout"]),
    ("discovery.consul", ".", &["refresh_interval"]),
    ("discovery.consulagent", ".", &["refresh_interval"]),
    ("discovery.docker", ".", &["refresh_interval"]),
    ("discovery.dockerswarm", ".", &["refresh_interval"]),
    ("discovery.ionos", ".", &["refresh_interval"]),
    ("discovery.kuma", ".", &["refresh_interval", "fetch_timeout"]),
    ("discovery.linode", ".", &["refresh_interval"]),
    ("discovery.marathon", ".", &["refresh_interval"]),
    ("discovery.triton", ".", &["refresh_interval"]),
    ("discovery.nerve", ".", &["timeout"]),
    ("loki.rules.kubernetes", ".", &["sync_interval"]),
    ("mimir.rules.kubernetes", ".", &["sync_interval"]),
    ("loki.source.gcplog", "push", &["push_timeout"]),
    ("", "stage.multiline", &["max_wait_time"]),
    ("", "stage.cri", &["max_partial_lines"]),
    ("", "stage.limit", &["rate", "burst"]),
    ("otelcol.connector.spanmetrics", ".", &["metrics_flush_interval"]),
    ("otelcol.connector.host_info", ".", &["metrics_flush_interval"]),
    (
        "otelcol.connector.servicegraph",
        ".",
        &["cache_loop", "store_expiration_loop"],
    ),
    ("otelcol.processor.interval", ".", &["interval"]),
    ("otelcol.processor.memory_limiter", ".", &["check_interval"]),
    ("otelcol.processor.metric_start_time", ".", &["gc_interval"]),
    (
        "otelcol.processor.tail_sampling",
        ".",
        &["decision_wait", "num_traces"],
    ),
    ("otelcol.exporter.prometheus", ".", &["gc_frequency"]),
    ("otelcol.exporter.", "sending_queue", &["queue_size"]),
    ("prometheus.remote_write", "wal", &["truncate_frequency"]),
];

impl Rule for Bounds {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        block.visit(&mut |block| {
            for (least, most, zero_is_none, severity) in PAIRS {
                pair(block, least, most, *zero_is_none, *severity, findings);
            }
            for (component, at, names) in ABOVE_ZERO {
                if is_at(block, component, at) {
                    for name in *names {
                        above_zero(block, name, findings);
                    }
                }
            }
        });
    }
}

/// A known value as a number, and as people write it.
fn value(block: &Checked<'_>, name: &str) -> Option<(f64, String)> {
    match &block.schema.attribute(name)?.ty {
        Type::Duration => nanoseconds(block, name).map(|value| (value as f64, shown(value))),
        Type::Number(_) => number(block, name).map(|value| (value, value.to_string())),
        Type::Text { name: kind, .. } if kind.starts_with("byte size") => {
            let written = match block.value(name)? {
                Value::String(text) => text.to_string(),
                other => format!("{}", f64_of(other)?),
            };
            bytes(block, name).map(|value| (value as f64, written))
        }
        _ => None,
    }
}

fn f64_of(value: &Value) -> Option<f64> {
    use river_eval::FromValue;
    f64::from_value(value).ok()
}

fn pair(
    block: &Checked<'_>,
    least: &str,
    most: &str,
    zero_is_none: bool,
    severity: Severity,
    findings: &mut Findings<'_>,
) {
    let (low, high) = (block.attribute(least), block.attribute(most));
    if low.is_none() && high.is_none() {
        return;
    }
    let (Some((low_value, low_text)), Some((high_value, high_text))) =
        (value(block, least), value(block, most))
    else {
        return;
    };
    if low_value <= high_value || (zero_is_none && high_value == 0.0) {
        return;
    }
    let by_default = |is_written: bool| if is_written { "" } else { " by default" };
    // The one that was written; both: the greater attribute.
    let (blamed, other) = if high.is_some() {
        (most, low)
    } else {
        (least, None)
    };
    let span = block.attribute(blamed).map_or_else(
        || place(block, blamed),
        |attribute| attribute.attribute.value.span,
    );
    let mut found = Diagnostic::new(
        severity,
        &BOUNDS,
        span,
        format!(
            "`{least}` ({low_text}{}) is above `{most}` ({high_text}{})",
            by_default(low.is_some()),
            by_default(high.is_some()),
        ),
    )
    .with_help(format!("`{most}` has to be at least as much as `{least}`"));
    if let Some(other) = other {
        found = found.with_secondary(other.attribute.value.span, "above");
    }
    findings.push(found);
}

fn above_zero(block: &Checked<'_>, name: &str, findings: &mut Findings<'_>) {
    let Some(attribute) = block.attribute(name) else {
        return;
    };
    let Some((known, _)) = value(block, name) else {
        return;
    };
    if known <= 0.0 {
        findings.push(
            Diagnostic::error(
                &ZERO,
                attribute.attribute.value.span,
                format!("`{name}` has to be above 0"),
            )
            .with_help(match attribute.schema.ty {
                Type::Duration => "such as `\"1m\"`",
                _ => "such as `1`",
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds;
    use crate::testing::said;

    #[test]
    fn values_in_order_pass() {
        let text = "loki.write \"a\" {
	endpoint {
		url                = \"http://a/b\"
		min_backoff_period = \"1s\"
		max_backoff_period = \"1m\"
	}
}
otelcol.processor.batch \"b\" {
	send_batch_size     = 100
	send_batch_max_size = 0
	output { }
}
";
        insta::assert_snapshot!(said(&Bounds, text), @"");
    }

    #[test]
    fn values_out_of_order_are_found() {
        let text = "loki.write \"a\" {
	endpoint {
		url                = \"http://a/b\"
		min_backoff_period = \"10m\"
	}
}
otelcol.processor.batch \"b\" {
	send_batch_max_size = 100
	output { }
}
otelcol.processor.memory_limiter \"c\" {
	check_interval = \"0s\"
	limit          = \"100MiB\"
	spike_limit    = \"200MiB\"
	output { }
}
";
        insta::assert_snapshot!(said(&Bounds, text), @r#"
        4:24: warning[AR0316]: `min_backoff_period` (10m0s) is above `max_backoff_period` (5m0s by default) (`max_backoff_period` has to be at least as much as `min_backoff_period`)
        8:24: error[AR0316]: `send_batch_size` (2000 by default) is above `send_batch_max_size` (100) (`send_batch_max_size` has to be at least as much as `send_batch_size`)
        12:19: error[AR0317]: `check_interval` has to be above 0 (such as `"1m"`)
        13:19: error[AR0316]: `spike_limit` (200MiB) is above `limit` (100MiB) (`limit` has to be at least as much as `spike_limit`)
        "#);
    }
}
