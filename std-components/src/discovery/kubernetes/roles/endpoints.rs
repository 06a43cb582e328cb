//! A target for each address and port of each endpoints object, and for the other ports of the pods behind them.

use super::behind::Behind;
use super::{Around, service};
use crate::discovery::kubernetes::labels::{Labels, Names, join};
use crate::discovery::kubernetes::objects::{Address, Endpoints, ServicePort};

pub(super) fn targets(endpoints: &Endpoints, around: &Around<'_>, names: &mut Names) -> Vec<Labels> {
    let meta = &endpoints.metadata;
    let mut base = Labels::new();
    names.put(&mut base, "namespace", &meta.namespace);
    if let Some(found) = around.objects.service(&meta.namespace, &meta.name) {
        service::put(&mut base, names, found);
    }
    names.put_object(&mut base, "endpoints", meta);
    around.namespace(&mut base, names, &meta.namespace);
    let mut targets = Vec::new();
    let mut behind = Behind::default();
    for subset in &endpoints.subsets {
        for port in &subset.ports {
            for (addresses, ready) in [
                (&subset.addresses, "true"),
                (&subset.not_ready_addresses, "false"),
            ] {
                for address in addresses {
                    targets.push(target(&base, around, names, (address, port, ready), &mut behind));
                }
            }
        }
    }
    targets.extend(behind.uncovered(&base, names));
    targets
}

fn target<'a>(
    base: &Labels,
    around: &Around<'a>,
    names: &mut Names,
    (address, port, ready): (&Address, &ServicePort, &str),
    behind: &mut Behind<'a>,
) -> Labels {
    let mut labels = base.clone();
    names.address(&mut labels, join(&address.ip, port.port));
    names.put(&mut labels, "endpoint_port_name", &port.name);
    names.put(&mut labels, "endpoint_port_protocol", &port.protocol);
    names.put_text(&mut labels, "endpoint_ready", ready);
    if let Some(reference) = &address.target_ref {
        names.put(&mut labels, "endpoint_address_target_kind", &reference.kind);
        names.put(&mut labels, "endpoint_address_target_name", &reference.name);
    }
    if let Some(node) = &address.node_name {
        names.put(&mut labels, "endpoint_node_name", node);
    }
    if !address.hostname.is_empty() {
        names.put(&mut labels, "endpoint_hostname", &address.hostname);
    }
    match (&address.node_name, &address.target_ref) {
        (Some(node), _) => around.node(&mut labels, names, node),
        (None, Some(reference)) if &*reference.kind == "Node" => {
            around.node(&mut labels, names, &reference.name);
        }
        _ => {}
    }
    let port = (Some(port.port), Some(&port.protocol));
    behind.put(&mut labels, names, around, address.target_ref.as_ref(), port);
    labels
}
