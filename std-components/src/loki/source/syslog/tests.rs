//! The component over real sockets.

use super::*;
use crate::certificates::Authority;
use crate::component::testing::{arguments, mistakes};
use crate::relabel::{Rule, Rules};
use crate::signals::{Batch, Fanout, Inlet, LogBatch, LogsReceiver, inlet};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

const PATIENCE: Duration = Duration::from_secs(20);

/// Every label that messages bring, without its underscores.
const ALL_LABELS: &str = r#"
    rule {
        action = "labelmap"
        regex  = "__syslog_(.+)"
    }
    rule {
        action        = "drop"
        source_labels = ["__syslog_message_app_name"]
        regex         = "noise"
    }
"#;

#[derive(Debug, river_eval::Arguments)]
struct RuleBlocks {
    #[river(block, name = "rule")]
    rules: Vec<Rule>,
}

struct Running {
    source: Arc<SourceSyslog>,
    receiver: Shared<LogsReceiver>,
    inlet: Inlet<LogBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), RunError>>,
}

use river_eval::Shared;

fn configured(receiver: &Shared<LogsReceiver>, text: &str, has_rules: bool) -> Arguments {
    let mut arguments: Arguments = arguments(&format!("forward_to = []\n{text}"));
    arguments.forward_to = Fanout::new(vec![receiver.clone()]);
    if has_rules {
        let blocks: RuleBlocks = crate::component::testing::arguments(ALL_LABELS);
        arguments.relabel_rules = Some(Rules::shared("loki.relabel.all", &blocks.rules, None));
    }
    arguments
}

impl Running {
    async fn start(text: &str, has_rules: bool) -> Self {
        let (context, _) = Context::for_test("loki.source.syslog.in", std::path::Path::new("/nonexistent"));
        Self::start_in(context, text, has_rules).await
    }

    async fn start_in(context: Context<Nothing>, text: &str, has_rules: bool) -> Self {
        let (receiver, inlet) = inlet("loki.echo.out");
        let source = Arc::new(SourceSyslog::new(context, configured(&receiver, text, has_rules)).unwrap());
        let stop = CancellationToken::new();
        let task = tokio::spawn(Component::run(source.clone(), stop.clone()));
        let running = Self {
            source,
            receiver,
            inlet,
            stop,
            task,
        };
        running.address(0).await;
        running
    }

    /// Where a listener listens.
    async fn address(&self, at: usize) -> SocketAddr {
        let look = async {
            loop {
                let address = self.source.infos.lock().get(at).and_then(|info| info.address);
                match address {
                    Some(address) => return address,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("it listens")
    }

    async fn batch(&mut self) -> LogBatch {
        tokio::time::timeout(PATIENCE, self.inlet.next())
            .await
            .expect("a batch in time")
            .unwrap()
    }

    /// The next entries as `labels line`, taken for good.
    async fn entries(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        while told.len() < count {
            let batch = self.batch().await;
            told.extend(
                batch
                    .entries
                    .iter()
                    .map(|entry| format!("{} {}", entry.labels, entry.line)),
            );
            batch.delivered();
        }
        told
    }

    async fn send(&self, at: usize, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address(at).await).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Waits until the account says this.
    async fn account(&self, expected: &str) {
        let look = async {
            while self.source.shared.account().check() != expected {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let ended = tokio::time::timeout(PATIENCE, look).await;
        assert!(
            ended.is_ok(),
            "{} and not {expected}",
            self.source.shared.account().check()
        );
    }

    async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("it ends in time")
            .unwrap()
            .unwrap();
    }
}

const ANY: &str =
    "listener {\n address = \"127.0.0.1:0\"\n labels = { job = \"syslog\", __hidden = \"h\" }\n";

#[tokio::test]
async fn labels_are_the_messages() {
    let mut running = Running::start(&format!("{ANY} label_structured_data = true\n}}"), true).await;
    let first = running
        .send(
            0,
            b"<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 [ex@1 a=\"b\"] one\n<165>1 - - noise - - - gone\n<13>1 - - - - - - two\n",
        )
        .await;
    let told = running.entries(2).await.join("\n");
    // The resolver's name of it, where there is one.
    let told = told.replace("connection_hostname=\"localhost\", ", "");
    insta::assert_snapshot!(told, @r#"
    {connection_ip_address="127.0.0.1", job="syslog", message_app_name="app", message_facility="local4", message_hostname="host", message_msg_id="ID47", message_proc_id="12", message_sd_ex_1_a="b", message_severity="notice"} one
    {connection_ip_address="127.0.0.1", job="syslog", message_facility="user", message_severity="notice"} two
    "#);
    drop(first);
    running.account("seen 3 delivered 2 relabelled 1").await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_no_message_is_counted() {
    let text = format!("{ANY} max_message_length = 64\n}}\n{ANY} syslog_format = \"raw\"\n}}");
    let mut running = Running::start(&text, false).await;
    let _one = running
        .send(0, b"<13>1 - - - - - - text\n<999>nonsense\n<13>1 - - - - - -\n")
        .await;
    let counted = [
        b"25 <13>1 - - - - - - counted99 ".as_slice(),
        &[b'x'; 99],
        b"23 <13>1 - - - - - - again",
    ]
    .concat();
    let _two = running.send(0, &counted).await;
    let _wrong = running.send(0, b"GET / HTTP/1.1\r\n").await;
    let _raw = running.send(1, b"<14>raw one\nCEF:0|two\n").await;
    let mut told = running.entries(5).await;
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @r#"
    {job="syslog"} CEF:0|two
    {job="syslog"} again
    {job="syslog"} counted
    {job="syslog"} raw one
    {job="syslog"} text
    "#);
    running
        .account("seen 8 delivered 5 parse_error 1 empty 1 too_long 1")
        .await;
    assert_eq!(running.source.shared.metrics.parsing_errors.get(), 2);
    assert_eq!(running.source.shared.metrics.empty_messages.get(), 1);
    running.stop().await;
}

#[tokio::test]
async fn times_and_whole_messages_are_kept_where_asked() {
    let text = format!("{ANY} use_incoming_timestamp = true\n use_rfc5424_message = true\n}}");
    let mut running = Running::start(&text, false).await;
    let message = "<13>1 1970-01-01T00:00:07Z h a - - [x y=\"z\"]  indented ";
    let _one = running.send(0, format!("{message}\n").as_bytes()).await;
    let batch = running.batch().await;
    assert_eq!(
        (batch.entries[0].timestamp, &*batch.entries[0].line),
        (7_000_000_000, message)
    );
    batch.delivered();
    running.stop().await;
}

#[tokio::test]
async fn datagrams_are_taken_and_those_that_find_no_room_counted() {
    let text =
        format!("{ANY} protocol = \"udp\"\n syslog_format = \"rfc3164\"\n max_message_length = 60\n}}");
    let mut running = Running::start(&text, true).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(running.address(0).await).await.unwrap();
    socket.send(b"<34>Oct 11 22:14:15 host su[1]: one").await.unwrap();
    socket
        .send(format!("<34>Oct 11 22:14:15 host su: {}", "x".repeat(100)).as_bytes())
        .await
        .unwrap();
    socket.send(b"nothing").await.unwrap();
    let told = running
        .entries(2)
        .await
        .join("\n")
        .replace("connection_hostname=\"localhost\", ", "");
    insta::assert_snapshot!(told, @r#"
    {connection_ip_address="127.0.0.1", job="syslog", message_app_name="su", message_facility="auth", message_hostname="host", message_proc_id="1", message_severity="critical"} one
    {connection_ip_address="127.0.0.1", job="syslog", message_app_name="su", message_facility="auth", message_hostname="host", message_severity="critical"} xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    "#);
    running.account("seen 3 delivered 2 parse_error 1").await;
    assert_eq!(running.source.shared.metrics.truncated.get(), 1);
    running.stop().await;
}

#[tokio::test]
async fn datagrams_that_find_no_room_are_counted_and_told_once() {
    let mut running = Running::start(&format!("{ANY} protocol = \"udp\"\n}}"), false).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(running.address(0).await).await.unwrap();
    let message = format!("<13>1 - - - - - - {}", "x".repeat(8000));
    // Nobody takes: what may be on its way fills up, then the queue, then there is no room.
    let is_full = async {
        while !running.source.shared.account().check().contains("queue_full") {
            socket.send(message.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, is_full)
        .await
        .expect("it fills up");
    assert!(running.source.shared.told.lock().contains_key("queue_full"));
    // What was taken in arrives as soon as somebody takes it.
    socket.send(b"<13>1 - - - - - - last").await.unwrap();
    let mut taken = 0;
    while let Ok(Some(batch)) = tokio::time::timeout(Duration::from_millis(500), running.inlet.next()).await {
        taken += batch.entries.len();
        batch.delivered();
    }
    assert!(taken > 4096, "{taken}");
    let account = running.source.shared.account().check();
    assert!(
        account.contains(&format!("delivered {taken}")) && !account.contains("queued"),
        "{account}"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_dead_receiver_stops_the_sender_and_nothing_is_lost() {
    let mut running = Running::start(&format!("{ANY} }}"), false).await;
    let mut stream = TcpStream::connect(running.address(0).await).await.unwrap();
    // More than what may be on its way and what the sockets hold.
    let line = format!("<13>1 - - - - - - {}\n", "x".repeat(8000));
    let lines = 6000;
    let (told, mut is_blocked) = watch::channel(0);
    let writer = tokio::spawn(async move {
        for at in 0..lines {
            stream.write_all(line.as_bytes()).await.unwrap();
            told.send_replace(at);
        }
    });
    // It does not get any further for a while.
    let mut last = 0;
    while tokio::time::timeout(Duration::from_millis(500), is_blocked.changed())
        .await
        .is_ok()
    {
        last = *is_blocked.borrow_and_update();
    }
    assert!(last < lines - 1, "the sender goes on");
    assert!(running.source.shared.account().check().contains("queued"));
    // A receiver that lets a batch go gets it again.
    let failed = running.batch().await;
    drop(failed);
    let mut taken = 0;
    while taken < lines {
        let batch = running.batch().await;
        taken += batch.entries.len();
        batch.delivered();
    }
    writer.await.unwrap();
    running.account(&format!("seen {lines} delivered {lines}")).await;
    running.stop().await;
}

#[tokio::test]
async fn what_is_on_its_way_at_a_stop_is_counted() {
    let running = Running::start(&format!("{ANY} }}"), false).await;
    let stream = running.send(0, b"<13>1 - - - - - - one\n").await;
    running.account("seen 1 delivered 0 queued 1").await;
    let source = running.source.clone();
    running.stop.cancel();
    tokio::time::timeout(PATIENCE, running.task)
        .await
        .expect("it ends in time")
        .unwrap()
        .unwrap();
    assert_eq!(source.shared.account().check(), "seen 1 delivered 0 stopped 1");
    drop(stream);
}

#[tokio::test]
async fn settings_change_under_connections_and_sockets_move_on() {
    let (context, _) = Context::for_test("loki.source.syslog.in", std::path::Path::new("/nonexistent"));
    let sockets = context.services.clone();
    let mut running = Running::start_in(context, &format!("{ANY} }}"), false).await;
    let mut stream = running.send(0, b"<13>1 - - - - - - one\n").await;
    running.entries(1).await;
    let before = running.address(0).await;
    let arguments = configured(
        &running.receiver,
        "listener {\n address = \"127.0.0.1:0\"\n labels = { job = \"other\" }\n}",
        false,
    );
    running.source.update(arguments).unwrap();
    let is_told = async {
        while running
            .source
            .infos
            .lock()
            .first()
            .is_none_or(|info| info.labels != "{job=\"other\"}")
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, is_told).await.unwrap();
    assert_eq!(running.address(0).await, before);
    stream.write_all(b"<13>1 - - - - - - two\n").await.unwrap();
    assert_eq!(running.entries(1).await, ["{job=\"other\"} two"]);

    // Another component takes the address over, and a client that connects meanwhile is not refused.
    let fixed = free_port();
    let text = format!("listener {{\n address = \"{fixed}\"\n }}");
    running
        .source
        .update(configured(&running.receiver, &text, false))
        .unwrap();
    let connected = async {
        while TcpStream::connect(fixed).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, connected).await.unwrap();
    let (done, mut is_done) = tokio::sync::oneshot::channel::<()>();
    let client = tokio::spawn(async move {
        let mut count = 0;
        while is_done.try_recv().is_err() {
            TcpStream::connect(fixed).await.expect("nobody is refused");
            count += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        count
    });
    running.stop.cancel();
    let (mut context, _) =
        Context::for_test("loki.source.syslog.moved", std::path::Path::new("/nonexistent"));
    context.services = sockets;
    let mut moved = Running::start_in(context, &text, false).await;
    tokio::time::timeout(PATIENCE, running.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let _stream = moved.send(0, b"<13>1 - - - - - - three\n").await;
    assert_eq!(moved.entries(1).await, ["{} three"]);
    done.send(()).unwrap();
    assert!(client.await.unwrap() > 0);
    moved.stop().await;
}

fn free_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn tls_asks_for_certificates_where_an_authority_is_given() {
    let authority = Authority::new();
    let (server, server_key) = authority.sign("localhost");
    let text = format!(
        "{ANY} tls_config {{\n cert_pem = `{}`\n key_pem = `{}`\n ca_pem = `{}`\n }}\n}}",
        server.pem(),
        server_key.serialize_pem(),
        authority.certificate.pem()
    );
    let mut running = Running::start(&text, false).await;
    let address = running.address(0).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let builder = || {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
    };
    let (client, key) = authority.sign("client");
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let known = builder()
        .with_client_auth_cert(vec![client.der().clone()], key)
        .unwrap();
    let connect = async |config: rustls::ClientConfig| {
        let stream = TcpStream::connect(address).await.unwrap();
        tokio_rustls::TlsConnector::from(Arc::new(config))
            .connect("localhost".try_into().unwrap(), stream)
            .await
    };
    // The refusal comes with the first thing that is read.
    let mut unknown = connect(builder().with_no_client_auth()).await.unwrap();
    let mut byte = [0];
    assert!(
        tokio::io::AsyncReadExt::read(&mut unknown, &mut byte)
            .await
            .is_err()
    );
    let mut stream = connect(known).await.unwrap();
    stream.write_all(b"26 <13>1 - - - - - - over TLS").await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(running.entries(1).await, ["{job=\"syslog\"} over TLS"]);
    running.stop().await;
}

#[test]
fn mistakes_are_told_where_they_are() {
    let text = r#"
        forward_to = []
        listener {
            address  = "nowhere"
            protocol = "sctp"
        }
        listener {
            address                         = "127.0.0.1:514"
            syslog_format                   = "raw"
            use_incoming_timestamp          = true
            use_rfc5424_message             = true
            rfc5424_allow_empty_msg         = true
            rfc3164_default_to_current_year = true
            rfc3164_cisco_components { }
            tls_config {
                ca_pem = "x"
            }
        }
        listener {
            address = "127.0.0.1:514"
            raw_format_options { }
        }
    "#;
    insta::assert_snapshot!(mistakes::<Arguments>(text), @r#"
    syslog listener protocol should be either 'tcp' or 'udp', got sctp
    "nowhere" is no host:port (such as "0.0.0.0:1514"; ":1514" is every address of this machine)
    certificate and key must be configured
    rfc3164_cisco_components has no effect when syslog format is not "rfc3164"
    rfc5424_allow_empty_msg has no effect when syslog format is set to "raw"
    use_rfc5424_message has no effect when syslog format is set to "raw"
    rfc3164_default_to_current_year has no effect when syslog format is set to "raw"
    use_incoming_timestamp has no effect when syslog format is set to "raw"
    at least one option in rfc3164_cisco_components has to be enabled
    raw_format_options has no effect when syslog format is not "raw"
    another listener of this component has the tcp address 127.0.0.1:514
    "#);
    insta::assert_snapshot!(mistakes::<Arguments>("forward_to = []"), @r#"missing required block "listener" (say where to listen: listener { address = "0.0.0.0:1514" })"#);
}
