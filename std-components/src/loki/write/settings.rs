//! An endpoint's arguments made ready: URL parsed, client built.

use super::arguments::{Arguments, EndpointArguments, WalArguments};
use crate::component::BuildError;
use crate::http_client::{HttpClient, parse_headers, parse_url, safe_url};
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What an endpoint works with. A change swaps the whole; what waits in its queue stays.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) arguments: EndpointArguments,
    pub(super) external_labels: BTreeMap<String, String>,
    pub(super) max_streams: usize,
    pub(super) wal: WalArguments,
    /// Where its log on disk is, if it has one.
    pub(super) folder: PathBuf,
    pub(super) url: Url,
    /// For messages: without its password.
    pub(super) shown_url: String,
    /// Host and port as written: the label `host` of metrics.
    pub(super) host: String,
    pub(super) headers: HeaderMap,
    pub(super) client: HttpClient,
}

impl Settings {
    /// Of the endpoint of this name, in a component that keeps its data in this folder.
    pub(super) fn new(
        all: &Arguments,
        arguments: &EndpointArguments,
        name: &str,
        data: &Path,
    ) -> Result<Self, BuildError> {
        let url = parse_url(&arguments.url).map_err(|error| BuildError::at("url", error))?;
        let host = url.host_str().unwrap_or_default();
        Ok(Self {
            wal: all.wal.clone(),
            folder: data.join("wal").join(folder_name(name)),
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
            && self.wal.enabled == other.wal.enabled
    }
}

/// A file name for an endpoint's name: whatever could lead elsewhere is written as `%` and its number.
fn folder_name(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(folder_name("endpoint-0"), "endpoint-0");
        assert_eq!(folder_name("../a/ä"), "%2e%2e%2fa%2f%c3%a4");
    }
}
