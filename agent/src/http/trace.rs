//! A span of the agent's own for each request, by the conventions of OpenTelemetry.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use std_components::own_span;
use tracing::Instrument;

/// Around every handler. A path without a route has no name of its own: whoever asks could make up any number.
pub(super) async fn span(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let span = own_span!(
        "HTTP",
        otel.name = tracing::field::Empty,
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = request.method().as_str(),
        http.route = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
    );
    if span.is_disabled() {
        return next.run(request).await;
    }
    let method = request.method().as_str();
    match route {
        Some(route) => {
            span.record("http.route", route.as_str());
            span.record("otel.name", format!("{method} {}", route.as_str()));
        }
        None => {
            span.record("otel.name", method);
        }
    }
    let answer = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", answer.status().as_u16());
    if answer.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    answer
}
