//! The HTTP server of the push API: bounded in connections, time and size.

use super::SourceApi;
use super::arguments::{Arguments, HttpArguments};
use super::metrics::{self, Counted};
use super::push::{self, Stream};
use crate::component::{BuildError, CancellationToken, Context, RunError};
use crate::listeners::tls::ServerTls;
use crate::listeners::{Lease, ListenError};
use crate::loki::source::now;
use crate::signals::Outcome;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use river_eval::Nothing;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections at the same time at the most, where the configuration does not say.
const MAX_CONNECTIONS: usize = 512;

/// The pause after accepting failed for want of files or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// How long a peer may take for a TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A server that is bound.
pub(super) struct Server {
    listener: Lease<TcpListener>,
    pub(super) address: SocketAddr,
    room: Arc<Semaphore>,
    tls: Option<Arc<ServerTls>>,
    protocol: Builder<TokioExecutor>,
}

/// A server as the `http` block asks for it.
fn protocol(http: &HttpArguments) -> Builder<TokioExecutor> {
    let mut protocol = Builder::new(TokioExecutor::new());
    protocol
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(http.server_idle_timeout.max(http.server_read_timeout));
    let Some(settings) = http.http2.as_ref().filter(|http2| http2.enabled) else {
        return protocol.http1_only();
    };
    let mut http2 = protocol.http2();
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.max_concurrent_streams)
        .keep_alive_timeout(settings.ping_timeout);
    if !settings.read_idle_timeout.is_zero() {
        http2.keep_alive_interval(settings.read_idle_timeout);
    }
    // Of what is not allowed Go takes its own value too.
    if (16_384..1 << 24).contains(&settings.max_read_frame_size) {
        http2.max_frame_size(settings.max_read_frame_size);
    }
    let window = |bytes: i32| u32::try_from(bytes).ok().filter(|bytes| *bytes >= 65_535);
    http2
        .initial_connection_window_size(window(settings.max_upload_buffer_per_connection))
        .initial_stream_window_size(window(settings.max_upload_buffer_per_stream));
    protocol
}

/// TLS as the `http` block asks for it; reads the files.
fn tls(owner: &str, http: &HttpArguments) -> Result<Option<ServerTls>, String> {
    let http2 = http.http2.as_ref().is_some_and(|http2| http2.enabled);
    let tls = |tls: &super::arguments::ServerTls| ServerTls::new(owner, &tls.settings(http2)?);
    http.tls
        .as_ref()
        .map(tls)
        .transpose()
        .map_err(|(setting, reason)| {
            // This block's own name of it.
            let setting = setting.replace("client_ca_pem", "client_ca");
            format!("the tls block's {setting} cannot be used: {reason}; mend it and reload")
        })
}

/// Whether the certificates can be used.
pub(super) fn check(context: &Context<Nothing>, http: &HttpArguments) -> Result<(), BuildError> {
    tls(&context.id.to_string(), http)
        .map(drop)
        .map_err(BuildError::new)
}

impl Server {
    /// Binds it, or takes the socket over of who had it before.
    pub(super) async fn bind(context: &Context<Nothing>, http: &HttpArguments) -> Result<Self, RunError> {
        let host = match http.listen_address.as_str() {
            "" => "0.0.0.0",
            host => host,
        };
        let port = u16::try_from(http.listen_port).unwrap_or(0);
        let cannot = |error: std::io::Error| {
            RunError(format!(
                "cannot listen on {host}:{port}: {error}; choose another listen_port in the http block, or stop what has it"
            ))
        };
        let owner = context.id.to_string();
        let tls = tls(&owner, http).map_err(RunError)?;
        let mut addresses = tokio::net::lookup_host((host, port)).await.map_err(cannot)?;
        let address = addresses
            .next()
            .ok_or_else(|| cannot(std::io::Error::other("the host has no address")))?;
        let listener = context.services.listeners.tcp(&owner, address).await;
        let listener = listener.map_err(|error| match error {
            ListenError::System { error, .. } => cannot(error),
            held => RunError(held.to_string()),
        })?;
        let most = usize::try_from(http.conn_limit).unwrap_or(0);
        Ok(Self {
            address: match listener.get() {
                Some(socket) => socket.local_addr().map_err(cannot)?,
                None => address,
            },
            listener,
            room: Arc::new(Semaphore::new(if most == 0 { MAX_CONNECTIONS } else { most })),
            tls: tls.map(Arc::new),
            protocol: protocol(http),
        })
    }

    /// `http` or `https`.
    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Serves until the token is cancelled; requests under way are finished.
    pub(super) async fn serve(self, component: Arc<SourceApi>, stop: CancellationToken) {
        let router = Router::new()
            .route("/loki/api/v1/push", post(take_push))
            .route("/api/v1/push", post(take_push))
            .route("/loki/api/v1/raw", post(take_raw))
            .route("/api/v1/raw", post(take_raw))
            .route("/ready", get(async || "ready\n"))
            .route("/loki/ready", get(async || "ready\n"))
            .with_state(component.clone());
        let metrics = &component.metrics;
        let most = self.room.available_permits();
        metrics
            .most_connections
            .set(i64::try_from(most).unwrap_or(i64::MAX));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let Some((stream, permit)) = accepted else {
                continue;
            };
            // Answers are written whole.
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            let (protocol, watcher) = (self.protocol.clone(), graceful.watcher());
            let tls = self.tls.as_ref().map(|tls| TlsAcceptor::from(tls.current()));
            let stop = stop.clone();
            let counted = Counted::of(&metrics.connections);
            tokio::spawn(async move {
                let _while_it_is_open = (permit, counted);
                let Some(acceptor) = tls else {
                    let connection = protocol
                        .serve_connection(TokioIo::new(stream), service)
                        .into_owned();
                    // Peers may go away while they are answered.
                    drop(watcher.watch(connection).await);
                    return;
                };
                let handshake = tokio::select! {
                    () = stop.cancelled() => return,
                    handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => handshake,
                };
                match handshake {
                    Ok(Ok(stream)) => {
                        let connection = protocol
                            .serve_connection(TokioIo::new(stream), service)
                            .into_owned();
                        drop(watcher.watch(connection).await);
                    }
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                }
            });
        }
        // At once, so that a successor can take the socket while the last requests are finished.
        drop(self.listener);
        graceful.shutdown().await;
    }

    async fn accept(&self) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let permit = self.room.clone().acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, _)) => Some((stream, permit)),
            Err(error) => {
                tracing::debug!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }
}

type Answer = (StatusCode, String);

async fn take_push(State(component): State<Arc<SourceApi>>, request: Request<Body>) -> Answer {
    let answer = take(&component, request, |headers, body, most| {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = header("content-type").unwrap_or("application/x-protobuf");
        let packing = header("content-encoding");
        match kind.split(';').next().unwrap_or_default().trim() {
            "application/json" => push::json(&unpacked(packing, body, most)?),
            // As in Loki: whatever is no JSON is protobuf, which is packed with Snappy whether a header says so or not.
            other => {
                let packing = packing.filter(|packing| *packing != "snappy");
                push::protobuf(&unpacked(packing, body, most)?, most).map_err(|error| match other {
                    "" | "application/x-protobuf" => error,
                    other => format!(
                        "{error}; with the Content-Type {other} a request is read as protobuf: send application/json or application/x-protobuf"
                    ),
                })
            }
        }
    });
    answer.await
}

async fn take_raw(State(component): State<Arc<SourceApi>>, request: Request<Body>) -> Answer {
    let answer = take(&component, request, |headers, body, most| {
        let packing = headers
            .get("content-encoding")
            .and_then(|value| value.to_str().ok());
        Ok(push::raw(&unpacked(packing, body, most)?, now()))
    });
    answer.await
}

/// Unpacks a body as its `Content-Encoding` says.
fn unpacked<'b>(
    packing: Option<&str>,
    body: &'b [u8],
    most: usize,
) -> Result<std::borrow::Cow<'b, [u8]>, String> {
    let mut plain = Vec::new();
    let limit = most as u64 + 1;
    let read = match packing.unwrap_or_default() {
        "" | "identity" => return Ok(body.into()),
        "gzip" => flate2::read::GzDecoder::new(body)
            .take(limit)
            .read_to_end(&mut plain),
        "deflate" => flate2::read::DeflateDecoder::new(body)
            .take(limit)
            .read_to_end(&mut plain),
        other => return Err(format!("Content-Encoding {other:?} is not supported")),
    };
    read.map_err(|error| error.to_string())?;
    if plain.len() > most {
        return Err(format!("the request has more than {most} bytes unpacked"));
    }
    Ok(plain.into())
}

async fn take(
    component: &SourceApi,
    request: Request<Body>,
    read: impl FnOnce(&HeaderMap, &[u8], usize) -> Result<Vec<Stream>, String>,
) -> Answer {
    let arguments = component.arguments.load_full();
    let measured = component.metrics.begin(request.uri().path());
    let (status, text) = answer(component, &arguments, &measured, request, read).await;
    measured.end(status.as_str(), text.len());
    (status, text)
}

async fn answer(
    component: &SourceApi,
    arguments: &Arguments,
    measured: &metrics::Request<'_>,
    request: Request<Body>,
    read: impl FnOnce(&HeaderMap, &[u8], usize) -> Result<Vec<Stream>, String>,
) -> Answer {
    let most = usize::try_from(arguments.max_send_message_size.0).unwrap_or(usize::MAX);
    // Never closed.
    let _turn = component.at_once.acquire().await;
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, most);
    let body: Bytes = match tokio::time::timeout(arguments.http.server_read_timeout, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("request body too large: more than {most} bytes\n"),
            );
        }
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "the request took too long\n".into()),
    };
    measured.came(body.len());
    let streams = match read(&head.headers, &body, most) {
        Ok(streams) => streams,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")),
    };
    drop(body);
    let tenant = head
        .headers
        .get("x-scope-orgid")
        .and_then(|value| value.to_str().ok());
    let tenant = tenant.filter(|tenant| !tenant.is_empty());
    let forwarded = component.forward(streams, tenant);
    match tokio::time::timeout(arguments.http.server_write_timeout, forwarded).await {
        Ok(Outcome::Delivered) => (StatusCode::NO_CONTENT, String::new()),
        Ok(Outcome::Failed) | Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the receivers have not taken the entries; send them again\n".into(),
        ),
    }
}
