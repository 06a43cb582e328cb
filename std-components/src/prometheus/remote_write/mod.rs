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
use crate::http_client::EndpointsHealth;
use crate::signals::{Batch, Inlet, MetricBatch, inlet};
use arc_swap::ArcSwap;
use arguments::{Arguments, Exports};
use endpoint::Endpoint;
use metrics::Metrics;
use parking_lot::Mutex;
use river_eval::BodyValue;
use settings::Settings;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tracing::Instrument;

type Endpoints = Vec<Arc<Endpoint>>;

/// How long a batch that waits for room at a stop may go on waiting.
const LAST_PUSH: Duration = Duration::from_secs(5);

/// `prometheus.remote_write`.
pub(crate) struct RemoteWrite {
    inlet: Mutex<Option<Inlet<MetricBatch>>>,
    endpoints: ArcSwap<Endpoints>,
    /// Those that an update has taken out and that have to be drained.
    leaving: Mutex<Endpoints>,
    changed: Notify,
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
            endpoints: ArcSwap::default(),
            leaving: Mutex::default(),
            changed: Notify::new(),
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
        self.settle().await;
        loop {
            let batch = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => {
                    self.settle().await;
                    continue;
                }
                batch = inlet.next() => batch,
            };
            let Some(batch) = batch else { break };
            let push = self.push(batch);
            tokio::pin!(push);
            let mut unsettled = false;
            let done = loop {
                tokio::select! {
                    () = &mut push => break true,
                    // An endpoint that blocks may have been taken out of the configuration.
                    () = self.changed.notified() => {
                        self.settle_leaving();
                        unsettled = true;
                    }
                    () = stop.cancelled() => break false,
                }
            };
            if !done {
                drop(tokio::time::timeout(LAST_PUSH, push).await);
                break;
            }
            if unsettled {
                self.settle().await;
            }
        }
        inlet.close();
        let rest = async {
            while let Some(batch) = inlet.try_next() {
                self.push(batch).await;
            }
        };
        drop(tokio::time::timeout(LAST_PUSH, rest).await);
        let endpoints = self.endpoints.load_full();
        futures_util::future::join_all(endpoints.iter().map(|endpoint| endpoint.drain())).await;
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut info = BodyValue::default();
        for endpoint in self.endpoints.load().iter() {
            info.block("endpoint", endpoint.debug_info());
        }
        info
    }
}

impl RemoteWrite {
    /// Makes the endpoints of these arguments, keeping those that fit with what waits in them.
    fn configure(&self, arguments: &Arguments) -> Result<(), BuildError> {
        let settings: Vec<Settings> = arguments
            .endpoints
            .iter()
            .map(|endpoint| Settings::new(arguments, endpoint))
            .collect::<Result<_, _>>()?;
        let old = self.endpoints.load_full();
        let mut kept = vec![false; old.len()];
        let mut made = Endpoints::new();
        for (at, settings) in settings.into_iter().enumerate() {
            // Without names, the place says which endpoint is meant: a corrected URL keeps what waits.
            let name = match settings.arguments.name.as_str() {
                "" => format!("endpoint-{at}"),
                name => name.to_owned(),
            };
            let before = old
                .iter()
                .zip(&mut kept)
                .find(|(endpoint, _)| endpoint.name() == name);
            let settings = match before {
                Some((endpoint, kept)) => match endpoint.reconfigure(settings) {
                    Ok(()) => {
                        *kept = true;
                        made.push(endpoint.clone());
                        continue;
                    }
                    Err(settings) => *settings,
                },
                None => settings,
            };
            made.push(Arc::new(Endpoint::new(
                name,
                settings,
                self.metrics.clone(),
                self.health.clone(),
            )));
        }
        let gone = old
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| !**kept)
            .map(|(gone, _)| gone.clone());
        self.leaving.lock().extend(gone);
        self.endpoints.store(Arc::new(made));
        self.changed.notify_one();
        Ok(())
    }

    /// Starts the endpoints that are new and drains those that are gone.
    async fn settle(&self) {
        for endpoint in self.endpoints.load_full().iter() {
            endpoint.start().await;
        }
        self.settle_leaving();
    }

    fn settle_leaving(&self) {
        let leaving = std::mem::take(&mut *self.leaving.lock());
        for endpoint in leaving {
            tokio::spawn(async move { endpoint.drain().await }.in_current_span());
        }
    }

    /// Hands a batch to every endpoint, each with its own share in the acknowledgement.
    async fn push(&self, batch: MetricBatch) {
        self.metrics.appended_samples.inc_by(batch.samples.len() as u64);
        self.metrics
            .appended_exemplars
            .inc_by(batch.exemplars.len() as u64);
        let highest = batch.samples.iter().map(|sample| sample.timestamp / 1000).max();
        self.metrics
            .highest
            .set(self.metrics.highest.get().max(highest.unwrap_or(0)));
        let endpoints = self.endpoints.load_full();
        match endpoints.as_slice() {
            // Nowhere to send to is a choice of the configuration.
            [] => batch.delivered(),
            [only] => only.push(batch).await,
            several => {
                let pushes = several.iter().map(|endpoint| endpoint.push(batch.split()));
                futures_util::future::join_all(pushes).await;
                batch.delivered();
            }
        }
    }
}
