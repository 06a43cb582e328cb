//! What `loki.source.syslog` is configured with.

use crate::http_client::TlsArguments;
use crate::listeners::tls::{ClientAuth, TlsSettings, Version};
use crate::relabel::Rules;
use crate::signals::{Fanout, LogBatch};
use river_eval::{Checks, Shared};
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments of `loki.source.syslog`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(in crate::loki) struct Arguments {
    /// Where to send entries.
    pub(super) forward_to: Fanout<LogBatch>,
    /// Rules that change the labels of each entry, `__syslog_…` among them, or drop it.
    pub(super) relabel_rules: Option<Shared<Rules>>,
    /// An address to listen on.
    #[river(block, name = "listener")]
    pub(super) listeners: Vec<Listener>,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "syslog format name")]
pub(super) enum Format {
    #[river(name = "rfc5424")]
    Rfc5424,
    #[river(name = "rfc3164")]
    Rfc3164,
    /// A line as it comes, with or without a priority before it.
    #[river(name = "raw")]
    Raw,
}

/// `listener`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Listener {
    /// The `host:port` to listen on.
    pub(super) address: String,
    /// `tcp` or `udp`.
    #[river(default = "tcp".into())]
    pub(super) protocol: String,
    /// How long a TCP connection may be silent.
    #[river(default = Duration::from_secs(120))]
    pub(super) idle_timeout: Duration,
    /// Whether structured data become labels, `__syslog_message_sd_ID_NAME`.
    #[river(default = false)]
    pub(super) label_structured_data: bool,
    /// Labels to add to each entry.
    #[river(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// Whether to keep the message's time; else entries get the time at which they come.
    #[river(default = false)]
    pub(super) use_incoming_timestamp: bool,
    /// Whether the whole message is the entry's line, not only its text.
    #[river(default = false)]
    pub(super) use_rfc5424_message: bool,
    /// Whether the time of an RFC 3164 message, which has no year, is one of this year.
    #[river(default = false)]
    pub(super) rfc3164_default_to_current_year: bool,
    /// Whether RFC 5424 messages without text are kept.
    #[river(default = false)]
    pub(super) rfc5424_allow_empty_msg: bool,
    /// Bytes of a message at the most, where its length is said before it, and of a datagram.
    #[river(default = 8192)]
    pub(super) max_message_length: i64,
    /// How messages are written: `rfc5424`, `rfc3164`, `raw`.
    #[river(default = Format::Rfc5424, experimental = Format::Raw)]
    pub(super) syslog_format: Format,
    /// TLS for TCP connections.
    #[river(block, default)]
    pub(super) tls_config: TlsArguments,
    /// Options of the format `raw`.
    #[river(block)]
    pub(super) raw_format_options: Option<RawOptions>,
    /// Additions of Cisco IOS to RFC 3164.
    #[river(block, experimental)]
    pub(super) rfc3164_cisco_components: Option<Cisco>,
}

/// `raw_format_options`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct RawOptions {
    /// Whether a NUL ends a message, not the end of a line.
    #[river(default = false)]
    pub(super) use_null_terminator_delimiter: bool,
}

/// `rfc3164_cisco_components`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Cisco {
    /// All of them.
    #[river(default = false)]
    pub(super) enable_all: bool,
    /// A counter after the priority.
    #[river(default = false)]
    pub(super) message_counter: bool,
    /// A sequence number after the counter.
    #[river(default = false)]
    pub(super) sequence_number: bool,
    /// A host name before the time.
    #[river(default = false)]
    pub(super) hostname: bool,
    /// Fractions of seconds.
    #[river(default = false)]
    pub(super) second_fractions: bool,
}

impl Listener {
    /// Whether it takes datagrams.
    pub(super) fn is_udp(&self) -> bool {
        self.protocol == "udp"
    }

    /// [`Self::max_message_length`] in bytes.
    pub(super) fn max_bytes(&self) -> usize {
        match usize::try_from(self.max_message_length) {
            Ok(0) | Err(_) => 8192,
            Ok(bytes) => bytes,
        }
    }

    /// The byte that ends a message whose length is not said before it.
    pub(super) fn delimiter(&self) -> u8 {
        let options = self.raw_format_options.as_ref();
        match options.is_some_and(|options| options.use_null_terminator_delimiter) {
            true => 0,
            false => b'\n',
        }
    }

    /// TLS of the server, where a certificate, a key or an authority is given.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn tls(&self) -> Result<Option<TlsSettings>, String> {
        let tls = &self.tls_config;
        let has_key =
            tls.key_pem.as_ref().is_some_and(|key| !key.reveal().is_empty()) || !tls.key_file.is_empty();
        let has_certificate = !tls.cert_pem.is_empty() || !tls.cert_file.is_empty();
        let has_authority = !tls.ca_pem.is_empty() || !tls.ca_file.is_empty();
        if self.is_udp() || !(has_key || has_certificate || has_authority) {
            return Ok(None);
        }
        if !has_key || !has_certificate {
            return Err("certificate and key must be configured".into());
        }
        Ok(Some(TlsSettings {
            cert_pem: tls.cert_pem.clone(),
            cert_file: tls.cert_file.clone(),
            key_pem: tls.key_pem.clone(),
            key_file: tls.key_file.clone(),
            client_ca_pem: tls.ca_pem.clone(),
            client_ca_file: tls.ca_file.clone(),
            client_auth_type: if has_authority {
                ClientAuth::RequireAndVerify
            } else {
                ClientAuth::None
            },
            min_version: match tls.min_version {
                Some(crate::http_client::TlsVersion::Tls13) => Version::Tls13,
                _ => Version::Default,
            },
            ..TlsSettings::default()
        }))
    }
}

/// The host and the port of an address as Go writes it; an empty host is every address of this machine.
pub(super) fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok()?;
    match host.strip_prefix('[') {
        Some(host) => Some((host.strip_suffix(']')?, port)),
        None if host.contains(':') => None,
        None => Some((host, port)),
    }
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.listeners.is_empty() {
        checks.here("missing required block \"listener\"").help =
            Some("say where to listen: listener { address = \"0.0.0.0:1514\" }".into());
    }
    let mut before: Vec<(&str, &str)> = Vec::new();
    for (at, listener) in arguments.listeners.iter().enumerate() {
        check_listener(at, listener, checks);
        let place = (listener.address.as_str(), listener.protocol.as_str());
        if before.contains(&place) && host_and_port(place.0).is_some_and(|(_, port)| port != 0) {
            checks.block_attribute(
                ("listener", at),
                "address",
                format!(
                    "another listener of this component has the {} address {}",
                    place.1, place.0
                ),
            );
        }
        before.push(place);
    }
}

fn check_listener(at: usize, listener: &Listener, checks: &mut Checks<'_, '_>) {
    let place = ("listener", at);
    if !matches!(listener.protocol.as_str(), "tcp" | "udp") {
        checks.block_attribute(
            place,
            "protocol",
            format!(
                "syslog listener protocol should be either 'tcp' or 'udp', got {}",
                listener.protocol
            ),
        );
    }
    if host_and_port(&listener.address).is_none() {
        checks
            .block_attribute(
                place,
                "address",
                format!("{:?} is no host:port", listener.address),
            )
            .help = Some("such as \"0.0.0.0:1514\"; \":1514\" is every address of this machine".into());
    }
    if let Err(reason) = listener.tls() {
        checks.block_attribute(place, "tls_config", reason);
    }
    let name = listener.syslog_format.as_str();
    let mut is_useless = |attribute: &str, is_set: bool, why: String| {
        if is_set {
            checks.block_attribute(place, attribute, format!("{attribute} has no effect when {why}"));
        }
    };
    let format = listener.syslog_format;
    let is_raw = format == Format::Raw;
    let set_to = || format!("syslog format is set to \"{name}\"");
    is_useless(
        "rfc3164_cisco_components",
        listener.rfc3164_cisco_components.is_some() && format != Format::Rfc3164,
        "syslog format is not \"rfc3164\"".into(),
    );
    is_useless(
        "rfc5424_allow_empty_msg",
        listener.rfc5424_allow_empty_msg && format != Format::Rfc5424,
        set_to(),
    );
    is_useless(
        "use_rfc5424_message",
        listener.use_rfc5424_message && is_raw,
        set_to(),
    );
    is_useless(
        "rfc3164_default_to_current_year",
        listener.rfc3164_default_to_current_year && is_raw,
        set_to(),
    );
    is_useless(
        "use_incoming_timestamp",
        listener.use_incoming_timestamp && is_raw,
        set_to(),
    );
    is_useless(
        "raw_format_options",
        listener.raw_format_options.is_some() && !is_raw,
        "syslog format is not \"raw\"".into(),
    );
    if let Some(cisco) = &listener.rfc3164_cisco_components
        && !(cisco.enable_all
            || cisco.message_counter
            || cisco.sequence_number
            || cisco.hostname
            || cisco.second_fractions)
    {
        checks.block_attribute(
            place,
            "rfc3164_cisco_components",
            "at least one option in rfc3164_cisco_components has to be enabled",
        );
    }
}
