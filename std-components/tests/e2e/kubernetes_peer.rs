//! The scripted API server against the `kube` crate's own client: what the other tests rely on.

use crate::kubernetes_api::{ApiServer, Fault};
use futures_util::{AsyncReadExt, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, Config};
use serde_json::json;
use std::time::Duration;

fn client(api: &ApiServer) -> Client {
    Client::try_from(Config::new(api.url().parse().unwrap())).unwrap()
}

fn pod(name: &str, node: &str) -> serde_json::Value {
    json!({
        "metadata": {"namespace": "shop", "name": name, "labels": {"app": name}},
        "spec": {"nodeName": node, "containers": [{"name": "main"}]},
    })
}

#[tokio::test]
async fn pages_selectors_bookmarks_and_410() {
    let api = ApiServer::start().await;
    api.page(2);
    api.apply_all("pods", (0..5).map(|number| pod(&format!("web-{number}"), "one")));
    api.apply("pods", pod("elsewhere", "two"));
    let pods: Api<Pod> = Api::all(client(&api));
    let config = watcher::Config::default()
        .fields("spec.nodeName=one")
        .page_size(500);
    let mut events = std::pin::pin!(watcher::watcher(pods, config).filter_map(|event| async {
        Some(match event.ok()? {
            Event::Init => "init".to_owned(),
            Event::InitApply(pod) => format!("+{}", pod.metadata.name?),
            Event::InitDone => "done".into(),
            Event::Apply(pod) => format!("~{}", pod.metadata.name?),
            Event::Delete(pod) => format!("-{}", pod.metadata.name?),
        })
    }));
    let first: Vec<_> = events.by_ref().take(7).collect().await;
    assert_eq!(first.join(" "), "init +web-0 +web-1 +web-2 +web-3 +web-4 done");
    let lists = api.requests(3, |request| request.verb == "list").await;
    assert_eq!(lists.len(), 3, "five pods, two on a page");

    let follow = async {
        api.open(1, |stream| stream.resource == "pods").await;
        api.apply("pods", pod("web-5", "one"));
        api.apply("pods", pod("elsewhere", "three"));
        // It leaves the selection.
        api.apply("pods", pod("web-0", "two"));
        api.delete("pods", "shop", "web-1");
    };
    let (seen, ()) = tokio::join!(events.by_ref().take(3).collect::<Vec<_>>(), follow);
    assert_eq!(seen.join(" "), "~web-5 -web-0 -web-1");

    // A cut goes on where it was, an expired history lists again.
    let follow = async {
        api.cut(|_| true);
        api.apply("pods", pod("web-6", "one"));
        api.requests(2, |request| request.verb == "watch").await;
    };
    let (seen, ()) = tokio::join!(events.next(), follow);
    assert_eq!(seen.unwrap(), "~web-6");
    api.page(0);
    api.expire("pods");
    let seen: Vec<_> = events.by_ref().take(7).collect().await;
    assert_eq!(seen.join(" "), "init +web-2 +web-3 +web-4 +web-5 +web-6 done");
}

#[tokio::test]
async fn refusals_and_faults() {
    let api = ApiServer::start().await;
    api.deny("list", "pods");
    let pods: Api<Pod> = Api::namespaced(client(&api), "shop");
    let refused = pods.list(&Default::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    insta::assert_snapshot!(status.message, @r#"pods is forbidden: User "system:serviceaccount:monitoring:alloy" cannot list resource "pods" in API group "" in the namespace "shop""#);
    api.allow("list", "pods");
    api.fault(1, Fault::Cut, |request| request.verb == "list");
    assert!(pods.list(&Default::default()).await.is_err());
    api.fault(1, Fault::Hang, |request| request.verb == "list");
    let hung = tokio::time::timeout(Duration::from_millis(50), async {
        pods.list(&Default::default()).await
    });
    assert!(hung.await.is_err());
    assert_eq!(pods.list(&Default::default()).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn logs_follow_and_break_off() {
    let api = ApiServer::start().await;
    let log = api.log("shop", "web-0", "main");
    for number in 0..4 {
        log.line(
            &format!("2026-01-01T00:00:0{number}.5Z"),
            &format!("line {number}"),
        );
    }
    let pods: Api<Pod> = Api::namespaced(client(&api), "shop");
    let asks = || LogParams {
        container: Some("main".into()),
        ..LogParams::default()
    };
    let since = LogParams {
        timestamps: true,
        since_time: Some("2026-01-01T00:00:02Z".parse().unwrap()),
        ..asks()
    };
    insta::assert_snapshot!(pods.logs("web-0", &since).await.unwrap(), @r"
    2026-01-01T00:00:02.5Z line 2
    2026-01-01T00:00:03.5Z line 3
    ");
    let previous = LogParams {
        previous: true,
        ..asks()
    };
    assert!(pods.logs("web-0", &previous).await.is_err());

    log.cut_after([10]);
    let follow = LogParams {
        follow: true,
        ..asks()
    };
    let mut cut = pods.log_stream("web-0", &follow).await.unwrap();
    let mut got = Vec::new();
    assert!(cut.read_to_end(&mut got).await.is_err());
    assert_eq!(String::from_utf8_lossy(&got), "line 0\nlin");

    let last = LogParams {
        tail_lines: Some(1),
        ..follow
    };
    let mut follow = pods.log_stream("web-0", &last).await.unwrap();
    api.open(1, |stream| {
        stream.resource == "pods/log" && stream.container == "main"
    })
    .await;
    log.line("2026-01-01T00:00:05Z", "last");
    log.restart();
    log.line("2026-01-01T00:00:06Z", "of the next run");
    let mut got = String::new();
    follow.read_to_string(&mut got).await.unwrap();
    assert_eq!(got, "line 3\nlast\n");
    assert_eq!(pods.logs("web-0", &previous).await.unwrap().lines().count(), 5);
}
