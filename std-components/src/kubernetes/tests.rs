use super::*;
use crate::component::testing::{arguments, mistakes};
use crate::http_client::testing::{Peer, Reply};
use crate::kubernetes_api::ApiServer;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{Api, ListParams, LogParams};
use kube::core::PartialObjectMeta;
use parking_lot::Mutex;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

const EMPTY: &str = r#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#;
const FORBIDDEN: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"system:serviceaccount:monitoring:alloy\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#;

fn nowhere() -> InCluster {
    InCluster {
        host: None,
        port: None,
        folder: "/nonexistent".into(),
    }
}

#[test]
fn arguments_that_do_not_fit_one_another_are_refused() {
    let all = [
        r#"api_server = "https://a" kubeconfig_file = "/k""#,
        r#"kubeconfig_file = "/k" bearer_token = "t""#,
        r#"enable_http2 = false"#,
        r#"api_server = "a:6443""#,
    ]
    .map(|body| mistakes::<ClientArguments>(&body.replace("\" ", "\"\n")));
    insta::assert_snapshot!(all.join("\n"), @r#"
    only one of api_server and kubeconfig_file can be set
    custom HTTP client configuration is not allowed when kubeconfig_file is set (the kubeconfig file says how to connect: leave the other arguments out)
    api_server must be set when custom HTTP client configuration is provided (without api_server and kubeconfig_file the service account of the pod is used, which needs no other arguments)
    api_server: not an HTTP URL: its scheme is "a", expected http or https (write scheme, host and port, such as "https://kubernetes.example:6443")
    "#);
}

#[tokio::test]
async fn a_named_server_is_asked_with_its_path_and_credentials() {
    let peer = Peer::start([], Reply::Status(200, EMPTY)).await;
    let client: ClientArguments = arguments(&format!(
        "api_server = {:?}\nbearer_token = \"t0ken\"",
        peer.url("/k8s/clusters/c-1/")
    ));
    let cluster = client.cluster(&nowhere()).unwrap();
    let pods: Api<Pod> = Api::namespaced(cluster.client(), "shop");
    pods.list(&ListParams::default().fields("spec.nodeName=n1"))
        .await
        .unwrap();
    let seen = peer.requests(1).await.remove(0);
    assert_eq!(
        seen.path,
        "/k8s/clusters/c-1/api/v1/namespaces/shop/pods?&fieldSelector=spec.nodeName%3Dn1"
    );
    assert_eq!(seen.header("authorization"), "Bearer t0ken");
    assert!(seen.header("user-agent").starts_with("alloy-rs/"), "{seen:?}");
    assert!(!format!("{client:?} {cluster:?}").contains("t0ken"));
}

#[tokio::test]
async fn a_token_that_rotates_is_read_again() {
    let peer = Peer::start([], Reply::Status(200, EMPTY)).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "one\n").unwrap();
    fs::write(folder.path().join("namespace"), "monitoring\n").unwrap();
    let pod = InCluster {
        host: Some("127.0.0.1".into()),
        port: Some(peer.address.port().to_string()),
        folder: folder.path().into(),
    };
    let cluster = ClientArguments::default().cluster(&pod).unwrap();
    assert_eq!(cluster.server(), format!("https://{}", peer.address));
    assert_eq!(cluster.namespace(), "monitoring");
    // The same credentials to a server without TLS, which the test's peer is.
    let client: ClientArguments = arguments(&format!(
        "api_server = {:?}\nbearer_token_file = {:?}",
        peer.url(""),
        folder.path().join("token")
    ));
    let pods: Api<Pod> = Api::all(client.cluster(&nowhere()).unwrap().client());
    pods.list_metadata(&ListParams::default()).await.unwrap();
    fs::write(folder.path().join("token"), "another").unwrap();
    pods.list_metadata(&ListParams::default()).await.unwrap();
    let seen: Vec<_> = peer
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").to_owned())
        .collect();
    assert_eq!(seen, ["Bearer one", "Bearer another"]);
}

#[test]
fn a_process_outside_of_a_cluster_is_told_what_to_set() {
    let error = ClientArguments::default().cluster(&nowhere()).unwrap_err();
    insta::assert_snapshot!(error.message, @"unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined; outside of a cluster set api_server or kubeconfig_file");
    let pod = InCluster {
        host: Some("fd00::1".into()),
        port: Some("443".into()),
        folder: "/nonexistent".into(),
    };
    let error = ClientArguments::default().cluster(&pod).unwrap_err();
    insta::assert_snapshot!(error.message, @"cannot read the service account's token /nonexistent/token: No such file or directory (os error 2); does the pod have automountServiceAccountToken?");
    assert!(pod.namespace().unwrap_err().contains("/nonexistent/namespace"));
}

fn kubeconfig(folder: &Path, server: &str, user: &str) -> ClientArguments {
    let file = folder.join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- name: here\n  context: {{cluster: c, user: u, namespace: shop}}\nclusters:\n- name: c\n  cluster: {{server: \"{server}\"}}\nusers:\n- name: u\n  user: {user}\n"
    );
    fs::write(&file, text).unwrap();
    arguments(&format!("kubeconfig_file = {file:?}"))
}

#[tokio::test]
async fn a_kubeconfig_names_server_user_and_namespace() {
    let peer = Peer::start([], Reply::Status(200, EMPTY)).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tok"), "from-file").unwrap();
    for user in [
        "{token: t0ken}",
        "{tokenFile: tok, token: t0ken}",
        "{username: me, password: pa55, as: other, as-groups: [g1, g2]}",
    ] {
        let client = kubeconfig(folder.path(), &peer.url(""), user);
        let cluster = client.cluster(&nowhere()).unwrap();
        assert_eq!(cluster.namespace(), "shop");
        let pods: Api<Pod> = Api::default_namespaced(cluster.client());
        pods.list(&ListParams::default()).await.unwrap();
        assert!(!format!("{cluster:?}").contains("t0ken"));
    }
    let seen = peer.seen();
    let sent: Vec<_> = seen.iter().map(|seen| seen.header("authorization")).collect();
    assert_eq!(sent, ["Bearer t0ken", "Bearer from-file", "Basic bWU6cGE1NQ=="]);
    assert_eq!(seen[2].header("impersonate-user"), "other");
    assert_eq!(seen[2].headers.get_all("impersonate-group").iter().count(), 2);
    assert_eq!(seen[0].path, "/api/v1/namespaces/shop/pods?");
}

#[test]
fn a_kubeconfig_that_cannot_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    let mut told = |client: ClientArguments| {
        let error = client.cluster(&nowhere()).unwrap_err();
        assert_eq!(error.attribute, Some("kubeconfig_file"));
        all.push(
            error
                .message
                .replace(&folder.path().display().to_string(), "FOLDER"),
        );
    };
    told(kubeconfig(
        folder.path(),
        "https://a",
        "{exec: {command: aws, apiVersion: v1}}",
    ));
    told(kubeconfig(
        folder.path(),
        "https://a",
        "{auth-provider: {name: gcp}}",
    ));
    told(kubeconfig(
        folder.path(),
        "https://a",
        "{client-certificate-data: \"=!\"}",
    ));
    told(kubeconfig(folder.path(), "a:6443", "{token: t}"));
    told(arguments(&format!(
        "kubeconfig_file = {:?}",
        folder.path().join("none")
    )));
    fs::write(folder.path().join("config"), "users: [secret\n").unwrap();
    told(arguments(&format!(
        "kubeconfig_file = {:?}",
        folder.path().join("config")
    )));
    fs::write(folder.path().join("config"), "apiVersion: v1\n").unwrap();
    told(arguments(&format!(
        "kubeconfig_file = {:?}",
        folder.path().join("config")
    )));
    insta::assert_snapshot!(all.join("\n"), @r#"
    kubeconfig FOLDER/config: its user's credentials come from the command "aws" (exec), which this agent does not run; use a token, a tokenFile or a client certificate
    kubeconfig FOLDER/config: its user has the auth-provider "gcp", which this agent does not know; use a token, a tokenFile or a client certificate
    kubeconfig FOLDER/config: client-certificate-data is not base64
    kubeconfig FOLDER/config: server of cluster "c": not an HTTP URL: its scheme is "a", expected http or https
    kubeconfig FOLDER/none: cannot be read: No such file or directory (os error 2)
    kubeconfig FOLDER/config: not the YAML of a kubeconfig
    kubeconfig FOLDER/config: it has no current-context; set one with kubectl config use-context
    "#);
}

#[tokio::test]
async fn a_refusal_names_the_permission_and_the_rule_that_grants_it() {
    let script = [
        Reply::Status(403, FORBIDDEN),
        Reply::Status(
            401,
            r#"{"kind":"Status","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
        ),
        Reply::Status(
            429,
            r#"{"kind":"Status","status":"Failure","message":"too many requests","reason":"TooManyRequests","details":{"retryAfterSeconds":7},"code":429}"#,
        ),
        Reply::Status(502, "<html>bad gateway\nsecond line"),
        Reply::Status(200, "not json"),
    ];
    let peer = Peer::start(script, Reply::Hang).await;
    let client: ClientArguments = arguments(&format!("api_server = {:?}", peer.url("")));
    let cluster = client.cluster(&nowhere()).unwrap();
    let maps: Api<ConfigMap> = Api::all(cluster.client());
    let mut all = String::new();
    for access in [
        Access::watch("", "pods", None),
        Access::watch("discovery.k8s.io", "endpointslices", Some("shop")),
        Access::get("", "configmaps", Some("shop")),
        Access::get("", "configmaps", Some("shop")),
        Access::get("", "configmaps", None),
    ] {
        let error = maps.get("x").await.unwrap_err();
        let error = ApiError::new("SERVER", &access, &error);
        all.push_str(&format!("{:?} {:?}: {error}\n", error.problem, error.retry_after));
    }
    insta::assert_snapshot!(all, @r#"
    Forbidden None: SERVER does not permit to get, list, watch pods (403 pods is forbidden: User "system:serviceaccount:monitoring:alloy" cannot list resource "pods" in API group "" at the cluster scope); grant it with this rule in a ClusterRole: - {apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"]}
    Unauthorized None: SERVER does not know who asks to get, list, watch endpointslices.discovery.k8s.io in namespace shop (401 Unauthorized); check the token or certificate that the client uses
    Overloaded Some(7s): SERVER refused to get configmaps in namespace shop (429 too many requests)
    Refused None: SERVER refused to get configmaps in namespace shop (502 <html>bad gateway)
    Refused None: SERVER refused to get configmaps (an answer that is not understood: expected ident at line 1 column 2)
    "#);
    let forbidden = ApiError::new(
        "SERVER",
        &Access::get("", "secrets", Some("shop")),
        &kube::Error::Api(Box::new(
            kube::core::Status::failure("no", "Forbidden").with_code(403),
        )),
    );
    insta::assert_snapshot!(forbidden, @r#"SERVER does not permit to get secrets in namespace shop (403 no); grant it with this rule in a Role in namespace shop (or a ClusterRole): - {apiGroups: [""], resources: ["secrets"], verbs: ["get"]}"#);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let client: ClientArguments = arguments("api_server = \"http://127.0.0.1:9\"");
    let cluster = client.cluster(&nowhere()).unwrap();
    let pods: Api<PartialObjectMeta<Pod>> = Api::all(cluster.client());
    let error = pods.list(&ListParams::default()).await.unwrap_err();
    let error = ApiError::new(&cluster.server(), &Access::watch("", "pods", None), &error);
    assert_eq!(error.problem, Problem::Unreachable);
    let text = error.to_string();
    assert!(
        text.starts_with("http://127.0.0.1:9 cannot be asked to get, list, watch pods: "),
        "{text}"
    );
    assert!(text.contains("refused"), "{text}");
}

/// TLS in front of the scripted API server: a certificate authority's text, where it listens, and the protocols that were agreed on.
async fn tls_before(api: &ApiServer, protocols: &[&[u8]]) -> (String, SocketAddr, Arc<Mutex<Vec<String>>>) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let agreed = Arc::new(Mutex::new(Vec::new()));
    let note = agreed.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let api = api.address;
    tokio::spawn(async move {
        while let Ok((outer, _)) = listener.accept().await {
            let (acceptor, note) = (acceptor.clone(), note.clone());
            tokio::spawn(async move {
                let mut outer = acceptor.accept(outer).await.ok()?;
                let agreed = outer.get_ref().1.alpn_protocol().unwrap_or_default();
                note.lock().push(String::from_utf8_lossy(agreed).into_owned());
                let mut inner = tokio::net::TcpStream::connect(api).await.ok()?;
                tokio::io::copy_bidirectional(&mut outer, &mut inner).await.ok()
            });
        }
    });
    (made.cert.pem(), address, agreed)
}

#[tokio::test]
async fn a_pod_uses_its_service_account_over_tls() {
    let api = ApiServer::start().await;
    let (ca, address, _) = tls_before(&api, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("token", "of-the-account");
    let pod = InCluster {
        host: Some("127.0.0.1".into()),
        port: Some(address.port().to_string()),
        folder: folder.path().into(),
    };
    // Another authority: nothing is sent to a server that it does not vouch for.
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    write("ca.crt", &other.cert.pem());
    let list = async || {
        let client = ClientArguments::default().cluster(&pod).unwrap().client();
        Api::<Pod>::all(client).list(&ListParams::default()).await
    };
    let error = ApiError::new(
        "SERVER",
        &Access::watch("", "pods", None),
        &list().await.unwrap_err(),
    );
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(api.seen().is_empty());
    write("ca.crt", &ca);
    list().await.unwrap();
    let seen = api
        .requests(1, |request| request.resource == "pods")
        .await
        .remove(0);
    assert_eq!(seen.headers["authorization"], "Bearer of-the-account");
}

#[tokio::test]
async fn logs_have_connections_of_their_own() {
    let api = ApiServer::start().await;
    let (ca, address, protocols) = tls_before(&api, &[b"h2", b"http/1.1"]).await;
    let client: ClientArguments = arguments(&format!(
        "api_server = \"https://{address}\"\nbearer_token = \"t\"\ntls_config {{\n ca_pem = {ca:?}\n}}"
    ));
    let pods: Api<Pod> = Api::namespaced(client.cluster(&nowhere()).unwrap().client(), "shop");
    pods.list(&ListParams::default()).await.unwrap();
    assert_eq!(*protocols.lock(), ["h2"]);
    let follow = LogParams {
        container: Some("main".into()),
        follow: true,
        ..LogParams::default()
    };
    let mut open = Vec::new();
    for number in 0..3 {
        let name = format!("web-{number}");
        api.apply("pods", serde_json::json!({"metadata": {"namespace": "shop", "name": name}, "spec": {"containers": [{"name": "main"}]}}));
        api.log("shop", &name, "main")
            .line("2026-01-01T00:00:00Z", "a line");
        open.push(pods.log_stream(&name, &follow).await.unwrap());
    }
    api.open(3, |stream| stream.resource == "pods/log").await;
    assert_eq!(*protocols.lock(), ["h2", "http/1.1", "http/1.1", "http/1.1"]);
    let seen = api.requests(3, |request| request.resource == "pods/log").await;
    assert!(
        seen.iter()
            .all(|request| request.headers["accept-encoding"] == "identity")
    );
    assert!(
        seen.iter()
            .all(|request| request.headers["authorization"] == "Bearer t")
    );
}
