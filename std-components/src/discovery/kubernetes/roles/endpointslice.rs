//! A target for each address and port of each endpoint slice, and for the other ports of the pods behind them.

use super::behind::Behind;
use super::{Around, service};
use crate::discovery::kubernetes::labels::{Labels, Names, join};
use crate::discovery::kubernetes::objects::{Endpoint, EndpointPort, EndpointSlice};
use river_eval::Str;

pub(super) fn targets(slice: &EndpointSlice, around: &Around<'_>, names: &mut Names) -> Vec<Labels> {
    let meta = &slice.metadata;
    let mut base = Labels::new();
    names.put(&mut base, "namespace", &meta.namespace);
    names.put(&mut base, "endpointslice_address_type", &slice.address_type);
    names.put_object(&mut base, "endpointslice", meta);
    let found = slice
        .service()
        .and_then(|name| around.objects.service(&meta.namespace, name));
    if let Some(found) = found {
        service::put(&mut base, names, found);
    }
    around.namespace(&mut base, names, &meta.namespace);
    let mut targets = Vec::new();
    let mut behind = Behind::default();
    for endpoint in &slice.endpoints {
        for port in &slice.ports {
            for address in &endpoint.addresses {
                targets.push(target(
                    &base,
                    around,
                    names,
                    (address, endpoint, port),
                    &mut behind,
                ));
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
    (address, endpoint, port): (&Str, &Endpoint, &EndpointPort),
    behind: &mut Behind<'a>,
) -> Labels {
    let mut labels = base.clone();
    match port.port {
        Some(number) => {
            names.address(&mut labels, join(address, number));
            names.put_text(&mut labels, "endpointslice_port", &number.to_string());
        }
        None => names.address(&mut labels, address.clone()),
    }
    let texts = [
        ("endpointslice_port_name", &port.name),
        ("endpointslice_port_protocol", &port.protocol),
        ("endpointslice_port_app_protocol", &port.app_protocol),
        ("endpointslice_endpoint_hostname", &endpoint.hostname),
        ("endpointslice_endpoint_node_name", &endpoint.node_name),
        ("endpointslice_endpoint_zone", &endpoint.zone),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            names.put(&mut labels, name, text);
        }
    }
    let conditions = &endpoint.conditions;
    let flags = [
        ("endpointslice_endpoint_conditions_ready", conditions.ready),
        ("endpointslice_endpoint_conditions_serving", conditions.serving),
        (
            "endpointslice_endpoint_conditions_terminating",
            conditions.terminating,
        ),
    ];
    for (name, flag) in flags {
        if let Some(flag) = flag {
            names.put_text(&mut labels, name, if flag { "true" } else { "false" });
        }
    }
    if let Some(reference) = &endpoint.target_ref {
        names.put(&mut labels, "endpointslice_address_target_kind", &reference.kind);
        names.put(&mut labels, "endpointslice_address_target_name", &reference.name);
    }
    let yes = names.text("true");
    for (name, value) in endpoint.deprecated_topology.iter() {
        const TOPOLOGY: &str = "endpointslice_endpoint_topology_";
        labels.insert(names.joined(&[TOPOLOGY], name), value.clone());
        labels.insert(names.joined(&[TOPOLOGY, "present_"], name), yes.clone());
    }
    match (&endpoint.target_ref, &endpoint.node_name) {
        (Some(reference), _) if &*reference.kind == "Node" => {
            around.node(&mut labels, names, &reference.name);
        }
        (_, Some(node)) => around.node(&mut labels, names, node),
        _ => {}
    }
    let port = (port.port, None);
    behind.put(&mut labels, names, around, endpoint.target_ref.as_ref(), port);
    labels
}
