//! What is to be discovered, and how the API server is reached.

use super::objects::Kind;
use crate::http_client::HttpClientArguments;
use crate::kubernetes::{ApiServer, ClientArguments};

/// The arguments of `discovery.kubernetes`. Without `api_server` and `kubeconfig_file` the service account of the pod is used.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(in crate::discovery) struct Arguments {
    /// URL of the Kubernetes API server.
    #[river(default)]
    pub(super) api_server: ApiServer,
    /// What to find: `node`, `pod`, `service`, `endpoints`, `endpointslice` or `ingress`.
    pub(super) role: Role,
    /// Path of the `kubeconfig` file to use for connecting to Kubernetes.
    #[river(default)]
    pub(super) kubeconfig_file: String,
    /// How the API server is spoken to; only with `api_server`.
    #[river(squash)]
    pub(super) http: HttpClientArguments,
    /// Which namespaces to look at; all of them where this is left out.
    #[river(block, default)]
    pub(super) namespaces: Namespaces,
    /// Which objects to ask the API server for.
    #[river(block, name = "selectors")]
    pub(super) selectors: Vec<Selector>,
    /// What targets get from the objects around them.
    #[river(block, default)]
    pub(super) attach_metadata: AttachMetadata,
}

impl Arguments {
    pub(super) fn client(&self) -> ClientArguments {
        ClientArguments {
            api_server: self.api_server.clone(),
            kubeconfig_file: self.kubeconfig_file.clone(),
            http: self.http.clone(),
        }
    }
}

/// The namespaces to look at.
#[derive(Clone, Debug, Default, PartialEq, river_eval::Arguments)]
pub(in crate::discovery) struct Namespaces {
    /// Include the namespace that the agent runs in.
    #[river(default)]
    pub(super) own_namespace: bool,
    /// Names of namespaces.
    #[river(default)]
    pub(super) names: Vec<String>,
}

/// A selector of the API server's.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
pub(in crate::discovery) struct Selector {
    /// The role whose objects it selects.
    pub(super) role: Role,
    /// Label selector, such as `app=web,tier!=test`.
    #[river(default)]
    pub(super) label: String,
    /// Field selector, such as `spec.nodeName=worker-1`.
    #[river(default)]
    pub(super) field: String,
}

/// What targets get from other objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, river_eval::Arguments)]
pub(in crate::discovery) struct AttachMetadata {
    /// Labels and annotations of the node; for the roles `pod`, `endpoints` and `endpointslice`. Needs the permission to list and watch nodes.
    #[river(default)]
    pub(super) node: bool,
    /// Labels and annotations of the namespace; for all roles but `node`. Needs the permission to list and watch namespaces.
    #[river(default)]
    pub(super) namespace: bool,
}

/// What is discovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "Kubernetes discovery role")]
pub(in crate::discovery) enum Role {
    Node,
    Pod,
    Service,
    Endpoints,
    #[river(name = "endpointslice")]
    EndpointSlice,
    Ingress,
}

impl Role {
    /// The objects that it is about.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Node => Kind::Node,
            Self::Pod => Kind::Pod,
            Self::Service => Kind::Service,
            Self::Endpoints => Kind::Endpoints,
            Self::EndpointSlice => Kind::EndpointSlice,
            Self::Ingress => Kind::Ingress,
        }
    }

    /// The objects that it looks at in each namespace, its own first.
    pub(super) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Node => &[Kind::Node],
            Self::Pod => &[Kind::Pod],
            Self::Service => &[Kind::Service],
            Self::Endpoints => &[Kind::Endpoints, Kind::Service, Kind::Pod],
            Self::EndpointSlice => &[Kind::EndpointSlice, Kind::Service, Kind::Pod],
            Self::Ingress => &[Kind::Ingress],
        }
    }

    /// Whether targets can get the labels of their node.
    pub(super) fn has_node(self) -> bool {
        matches!(self, Self::Pod | Self::Endpoints | Self::EndpointSlice)
    }
}
