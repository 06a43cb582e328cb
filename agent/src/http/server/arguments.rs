//! The arguments of the `http` block, as in the reference.

use river_eval::{Checks, Secret};
use std::time::Duration;
pub(super) use std_components::listeners::tls::{ClientAuth, Curve, Version};

/// The `http` block.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
pub(super) struct Arguments {
    /// Who may ask.
    #[river(block)]
    pub(super) auth: Option<AuthArguments>,
    /// TLS settings; without the block, the server speaks plain HTTP.
    #[river(block)]
    pub(super) tls: Option<TlsArguments>,
}

/// Who may ask.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct AuthArguments {
    /// A name and a password.
    #[river(block)]
    pub(super) basic: Option<Basic>,
    /// For which paths; without the block, for all.
    #[river(block)]
    pub(super) filter: Option<Filter>,
}

/// A name and a password.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Basic {
    /// The name.
    pub(super) username: String,
    /// The password.
    pub(super) password: Secret,
}

/// For which paths the name and the password are asked.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct Filter {
    /// Beginnings of paths.
    #[river(default)]
    pub(super) paths: Vec<String>,
    /// Whether they are asked for the paths that begin so, or for all others.
    #[river(default = true)]
    pub(super) authenticate_matching_paths: bool,
}

/// TLS settings.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check_tls)]
pub(super) struct TlsArguments {
    /// PEM data of the server's certificate.
    #[river(default)]
    pub(super) cert_pem: String,
    /// File with the server's certificate; read again when it changes.
    #[river(default)]
    pub(super) cert_file: String,
    /// PEM data of the server's key.
    pub(super) key_pem: Option<Secret>,
    /// File with the server's key; read again when it changes.
    #[river(default)]
    pub(super) key_file: String,
    /// PEM data of the authorities that clients' certificates are checked with; without, the system's.
    #[river(default)]
    pub(super) client_ca_pem: String,
    /// File with the authorities that clients' certificates are checked with; read again when it changes.
    #[river(default)]
    pub(super) client_ca_file: String,
    /// What is asked of clients' certificates.
    #[river(default = ClientAuth::None)]
    pub(super) client_auth_type: ClientAuth,
    /// Names of the cipher suites of TLS 1.2 that are offered; those of TLS 1.3 always are.
    #[river(default)]
    pub(super) cipher_suites: Vec<String>,
    /// Curves of the key exchange, the preferred first.
    #[river(default)]
    pub(super) curve_preferences: Vec<Curve>,
    /// Least version.
    #[river(default = Version::Default)]
    pub(super) min_version: Version,
    /// Greatest version.
    #[river(default = Version::Default)]
    pub(super) max_version: Version,
    /// Certificates out of Windows' store.
    #[river(block)]
    pub(super) windows_certificate_filter: Option<WindowsFilter>,
}

/// Certificates out of Windows' store.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct WindowsFilter {
    /// The server's.
    #[river(block)]
    pub(super) server: WindowsServer,
    /// The clients'.
    #[river(block)]
    pub(super) client: WindowsClient,
}

/// The server's certificate in Windows' store.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct WindowsServer {
    /// Name of the store.
    #[river(default)]
    pub(super) store: String,
    /// Name of the system store.
    #[river(default)]
    pub(super) system_store: String,
    /// Names of issuers.
    #[river(default)]
    pub(super) issuer_common_names: Vec<String>,
    /// Id of the template.
    #[river(default)]
    pub(super) template_id: String,
    /// How often the store is looked at.
    #[river(default = Duration::from_secs(300))]
    pub(super) refresh_interval: Duration,
}

/// The clients' certificates in Windows' store.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(super) struct WindowsClient {
    /// Names of issuers.
    #[river(default)]
    pub(super) issuer_common_names: Vec<String>,
    /// What the subject has to match.
    #[river(default)]
    pub(super) subject_regex: String,
    /// Id of the template.
    #[river(default)]
    pub(super) template_id: String,
}

fn check_tls(tls: &TlsArguments, checks: &mut Checks<'_, '_>) {
    if tls.windows_certificate_filter.is_some() {
        checks
            .block(
                "windows_certificate_filter",
                0,
                "windows_certificate_filter needs Windows' certificate store",
            )
            .help = Some("set cert_file and key_file".into());
        return;
    }
    let key_pem = tls.key_pem.as_ref().is_some_and(|key| !key.reveal().is_empty());
    let authority = !tls.client_ca_pem.is_empty() || !tls.client_ca_file.is_empty();
    if !tls.client_ca_pem.is_empty() && !tls.client_ca_file.is_empty() {
        checks.attribute(
            "client_ca_file",
            "cannot specify both client_ca_pem and client_ca_file",
        );
    }
    if !tls.cert_pem.is_empty() && !tls.cert_file.is_empty() {
        checks.attribute("cert_file", "cannot specify both cert_pem and cert_file");
    }
    if key_pem && !tls.key_file.is_empty() {
        checks.attribute("key_file", "cannot specify both key_pem and key_file");
    }
    if tls.cert_pem.is_empty() && tls.cert_file.is_empty() {
        checks.here("must specify either cert_pem or cert_file");
    }
    if !key_pem && tls.key_file.is_empty() {
        checks.here("must specify either key_pem or key_file");
    }
    if authority && tls.client_auth_type == ClientAuth::None {
        let attribute = if tls.client_ca_pem.is_empty() {
            "client_ca_file"
        } else {
            "client_ca_pem"
        };
        checks
            .attribute(
                attribute,
                "cannot specify client_ca_pem or client_ca_file when client_auth_type is NoClientCert",
            )
            .help = Some("set client_auth_type = \"RequireAndVerifyClientCert\"".into());
    }
    if matches!(tls.max_version, Version::Tls10 | Version::Tls11) {
        checks.attribute(
            "max_version",
            "TLS below 1.2 is broken and not spoken: nobody could connect",
        );
    } else if tls.max_version != Version::Default && tls.min_version > tls.max_version {
        checks.attribute(
            "max_version",
            "max_version is below min_version: nobody could connect",
        );
    }
}
