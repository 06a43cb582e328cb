//! The agent's own spans on their way to the components in `tracing { write_to }`.
//!
//! Spans are made by `std_components::own_span!` and kept apart from the log by their target. While nobody is named in `write_to` a flag says so,
//! the subscriber is not interested in them, and no span comes into being. A span that has ended never waits: there is a bounded queue, and what does
//! not fit is counted.
//!
//! What the first load does is known before the block that says where its spans go. Where its text has such a block, its spans are made and wait in the
//! queue until that load has ended.

mod collector;
mod forward;
mod sampler;
mod strategy;

pub(crate) use forward::{Lost, flush, forward};

use axum::http::HeaderValue;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor};
use sampler::Decider;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use std_components::own_spans;
use tokio::sync::{Notify, mpsc, watch};
use tracing::{Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// Spans that wait at the most, as in the OpenTelemetry SDKs.
const MAX_WAITING: usize = 2048;

/// Places of them that only whole loads and requests may take: they end after all that is within them.
const RESERVED: usize = 64;

/// What the subscriber, the sampler and the queue share. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceControl {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// Whether anybody receives spans.
    wanted: AtomicBool,
    decider: Decider,
    /// Whether requests carry the id of the span that they are sent in.
    send_traceparent: AtomicBool,
    lost: AtomicU64,
    /// Which spans that were made before are wanted after all; `None` while that is not known yet.
    held: watch::Sender<Option<Held>>,
    /// The first load has ended.
    loaded: Notify,
    /// The queue, until somebody empties it.
    queue: parking_lot::Mutex<Option<mpsc::Receiver<SpanData>>>,
    /// What waits is to go out now.
    hurry: Notify,
    /// It has gone out.
    hurried: Notify,
}

impl Default for State {
    fn default() -> Self {
        let nothing = Held {
            until: SystemTime::UNIX_EPOCH,
            fraction: 0.0,
        };
        Self {
            wanted: AtomicBool::default(),
            decider: Decider::default(),
            send_traceparent: AtomicBool::default(),
            lost: AtomicU64::default(),
            held: watch::Sender::new(Some(nothing)),
            loaded: Notify::default(),
            queue: parking_lot::Mutex::default(),
            hurry: Notify::default(),
            hurried: Notify::default(),
        }
    }
}

/// Spans that began before `until` were all made; this part of them is wanted.
#[derive(Clone, Copy, Debug)]
struct Held {
    until: SystemTime,
    fraction: f64,
}

/// Whether a text seems to hold a `tracing` block. Where it only seems so, spans are made in vain.
pub(crate) fn is_in(text: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.trim_start().strip_prefix("tracing");
        rest.is_some_and(|rest| rest.trim_start().starts_with('{'))
    })
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

    /// Makes spans of the first load, to be looked at when it has ended.
    pub(crate) fn hold(&self) {
        self.state.held.send_replace(None);
        self.state.decider.all();
        self.state.wanted.store(true, Ordering::Relaxed);
    }

    /// The first load has ended.
    pub(crate) fn loaded(&self) {
        self.state.loaded.notify_one();
    }

    /// Lets the requests of all components carry the id of their span, where the configuration wants that.
    pub(crate) fn propagate(&self) {
        let state = self.state.clone();
        own_spans::propagate_with(Box::new(move |headers| {
            if !state.send_traceparent.load(Ordering::Relaxed) {
                return;
            }
            let context = tracing::Span::current().context();
            let span = context.span().span_context().clone();
            if !span.is_valid() {
                return;
            }
            let value = format!(
                "00-{}-{}-{:02x}",
                span.trace_id(),
                span.span_id(),
                span.trace_flags().to_u8() & 1
            );
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert("traceparent", value);
            }
        }));
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
                self.state.decider.clone(),
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
        if !span.span_context.is_sampled() {
            return;
        }
        let is_within = span.parent_span_id != SpanId::INVALID;
        if is_within && self.sender.capacity() <= RESERVED || self.sender.try_send(span).is_err() {
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
