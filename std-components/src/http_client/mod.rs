//! The HTTP client settings that many components share: authentication, TLS, proxies, redirects; and the client that is built of them.
//!
//! Invariants: a secret appears in no `Debug`, error or log; files that hold secrets or certificates are read again when they change; the trusted roots
//! of the system are loaded once a process, at the first TLS handshake that needs them, so that plain HTTP costs nothing.

mod answer;
mod arguments;
mod backoff;
mod client;
mod connections;
mod error;
mod files;
mod oauth2;
mod poll;
mod seldom;
mod shown;
mod status;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

pub use answer::{beginning, first_line, whole};
pub use arguments::{
    Authorization, BasicAuth, HttpClientArguments, OAuth2, ProxyArguments, ProxyUrl, TlsArguments, TlsVersion,
};
pub use backoff::{Backoff, retry_after};
pub use client::{HttpClient, USER_AGENT, parse_headers, parse_url};
pub use error::HttpError;
pub use poll::{Poll, PollArguments};
pub use seldom::Seldom;
pub use shown::{safe_url, sounds_secret, without_secrets};
pub use status::{EndpointsHealth, Failing};
