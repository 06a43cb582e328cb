//! A pod with the fields that sources of logs look at: to read a whole one takes 0.7 MB of code, and most of its memory.
//!
//! Names and shapes are those of the API's `v1.Pod`.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::core::v1::{ContainerStatus, PodCondition};
use kube::core::{ApiResource, Object};
use serde::{Deserialize, Serialize};

/// A pod.
pub type Pod = Object<PodSpec, PodStatus>;

/// The kind of [`Pod`], for `kube::Api`.
pub fn resource() -> ApiResource {
    ApiResource::erase::<core::Pod>(&())
}

/// What a pod is to be.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpec {
    /// Null where there is none, as everywhere here.
    pub containers: Option<Vec<Container>>,
    /// They run before the others; those that always restart run beside them.
    pub init_containers: Option<Vec<Container>>,
    /// Where it runs.
    pub node_name: Option<String>,
    /// `Always`, `OnFailure` or `Never`.
    pub restart_policy: Option<String>,
}

/// What a container is to be.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Unique in its pod.
    pub name: String,
    /// As it was asked for.
    pub image: Option<String>,
    /// `Always` makes a sidecar of an init container.
    pub restart_policy: Option<String>,
}

/// How a pod fares.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodStatus {
    /// `Ready` among others.
    pub conditions: Option<Vec<PodCondition>>,
    /// Of [`PodSpec::containers`].
    pub container_statuses: Option<Vec<ContainerStatus>>,
    /// Of those that were added while it ran.
    pub ephemeral_container_statuses: Option<Vec<ContainerStatus>>,
    /// Of [`PodSpec::init_containers`].
    pub init_container_statuses: Option<Vec<ContainerStatus>>,
    /// The node's address.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<String>,
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    pub phase: Option<String>,
    /// The pod's address.
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
}
