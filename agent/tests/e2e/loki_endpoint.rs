//! A Loki push endpoint: reads real requests (snappy, protobuf), keeps what it took, and can be in trouble.

use crate::harness::until;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use prost::Message;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

/// `logproto.PushRequest`, the fields that matter here.
#[derive(Clone, PartialEq, Message)]
struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<PushedStream>,
}

#[derive(Clone, PartialEq, Message)]
struct PushedStream {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<PushedEntry>,
}

#[derive(Clone, PartialEq, Message)]
struct PushedEntry {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<PushedTimestamp>,
    #[prost(string, tag = "2")]
    line: String,
}

#[derive(Clone, PartialEq, Message)]
struct PushedTimestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// How requests are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// 204, and the lines count as taken.
    Takes,
    /// This status with this text; the lines count as seen only.
    Refuses(u16, &'static str),
    /// Never.
    Hangs,
}

/// A line that came.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The stream, as `{a="b", c="d"}`.
    pub(crate) stream: String,
    pub(crate) text: String,
    /// Seconds since 1970.
    pub(crate) seconds: i64,
}

#[derive(Debug)]
struct Told {
    mood: Mood,
    taken: Vec<Line>,
    requests: u64,
    headers: HeaderMap,
    problems: Vec<String>,
}

/// The endpoint; while it is down, connections are refused.
#[derive(Debug)]
pub(crate) struct LokiEndpoint {
    address: SocketAddr,
    told: Arc<Mutex<Told>>,
    server: Option<tokio::runtime::Runtime>,
}

/// A view of what an endpoint has taken, for other threads.
#[derive(Clone, Debug)]
pub(crate) struct Look(Arc<Mutex<Told>>);

impl Look {
    /// Whether a line with this text has been taken; those that came last are looked at first.
    pub(crate) fn has(&self, text: &str) -> bool {
        let told = self.0.lock().unwrap();
        told.taken.iter().rev().any(|line| line.text == text)
    }
}

impl LokiEndpoint {
    pub(crate) fn look(&self) -> Look {
        Look(self.told.clone())
    }

    /// Up, on a free port.
    pub(crate) async fn start() -> Self {
        let mut endpoint = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            told: Arc::new(Mutex::new(Told {
                mood: Mood::Takes,
                taken: Vec::new(),
                requests: 0,
                headers: HeaderMap::new(),
                problems: Vec::new(),
            })),
            server: None,
        };
        endpoint.up().await;
        endpoint
    }

    /// The push URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/loki/api/v1/push", self.address)
    }

    /// Listens on its port, again.
    pub(crate) async fn up(&mut self) {
        if self.server.is_some() {
            return;
        }
        // A runtime of its own: taken down, it closes the listener and all connections.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = self.address;
        let listener = until("the endpoint's port is free", async || {
            runtime
                .spawn(tokio::net::TcpListener::bind(address))
                .await
                .unwrap()
                .ok()
        })
        .await;
        self.address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/loki/api/v1/push", post(push))
            .with_state(self.told.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        self.server = Some(runtime);
    }

    /// Is no more: connections break off and new ones are refused.
    pub(crate) async fn down(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
        let address = self.address;
        until("connections are refused", async || {
            tokio::net::TcpStream::connect(address).await.err()
        })
        .await;
    }

    pub(crate) fn answers(&self, mood: Mood) {
        self.told().mood = mood;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    /// The lines that were answered with 204, in order.
    pub(crate) fn taken(&self) -> Vec<Line> {
        let told = self.told();
        assert!(told.problems.is_empty(), "{:?}", told.problems);
        told.taken.clone()
    }

    /// The texts of the lines that were answered with 204.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.taken().into_iter().map(|line| line.text).collect()
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> u64 {
        self.told().requests
    }

    /// The headers of the last request.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.told().headers.clone()
    }

    /// Waits until so many lines have been taken.
    pub(crate) async fn takes(&self, count: usize) {
        let what = format!("{count} lines have been taken");
        until(&what, async || (self.told().taken.len() >= count).then_some(())).await;
    }

    /// Waits for so many more requests from now on.
    pub(crate) async fn is_asked(&self, more: u64) {
        let goal = self.told().requests + more;
        until("requests come", async || {
            (self.told().requests >= goal).then_some(())
        })
        .await;
    }
}

impl Drop for LokiEndpoint {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}

fn decode(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Line>, String> {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap_or(""));
    if header("content-type") != "application/x-protobuf" {
        return Err(format!("content type {:?}", header("content-type")));
    }
    let plain = snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(|error| error.to_string())?;
    let request = PushRequest::decode(plain.as_slice()).map_err(|error| error.to_string())?;
    let lines = request.streams.into_iter().flat_map(|stream| {
        let labels = stream.labels;
        stream.entries.into_iter().map(move |entry| Line {
            stream: labels.clone(),
            text: entry.line,
            seconds: entry.timestamp.map_or(0, |at| at.seconds),
        })
    });
    Ok(lines.collect())
}

async fn push(
    State(told): State<Arc<Mutex<Told>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let lines = decode(&headers, &body);
    let mood = {
        let mut told = told.lock().unwrap();
        told.requests += 1;
        told.headers = headers;
        match lines {
            Err(problem) => {
                told.problems.push(problem);
                return (StatusCode::BAD_REQUEST, "not a push request");
            }
            Ok(lines) if told.mood == Mood::Takes => told.taken.extend(lines),
            Ok(_) => {}
        }
        told.mood.clone()
    };
    match mood {
        Mood::Takes => (StatusCode::NO_CONTENT, ""),
        Mood::Refuses(status, why) => (StatusCode::from_u16(status).unwrap(), why),
        Mood::Hangs => std::future::pending().await,
    }
}
