//! TLS of whatever listens: settings as a rustls configuration, built again when one of its files changes.
//!
//! The provider of the cryptography (ring) is passed explicitly: a library installs no default.

use parking_lot::Mutex;
use river_eval::Secret;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, NamedGroup, ProtocolVersion, RootCertStore, ServerConfig,
    SignatureScheme,
};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Versions of TLS. Nothing below 1.2 is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, river_eval::TextEnum)]
#[river(text = "TLS version")]
#[expect(missing_docs, reason = "the names are the reference's")]
pub enum Version {
    #[default]
    #[river(name = "")]
    Default,
    #[river(name = "TLS10")]
    Tls10,
    #[river(name = "TLS11")]
    Tls11,
    #[river(name = "TLS12")]
    Tls12,
    #[river(name = "TLS13")]
    Tls13,
}

/// What is asked of a client's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "TLS client auth type")]
pub enum ClientAuth {
    /// Nothing: none is asked for.
    #[default]
    #[river(name = "NoClientCert")]
    None,
    /// It is asked for, and neither needed nor checked.
    #[river(name = "RequestClientCert")]
    Request,
    /// It is needed, and not checked.
    #[river(name = "RequireAnyClientCert")]
    RequireAny,
    /// It is not needed; one that is given has to be right.
    #[river(name = "VerifyClientCertIfGiven")]
    VerifyIfGiven,
    /// It is needed and has to be right.
    #[river(name = "RequireAndVerifyClientCert")]
    RequireAndVerify,
}

/// Curves of the key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "TLS curve name")]
#[expect(missing_docs, reason = "the names are the reference's")]
pub enum Curve {
    #[river(name = "CurveP256")]
    P256,
    #[river(name = "CurveP384")]
    P384,
    #[river(name = "CurveP521")]
    P521,
    #[river(name = "X25519")]
    X25519,
}

/// A server's TLS settings. Of a text and a file for the same thing the text counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TlsSettings {
    /// PEM of the server's certificate and of those above it.
    pub cert_pem: String,
    /// File with it; read again when it changes.
    pub cert_file: String,
    /// PEM of the server's key.
    pub key_pem: Option<Secret>,
    /// File with it; read again when it changes.
    pub key_file: String,
    /// PEM of the authorities that clients' certificates are checked with; without, the system's.
    pub client_ca_pem: String,
    /// File with them; read again when it changes.
    pub client_ca_file: String,
    /// What is asked of clients' certificates.
    pub client_auth_type: ClientAuth,
    /// Go's names of the suites of TLS 1.2 that are offered, all if empty; those of TLS 1.3 always are.
    pub cipher_suites: Vec<String>,
    /// Curves of the key exchange, the preferred first; all if empty.
    pub curve_preferences: Vec<Curve>,
    /// Least version.
    pub min_version: Version,
    /// Greatest version.
    pub max_version: Version,
    /// The protocols that are offered to clients by name (ALPN), the preferred first; none if empty.
    pub protocols: &'static [&'static str],
}

/// Files are looked at this often at the most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Bytes of a certificate or key file at the most.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// What tells one state of the files from another.
type Stamps = Vec<Option<(Option<SystemTime>, u64)>>;

/// A server's TLS.
pub struct ServerTls {
    /// Whose it is, for the log: `the HTTP server`, `loki.source.api.in`.
    owner: String,
    settings: TlsSettings,
    state: Mutex<State>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerTls({})", self.owner)
    }
}

struct State {
    looked: Instant,
    stamps: Stamps,
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// Reads the certificates.
    ///
    /// # Errors
    /// The setting that it is about, and what is wrong.
    pub fn new(owner: &str, settings: &TlsSettings) -> Result<Self, (&'static str, String)> {
        let stamps = stamps(settings);
        Ok(Self {
            state: Mutex::new(State {
                looked: Instant::now(),
                stamps,
                config: Arc::new(configuration(settings)?),
            }),
            settings: settings.clone(),
            owner: owner.into(),
        })
    }

    /// The configuration for the next connection. Files that cannot be used leave the last good one in force.
    pub fn current(&self) -> Arc<ServerConfig> {
        let mut state = self.state.lock();
        if state.looked.elapsed() >= LOOK_EVERY {
            state.looked = Instant::now();
            let stamps = stamps(&self.settings);
            if stamps != state.stamps {
                // Told once for each change.
                state.stamps = stamps;
                match configuration(&self.settings) {
                    Ok(config) => {
                        state.config = Arc::new(config);
                        tracing::info!("{}'s certificates have changed and are in use", self.owner);
                    }
                    Err((attribute, reason)) => tracing::error!(
                        "{}'s changed certificates cannot be used, it goes on with the old ones: {attribute}: {reason}",
                        self.owner
                    ),
                }
            }
        }
        state.config.clone()
    }
}

fn stamps(settings: &TlsSettings) -> Stamps {
    [&settings.cert_file, &settings.key_file, &settings.client_ca_file]
        .into_iter()
        .filter(|path| !path.is_empty())
        .map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok(), metadata.len()))
        })
        .collect()
}

/// The text that is given, or the file's.
fn text(
    pem: &str,
    names: (&'static str, &'static str),
    file: &str,
) -> Result<(&'static str, Vec<u8>), (&'static str, String)> {
    if !pem.is_empty() {
        return Ok((names.0, pem.as_bytes().to_vec()));
    }
    let name = names.1;
    let cannot = |error: std::io::Error| (name, format!("cannot read {file}: {error}"));
    let length = std::fs::metadata(Path::new(file)).map_err(cannot)?.len();
    if length > MAX_FILE_BYTES {
        return Err((name, format!("{file} is larger than {MAX_FILE_BYTES} bytes")));
    }
    std::fs::read(file).map(|bytes| (name, bytes)).map_err(cannot)
}

fn certificates(
    (attribute, pem): (&'static str, Vec<u8>),
) -> Result<Vec<CertificateDer<'static>>, (&'static str, String)> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| (attribute, format!("not valid PEM: {error}")))?;
    if all.is_empty() {
        return Err((attribute, "holds no certificate".to_owned()));
    }
    Ok(all)
}

fn configuration(tls: &TlsSettings) -> Result<ServerConfig, (&'static str, String)> {
    let chain = certificates(text(&tls.cert_pem, ("cert_pem", "cert_file"), &tls.cert_file)?)?;
    let key_pem = tls.key_pem.as_ref().map_or("", |key| key.reveal());
    let (key_name, key) = text(key_pem, ("key_pem", "key_file"), &tls.key_file)?;
    // The error of a key is not shown: it might quote it.
    let key =
        PrivateKeyDer::from_pem_slice(&key).map_err(|_| (key_name, "not a private key in PEM".to_owned()))?;
    let provider = Arc::new(provider(tls)?);
    let versions = versions(tls);
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions)
        .map_err(|error| {
            (
                "cipher_suites",
                format!("the settings do not fit one another: {error}"),
            )
        })?;
    let builder = match client_verifier(tls, provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| (key_name, format!("does not fit the certificate: {error}")))?;
    config.alpn_protocols = tls
        .protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Ok(config)
}

fn versions(tls: &TlsSettings) -> Vec<&'static rustls::SupportedProtocolVersion> {
    let mut versions = Vec::new();
    if tls.max_version != Version::Tls12 {
        versions.push(&rustls::version::TLS13);
    }
    if tls.min_version != Version::Tls13 {
        versions.push(&rustls::version::TLS12);
    }
    versions
}

/// Go's names of the suites of TLS 1.2 that it offers and this agent does not: without forward secrecy, or with CBC.
const NOT_OFFERED: [&str; 8] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
];

/// A suite's name as Go spells it.
fn go_name(suite: rustls::SupportedCipherSuite) -> String {
    // Go leaves the version out of the names of TLS 1.3.
    format!("{:?}", suite.suite()).replace("TLS13_", "TLS_")
}

/// What a configuration asks for and does not get, for a warning.
pub fn left_out(tls: &TlsSettings) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if matches!(tls.min_version, Version::Tls10 | Version::Tls11) {
        found.push(("min_version", "TLS 1.2 is the least that is spoken".to_owned()));
    }
    for name in &tls.cipher_suites {
        if NOT_OFFERED.contains(&name.as_str()) {
            found.push((
                "cipher_suites",
                format!("{name} has known weaknesses and is not offered"),
            ));
        }
    }
    if tls.curve_preferences.contains(&Curve::P521) {
        found.push(("curve_preferences", "CurveP521 is not offered".to_owned()));
    }
    found
}

/// The cryptography with the suites and curves that are asked for.
fn provider(tls: &TlsSettings) -> Result<CryptoProvider, (&'static str, String)> {
    let mut provider = rustls::crypto::ring::default_provider();
    if !tls.cipher_suites.is_empty() {
        for name in &tls.cipher_suites {
            let known = NOT_OFFERED.contains(&name.as_str())
                || provider
                    .cipher_suites
                    .iter()
                    .any(|suite| go_name(*suite) == *name);
            if !known {
                return Err(("cipher_suites", format!("unknown cipher {name:?}")));
            }
        }
        provider.cipher_suites.retain(|suite| {
            suite.version().version == ProtocolVersion::TLSv1_3
                || tls.cipher_suites.contains(&go_name(*suite))
        });
    }
    let group = |curve: &Curve| match curve {
        Curve::P256 => Some(NamedGroup::secp256r1),
        Curve::P384 => Some(NamedGroup::secp384r1),
        Curve::P521 => None,
        Curve::X25519 => Some(NamedGroup::X25519),
    };
    if !tls.curve_preferences.is_empty() {
        let known = provider.kx_groups.clone();
        let wanted = tls.curve_preferences.iter().filter_map(group);
        provider.kx_groups = wanted
            .filter_map(|group| known.iter().find(|known| known.name() == group).copied())
            .collect();
        if provider.kx_groups.is_empty() {
            return Err((
                "curve_preferences",
                "none of these curves is offered; add X25519".to_owned(),
            ));
        }
    }
    Ok(provider)
}

fn client_verifier(
    tls: &TlsSettings,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, (&'static str, String)> {
    let mandatory = match tls.client_auth_type {
        ClientAuth::None => return Ok(None),
        ClientAuth::Request | ClientAuth::RequireAny => {
            return Ok(Some(Arc::new(AcceptAny {
                mandatory: tls.client_auth_type == ClientAuth::RequireAny,
                provider,
            })));
        }
        ClientAuth::VerifyIfGiven => false,
        ClientAuth::RequireAndVerify => true,
    };
    let mut roots = RootCertStore::empty();
    let mut about = "client_auth_type";
    if tls.client_ca_pem.is_empty() && tls.client_ca_file.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
    } else {
        let found = text(
            &tls.client_ca_pem,
            ("client_ca_pem", "client_ca_file"),
            &tls.client_ca_file,
        )?;
        about = found.0;
        for certificate in certificates(found)? {
            roots
                .add(certificate)
                .map_err(|error| (about, format!("holds no authority's certificate: {error}")))?;
        }
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if !mandatory {
        builder = builder.allow_unauthenticated();
    }
    let verifier = builder
        .build()
        .map_err(|error| (about, format!("clients' certificates cannot be checked: {error}")))?;
    Ok(Some(verifier))
}

/// Any certificate will do, where the client holds its key.
#[derive(Debug)]
struct AcceptAny {
    mandatory: bool,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AcceptAny {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
