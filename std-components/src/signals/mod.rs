//! What flows between components: batches of log entries and of samples, over bounded channels, with acknowledgements back to the source.

mod ack;
mod channel;
mod flow;
mod labels;
mod logs;
mod metrics;
#[cfg(feature = "otelcol")]
mod otlp;
mod target;
mod watch;

pub use ack::{Ack, Outcome};
pub use channel::{Batch, CHANNEL_BATCHES, Fanout, Inlet, Receiver, inlet};
pub use flow::{
    DataKind, Direction, EdgeCount, Flow, Flows, MAX_STREAMS, MAX_TOLD_BYTES, MAX_WAITING, WatchError,
};
pub use labels::{Labels, LabelsBuilder, LabelsIter};
pub use logs::{Entry, LogBatch, LogsReceiver, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, StructuredMetadata};
pub use metrics::{
    Exemplar, MAX_BATCH_SAMPLES, Metadata, MetricBatch, MetricType, MetricsReceiver, STALE_NAN_BITS, Sample,
    is_stale_nan, stale_nan,
};
#[cfg(feature = "otelcol")]
pub use otlp::{OtlpBatch, OtlpConsumer, OtlpData, OtlpSignal};
pub use target::Target;
pub use watch::Stream;
