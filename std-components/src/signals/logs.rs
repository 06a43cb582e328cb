//! Log entries on their way from a source to a sink.

use super::{Ack, Batch, Labels, Receiver};
use bytestring::ByteString;
use std::sync::Arc;

/// Names and values of structured metadata.
pub type StructuredMetadata = Arc<[(Box<str>, Box<str>)]>;

/// A log entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The stream's labels. Labels whose names begin with `__` are for stages and never leave the agent.
    pub labels: Labels,
    /// Nanoseconds since 1970 (UTC).
    pub timestamp: i64,
    /// The line without its end; a slice of the source's read buffer where possible.
    pub line: ByteString,
    /// Structured metadata; `None` where there is none, which is the rule.
    pub metadata: Option<StructuredMetadata>,
}

/// Entries that travel and are acknowledged together.
#[derive(Debug)]
pub struct LogBatch {
    /// In the order in which the source read them.
    pub entries: Vec<Entry>,
    /// Tells the source when every receiver has taken them.
    pub ack: Ack,
}

impl Batch for LogBatch {
    const CAPSULE: &'static str = "loki.LogsReceiver";

    fn split(&self) -> Self {
        Self {
            entries: self.entries.clone(),
            ack: self.ack.clone(),
        }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn delivered(self) {
        self.ack.delivered();
    }
}

/// What a component that takes log entries exports as `receiver`.
pub type LogsReceiver = Receiver<LogBatch>;

/// Entries in a batch at the most. With [`MAX_BATCH_BYTES`] it bounds what waits in a channel.
pub const MAX_BATCH_ENTRIES: usize = 1024;

/// Bytes of lines in a batch at the most (a single longer line travels alone).
pub const MAX_BATCH_BYTES: usize = 256 * 1024;
