//! An endpoint's arguments made ready: URL parsed, client built, rules compiled.

use super::arguments::{Arguments, EndpointArguments};
use crate::component::BuildError;
use crate::http_client::{HttpClient, parse_headers, parse_url, safe_url};
use crate::relabel::Rules;
use crate::signals::{Labels, LabelsBuilder};
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::hash::{BuildHasher, BuildHasherDefault};

/// What an endpoint works with. A change swaps the whole; what waits in its queues stays.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) arguments: EndpointArguments,
    pub(super) external: Labels,
    pub(super) rules: Rules,
    pub(super) url: Url,
    /// For messages and metrics: without its password.
    pub(super) shown_url: String,
    /// `remote_name` in metrics.
    pub(super) name: String,
    pub(super) headers: HeaderMap,
    pub(super) client: HttpClient,
}

impl Settings {
    pub(super) fn new(all: &Arguments, arguments: &EndpointArguments) -> Result<Self, BuildError> {
        if arguments.sigv4.is_some() {
            return Err(BuildError::at(
                "sigv4",
                "sigv4 is not supported yet; send through a proxy that signs requests",
            ));
        }
        if arguments.azuread.is_some() {
            return Err(BuildError::at(
                "azuread",
                "azuread is not supported yet; oauth2 with client credentials may do",
            ));
        }
        let url = parse_url(&arguments.url).map_err(|error| BuildError::at("url", error))?;
        let mut external = LabelsBuilder::default();
        for (name, value) in &all.external_labels {
            external.set(name, value);
        }
        let name = if arguments.name.is_empty() {
            // As in the reference, six hexadecimal digits of a hash stand for a name.
            let hash = BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one(&arguments.url);
            format!("{:06x}", hash >> 40)
        } else {
            arguments.name.clone()
        };
        Ok(Self {
            external: external.build(),
            rules: Rules::new(&arguments.write_relabel),
            shown_url: safe_url(&arguments.url),
            name,
            headers: parse_headers(&arguments.headers)?,
            client: HttpClient::new(&arguments.client)?,
            arguments: arguments.clone(),
            url,
        })
    }

    /// Samples that the queue of a shard holds at the most.
    pub(super) fn capacity(&self) -> u32 {
        u32::try_from(self.arguments.queue_config.capacity)
            .unwrap_or(u32::MAX)
            .max(1)
    }

    /// Samples and exemplars of a request at the most.
    pub(super) fn most_per_send(&self) -> usize {
        usize::try_from(self.arguments.queue_config.max_samples_per_send)
            .unwrap_or(1)
            .max(1)
    }

    /// How many shards there are at first.
    pub(super) fn least_shards(&self) -> usize {
        usize::try_from(self.arguments.queue_config.min_shards)
            .unwrap_or(1)
            .max(1)
    }

    /// How many shards there may be.
    pub(super) fn most_shards(&self) -> usize {
        usize::try_from(self.arguments.queue_config.max_shards)
            .unwrap_or(1)
            .max(self.least_shards())
    }

    /// Whether an endpoint with these settings can go on with others without being made anew.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.arguments.name == other.arguments.name
            && self.least_shards() == other.least_shards()
            && self.capacity() == other.capacity()
    }
}
