//! `loki.source.syslog` with Debian's senders: `logger` of bsdutils and `rsyslogd`, plain and over TLS.

use super::certificates::Authority;
use super::source::{PATIENCE, Source};
use river_eval::Value;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const LOGGER: &str = "/usr/bin/logger";
const RSYSLOGD: &str = "/usr/sbin/rsyslogd";

fn is_missing(binary: &str, package: &str) -> bool {
    let is_missing = !Path::new(binary).exists();
    if is_missing {
        eprintln!("skipped: {binary} is not installed (apt-get install {package})");
    }
    is_missing
}

/// Where the listeners listen.
async fn addresses(source: &Source, count: usize) -> Vec<SocketAddr> {
    let begin = Instant::now();
    loop {
        let listeners = source.debug("listeners_info");
        let listeners = listeners.as_ref().and_then(Value::items).unwrap_or_default();
        let address = |listener: &Value| {
            let Value::Object(fields) = listener else {
                return None;
            };
            let is_ready = fields.get("ready") == Some(&Value::Bool(true));
            fields
                .get("listen_address")?
                .as_text()?
                .parse()
                .ok()
                .filter(|_| is_ready)
        };
        let found: Vec<SocketAddr> = listeners.iter().filter_map(address).collect();
        if found.len() == count {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "it does not listen: {listeners:?}");
        tokio::task::yield_now().await;
    }
}

fn listener(protocol: &str, format: &str) -> String {
    listener_with(protocol, format, "")
}

/// A listener that has something more in its block.
fn listener_with(protocol: &str, format: &str, more: &str) -> String {
    format!(
        "listener {{\n address = \"127.0.0.1:0\"\n protocol = \"{protocol}\"\n syslog_format = \"{format}\"\n labels = {{ by = \"{protocol} {format}\" }}\n{more}}}\n"
    )
}

#[tokio::test]
async fn logger_is_understood() {
    if is_missing(LOGGER, "bsdutils") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = ["rfc5424", "rfc3164"].map(|format| listener("tcp", format) + &listener("udp", format));
    let mut source = Source::start(
        "loki.source.syslog",
        folder.path(),
        &format!("relabel_rules = rules\n{}", text.concat()),
    );
    let at = addresses(&source, 4).await;
    let send = async |at: SocketAddr, flags: &[&str], message: &str| {
        let status = Command::new(LOGGER)
            .args([
                "--server",
                "127.0.0.1",
                "--port",
                &at.port().to_string(),
                "--tag",
                "app",
            ])
            .args(flags)
            .arg(message)
            .status();
        assert!(status.unwrap().success());
    };
    let mut told = Vec::new();
    for (at, flags, message) in [
        (at[0], &["--tcp", "--rfc5424"][..], "a line"),
        (at[0], &["--tcp", "--rfc5424", "--octet-count"], "a counted one"),
        (
            at[0],
            &[
                "--tcp",
                "--rfc5424",
                "--octet-count",
                "--id=77",
                "--sd-id",
                "x@1",
                "--sd-param",
                "a=\"b\"",
            ],
            "with data",
        ),
        (at[1], &["--udp", "--rfc5424"], "a datagram"),
        (at[2], &["--tcp", "--rfc3164"], "an old line"),
        (
            at[2],
            &["--tcp", "--rfc3164", "--octet-count", "--id=77"],
            "an old counted one",
        ),
        (at[3], &["--udp", "--rfc3164"], "an old datagram"),
    ] {
        send(at, flags, message).await;
        let entry = source.entries(1).await.remove(0);
        // What depends on the machine.
        let mut labels = entry.labels.builder();
        if labels
            .get("syslog_message_hostname")
            .is_some_and(|name| !name.is_empty())
        {
            labels.set("syslog_message_hostname", "HOST");
        }
        labels
            .remove("syslog_connection_hostname")
            .remove("syslog_message_sd_timeQuality_isSynced");
        told.push(format!("{} {:?}", labels.build(), &*entry.line));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    {by="tcp rfc5424", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_severity="notice"} "a line"
    {by="tcp rfc5424", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_severity="notice"} "a counted one"
    {by="tcp rfc5424", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_proc_id="77", syslog_message_severity="notice"} "with data"
    {by="udp rfc5424", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_severity="notice"} "a datagram"
    {by="tcp rfc3164", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_severity="notice"} "an old line"
    {by="tcp rfc3164", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_proc_id="77", syslog_message_severity="notice"} "an old counted one"
    {by="udp rfc3164", syslog_connection_ip_address="127.0.0.1", syslog_message_app_name="app", syslog_message_facility="user", syslog_message_hostname="HOST", syslog_message_severity="notice"} "an old datagram"
    "#);
    source.stop().await;
}

struct Rsyslogd {
    child: Child,
    _folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Rsyslogd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Rsyslogd {
    /// Takes plain TCP and forwards everything as these actions say, with more global settings.
    fn start(global: &str, actions: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = folder.path().join("rsyslog.conf");
        std::fs::write(
            &config,
            format!(
                "global(workDirectory=\"{}\" localHostname=\"sender\" {global})\nmodule(load=\"imtcp\")\ninput(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\")\n{actions}",
                folder.path().display()
            ),
        )
        .unwrap();
        let child = Command::new(RSYSLOGD)
            .arg("-n")
            .arg("-f")
            .arg(&config)
            .arg("-i")
            .arg(folder.path().join("pid"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            child,
            _folder: folder,
            port,
        }
    }

    async fn connect(&self) -> TcpStream {
        let begin = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => return stream,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "rsyslogd does not listen: {error}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Lines from `number 0` on.
    async fn log(&self, count: usize) {
        let mut stream = self.connect().await;
        for number in 0..count {
            writeln!(stream, "<14>Jan  5 00:00:01 box app[12]: number {number}").unwrap();
        }
        stream.flush().unwrap();
    }
}

#[tokio::test]
async fn rsyslogd_is_understood_and_nothing_is_lost() {
    if is_missing(RSYSLOGD, "rsyslog") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = [
        listener("tcp", "rfc5424"),
        listener("tcp", "rfc5424"),
        listener("udp", "rfc5424"),
        listener("tcp", "rfc3164"),
    ]
    .concat()
    .replacen("by = \"tcp rfc5424\"", "by = \"counted\"", 1);
    let mut source = Source::start("loki.source.syslog", folder.path(), &text);
    let at = addresses(&source, 4).await;
    let forward = |at: SocketAddr, more: &str| {
        format!(
            "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{}\" {more})\n",
            at.port()
        )
    };
    let actions = [
        forward(
            at[0],
            "protocol=\"tcp\" template=\"RSYSLOG_SyslogProtocol23Format\" TCP_Framing=\"octet-counted\"",
        ),
        forward(
            at[1],
            "protocol=\"tcp\" template=\"RSYSLOG_SyslogProtocol23Format\"",
        ),
        forward(
            at[2],
            "protocol=\"udp\" template=\"RSYSLOG_SyslogProtocol23Format\"",
        ),
        forward(
            at[3],
            "protocol=\"tcp\" template=\"RSYSLOG_TraditionalForwardFormat\"",
        ),
    ];
    let rsyslogd = Rsyslogd::start("", &actions.concat());
    let count = 500;
    rsyslogd.log(count).await;
    // TCP: each of them, in order. UDP: what the kernel took, of which there is enough room here.
    let entries = source.entries(4 * count).await;
    for by in ["counted", "tcp rfc5424", "udp rfc5424", "tcp rfc3164"] {
        let lines: Vec<_> = entries
            .iter()
            .filter(|entry| entry.labels.get("by") == Some(by))
            .map(|entry| entry.line.trim().to_owned())
            .collect();
        let expected: Vec<_> = (0..count).map(|number| format!("number {number}")).collect();
        assert_eq!(lines, expected, "{by}");
    }
    drop(rsyslogd);
    source.stop().await;
}

/// Where rsyslogd finds a module of its own.
fn has_module(name: &str) -> bool {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut folders = folders.map(|folder| folder.path().join("rsyslog"));
    folders.any(|folder| folder.join(name).exists())
}

#[tokio::test]
async fn rsyslogd_over_tls_shows_its_certificate_and_is_refused_without() {
    if is_missing(RSYSLOGD, "rsyslog") {
        return;
    }
    if !has_module("lmnsd_ossl.so") {
        eprintln!("skipped: rsyslogd has no TLS (apt-get install rsyslog-openssl)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let authority = Authority::new();
    let ca = keep("ca.pem", authority.certificate.pem());
    let certificate = |name: &str| {
        let (certificate, key) = authority.sign(name);
        (
            keep(&format!("{name}.pem"), certificate.pem()),
            keep(&format!("{name}.key"), key.serialize_pem()),
        )
    };
    let (of_receiver, key_of_receiver) = certificate("receiver");
    let (of_sender, key_of_sender) = certificate("sender");
    let tls = format!(
        "tls_config {{\n ca_file = \"{ca}\"\n cert_file = \"{of_receiver}\"\n key_file = \"{key_of_receiver}\"\n}}\n"
    );
    let text = listener_with("tcp", "rfc5424", &tls);
    let mut source = Source::start("loki.source.syslog", folder.path(), &text);
    let at = addresses(&source, 1).await[0];
    let action = format!(
        "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{}\" protocol=\"tcp\" template=\"RSYSLOG_SyslogProtocol23Format\" TCP_Framing=\"octet-counted\" StreamDriver=\"ossl\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"receiver\")\n",
        at.port()
    );
    let count = 500;
    let trusted = format!("defaultNetstreamDriverCAFile=\"{ca}\"");
    let nobody = Rsyslogd::start(&trusted, &action);
    nobody.log(1).await;
    source.is_silent().await;
    drop(nobody);
    let global = format!(
        "{trusted} defaultNetstreamDriverCertFile=\"{of_sender}\" defaultNetstreamDriverKeyFile=\"{key_of_sender}\""
    );
    let rsyslogd = Rsyslogd::start(&global, &action);
    rsyslogd.log(count).await;
    let lines: Vec<_> = source.entries(count).await;
    let lines: Vec<_> = lines.iter().map(|entry| entry.line.trim()).collect();
    let expected: Vec<_> = (0..count).map(|number| format!("number {number}")).collect();
    assert_eq!(lines, expected);
    drop(rsyslogd);
    source.stop().await;
}
