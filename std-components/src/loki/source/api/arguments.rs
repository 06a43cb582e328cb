//! The arguments of `loki.source.api`.

use crate::listeners::tls::{ClientAuth, TlsSettings, Version};
use crate::relabel::Rules;
use crate::signals::{Fanout, LogBatch};
use river_eval::{ByteSize, Checks, Shared};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `loki.source.api`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// How long requests that are under way may take to end at a stop.
    #[river(default = Duration::from_secs(30))]
    pub(super) graceful_shutdown_timeout: Duration,
    /// Where to send entries.
    pub(super) forward_to: Fanout<LogBatch>,
    /// Labels to add to each entry.
    #[river(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// Rules that change the labels of each entry.
    pub(super) relabel_rules: Option<Shared<Rules>>,
    /// Whether to keep the time that the sender gives; else entries get the time at which they come.
    #[river(default = false)]
    pub(super) use_incoming_timestamp: bool,
    /// Bytes of a request at the most, also unpacked.
    #[river(default = ByteSize(100 * 1024 * 1024))]
    pub(super) max_send_message_size: ByteSize,
    /// The HTTP server.
    #[river(block, default)]
    pub(super) http: HttpArguments,
    /// The gRPC server of the reference, which serves nothing there either.
    #[river(block)]
    pub(super) grpc: Option<GrpcArguments>,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.max_send_message_size.0 == 0 {
        checks.attribute(
            "max_send_message_size",
            "max_send_message_size must be greater than 0",
        );
    }
    if !(0..=65_535).contains(&arguments.http.listen_port) {
        checks.block_attribute(("http", 0), "listen_port", "a port is a number from 0 to 65535");
    }
    if let Some(Err((attribute, reason))) = arguments.http.tls.as_ref().map(ServerTls::check) {
        checks.block_attribute(("http", 0), "tls", format!("{attribute}: {reason}"));
    }
}

impl Arguments {
    /// Settings that are written and change nothing here: the server has none for them.
    pub(super) fn without_effect(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if let Some(http2) = &self.http.http2 {
            let settings = [
                // Go's server reads it and does nothing either.
                (http2.max_handlers != 0, "http.http2.max_handlers"),
                (
                    http2.max_decoder_header_table_size != TABLE_SIZE,
                    "http.http2.max_decoder_header_table_size",
                ),
                (
                    http2.max_encoder_header_table_size != TABLE_SIZE,
                    "http.http2.max_encoder_header_table_size",
                ),
                (
                    http2.permit_prohibited_ciphers,
                    "http.http2.permit_prohibited_ciphers",
                ),
                (!http2.idle_timeout.is_zero(), "http.http2.idle_timeout"),
                (
                    !http2.write_byte_timeout.is_zero(),
                    "http.http2.write_byte_timeout",
                ),
            ];
            names.extend(
                settings
                    .into_iter()
                    .filter(|(is_set, _)| *is_set)
                    .map(|(_, name)| name),
            );
        }
        names.extend(self.grpc.as_ref().map(|_| "grpc"));
        names
    }
}

/// Bytes of HTTP/2's tables of headers (RFC 9113, 6.5.2).
const TABLE_SIZE: u32 = 4_096;

/// The `http` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct HttpArguments {
    /// The address to listen on; all addresses if it is empty.
    #[river(default)]
    pub(super) listen_address: String,
    /// The port to listen on; 0 for any that is free.
    #[river(default = 8080)]
    pub(super) listen_port: i64,
    /// Connections at the same time at the most; 0 for 512.
    #[river(default = 0)]
    pub(super) conn_limit: i64,
    /// How long a request may take to come.
    #[river(default = Duration::from_secs(30))]
    pub(super) server_read_timeout: Duration,
    /// How long the receivers may take to take a request's entries for good; then the answer is 503, and the sender has to send them again.
    #[river(default = Duration::from_secs(30))]
    pub(super) server_write_timeout: Duration,
    /// How long a connection may be kept without a request.
    #[river(default = Duration::from_secs(120))]
    pub(super) server_idle_timeout: Duration,
    /// TLS of the server.
    #[river(block)]
    pub(super) tls: Option<ServerTls>,
    /// HTTP/2 of the server; HTTP/1.1 is spoken in any case.
    #[river(block)]
    pub(super) http2: Option<Http2Arguments>,
}

/// The `tls` block of a server.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct ServerTls {
    /// PEM data of the server's certificate.
    #[river(default)]
    cert_pem: String,
    /// PEM data of the server's key.
    key_pem: Option<river_eval::Secret>,
    /// File with the server's certificate; read again when it changes.
    #[river(default)]
    cert_file: String,
    /// File with the server's key; read again when it changes.
    #[river(default)]
    key_file: String,
    /// What is asked of clients' certificates: `NoClientCert` (as empty), `RequestClientCert`, `RequireClientCert` or `RequireAnyClientCert`,
    /// `VerifyClientCertIfGiven`, `RequireAndVerifyClientCert`.
    #[river(default)]
    client_auth_type: String,
    /// File with the authorities that clients' certificates are checked with; read again when it changes.
    #[river(default)]
    client_ca_file: String,
    /// PEM data of the authorities that clients' certificates are checked with.
    #[river(default)]
    client_ca: String,
    /// Names of the cipher suites of TLS 1.2 that are offered, with commas between them; those of TLS 1.3 always are.
    #[river(default)]
    cipher_suites: String,
    /// Least version: `VersionTLS10` to `VersionTLS13`; nothing below 1.2 is spoken.
    #[river(default)]
    min_version: String,
}

/// Why a setting will not do, after its name.
type Wrong = (&'static str, String);

impl ServerTls {
    /// What can be seen without reading files.
    fn check(&self) -> Result<(), Wrong> {
        let has_key_pem = self.key_pem.as_ref().is_some_and(|key| !key.reveal().is_empty());
        let is_twice = |text: bool, file: &str| text && !file.is_empty();
        if is_twice(!self.cert_pem.is_empty(), &self.cert_file) {
            return Err(("cert_file", "cannot specify both cert_pem and cert_file".into()));
        }
        if is_twice(has_key_pem, &self.key_file) {
            return Err(("key_file", "cannot specify both key_pem and key_file".into()));
        }
        if is_twice(!self.client_ca.is_empty(), &self.client_ca_file) {
            return Err((
                "client_ca_file",
                "cannot specify both client_ca and client_ca_file".into(),
            ));
        }
        if self.cert_pem.is_empty() && self.cert_file.is_empty() {
            return Err(("cert_file", "missing one of cert_pem or cert_file".into()));
        }
        if !has_key_pem && self.key_file.is_empty() {
            return Err(("key_file", "missing one of key_pem or key_file".into()));
        }
        let settings = self.settings(false)?;
        let has_authorities = !self.client_ca.is_empty() || !self.client_ca_file.is_empty();
        match settings.client_auth_type {
            ClientAuth::None if has_authorities => Err((
                "client_auth_type",
                "client CAs are given and clients are not asked for certificates; set \"RequireAndVerifyClientCert\"".into(),
            )),
            _ => Ok(()),
        }
    }

    /// The settings of the room that serves TLS.
    pub(super) fn settings(&self, http2: bool) -> Result<TlsSettings, Wrong> {
        let client_auth_type = match self.client_auth_type.as_str() {
            "" | "NoClientCert" => ClientAuth::None,
            "RequestClientCert" => ClientAuth::Request,
            "RequireClientCert" | "RequireAnyClientCert" => ClientAuth::RequireAny,
            "VerifyClientCertIfGiven" => ClientAuth::VerifyIfGiven,
            "RequireAndVerifyClientCert" => ClientAuth::RequireAndVerify,
            other => return Err(("client_auth_type", format!("unknown client auth type {other:?}"))),
        };
        let min_version = match self.min_version.as_str() {
            "" => Version::Default,
            "VersionTLS10" => Version::Tls10,
            "VersionTLS11" => Version::Tls11,
            "VersionTLS12" => Version::Tls12,
            "VersionTLS13" => Version::Tls13,
            other => {
                return Err((
                    "min_version",
                    format!("unknown TLS version {other:?}; write \"VersionTLS12\" or \"VersionTLS13\""),
                ));
            }
        };
        let suites = self.cipher_suites.split(',').map(str::trim);
        Ok(TlsSettings {
            cert_pem: self.cert_pem.clone(),
            cert_file: self.cert_file.clone(),
            key_pem: self.key_pem.clone(),
            key_file: self.key_file.clone(),
            client_ca_pem: self.client_ca.clone(),
            client_ca_file: self.client_ca_file.clone(),
            client_auth_type,
            cipher_suites: suites.filter(|name| !name.is_empty()).map(Into::into).collect(),
            curve_preferences: Vec::new(),
            min_version,
            max_version: Version::Default,
            protocols: if http2 { &["h2", "http/1.1"] } else { &["http/1.1"] },
        })
    }
}

/// The `http2` block. What the server here has no setting for changes nothing and is told ([`Arguments::without_effect`]).
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Http2Arguments {
    /// Whether to speak HTTP/2.
    #[river(default = false)]
    pub(super) enabled: bool,
    /// Handlers at the same time at the most; no effect, nor in the reference.
    #[river(default = 0)]
    max_handlers: i64,
    /// Streams of a connection at the most.
    #[river(default = 100)]
    pub(super) max_concurrent_streams: u32,
    /// Bytes of the decoder's table of headers; no effect.
    #[river(default = TABLE_SIZE)]
    max_decoder_header_table_size: u32,
    /// Bytes of the encoder's table of headers; no effect.
    #[river(default = TABLE_SIZE)]
    max_encoder_header_table_size: u32,
    /// Bytes of a frame at the most.
    #[river(default = 0)]
    pub(super) max_read_frame_size: u32,
    /// Whether prohibited ciphers are allowed; no effect, as none is spoken.
    #[river(default = false)]
    permit_prohibited_ciphers: bool,
    /// How long a connection may be idle; no effect.
    #[river(default = Duration::ZERO)]
    idle_timeout: Duration,
    /// How long nothing may be read until a ping is sent.
    #[river(default = Duration::ZERO)]
    pub(super) read_idle_timeout: Duration,
    /// How long a ping's answer may take.
    #[river(default = Duration::from_secs(15))]
    pub(super) ping_timeout: Duration,
    /// How long nothing may be written; no effect.
    #[river(default = Duration::ZERO)]
    write_byte_timeout: Duration,
    /// Bytes of a connection's window.
    #[river(default = 0)]
    pub(super) max_upload_buffer_per_connection: i32,
    /// Bytes of a stream's window.
    #[river(default = 0)]
    pub(super) max_upload_buffer_per_stream: i32,
}

/// Go's longest duration, as which the reference writes "for ever".
const FOR_EVER: Duration = Duration::from_nanos(i64::MAX as u64);

/// The `grpc` block. It is read and changes nothing.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct GrpcArguments {
    /// The address to listen on.
    #[river(default)]
    listen_address: String,
    /// The port to listen on.
    #[river(default = 0)]
    listen_port: i64,
    /// Connections at the same time at the most.
    #[river(default = 0)]
    conn_limit: i64,
    /// How long a connection may last.
    #[river(default = FOR_EVER)]
    max_connection_age: Duration,
    /// How long calls under way may go on after that.
    #[river(default = FOR_EVER)]
    max_connection_age_grace: Duration,
    /// How long a connection may be idle.
    #[river(default = FOR_EVER)]
    max_connection_idle: Duration,
    /// Bytes of a message that comes at the most.
    #[river(default = 4_194_304)]
    server_max_recv_msg_size: i64,
    /// Bytes of a message that goes at the most.
    #[river(default = 4_194_304)]
    server_max_send_msg_size: i64,
    /// Calls of a connection at the same time at the most.
    #[river(default = 100)]
    server_max_concurrent_streams: u64,
    /// TLS of the server.
    #[river(block)]
    tls: Option<ServerTls>,
}
