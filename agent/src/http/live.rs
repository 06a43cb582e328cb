//! Streams: what flows through a component (live debugging), and the rates on the edges of the graph, both in the reference's form:
//! items that end in `|;|`.

use super::view::Totals;
use crate::runtime::Agent;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use std_components::signals::{Stream, WatchError};

/// Ends each item.
const END: &str = "|;|";

/// Bytes that are put into one chunk at the most, while more items wait.
const CHUNK_BYTES: usize = 64 * 1024;

/// How long the graph's rates are averaged, in seconds: default and bounds are the reference's.
const WINDOW_SECONDS: (u64, std::ops::RangeInclusive<u64>) = (5, 1..=60);

fn refuse(status: StatusCode, message: impl std::fmt::Display) -> Response {
    (status, format!("{message}\n")).into_response()
}

fn streamed(
    items: impl futures_util::Stream<Item = Result<String, std::io::Error>> + Send + 'static,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        // A proxy that buffers would hold everything back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(items)).into_response()
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct DebugQuery {
    #[serde(rename = "sampleProb")]
    probability: Option<String>,
}

/// What flows through a component.
pub(super) async fn debug(
    State(agent): State<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<DebugQuery>,
) -> Response {
    let probability = match query.probability.as_deref() {
        None | Some("") => Some(1.0),
        Some(text) => text
            .parse::<f64>()
            .ok()
            .filter(|value| (0.0..=1.0).contains(value)),
    };
    let Some(probability) = probability else {
        return refuse(StatusCode::BAD_REQUEST, "Invalid sample probability");
    };
    match agent.flows().watch(&id, probability) {
        Ok(stream) => streamed(stream::unfold(stream, next_chunk)),
        Err(error @ WatchError::TooMany) => refuse(StatusCode::SERVICE_UNAVAILABLE, error),
        Err(error @ WatchError::Unknown) => refuse(StatusCode::NOT_FOUND, format!("{error}: {id}")),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

/// All that waits, in one chunk; what was dropped before is told first.
async fn next_chunk(mut stream: Stream) -> Option<(Result<String, std::io::Error>, Stream)> {
    let first = stream.next().await?;
    let mut chunk = String::new();
    let dropped = stream.take_dropped();
    if dropped > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            chunk,
            "[DROPPED]: {dropped} items, as this stream is read too slowly{END}"
        );
    }
    let mut item = Some(first);
    while let Some(text) = item {
        chunk.push_str(&text);
        chunk.push_str(END);
        item = if chunk.len() < CHUNK_BYTES {
            stream.try_next()
        } else {
            None
        };
    }
    Some((Ok(chunk), stream))
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct GraphQuery {
    window: Option<String>,
}

/// One edge of the graph in the reference's shape.
#[derive(Debug, serde::Serialize)]
struct Rate {
    #[serde(rename = "componentID")]
    component: String,
    #[serde(rename = "targetComponentIDs")]
    targets: Vec<String>,
    r#type: &'static str,
    rate: f64,
}

pub(super) async fn root_graph(state: State<Arc<Agent>>, query: Query<GraphQuery>) -> Response {
    module_graph(state, Path(String::new()), query).await
}

/// The rates on the edges of a module, again and again.
pub(super) async fn module_graph(
    State(agent): State<Arc<Agent>>,
    Path(module): Path<String>,
    Query(query): Query<GraphQuery>,
) -> Response {
    let seconds = match query.window.as_deref() {
        None | Some("") => Some(WINDOW_SECONDS.0),
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| WINDOW_SECONDS.1.contains(seconds)),
    };
    let Some(seconds) = seconds else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "Invalid window: must be an integer between 1 and 60",
        );
    };
    if agent.components_of(&module).is_none() {
        return refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("module {module:?} not found"),
        );
    }
    let window = Duration::from_secs(seconds);
    let before = Totals::of(agent.flows(), &module).edges;
    let start = (
        agent,
        module,
        before,
        tokio::time::interval_at(tokio::time::Instant::now() + window, window),
    );
    streamed(stream::unfold(
        start,
        move |(agent, module, before, mut timer)| async move {
            timer.tick().await;
            let now = Totals::of(agent.flows(), &module).edges;
            let text = rates(&before, &now, window);
            Some((Ok(text), (agent, module, now, timer)))
        },
    ))
}

type Edges = HashMap<(String, String), (&'static str, u64)>;

fn rates(before: &Edges, now: &Edges, window: Duration) -> String {
    let mut rates: Vec<Rate> = now
        .iter()
        .filter_map(|(edge, &(kind, sent))| {
            let new = sent.saturating_sub(before.get(edge).map_or(0, |(_, sent)| *sent));
            (new > 0).then(|| Rate {
                component: edge.0.clone(),
                targets: vec![edge.1.clone()],
                r#type: kind,
                rate: new as f64 / window.as_secs_f64(),
            })
        })
        .collect();
    rates.sort_by(|a, b| (&a.component, &a.targets).cmp(&(&b.component, &b.targets)));
    // Texts and numbers only: they can always be written.
    let mut text = serde_json::to_string(&rates).unwrap_or_else(|_| "[]".to_owned());
    text.push_str(END);
    text
}
