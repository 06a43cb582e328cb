//! The arguments of `prometheus.scrape`.

use crate::http_client::HttpClientArguments;
use crate::signals::{Fanout, MetricBatch, Target};
use river_eval::{ByteSize, Checks};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `prometheus.scrape`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct Arguments {
    /// The targets to scrape.
    pub targets: Vec<Target>,
    /// Who takes the samples.
    pub forward_to: Fanout<MetricBatch>,
    /// The `job` of targets that have none; the component's id if left out.
    #[river(default)]
    pub job_name: String,
    /// Whether labels of the page win over the target's.
    #[river(default)]
    pub honor_labels: bool,
    /// Whether times on the page are kept.
    #[river(default = true)]
    pub honor_timestamps: bool,
    /// Whether series with times on the page end with a staleness marker too.
    #[river(default)]
    pub track_timestamps_staleness: bool,
    /// Query parameters of the request.
    #[river(default)]
    pub params: BTreeMap<String, Vec<String>>,
    /// Accepted; native histograms are not read, so that classic ones always are.
    #[river(default)]
    pub scrape_classic_histograms: bool,
    /// Accepted, with a warning: native histograms are not read.
    #[river(default)]
    pub scrape_native_histograms: bool,
    /// A file to which failures are appended as JSON.
    #[river(default)]
    pub scrape_failure_log_file: String,
    /// How often to scrape.
    #[river(default = Duration::from_secs(60))]
    pub scrape_interval: Duration,
    /// How long a scrape may take.
    #[river(default = Duration::from_secs(10))]
    pub scrape_timeout: Duration,
    /// The formats to ask for, the best one first.
    #[river(default = default_protocols())]
    pub scrape_protocols: Vec<String>,
    /// The path of targets that name none.
    #[river(default = "/metrics".to_owned())]
    pub metrics_path: String,
    /// The scheme of targets that name none.
    #[river(default = "http".to_owned())]
    pub scheme: String,
    /// The largest page in bytes once decompressed; `0` stands for no limit.
    #[river(default = ByteSize(0))]
    pub body_size_limit: ByteSize,
    /// The most samples of a scrape; with more it fails.
    #[river(default)]
    pub sample_limit: u64,
    /// The most targets; with more every scrape fails.
    #[river(default)]
    pub target_limit: u64,
    /// The most labels of a series; with more the scrape fails.
    #[river(default)]
    pub label_limit: u64,
    /// The longest name of a label in bytes.
    #[river(default)]
    pub label_name_length_limit: u64,
    /// The longest value of a label in bytes.
    #[river(default)]
    pub label_value_length_limit: u64,
    /// Authentication, TLS, proxies.
    #[river(squash)]
    pub http: HttpClientArguments,
    /// Whether to add `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes`.
    #[river(default)]
    pub extra_metrics: bool,
    /// Deprecated, accepted: the protobuf format is not read.
    #[river(default)]
    pub enable_protobuf_negotiation: bool,
    /// Which names are valid: `legacy` or `utf8`.
    #[river(default = "legacy".to_owned())]
    pub metric_name_validation_scheme: String,
    /// How targets are asked to escape other names.
    #[river(default)]
    pub metric_name_escaping_scheme: String,
    /// The format of pages without a known content type.
    #[river(default = "PrometheusText0.0.4".to_owned())]
    pub scrape_fallback_protocol: String,
    /// Accepted, with a warning: classic histograms are not converted.
    #[river(default)]
    pub convert_classic_histograms_to_nhcb: bool,
    /// Whether to ask for compressed pages.
    #[river(default = true)]
    pub enable_compression: bool,
    /// Accepted: native histograms are not read.
    #[river(default)]
    pub native_histogram_bucket_limit: u64,
    /// Accepted: native histograms are not read.
    #[river(default)]
    pub native_histogram_min_bucket_factor: f64,
    /// Whether to send metadata (type, help, unit) along.
    #[river(default, experimental)]
    pub honor_metadata: bool,
    /// Whether to add the labels `__type__` and `__unit__`.
    #[river(default, experimental)]
    pub enable_type_and_unit_labels: bool,
    /// Sharing targets among agents.
    #[river(block)]
    pub clustering: Option<Clustering>,
}

/// The block `clustering`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(crate) struct Clustering {
    /// Whether targets are shared among the agents of a cluster; this agent is always alone.
    pub enabled: bool,
}

/// The words of `scrape_protocols` and the media types that they stand for. The protobuf format is a word but is never asked for.
const PROTOCOLS: [(&str, &str); 5] = [
    ("PrometheusProto", ""),
    (
        "OpenMetricsText1.0.0",
        "application/openmetrics-text;version=1.0.0",
    ),
    (
        "OpenMetricsText0.0.1",
        "application/openmetrics-text;version=0.0.1",
    ),
    ("PrometheusText1.0.0", "text/plain;version=1.0.0"),
    ("PrometheusText0.0.4", "text/plain;version=0.0.4"),
];

fn default_protocols() -> Vec<String> {
    PROTOCOLS
        .iter()
        .skip(1)
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

const ESCAPING: [&str; 4] = ["allow-utf-8", "underscores", "dots", "values"];

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    let (interval, timeout) = (arguments.scrape_interval, arguments.scrape_timeout);
    if interval.is_zero() {
        checks.attribute("scrape_interval", "scrape_interval must be above 0");
    }
    if timeout > interval {
        let name = if checks.is_written("scrape_timeout") {
            "scrape_timeout"
        } else {
            "scrape_interval"
        };
        let message = format!(
            "scrape_timeout ({timeout:?}) greater than scrape_interval ({interval:?}) for scrape config with job name {:?}",
            arguments.job_name
        );
        checks.attribute(name, message).help = Some("a scrape has to end before the next one begins".into());
    }
    let is_known = |name: &str| PROTOCOLS.iter().any(|(known, _)| *known == name);
    let words = || PROTOCOLS.map(|(name, _)| name).join(", ");
    for (at, protocol) in arguments.scrape_protocols.iter().enumerate() {
        if arguments
            .scrape_protocols
            .iter()
            .take(at)
            .any(|other| other == protocol)
        {
            checks.attribute(
                "scrape_protocols",
                format!(
                    "duplicate scrape protocol {protocol:?}: make sure the scrape protocols provided are unique"
                ),
            );
        }
        if !is_known(protocol) {
            checks
                .attribute(
                    "scrape_protocols",
                    format!("invalid scrape protocol {protocol:?}"),
                )
                .help = Some(format!("one of {}", words()));
        }
    }
    let fallback = &arguments.scrape_fallback_protocol;
    if !fallback.is_empty() && !is_known(fallback) {
        checks
            .attribute(
                "scrape_fallback_protocol",
                format!("invalid scrape_fallback_protocol {fallback:?}"),
            )
            .help = Some(format!("one of {}", words()));
    }
    if arguments.enable_protobuf_negotiation && arguments.scrape_protocols != default_protocols() {
        checks.attribute(
            "enable_protobuf_negotiation",
            "both enable_protobuf_negotiation and scrape_protocols are set, only one can be set at a time",
        );
    }
    let validation = &arguments.metric_name_validation_scheme;
    if !matches!(validation.as_str(), "legacy" | "utf8") {
        checks.attribute(
            "metric_name_validation_scheme",
            format!(
                "invalid metric_name_validation_scheme {validation:?}: must be either \"utf8\" or \"legacy\""
            ),
        );
    }
    let escaping = &arguments.metric_name_escaping_scheme;
    if !escaping.is_empty() && !ESCAPING.contains(&escaping.as_str()) {
        checks.attribute(
            "metric_name_escaping_scheme",
            format!("invalid metric_name_escaping_scheme: {escaping:?}, supported values: {ESCAPING:?}"),
        );
    }
    if escaping == "allow-utf-8" && validation != "utf8" {
        checks.attribute(
            "metric_name_escaping_scheme",
            "metric_name_escaping_scheme cannot be set to 'allow-utf-8' while metric_name_validation_scheme is not set to 'utf8'",
        );
    }
}

impl Arguments {
    /// The header `Accept`: the formats in their order, then anything.
    pub(crate) fn accept(&self) -> String {
        let escaping = match (
            self.metric_name_escaping_scheme.as_str(),
            self.metric_name_validation_scheme.as_str(),
        ) {
            ("", "utf8") => "allow-utf-8",
            ("", _) => "underscores",
            (given, _) => given,
        };
        let media: Vec<(&str, &str)> = self
            .scrape_protocols
            .iter()
            .filter_map(|wanted| PROTOCOLS.iter().find(|(name, _)| name == wanted))
            .filter(|(_, media)| !media.is_empty())
            .copied()
            .collect();
        let mut out = String::new();
        for (at, (_, media_type)) in media.iter().enumerate() {
            out.push_str(media_type);
            if media_type.ends_with("1.0.0") {
                out.push_str(";escaping=");
                out.push_str(escaping);
            }
            out.push_str(&format!(";q=0.{},", media.len() + 1 - at));
        }
        out + "*/*;q=0.1"
    }
}
