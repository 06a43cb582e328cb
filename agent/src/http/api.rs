//! What the reference's UI and its users' scripts ask for.

use crate::runtime::Agent;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The Prometheus text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn components(State(agent): State<Arc<Agent>>) -> Response {
    super::json(&agent.components())
}

pub(super) async fn component(State(agent): State<Arc<Agent>>, Path(id): Path<String>) -> Response {
    match agent.component(&id) {
        Some(component) => super::json(&crate::mask::conceal(component)),
        None => (
            StatusCode::NOT_FOUND,
            format!("failed to find component {id:?}\n"),
        )
            .into_response(),
    }
}

/// The components of a module: `ID/components`, where ids hold slashes.
pub(super) async fn module_components(State(agent): State<Arc<Agent>>, Path(path): Path<String>) -> Response {
    let Some(module) = path.strip_suffix("/components") else {
        return (StatusCode::NOT_FOUND, "404 page not found\n").into_response();
    };
    match agent.components_of(module) {
        Some(components) => super::json(&components),
        // The reference's status for a module that is not there.
        None => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("module {module:?} not found\n"),
        )
            .into_response(),
    }
}

/// Configurations from a server are not part of this agent.
pub(super) async fn remotecfg() -> Response {
    (
        StatusCode::NOT_IMPLEMENTED,
        "remotecfg is not part of alloy-rs: there are no remote components\n",
    )
        .into_response()
}

pub(super) async fn peers(State(agent): State<Arc<Agent>>) -> Response {
    super::json(&peer(&agent))
}

/// A cluster of one: this agent.
pub(super) fn peer(agent: &Agent) -> serde_json::Value {
    serde_json::json!([{
        "name": agent.hostname(),
        "addr": agent.address(),
        "isSelf": true,
        "state": "participant",
    }])
}

pub(super) async fn metrics(State(agent): State<Arc<Agent>>) -> Response {
    let mut page = String::new();
    match agent.metrics().render(&mut page) {
        Ok(()) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], page).into_response(),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("cannot write the metrics: {error}\n"),
        )
            .into_response(),
    }
}

/// An exporter component's own page.
pub(super) async fn component_page(
    State(agent): State<Arc<Agent>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(id) = path.strip_suffix("/metrics") else {
        return (StatusCode::NOT_FOUND, "404 page not found\n").into_response();
    };
    let Some(page) = agent.page(id) else {
        return (
            StatusCode::NOT_FOUND,
            format!("component {id:?} does not exist or has no page\n"),
        )
            .into_response();
    };
    // Rendering reads /proc and may wait for a disk.
    let rendered = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        page.render(query.as_deref().unwrap_or(""), &mut text)
            .map(|()| text)
    });
    match rendered.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Ok(Err(reason)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{reason}\n")).into_response(),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("rendering failed: {error}\n"),
        )
            .into_response(),
    }
}
