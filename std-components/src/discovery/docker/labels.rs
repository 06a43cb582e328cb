//! The targets of containers, and their `__meta_docker_*` labels.

use crate::docker::{Container, Endpoint, Network, Port};
use crate::signals::Target;
use std::collections::{BTreeMap, HashMap};

/// Containers that share the network of another are followed so far; a daemon has no circles, an answer could.
const MAX_SHARED: usize = 16;

/// What the arguments say of targets.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) port: i64,
    pub(super) host_networking_host: String,
    pub(super) match_first_network: bool,
}

type Labels = BTreeMap<String, String>;

/// A target for each port (or none) of each container in each of its networks.
pub(super) fn targets(containers: &[Container], networks: &[Network], shape: &Shape) -> Vec<Target> {
    let by_id: HashMap<&str, &Container> = containers.iter().map(|one| (&*one.id, one)).collect();
    let networks: HashMap<&str, Labels> = networks
        .iter()
        .map(|network| (&*network.id, of_network(network)))
        .collect();
    let mut targets = Vec::new();
    for container in containers {
        let Some(common) = of_container(container) else {
            continue;
        };
        let mut places: Vec<(&String, &Endpoint)> = places(container, &by_id);
        if shape.match_first_network {
            places.truncate(1);
        }
        for (_, place) in places {
            let mut labels = common.clone();
            if let Some(network) = networks.get(&*place.network_id) {
                labels.extend(network.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            let address = if place.ip_address.is_empty() {
                &place.global_ipv6_address
            } else {
                &place.ip_address
            };
            labels.insert("__meta_docker_network_ip".into(), address.clone());
            let mut has_port = false;
            for port in container.ports.iter().filter(|port| port.kind == "tcp") {
                has_port = true;
                targets.push(with_port(labels.clone(), address, port));
            }
            if !has_port {
                let address = if container.host_config.network_mode == "host" {
                    shape.host_networking_host.clone()
                } else {
                    join(address, shape.port)
                };
                labels.insert("__address__".into(), address);
                targets.push(Target::new(labels));
            }
        }
    }
    targets
}

/// The labels of a container; `None` for one without a name, which is being made or taken away.
fn of_container(container: &Container) -> Option<Labels> {
    let name = container.names.first()?;
    let mut labels = Labels::from([
        ("__meta_docker_container_id".into(), container.id.clone()),
        ("__meta_docker_container_name".into(), name.clone()),
        (
            "__meta_docker_container_network_mode".into(),
            container.host_config.network_mode.clone(),
        ),
    ]);
    if !container.image.is_empty() {
        labels.insert("__meta_docker_container_image".into(), container.image.clone());
    }
    if !container.image_id.is_empty() {
        labels.insert(
            "__meta_docker_container_image_id".into(),
            container.image_id.clone(),
        );
    }
    for (name, value) in &container.labels {
        labels.insert(
            format!("__meta_docker_container_label_{}", label_name(name)),
            value.clone(),
        );
    }
    Some(labels)
}

fn of_network(network: &Network) -> Labels {
    let mut labels = Labels::from([
        ("__meta_docker_network_id".into(), network.id.clone()),
        ("__meta_docker_network_name".into(), network.name.clone()),
        ("__meta_docker_network_scope".into(), network.scope.clone()),
        (
            "__meta_docker_network_internal".into(),
            network.internal.to_string(),
        ),
        (
            "__meta_docker_network_ingress".into(),
            network.ingress.to_string(),
        ),
    ]);
    for (name, value) in &network.labels {
        labels.insert(
            format!("__meta_docker_network_label_{}", label_name(name)),
            value.clone(),
        );
    }
    labels
}

/// Where a container is to be found, by the networks' names. One that shares another container's network is where that one is.
fn places<'c>(
    container: &'c Container,
    by_id: &HashMap<&str, &'c Container>,
) -> Vec<(&'c String, &'c Endpoint)> {
    let mut at = container;
    for _ in 0..MAX_SHARED {
        if !at.network_settings.networks.is_empty() {
            break;
        }
        let other = at.host_config.network_mode.strip_prefix("container:");
        match other.and_then(|id| by_id.get(id)) {
            Some(other) => at = other,
            None => break,
        }
    }
    let networks = at.network_settings.networks.iter();
    networks
        .filter_map(|(name, place)| Some((name, place.as_ref()?)))
        .collect()
}

fn with_port(mut labels: Labels, address: &str, port: &Port) -> Target {
    labels.insert("__meta_docker_port_private".into(), port.private_port.to_string());
    if port.public_port > 0 {
        labels.insert("__meta_docker_port_public".into(), port.public_port.to_string());
        labels.insert("__meta_docker_port_public_ip".into(), port.ip.clone());
    }
    labels.insert("__address__".into(), join(address, port.private_port.into()));
    Target::new(labels)
}

/// Address and port; an IPv6 address in brackets.
fn join(address: &str, port: i64) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

/// What may not stand in a label's name becomes `_`.
fn label_name(name: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_';
    name.chars()
        .map(|character| if fits(character) { character } else { '_' })
        .collect()
}
