//! `discovery.http` against a scripted server.

use super::*;
use crate::component::{ExportSink, HealthState, testing};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use parking_lot::Mutex;
use river_eval::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// What the server answers: status, content type, body.
type Answer = (u16, &'static str, &'static str);

struct Server {
    url: String,
    answer: Arc<Mutex<Answer>>,
    headers: Arc<Mutex<HeaderMap>>,
    asked: Arc<AtomicUsize>,
}

async fn server(answer: Answer) -> Server {
    let answer = Arc::new(Mutex::new(answer));
    let headers = Arc::new(Mutex::new(HeaderMap::new()));
    let asked = Arc::new(AtomicUsize::new(0));
    let (says, saw, counted) = (answer.clone(), headers.clone(), asked.clone());
    let router = axum::Router::new().fallback(move |headers: HeaderMap| async move {
        *saw.lock() = headers;
        counted.fetch_add(1, Ordering::SeqCst);
        let (status, kind, body) = *says.lock();
        let status = StatusCode::from_u16(status).unwrap();
        (status, [("content-type", kind)], body).into_response()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://me:geheim@{}/sd", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Server {
        url,
        answer,
        headers,
        asked,
    }
}

fn addresses(exports: &ExportSink) -> Vec<String> {
    let Value::Object(fields) = exports.get() else {
        return Vec::new();
    };
    let targets = fields.get("targets").and_then(Value::items).unwrap();
    let address = |target: &Value| match target {
        Value::Object(fields) => format!("{:?}", fields["__address__"]),
        other => panic!("{other:?}"),
    };
    targets.iter().map(address).collect()
}

async fn until(what: impl Fn() -> bool) {
    let wait = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("it comes about in time");
}

#[tokio::test]
async fn targets_follow_the_server_and_the_last_good_ones_stay() {
    let server = server((
        200,
        "application/json; charset=utf-8",
        r#"[{"targets": ["b:1", "a:1"], "labels": {"job": "x"}}]"#,
    ))
    .await;
    let (context, exports) = Context::for_test("discovery.http.x", std::path::Path::new("/nonexistent"));
    let health = context.health.clone();
    let body = format!("url = \"{}\"\nrefresh_interval = \"1s\"", server.url);
    let component = Arc::new(Http::new(context, testing::arguments(&body)).unwrap());
    assert_eq!(addresses(&exports), Vec::<String>::new());
    let changed = Arc::new(Notify::new());
    let wake = changed.clone();
    exports.on_change(Arc::new(move || wake.notify_one()));
    let stop = CancellationToken::new();
    let run = tokio::spawn(component.clone().run(stop.clone()));
    changed.notified().await;
    let Value::Object(fields) = exports.get() else {
        panic!()
    };
    let first = format!("{:?}", fields["targets"].items().unwrap()[0]);
    let host = server.url.split('@').nth(1).unwrap();
    insta::assert_snapshot!(first.replace(host, "HOST"), @r#"Object({"__address__": String("a:1"), "__meta_url": String("http://me:xxxxx@HOST"), "job": String("x")})"#);
    let header = |name: &str| {
        server
            .headers
            .lock()
            .get(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(header("X-Prometheus-Refresh-Interval-Seconds"), "1");
    assert_eq!(header("accept"), "application/json");
    assert!(header("authorization").starts_with("Basic "));

    // Another order is nothing new: it wakes nobody before the third answer does.
    *server.answer.lock() = (
        200,
        "application/json",
        r#"[{"targets": ["a:1"], "labels": {"job": "x"}}, {"targets": ["b:1"], "labels": {"job": "x"}}]"#,
    );
    let before = server.asked.load(Ordering::SeqCst);
    until(|| server.asked.load(Ordering::SeqCst) >= before + 2).await;
    for (answer, told) in [
        ((503, "text/plain", "no"), "503 Service Unavailable"),
        ((200, "text/html", "[]"), "unsupported content type \"text/html\""),
        ((200, "application/json", "[{\"targets\": 1}]"), "invalid type"),
    ] {
        *server.answer.lock() = answer;
        until(|| health.get().message.contains(told)).await;
        let health = health.get();
        assert_eq!(health.state, HealthState::Unhealthy);
        assert!(!health.message.contains("geheim"), "{}", health.message);
        assert_eq!(addresses(&exports).len(), 2, "the last good targets stay");
    }
    assert!(futures_util::FutureExt::now_or_never(changed.notified()).is_none());
    *server.answer.lock() = (200, "Application/JSON", "[]");
    changed.notified().await;
    assert_eq!(addresses(&exports), Vec::<String>::new());
    until(|| health.get().state == HealthState::Healthy).await;
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[test]
fn content_types() {
    for (kind, wanted) in [
        ("application/json", true),
        (" application/json;charset=UTF-8 ", true),
        ("application/json; charset=latin1", false),
        ("application/jsonp", false),
        ("", false),
    ] {
        assert_eq!(is_json(kind), wanted, "{kind}");
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    let mistakes = testing::mistakes::<Arguments>("url = \"ftp://x\"\nrefresh_interval = \"0s\"");
    insta::assert_snapshot!(mistakes, @r#"
    refresh_interval must be greater than 0 (leave it out for the default)
    not an HTTP URL: its scheme is "ftp", expected http or https
    "#);
}
