//! Answers without an end: watches and followed logs.

use super::{Request, Shared};
use axum::body::{Body, Bytes};
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// An answer that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// `pods`, or `pods/log`.
    pub(crate) resource: String,
    /// Empty at the cluster scope.
    pub(crate) namespace: String,
    /// The pod of a log; empty for watches.
    pub(crate) name: String,
    /// The container of a log; empty for watches.
    pub(crate) container: String,
    id: u64,
    /// Whether it is to end, and then whether it breaks off.
    ending: Option<bool>,
}

/// Those that are open.
#[derive(Default)]
pub(super) struct Streams {
    open: Vec<Stream>,
    next: u64,
}

impl Streams {
    pub(super) fn end(&mut self, of: impl Fn(&Stream) -> bool, breaks: bool) {
        for stream in self.open.iter_mut().filter(|stream| of(stream)) {
            stream.ending = Some(breaks);
        }
    }

    pub(super) fn count(&self, of: impl Fn(&Stream) -> bool) -> usize {
        let open = self.open.iter().filter(|stream| stream.ending.is_none());
        open.filter(|stream| of(stream)).count()
    }
}

/// The server's end of a stream; closing it takes it off the list.
pub(super) struct Writer {
    shared: Arc<Shared>,
    id: u64,
    body: mpsc::Sender<io::Result<Bytes>>,
    changes: watch::Receiver<u64>,
}

/// The stream has ended, by the client or by the test.
pub(super) struct Closed;

impl Writer {
    /// Opens a stream for a request.
    pub(super) fn open(shared: &Arc<Shared>, request: &Request) -> (Self, Body) {
        let (sender, receiver) = mpsc::channel(1);
        let changes = shared.changes.subscribe();
        let id = shared.change(|state| {
            state.streams.next += 1;
            let id = state.streams.next;
            state.streams.open.push(Stream {
                resource: request.resource.clone(),
                namespace: request.namespace.clone(),
                name: request.name.clone(),
                container: request.query("container").to_owned(),
                id,
                ending: None,
            });
            id
        });
        let writer = Self {
            shared: shared.clone(),
            id,
            body: sender,
            changes,
        };
        let next = |mut receiver: mpsc::Receiver<_>| async move {
            let chunk = receiver.recv().await?;
            Some((chunk, receiver))
        };
        (
            writer,
            Body::from_stream(futures_util::stream::unfold(receiver, next)),
        )
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Sends a chunk; waits while the client does not read.
    pub(super) async fn send(&mut self, chunk: impl Into<Bytes>) -> Result<(), Closed> {
        let chunk = chunk.into();
        loop {
            self.check().await?;
            tokio::select! {
                biased;
                permit = self.body.reserve() => {
                    permit.map_err(|_| Closed)?.send(Ok(chunk));
                    return Ok(());
                }
                _ = self.changes.changed() => {}
            }
        }
    }

    /// Waits until something has changed at the server.
    pub(super) async fn changed(&mut self) -> Result<(), Closed> {
        self.check().await?;
        tokio::select! {
            () = self.body.closed() => return Err(Closed),
            _ = self.changes.changed() => {}
        }
        self.check().await
    }

    /// Breaks the connection off.
    pub(super) async fn cut(&mut self) -> Closed {
        // What was sent goes out first: an error makes hyper forget what it has not written.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let _ = self.body.send(Err(io::Error::other("cut"))).await;
        Closed
    }

    async fn check(&mut self) -> Result<(), Closed> {
        let ending = {
            let state = self.shared.state.lock();
            let own = state.streams.open.iter().find(|stream| stream.id == self.id);
            own.and_then(|stream| stream.ending)
        };
        match ending {
            None => Ok(()),
            Some(false) => Err(Closed),
            Some(true) => Err(self.cut().await),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let id = self.id;
        self.shared
            .change(|state| state.streams.open.retain(|stream| stream.id != id));
    }
}
