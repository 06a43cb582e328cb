//! A target for each node: its kubelet.

use crate::discovery::kubernetes::labels::{Labels, Names, join};
use crate::discovery::kubernetes::objects::Node;

/// Types of addresses, the best first.
const PREFERRED: [&str; 6] = [
    "InternalIP",
    "InternalDNS",
    "ExternalIP",
    "ExternalDNS",
    "LegacyHostIP",
    "Hostname",
];

pub(super) fn targets(node: &Node, names: &mut Names) -> Vec<Labels> {
    let addresses = &node.status.addresses;
    let of = |kind: &&str| addresses.iter().find(|address| *address.kind == **kind);
    // A node that has not told its address cannot be asked.
    let Some(address) = PREFERRED.iter().find_map(of) else {
        return Vec::new();
    };
    let mut labels = Labels::new();
    names.put(&mut labels, "node_provider_id", &node.spec.provider_id);
    for condition in &node.status.conditions {
        let status = names.text(&condition.status.to_lowercase());
        labels.insert(
            names.joined(&["node_condition_"], &condition.kind.to_lowercase()),
            status,
        );
    }
    names.put_object(&mut labels, "node", &node.metadata);
    let port = node.status.daemon_endpoints.kubelet_endpoint.port;
    names.address(&mut labels, join(&address.address, port));
    labels.insert(names.text("instance"), node.metadata.name.clone());
    for address in addresses.iter().rev() {
        labels.insert(
            names.joined(&["node_address_"], &address.kind),
            address.address.clone(),
        );
    }
    vec![labels]
}
