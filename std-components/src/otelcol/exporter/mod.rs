//! `otelcol.exporter.otlphttp` and `otelcol.exporter.otlp`: send traces, metrics and logs to an OTLP peer over HTTP or gRPC.

mod encode;
mod grpc;
mod grpc_connect;
mod http;
mod lane;
mod metrics;
mod protocol;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(super) use grpc::Grpc;
pub(super) use http::Http;

use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::http_client::EndpointsHealth;
use crate::signals::{Inlet, OtlpBatch, OtlpConsumer, OtlpSignal, inlet};
use arc_swap::ArcSwap;
use futures_util::future::join_all;
use lane::{Lane, Settings, Shared};
use protocol::Protocol;
use river_eval::BodyValue;
use std::sync::Arc;
use tokio::sync::Notify;

/// The exports of an exporter.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// Takes traces, metrics and logs.
    input: river_eval::Shared<OtlpConsumer>,
}

/// An exporter that speaks a protocol.
pub(super) struct Exporter<P: Protocol> {
    inlet: tokio::sync::Mutex<Inlet<OtlpBatch>>,
    shared: Arc<Shared<P>>,
    lanes: [Lane<P>; 3],
}

fn settings<P: Protocol>(arguments: &P::Arguments) -> Result<Settings<P>, BuildError> {
    let (queue, retry) = P::blocks(arguments);
    Ok(Settings {
        protocol: P::build(arguments)?,
        queue: queue.clone(),
        retry: retry.clone(),
    })
}

impl<P: Protocol> Exporter<P> {
    fn lane(&self, signal: OtlpSignal) -> &Lane<P> {
        let [traces, metrics, logs] = &self.lanes;
        match signal {
            OtlpSignal::Traces => traces,
            OtlpSignal::Metrics => metrics,
            OtlpSignal::Logs => logs,
        }
    }

    /// Hands batches to the lanes until `stop`, and what waits after it.
    async fn hand_out(&self, stop: &CancellationToken) {
        let mut inlet = self.inlet.lock().await;
        loop {
            let batch = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                batch = inlet.next() => batch,
            };
            let Some(batch) = batch else { break };
            self.lane(batch.data.signal()).push(batch).await;
        }
        inlet.close();
        while let Some(batch) = inlet.try_next() {
            self.lane(batch.data.signal()).push(batch).await;
        }
    }
}

impl<P: Protocol> Component for Exporter<P> {
    const NAME: &'static str = P::NAME;
    type Arguments = P::Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: P::Arguments) -> Result<Self, BuildError> {
        let shared = Arc::new(Shared {
            settings: ArcSwap::from_pointee(settings::<P>(&arguments)?),
            changed: Notify::new(),
            health: EndpointsHealth::new(context.health.clone()),
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
        });
        let exporter = format!("{}/{}", P::KIND, context.id.local);
        let lane = |signal| {
            let metrics = metrics::Metrics::new(&context.metrics, &exporter, signal);
            Lane::new(signal, shared.clone(), metrics)
        };
        let lanes = OtlpSignal::ALL.map(lane);
        let id = context.id.to_string();
        let (mut input, inlet) = inlet(&id);
        input.display = format!("{id}.input").into();
        context.export(&Exports { input });
        Ok(Self {
            inlet: tokio::sync::Mutex::new(inlet),
            shared,
            lanes,
        })
    }

    fn update(&self, arguments: P::Arguments) -> Result<(), BuildError> {
        self.shared.settings.store(Arc::new(settings::<P>(&arguments)?));
        self.shared.changed.notify_waiters();
        self.lanes.iter().for_each(Lane::reconfigured);
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let hand_out = async {
            self.hand_out(&stop).await;
            self.shared.closing.cancel();
        };
        // At once, also where a full queue is waited for: requests that are not taken make room then.
        let stopped = async {
            stop.cancelled().await;
            self.shared.stopping.cancel();
        };
        let lanes = join_all(self.lanes.iter().map(Lane::run));
        tokio::join!(hand_out, stopped, lanes);
        Ok(())
    }

    fn debug_info(&self) -> BodyValue {
        let mut info = BodyValue::default();
        let settings = self.shared.settings.load();
        for lane in &self.lanes {
            let look = lane.look();
            let mut signal = BodyValue::default();
            signal.attribute("signal", lane.signal().as_str());
            signal.attribute("url", settings.protocol.target(lane.signal()));
            signal.attribute("queued", look.queued);
            if let Some(error) = look.last_error {
                signal.attribute("last_error", error);
            }
            info.block("queue", signal);
        }
        info
    }
}
