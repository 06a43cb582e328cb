//! What the API answers, as far as it is used. Everything may be left out or null: versions of the daemon differ.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// What is null is the default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A container of the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Container {
    /// 64 hexadecimal digits.
    pub(crate) id: String,
    /// With a slash before each.
    #[serde(deserialize_with = "or_default")]
    pub(crate) names: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) image: String,
    #[serde(rename = "ImageID", deserialize_with = "or_default")]
    pub(crate) image_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) ports: Vec<Port>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) host_config: HostConfig,
    #[serde(deserialize_with = "or_default")]
    pub(crate) network_settings: NetworkSettings,
}

/// How a container is run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct HostConfig {
    /// `bridge`, `host`, `container:ID`, a network's name.
    #[serde(deserialize_with = "or_default")]
    pub(crate) network_mode: String,
}

/// The networks that a container is in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct NetworkSettings {
    /// By the networks' names.
    #[serde(deserialize_with = "or_default")]
    pub(crate) networks: BTreeMap<String, Option<Endpoint>>,
}

/// A container's place in a network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Endpoint {
    #[serde(rename = "NetworkID", deserialize_with = "or_default")]
    pub(crate) network_id: String,
    #[serde(rename = "IPAddress", deserialize_with = "or_default")]
    pub(crate) ip_address: String,
    #[serde(rename = "GlobalIPv6Address", deserialize_with = "or_default")]
    pub(crate) global_ipv6_address: String,
}

/// A port that a container listens on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Port {
    #[serde(rename = "IP", deserialize_with = "or_default")]
    pub(crate) ip: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) private_port: u16,
    /// 0 where it is not published.
    #[serde(deserialize_with = "or_default")]
    pub(crate) public_port: u16,
    #[serde(rename = "Type", deserialize_with = "or_default")]
    pub(crate) kind: String,
}

/// A network of the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Network {
    pub(crate) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) scope: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) internal: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) ingress: bool,
    #[serde(deserialize_with = "or_default")]
    pub(crate) labels: BTreeMap<String, String>,
}

/// A container that was asked about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Inspected {
    #[serde(deserialize_with = "or_default")]
    pub(crate) state: State,
    #[serde(deserialize_with = "or_default")]
    pub(crate) config: Config,
}

/// How a container fares.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct State {
    pub(crate) running: bool,
    /// When it was started and ended last, as the daemon writes it.
    #[serde(deserialize_with = "or_default")]
    pub(crate) started_at: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) finished_at: String,
}

/// What a container was made with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Config {
    /// It has a terminal: its log is one stream without frames.
    pub(crate) tty: bool,
}

/// The reason in a refusal: the daemon's `message`, or the first line of whatever else it is.
pub(super) fn refusal(text: &str) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    match serde_json::from_str::<Refusal>(text) {
        Ok(refusal) => refusal.message,
        Err(_) => text.lines().next().unwrap_or_default().to_owned(),
    }
}
