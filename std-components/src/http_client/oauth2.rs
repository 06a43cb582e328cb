//! OAuth 2.0's client credentials flow (RFC 6749, 4.4): a token is kept until shortly before it ends.

use super::arguments::OAuth2;
use super::connections::Connections;
use super::files::SecretSource;
use super::{HttpError, safe_url};
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use river_eval::Secret;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long before its end a token is no longer used.
const EARLY: Duration = Duration::from_secs(10);

/// How long a token without `expires_in` is used.
const DEFAULT_LIFE: Duration = Duration::from_secs(3600);

/// How long the token endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of the endpoint's answer that a message shows at the most.
const MAX_SHOWN: usize = 512;

struct Token {
    value: Secret,
    ends: Instant,
}

pub(super) struct TokenSource {
    client: Connections,
    url: Url,
    client_id: String,
    secret: SecretSource,
    scopes: String,
    parameters: Vec<(String, String)>,
    /// Whether the endpoint wants id and secret in the body; found out at the first refusal.
    in_body: AtomicBool,
    token: tokio::sync::Mutex<Option<Token>>,
}

#[derive(serde::Deserialize)]
struct Answer {
    access_token: Box<str>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl TokenSource {
    pub(super) fn new(oauth2: &OAuth2) -> Result<Self, HttpError> {
        Ok(Self {
            client: Connections::new(oauth2.tls_config.as_ref(), &oauth2.proxy, true, true, None)?,
            url: super::parse_url(&oauth2.token_url).map_err(HttpError::Token)?,
            client_id: oauth2.client_id.clone(),
            secret: SecretSource::new(oauth2.client_secret.as_ref(), &oauth2.client_secret_file),
            scopes: oauth2.scopes.join(" "),
            parameters: oauth2.endpoint_params.clone().into_iter().collect(),
            in_body: AtomicBool::new(false),
            token: tokio::sync::Mutex::new(None),
        })
    }

    /// A token that is good now. Requests that come at the same time wait for one fetch.
    pub(super) async fn token(&self) -> Result<Secret, HttpError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = &*kept
            && Instant::now() < token.ends
        {
            return Ok(token.value.clone());
        }
        let in_body = self.in_body.load(Ordering::Relaxed);
        let fresh = match self.fetch(in_body).await {
            Err(Refused(true, _)) if !in_body => {
                let fresh = self.fetch(true).await;
                self.in_body.store(fresh.is_ok(), Ordering::Relaxed);
                fresh
            }
            other => other,
        };
        let fresh = fresh.map_err(|Refused(_, error)| error)?;
        let value = fresh.value.clone();
        *kept = Some(fresh);
        Ok(value)
    }

    async fn fetch(&self, in_body: bool) -> Result<Token, Refused> {
        let secret = self.secret.get()?;
        let mut form = Url::parse("form:").map_err(|error| HttpError::Token(error.to_string()))?;
        {
            let mut pairs = form.query_pairs_mut();
            pairs.append_pair("grant_type", "client_credentials");
            if !self.scopes.is_empty() {
                pairs.append_pair("scope", &self.scopes);
            }
            pairs.extend_pairs(&self.parameters);
            if in_body {
                pairs.append_pair("client_id", &self.client_id);
                pairs.append_pair("client_secret", secret.reveal());
            }
        }
        let mut request = self
            .client
            .get()?
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .timeout(TIMEOUT)
            .body(form.query().unwrap_or_default().to_owned());
        if !in_body {
            request = request.basic_auth(&self.client_id, Some(secret.reveal()));
        }
        let answer = request.send().await.map_err(HttpError::from)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(HttpError::from)?;
        let place = safe_url(self.url.as_str());
        if !status.is_success() {
            let shown = String::from_utf8_lossy(body.get(..MAX_SHOWN).unwrap_or(&body)).into_owned();
            let error = HttpError::Token(format!("{place} answered {status}: {}", shown.trim()));
            return Err(Refused(status.is_client_error(), error));
        }
        // A parse error would quote the token.
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| {
            HttpError::Token(format!(
                "{place} answered something else than JSON with an access_token"
            ))
        })?;
        let seconds = answer.expires_in.and_then(|life| match life {
            serde_json::Value::Number(number) => number.as_u64(),
            serde_json::Value::String(text) => text.parse().ok(),
            _ => None,
        });
        let life = seconds.map_or(DEFAULT_LIFE, Duration::from_secs);
        Ok(Token {
            value: Secret::new(&*answer.access_token),
            ends: Instant::now() + life.saturating_sub(EARLY),
        })
    }
}

/// Why there is no token; whether the endpoint refused the way in which the request was made.
struct Refused(bool, HttpError);

impl From<HttpError> for Refused {
    fn from(error: HttpError) -> Self {
        Self(false, error)
    }
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenSource({})", safe_url(self.url.as_str()))
    }
}
