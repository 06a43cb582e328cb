//! Requests of the `kube` crate, sent by the product's own HTTP client.

use crate::component::BuildError;
use crate::http_client::{HttpClient, HttpClientArguments, HttpError, safe_url};
use futures_util::future::BoxFuture;
use http::header::ACCEPT_ENCODING;
use http::{Request, Response};
use kube::client::Body;
use reqwest::Url;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

/// How long an answer to a request that ends by itself may take, body included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// How long the beginning of a watch may take. A log that is followed begins with its first line, whenever that comes.
const WATCH_BEGIN: Duration = Duration::from_secs(30);

/// The ways to one API server.
///
/// Logs that are followed have connections of their own, over HTTP/1.1: an API server takes some 250 streams on a connection and lets the next one wait
/// without an end, and a stream that nobody reads, because Loki is away, would take the window of the others, those of watches among them.
#[derive(Debug)]
pub(super) struct Ways {
    http: HttpClient,
    arguments: HttpClientArguments,
    logs: OnceLock<Result<HttpClient, String>>,
}

impl Ways {
    pub(super) fn new(arguments: HttpClientArguments) -> Result<Self, BuildError> {
        Ok(Self {
            http: HttpClient::new(&arguments)?,
            arguments,
            logs: OnceLock::new(),
        })
    }

    fn logs(&self) -> Result<&HttpClient, HttpError> {
        let made = self.logs.get_or_init(|| {
            let arguments = HttpClientArguments {
                enable_http2: false,
                ..self.arguments.clone()
            };
            HttpClient::new(&arguments).map_err(|error| error.message)
        });
        made.as_ref().map_err(|reason| HttpError::File(reason.clone()))
    }
}

/// Sends requests to one API server.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    ways: Arc<Ways>,
    server: Url,
}

impl Requests {
    pub(super) fn new(ways: Arc<Ways>, server: Url) -> Self {
        Self { ways, server }
    }

    /// The URL of a request, which kube gives as path and query. The server may stand behind a path itself.
    fn url(&self, uri: &http::Uri) -> Url {
        let mut url = self.server.clone();
        let path = format!("{}{}", url.path().trim_end_matches('/'), uri.path());
        url.set_path(&path);
        url.set_query(uri.query());
        url
    }

    async fn send(
        self,
        request: Request<Body>,
    ) -> Result<Response<reqwest::Body>, Box<dyn Error + Send + Sync>> {
        let (parts, body) = request.into_parts();
        let url = self.url(&parts.uri);
        let has = |flag: &str| {
            parts
                .uri
                .query()
                .is_some_and(|query| query.split('&').any(|pair| pair == flag))
        };
        let is_log = parts.uri.path().ends_with("/log");
        let http = if is_log {
            self.ways.logs()?
        } else {
            &self.ways.http
        };
        let mut builder = http.request(parts.method, url).await?;
        if is_log && !parts.headers.contains_key(ACCEPT_ENCODING) {
            // A compressed stream may keep the last lines to itself.
            builder = builder.header(ACCEPT_ENCODING, "identity");
        }
        builder = builder.headers(parts.headers);
        let body = body.collect_bytes().await?;
        if !body.is_empty() {
            builder = builder.body(body);
        }
        let answer = if has("watch=true") {
            match tokio::time::timeout(WATCH_BEGIN, builder.send()).await {
                Ok(answer) => answer,
                Err(_) => {
                    let server = safe_url(self.server.as_str());
                    let late = format!("{server} did not begin to answer within {WATCH_BEGIN:?}");
                    return Err(HttpError::Timeout(late).into());
                }
            }
        } else if is_log {
            builder.send().await
        } else {
            builder.timeout(REQUEST_TIMEOUT).send().await
        };
        Ok(answer.map_err(HttpError::from)?.into())
    }
}

impl tower_service::Service<Request<Body>> for Requests {
    type Response = Response<reqwest::Body>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
