//! A Docker API for tests: on a Unix socket, says what the test wants.

use axum::extract::{Path as UrlPath, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// A container as the API tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) tty: bool,
    pub(crate) running: bool,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
    /// Nanoseconds, stream (1 is stdout, 2 is stderr), and the text; one without a newline goes on in the next of its stream.
    pub(crate) log: Vec<(i64, u8, String)>,
}

#[derive(Default)]
struct Inner {
    containers: String,
    networks: String,
    made: HashMap<String, Made>,
    /// What was asked for, in order.
    asked: Vec<String>,
    /// Instead of every answer.
    broken: Option<(u16, &'static str)>,
    /// Streams of logs end when this is cancelled.
    cut: CancellationToken,
    /// Log records that a stream sends before it breaks off, if it does; more with each one that does.
    cut_after: Option<usize>,
}

/// The API.
#[derive(Clone, Default)]
pub(crate) struct Api {
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
}

impl Api {
    /// Listens at a socket until the test ends.
    pub(crate) fn listen(&self, socket: &Path) {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        let router = axum::Router::new()
            .route("/containers/json", get(containers))
            .route("/networks", get(networks))
            .route("/containers/{id}/json", get(inspect))
            .route("/containers/{id}/logs", get(logs))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
    }

    pub(crate) fn containers(&self, json: &str) {
        self.inner.lock().containers = json.into();
    }

    pub(crate) fn networks(&self, json: &str) {
        self.inner.lock().networks = json.into();
    }

    pub(crate) fn broken(&self, answer: Option<(u16, &'static str)>) {
        self.inner.lock().broken = answer;
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.inner.lock().asked.clone()
    }

    /// Makes or changes a container.
    pub(crate) fn make(&self, id: &str, change: impl FnOnce(&mut Made)) {
        let mut inner = self.inner.lock();
        let made = inner.made.entry(id.into()).or_insert_with(|| Made {
            tty: false,
            running: true,
            started_at: "2024-01-01T00:00:00Z".into(),
            finished_at: "0001-01-01T00:00:00Z".into(),
            log: Vec::new(),
        });
        change(made);
        drop(inner);
        self.changed.notify_waiters();
    }

    pub(crate) fn remove(&self, id: &str) {
        self.inner.lock().made.remove(id);
        self.changed.notify_waiters();
    }

    /// Breaks all streams off, as a daemon that is killed.
    pub(crate) fn cut(&self) {
        let mut inner = self.inner.lock();
        std::mem::take(&mut inner.cut).cancel();
    }

    /// Streams break off after so many records from now on.
    pub(crate) fn cut_after(&self, records: Option<usize>) {
        self.inner.lock().cut_after = records;
    }

    fn cut_later(&self) {
        let mut inner = self.inner.lock();
        inner.cut_after = inner.cut_after.map(|records| records + 15);
    }

    fn ask(&self, what: String) -> Option<Response> {
        let mut inner = self.inner.lock();
        inner.asked.push(what);
        inner.broken.map(|(status, text)| {
            let text = serde_json::json!({ "message": text }).to_string();
            (StatusCode::from_u16(status).unwrap(), text).into_response()
        })
    }
}

async fn containers(State(api): State<Api>, RawQuery(query): RawQuery) -> Response {
    let broken = api.ask(format!("containers?{}", query.unwrap_or_default()));
    broken.unwrap_or_else(|| api.inner.lock().containers.clone().into_response())
}

async fn networks(State(api): State<Api>) -> Response {
    let broken = api.ask("networks".into());
    broken.unwrap_or_else(|| api.inner.lock().networks.clone().into_response())
}

async fn inspect(State(api): State<Api>, UrlPath(id): UrlPath<String>) -> Response {
    if let Some(broken) = api.ask(format!("inspect {id}")) {
        return broken;
    }
    match api.inner.lock().made.get(&id) {
        Some(made) => serde_json::json!({
            "State": {"Running": made.running, "StartedAt": made.started_at, "FinishedAt": made.finished_at},
            "Config": {"Tty": made.tty},
        })
        .to_string()
        .into_response(),
        None => (StatusCode::NOT_FOUND, r#"{"message": "No such container"}"#).into_response(),
    }
}

/// One record of a stream, framed or not.
fn record(tty: bool, (at, stream, text): &(i64, u8, String)) -> Bytes {
    let time = jiff::Timestamp::from_nanosecond((*at).into()).unwrap();
    let text = format!("{time:.9} {text}");
    if tty {
        return text.replace('\n', "\r\n").into();
    }
    let mut frame = vec![*stream, 0, 0, 0];
    frame.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend(text.as_bytes());
    frame.into()
}

async fn logs(State(api): State<Api>, UrlPath(id): UrlPath<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    if let Some(broken) = api.ask(format!("logs {id} {query}")) {
        return broken;
    }
    let since = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("since="))
        .unwrap_or("0");
    let (seconds, fraction) = since.split_once('.').unwrap_or((since, "0"));
    let since =
        seconds.parse::<i64>().unwrap() * 1_000_000_000 + format!("{fraction:0<9}").parse::<i64>().unwrap();
    if !api.inner.lock().made.contains_key(&id) {
        return (StatusCode::NOT_FOUND, r#"{"message": "No such container"}"#).into_response();
    }
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let cut = api.inner.lock().cut.clone();
    let mut left = api.inner.lock().cut_after;
    tokio::spawn(async move {
        let mut next = 0;
        loop {
            let changed = api.changed.notified();
            let (records, goes_on) = match api.inner.lock().made.get(&id) {
                Some(made) => {
                    let new = made.log.get(next..).unwrap_or_default();
                    next = made.log.len();
                    let new = new.iter().filter(|record| record.0 >= since);
                    (
                        new.map(|one| record(made.tty, one)).collect::<Vec<_>>(),
                        made.running,
                    )
                }
                None => (Vec::new(), false),
            };
            for record in records {
                if left == Some(0) || cut.is_cancelled() {
                    // The next one gets further, although it begins before.
                    api.cut_later();
                    let _ = sender.send(Err(std::io::Error::other("cut"))).await;
                    return;
                }
                left = left.map(|left| left - 1);
                if sender.send(Ok(record)).await.is_err() {
                    return;
                }
            }
            if !goes_on {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = cut.cancelled() => {
                    let _ = sender.send(Err(std::io::Error::other("cut"))).await;
                    return;
                }
            }
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    (
        [(header::CONTENT_TYPE, "application/vnd.docker.multiplexed-stream")],
        axum::body::Body::from_stream(stream),
    )
        .into_response()
}
