//! Connections: bounded in number, in time without a word, and in what is kept of each.

use super::Shared;
use super::arguments::Listener;
use super::entries::{Broken, Peer, Reader};
use super::framing::Tide;
use crate::listeners::Lease;
use crate::listeners::tls::ServerTls;
use crate::signals::MAX_BATCH_ENTRIES;
use bytes::{Buf, BytesMut};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections of a listener at the same time at the most; others wait in the kernel's queue.
pub(super) const MAX_CONNECTIONS: usize = 1024;

/// How long a peer may take for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause after accepting failed for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// How long nothing has to come until the last line is complete.
const QUIET: Duration = Duration::from_millis(100);

/// How long a connection is still read at a stop, where something has come already.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Bytes that are read at once.
const READ_BYTES: usize = 16 * 1024;

/// Accepts connections until the token is cancelled, and waits for those that there are.
pub(super) async fn serve(
    shared: Arc<Shared>,
    socket: Lease<TcpListener>,
    listener: watch::Receiver<Arc<Listener>>,
    tls: Option<Arc<ServerTls>>,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = async {
                let permit = room.clone().acquire_owned().await;
                (permit, socket.accept().await)
            } => accepted,
        };
        let (stream, peer, permit) = match accepted {
            (Ok(permit), Ok((stream, peer))) => (stream, peer, permit),
            (_, Err(error)) => {
                tracing::warn!(component_id = %shared.id, %error, "failed to accept syslog connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
            // Never closed.
            (Err(_), _) => break,
        };
        let (shared, listener, stop) = (shared.clone(), listener.clone(), stop.clone());
        let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.current()));
        connections.spawn(async move {
            let _permit = permit;
            if let Err(error) = connection(shared, stream, peer, acceptor, listener, stop).await {
                tracing::debug!(%peer, %error, "syslog connection closed");
            }
        });
    }
    drop(socket);
    connections.close();
    connections.wait().await;
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    listener: watch::Receiver<Arc<Listener>>,
    stop: CancellationToken,
) -> io::Result<()> {
    let address = peer.ip().to_canonical();
    let name = shared.names.of(address, shared.wants_names()).await;
    let settings = listener.borrow().clone();
    let reader = Reader::new(shared.clone(), settings, Peer { address, name });
    let mut connection = Connection {
        shared,
        reader,
        listener,
        buffer: BytesMut::new(),
        peer,
    };
    let Some(acceptor) = acceptor else {
        return connection.read(stream, &stop).await;
    };
    let handshake = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => handshake,
    };
    match handshake {
        Ok(Ok(stream)) => connection.read(stream, &stop).await,
        Ok(Err(error)) => {
            let component = &connection.shared;
            component.tell("tls", || {
                format!(
                    "the TLS handshake of {address} failed: {error}; check its certificate and what it trusts"
                )
            });
            Ok(())
        }
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

struct Connection {
    shared: Arc<Shared>,
    reader: Reader,
    listener: watch::Receiver<Arc<Listener>>,
    buffer: BytesMut,
    peer: SocketAddr,
}

impl Connection {
    /// Reads until the peer has said all, is silent for too long, or the component stops.
    async fn read(&mut self, mut stream: impl AsyncRead + Unpin, stop: &CancellationToken) -> io::Result<()> {
        let mut waits = false;
        loop {
            if self.listener.has_changed().unwrap_or(false) {
                let settings = self.listener.borrow_and_update().clone();
                self.reader.set(&settings);
            }
            self.buffer.reserve(READ_BYTES);
            let patience = match waits {
                true => QUIET,
                false => self.listener.borrow().idle_timeout,
            };
            let read = tokio::select! {
                biased;
                () = stop.cancelled() => return self.last_words(stream).await,
                read = tokio::time::timeout(patience, stream.read_buf(&mut self.buffer)) => read,
            };
            let tide = match read {
                Ok(Ok(0)) => Tide::Ended,
                Ok(Ok(_)) => Tide::Coming,
                Ok(Err(error)) => {
                    // What came before is whole as far as it goes.
                    let _ = self.take(Tide::Ended).await;
                    return Err(error);
                }
                Err(_) if waits => Tide::Quiet,
                Err(_) => {
                    let _ = self.take(Tide::Ended).await;
                    return Err(io::ErrorKind::TimedOut.into());
                }
            };
            match self.take(tide).await {
                Ok(_) if tide == Tide::Ended => return Ok(()),
                Ok(more) => waits = more,
                Err(()) => return Ok(()),
            }
        }
    }

    /// Takes what the kernel has already: once the connection is closed, its sender will not say it again.
    async fn last_words(&mut self, mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
        let deadline = tokio::time::Instant::now() + LAST_WORDS;
        loop {
            self.buffer.reserve(READ_BYTES);
            let until = deadline.min(tokio::time::Instant::now() + Duration::from_millis(20));
            match tokio::time::timeout_at(until, stream.read_buf(&mut self.buffer)).await {
                Ok(Ok(count)) if count > 0 && tokio::time::Instant::now() < deadline => {
                    if self.take(Tide::Coming).await.is_err() {
                        return Ok(());
                    }
                }
                _ => break,
            }
        }
        let _ = self.take(Tide::Ended).await;
        Ok(())
    }

    /// Sends what is complete. Answers whether a pause would complete a message.
    async fn take(&mut self, tide: Tide) -> Result<bool, ()> {
        loop {
            let (done, waits) = self.reader.take(&self.buffer, tide, MAX_BATCH_ENTRIES);
            self.buffer.advance(done.min(self.buffer.len()));
            let entries = std::mem::take(&mut self.reader.entries);
            let is_full = entries.len() >= MAX_BATCH_ENTRIES;
            self.shared.shipper.ship(entries).await;
            match waits {
                Err(Broken(why)) => {
                    let peer = self.peer;
                    self.shared.tell("framing", || {
                        format!("the connection of {peer} is closed: {why}; let it send RFC 6587 framing, or use syslog_format = \"raw\"")
                    });
                    return Err(());
                }
                Ok(_) if is_full => {}
                Ok(waits) => return Ok(waits),
            }
        }
    }
}
