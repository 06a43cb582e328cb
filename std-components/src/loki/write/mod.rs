//! `loki.write`: sends log entries to any number of Loki endpoints, each with queue, retries and health of its own.
//!
//! An entry is acknowledged to its source once every endpoint has answered 2xx for it, or it has been dropped by a rule and counted. So a dead Loki
//! fills the queues (`queue_config.capacity`), then the channel, and then its sources wait: in bounded memory, for as long as it takes.

mod arguments;
mod encode;
mod endpoint;
mod group;
mod ledger;
mod metrics;
mod packer;
mod pending;
mod record;
mod refusal;
mod resolve;
mod send;
mod settings;
mod shard;
mod split;
mod store;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::endpoints::{Endpoints, name_of};
use crate::http_client::EndpointsHealth;
use crate::signals::{Inlet, LogBatch, inlet};
use arguments::{Arguments, Exports};
use endpoint::Endpoint;
use metrics::Metrics;
use parking_lot::Mutex;
use river_eval::BodyValue;
use settings::Settings;
use std::path::PathBuf;
use std::sync::Arc;

/// `loki.write`.
pub(crate) struct Write {
    inlet: Mutex<Option<Inlet<LogBatch>>>,
    endpoints: Endpoints<Endpoint>,
    metrics: Metrics,
    health: Arc<EndpointsHealth>,
    data: PathBuf,
}

impl Component for Write {
    const NAME: &'static str = "loki.write";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let (receiver, inlet) = inlet(&context.id.to_string());
        let write = Self {
            inlet: Mutex::new(Some(inlet)),
            endpoints: Endpoints::default(),
            metrics: Metrics::new(&context.metrics),
            health: Arc::new(EndpointsHealth::new(context.health.clone())),
            data: context.data_dir(),
        };
        write.configure(&arguments)?;
        context.export(&Exports { receiver });
        Ok(write)
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        self.configure(&arguments)
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let Some(mut inlet) = self.inlet.lock().take() else {
            return Err(RunError("its inlet has been used up by an earlier run".into()));
        };
        self.endpoints.run(&mut inlet, &stop, |_| {}).await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        self.endpoints.debug_info()
    }
}

impl Write {
    /// Makes the endpoints of these arguments, keeping those that fit with what waits in them.
    fn configure(&self, arguments: &Arguments) -> Result<(), BuildError> {
        let endpoints = arguments.endpoints.iter().enumerate();
        let wanted: Vec<_> = endpoints
            .map(|(at, endpoint)| {
                let name = name_of(at, &endpoint.name);
                let settings = Settings::new(arguments, endpoint, &name, &self.data)?;
                Ok((name, settings))
            })
            .collect::<Result<_, BuildError>>()?;
        self.endpoints.configure(wanted, |name, settings| {
            Endpoint::new(name, settings, self.metrics.clone(), self.health.clone())
        });
        Ok(())
    }
}
