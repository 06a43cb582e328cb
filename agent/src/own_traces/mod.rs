//! The agent's own spans on their way to the components in `tracing { write_to }`.
//!
//! Spans are made by `std_components::own_span!` and kept apart from the log by their target. While nobody is named in `write_to` a flag says so,
//! the subscriber is not interested in them, and no span comes into being. A span that has ended never waits: there is a bounded queue, and what does
//! not fit is counted.

mod forward;
mod sampler;

pub(crate) use forward::{Lost, flush, forward};

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor};
use sampler::Fraction;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use std_components::own_spans;
use tokio::sync::{Notify, mpsc};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// Spans that wait at the most, as in the OpenTelemetry SDKs.
const MAX_WAITING: usize = 2048;

/// What the subscriber, the sampler and the queue share. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceControl {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether anybody receives spans.
    wanted: AtomicBool,
    fraction: Fraction,
    lost: AtomicU64,
    /// The queue, until somebody empties it.
    queue: parking_lot::Mutex<Option<mpsc::Receiver<SpanData>>>,
    /// What waits is to go out now.
    hurry: Notify,
    /// It has gone out.
    hurried: Notify,
}

/// Whether a span is one of the agent's own work.
pub(crate) fn is_own(metadata: &Metadata<'_>) -> bool {
    metadata.target() == own_spans::TARGET
}

impl TraceControl {
    /// Whether spans are made.
    pub(crate) fn wanted(&self) -> bool {
        self.state.wanted.load(Ordering::Relaxed)
    }

    /// The layer that makes OpenTelemetry's spans of the agent's own.
    pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync>(
        &self,
    ) -> impl Layer<S> + Send + Sync {
        tracing_opentelemetry::layer()
            .with_tracer(self.tracer())
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(is_own))
    }

    fn tracer(&self) -> SdkTracer {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        *self.state.queue.lock() = Some(receiver);
        let provider = SdkTracerProvider::builder()
            .with_sampler(opentelemetry_sdk::trace::Sampler::ParentBased(Box::new(
                self.state.fraction.clone(),
            )))
            .with_span_processor(Queue {
                sender,
                state: self.state.clone(),
            })
            .with_resource(resource())
            .build();
        provider.tracer("")
    }
}

/// Who speaks, as the reference says it.
fn resource() -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "alloy"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("process.runtime.description", "alloy-rs"),
            KeyValue::new("telemetry.sdk.name", "opentelemetry"),
            KeyValue::new("telemetry.sdk.language", "rust"),
        ])
        .build()
}

/// Puts spans that have ended into the queue.
#[derive(Debug)]
struct Queue {
    sender: mpsc::Sender<SpanData>,
    state: Arc<State>,
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.sender.try_send(span).is_err() {
            self.state.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
