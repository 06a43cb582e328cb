//! TLS settings as a rustls configuration. The provider of the cryptography (ring) is passed explicitly: a library installs no default.

use super::arguments::{TlsArguments, TlsVersion};
use super::{HttpError, files};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

/// The system's roots: loaded at the first handshake that needs them, shared by all clients of the process.
static NATIVE: LazyLock<Arc<NativeRoots>> = LazyLock::new(|| Arc::new(NativeRoots(OnceLock::new())));

/// The files that a configuration stands on: a change of one means another configuration.
pub(crate) fn files_of(tls: &TlsArguments) -> Vec<PathBuf> {
    [&tls.ca_file, &tls.cert_file, &tls.key_file]
        .into_iter()
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect()
}

fn text(pem: &str, file: &str) -> Result<Option<String>, HttpError> {
    match (pem.is_empty(), file.is_empty()) {
        (false, _) => Ok(Some(pem.into())),
        (true, false) => files::read(Path::new(file)).map(Some),
        (true, true) => Ok(None),
    }
}

fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| HttpError::File(format!("{what} is not valid PEM: {error}")))?;
    if all.is_empty() {
        return Err(HttpError::File(format!("{what} holds no certificate")));
    }
    Ok(all)
}

/// Builds the configuration; reads its files.
pub(crate) fn configuration(tls: Option<&TlsArguments>, http2: bool) -> Result<ClientConfig, HttpError> {
    let default = TlsArguments::default();
    let tls = tls.unwrap_or(&default);
    let versions: &[_] = match tls.min_version {
        Some(TlsVersion::Tls13) => &[&rustls::version::TLS13],
        _ => &[&rustls::version::TLS13, &rustls::version::TLS12],
    };
    let invalid = |error: rustls::Error| HttpError::File(format!("TLS settings do not fit: {error}"));
    let verifier: Arc<dyn ServerCertVerifier> = if tls.insecure_skip_verify {
        Arc::new(AcceptAny)
    } else {
        let roots: Arc<dyn ServerCertVerifier> = match text(&tls.ca_pem, &tls.ca_file)? {
            None => NATIVE.clone(),
            Some(pem) => {
                let what = if tls.ca_file.is_empty() {
                    "ca_pem"
                } else {
                    &tls.ca_file
                };
                let mut store = RootCertStore::empty();
                let trusted = certificates(what, &pem)?;
                for certificate in &trusted {
                    store.add(certificate.clone()).map_err(invalid)?;
                }
                let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(store), PROVIDER.clone())
                    .build()
                    .map_err(|error| HttpError::File(format!("{what}: {error}")))?;
                Arc::new(Given { trusted, roots })
            }
        };
        match tls.server_name.as_str() {
            "" => roots,
            name => Arc::new(OtherName {
                name: ServerName::try_from(name.to_owned())
                    .map_err(|_| HttpError::File(format!("server_name {name:?} is not a host name")))?,
                roots,
            }),
        }
    };
    let builder = ClientConfig::builder_with_provider(PROVIDER.clone())
        .with_protocol_versions(versions)
        .map_err(invalid)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let key_pem = tls.key_pem.as_ref().map_or("", |key| key.reveal());
    let certificate = text(&tls.cert_pem, &tls.cert_file)?;
    let mut config = match (certificate, text(key_pem, &tls.key_file)?) {
        (Some(certificate), Some(key)) => {
            // The error of a key is not shown: it might quote it.
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|_| HttpError::File("the client key is not valid PEM".into()))?;
            builder
                .with_client_auth_cert(certificates("the client certificate", &certificate)?, key)
                .map_err(invalid)?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = if http2 {
        vec![b"h2".to_vec(), b"http/1.1".to_vec()]
    } else {
        vec![b"http/1.1".to_vec()]
    };
    Ok(config)
}

#[derive(Debug)]
struct NativeRoots(OnceLock<Result<Arc<WebPkiServerVerifier>, String>>);

impl NativeRoots {
    fn verifier(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        let loaded = self.0.get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(found.certs);
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), PROVIDER.clone())
                .build()
                .map_err(|error| {
                    format!("this system has no usable root certificates ({error}); install ca-certificates or set ca_file in tls_config")
                })
        });
        loaded
            .as_deref()
            .map_err(|reason| rustls::Error::General(reason.clone()))
    }
}

/// Signatures are checked alike whatever is trusted.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls12_signature(
                message,
                certificate,
                signature,
                &PROVIDER.signature_verification_algorithms,
            )
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            verify_tls13_signature(
                message,
                certificate,
                signature,
                &PROVIDER.signature_verification_algorithms,
            )
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            PROVIDER
                .signature_verification_algorithms
                .supported_schemes()
        }
    };
}

impl ServerCertVerifier for NativeRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?
            .verify_server_cert(end_entity, intermediates, name, ocsp, now)
            .map_err(explained)
    }

    signatures!();
}

/// Given authorities. A server may show one of them as its own certificate, as those that `openssl req -x509` makes are both: the reference takes it,
/// and the rules of the web, which are checked first, do not.
#[derive(Debug)]
struct Given {
    trusted: Vec<CertificateDer<'static>>,
    roots: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Given {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self
            .roots
            .verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match verified {
            Err(error) if is_authority(&error) && self.trusted.contains(end_entity) => {
                // Its time has been looked at by then.
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other.map_err(explained),
        }
    }

    signatures!();
}

fn explained(error: rustls::Error) -> rustls::Error {
    if !is_authority(&error) {
        return error;
    }
    rustls::Error::General(
        "the server shows the certificate of an authority that is not trusted here; put it into ca_file, or give the server a certificate of its own".into(),
    )
}

/// Whether a certificate was refused because it is an authority's.
fn is_authority(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) = error else {
        return false;
    };
    matches!(
        cause.downcast_ref::<webpki::Error>(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

/// `server_name`: the certificate must be for another name than the URL's host.
#[derive(Debug)]
struct OtherName {
    name: ServerName<'static>,
    roots: Arc<dyn ServerCertVerifier>,
}

impl ServerCertVerifier for OtherName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.roots
            .verify_server_cert(end_entity, intermediates, &self.name, ocsp, now)
    }

    signatures!();
}

/// `insecure_skip_verify`: any certificate will do.
#[derive(Debug)]
struct AcceptAny;

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    signatures!();
}
