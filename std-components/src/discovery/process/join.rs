//! Processes and the targets of the containers that they run in.

use crate::signals::Target;
use std::collections::BTreeMap;

/// The label of a container's id.
pub(super) const CONTAINER_ID: &str = "__container_id__";

/// What Kubernetes writes before a container's id.
const RUNTIMES: [&str; 3] = ["docker://", "containerd://", "cri-o://"];

/// The id of the container that a target is about; `None` where it is about none.
fn container_id(target: &Target) -> Option<&str> {
    let label = |name| target.get(name).filter(|value: &&str| !value.is_empty());
    if let Some(id) = label(CONTAINER_ID) {
        return Some(id);
    }
    if let Some(id) = label("__meta_kubernetes_pod_container_id") {
        return RUNTIMES
            .iter()
            .find_map(|runtime| id.strip_prefix(runtime))
            .filter(|id| !id.is_empty());
    }
    label("__meta_docker_container_id")
}

/// Each process with the labels of its container's target, which go before its own, and all of the containers' targets.
pub(super) fn join(processes: &[Target], containers: &[Target]) -> Vec<Target> {
    let mut joined = Vec::with_capacity(processes.len() + containers.len());
    let mut by_id: BTreeMap<&str, &Target> = BTreeMap::new();
    for container in containers {
        match container_id(container) {
            Some(id) => {
                by_id.insert(id, container);
            }
            None => joined.push(container.clone()),
        }
    }
    for process in processes {
        joined.push(match container_id(process).and_then(|id| by_id.get(id)) {
            Some(container) => Target::new(process.iter().chain(container.iter())),
            None => process.clone(),
        });
    }
    joined.extend(by_id.into_values().cloned());
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_get_the_labels_of_their_containers() {
        let processes = [
            Target::new([("__process_pid__", "1")]),
            Target::new([("__process_pid__", "2"), (CONTAINER_ID, "aa"), ("x", "own")]),
            Target::new([("__process_pid__", "3"), (CONTAINER_ID, "bb")]),
            Target::new([("__process_pid__", "4"), (CONTAINER_ID, "dd")]),
        ];
        let containers = [
            Target::new([("__meta_docker_container_id", "aa"), ("x", "container")]),
            Target::new([("__meta_kubernetes_pod_container_id", "containerd://bb")]),
            Target::new([("__meta_kubernetes_pod_container_id", "other://dd")]),
            Target::new([("no", "id")]),
        ];
        let joined: Vec<String> = join(&processes, &containers)
            .iter()
            .map(|target| format!("{target:?}"))
            .collect();
        insta::assert_snapshot!(joined.join("\n"), @r#"
        {"__meta_kubernetes_pod_container_id": "other://dd"}
        {"no": "id"}
        {"__process_pid__": "1"}
        {"__container_id__": "aa", "__meta_docker_container_id": "aa", "__process_pid__": "2", "x": "container"}
        {"__container_id__": "bb", "__meta_kubernetes_pod_container_id": "containerd://bb", "__process_pid__": "3"}
        {"__container_id__": "dd", "__process_pid__": "4"}
        {"__meta_docker_container_id": "aa", "x": "container"}
        {"__meta_kubernetes_pod_container_id": "containerd://bb"}
        "#);
    }
}
