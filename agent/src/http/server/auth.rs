//! Basic authentication of requests.

use super::Access;
use super::arguments::AuthArguments;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Whose requests are answered.
pub(super) struct Auth {
    // Hashes, so that comparing them tells nothing of how much of a guess was right.
    username: [u8; 32],
    password: [u8; 32],
    paths: Vec<String>,
    only_matching: bool,
}

impl Auth {
    /// `None` where nothing is asked of anybody.
    pub(super) fn new(arguments: &AuthArguments) -> Option<Self> {
        let basic = arguments.basic.as_ref()?;
        let filter = arguments.filter.as_ref();
        Some(Self {
            username: Sha256::digest(&basic.username).into(),
            password: Sha256::digest(basic.password.reveal().as_bytes()).into(),
            paths: filter.map(|filter| filter.paths.clone()).unwrap_or_default(),
            only_matching: filter.is_some_and(|filter| filter.authenticate_matching_paths),
        })
    }

    /// Whether a request for this path with these headers may be answered.
    pub(super) fn is_allowed(&self, path: &str, headers: &HeaderMap) -> bool {
        let matches = self.paths.iter().any(|prefix| path.starts_with(prefix));
        if matches != self.only_matching {
            return true;
        }
        let Some((username, password)) = credentials(headers) else {
            return false;
        };
        let username: [u8; 32] = Sha256::digest(username).into();
        let password: [u8; 32] = Sha256::digest(password).into();
        // Both in any case.
        (username == self.username) & (password == self.password)
    }
}

/// Name and password of a request.
fn credentials(headers: &HeaderMap) -> Option<(Vec<u8>, Vec<u8>)> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = STANDARD.decode(encoded).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (username, rest) = decoded.split_at(colon);
    Some((username.to_vec(), rest.get(1..)?.to_vec()))
}

/// Answers 401 where a request has to be authenticated and is not.
pub(in crate::http) async fn authenticate(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Response {
    let settings = access.settings();
    if let Some(auth) = &settings.auth
        && !auth.is_allowed(request.uri().path(), request.headers())
    {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"Restricted\"")];
        return (StatusCode::UNAUTHORIZED, ask, "unauthorized\n").into_response();
    }
    next.run(request).await
}
