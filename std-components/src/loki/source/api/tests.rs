//! The push API over real connections.

use super::*;
use crate::certificates::Authority;
use crate::component::testing::{arguments, mistakes};
use crate::relabel::{Rule, Rules};
use crate::signals::{Inlet, LogsReceiver, inlet};
use prost::Message;
use river_eval::Shared;
use std::time::Duration;

struct Running {
    api: Arc<SourceApi>,
    url: String,
    inlet: Inlet<LogBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), RunError>>,
}

impl Running {
    async fn start(text: &str, change: impl FnOnce(&mut Arguments)) -> Self {
        let (context, _) = Context::for_test("loki.source.api.in", std::path::Path::new("/nonexistent"));
        let (receiver, inlet): (Shared<LogsReceiver>, _) = inlet("loki.echo.out");
        let text = format!(
            "forward_to = []\n http {{\n listen_address = \"127.0.0.1\"\n listen_port = 0\n server_write_timeout = \"5s\" \n}}\n{text}"
        );
        let mut arguments: Arguments = arguments(&text);
        arguments.forward_to = Fanout::new(vec![receiver]);
        change(&mut arguments);
        let api = Arc::new(SourceApi::new(context, arguments).unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(Component::run(api.clone(), stop.clone()));
        let address = loop {
            if let Some(address) = *api.address.lock() {
                break address;
            }
            tokio::task::yield_now().await;
        };
        Self {
            api,
            url: format!("http://{address}"),
            inlet,
            stop,
            task,
        }
    }

    async fn post(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> reqwest::Response {
        client()
            .post(format!("{}{path}", self.url))
            .header("Content-Type", kind)
            .header("X-Scope-OrgID", "t1")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// Posts, and hands out the entries that come of it as `labels time line`.
    async fn push(&mut self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> (u16, Vec<String>) {
        let body = body.into();
        let (url, kind) = (format!("{}{path}", self.url), kind.to_owned());
        let request = client()
            .post(url)
            .header("Content-Type", kind)
            .header("X-Scope-OrgID", "t1")
            .body(body);
        let answer = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
        let mut lines = Vec::new();
        let take = async {
            while let Some(batch) = self.inlet.next().await {
                for entry in &batch.entries {
                    let metadata = entry.metadata.as_deref().unwrap_or_default();
                    lines.push(format!(
                        "{} {} {} {metadata:?}",
                        entry.labels, entry.timestamp, entry.line
                    ));
                }
                batch.delivered();
            }
        };
        let status = tokio::select! {
            () = take => unreachable!("the channel stays open"),
            status = answer => status.unwrap(),
        };
        (status, lines)
    }
}

fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn protobuf() -> Vec<u8> {
    use crate::loki::write::testing::{Entry, Pair, PushRequest, Stream, Timestamp};
    let request = PushRequest {
        streams: vec![Stream {
            labels: "{app=\"a\", __hidden=\"h\"}".into(),
            entries: vec![Entry {
                timestamp: Some(Timestamp { seconds: 1, nanos: 2 }),
                line: "one".into(),
                metadata: vec![Pair {
                    name: "trace".into(),
                    value: "t".into(),
                }],
            }],
        }],
    };
    snap::raw::Encoder::new()
        .compress_vec(&request.encode_to_vec())
        .unwrap()
}

const JSON: &str = r#"{"streams": [{"stream": {"app": "j"}, "values": [["7", "two"], ["8", "three"]]}]}"#;

#[tokio::test]
async fn every_form_is_taken() {
    let text = "use_incoming_timestamp = true\n labels = { cluster = \"c\" }";
    let mut api = Running::start(text, |_| {}).await;
    let mut told = String::new();
    for (path, kind, body) in [
        ("/loki/api/v1/push", "application/x-protobuf", protobuf()),
        ("/api/v1/push", "application/json; charset=utf-8", JSON.into()),
        ("/api/v1/push", "application/octet-stream", protobuf()),
    ] {
        let (status, lines) = api.push(path, kind, body).await;
        told.push_str(&format!("{status} {lines:#?}\n"));
    }
    insta::assert_snapshot!(told, @r#"
    204 [
        "{__tenant_id__=\"t1\", app=\"a\", cluster=\"c\"} 1000000002 one [(\"trace\", \"t\")]",
    ]
    204 [
        "{__tenant_id__=\"t1\", app=\"j\", cluster=\"c\"} 7 two []",
        "{__tenant_id__=\"t1\", app=\"j\", cluster=\"c\"} 8 three []",
    ]
    204 [
        "{__tenant_id__=\"t1\", app=\"a\", cluster=\"c\"} 1000000002 one [(\"trace\", \"t\")]",
    ]
    "#);
    let (status, lines) = api
        .push("/loki/api/v1/raw", "text/plain", "four\n\nfive\r\nsix")
        .await;
    assert_eq!((status, lines.len()), (204, 3));
    let ready = client().get(format!("{}/ready", api.url)).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
}

#[tokio::test]
async fn it_answers_when_the_entries_are_taken_for_good_and_not_before() {
    let mut api = Running::start("", |_| {}).await;
    let body = JSON;
    let request = client()
        .post(format!("{}/loki/api/v1/push", api.url))
        .header("Content-Type", "application/json")
        .body(body);
    let mut answer = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
    let batch = api.inlet.next().await.unwrap();
    assert!(
        tokio::time::timeout(Duration::from_millis(100), &mut answer)
            .await
            .is_err()
    );
    batch.delivered();
    assert_eq!(answer.await.unwrap(), 204);
    // A receiver that lets them go untaken: the sender has to send again.
    let request = client()
        .post(format!("{}/loki/api/v1/push", api.url))
        .header("Content-Type", "application/json")
        .body(body);
    let answer = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
    drop(api.inlet.next().await.unwrap());
    assert_eq!(answer.await.unwrap(), 503);
    api.stop.cancel();
    api.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let api = Running::start("max_send_message_size = \"1KiB\"", |_| {}).await;
    for (kind, body, status) in [
        ("application/json", b"{".to_vec(), 400),
        ("application/x-protobuf", b"x".to_vec(), 400),
        ("text/html", JSON.into(), 400),
        ("application/json", vec![b' '; 5000], 413),
        // A small body that would be large.
        (
            "application/x-protobuf",
            snap::raw::Encoder::new().compress_vec(&[0; 10_000]).unwrap(),
            400,
        ),
    ] {
        let answer = api.post("/loki/api/v1/push", kind, body).await;
        assert_eq!(answer.status().as_u16(), status, "{kind}");
    }
}

#[tokio::test]
async fn the_servers_metrics_are_the_references() {
    let mut api = Running::start("", |_| {}).await;
    let metrics = &api.api.metrics;
    let url = format!("{}/loki/api/v1/push", api.url);
    let request = client()
        .post(url)
        .header("Content-Type", "application/json")
        .body(JSON);
    let answer = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
    let batch = api.inlet.next().await.unwrap();
    let labels = ["POST", "loki_api_v1_push"];
    assert_eq!(metrics.under_way.with_label_values(&labels).get(), 1);
    assert_eq!(metrics.connections.get(), 1);
    batch.delivered();
    assert_eq!(answer.await.unwrap(), 204);
    assert_eq!(metrics.under_way.with_label_values(&labels).get(), 0);
    let sizes = metrics.request_bytes.with_label_values(&labels);
    assert_eq!((sizes.count(), sizes.sum() as usize), (1, JSON.len()));
    let labels = ["POST", "loki_api_v1_push", "204", "false"];
    assert_eq!(metrics.duration.with_label_values(&labels).count(), 1);
    // Without a client there is no connection.
    while metrics.connections.get() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn rules_change_and_drop() {
    let rules: Vec<Rule> = vec![
        arguments("source_labels = [\"app\"]\n regex = \"gone\"\n action = \"drop\""),
        arguments("source_labels = [\"app\"]\n target_label = \"service\""),
    ];
    let mut api = Running::start("", |arguments| {
        arguments.relabel_rules = Some(Shared {
            display: "loki.relabel.x.rules".into(),
            inner: Arc::new(Rules::new(&rules)),
        });
    })
    .await;
    let body = r#"{"streams": [{"stream": {"app": "gone"}, "values": [["7", "no"]]}, {"stream": {"app": "a"}, "values": [["7", "yes"]]}]}"#;
    let (status, lines) = api.push("/loki/api/v1/push", "application/json", body).await;
    assert_eq!((status, lines.len()), (204, 1));
    assert!(
        lines[0].starts_with(r#"{__tenant_id__="t1", app="a", service="a"}"#),
        "{lines:?}"
    );
}

/// An `http` block with TLS.
fn secure(authority: &Authority, certificate: &str, key: &str, more: &str) -> Arguments {
    arguments(&format!(
        "forward_to = []\n http {{\n listen_address = \"127.0.0.1\"\n listen_port = 0\n http2 {{\n enabled = true\n }}\n tls {{\n cert_pem = `{certificate}`\n key_pem = `{key}`\n client_ca = `{}`\n client_auth_type = \"RequireAndVerifyClientCert\"\n {more} }}\n }}",
        authority.certificate.pem()
    ))
}

#[tokio::test]
async fn tls_and_http2_are_spoken_with_those_who_are_known() {
    let authority = Authority::new();
    let (server, server_key) = authority.sign("localhost");
    let text = secure(
        &authority,
        &server.pem(),
        &server_key.serialize_pem(),
        "min_version = \"VersionTLS13\"",
    );
    let mut api = Running::start("", |arguments| arguments.http = text.http).await;
    drop(rustls::crypto::ring::default_provider().install_default());
    let url = api.url.replace("http://127.0.0.1", "https://localhost") + "/loki/api/v1/push";
    let builder = || {
        let root = reqwest::Certificate::from_der(authority.certificate.der()).unwrap();
        reqwest::Client::builder().no_proxy().tls_certs_only([root])
    };
    let unknown = builder().build().unwrap();
    assert!(unknown.post(&url).body(JSON).send().await.is_err());
    let (client, key) = authority.sign("client");
    let identity = reqwest::Identity::from_pem((client.pem() + &key.serialize_pem()).as_bytes()).unwrap();
    let known = builder().identity(identity).build().unwrap();
    let request = known
        .post(&url)
        .header("Content-Type", "application/json")
        .body(JSON);
    let answer = tokio::spawn(async move { request.send().await.unwrap() });
    api.inlet.next().await.unwrap().delivered();
    let answer = answer.await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (204, reqwest::Version::HTTP_2)
    );
    api.stop.cancel();
    api.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_refused_and_the_old_ones_stay() {
    let authority = Authority::new();
    let (server, server_key) = authority.sign("localhost");
    let (_, other_key) = authority.sign("localhost");
    let (context, _) = Context::for_test("loki.source.api.in", std::path::Path::new("/nonexistent"));
    let good = secure(&authority, &server.pem(), &server_key.serialize_pem(), "");
    let api = SourceApi::new(context.clone(), good.clone()).unwrap();
    let other = secure(&authority, &server.pem(), &other_key.serialize_pem(), "");
    let error = api.update(other).unwrap_err().to_string();
    assert!(
        error.starts_with("the tls block's key_pem cannot be used: does not fit the certificate"),
        "{error}"
    );
    assert_eq!(**api.arguments.load(), good);
    let error = SourceApi::new(
        context,
        secure(&authority, "none", &server_key.serialize_pem(), ""),
    )
    .err()
    .unwrap();
    insta::assert_snapshot!(error, @"the tls block's cert_pem cannot be used: holds no certificate; mend it and reload");
}

#[test]
fn mistakes_are_told() {
    insta::assert_snapshot!(mistakes::<Arguments>("forward_to = []\n http { \n listen_port = 70000 \n}"), @"a port is a number from 0 to 65535");
    insta::assert_snapshot!(mistakes::<Arguments>("forward_to = []\n http { \n tls { } \n}"), @"cert_file: missing one of cert_pem or cert_file");
    let tls = |more: &str| {
        mistakes::<Arguments>(&format!(
            "forward_to = []\n http {{ \n tls {{\n cert_file = \"c\"\n key_file = \"k\"\n {more}\n }} \n}}"
        ))
    };
    insta::assert_snapshot!(tls("client_auth_type = \"Some\""), @r#"client_auth_type: unknown client auth type "Some""#);
    insta::assert_snapshot!(tls("min_version = \"TLS12\""), @r#"min_version: unknown TLS version "TLS12"; write "VersionTLS12" or "VersionTLS13""#);
    insta::assert_snapshot!(tls("client_ca_file = \"a\""), @r#"client_auth_type: client CAs are given and clients are not asked for certificates; set "RequireAndVerifyClientCert""#);
}

#[tokio::test]
async fn the_account_is_right_at_every_step() {
    let rules: Vec<Rule> = vec![arguments(
        "source_labels = [\"app\"]\n regex = \"noise\"\n action = \"drop\"",
    )];
    let mut running = Running::start("", |arguments| {
        arguments.relabel_rules = Some(Rules::shared("loki.relabel.x", &rules, None));
    })
    .await;
    let body = r#"{"streams":[{"stream":{"app":"a"},"values":[["1","x"],["2","y"]]},{"stream":{"app":"noise"},"values":[["1","z"]]}]}"#;
    let account = running.api.metrics.account.clone();
    assert_eq!(account.check(), "seen 0 delivered 0");
    for (takes, then) in [
        (true, "seen 3 delivered 2 relabelled 1"),
        (false, "seen 6 delivered 2 returned 2 relabelled 2"),
        (true, "seen 9 delivered 4 returned 2 relabelled 3"),
    ] {
        let request = client()
            .post(format!("{}/loki/api/v1/push", running.url))
            .header("Content-Type", "application/json")
            .body(body)
            .send();
        let request = tokio::spawn(request);
        let batch = running.inlet.next().await.unwrap();
        assert!(account.check().contains("queued 2"), "{}", account.check());
        if takes {
            batch.delivered();
        } else {
            drop(batch);
        }
        let status = request.await.unwrap().unwrap().status();
        assert_eq!(status.is_success(), takes);
        assert_eq!(account.check(), then);
    }
    let info = running.api.debug_info();
    let names: Vec<_> = info.attributes.iter().map(|field| &*field.name).collect();
    assert_eq!(
        names,
        ["address", "seen_lines", "delivered_lines", "queued_lines"]
    );
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[test]
fn settings_without_effect_are_known() {
    let names = |text: &str| arguments::<Arguments>(text).without_effect().join(" ");
    assert_eq!(
        names(
            "forward_to = []\n http {\n http2 {\n enabled = true\n max_concurrent_streams = 7\n max_decoder_header_table_size = 4096\n }\n }"
        ),
        ""
    );
    assert_eq!(
        names(
            "forward_to = []\n http {\n http2 {\n max_handlers = 1\n max_encoder_header_table_size = 1\n }\n }\n grpc { }"
        ),
        "http.http2.max_handlers http.http2.max_encoder_header_table_size grpc"
    );
}
