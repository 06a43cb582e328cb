//! Getting a page: over HTTP, or from an exporter inside this process.

use super::cycle::Failure;
use super::exposition::Format;
use crate::component::{INTERNAL_ADDRESS, Pages};
use crate::http_client::{HttpClient, HttpError};
use crate::own_span;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, Url};
use std::time::Duration;
use tracing::Instrument as _;

/// A page larger than this many bytes is refused even without `body_size_limit`.
const MAX_PAGE_BYTES: u64 = 1 << 30;

/// What is asked for, the same for all targets of a component.
#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) client: std::sync::Arc<HttpClient>,
    pub(crate) pages: Pages,
    pub(crate) accept: String,
    pub(crate) compressed: bool,
    /// 0 is none.
    pub(crate) body_size_limit: u64,
    pub(crate) fallback: String,
}

/// A page that was fetched.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: Format,
}

impl Fetcher {
    /// Gets a page within the timeout.
    pub(crate) async fn fetch(
        &self,
        url: &Url,
        timeout: Duration,
        expected_bytes: usize,
    ) -> Result<Fetched, Failure> {
        let page = async {
            if url.host_str().is_some() && authority(url) == INTERNAL_ADDRESS {
                self.internal(url, expected_bytes).await
            } else {
                let span = own_span!(
                    "HTTP GET",
                    otel.kind = "client",
                    http.request.method = "GET",
                    server.address = url.host_str()
                );
                self.over_http(url, timeout, expected_bytes)
                    .instrument(span)
                    .await
            }
        };
        tokio::time::timeout(timeout, page).await.unwrap_or_else(|_| {
            Err(Failure::Fetch(format!(
                "no page within the scrape timeout of {timeout:?}"
            )))
        })
    }

    async fn internal(&self, url: &Url, expected_bytes: usize) -> Result<Fetched, Failure> {
        let page = self
            .pages
            .at_path(url.path())
            .ok_or_else(|| Failure::Fetch(format!("no component serves {}", url.path())))?;
        let query = url.query().unwrap_or("").to_owned();
        let rendered = tokio::task::spawn_blocking(move || {
            let mut text = String::with_capacity(expected_bytes);
            page.render(&query, &mut text).map(|()| text)
        })
        .await
        .map_err(|error| Failure::Fetch(format!("the exporter broke off: {error}")))?;
        let bytes = rendered.map_err(Failure::Fetch)?.into_bytes();
        if self.body_size_limit > 0 && bytes.len() as u64 > self.body_size_limit {
            return Err(Failure::BodySize);
        }
        Ok(Fetched {
            bytes,
            format: Format::Text,
        })
    }

    async fn over_http(
        &self,
        url: &Url,
        timeout: Duration,
        expected_bytes: usize,
    ) -> Result<Fetched, Failure> {
        let failed = |error: HttpError| Failure::Fetch(error.to_string());
        let mut request = self
            .client
            .request(Method::GET, url.clone())
            .await
            .map_err(failed)?
            .header(ACCEPT, &self.accept)
            .header(
                "X-Prometheus-Scrape-Timeout-Seconds",
                timeout.as_secs_f64().to_string(),
            );
        if !self.compressed {
            request = request.header(ACCEPT_ENCODING, "identity");
        }
        let failed = |error: reqwest::Error| failed(error.into());
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(Failure::Fetch(format!(
                "server returned HTTP status {}",
                response.status()
            )));
        }
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let format = format(kind.unwrap_or(""), &self.fallback).map_err(Failure::Fetch)?;
        let limit = match self.body_size_limit {
            0 => MAX_PAGE_BYTES,
            limit => limit.min(MAX_PAGE_BYTES),
        };
        let mut bytes = Vec::with_capacity(expected_bytes);
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(Failure::BodySize);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Fetched { bytes, format })
    }
}

fn authority(url: &Url) -> &str {
    let text = url.as_str();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or("")
}

/// The format of a content type, or of the fallback where it says nothing known.
fn format(content_type: &str, fallback: &str) -> Result<Format, String> {
    let media = content_type.split(';').next().unwrap_or("").trim();
    match media.to_ascii_lowercase().as_str() {
        "text/plain" => return Ok(Format::Text),
        "application/openmetrics-text" => return Ok(Format::OpenMetrics),
        "application/vnd.google.protobuf" => {
            return Err("the target answers in the protobuf format, which was not asked for".into());
        }
        _ => {}
    }
    match fallback {
        fallback if fallback.starts_with("PrometheusText") => Ok(Format::Text),
        fallback if fallback.starts_with("OpenMetricsText") => Ok(Format::OpenMetrics),
        _ if media.is_empty() => Err(
            "non-compliant scrape target sending blank Content-Type and no scrape_fallback_protocol specified for target"
                .into(),
        ),
        _ => Err(format!(
            "received unsupported Content-Type {content_type:?} and no scrape_fallback_protocol specified for target"
        )),
    }
}
