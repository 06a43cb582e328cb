//! A target for each port of each container of each pod, or for the container where it has no ports.

use super::Around;
use crate::discovery::kubernetes::labels::{Labels, Names, join};
use crate::discovery::kubernetes::objects::{Container, ContainerPort, ContainerStatus, Pod};
use river_eval::Str;

pub(super) fn targets(pod: &Pod, around: &Around<'_>, names: &mut Names) -> Vec<Labels> {
    // A pod that is starting or has been evicted has no address.
    if pod.status.pod_ip.is_empty() {
        return Vec::new();
    }
    // Selectors of nodes are meant to leave out the pods of other nodes.
    if around.with_node && around.objects.node(&pod.spec.node_name).is_none() {
        return Vec::new();
    }
    let mut base = Labels::new();
    put(&mut base, names, pod);
    names.put(&mut base, "namespace", &pod.metadata.namespace);
    around.node(&mut base, names, &pod.spec.node_name);
    around.namespace(&mut base, names, &pod.metadata.namespace);
    let mut targets = Vec::new();
    for (container, is_init) in containers(pod) {
        let statuses = if is_init {
            &pod.status.init_container_statuses
        } else {
            &pod.status.container_statuses
        };
        let mut labels = base.clone();
        names.put(&mut labels, "pod_container_id", &id(statuses, &container.name));
        if container.ports.is_empty() {
            put_container(&mut labels, names, container, is_init);
            names.address(&mut labels, pod.status.pod_ip.clone());
            targets.push(labels);
            continue;
        }
        for port in &container.ports {
            let mut labels = labels.clone();
            put_container(&mut labels, names, container, is_init);
            put_port(&mut labels, names, port, &port.protocol);
            names.address(&mut labels, join(&pod.status.pod_ip, port.container_port));
            targets.push(labels);
        }
    }
    targets
}

fn id(statuses: &[ContainerStatus], name: &str) -> Str {
    let status = statuses.iter().find(|status| *status.name == *name);
    status
        .map(|status| status.container_id.clone())
        .unwrap_or_default()
}

/// All containers, those that initialize the pod last.
pub(super) fn containers(pod: &Pod) -> impl Iterator<Item = (&Container, bool)> {
    let usual = pod.spec.containers.iter().map(|container| (container, false));
    usual.chain(pod.spec.init_containers.iter().map(|container| (container, true)))
}

pub(super) fn put_container(labels: &mut Labels, names: &mut Names, container: &Container, is_init: bool) {
    names.put(labels, "pod_container_name", &container.name);
    names.put(labels, "pod_container_image", &container.image);
    names.put_text(
        labels,
        "pod_container_init",
        if is_init { "true" } else { "false" },
    );
}

pub(super) fn put_port(labels: &mut Labels, names: &mut Names, port: &ContainerPort, protocol: &Str) {
    names.put(labels, "pod_container_port_name", &port.name);
    names.put_text(
        labels,
        "pod_container_port_number",
        &port.container_port.to_string(),
    );
    names.put(labels, "pod_container_port_protocol", protocol);
}

/// The labels of the pod itself, without its namespace.
pub(super) fn put(labels: &mut Labels, names: &mut Names, pod: &Pod) {
    names.put(labels, "pod_ip", &pod.status.pod_ip);
    let ready = pod.status.ready.as_deref().unwrap_or("Unknown").to_lowercase();
    names.put_text(labels, "pod_ready", &ready);
    names.put_text(labels, "pod_phase", &pod.status.phase);
    names.put_text(labels, "pod_node_name", &pod.spec.node_name);
    names.put_text(labels, "pod_host_ip", &pod.status.host_ip);
    names.put(labels, "pod_uid", &pod.metadata.uid);
    names.put_object(labels, "pod", &pod.metadata);
    if let Some(owner) = pod.metadata.controller() {
        if !owner.kind.is_empty() {
            names.put(labels, "pod_controller_kind", &owner.kind);
        }
        if !owner.name.is_empty() {
            names.put(labels, "pod_controller_name", &owner.name);
        }
    }
}

/// The labels of the container ports that an endpoint's port leads to. The last one with that number counts.
pub(super) fn put_ports_behind(
    labels: &mut Labels,
    names: &mut Names,
    pod: &Pod,
    number: i32,
    protocol: Option<&Str>,
) {
    for (container, is_init) in containers(pod) {
        if let Some(port) = (container.ports.iter()).find(|port| port.container_port == number) {
            put_container(labels, names, container, is_init);
            put_port(labels, names, port, protocol.unwrap_or(&port.protocol));
        }
    }
}

/// Targets for the ports of a pod that no endpoint leads to.
pub(super) fn uncovered(base: &Labels, names: &mut Names, pod: &Pod, covered: &[i32]) -> Vec<Labels> {
    let mut targets = Vec::new();
    if pod.status.pod_ip.is_empty() {
        return targets;
    }
    for (container, is_init) in containers(pod) {
        let ports = container.ports.iter();
        for port in ports.filter(|port| !covered.contains(&port.container_port)) {
            let mut labels = base.clone();
            put_container(&mut labels, names, container, is_init);
            put_port(&mut labels, names, port, &port.protocol);
            names.address(&mut labels, join(&pod.status.pod_ip, port.container_port));
            put(&mut labels, names, pod);
            targets.push(labels);
        }
    }
    targets
}
