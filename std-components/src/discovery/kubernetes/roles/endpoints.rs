//! A target for each address and port of each endpoints object, and for the other ports of the pods behind them.

use super::{Around, pod, service};
use crate::discovery::kubernetes::labels::{Labels, Names, join};
use crate::discovery::kubernetes::objects::{Address, Endpoints, Pod, Reference, ServicePort};
use river_eval::Str;
use std::collections::BTreeMap;

/// The pods behind endpoints, with the ports that targets lead to.
pub(super) type Seen<'a> = BTreeMap<(Str, Str), (&'a Pod, Vec<i32>)>;

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
    let mut seen = Seen::new();
    for subset in &endpoints.subsets {
        for port in &subset.ports {
            for (addresses, ready) in [
                (&subset.addresses, "true"),
                (&subset.not_ready_addresses, "false"),
            ] {
                for address in addresses {
                    targets.push(target(&base, around, names, (address, port, ready), &mut seen));
                }
            }
        }
    }
    for (pod, covered) in seen.values() {
        targets.extend(pod::uncovered(&base, names, pod, covered));
    }
    targets
}

fn target<'a>(
    base: &Labels,
    around: &Around<'a>,
    names: &mut Names,
    (address, port, ready): (&Address, &ServicePort, &str),
    seen: &mut Seen<'a>,
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
    if let Some(pod) = behind(around, address.target_ref.as_ref()) {
        pod::put(&mut labels, names, pod);
        pod::put_ports_behind(&mut labels, names, pod, port.port, Some(&port.protocol));
        note(seen, pod, Some(port.port));
    }
    labels
}

/// The pod that an address stands for.
pub(super) fn behind<'a>(around: &Around<'a>, reference: Option<&Reference>) -> Option<&'a Pod> {
    let reference = reference.filter(|reference| &*reference.kind == "Pod")?;
    around.objects.pod(&reference.namespace, &reference.name)
}

/// Remembers that a target leads to a pod's port.
pub(super) fn note<'a>(seen: &mut Seen<'a>, pod: &'a Pod, port: Option<i32>) {
    let key = (pod.metadata.namespace.clone(), pod.metadata.name.clone());
    seen.entry(key)
        .or_insert_with(|| (pod, Vec::new()))
        .1
        .extend(port);
}
