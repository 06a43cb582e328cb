//! An endpoint's arguments made ready: URL parsed, client built.

use super::arguments::{Arguments, EndpointArguments};
use crate::component::BuildError;
use crate::http_client::{HttpClient, parse_headers, parse_url, safe_url};
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;

/// What an endpoint works with. A change swaps the whole; what waits in its queue stays.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) arguments: EndpointArguments,
    pub(super) external_labels: BTreeMap<String, String>,
    pub(super) max_streams: usize,
    pub(super) url: Url,
    /// For messages: without its password.
    pub(super) shown_url: String,
    /// Host and port as written: the label `host` of metrics.
    pub(super) host: String,
    pub(super) headers: HeaderMap,
    pub(super) client: HttpClient,
}

impl Settings {
    pub(super) fn new(all: &Arguments, arguments: &EndpointArguments) -> Result<Self, BuildError> {
        let url = parse_url(&arguments.url).map_err(|error| BuildError::at("url", error))?;
        let host = url.host_str().unwrap_or_default();
        Ok(Self {
            external_labels: all.external_labels.clone(),
            max_streams: usize::try_from(all.max_streams).unwrap_or(0),
            shown_url: safe_url(&arguments.url),
            host: url
                .port()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            headers: parse_headers(&arguments.headers)?,
            client: HttpClient::new(&arguments.client)?,
            arguments: arguments.clone(),
            url,
        })
    }

    /// Bytes that the queue of a shard holds at the most.
    pub(super) fn capacity(&self) -> u32 {
        u32::try_from(self.arguments.queue_config.capacity.0)
            .unwrap_or(u32::MAX)
            .max(1)
    }

    /// How many shards; 0 means 1.
    pub(super) fn shards(&self) -> usize {
        usize::try_from(self.arguments.queue_config.min_shards)
            .unwrap_or(1)
            .max(1)
    }

    /// Whether an endpoint with these settings can go on with others without being made anew.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.arguments.name == other.arguments.name
            && self.shards() == other.shards()
            && self.capacity() == other.capacity()
    }
}
