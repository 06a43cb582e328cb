//! Connections: accepted from the socket that was bound at the start, wrapped in TLS where the settings of the moment say so, bounded in number, time and size.

use super::Access;
use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Connections at the same time at the most; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 512;

/// How long a peer may take for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer may take to send the headers of a request, and how long a connection may be kept without one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);

/// Bytes of a request's line and headers at the most.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// The pause after accepting failed for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves until the token is cancelled; requests under way are finished.
pub(in crate::http) async fn serve(
    listener: TcpListener,
    router: Router,
    access: Access,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, permit)) = accepted else {
            continue;
        };
        let (router, access, watcher) = (router.clone(), access.clone(), graceful.watcher());
        let stop = stop.clone();
        tokio::spawn(async move {
            let _permit = permit;
            connection(stream, router, access, watcher, stop).await;
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    // Never closed.
    let permit = room.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        // A peer that has gone already is nobody's trouble.
        Err(error) if is_of_the_peer(error.kind()) => None,
        Err(error) => {
            tracing::error!(%error, "cannot accept connections; check the limit of open files");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn is_of_the_peer(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

async fn connection(
    stream: TcpStream,
    router: Router,
    access: Access,
    watcher: Watcher,
    stop: CancellationToken,
) {
    // Answers are written whole.
    let _ = stream.set_nodelay(true);
    let settings = access.settings();
    let Some(tls) = &settings.tls else {
        return requests(stream, router, watcher).await;
    };
    let acceptor = TlsAcceptor::from(tls.current());
    drop(settings);
    let handshake = tokio::select! {
        () = stop.cancelled() => return,
        handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => handshake,
    };
    match handshake {
        Ok(Ok(stream)) => requests(stream, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    watcher: Watcher,
) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        // Peers that go away while they are answered.
        tracing::debug!(%error, "a connection ended early");
    }
}
