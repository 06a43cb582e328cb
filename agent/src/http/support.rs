//! `/-/support`: what somebody who helps has to see, in a zip with the reference's file names, without secrets.

use super::source;
use crate::mask;
use crate::runtime::Agent;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Seconds between the two samples of the metrics: the default, and the most that may be asked for.
const SECONDS: (u64, u64) = (5, 60);

/// One bundle at a time.
static UNDER_WAY: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(1);

/// Variables that explain how the process behaves; no other is told.
const VARIABLES: &[&str] = &[
    "HOSTNAME",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "TZ",
];

#[derive(Debug, serde::Deserialize)]
pub(super) struct BundleQuery {
    duration: Option<String>,
}

pub(super) async fn bundle(State(agent): State<Arc<Agent>>, Query(query): Query<BundleQuery>) -> Response {
    if !agent.options().support_bundle {
        let message = "support bundle generation is disabled; it can be re-enabled by removing the --server.http.disable-support-bundle flag\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let seconds = match query.duration.as_deref() {
        None => SECONDS.0,
        Some(text) => match text.parse() {
            Ok(seconds) if (1..=SECONDS.1).contains(&seconds) => seconds,
            _ => {
                let message = format!(
                    "duration value (in seconds) should be a positive integer, {} at the most\n",
                    SECONDS.1
                );
                return (StatusCode::BAD_REQUEST, message).into_response();
            }
        },
    };
    let Ok(_only) = UNDER_WAY.try_acquire() else {
        return (
            StatusCode::TOO_MANY_REQUESTS,
            "a support bundle is being made already; try again when it is done\n",
        )
            .into_response();
    };
    let first = metrics(&agent);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let mut files = files(&agent, first);
    // A profile takes more memory than the whole agent: it is made for who asks for one, and not along the way.
    let where_to = "CPU profiles are at /debug/pprof/profile?seconds=30; a profile takes some 240 MB of memory, and a bundle has to be safe to ask for.\n";
    files.push(("pprof/cpu.txt".to_owned(), where_to.to_owned()));
    let zipped = tokio::task::spawn_blocking(move || zip(&files)).await;
    match zipped {
        Ok(Ok(bytes)) => (
            [
                (header::CONTENT_TYPE, "application/zip"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"alloy-support-bundle.zip\"",
                ),
            ],
            bytes,
        )
            .into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("cannot write the bundle: {error}\n"),
    )
        .into_response()
}

fn metrics(agent: &Agent) -> String {
    let mut page = String::new();
    match agent.metrics().render(&mut page) {
        Ok(()) => page,
        Err(error) => format!("# cannot be written: {error}\n"),
    }
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
}

fn files(agent: &Agent, first: String) -> Vec<(String, String)> {
    let (mut flags, mut environment) = (String::new(), String::new());
    for flag in std::env::args().skip(1) {
        flags.push_str(&mask::in_text(flag));
        flags.push('\n');
    }
    for name in VARIABLES {
        if let Ok(value) = std::env::var(name) {
            let value = mask::in_text(value);
            environment.push_str(&format!("{name}={value}\n"));
        }
    }
    let meta = format!(
        "build_version: {}\nos: {}\narchitecture: {}\nuptime: {:.3}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        agent.uptime().as_secs_f64()
    );
    let mut files = vec![
        ("alloy-metadata.yaml".to_owned(), meta),
        ("alloy-components.json".to_owned(), pretty(&details(agent))),
        ("alloy-peers.json".to_owned(), pretty(&super::api::peer(agent))),
        ("alloy-metrics-sample-start.txt".to_owned(), first),
        ("alloy-metrics-sample-end.txt".to_owned(), metrics(agent)),
        ("alloy-runtime-flags.txt".to_owned(), flags),
        ("alloy-environment.txt".to_owned(), environment),
        ("alloy-logs.txt".to_owned(), agent.log_lines()),
    ];
    let loads = agent.loads();
    if let Some(taken) = &loads.taken {
        sources(&mut files, "sources", &taken.sources);
    }
    if let Some(refused) = &loads.refused {
        sources(&mut files, "sources-refused", &refused.sources);
        let mut reasons = refused.unreadable.clone().unwrap_or_default();
        reasons.push_str(&crate::report::text(&refused.sources, &refused.diagnostics));
        let masks = source::masks(&refused.sources);
        let reasons = masks.iter().fold(reasons, |text, mask| mask.hide(&text));
        files.push(("sources-refused/reasons.txt".to_owned(), reasons));
    }
    files
}

/// Every component with everything that is known of it.
fn details(agent: &Agent) -> Vec<std_components::controller::ComponentInfo> {
    let mut all = Vec::new();
    let modules = agent.modules();
    for module in std::iter::once("").chain(modules.iter().map(|module| &**module)) {
        for component in agent.components_of(module).unwrap_or_default() {
            let id = match module {
                "" => component.local_id.to_string(),
                module => format!("{module}/{}", component.local_id),
            };
            all.push(mask::conceal(agent.component(&id).unwrap_or(component)));
        }
    }
    all
}

fn sources(files: &mut Vec<(String, String)>, folder: &str, sources: &river_syntax::Sources) {
    for ((number, file), masked) in sources.iter().zip(source::masks(sources)) {
        let name = Path::new(file.name()).file_name().map_or_else(
            || format!("{}.alloy", number.0),
            |name| name.to_string_lossy().into_owned(),
        );
        files.push((format!("{folder}/{name}"), masked.text));
    }
}

fn zip(files: &[(String, String)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, text) in files {
        zip.start_file(format!("alloy-support-bundle/{name}"), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}
