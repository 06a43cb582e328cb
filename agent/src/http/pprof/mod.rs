//! `/debug/pprof`: CPU profiles of the running agent, at Go's paths and in its format, so that `go tool pprof` and what else reads it can be pointed here.
//!
//! There is one profile: of the CPU. The others of Go's runtime (heap, goroutine, block, mutex …) have nothing to stand on here, and the answer says so.

mod profile;
mod proto;
mod room;

use profile::{Refused, cpu};

use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::time::Duration;

/// Seconds of a profile: where none are given, and the most.
const SECONDS: (u64, u64) = (30, 120);

const INDEX: &str = "<html><head><title>/debug/pprof/</title></head><body>\n/debug/pprof/\n<p>Types of profiles available:</p>\n<ul>\n\
<li><a href=\"profile?seconds=30\">profile</a>: CPU profile. Give the duration in the parameter <code>seconds</code> (1 to 120); read it with <code>go tool pprof</code>.</li>\n\
<li><a href=\"cmdline\">cmdline</a>: the command line of the program</li>\n\
</ul>\n</body></html>\n";

/// The list of what there is.
pub(super) async fn index() -> Html<&'static str> {
    Html(INDEX)
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct ProfileQuery {
    seconds: Option<String>,
}

/// What stands under `/debug/pprof/`.
pub(super) async fn named(Path(name): Path<String>, Query(query): Query<ProfileQuery>) -> Response {
    match name.as_str() {
        "" => index().await.into_response(),
        "profile" => profile(query).await,
        "cmdline" => command_line(),
        "heap" | "allocs" => missing(
            "the heap is not profiled: that takes another allocator, which every idle agent would pay for in memory",
        ),
        "goroutine" | "block" | "mutex" | "threadcreate" | "trace" | "symbol" => missing(
            "there is no such profile of this agent: it has no Go runtime. The page /debug/pprof/ lists what there is",
        ),
        _ => (StatusCode::NOT_FOUND, "Unknown profile\n").into_response(),
    }
}

fn missing(reason: &'static str) -> Response {
    (StatusCode::NOT_IMPLEMENTED, format!("{reason}\n")).into_response()
}

async fn profile(query: ProfileQuery) -> Response {
    let seconds = match query.seconds.as_deref() {
        None => SECONDS.0,
        Some(text) => match text.parse() {
            Ok(seconds) if (1..=SECONDS.1).contains(&seconds) => seconds,
            _ => {
                let message = format!("seconds has to be a whole number from 1 to {}\n", SECONDS.1);
                return (StatusCode::BAD_REQUEST, message).into_response();
            }
        },
    };
    match cpu(Duration::from_secs(seconds)).await {
        Ok(profile) => (
            [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"profile\""),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            profile,
        )
            .into_response(),
        Err(refused) => {
            let status = match refused {
                Refused::UnderWay => StatusCode::TOO_MANY_REQUESTS,
                Refused::NoRoom { .. } => StatusCode::SERVICE_UNAVAILABLE,
                Refused::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (status, format!("Could not enable CPU profiling: {refused}\n")).into_response()
        }
    }
}

/// The arguments, separated by zero bytes as in Go's answer; passwords in URLs are left out.
fn command_line() -> Response {
    let arguments: Vec<String> = std::env::args().map(crate::mask::in_text).collect();
    (
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        arguments.join("\0"),
    )
        .into_response()
}
