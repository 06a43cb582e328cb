//! The `sending_queue` block.

use super::StorageHandler;
use river_eval::{Checks, Shared};
use std::time::Duration;

/// What a queue's and a batch's sizes are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sizer {
    /// Batches as they came.
    Requests,
    /// Spans, data points or log records.
    Items,
    /// Bytes of the encoded message.
    Bytes,
}

impl Sizer {
    fn of(text: &str) -> Option<Self> {
        match text {
            "requests" => Some(Self::Requests),
            "items" => Some(Self::Items),
            "bytes" => Some(Self::Bytes),
            _ => None,
        }
    }
}

/// The `sending_queue` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct QueueArguments {
    /// Enables a buffer before sending data to the client. Without it one batch is sent at a time and the sender waits for it.
    #[river(default = true)]
    pub(crate) enabled: bool,
    /// Number of batches that are sent at the same time.
    #[river(default = 10)]
    pub(crate) num_consumers: i64,
    /// Maximum size of each signal's queue, in what `sizer` says.
    #[river(default = 1000)]
    pub(crate) queue_size: i64,
    /// Whether the sender waits when the queue is full; otherwise the batch goes back to its source as failed.
    #[river(default = false)]
    pub(crate) block_on_overflow: bool,
    /// How the queue and batching is measured: `requests`, `items` or `bytes`.
    #[river(default = "requests".into())]
    pub(crate) sizer: String,
    /// Accepted; a source that asks for it always hears how its batch ended, and when.
    #[river(default = false)]
    pub(crate) wait_for_result: bool,
    /// Configures batching requests based on a timeout and a minimum number of items.
    #[river(block)]
    pub(crate) batch: Option<BatchArguments>,
    /// Handler from an `otelcol.storage` component to use to enable a persistent queue mechanism. This agent has no such component.
    pub(crate) storage: Option<Shared<StorageHandler>>,
}

impl QueueArguments {
    pub(crate) fn sizer(&self) -> Sizer {
        Sizer::of(&self.sizer).unwrap_or(Sizer::Requests)
    }

    /// How much the queue holds.
    pub(crate) fn capacity(&self) -> u64 {
        if self.enabled {
            u64::try_from(self.queue_size).unwrap_or(1).max(1)
        } else {
            0
        }
    }

    /// How many requests are under way at the most.
    pub(crate) fn consumers(&self) -> usize {
        if self.enabled {
            usize::try_from(self.num_consumers).unwrap_or(1).max(1)
        } else {
            1
        }
    }

    /// How batches are joined; `None` where they are sent as they come.
    pub(crate) fn batching(&self) -> Option<&BatchArguments> {
        self.batch.as_ref().filter(|_| self.enabled)
    }
}

fn check(arguments: &QueueArguments, checks: &mut Checks<'_, '_>) {
    if !arguments.enabled {
        return;
    }
    if arguments.queue_size <= 0 {
        checks.attribute("queue_size", "queue_size must be greater than zero");
    }
    if arguments.num_consumers <= 0 {
        checks.attribute("num_consumers", "num_consumers must be greater than zero");
    }
    if Sizer::of(&arguments.sizer).is_none() {
        let message = format!("invalid sizer: {}", arguments.sizer);
        checks.attribute("sizer", message).help = Some("write requests, items or bytes".into());
    }
    if let Some(batch) = &arguments.batch
        && batch.sizer == arguments.sizer
        && batch.min_size > arguments.queue_size
    {
        checks.block_attribute(
            ("batch", 0),
            "min_size",
            "`min_size` must be less than or equal to `queue_size`",
        );
    }
}

/// The `batch` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_batch)]
pub(crate) struct BatchArguments {
    /// Time after which a batch will be sent regardless of its size.
    #[river(default = Duration::from_millis(200))]
    pub(crate) flush_timeout: Duration,
    /// The minimum size of a batch.
    #[river(default = 2000)]
    pub(crate) min_size: i64,
    /// The maximum size of a batch; batches that came are joined up to it, and one that is larger by itself is sent as it came.
    #[river(default = 3000)]
    pub(crate) max_size: i64,
    /// How the batch is measured: `items` or `bytes`.
    #[river(default = "items".into())]
    pub(crate) sizer: String,
}

impl BatchArguments {
    pub(crate) fn sizer(&self) -> Sizer {
        Sizer::of(&self.sizer).unwrap_or(Sizer::Items)
    }

    pub(crate) fn least(&self) -> u64 {
        u64::try_from(self.min_size).unwrap_or(0)
    }

    pub(crate) fn most(&self) -> u64 {
        match u64::try_from(self.max_size).unwrap_or(0) {
            0 => u64::MAX,
            most => most,
        }
    }
}

fn check_batch(arguments: &BatchArguments, checks: &mut Checks<'_, '_>) {
    if !matches!(arguments.sizer.as_str(), "items" | "bytes") {
        checks.attribute("sizer", "`batch` supports only `items` or `bytes` sizer");
    }
    if arguments.flush_timeout.is_zero() {
        checks.attribute("flush_timeout", "`flush_timeout` must be positive");
    }
    if arguments.min_size < 0 {
        checks.attribute("min_size", "`min_size` must be non-negative");
    }
    if arguments.max_size < 0 {
        checks.attribute("max_size", "`max_size` must be non-negative");
    }
    if arguments.max_size > 0 && arguments.max_size < arguments.min_size {
        checks.attribute("max_size", "`max_size` must be greater or equal to `min_size`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::mistakes;

    #[test]
    fn sizes_that_fit_nothing_are_refused_as_in_the_reference() {
        insta::assert_snapshot!(mistakes::<QueueArguments>("queue_size = 0"), @"queue_size must be greater than zero");
        insta::assert_snapshot!(mistakes::<QueueArguments>("sizer = \"spans\""), @"invalid sizer: spans (write requests, items or bytes)");
        insta::assert_snapshot!(mistakes::<QueueArguments>("batch { max_size = 5 }"), @"`max_size` must be greater or equal to `min_size`");
        assert_eq!(mistakes::<QueueArguments>("enabled = false\nqueue_size = 0"), "");
    }
}
