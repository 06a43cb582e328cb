//! A peer for tests: answers each request by a script and keeps what it got.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// What the peer does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers with status and body.
    Status(u16, &'static str),
    /// Answers with status and one header.
    Header(u16, &'static str, &'static str),
    /// Never answers.
    Hang,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }
}

struct Shared {
    script: Mutex<VecDeque<Reply>>,
    otherwise: Mutex<Reply>,
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
}

/// The running peer; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Peer {
    shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
}

impl Peer {
    /// Answers by the script, then with `otherwise`.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>, otherwise: Reply) -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::new(script.into_iter().collect()),
            otherwise: Mutex::new(otherwise),
            seen: Mutex::default(),
            count: watch::channel(0).0,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, address }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it answers once the script has ended.
    pub(crate) fn otherwise(&self, reply: Reply) {
        *self.shared.otherwise.lock() = reply;
    }

    /// Waits until so many requests have come, and hands them out.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Seen> {
        let mut watch = self.shared.count.subscribe();
        tokio::time::timeout(
            std::time::Duration::from_secs(20),
            watch.wait_for(|seen| *seen >= count),
        )
        .await
        .expect("the requests come in time")
        .unwrap();
        self.seen()
    }

    /// What has come until now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    shared.seen.lock().push(Seen {
        path: uri.to_string(),
        headers,
        body,
    });
    let reply = shared.script.lock().pop_front();
    let reply = reply.unwrap_or_else(|| shared.otherwise.lock().clone());
    shared.count.send_modify(|count| *count += 1);
    match reply {
        Reply::Status(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Reply::Header(status, name, value) => {
            (StatusCode::from_u16(status).unwrap(), [(name, value)]).into_response()
        }
        Reply::Hang => std::future::pending().await,
    }
}
