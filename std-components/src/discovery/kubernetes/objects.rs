//! Kubernetes' objects with the fields that targets are made of, and nothing else: an object of the API is ten times as large.

use k8s_openapi::NamespaceResourceScope;
use kube::core::ObjectMeta;
use river_eval::Str;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// The kinds of objects that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Node,
    Namespace,
    Pod,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 7;

/// An object of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Node(Box<Node>),
    Namespace(Box<Namespace>),
    Pod(Box<Pod>),
    Service(Box<Service>),
    Endpoints(Box<Endpoints>),
    EndpointSlice(Box<EndpointSlice>),
    Ingress(Box<Ingress>),
}

impl Object {
    pub(super) fn meta(&self) -> &Meta {
        match self {
            Self::Node(object) => &object.metadata,
            Self::Namespace(object) => &object.metadata,
            Self::Pod(object) => &object.metadata,
            Self::Service(object) => &object.metadata,
            Self::Endpoints(object) => &object.metadata,
            Self::EndpointSlice(object) => &object.metadata,
            Self::Ingress(object) => &object.metadata,
        }
    }
}

/// A kind as the API has it.
pub(super) trait Watched: DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static {
    const GROUP: &'static str;
    const VERSION: &'static str;
    const NAME: &'static str;
    const PLURAL: &'static str;
    fn meta(&mut self) -> &mut Meta;
    fn any(self) -> Object;
}

macro_rules! watched {
    ($($kind:ident, $group:literal, $plural:literal;)*) => {$(
        impl Watched for $kind {
            const GROUP: &'static str = $group;
            const VERSION: &'static str = "v1";
            const NAME: &'static str = stringify!($kind);
            const PLURAL: &'static str = $plural;

            fn meta(&mut self) -> &mut Meta {
                &mut self.metadata
            }

            fn any(self) -> Object {
                Object::$kind(Box::new(self))
            }
        }
    )*};
}

watched! {
    Node, "", "nodes";
    Namespace, "", "namespaces";
    Pod, "", "pods";
    Service, "", "services";
    Endpoints, "", "endpoints";
    EndpointSlice, "discovery.k8s.io", "endpointslices";
    Ingress, "networking.k8s.io", "ingresses";
}

/// An object on its way from the watcher, which wants to see its version.
#[derive(Clone, Debug)]
pub(super) struct Slim<T> {
    version: ObjectMeta,
    pub(super) object: T,
}

impl<'de, T: Watched> Deserialize<'de> for Slim<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = T::deserialize(deserializer)?;
        let version = std::mem::take(&mut object.meta().resource_version);
        Ok(Self {
            version: ObjectMeta {
                resource_version: Some(version),
                ..ObjectMeta::default()
            },
            object,
        })
    }
}

impl<T: Watched> kube::Resource for Slim<T> {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        T::NAME.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        T::GROUP.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        T::VERSION.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        T::PLURAL.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.version
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.version
    }
}

/// The API gives null for many an empty list.
fn or_null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A map of texts, as compact as it can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pairs(Box<[(Str, Str)]>);

impl Pairs {
    pub(super) fn iter(&self) -> impl Iterator<Item = &(Str, Str)> {
        self.0.iter()
    }

    pub(super) fn get(&self, wanted: &str) -> Option<&Str> {
        self.0
            .iter()
            .find(|(name, _)| **name == *wanted)
            .map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pick;
        impl<'de> Visitor<'de> for Pick {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of texts")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
                let mut pairs = Vec::new();
                while let Some((name, value)) = map.next_entry::<Str, Str>()? {
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs.into()))
            }

            fn visit_unit<E>(self) -> Result<Pairs, E> {
                Ok(Pairs::default())
            }
        }
        deserializer.deserialize_any(Pick)
    }
}

/// What all objects have.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) name: Str,
    pub(super) namespace: Str,
    pub(super) uid: Str,
    pub(super) labels: Pairs,
    pub(super) annotations: Pairs,
    #[serde(deserialize_with = "or_null")]
    pub(super) owner_references: Box<[Owner]>,
    resource_version: String,
}

impl Meta {
    /// Who made the object and looks after it.
    pub(super) fn controller(&self) -> Option<&Owner> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    pub(super) kind: Str,
    pub(super) name: Str,
    #[serde(deserialize_with = "or_null")]
    pub(super) controller: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) metadata: Meta,
    pub(super) spec: NodeSpec,
    pub(super) status: NodeStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct NodeSpec {
    #[serde(rename = "providerID")]
    pub(super) provider_id: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NodeStatus {
    #[serde(deserialize_with = "or_null")]
    pub(super) conditions: Box<[Condition]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) addresses: Box<[NodeAddress]>,
    pub(super) daemon_endpoints: DaemonEndpoints,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: Str,
    pub(super) status: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct NodeAddress {
    #[serde(rename = "type")]
    pub(super) kind: Str,
    pub(super) address: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct DaemonEndpoints {
    pub(super) kubelet_endpoint: DaemonEndpoint,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct DaemonEndpoint {
    #[serde(rename = "Port")]
    pub(super) port: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Namespace {
    pub(super) metadata: Meta,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Meta,
    pub(super) spec: PodSpec,
    pub(super) status: PodStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodSpec {
    pub(super) node_name: Str,
    #[serde(deserialize_with = "or_null")]
    pub(super) containers: Box<[Container]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) init_containers: Box<[Container]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) name: Str,
    pub(super) image: Str,
    #[serde(deserialize_with = "or_null")]
    pub(super) ports: Box<[ContainerPort]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ContainerPort {
    pub(super) name: Str,
    pub(super) container_port: i32,
    pub(super) protocol: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PodStatus {
    #[serde(rename = "podIP")]
    pub(super) pod_ip: Str,
    #[serde(rename = "hostIP")]
    pub(super) host_ip: Str,
    pub(super) phase: Str,
    /// The status of the condition `Ready`.
    #[serde(rename = "conditions", deserialize_with = "ready")]
    pub(super) ready: Option<Str>,
    #[serde(deserialize_with = "or_null")]
    pub(super) container_statuses: Box<[ContainerStatus]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) init_container_statuses: Box<[ContainerStatus]>,
}

fn ready<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Str>, D::Error> {
    let conditions: Vec<Condition> = or_null(deserializer)?;
    let ready = conditions
        .into_iter()
        .find(|condition| &*condition.kind == "Ready");
    Ok(ready.map(|condition| condition.status))
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ContainerStatus {
    pub(super) name: Str,
    #[serde(rename = "containerID")]
    pub(super) container_id: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub(super) metadata: Meta,
    pub(super) spec: ServiceSpec,
    pub(super) status: ServiceStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ServiceSpec {
    #[serde(rename = "type")]
    pub(super) kind: Str,
    #[serde(rename = "clusterIP")]
    pub(super) cluster_ip: Str,
    pub(super) external_name: Str,
    #[serde(rename = "loadBalancerIP")]
    pub(super) load_balancer_ip: Str,
    #[serde(deserialize_with = "or_null")]
    pub(super) ports: Box<[ServicePort]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct ServicePort {
    pub(super) name: Str,
    pub(super) port: i32,
    pub(super) protocol: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ServiceStatus {
    pub(super) load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct LoadBalancer {
    #[serde(deserialize_with = "or_null")]
    pub(super) ingress: Box<[LoadBalancerIngress]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct LoadBalancerIngress {
    pub(super) ip: Str,
}

/// An object that an address stands for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub(super) kind: Str,
    pub(super) namespace: Str,
    pub(super) name: Str,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Endpoints {
    pub(super) metadata: Meta,
    #[serde(deserialize_with = "or_null")]
    pub(super) subsets: Box<[Subset]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Subset {
    #[serde(deserialize_with = "or_null")]
    pub(super) addresses: Box<[Address]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) not_ready_addresses: Box<[Address]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) ports: Box<[ServicePort]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Address {
    pub(super) ip: Str,
    pub(super) hostname: Str,
    pub(super) node_name: Option<Str>,
    pub(super) target_ref: Option<Reference>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct EndpointSlice {
    pub(super) metadata: Meta,
    pub(super) address_type: Str,
    #[serde(deserialize_with = "or_null")]
    pub(super) endpoints: Box<[Endpoint]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) ports: Box<[EndpointPort]>,
}

impl EndpointSlice {
    /// The name of the service that it belongs to.
    pub(super) fn service(&self) -> Option<&Str> {
        self.metadata.labels.get("kubernetes.io/service-name")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Endpoint {
    #[serde(deserialize_with = "or_null")]
    pub(super) addresses: Box<[Str]>,
    pub(super) conditions: EndpointConditions,
    pub(super) hostname: Option<Str>,
    pub(super) node_name: Option<Str>,
    pub(super) zone: Option<Str>,
    pub(super) target_ref: Option<Reference>,
    pub(super) deprecated_topology: Pairs,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct EndpointConditions {
    pub(super) ready: Option<bool>,
    pub(super) serving: Option<bool>,
    pub(super) terminating: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct EndpointPort {
    pub(super) name: Option<Str>,
    pub(super) port: Option<i32>,
    pub(super) protocol: Option<Str>,
    pub(super) app_protocol: Option<Str>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Ingress {
    pub(super) metadata: Meta,
    pub(super) spec: IngressSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct IngressSpec {
    pub(super) ingress_class_name: Option<Str>,
    #[serde(deserialize_with = "or_null")]
    pub(super) tls: Box<[IngressTls]>,
    #[serde(deserialize_with = "or_null")]
    pub(super) rules: Box<[IngressRule]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct IngressTls {
    #[serde(deserialize_with = "or_null")]
    pub(super) hosts: Box<[Str]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct IngressRule {
    pub(super) host: Str,
    pub(super) http: Option<IngressHttp>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct IngressHttp {
    #[serde(deserialize_with = "or_null")]
    pub(super) paths: Box<[IngressPath]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct IngressPath {
    pub(super) path: Str,
}
