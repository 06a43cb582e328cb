//! Hands spans to the components in `write_to`, in batches.

use super::{State, TraceControl};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::trace::SpanData;
use prometheus::{IntCounter, Registry};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std_components::controller::TraceSettings;
use std_components::signals::{Ack, OtlpBatch, OtlpData};
use tokio::sync::{mpsc, watch};

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
    loop {
        {
            let settings = settings.borrow_and_update();
            state.fraction.set(settings.sampling_fraction);
            let wanted = !settings.write_to.is_empty() && settings.sampling_fraction > 0.0;
            state.wanted.store(wanted, Ordering::Relaxed);
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
