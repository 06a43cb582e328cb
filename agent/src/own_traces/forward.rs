//! Hands spans to the components in `write_to`, in batches.

use super::sampler::is_in;
use super::{Held, State, TraceControl};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::trace::SpanData;
use prometheus::{IntCounter, Registry};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use std_components::controller::{JaegerRemote, TraceSettings};
use std_components::signals::{Ack, OtlpBatch, OtlpData};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

/// Spans in a batch at the most, as in the OpenTelemetry SDKs.
const MAX_BATCH: usize = 512;

/// How long the first span of a batch waits for others at the most.
const WAIT: Duration = Duration::from_secs(1);

/// How long a stop waits for spans to reach the components at the most.
const FLUSH: Duration = Duration::from_secs(2);

/// Counts spans that were not sent.
#[derive(Debug)]
pub(crate) struct Lost {
    counter: IntCounter,
    told: u64,
}

impl Lost {
    /// # Errors
    /// Where it is registered already.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = IntCounter::new(
            "alloy_tracing_lost_spans_total",
            "Number of the agent's own spans that were lost, as the components in the tracing block's write_to did not take them in time.",
        )?;
        registry.register(Box::new(counter.clone()))?;
        Ok(Self { counter, told: 0 })
    }

    fn look(&mut self, state: &State) {
        let lost = state.lost.load(Ordering::Relaxed);
        let more = lost.saturating_sub(self.told);
        if more > 0 {
            self.told = lost;
            self.counter.inc_by(more);
            tracing::warn!(
                spans = more,
                "own spans were lost: the components in the tracing block's write_to do not take them in time"
            );
        }
    }
}

/// Follows the `tracing` block, and hands spans to its receivers as long as the process lives.
pub(crate) fn forward(control: &TraceControl, settings: watch::Receiver<TraceSettings>, lost: Lost) {
    let Some(queue) = control.state.queue.lock().take() else {
        return;
    };
    let state = control.state.clone();
    tokio::spawn(follow(state.clone(), settings.clone()));
    tokio::spawn(empty(state, queue, settings, lost));
}

/// Lets what waits go out before the components stop.
pub(crate) async fn flush(control: &TraceControl) {
    if !control.wanted() {
        return;
    }
    let done = control.state.hurried.notified();
    control.state.hurry.notify_one();
    // What takes longer has no chance: the components are about to stop.
    drop(tokio::time::timeout(FLUSH, done).await);
}

async fn follow(state: Arc<State>, mut settings: watch::Receiver<TraceSettings>) {
    if state.held.borrow().is_none() {
        state.loaded.notified().await;
    }
    let mut asked: Option<(JaegerRemote, AbortOnDropHandle<()>)> = None;
    loop {
        {
            let settings = settings.borrow_and_update();
            let remote = settings.jaeger_remote.as_ref();
            let goes_on = matches!((&asked, remote), (Some((before, _)), Some(now)) if before == now);
            if !goes_on {
                // What a collector said last holds until another one says something.
                if asked.is_none() || remote.is_none() {
                    state.decider.fraction(settings.sampling_fraction);
                }
                asked = remote.map(|remote| {
                    let task = tokio::spawn(super::collector::ask(remote.clone(), state.decider.clone()));
                    (remote.clone(), AbortOnDropHandle::new(task))
                });
            }
            let keeps_any = remote.is_some() || settings.sampling_fraction > 0.0;
            let is_received = !settings.write_to.is_empty() && keeps_any;
            state
                .wanted
                .store(is_received || settings.send_traceparent, Ordering::Relaxed);
            state
                .send_traceparent
                .store(settings.send_traceparent, Ordering::Relaxed);
            if state.held.borrow().is_none() {
                state.held.send_replace(Some(Held {
                    until: SystemTime::now(),
                    fraction: settings.sampling_fraction,
                }));
            }
        }
        if settings.changed().await.is_err() {
            return;
        }
    }
}

async fn empty(
    state: Arc<State>,
    mut queue: mpsc::Receiver<SpanData>,
    settings: watch::Receiver<TraceSettings>,
    mut lost: Lost,
) {
    let resource = ResourceAttributesWithSchema::from(&super::resource());
    let mut held = state.held.subscribe();
    let held = match held.wait_for(Option::is_some).await {
        Ok(held) => *held,
        Err(_) => return,
    };
    let is_wanted = |span: &SpanData| {
        held.is_none_or(|held| {
            span.start_time >= held.until || is_in(held.fraction, span.span_context.trace_id())
        })
    };
    let mut spans = Vec::new();
    loop {
        let mut is_hurried = tokio::select! {
            span = queue.recv() => match span {
                Some(span) => {
                    spans.push(span);
                    false
                }
                None => return,
            },
            () = state.hurry.notified() => true,
        };
        let due = tokio::time::sleep(WAIT);
        tokio::pin!(due);
        while !is_hurried && spans.len() < MAX_BATCH {
            tokio::select! {
                span = queue.recv() => match span {
                    Some(span) => spans.push(span),
                    None => return,
                },
                () = state.hurry.notified() => is_hurried = true,
                () = &mut due => break,
            }
        }
        if is_hurried {
            while let Ok(span) = queue.try_recv() {
                spans.push(span);
            }
        }
        spans.retain(is_wanted);
        if !spans.is_empty() {
            let write_to = settings.borrow().write_to.clone();
            let spans: Vec<ResourceSpans> =
                group_spans_by_resource_and_scope(std::mem::take(&mut spans), &resource);
            write_to
                .send(OtlpBatch {
                    data: OtlpData::Traces(spans),
                    ack: Ack::none(),
                })
                .await;
        }
        lost.look(&state);
        if is_hurried {
            state.hurried.notify_waiters();
        }
    }
}
