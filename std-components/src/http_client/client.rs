//! The client: one pool of connections for a component's endpoint, authorised afresh for every request.

use super::HttpError;
use super::arguments::HttpClientArguments;
use super::connections::Connections;
use super::files::SecretSource;
use super::oauth2::TokenSource;
use crate::component::BuildError;
use crate::own_spans;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use river_eval::Secret;
use std::collections::BTreeMap;
use std::path::Path;

/// What requests call themselves, in the manner of the reference (`Alloy/v1.15.0 (linux; binary)`).
pub const USER_AGENT: &str = if cfg!(target_os = "linux") {
    concat!("alloy-rs/", env!("CARGO_PKG_VERSION"), " (linux; binary)")
} else {
    concat!("alloy-rs/", env!("CARGO_PKG_VERSION"))
};

/// An HTTP client with the settings of a configuration.
pub struct HttpClient {
    client: Connections,
    headers: HeaderMap,
    auth: Auth,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpClient({:?})", self.auth)
    }
}

/// How requests are authorised.
#[derive(Debug)]
enum Auth {
    None,
    Basic {
        username: String,
        password: SecretSource,
    },
    Header {
        kind: String,
        credentials: SecretSource,
    },
    OAuth2(Box<TokenSource>),
}

impl HttpClient {
    /// Builds a client. Certificates are read now, secrets' files at the first request; no peer is touched.
    ///
    /// # Errors
    /// A certificate's file that cannot be read, a header that HTTP does not allow, settings that do not fit one another.
    pub fn new<const HTTP2: bool>(arguments: &HttpClientArguments<HTTP2>) -> Result<Self, BuildError> {
        Self::over(arguments, None)
    }

    /// As [`new`](Self::new); with a socket, every connection goes to that Unix socket, whatever the URL's host is, and proxies are not used.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn over<const HTTP2: bool>(
        arguments: &HttpClientArguments<HTTP2>,
        socket: Option<&Path>,
    ) -> Result<Self, BuildError> {
        let build = |error: HttpError| BuildError::new(error.to_string());
        let auth = if let Some(basic) = &arguments.basic_auth {
            Auth::Basic {
                username: basic.username.clone(),
                password: SecretSource::new(basic.password.as_ref(), &basic.password_file),
            }
        } else if let Some(authorization) = &arguments.authorization {
            let kind = authorization.kind.trim();
            Auth::Header {
                kind: if kind.is_empty() {
                    "Bearer".into()
                } else {
                    kind.into()
                },
                credentials: SecretSource::new(
                    authorization.credentials.as_ref(),
                    &authorization.credentials_file,
                ),
            }
        } else if let Some(oauth2) = &arguments.oauth2 {
            Auth::OAuth2(Box::new(TokenSource::new(oauth2).map_err(build)?))
        } else if arguments.bearer_token.is_some() || !arguments.bearer_token_file.is_empty() {
            Auth::Header {
                kind: "Bearer".into(),
                credentials: SecretSource::new(arguments.bearer_token.as_ref(), &arguments.bearer_token_file),
            }
        } else {
            Auth::None
        };
        Ok(Self {
            client: Connections::new(
                arguments.tls_config.as_ref(),
                &arguments.proxy,
                arguments.follow_redirects,
                arguments.enable_http2,
                socket,
            )
            .map_err(build)?,
            headers: secret_headers("http_headers", arguments.http_headers.as_ref()).map_err(build)?,
            auth,
        })
    }

    /// A request with the configured headers and authorisation; the caller adds body and timeout and sends it.
    ///
    /// # Errors
    /// A secret's file that cannot be read; an OAuth 2.0 token that cannot be had.
    pub async fn request(&self, method: Method, url: Url) -> Result<reqwest::RequestBuilder, HttpError> {
        let mut request = self.client.get()?.request(method, url);
        let of_span = own_spans::propagated();
        if !of_span.is_empty() {
            request = request.headers(of_span);
        }
        let request = match &self.auth {
            Auth::None => request,
            Auth::Basic { username, password } => {
                request.basic_auth(username, Some(password.get()?.reveal()))
            }
            Auth::Header { kind, credentials } => {
                request.header(AUTHORIZATION, sensitive(kind, &credentials.get()?)?)
            }
            Auth::OAuth2(source) => {
                request.header(AUTHORIZATION, sensitive("Bearer", &source.token().await?)?)
            }
        };
        Ok(if self.headers.is_empty() {
            request
        } else {
            request.headers(self.headers.clone())
        })
    }
}

fn sensitive(kind: &str, credentials: &Secret) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(&format!("{kind} {}", credentials.reveal())).map_err(|_| {
        HttpError::File("the credentials hold characters that no HTTP header may hold".into())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) fn secret_headers(
    attribute: &str,
    headers: Option<&BTreeMap<String, Vec<Secret>>>,
) -> Result<HeaderMap, HttpError> {
    let mut map = HeaderMap::new();
    for (name, values) in headers.into_iter().flatten() {
        for value in values {
            let (name, mut value) = header(attribute, name, value.reveal())?;
            value.set_sensitive(true);
            map.append(name, value);
        }
    }
    Ok(map)
}

fn header(attribute: &str, name: &str, value: &str) -> Result<(HeaderName, HeaderValue), HttpError> {
    let bad = |what| HttpError::File(format!("{attribute}: {name:?} {what}"));
    Ok((
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("is not a header's name"))?,
        HeaderValue::from_str(value).map_err(|_| bad("has a value that no header may have"))?,
    ))
}

/// A plain `headers` argument as a header map.
///
/// # Errors
/// The header that HTTP does not allow.
pub fn parse_headers(headers: &BTreeMap<String, String>) -> Result<HeaderMap, BuildError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let (name, value) =
            header("headers", name, value).map_err(|error| BuildError::at("headers", error.to_string()))?;
        map.insert(name, value);
    }
    Ok(map)
}

/// A URL that can be requested: `http` or `https` with a host.
///
/// # Errors
/// What is wrong with it, without quoting it: it may hold a password.
pub fn parse_url(url: &str) -> Result<Url, String> {
    let parsed = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
    match parsed.scheme() {
        "http" | "https" if parsed.has_host() => Ok(parsed),
        other => Err(format!(
            "not an HTTP URL: its scheme is {other:?}, expected http or https"
        )),
    }
}
