//! The client against real peers: authorisation, tokens, redirects, proxies, TLS; and what messages show.

use super::testing::{Peer, Reply};
use super::*;
use reqwest::Method;
use river_eval::{Arguments, BodyValue, Secret, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

fn block(name: &str, attributes: &[(&str, &str)]) -> BodyValue {
    let mut inner = BodyValue::default();
    for (name, value) in attributes {
        inner.attribute(*name, Value::string(*value));
    }
    let mut body = BodyValue::default();
    body.block(name, inner);
    body
}

fn decode(body: &BodyValue) -> HttpClientArguments {
    HttpClientArguments::decode(body).unwrap()
}

async fn get(client: &HttpClient, url: &str) -> Result<reqwest::Response, HttpError> {
    let request = client.request(Method::GET, parse_url(url).unwrap()).await?;
    Ok(request.send().await?)
}

async fn authorization_with(arguments: &HttpClientArguments) -> String {
    let peer = Peer::start([], Reply::Status(200, "")).await;
    get(&HttpClient::new(arguments).unwrap(), &peer.url("/"))
        .await
        .unwrap();
    peer.seen()[0].header("authorization").to_owned()
}

#[tokio::test]
async fn every_way_to_authorise() {
    let basic = decode(&block("basic_auth", &[("username", "u"), ("password", "p")]));
    assert_eq!(authorization_with(&basic).await, "Basic dTpw");
    let custom = decode(&block(
        "authorization",
        &[("type", "Token"), ("credentials", "c")],
    ));
    assert_eq!(authorization_with(&custom).await, "Token c");
    let bearer = HttpClientArguments {
        bearer_token: Some(Secret::new("b")),
        ..HttpClientArguments::default()
    };
    assert_eq!(authorization_with(&bearer).await, "Bearer b");
    assert_eq!(authorization_with(&HttpClientArguments::default()).await, "");
}

#[tokio::test]
async fn a_token_file_is_read_again_when_it_changes() {
    let peer = Peer::start([], Reply::Status(200, "")).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first\n").unwrap();
    let client = HttpClient::new(&HttpClientArguments::<true> {
        bearer_token_file: file.path().display().to_string(),
        ..HttpClientArguments::default()
    })
    .unwrap();
    get(&client, &peer.url("/")).await.unwrap();
    std::fs::write(file.path(), "second, longer\n").unwrap();
    get(&client, &peer.url("/")).await.unwrap();
    std::fs::remove_file(file.path()).unwrap();
    let error = get(&client, &peer.url("/")).await.unwrap_err();
    let sent: Vec<_> = peer
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").to_owned())
        .collect();
    assert_eq!(sent, ["Bearer first", "Bearer second, longer"]);
    assert!(error.to_string().starts_with("cannot read "), "{error}");
}

#[tokio::test]
async fn oauth2_tokens_are_kept_and_the_body_is_tried_when_basic_is_refused() {
    let tokens = Peer::start(
        [Reply::Status(401, "no basic here")],
        Reply::Status(200, r#"{"access_token":"abc","expires_in":3600}"#),
    )
    .await;
    let peer = Peer::start([], Reply::Status(200, "")).await;
    let arguments = decode(&block(
        "oauth2",
        &[
            ("client_id", "me"),
            ("client_secret", "s&cret"),
            ("token_url", &tokens.url("/token")),
        ],
    ));
    let client = HttpClient::new(&arguments).unwrap();
    get(&client, &peer.url("/")).await.unwrap();
    get(&client, &peer.url("/")).await.unwrap();
    assert!(
        peer.seen()
            .iter()
            .all(|seen| seen.header("authorization") == "Bearer abc")
    );
    let fetches = tokens.seen();
    assert_eq!(fetches.len(), 2, "one refused, one good for both requests");
    assert!(fetches[0].header("authorization").starts_with("Basic "));
    assert_eq!(
        fetches[1].body,
        "grant_type=client_credentials&client_id=me&client_secret=s%26cret"
    );
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_named() {
    let tokens = Peer::start([], Reply::Status(403, "who are you")).await;
    let arguments = decode(&block(
        "oauth2",
        &[
            ("client_id", "me"),
            ("client_secret", "hidden"),
            ("token_url", &tokens.url("/token")),
        ],
    ));
    let error = get(&HttpClient::new(&arguments).unwrap(), "http://127.0.0.1:1/")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("/token answered 403 Forbidden: who are you"),
        "{error}"
    );
    assert!(!error.contains("hidden"), "{error}");
}

#[tokio::test]
async fn redirects_and_headers_as_configured() {
    let peer = Peer::start([Reply::Header(302, "location", "/there")], Reply::Status(200, "")).await;
    let mut arguments = HttpClientArguments::<true> {
        http_headers: Some(BTreeMap::from([(
            "X-Two".to_owned(),
            vec![Secret::new("1"), Secret::new("2")],
        )])),
        ..HttpClientArguments::default()
    };
    let answer = get(&HttpClient::new(&arguments).unwrap(), &peer.url("/here"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let seen = peer.seen();
    assert_eq!(seen[1].path, "/there");
    assert_eq!(seen[0].headers.get_all("x-two").iter().count(), 2);
    assert!(seen[0].header("user-agent").starts_with("alloy-rs/"));

    arguments.follow_redirects = false;
    let peer = Peer::start([Reply::Header(302, "location", "/there")], Reply::Status(200, "")).await;
    let answer = get(&HttpClient::new(&arguments).unwrap(), &peer.url("/here"))
        .await
        .unwrap();
    assert_eq!((answer.status().as_u16(), peer.seen().len()), (302, 1));
}

#[tokio::test]
async fn requests_go_through_the_proxy_but_for_the_excluded() {
    let proxy = Peer::start([], Reply::Status(200, "from the proxy")).await;
    let peer = Peer::start([], Reply::Status(200, "direct")).await;
    let mut body = BodyValue::default();
    body.attribute("proxy_url", Value::string(proxy.url("")));
    body.attribute("no_proxy", Value::string("127.0.0.1"));
    let client = HttpClient::new(&decode(&body)).unwrap();
    let far = get(&client, "http://nowhere.invalid/x").await.unwrap();
    assert_eq!(far.text().await.unwrap(), "from the proxy");
    let near = get(&client, &peer.url("/")).await.unwrap();
    assert_eq!(near.text().await.unwrap(), "direct");
}

fn refusals(body: &BodyValue) -> String {
    let mistakes = HttpClientArguments::<true>::decode(body).unwrap_err();
    let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.message.clone()).collect();
    lines.join("\n")
}

#[test]
fn contradictions_are_refused() {
    let mut two = block("basic_auth", &[("username", "u"), ("password", "p")]);
    two.attribute("bearer_token", Value::string("t"));
    insta::assert_snapshot!(refusals(&two), @"at most one of basic_auth, authorization, oauth2, bearer_token & bearer_token_file must be configured");
    insta::assert_snapshot!(refusals(&block("authorization", &[("type", "Basic")])), @r#"authorization type cannot be set to "basic", use "basic_auth" block instead"#);
    insta::assert_snapshot!(refusals(&block("oauth2", &[("client_id", "x")])), @r"
    oauth2 token_url must be configured
    either oauth2 client_secret or client_secret_file must be configured
    ");
    insta::assert_snapshot!(refusals(&block("tls_config", &[("cert_pem", "x")])), @"exactly one of key_pem or key_file must be configured when a client certificate is configured");
    let mut excluded = BodyValue::default();
    excluded.attribute("no_proxy", Value::string("x"));
    insta::assert_snapshot!(refusals(&excluded), @"if no_proxy is configured, proxy_url must also be configured");
}

#[tokio::test]
async fn secrets_are_never_printed() {
    let mut body = block("basic_auth", &[("username", "u"), ("password", "hunter2")]);
    body.attribute("proxy_url", Value::string("http://a:hunter2@127.0.0.1:1"));
    let arguments = decode(&body);
    let client = HttpClient::new(&arguments).unwrap();
    let error = get(&client, "http://u:hunter2@127.0.0.1:1/push")
        .await
        .unwrap_err();
    let shown = format!("{arguments:?} {client:?} {error:?} {error}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(
        safe_url("https://u:hunter2@host/p?q=1"),
        "https://u:xxxxx@host/p?q=1"
    );
}

/// A server with a certificate for `localhost` that says `secure`; and its PEM.
async fn secure_peer() -> (u16, String) {
    secure_peer_with(|_| {}).await
}

async fn secure_peer_with(change: impl FnOnce(&mut rcgen::CertificateParams)) -> (u16, String) {
    let mut wanted = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    change(&mut wanted);
    let key = rcgen::KeyPair::generate().unwrap();
    let made = wanted.self_signed(&key).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], key)
            .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                if let Ok(mut stream) = acceptor.accept(socket).await {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecure")
                        .await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    (port, made.pem())
}

#[tokio::test]
async fn tls_trusts_what_it_is_told_to() {
    let (port, pem) = secure_peer().await;
    let try_with = async |host: &str, tls: &[(&str, &str)]| {
        let client = HttpClient::new(&decode(&block("tls_config", tls))).unwrap();
        let answer = get(&client, &format!("https://{host}:{port}/")).await?;
        Ok::<_, HttpError>(answer.text().await.unwrap())
    };
    assert_eq!(
        try_with("localhost", &[("ca_pem", &pem)]).await.unwrap(),
        "secure"
    );
    assert!(
        try_with("127.0.0.1", &[("ca_pem", &pem)]).await.is_err(),
        "another name"
    );
    let named = [("ca_pem", pem.as_str()), ("server_name", "localhost")];
    assert_eq!(try_with("127.0.0.1", &named).await.unwrap(), "secure");
    let error = try_with("localhost", &[]).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let mut body = BodyValue::default();
    body.attribute("insecure_skip_verify", true);
    let mut outer = BodyValue::default();
    outer.block("tls_config", body);
    let client = HttpClient::new(&decode(&outer)).unwrap();
    assert!(get(&client, &format!("https://localhost:{port}/")).await.is_ok());
}

#[tokio::test]
async fn an_authority_that_is_trusted_may_be_the_server_itself() {
    let authority = |wanted: &mut rcgen::CertificateParams| {
        wanted.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    let (port, pem) = secure_peer_with(authority).await;
    let (_, other) = secure_peer_with(authority).await;
    let (late, outdated) = secure_peer_with(|wanted| {
        authority(wanted);
        wanted.not_after = rcgen::date_time_ymd(2020, 1, 1);
    })
    .await;
    let try_with = async |url: String, pem: &str| {
        let client = HttpClient::new(&decode(&block("tls_config", &[("ca_pem", pem)]))).unwrap();
        let answer = get(&client, &url).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(answer.text().await.unwrap())
    };
    let url = format!("https://localhost:{port}/");
    assert_eq!(try_with(url.clone(), &pem).await.unwrap(), "secure");
    let refused = try_with(url, &other).await.unwrap_err();
    assert!(refused.contains("put it into ca_file"), "{refused}");
    let misnamed = try_with(format!("https://127.0.0.1:{port}/"), &pem).await;
    assert!(misnamed.unwrap_err().contains("not valid for name"));
    let expired = try_with(format!("https://localhost:{late}/"), &outdated).await;
    assert!(expired.unwrap_err().contains("expired"));
}

#[tokio::test]
async fn a_changed_ca_file_counts_at_the_next_request() {
    let (port, pem) = secure_peer().await;
    let (_, other) = secure_peer().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), other + "\n\n").unwrap();
    let path = file.path().display().to_string();
    let client = HttpClient::new(&decode(&block("tls_config", &[("ca_file", &path)]))).unwrap();
    let url = format!("https://localhost:{port}/");
    assert!(get(&client, &url).await.is_err());
    std::fs::write(file.path(), pem).unwrap();
    assert!(get(&client, &url).await.is_ok());
}
