//! Acknowledgements: how a source learns that what it sent has been taken for good.
//!
//! A source makes an [`Ack`] for a batch and sends it along. Each stage that splits or copies the batch clones it; each sink calls
//! [`Ack::delivered`] once its peer has taken the entries (a 2xx answer, or durable in a write-ahead log), and a stage that drops entries by a rule of
//! the configuration lets go of its share with `delivered` too, after counting them by reason. When the last clone is gone the source is told: `Delivered` if
//! every share was, `Failed` if one was dropped without it (a task that died, a queue that was thrown away). So forgetting to acknowledge can only cause
//! duplicates, never loss.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every receiver has taken it for good.
    Delivered,
    /// At least one receiver let it go untaken: send it again.
    Failed,
}

struct Shared {
    failed: AtomicBool,
    done: Option<Box<dyn FnOnce(Outcome) + Send + Sync>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            let failed = self.failed.load(Ordering::Acquire);
            done(if failed {
                Outcome::Failed
            } else {
                Outcome::Delivered
            });
        }
    }
}

/// One share in a batch's fate.
#[must_use = "an acknowledgement that is dropped counts as a failure"]
pub struct Ack {
    shared: Option<Arc<Shared>>,
}

impl Ack {
    /// A new batch's acknowledgement; `done` is called exactly once, when the last share is gone. It runs wherever that
    /// happens and must be quick and must not block (send to an unbounded-by-construction channel, flip an atomic).
    pub fn new(done: impl FnOnce(Outcome) + Send + Sync + 'static) -> Self {
        Self {
            shared: Some(Arc::new(Shared {
                failed: AtomicBool::new(false),
                done: Some(Box::new(done)),
            })),
        }
    }

    /// For sources that have nothing to keep: nobody is told.
    pub fn none() -> Self {
        Self { shared: None }
    }

    /// One acknowledgement for several: each of them ends as it does.
    pub fn all(acks: Vec<Ack>) -> Self {
        Self::new(move |outcome| {
            if outcome == Outcome::Delivered {
                acks.into_iter().for_each(Ack::delivered);
            }
        })
    }

    /// Whether a source waits for it, and would send again what is not taken.
    pub fn is_awaited(&self) -> bool {
        self.shared.is_some()
    }

    /// This share has been taken for good.
    pub fn delivered(mut self) {
        self.shared.take();
    }
}

impl Clone for Ack {
    /// A further share, for a copy or a part of the batch.
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.failed.store(true, Ordering::Release);
        }
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Ack({} shares)",
            self.shared.as_ref().map_or(0, Arc::strong_count)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn ack() -> (Ack, mpsc::Receiver<Outcome>) {
        let (told, outcome) = mpsc::sync_channel(1);
        (Ack::new(move |end| told.send(end).unwrap()), outcome)
    }

    #[test]
    fn every_share_has_to_be_delivered() {
        let (first, outcome) = ack();
        let second = first.clone();
        first.delivered();
        assert!(outcome.try_recv().is_err());
        second.delivered();
        assert_eq!(outcome.recv(), Ok(Outcome::Delivered));
    }

    #[test]
    fn one_dropped_share_fails_the_batch() {
        let (first, outcome) = ack();
        drop(first.clone());
        first.delivered();
        assert_eq!(outcome.recv(), Ok(Outcome::Failed));
    }
}
