//! The arguments and exports of `prometheus.remote_write`.

use crate::http_client::{HttpClientArguments, parse_headers, parse_url};
use crate::relabel::Rule;
use crate::signals::MetricsReceiver;
use river_eval::{Checks, Secret, Shared};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `prometheus.remote_write`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct Arguments {
    /// Labels to add to metrics sent over the network.
    #[river(default)]
    pub(super) external_labels: BTreeMap<String, String>,
    /// Location to send metrics to.
    #[river(block, name = "endpoint")]
    pub(super) endpoints: Vec<EndpointArguments>,
    /// Configuration for the component's WAL. Samples wait in the bounded queues of the endpoints; these times are accepted and change nothing.
    #[river(block, default)]
    pub(super) wal: WalArguments,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    for (at, endpoint) in arguments.endpoints.iter().enumerate() {
        let same = |other: &EndpointArguments| !endpoint.name.is_empty() && other.name == endpoint.name;
        if arguments.endpoints.iter().take(at).any(same) {
            checks.block(
                "endpoint",
                at,
                format!(
                    "found duplicate remote write configs with name {:?}",
                    endpoint.name
                ),
            );
        }
    }
}

/// An `endpoint` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_endpoint)]
pub(super) struct EndpointArguments {
    /// Optional name to identify the endpoint in metrics.
    #[river(default)]
    pub(super) name: String,
    /// Full URL to send metrics to.
    pub(super) url: String,
    /// Timeout for requests made to the URL.
    #[river(default = Duration::from_secs(30))]
    pub(super) remote_timeout: Duration,
    /// Extra headers to deliver with the request.
    #[river(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Whether exemplars should be sent.
    #[river(default = true)]
    pub(super) send_exemplars: bool,
    /// Whether native histograms should be sent. There are none yet: scrapes read the text formats.
    #[river(default = false)]
    pub(super) send_native_histograms: bool,
    /// The protobuf message to use: `prometheus.WriteRequest` (remote write 1.0).
    #[river(default = "prometheus.WriteRequest".to_owned())]
    pub(super) protobuf_message: String,
    /// HTTP client settings.
    #[river(squash)]
    pub(super) client: HttpClientArguments<false>,
    /// Configuration for how metrics are batched before sending.
    #[river(block, default)]
    pub(super) queue_config: QueueArguments,
    /// Configuration for how metric metadata is sent.
    #[river(block, default)]
    pub(super) metadata_config: MetadataArguments,
    /// Rules that change or drop series before they are sent.
    #[river(block, name = "write_relabel_config")]
    pub(super) write_relabel: Vec<Rule>,
    /// AWS Signature Version 4; not supported.
    #[river(block)]
    pub(super) sigv4: Option<SigV4Arguments>,
    /// Azure AD; not supported.
    #[river(block)]
    pub(super) azuread: Option<AzureAdArguments>,
}

fn check_endpoint(endpoint: &EndpointArguments, checks: &mut Checks<'_, '_>) {
    if let Err(error) = parse_url(&endpoint.url) {
        checks.attribute("url", error).help =
            Some("write the whole URL, such as \"http://prometheus:9090/api/v1/write\"".into());
    }
    if let Err(error) = parse_headers(&endpoint.headers) {
        checks.attribute("headers", error.message);
    }
    match endpoint.protobuf_message.as_str() {
        "prometheus.WriteRequest" => {}
        "io.prometheus.write.v2.Request" => {
            checks
                .attribute("protobuf_message", "remote write 2.0 is not supported yet")
                .help = Some("leave it out: remote write 1.0 is understood by every receiver".into());
        }
        other => {
            checks
                .attribute(
                    "protobuf_message",
                    format!("unknown type for remote write protobuf message {other:?}"),
                )
                .help = Some("write \"prometheus.WriteRequest\" or leave it out".into());
        }
    }
}

/// A `queue_config` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_queue)]
pub(super) struct QueueArguments {
    /// Number of samples to buffer per shard.
    #[river(default = 10_000)]
    pub(super) capacity: i64,
    /// Maximum number of concurrent shards sending samples to the endpoint.
    #[river(default = 50)]
    pub(super) max_shards: i64,
    /// Minimum amount of concurrent shards sending samples to the endpoint.
    #[river(default = 1)]
    pub(super) min_shards: i64,
    /// Maximum number of samples per send.
    #[river(default = 2000)]
    pub(super) max_samples_per_send: i64,
    /// Maximum time samples will wait in the buffer before sending.
    #[river(default = Duration::from_secs(5))]
    pub(super) batch_send_deadline: Duration,
    /// Initial retry delay.
    #[river(default = Duration::from_millis(30))]
    pub(super) min_backoff: Duration,
    /// Maximum retry delay.
    #[river(default = Duration::from_secs(5))]
    pub(super) max_backoff: Duration,
    /// Retry when an HTTP 429 status code is received.
    #[river(default = true)]
    pub(super) retry_on_http_429: bool,
    /// Maximum age of samples to send; 0 for no limit.
    #[river(default)]
    pub(super) sample_age_limit: Duration,
}

/// Shards of an endpoint at the most.
const MAX_SHARDS: i64 = 1000;

fn check_queue(queue: &QueueArguments, checks: &mut Checks<'_, '_>) {
    for (name, value) in [
        ("capacity", queue.capacity),
        ("max_samples_per_send", queue.max_samples_per_send),
        ("min_shards", queue.min_shards),
        ("max_shards", queue.max_shards),
    ] {
        if value <= 0 {
            checks.attribute(name, format!("{name} must be greater than 0"));
        }
    }
    if queue.min_shards > queue.max_shards || queue.max_shards > MAX_SHARDS {
        checks.attribute(
            "max_shards",
            format!("max_shards must be between min_shards and {MAX_SHARDS}"),
        );
    }
    if queue.max_backoff < queue.min_backoff {
        checks.attribute("max_backoff", "max_backoff must not be below min_backoff");
    }
}

/// A `metadata_config` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_metadata)]
pub(super) struct MetadataArguments {
    /// Controls whether metric metadata is sent to the endpoint.
    #[river(default = true)]
    pub(super) send: bool,
    /// How frequently metric metadata is sent to the endpoint.
    #[river(default = Duration::from_secs(60))]
    pub(super) send_interval: Duration,
    /// Maximum number of metadata entries to send to the endpoint at once.
    #[river(default = 2000)]
    pub(super) max_samples_per_send: i64,
}

fn check_metadata(metadata: &MetadataArguments, checks: &mut Checks<'_, '_>) {
    if metadata.send_interval.is_zero() {
        checks.attribute("send_interval", "send_interval must be greater than 0");
    }
    if metadata.max_samples_per_send <= 0 {
        checks.attribute(
            "max_samples_per_send",
            "max_samples_per_send must be greater than 0",
        );
    }
}

/// The `wal` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct WalArguments {
    /// How frequently to clean up the WAL.
    #[river(default = Duration::from_secs(2 * 3600))]
    pub(super) truncate_frequency: Duration,
    /// Minimum time to keep data in the WAL before it can be removed.
    #[river(default = Duration::from_secs(5 * 60))]
    pub(super) min_keepalive_time: Duration,
    /// Maximum time to keep data in the WAL before removing it.
    #[river(default = Duration::from_secs(8 * 3600))]
    pub(super) max_keepalive_time: Duration,
}

/// A `sigv4` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct SigV4Arguments {
    /// AWS region.
    #[river(default)]
    pub(super) region: String,
    /// AWS API access key.
    #[river(default)]
    pub(super) access_key: String,
    /// AWS API secret key.
    pub(super) secret_key: Option<Secret>,
    /// Named AWS profile used to authenticate.
    #[river(default)]
    pub(super) profile: String,
    /// AWS role ARN.
    #[river(default)]
    pub(super) role_arn: String,
}

/// An `azuread` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct AzureAdArguments {
    /// The Azure cloud.
    #[river(default = "AzurePublic".to_owned())]
    pub(super) cloud: String,
    /// A managed identity.
    #[river(block)]
    pub(super) managed_identity: Option<ManagedIdentityArguments>,
    /// OAuth.
    #[river(block)]
    pub(super) oauth: Option<AzureOAuthArguments>,
    /// The Azure SDK.
    #[river(block)]
    pub(super) sdk: Option<AzureSdkArguments>,
}

/// A `managed_identity` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct ManagedIdentityArguments {
    /// Client ID of the identity.
    pub(super) client_id: String,
}

/// An `oauth` block of `azuread`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct AzureOAuthArguments {
    /// The client ID.
    pub(super) client_id: String,
    /// The client secret.
    pub(super) client_secret: Secret,
    /// The tenant.
    pub(super) tenant_id: String,
}

/// An `sdk` block of `azuread`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct AzureSdkArguments {
    /// The tenant.
    pub(super) tenant_id: String,
}

/// The exports of `prometheus.remote_write`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(crate) struct Exports {
    /// Takes samples.
    pub(super) receiver: Shared<MetricsReceiver>,
}
