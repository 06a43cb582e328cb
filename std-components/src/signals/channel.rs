//! Bounded channels of batches: the edges of the running graph.
//!
//! A component that takes a signal makes an [`inlet`] once, exports the [`Receiver`] half and reads the [`Inlet`] half. Senders await when the
//! channel is full: that is how a slow sink slows its source. A channel outlives updates of either side.

use river_eval::{CapsuleType, FromValue, IntoValue, Shared, Str};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that wait between two components at the most.
pub const CHANNEL_BATCHES: usize = 4;

/// Something that travels in batches.
pub trait Batch: Send + fmt::Debug + Sized + 'static {
    /// The reference's name of the receiver's capsule type.
    const CAPSULE: &'static str;
    /// A copy for a further receiver, with its own share in the acknowledgement.
    fn split(&self) -> Self;
    /// How many entries or samples.
    fn len(&self) -> usize;
    /// Whether it holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Lets it go as taken for good: for what the configuration drops, or where there is nobody to send to.
    fn delivered(self);
}

/// The sending half, exported as a capsule under `receiver`.
pub struct Receiver<B: Batch> {
    sender: mpsc::Sender<B>,
}

impl<B: Batch> CapsuleType for Receiver<B> {
    const TYPE_NAME: &'static str = B::CAPSULE;
}

impl<B: Batch> fmt::Debug for Receiver<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receiver({})", B::CAPSULE)
    }
}

/// The reading half.
#[derive(Debug)]
pub struct Inlet<B: Batch> {
    receiver: mpsc::Receiver<B>,
}

impl<B: Batch> Inlet<B> {
    /// The next batch; `None` when every sender is gone and the channel is empty.
    pub async fn next(&mut self) -> Option<B> {
        self.receiver.recv().await
    }

    /// A batch that already waits, if any: to drain at a stop.
    pub fn try_next(&mut self) -> Option<B> {
        self.receiver.try_recv().ok()
    }

    /// Takes no more: senders get their batches back, what waits can still be read.
    pub fn close(&mut self) {
        self.receiver.close();
    }
}

/// Makes an edge: what to export (named `COMPONENT_ID.receiver` in the UI) and what to read.
pub fn inlet<B: Batch>(component_id: &str) -> (Shared<Receiver<B>>, Inlet<B>) {
    let (sender, receiver) = mpsc::channel(CHANNEL_BATCHES);
    let display: Str = format!("{component_id}.receiver").into();
    (
        Shared {
            display,
            inner: Arc::new(Receiver { sender }),
        },
        Inlet { receiver },
    )
}

/// The receivers of a `forward_to`.
pub struct Fanout<B: Batch> {
    to: Vec<Shared<Receiver<B>>>,
}

impl<B: Batch> Clone for Fanout<B> {
    fn clone(&self) -> Self {
        Self { to: self.to.clone() }
    }
}

impl<B: Batch> PartialEq for Fanout<B> {
    fn eq(&self, other: &Self) -> bool {
        self.to == other.to
    }
}

impl<B: Batch> Default for Fanout<B> {
    fn default() -> Self {
        Self { to: Vec::new() }
    }
}

impl<B: Batch> fmt::Debug for Fanout<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.to.iter().map(|to| &to.display))
            .finish()
    }
}

impl<B: Batch> Fanout<B> {
    /// Several receivers.
    pub fn new(to: Vec<Shared<Receiver<B>>>) -> Self {
        Self { to }
    }

    /// How many receivers.
    pub fn len(&self) -> usize {
        self.to.len()
    }

    /// Whether there is nobody to send to.
    pub fn is_empty(&self) -> bool {
        self.to.is_empty()
    }

    /// Sends a batch to every receiver and waits until each has room. With no receiver the batch counts as taken
    /// (`forward_to = []` is a choice of the configuration). A receiver that has stopped fails its share, which tells the source to send again.
    ///
    /// Receivers are offered the batch at the same time, so that one that is full does not keep it from the others meanwhile.
    pub async fn send(&self, batch: B) {
        match self.to.as_slice() {
            [] => batch.delivered(),
            [only] => {
                // An error hands the batch back; dropping it fails its acknowledgement.
                drop(only.inner.sender.send(batch).await);
            }
            [first, others @ ..] => {
                let copies: Vec<B> = others.iter().map(|_| batch.split()).collect();
                let rest = others.iter().zip(copies).map(|(to, copy)| async move {
                    drop(to.inner.sender.send(copy).await);
                });
                tokio::join!(
                    async {
                        drop(first.inner.sender.send(batch).await);
                    },
                    futures_util::future::join_all(rest)
                );
            }
        }
    }
}

impl<B: Batch> FromValue for Fanout<B> {
    fn from_value(value: &river_eval::Value) -> Result<Self, river_eval::ConvertError> {
        let river_eval::Value::List(items) = value else {
            return Err(river_eval::ConvertError::expected("a list of receivers", value));
        };
        let receiver = |(at, item)| {
            Shared::from_value(item).map_err(|error| error.within(river_eval::convert::PathStep::Item(at)))
        };
        items
            .iter()
            .enumerate()
            .map(receiver)
            .collect::<Result<_, _>>()
            .map(Self::new)
    }

    fn schema() -> river_eval::schema::Type {
        river_eval::schema::Type::List(Box::new(Shared::<Receiver<B>>::schema()))
    }
}

impl<B: Batch> IntoValue for Fanout<B> {
    fn into_value(self) -> river_eval::Value {
        river_eval::Value::list(self.to.into_iter().map(IntoValue::into_value))
    }
}
