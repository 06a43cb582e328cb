//! The agent's HTTP server: the reference's endpoints with its paths, words and JSON shapes, the page, and what the page needs besides.

mod api;
mod graph;
mod lifecycle;
mod live;
mod page;
mod pprof;
mod server;
mod source;
mod support;
mod trace;
mod view;

pub(crate) use server::{Access, HttpBlock};

use crate::runtime::Agent;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Bytes of a request's body at the most; no endpoint takes a larger one.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The routes; `prefix` (`--server.http.ui-path-prefix`) stands before those that the UI calls.
fn router(agent: Arc<Agent>, prefix: &str, access: Access) -> Router {
    let prefix = match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!("/{prefix}"),
    };
    let ui = Router::new()
        .route("/api/v0/web/components", get(api::components))
        .route("/api/v0/web/components/{*id}", get(api::component))
        .route("/api/v0/web/modules/{*path}", get(api::module_components))
        .route("/api/v0/web/remotecfg/{*path}", get(api::remotecfg))
        .route("/api/v0/web/peers", get(api::peers))
        .route("/api/v0/web/debug/{*id}", get(live::debug))
        .route("/api/v0/web/graph", get(live::root_graph))
        .route("/api/v0/web/graph/{*module}", get(live::module_graph))
        .route("/api/v0/ui/graph", get(graph::graph))
        .route("/api/v0/ui/state", get(view::state))
        .route("/api/v0/ui/config", get(view::config))
        .route("/api/v0/ui/component/{*id}", get(view::component))
        .merge(page::routes(&prefix));
    let ui = match prefix.as_str() {
        "" => ui,
        prefix => Router::new().nest(prefix, ui),
    };
    // Where they are not wanted, too: else the page's own /debug would answer.
    let (index, named) = if agent.options().pprof {
        (get(pprof::index), get(pprof::named))
    } else {
        (get(not_found), get(not_found))
    };
    let profiles = Router::new()
        .route("/debug/pprof", index.clone())
        .route("/debug/pprof/", index)
        .route("/debug/pprof/{*name}", named);
    Router::new()
        .route("/-/ready", get(lifecycle::ready))
        .route("/-/healthy", get(lifecycle::healthy))
        .route("/-/reload", get(lifecycle::reload).post(lifecycle::reload))
        .route("/-/support", get(support::bundle))
        .route("/metrics", get(api::metrics))
        .route("/api/v0/component/{*path}", get(api::component_page))
        .merge(profiles)
        .merge(ui)
        .fallback(not_found)
        .layer(axum::middleware::from_fn(trace::span))
        .layer(axum::Extension(graph::Drawings::default()))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(axum::middleware::from_fn_with_state(access, server::authenticate))
        .with_state(agent)
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "404 page not found\n")
}

/// Serves until the token is cancelled; requests under way are finished.
pub(crate) async fn serve(listener: TcpListener, agent: Arc<Agent>, prefix: &str, stop: CancellationToken) {
    let access = agent.access().clone();
    let router = router(agent, prefix, access.clone());
    server::serve(listener, router, access, stop).await;
}

/// A JSON answer.
fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("cannot write the answer: {error}\n"),
        )
            .into_response(),
    }
}
