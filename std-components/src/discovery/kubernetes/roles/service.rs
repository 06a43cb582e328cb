//! A target for each port of each service.

use super::Around;
use crate::discovery::kubernetes::labels::{Labels, Names, join};
use crate::discovery::kubernetes::objects::Service;
use river_eval::Str;

pub(super) fn targets(service: &Service, around: &Around<'_>, names: &mut Names) -> Vec<Labels> {
    let meta = &service.metadata;
    let spec = &service.spec;
    let mut base = Labels::new();
    put(&mut base, names, service);
    around.namespace(&mut base, names, &meta.namespace);
    names.put(&mut base, "service_type", &spec.kind);
    if &*spec.kind == "ExternalName" {
        names.put(&mut base, "service_external_name", &spec.external_name);
    } else {
        names.put(&mut base, "service_cluster_ip", &spec.cluster_ip);
    }
    if &*spec.kind == "LoadBalancer" {
        names.put(&mut base, "service_loadbalancer_ip", &load_balancer_ips(service));
    }
    let host = format!("{}.{}.svc", meta.name, meta.namespace);
    let target = |port: &crate::discovery::kubernetes::objects::ServicePort| {
        let mut labels = base.clone();
        names.address(&mut labels, join(&host, port.port));
        names.put(&mut labels, "service_port_name", &port.name);
        names.put_text(&mut labels, "service_port_number", &port.port.to_string());
        names.put(&mut labels, "service_port_protocol", &port.protocol);
        labels
    };
    spec.ports.iter().map(target).collect()
}

/// The labels of the service itself.
pub(super) fn put(labels: &mut Labels, names: &mut Names, service: &Service) {
    names.put(labels, "namespace", &service.metadata.namespace);
    names.put_object(labels, "service", &service.metadata);
}

/// What the load balancer says that it has, or what was asked for.
fn load_balancer_ips(service: &Service) -> Str {
    let given = service.status.load_balancer.ingress.iter();
    let ips: Vec<&str> = given
        .map(|ingress| &*ingress.ip)
        .filter(|ip| !ip.is_empty())
        .collect();
    if ips.is_empty() {
        service.spec.load_balancer_ip.clone()
    } else {
        ips.join(",").into()
    }
}
