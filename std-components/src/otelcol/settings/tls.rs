//! The `tls` block of a client.

use crate::http_client::{TlsArguments, TlsVersion};
use river_eval::{Checks, Secret};
use std::time::Duration;

/// The `tls` block.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(crate) struct ClientTls {
    /// CA PEM-encoded text to validate the server with.
    #[river(default)]
    pub(crate) ca_pem: String,
    /// Path to the CA file; read again when it changes.
    #[river(default)]
    pub(crate) ca_file: String,
    /// Certificate PEM-encoded text for client authentication.
    #[river(default)]
    pub(crate) cert_pem: String,
    /// Path to the TLS certificate; read again when it changes.
    #[river(default)]
    pub(crate) cert_file: String,
    /// Key PEM-encoded text for client authentication.
    pub(crate) key_pem: Option<Secret>,
    /// Path to the TLS certificate key; read again when it changes.
    #[river(default)]
    pub(crate) key_file: String,
    /// Minimum acceptable TLS version for connections: `1.2` or `1.3`. What is below 1.2 means 1.2.
    #[river(default)]
    pub(crate) min_version: String,
    /// Maximum acceptable TLS version for connections: `1.3` or none.
    #[river(default)]
    pub(crate) max_version: String,
    /// Accepted; files are read again when they change.
    #[river(default)]
    pub(crate) reload_interval: Duration,
    /// A list of TLS cipher suites that the TLS transport can use; only the default is supported.
    #[river(default)]
    pub(crate) cipher_suites: Vec<String>,
    /// Whether to load the system certificate authorities pool alongside the certificate authority; not supported.
    #[river(default = false)]
    pub(crate) include_system_ca_certs_pool: bool,
    /// Set of elliptic curves to use in a handshake; only the default is supported.
    #[river(default)]
    pub(crate) curve_preferences: Vec<String>,
    /// Disables TLS when connecting to the configured server.
    #[river(default = false)]
    pub(crate) insecure: bool,
    /// Ignores insecure server TLS certificates.
    #[river(default = false)]
    pub(crate) insecure_skip_verify: bool,
    /// Verifies the hostname of server certificates when set.
    #[river(default)]
    pub(crate) server_name: String,
    /// A key in a TPM; not supported.
    #[river(block)]
    pub(crate) tpm: Option<Tpm>,
}

/// The `tpm` block.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
pub(crate) struct Tpm {
    /// Loads the key from a TPM; not supported.
    #[river(default = false)]
    pub(crate) enabled: bool,
    /// Path to the TPM device or Unix domain socket.
    #[river(default)]
    pub(crate) path: String,
    /// The owner's authorization value.
    #[river(default)]
    pub(crate) owner_auth: String,
    /// The authorization value.
    #[river(default)]
    pub(crate) auth: String,
}

impl ClientTls {
    /// As the room for HTTP clients takes them.
    pub(crate) fn arguments(&self) -> TlsArguments {
        TlsArguments {
            ca_pem: self.ca_pem.clone(),
            ca_file: self.ca_file.clone(),
            cert_pem: self.cert_pem.clone(),
            cert_file: self.cert_file.clone(),
            key_pem: self.key_pem.clone(),
            key_file: self.key_file.clone(),
            server_name: self.server_name.clone(),
            insecure_skip_verify: self.insecure_skip_verify,
            min_version: match self.min_version.as_str() {
                "1.3" => Some(TlsVersion::Tls13),
                "" => None,
                _ => Some(TlsVersion::Tls12),
            },
        }
    }
}

fn check(tls: &ClientTls, checks: &mut Checks<'_, '_>) {
    let key_pem = tls.key_pem.as_ref().is_some_and(|key| !key.reveal().is_empty());
    if !tls.ca_pem.is_empty() && !tls.ca_file.is_empty() {
        checks.attribute(
            "ca_file",
            "provide either a CA file or the PEM-encoded string, but not both",
        );
    }
    if !tls.cert_pem.is_empty() && !tls.cert_file.is_empty() {
        checks.attribute(
            "cert_file",
            "for auth via TLS, provide either a certificate or the PEM-encoded string, but not both",
        );
    }
    if key_pem && !tls.key_file.is_empty() {
        checks.attribute(
            "key_file",
            "for auth via TLS, provide either a key or the PEM-encoded string, but not both",
        );
    }
    let certificate = !tls.cert_pem.is_empty() || !tls.cert_file.is_empty();
    if certificate != (key_pem || !tls.key_file.is_empty()) {
        checks.here("for auth via TLS, provide both certificate and key, or neither");
    }
    if !["", "1.0", "1.1", "1.2", "1.3"].contains(&tls.min_version.as_str()) {
        let message = format!(
            "invalid TLS min_version: unsupported TLS version: {:?}",
            tls.min_version
        );
        checks.attribute("min_version", message).help = Some("write 1.2 or 1.3".into());
    }
    if !["", "1.3"].contains(&tls.max_version.as_str()) {
        let message = format!("max_version {:?} is not supported", tls.max_version);
        checks.attribute("max_version", message).help =
            Some("leave it out: the best version that both sides have is spoken".into());
    }
    let defaults = "only the default is supported";
    if !tls.cipher_suites.is_empty() {
        checks.attribute("cipher_suites", defaults).help =
            Some("leave it out: rustls' suites are all in good standing".into());
    }
    if !tls.curve_preferences.is_empty() {
        checks.attribute("curve_preferences", defaults).help = Some("leave it out".into());
    }
    if tls.include_system_ca_certs_pool && (!tls.ca_pem.is_empty() || !tls.ca_file.is_empty()) {
        checks
            .attribute(
                "include_system_ca_certs_pool",
                "the system's roots cannot be used next to a CA of one's own",
            )
            .help = Some("add the system's roots to the CA file, or leave the CA out".into());
    }
    if tls.tpm.as_ref().is_some_and(|tpm| tpm.enabled) {
        checks.block("tpm", 0, "keys in a TPM are not supported").help =
            Some("give the key in key_file or key_pem".into());
    }
}
