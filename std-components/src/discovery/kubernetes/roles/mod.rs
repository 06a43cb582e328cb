//! How each role makes targets of objects: labels, addresses and order as Prometheus does.

mod behind;
mod endpoints;
mod endpointslice;
mod ingress;
mod node;
mod pod;
mod service;

use super::labels::{Labels, Names};
use super::objects::Object;
use super::world::Objects;

/// What a role may look at beside the object itself.
pub(super) struct Around<'a> {
    pub(super) objects: &'a Objects,
    pub(super) with_node: bool,
    pub(super) with_namespace: bool,
}

impl Around<'_> {
    /// Labels of the namespace, where they are wanted.
    fn namespace(&self, labels: &mut Labels, names: &mut Names, namespace: &str) {
        if self.with_namespace
            && let Some(found) = self.objects.namespace(namespace)
        {
            names.put_maps(labels, "namespace", &found.metadata);
        }
    }

    /// Labels of a node, where they are wanted and it is there.
    fn node(&self, labels: &mut Labels, names: &mut Names, node: &str) {
        if self.with_node
            && let Some(node) = self.objects.node(node)
        {
            names.put_object(labels, "node", &node.metadata);
        }
    }
}

/// The targets of an object.
pub(super) fn targets(object: &Object, around: &Around<'_>, names: &mut Names) -> Vec<Labels> {
    match object {
        Object::Node(node) => node::targets(node, names),
        Object::Pod(pod) => pod::targets(pod, around, names),
        Object::Service(service) => service::targets(service, around, names),
        Object::Endpoints(endpoints) => endpoints::targets(endpoints, around, names),
        Object::EndpointSlice(slice) => endpointslice::targets(slice, around, names),
        Object::Ingress(ingress) => ingress::targets(ingress, around, names),
        Object::Namespace(_) => Vec::new(),
    }
}
