//! The server's TLS, of the settings of the `http` block.

use super::arguments::TlsArguments;
pub(super) use std_components::listeners::tls::ServerTls;
use std_components::listeners::tls::{self, TlsSettings};

/// Reads the certificates.
///
/// # Errors
/// The attribute that it is about, and what is wrong.
pub(super) fn server(arguments: &TlsArguments) -> Result<ServerTls, (&'static str, String)> {
    ServerTls::new("the HTTP server", &settings(arguments))
}

/// What a configuration asks for and does not get, for a warning.
pub(super) fn left_out(arguments: &TlsArguments) -> Vec<(&'static str, String)> {
    tls::left_out(&settings(arguments))
}

fn settings(arguments: &TlsArguments) -> TlsSettings {
    TlsSettings {
        cert_pem: arguments.cert_pem.clone(),
        cert_file: arguments.cert_file.clone(),
        key_pem: arguments.key_pem.clone(),
        key_file: arguments.key_file.clone(),
        client_ca_pem: arguments.client_ca_pem.clone(),
        client_ca_file: arguments.client_ca_file.clone(),
        client_auth_type: arguments.client_auth_type,
        cipher_suites: arguments.cipher_suites.clone(),
        curve_preferences: arguments.curve_preferences.clone(),
        min_version: arguments.min_version,
        max_version: arguments.max_version,
        protocols: &["http/1.1"],
    }
}
