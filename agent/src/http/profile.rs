//! `/debug/pprof`: not in this build, and the answer says so.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Release builds carry no symbols, so a profile taken inside the process would name no function.
pub(super) async fn none() -> Response {
    (
        StatusCode::NOT_IMPLEMENTED,
        "alloy-rs has no built-in profiler: release builds carry no symbols, so a profile taken inside the process would name no function.\n\
         Build with `cargo build --profile bench` and record with `perf record -g -p PID`.\n",
    )
        .into_response()
}
