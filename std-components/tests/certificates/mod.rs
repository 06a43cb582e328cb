//! Certificates for tests: an authority and what it signs.
//!
//! It is compiled into tests only: into the unit tests of the crate, into `tests/e2e` and into those of the agent, each by `#[path]`.
#![allow(clippy::unwrap_used, reason = "a test ends where it has no certificate")]

/// An authority.
pub(crate) struct Authority {
    pub(crate) certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: rcgen::Issuer::new(parameters, key),
        }
    }

    /// A certificate for a name or an address, with its key.
    pub(crate) fn sign(&self, name: &str) -> (rcgen::Certificate, rcgen::KeyPair) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        // One that has the issuer's name counts as signed by itself for OpenSSL.
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        (parameters.signed_by(&key, &self.issuer).unwrap(), key)
    }
}
