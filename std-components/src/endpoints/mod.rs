//! The endpoints of a component that sends: which there are, which come and go with an update, and how a batch reaches all of them.
//!
//! An endpoint is known by its name, or without one by its place: a corrected URL keeps what waits. Each has a share of its own in a batch's
//! acknowledgement, so that the source hears of a batch once all have taken it for good. What an endpoint does with a batch (queue it in memory, write
//! it to its log on disk, wait) is its own business; [`Endpoint::push`] returns as soon as it has let go of the one who pushes.

use crate::component::CancellationToken;
use crate::signals::{Batch, Inlet};
use arc_swap::ArcSwap;
use futures_util::future::join_all;
use parking_lot::Mutex;
use river_eval::BodyValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tracing::Instrument;

/// One endpoint.
pub(crate) trait Endpoint: Send + Sync + 'static {
    /// What the component is sent.
    type Batch: Batch + Sync;
    /// An endpoint's share of a batch.
    type Parcel: Send;
    /// What makes parcels of batches: work that the endpoints of a component have in common.
    type Shared: Default + Send;
    /// What it works with.
    type Settings;

    /// Its name in messages: unique in its component.
    fn name(&self) -> &str;

    /// Takes other settings if its queues fit them; what waits stays.
    ///
    /// # Errors
    /// The settings, if the endpoint has to be made anew.
    fn reconfigure(&self, settings: Self::Settings) -> Result<(), Box<Self::Settings>>;

    /// Starts its tasks, unless they run already. Not called while a push to it is under way.
    fn start(self: &Arc<Self>) -> impl Future<Output = ()> + Send;

    /// The share of each of these endpoints in a batch, in their order. Without a wait.
    fn deal(shared: &mut Self::Shared, endpoints: &[Arc<Self>], batch: Self::Batch) -> Vec<Self::Parcel>;

    /// Queues its share, waiting for room where it is to. Ends early once [`drain`](Self::drain) has begun.
    fn push(&self, parcel: Self::Parcel) -> impl Future<Output = ()> + Send;

    /// Takes no more, sends what waits, and gives up after a time of its own.
    fn drain(&self) -> impl Future<Output = ()> + Send;

    /// How long a batch that waits for room at a stop may go on waiting.
    fn drain_timeout(&self) -> Duration;

    /// For the UI.
    fn debug_info(&self) -> BodyValue;
}

/// A batch as often as there are endpoints, each with a share of its own in the acknowledgement.
pub(crate) fn copies<B: Batch>(endpoints: usize, batch: B) -> Vec<B> {
    let mut copies = Vec::with_capacity(endpoints);
    copies.extend((1..endpoints).map(|_| batch.split()));
    copies.push(batch);
    copies
}

/// The endpoints of a component.
pub(crate) struct Endpoints<E> {
    current: ArcSwap<Vec<Arc<E>>>,
    /// Those that an update has taken out and that have to be drained.
    leaving: Mutex<Vec<Arc<E>>>,
    changed: Notify,
}

impl<E> Default for Endpoints<E> {
    fn default() -> Self {
        Self {
            current: ArcSwap::default(),
            leaving: Mutex::default(),
            changed: Notify::new(),
        }
    }
}

/// The name of the endpoint at this place.
pub(crate) fn name_of(at: usize, written: &str) -> String {
    match written {
        "" => format!("endpoint-{at}"),
        name => name.to_owned(),
    }
}

impl<E: Endpoint> Endpoints<E> {
    /// Has endpoints of these names and settings from now on, keeping those that fit with what waits in them.
    pub(crate) fn configure(
        &self,
        wanted: impl IntoIterator<Item = (String, E::Settings)>,
        mut make: impl FnMut(String, E::Settings) -> E,
    ) {
        let old = self.current.load_full();
        let mut kept = vec![false; old.len()];
        let mut made = Vec::new();
        for (name, settings) in wanted {
            let before = old
                .iter()
                .zip(&mut kept)
                .find(|(endpoint, _)| endpoint.name() == name);
            let settings = match before {
                Some((endpoint, kept)) => match endpoint.reconfigure(settings) {
                    Ok(()) => {
                        *kept = true;
                        made.push(endpoint.clone());
                        continue;
                    }
                    Err(settings) => *settings,
                },
                None => settings,
            };
            made.push(Arc::new(make(name, settings)));
        }
        let gone = old.iter().zip(&kept).filter(|(_, kept)| !**kept);
        self.leaving.lock().extend(gone.map(|(gone, _)| gone.clone()));
        self.current.store(Arc::new(made));
        self.changed.notify_one();
    }

    /// Hands everything from the inlet to the endpoints until `stop`, then drains: what waits in the inlet, then each endpoint.
    pub(crate) async fn run(
        &self,
        inlet: &mut Inlet<E::Batch>,
        stop: &CancellationToken,
        seen: impl Fn(&E::Batch),
    ) {
        self.settle().await;
        let mut shared = E::Shared::default();
        loop {
            let batch = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.changed.notified() => {
                    self.settle().await;
                    continue;
                }
                batch = inlet.next() => batch,
            };
            let Some(batch) = batch else { break };
            seen(&batch);
            let push = self.push(&mut shared, batch);
            tokio::pin!(push);
            let mut is_unsettled = false;
            let is_done = loop {
                tokio::select! {
                    () = &mut push => break true,
                    // An endpoint that blocks may have been taken out of the configuration.
                    () = self.changed.notified() => {
                        self.drain_leaving();
                        is_unsettled = true;
                    }
                    () = stop.cancelled() => break false,
                }
            };
            if !is_done {
                // A full queue gets the time for draining; what does not fit then goes back to its source.
                drop(tokio::time::timeout(self.drain_timeout(), push).await);
                break;
            }
            if is_unsettled {
                self.settle().await;
            }
        }
        inlet.close();
        let rest = async {
            while let Some(batch) = inlet.try_next() {
                seen(&batch);
                self.push(&mut shared, batch).await;
            }
        };
        drop(tokio::time::timeout(self.drain_timeout(), rest).await);
        let endpoints = self.current.load_full();
        join_all(endpoints.iter().map(|endpoint| endpoint.drain())).await;
    }

    /// Starts the endpoints that are new and drains those that are gone.
    async fn settle(&self) {
        for endpoint in self.current.load_full().iter() {
            endpoint.start().await;
        }
        self.drain_leaving();
    }

    fn drain_leaving(&self) {
        let leaving = std::mem::take(&mut *self.leaving.lock());
        for endpoint in leaving {
            tokio::spawn(async move { endpoint.drain().await }.in_current_span());
        }
    }

    /// Hands a batch to every endpoint, each with its own share in the acknowledgement.
    async fn push(&self, shared: &mut E::Shared, batch: E::Batch) {
        let endpoints = self.current.load_full();
        if endpoints.is_empty() {
            // Nowhere to send to is a choice of the configuration.
            return batch.delivered();
        }
        let parcels = E::deal(shared, &endpoints, batch);
        let pushes = endpoints.iter().zip(parcels);
        join_all(pushes.map(|(endpoint, parcel)| endpoint.push(parcel))).await;
    }

    fn drain_timeout(&self) -> Duration {
        let endpoints = self.current.load();
        let timeouts = endpoints.iter().map(|endpoint| endpoint.drain_timeout());
        timeouts.max().unwrap_or_default()
    }

    /// For the UI: a block for each.
    pub(crate) fn debug_info(&self) -> BodyValue {
        let mut info = BodyValue::default();
        for endpoint in self.current.load().iter() {
            info.block("endpoint", endpoint.debug_info());
        }
        info
    }
}
