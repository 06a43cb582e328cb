//! `prometheus.remote_write`: sends samples to any number of endpoints by remote write 1.0.
//!
//! Samples wait in bounded queues in memory (there is no write-ahead log: the `wal` block's times change nothing). A full queue makes its scrapes wait;
//! nothing is dropped silently: what an endpoint refuses (4xx), what a rule drops and what is too old is counted by reason.

mod arguments;
mod encode;
mod endpoint;
mod metrics;
mod sender;
mod settings;
mod shard;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::endpoints::{Endpoints, name_of};
use crate::http_client::EndpointsHealth;
use crate::signals::{Inlet, MetricBatch, inlet};
use arguments::{Arguments, Exports};
use endpoint::Endpoint;
use metrics::Metrics;
use parking_lot::Mutex;
use river_eval::BodyValue;
use settings::Settings;
use std::sync::Arc;

/// `prometheus.remote_write`.
pub(crate) struct RemoteWrite {
    inlet: Mutex<Option<Inlet<MetricBatch>>>,
    endpoints: Endpoints<Endpoint>,
    metrics: Metrics,
    health: Arc<EndpointsHealth>,
}

impl Component for RemoteWrite {
    const NAME: &'static str = "prometheus.remote_write";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        let (receiver, inlet) = inlet(&context.id.to_string());
        let write = Self {
            inlet: Mutex::new(Some(inlet)),
            endpoints: Endpoints::default(),
            metrics: Metrics::new(&context.metrics),
            health: Arc::new(EndpointsHealth::new(context.health.clone())),
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
        self.endpoints
            .run(&mut inlet, &stop, |batch| self.metrics.appended(batch))
            .await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        self.endpoints.debug_info()
    }
}

impl RemoteWrite {
    /// Makes the endpoints of these arguments, keeping those that fit with what waits in them.
    fn configure(&self, arguments: &Arguments) -> Result<(), BuildError> {
        let endpoints = arguments.endpoints.iter().enumerate();
        let wanted: Vec<_> = endpoints
            .map(|(at, endpoint)| Ok((name_of(at, &endpoint.name), Settings::new(arguments, endpoint)?)))
            .collect::<Result<_, BuildError>>()?;
        self.endpoints.configure(wanted, |name, settings| {
            Endpoint::new(name, settings, self.metrics.clone(), self.health.clone())
        });
        Ok(())
    }
}
