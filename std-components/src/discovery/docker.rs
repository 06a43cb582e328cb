//! `discovery.docker`: the containers of a Docker daemon, as Prometheus' `docker_sd_config` finds them.

mod labels;

use super::refresh::{Exports, Question, Refreshing, check_interval};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::docker::{Daemon, Filters, Host};
use crate::http_client::HttpClientArguments;
use crate::signals::Target;
use river_eval::Checks;
use std::sync::Arc;
use std::time::Duration;

/// The arguments of `discovery.docker`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// Where the daemon listens: `unix:///var/run/docker.sock`, `tcp://…`, `http://…` or `https://…`.
    host: String,
    /// The port of targets for containers that expose none.
    #[river(default = 80)]
    port: i64,
    /// The address of targets for containers in the host's network.
    #[river(default = "localhost".into())]
    host_networking_host: String,
    /// How often to ask the daemon.
    #[river(default = Duration::from_secs(60))]
    refresh_interval: Duration,
    /// Whether a container in several networks is found in the first of them (by name) only.
    #[river(default = true)]
    match_first_network: bool,
    /// Which containers are wanted.
    #[river(block, name = "filter")]
    filters: Vec<Filter>,
    /// How the daemon is spoken to where it listens on TCP.
    #[river(squash)]
    client: HttpClientArguments,
}

/// A filter of the daemon's list of containers.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
struct Filter {
    /// What is looked at, such as `label`, `name` or `network`.
    name: String,
    /// One of these has to fit.
    values: Vec<String>,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if let Err(reason) = Host::parse(&arguments.host) {
        checks.attribute("host", reason);
    }
    check_interval(arguments.refresh_interval, checks);
}

/// A daemon and what is made of its containers.
struct Containers {
    daemon: Daemon,
    filters: Filters,
    shape: labels::Shape,
    interval: Duration,
}

impl Containers {
    fn new(arguments: &Arguments) -> Result<Self, BuildError> {
        let mut filters = Filters::new();
        for filter in &arguments.filters {
            let values = filters.entry(filter.name.clone()).or_default();
            values.extend(filter.values.iter().cloned());
        }
        // As in the reference, a filter without values filters nothing.
        filters.retain(|_, values| !values.is_empty());
        Ok(Self {
            daemon: Daemon::new(&arguments.host, &arguments.client)?,
            filters,
            shape: labels::Shape {
                port: arguments.port,
                host_networking_host: arguments.host_networking_host.clone(),
                match_first_network: arguments.match_first_network,
            },
            interval: arguments.refresh_interval,
        })
    }
}

impl Question for Containers {
    const MECHANISM: &'static str = "docker";

    fn interval(&self) -> Duration {
        self.interval
    }

    async fn ask(&self) -> Result<Vec<Target>, String> {
        let failed = |error: crate::docker::ApiError| error.to_string();
        let containers = self.daemon.containers(&self.filters).await.map_err(failed)?;
        let networks = self.daemon.networks().await.map_err(failed)?;
        Ok(labels::targets(&containers, &networks, &self.shape))
    }
}

/// `discovery.docker`.
pub(super) struct Docker {
    refreshing: Refreshing<Containers>,
}

impl Component for Docker {
    const NAME: &'static str = "discovery.docker";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        Ok(Self {
            refreshing: Refreshing::new(context, Containers::new(&arguments)?),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.refreshing.update(Containers::new(&arguments)?);
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        self.refreshing.run(stop).await
    }
}

#[cfg(test)]
mod tests;
