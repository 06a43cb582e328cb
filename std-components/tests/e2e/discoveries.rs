//! Values and targets from elsewhere through a controller: what refers to them has them when it is built, and follows them.

use axum::http::StatusCode;
use river_syntax::Sources;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std_components::component::Services;
use std_components::controller::{Controller, Options};

/// A server that answers with whatever JSON it holds.
async fn serve(text: Arc<Mutex<Option<String>>>) -> String {
    let router = axum::Router::new().fallback(move || {
        let text = text.lock().unwrap().clone();
        async move {
            text.map(|text| ([("content-type", "application/json")], text))
                .ok_or(StatusCode::SERVICE_UNAVAILABLE)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

fn sources(text: &str) -> Sources {
    let mut sources = Sources::new();
    sources.add("test.alloy", text);
    sources
}

fn controller(storage: &std::path::Path) -> Controller {
    Controller::new(Options {
        services: Services {
            storage: storage.into(),
            ..Services::default()
        },
        components: std_components::components().collect(),
        shutdown_timeout: Duration::from_secs(10),
        ..Options::default()
    })
    .unwrap()
}

fn exports(controller: &Controller, id: &str) -> String {
    controller.component(id).unwrap().exports.to_string()
}

async fn until(what: impl Fn() -> bool) {
    let begin = Instant::now();
    while !what() {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "it does not come about"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn content_is_there_when_what_uses_it_is_built() {
    let storage = tempfile::tempdir().unwrap();
    let text = Arc::new(Mutex::new(Some(" host-one:1\n".to_owned())));
    let url = serve(text.clone()).await;
    let controller = controller(storage.path());
    let load = format!(
        r#"
        remote.http "value" {{
            url            = "{url}/value"
            poll_frequency = "1s"
            poll_timeout   = "900ms"
        }}
        discovery.relabel "user" {{
            targets = [{{"__address__" = remote.http.value.content}}]
        }}"#
    );
    controller.load(sources(&load)).await.unwrap();
    assert!(exports(&controller, "discovery.relabel.user").contains("host-one:1\""));
    *text.lock().unwrap() = Some("host-two:2".into());
    until(|| exports(&controller, "discovery.relabel.user").contains("host-two:2\"")).await;

    // A server that is away refuses what is new, and what runs goes on.
    *text.lock().unwrap() = None;
    let other = load
        .replace("\"value\"", "\"other\"")
        .replace("http.value", "http.other");
    let refused = controller.load(sources(&other)).await.unwrap_err();
    let told: Vec<String> = refused
        .diagnostics
        .iter()
        .map(|one| one.message.clone())
        .collect();
    assert!(told.join("\n").contains("503 Service Unavailable"), "{told:?}");
    assert!(exports(&controller, "discovery.relabel.user").contains("host-two:2\""));
    // A check asks nobody.
    let options = Options {
        components: std_components::components().collect(),
        ..Options::default()
    };
    std_components::controller::check(&options, sources(&other)).unwrap();
    controller.shutdown().await;
}

#[tokio::test]
async fn targets_of_servers_and_files_reach_what_refers_to_them() {
    let storage = tempfile::tempdir().unwrap();
    let file = storage.path().join("one.yml");
    std::fs::write(&file, "- targets: ['file:1']\n  labels: {job: f}\n").unwrap();
    let text = Arc::new(Mutex::new(Some(r#"[{"targets": ["http:1"]}]"#.to_owned())));
    let url = serve(text.clone()).await;
    let controller = controller(storage.path());
    let load = format!(
        r#"
        discovery.http "h" {{
            url              = "{url}/sd"
            refresh_interval = "1s"
        }}
        discovery.file "f" {{
            files = ["{}"]
        }}
        discovery.relabel "both" {{
            targets = array.concat(discovery.http.h.targets, discovery.file.f.targets)
        }}"#,
        file.display()
    );
    controller.load(sources(&load)).await.unwrap();
    let both = || exports(&controller, "discovery.relabel.both");
    assert!(both().contains("file:1"), "{}", both());
    until(|| both().contains("http:1")).await;
    *text.lock().unwrap() = Some(r#"[{"targets": ["http:2"]}]"#.into());
    std::fs::write(&file, "- targets: ['file:2']\n").unwrap();
    until(|| both().contains("http:2") && both().contains("file:2")).await;
    assert!(!both().contains(":1\""), "{}", both());
    *text.lock().unwrap() = None;
    until(|| !controller.unhealthy().is_empty()).await;
    assert!(both().contains("http:2"), "the last good targets stay");
    controller.shutdown().await;
}
