//! The arguments and exports of `loki.write`.

use crate::http_client::{HttpClientArguments, parse_headers, parse_url};
use crate::signals::LogsReceiver;
use river_eval::{ByteSize, Checks, Shared};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `loki.write`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct Arguments {
    /// Labels to add to logs sent over the network.
    #[river(default)]
    pub(super) external_labels: BTreeMap<String, String>,
    /// Maximum number of streams in a request; 0 for no limit. Entries of further streams are dropped.
    #[river(default = 0)]
    pub(super) max_streams: i64,
    /// Location to send logs to.
    #[river(block, name = "endpoint")]
    pub(super) endpoints: Vec<EndpointArguments>,
    /// Write-ahead log configuration.
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
                format!("another endpoint is named {:?} too", endpoint.name),
            );
        }
    }
}

/// An `endpoint` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_endpoint)]
pub(super) struct EndpointArguments {
    /// An optional name to identify this endpoint with.
    #[river(default)]
    pub(super) name: String,
    /// Full URL to send logs to.
    pub(super) url: String,
    /// Maximum amount of time to wait before sending a batch.
    #[river(default = Duration::from_secs(1))]
    pub(super) batch_wait: Duration,
    /// Maximum batch size of logs to accumulate before sending.
    #[river(default = ByteSize(1024 * 1024))]
    pub(super) batch_size: ByteSize,
    /// Timeout for requests made to the URL.
    #[river(default = Duration::from_secs(10))]
    pub(super) remote_timeout: Duration,
    /// Extra headers to deliver with the request.
    #[river(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Initial backoff time between retries.
    #[river(default = Duration::from_millis(500))]
    pub(super) min_backoff_period: Duration,
    /// Maximum backoff time between retries.
    #[river(default = Duration::from_secs(300))]
    pub(super) max_backoff_period: Duration,
    /// Maximum number of retries; 0 to retry for ever. Counts only for entries whose source cannot wait: those of files are retried until they are taken.
    #[river(default = 10)]
    pub(super) max_backoff_retries: i64,
    /// The tenant ID used by default to push logs.
    #[river(default)]
    pub(super) tenant_id: String,
    /// Retry when an HTTP 429 status code is received.
    #[river(default = true)]
    pub(super) retry_on_http_429: bool,
    /// HTTP client settings.
    #[river(squash)]
    pub(super) client: HttpClientArguments,
    /// When the WAL is not enabled, how the queue of an endpoint behaves.
    #[river(block, default)]
    pub(super) queue_config: QueueArguments,
}

fn check_endpoint(endpoint: &EndpointArguments, checks: &mut Checks<'_, '_>) {
    if let Err(error) = parse_url(&endpoint.url) {
        checks.attribute("url", error).help =
            Some("write the whole push URL, such as \"http://loki:3100/loki/api/v1/push\"".into());
    }
    if let Err(error) = parse_headers(&endpoint.headers) {
        checks.attribute("headers", error.message);
    }
    if endpoint.batch_size.0 == 0 {
        checks.attribute("batch_size", "batch_size must be greater than 0");
    }
    if endpoint.max_backoff_period < endpoint.min_backoff_period {
        checks.attribute(
            "max_backoff_period",
            "max_backoff_period must not be below min_backoff_period",
        );
    }
}

/// A `queue_config` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_queue)]
pub(super) struct QueueArguments {
    /// Controls the size of the underlying send queue buffer, for each shard.
    #[river(default = ByteSize(10 * 1024 * 1024), experimental)]
    pub(super) capacity: ByteSize,
    /// Number of shards: requests that are under way at the same time at the most.
    #[river(default = 1, experimental)]
    pub(super) min_shards: i64,
    /// Configures the maximum time the client can take to drain the send queue upon shutdown.
    #[river(default = Duration::from_secs(15), experimental)]
    pub(super) drain_timeout: Duration,
    /// If true, entries wait for room in the queue; else they are dropped and counted while there is none.
    #[river(default = true, experimental)]
    pub(super) block_on_overflow: bool,
}

/// Shards at the most.
const MAX_SHARDS: i64 = 256;

fn check_queue(queue: &QueueArguments, checks: &mut Checks<'_, '_>) {
    if queue.capacity.0 == 0 {
        checks.attribute("capacity", "capacity must be greater than 0");
    }
    if !(0..=MAX_SHARDS).contains(&queue.min_shards) {
        checks.attribute(
            "min_shards",
            format!("min_shards must be between 1 and {MAX_SHARDS}"),
        );
    }
}

/// The `wal` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct WalArguments {
    /// Whether to enable the WAL.
    #[river(default = false)]
    pub(super) enabled: bool,
    /// Maximum time a WAL segment should be allowed to live.
    #[river(default = Duration::from_secs(3600))]
    pub(super) max_segment_age: Duration,
    /// Minimum backoff time in the backup read mechanism.
    #[river(default = Duration::from_millis(250))]
    pub(super) min_read_frequency: Duration,
    /// Maximum backoff time in the backup read mechanism.
    #[river(default = Duration::from_secs(1))]
    pub(super) max_read_frequency: Duration,
    /// Maximum time the WAL drain procedure can take, before being forcefully stopped.
    #[river(default = Duration::from_secs(15))]
    pub(super) drain_timeout: Duration,
}

/// The exports of `loki.write`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(crate) struct Exports {
    /// Takes log entries.
    pub(super) receiver: Shared<LogsReceiver>,
}
