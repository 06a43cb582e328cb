//! Log entries on their way from a source to a sink.

use super::{Ack, Batch, DataKind, Direction, Flow, Labels, Receiver};
use bytestring::ByteString;
use std::fmt;
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
    const KIND: DataKind = DataKind::LokiLog;

    fn tell(&self, direction: Direction, flow: &Flow) {
        let direction = match direction {
            Direction::In => "IN",
            Direction::Out => "OUT",
        };
        for entry in &self.entries {
            flow.tell(format_args!("[{direction}]: {}", Told(entry)));
        }
    }

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

/// An entry as the reference's live debugging writes it.
struct Told<'a>(&'a Entry);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry {
            labels,
            timestamp,
            line,
            metadata,
        } = self.0;
        f.write_str("timestamp: ")?;
        match jiff::Timestamp::from_nanosecond((*timestamp).into()) {
            Ok(time) => write!(f, "{time}")?,
            Err(_) => write!(f, "{timestamp}")?,
        }
        write!(f, ", entry: {line}, labels: {labels}, structured_metadata: {{")?;
        for (at, (name, value)) in metadata.iter().flat_map(|pairs| pairs.iter()).enumerate() {
            write!(f, "{}{name:?}:{value:?}", if at == 0 { "" } else { "," })?;
        }
        f.write_str("}")
    }
}

/// What a component that takes log entries exports as `receiver`.
pub type LogsReceiver = Receiver<LogBatch>;

/// Entries in a batch at the most. With [`MAX_BATCH_BYTES`] it bounds what waits in a channel.
pub const MAX_BATCH_ENTRIES: usize = 1024;

/// Bytes of lines in a batch at the most (a single longer line travels alone).
pub const MAX_BATCH_BYTES: usize = 256 * 1024;
