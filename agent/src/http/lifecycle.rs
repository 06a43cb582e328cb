//! `/-/ready`, `/-/healthy`, `/-/reload`.

use super::source;
use crate::report;
use crate::runtime::{Agent, ReloadError};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub(super) async fn ready(State(agent): State<Arc<Agent>>) -> Response {
    if agent.is_ready() {
        (StatusCode::OK, "Alloy is ready.\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "Config failed to load or has not been loaded yet.\n",
        )
            .into_response()
    }
}

pub(super) async fn healthy(State(agent): State<Arc<Agent>>) -> Response {
    let unhealthy = agent.unhealthy();
    if unhealthy.is_empty() {
        return (StatusCode::OK, "All Alloy components are healthy.\n").into_response();
    }
    let mut text = String::from("unhealthy components: ");
    let names: Vec<&str> = unhealthy.iter().map(|(id, _)| id.as_str()).collect();
    text.push_str(&names.join(", "));
    text.push('\n');
    for (id, why) in &unhealthy {
        text.push_str(&format!("{id}: {why}\n"));
    }
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

/// Reloads; a rejected configuration is answered with all of its diagnostics, as text or, where `Accept` asks for it, as JSON.
pub(super) async fn reload(State(agent): State<Arc<Agent>>, headers: HeaderMap) -> Response {
    let wants_json = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    match agent.reload().await {
        Ok(()) if wants_json => {
            super::json(&serde_json::json!({"status": "success", "message": "config reloaded"}))
        }
        Ok(()) => (StatusCode::OK, "config reloaded\n").into_response(),
        Err(ReloadError::Read(error)) if wants_json => {
            let failure =
                serde_json::json!({"version": 1, "diagnostics": [], "failures": [error.to_string()]});
            let mut answer = super::json(&failure);
            *answer.status_mut() = StatusCode::BAD_REQUEST;
            answer
        }
        Err(ReloadError::Read(error)) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
        Err(ReloadError::Rejected { sources, diagnostics }) if wants_json => {
            let masks = source::masks(&sources);
            let text = serde_json::to_string(&report::json(&sources, &diagnostics)).unwrap_or_default();
            let text = masks.iter().fold(text, |text, mask| mask.hide(&text));
            let mut answer = ([(header::CONTENT_TYPE, "application/json")], text).into_response();
            *answer.status_mut() = StatusCode::BAD_REQUEST;
            answer
        }
        Err(ReloadError::Rejected {
            sources,
            mut diagnostics,
        }) => {
            // Scripts show the first line.
            diagnostics.sort_by_key(|found| !found.is_error());
            let masks = source::masks(&sources);
            let text = report::text(&sources, &diagnostics);
            let text = masks.iter().fold(text, |text, mask| mask.hide(&text));
            (StatusCode::BAD_REQUEST, text).into_response()
        }
    }
}
