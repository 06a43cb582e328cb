//! From `PodLogs` objects, pods and namespaces to the containers to tail and their labels.

use super::objects::{Container, Key, Namespace, Pairs, Pod, PodLogs, Shelf, Spec};
use crate::loki::source::kubetail::Wanted;
use crate::relabel::Scratch;
use crate::signals::{Labels, LabelsBuilder};
use jiff::Timestamp;
use kube::core::{Selector, SelectorExt};
use river_eval::BodyValue;
use std::collections::BTreeMap;

/// What is known of the cluster.
#[derive(Default)]
pub(super) struct World {
    pub(super) podlogs: Shelf<PodLogs>,
    pub(super) namespaces: Shelf<Namespace>,
    pub(super) pods: Shelf<Pod>,
}

/// Which `PodLogs` objects count, and what becomes of labels.
pub(super) struct Choice {
    pub(super) podlogs: Selector,
    pub(super) namespaces: Selector,
    pub(super) keeps_discovered: bool,
}

/// A container that a `PodLogs` object selects.
pub(super) struct Found<'w> {
    pod: &'w Key,
    discovered: Labels,
    wanted: Result<Wanted, String>,
    /// The labels behind the relabelings.
    processed: Labels,
}

impl World {
    /// Whether all lists have come.
    pub(super) fn is_known(&self) -> bool {
        self.podlogs.is_known && self.namespaces.is_known && self.pods.is_known
    }

    fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.namespaces.objects.get(&(String::new(), name.to_owned()))
    }

    /// The `PodLogs` objects that count.
    fn chosen<'w>(&'w self, choice: &'w Choice) -> impl Iterator<Item = (&'w Key, &'w PodLogs)> {
        self.podlogs.objects.iter().filter(|(key, podlogs)| {
            choice.podlogs.matches(&podlogs.labels)
                && self
                    .namespace(&key.0)
                    .is_some_and(|namespace| choice.namespaces.matches(&namespace.labels))
        })
    }

    /// The containers to tail. One that several objects select with the same labels is wanted once.
    pub(super) fn wanted(&self, choice: &Choice) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (key, podlogs) in self.chosen(choice) {
            if let Ok(spec) = &podlogs.spec {
                let mut found = |found: Found<'_>| wanted.extend(found.wanted.ok());
                self.select(key, podlogs, spec, choice, &mut found);
            }
        }
        wanted
    }

    fn select<'w>(
        &'w self,
        key: &'w Key,
        podlogs: &'w PodLogs,
        spec: &'w Spec,
        choice: &Choice,
        found: &mut dyn FnMut(Found<'w>),
    ) {
        let mut base = LabelsBuilder::default();
        base.set("__meta_kubernetes_podlogs_namespace", &key.0);
        base.set("__meta_kubernetes_podlogs_name", &key.1);
        put(&mut base, "podlogs", &podlogs.labels, &podlogs.annotations);
        let base = base.build();
        let mut scratch = Scratch::default();
        for (place, pod) in &self.pods.objects {
            if !spec.pods.matches(&pod.labels) {
                continue;
            }
            let Some(namespace) = self
                .namespace(&place.0)
                .filter(|one| spec.namespaces.matches(&one.labels))
            else {
                continue;
            };
            let mut labels = base.builder();
            put_pod(&mut labels, place, pod, namespace);
            let of_pod = labels.build();
            for container in &pod.containers {
                let mut labels = of_pod.builder();
                put_container(&mut labels, place, container);
                labels.set("job", &format!("{}/{}", key.0, key.1));
                let discovered = labels.build();
                let processed = spec.rules.labels(&discovered, &mut scratch);
                let job = format!("{}/{}:{}", key.0, key.1, container.name);
                let wanted = match &processed {
                    Some(labels) => Wanted::of(labels, discovered.clone(), &job, choice.keeps_discovered)
                        .map_err(|problem| format!("invalid labels: {problem}")),
                    None => Err("dropped by the relabelings".into()),
                };
                found(Found {
                    pod: place,
                    discovered,
                    wanted,
                    processed: processed.unwrap_or_default(),
                });
            }
        }
    }

    /// Writes what was found into the debug information.
    pub(super) fn describe(&self, choice: &Choice, last_reconcile: Timestamp, body: &mut BodyValue) {
        for (key, podlogs) in self.chosen(choice) {
            let mut block = BodyValue::default();
            block
                .attribute("namespace", key.0.clone())
                .attribute("name", key.1.clone())
                .attribute("last_reconcile", last_reconcile.to_string());
            let mut pods: Vec<(Key, BodyValue)> = Vec::new();
            match &podlogs.spec {
                Err(problem) => drop(block.attribute("reconcile_error", problem.clone())),
                Ok(spec) => {
                    let mut found = |found: Found<'_>| {
                        if pods.last().is_none_or(|(key, _)| key != found.pod) {
                            let mut pod = BodyValue::default();
                            pod.attribute("namespace", found.pod.0.clone())
                                .attribute("name", found.pod.1.clone());
                            pods.push((found.pod.clone(), pod));
                        }
                        if let Some((_, pod)) = pods.last_mut() {
                            pod.block("container", found.describe());
                        }
                    };
                    self.select(key, podlogs, spec, choice, &mut found);
                }
            }
            for (_, pod) in pods {
                block.block("pod", pod);
            }
            body.block("pod_logs", block);
        }
    }
}

impl Found<'_> {
    fn describe(&self) -> BodyValue {
        let map = |labels: &Labels| -> BTreeMap<String, String> {
            let pairs = labels
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            pairs.collect()
        };
        let mut body = BodyValue::default();
        body.attribute("discovered_labels", map(&self.discovered));
        match &self.wanted {
            Ok(wanted) => drop(body.attribute("labels", map(&wanted.labels))),
            Err(problem) => {
                body.attribute("labels", map(&self.processed))
                    .attribute("reconcile_error", problem.clone());
            }
        }
        body
    }
}

/// A label's name of a text that need not be fit for one.
fn name(prefix: &str, raw: &str) -> String {
    let fit = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => character,
        _ => '_',
    };
    prefix.chars().chain(raw.chars().map(fit)).collect()
}

fn put(labels: &mut LabelsBuilder, of: &str, own: &Pairs, annotations: &Pairs) {
    for (pairs, what) in [(own, "label"), (annotations, "annotation")] {
        for (key, value) in pairs {
            labels.set(&name(&format!("__meta_kubernetes_{of}_{what}_"), key), value);
            labels.set(
                &name(&format!("__meta_kubernetes_{of}_{what}present_"), key),
                "true",
            );
        }
    }
}

fn put_pod(labels: &mut LabelsBuilder, key: &Key, pod: &Pod, namespace: &Namespace) {
    labels.set("__meta_kubernetes_namespace", &key.0);
    put(labels, "namespace", &namespace.labels, &namespace.annotations);
    for (name, value) in [
        ("__meta_kubernetes_pod_uid", pod.uid.as_str()),
        ("__meta_kubernetes_pod_name", &key.1),
        ("__meta_kubernetes_pod_node_name", &pod.node),
        ("__meta_kubernetes_pod_ip", &pod.ip),
        ("__meta_kubernetes_pod_host_ip", &pod.host_ip),
        ("__meta_kubernetes_pod_ready", &pod.ready),
        ("__meta_kubernetes_pod_phase", &pod.phase),
        ("__pod_namespace__", &key.0),
        ("__pod_name__", &key.1),
        ("__pod_uid__", &pod.uid),
    ] {
        labels.set(name, value);
    }
    put(labels, "pod", &pod.labels, &pod.annotations);
    if let Some((kind, name)) = &pod.controller {
        labels.set("__meta_kubernetes_pod_controller_kind", kind);
        labels.set("__meta_kubernetes_pod_controller_name", name);
    }
}

fn put_container(labels: &mut LabelsBuilder, pod: &Key, container: &Container) {
    let is_init = if container.is_init { "true" } else { "false" };
    labels.set("__meta_kubernetes_pod_container_init", is_init);
    labels.set("__meta_kubernetes_pod_container_name", &container.name);
    labels.set("__meta_kubernetes_pod_container_image", &container.image);
    labels.set("__pod_container_name__", &container.name);
    labels.set("instance", &format!("{}/{}:{}", pod.0, pod.1, container.name));
}
