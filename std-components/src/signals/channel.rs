//! Bounded channels of batches: the edges of the running graph.
//!
//! A component that takes a signal makes an [`inlet`] once, exports the [`Receiver`] half and reads the [`Inlet`] half. Senders await when the
//! channel is full: that is how a slow sink slows its source. A channel outlives updates of either side.

use super::flow::{DataKind, Direction, Edge, Flow};
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
    /// What it holds, as the page's graph names it.
    const KIND: DataKind = DataKind::Other;
    /// Tells each entry or sample in the reference's words, for live debugging; called only where somebody watches.
    fn tell(&self, _: Direction, _: &Flow) {}
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
    /// The id of the component that takes the batches.
    owner: Arc<str>,
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
    /// Of the component that reads it; `None` outside of a controller.
    flow: Option<Arc<Flow>>,
}

impl<B: Batch> Inlet<B> {
    /// The next batch; `None` when every sender is gone and the channel is empty.
    pub async fn next(&mut self) -> Option<B> {
        let batch = self.receiver.recv().await;
        self.note(batch.as_ref());
        batch
    }

    /// A batch that already waits, if any: to drain at a stop.
    pub fn try_next(&mut self) -> Option<B> {
        let batch = self.receiver.try_recv().ok();
        self.note(batch.as_ref());
        batch
    }

    fn note(&self, batch: Option<&B>) {
        if let (Some(flow), Some(batch)) = (&self.flow, batch) {
            flow.received(batch.len());
            if flow.edges_tell() {
                batch.tell(Direction::In, flow);
            }
        }
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
    let flow = Flow::current();
    if let Some(flow) = &flow {
        flow.add_inlet();
    }
    let owner = flow
        .as_ref()
        .map_or_else(|| component_id.into(), |flow| flow.id().clone());
    (
        Shared {
            display,
            inner: Arc::new(Receiver { sender, owner }),
        },
        Inlet { receiver, flow },
    )
}

/// The receivers of a `forward_to`.
pub struct Fanout<B: Batch> {
    to: Vec<Outlet<B>>,
    /// Of the component that sends; `None` outside of a controller.
    from: Option<Arc<Flow>>,
}

/// A receiver with the counter of the edge to it.
struct Outlet<B: Batch> {
    receiver: Shared<Receiver<B>>,
    edge: Option<Arc<Edge>>,
}

impl<B: Batch> Clone for Outlet<B> {
    fn clone(&self) -> Self {
        Self {
            receiver: self.receiver.clone(),
            edge: self.edge.clone(),
        }
    }
}

impl<B: Batch> Outlet<B> {
    async fn send(&self, batch: B) {
        let count = batch.len();
        // An error hands the batch back; dropping it fails its acknowledgement.
        if self.receiver.inner.sender.send(batch).await.is_ok()
            && let Some(edge) = &self.edge
        {
            edge.add(count);
        }
    }
}

impl<B: Batch> Clone for Fanout<B> {
    fn clone(&self) -> Self {
        Self {
            to: self.to.clone(),
            from: self.from.clone(),
        }
    }
}

impl<B: Batch> PartialEq for Fanout<B> {
    fn eq(&self, other: &Self) -> bool {
        let receivers = |fanout: &Self| fanout.to.iter().map(|to| to.receiver.clone()).collect::<Vec<_>>();
        self.to.len() == other.to.len() && receivers(self) == receivers(other)
    }
}

impl<B: Batch> Default for Fanout<B> {
    fn default() -> Self {
        Self {
            to: Vec::new(),
            from: None,
        }
    }
}

impl<B: Batch> fmt::Debug for Fanout<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.to.iter().map(|to| &to.receiver.display))
            .finish()
    }
}

impl<B: Batch> Fanout<B> {
    /// Several receivers. Made while a component is decoded, what is sent counts as that component's.
    pub fn new(to: Vec<Shared<Receiver<B>>>) -> Self {
        let from = Flow::current();
        let outlet = |receiver: Shared<Receiver<B>>| Outlet {
            edge: from
                .as_ref()
                .map(|from| from.edge(&receiver.inner.owner, B::KIND)),
            receiver,
        };
        Self {
            to: to.into_iter().map(outlet).collect(),
            from,
        }
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
        if let Some(from) = &self.from
            && from.edges_tell()
        {
            batch.tell(Direction::Out, from);
        }
        match self.to.as_slice() {
            [] => batch.delivered(),
            [only] => only.send(batch).await,
            [first, others @ ..] => {
                let copies: Vec<B> = others.iter().map(|_| batch.split()).collect();
                let rest = others.iter().zip(copies).map(|(to, copy)| to.send(copy));
                tokio::join!(first.send(batch), futures_util::future::join_all(rest));
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
        river_eval::Value::list(self.to.into_iter().map(|to| to.receiver.into_value()))
    }
}
