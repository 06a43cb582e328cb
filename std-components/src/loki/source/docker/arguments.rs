//! What `loki.source.docker` is configured with.

use crate::docker::Host;
use crate::http_client::HttpClientArguments;
use crate::relabel::Rules;
use crate::signals::{Fanout, LogBatch, Target};
use river_eval::{Checks, Shared};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `loki.source.docker`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// Where the daemon listens: `unix:///var/run/docker.sock`, `tcp://…`, `http://…` or `https://…`.
    pub(super) host: String,
    /// The containers: `__meta_docker_container_id` of each, as `discovery.docker` finds them. Labels without `__` before them are the entries' labels.
    pub(super) targets: Vec<Target>,
    /// Where entries go.
    pub(super) forward_to: Fanout<LogBatch>,
    /// Labels of all entries; they go before the targets' own.
    #[river(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// Rules that make the entries' labels of the targets' (`__meta_docker_container_log_stream` is `stdout` or `stderr`).
    pub(super) relabel_rules: Option<Shared<Rules>>,
    /// How often the daemon is asked whether a container of which nothing comes is still there.
    #[river(default = Duration::from_secs(60))]
    pub(super) refresh_interval: Duration,
    /// How the daemon is spoken to where it listens on TCP.
    #[river(block, default)]
    pub(super) http_client_config: HttpClientArguments,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if let Err(reason) = Host::parse(&arguments.host) {
        checks.attribute("host", reason);
    }
    if arguments.refresh_interval.is_zero() {
        checks.attribute("refresh_interval", "refresh_interval must be positive");
    }
}
