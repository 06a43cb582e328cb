//! What can go wrong with a request, in words that hold no secret.

use std::error::Error;
use std::fmt::Write;

/// Why a request could not be made or had no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpError {
    /// A file with a secret or certificate cannot be read or understood.
    #[error("{0}")]
    File(String),
    /// The token endpoint gave no token.
    #[error("no OAuth 2.0 token: {0}")]
    Token(String),
    /// No answer within the time allowed.
    #[error("no answer within the timeout: {0}")]
    Timeout(String),
    /// Connection, TLS, proxy or protocol.
    #[error("{0}")]
    Transport(String),
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        let timed_out = error.is_timeout();
        // The URL may hold a password; callers name it by `safe_url`.
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let _ = write!(text, ": {inner}");
            cause = inner.source();
        }
        if timed_out {
            Self::Timeout(text)
        } else {
            Self::Transport(text)
        }
    }
}
