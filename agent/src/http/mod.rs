//! The agent's HTTP server: the reference's endpoints with its paths, words and JSON shapes.

mod api;
mod lifecycle;
mod server;

pub(crate) use server::{Access, HttpBlock};

use crate::runtime::Agent;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The routes; `prefix` (`--server.http.ui-path-prefix`) stands before those that the UI calls.
fn router(agent: Arc<Agent>, prefix: &str, access: Access) -> Router {
    let ui = Router::new()
        .route("/api/v0/web/components", get(api::components))
        .route("/api/v0/web/components/{*id}", get(api::component))
        .route("/api/v0/web/peers", get(api::peers));
    let ui = match prefix.trim_matches('/') {
        "" => ui,
        prefix => Router::new().nest(&format!("/{prefix}"), ui),
    };
    Router::new()
        .route("/-/ready", get(lifecycle::ready))
        .route("/-/healthy", get(lifecycle::healthy))
        .route("/-/reload", get(lifecycle::reload).post(lifecycle::reload))
        .route("/metrics", get(api::metrics))
        .route("/api/v0/component/{*path}", get(api::component_page))
        .merge(ui)
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .layer(axum::middleware::from_fn_with_state(access, server::authenticate))
        .with_state(agent)
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
