//! The `http` block: who is let in, TLS, and changes of both while clients connect.

#[path = "../../../std-components/tests/certificates/mod.rs"]
mod certificates;

use crate::harness::{Agent, Home, PATIENCE, until};
use certificates::Authority;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const AUTH: &str = r#"
http {
	auth {
		basic {
			username = "ops"
			password = "hunter2"
		}
		filter {
			paths                       = ["/-/ready"]
			authenticate_matching_paths = false
		}
	}
}
"#;

async fn status(client: &reqwest::Client, url: &str, password: Option<&str>) -> u16 {
    let mut request = client.get(url);
    if let Some(password) = password {
        request = request.basic_auth("ops", Some(password));
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_a_reload_opens_the_door() {
    let home = Home::with(AUTH);
    // Its filter leaves /-/ready open.
    let mut agent = home.start().await;
    let client = crate::harness::client();
    let metrics = agent.url("/metrics");
    assert_eq!(status(&client, &metrics, None).await, 401);
    assert_eq!(status(&client, &metrics, Some("hunter3")).await, 401);
    assert_eq!(status(&client, &metrics, Some("hunter2")).await, 200);
    let refused = client.get(&metrics).send().await.unwrap();
    assert_eq!(
        refused.headers()["www-authenticate"].to_str().unwrap(),
        "Basic realm=\"Restricted\""
    );
    assert_eq!(refused.text().await.unwrap(), "unauthorized\n");
    assert_eq!(agent.get("/no-such-page").await.status, 401);
    assert_eq!(agent.post("/-/reload").await.status, 401);

    home.write("config.alloy", "");
    let reload = client
        .post(agent.url("/-/reload"))
        .basic_auth("ops", Some("hunter2"));
    assert_eq!(reload.send().await.unwrap().status(), 200);
    assert_eq!(status(&client, &metrics, None).await, 200);
    agent.stop().await;
    assert!(!agent.stderr().contains("hunter2"));
}

/// What the agent shows, or a client.
type Signed = (rcgen::Certificate, rcgen::KeyPair);

/// A certificate for this machine and its key.
fn sign(authority: &Authority) -> Signed {
    authority.sign("127.0.0.1")
}

fn client_of(authority: &Authority, identity: Option<&Signed>) -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let root = reqwest::Certificate::from_der(authority.certificate.der()).unwrap();
    let mut client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        // Every request makes a handshake.
        .pool_max_idle_per_host(0)
        .tls_certs_only([root]);
    if let Some((certificate, key)) = identity {
        let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
        client = client.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
    }
    client.build().unwrap()
}

/// Connects again and again and counts refusals.
struct Hammer {
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Hammer {
    fn start(address: SocketAddr) -> Self {
        let (stop, connections, refused) = <(Arc<AtomicBool>, Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let thread = {
            let (stop, connections, refused) = (stop.clone(), connections.clone(), refused.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let count = match std::net::TcpStream::connect(address) {
                        Ok(_) => &connections,
                        Err(_) => &refused,
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            })
        };
        Self {
            stop,
            connections,
            refused,
            thread,
        }
    }

    /// Connections that came about, and those that did not.
    fn end(self) -> (u64, u64) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        (
            self.connections.load(Ordering::Relaxed),
            self.refused.load(Ordering::Relaxed),
        )
    }
}

fn https(agent: &Agent, path: &str) -> String {
    format!("https://{}{path}", agent.address())
}

#[tokio::test]
async fn certificates_and_settings_change_and_no_connection_is_refused() {
    let (first, second) = (Authority::new(), Authority::new());
    let home = Home::with("");
    let write = |(certificate, key): Signed| {
        home.write("cert.pem", &certificate.pem());
        home.write("key.pem", &key.serialize_pem());
    };
    write(sign(&first));
    home.write("clients.pem", &first.certificate.pem());
    let tls = |more: &str| {
        let (certificate, key) = (home.path("cert.pem"), home.path("key.pem"));
        format!(
            "http {{\n\ttls {{\n\t\tcert_file = {certificate:?}\n\t\tkey_file = {key:?}\n{more}\n\t}}\n}}\n"
        )
    };
    let mut agent = home.start().await;
    let hammer = Hammer::start(agent.address());

    // From plain HTTP to TLS.
    home.write("config.alloy", &tls(""));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let ready = https(&agent, "/-/ready");
    let client = client_of(&first, None);
    assert_eq!(client.get(&ready).send().await.unwrap().status(), 200);
    assert!(
        crate::harness::client()
            .get(agent.url("/-/ready"))
            .header("connection", "close")
            .send()
            .await
            .is_err()
    );
    assert!(client_of(&second, None).get(&ready).send().await.is_err());

    // Clients have to show a certificate.
    let clients = home.path("clients.pem");
    let strict =
        format!("\t\tclient_auth_type = \"RequireAndVerifyClientCert\"\n\t\tclient_ca_file = {clients:?}");
    home.write("config.alloy", &tls(&strict));
    let reload = https(&agent, "/-/reload");
    assert_eq!(client.post(&reload).send().await.unwrap().status(), 200);
    assert!(client.get(&ready).send().await.is_err());
    assert!(
        client_of(&first, Some(&sign(&second)))
            .get(&ready)
            .send()
            .await
            .is_err()
    );
    let known = client_of(&first, Some(&sign(&first)));
    assert_eq!(known.get(&ready).send().await.unwrap().status(), 200);

    // What cannot be used is refused whole.
    home.write("config.alloy", &tls(&strict).replace("cert.pem", "missing.pem"));
    let refused = known.post(&reload).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    let text = refused.text().await.unwrap();
    assert!(text.contains("AR0500") && text.contains("missing.pem"), "{text}");
    assert_eq!(known.get(&ready).send().await.unwrap().status(), 200);

    // Other certificates in the same files, without a reload; a half-written pair is left alone.
    home.write("key.pem", "half");
    until("the unusable files are told", async || {
        // An answer comes all the while.
        assert_eq!(known.get(&ready).send().await.unwrap().status(), 200);
        agent
            .stderr()
            .contains("changed certificates cannot be used")
            .then_some(())
    })
    .await;
    write(sign(&second));
    let other = client_of(&second, Some(&sign(&first)));
    until("the new certificate is served", async || {
        other.get(&ready).send().await.ok().map(drop)
    })
    .await;

    // And back.
    home.write("config.alloy", "");
    assert_eq!(other.post(&reload).send().await.unwrap().status(), 200);
    assert_eq!(agent.get("/-/ready").await.status, 200);
    let (connections, refused) = hammer.end();
    assert!(connections > 100, "{connections}");
    assert_eq!(refused, 0);
    agent.stop().await;
}

#[tokio::test]
async fn headers_have_a_bound() {
    let home = Home::with("");
    let agent = home.start().await;
    let answer = crate::harness::client()
        .get(agent.url("/-/ready"))
        .header("x-long", "x".repeat(1024 * 1024))
        .send()
        .await;
    // Answered 431, or cut off while it is still being sent.
    let status = answer.map_or(431, |answer| answer.status().as_u16());
    assert_eq!(status, 431);
    assert_eq!(agent.get("/-/ready").await.status, 200);
}
