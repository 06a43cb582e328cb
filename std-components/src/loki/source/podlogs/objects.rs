//! What is watched, with the fields that matter here and no others.

use super::arguments::selector;
use crate::http_client::Backoff;
use crate::kubernetes::pod;
use crate::kubernetes::{Access, ApiError, retries};
use crate::relabel::{Rule, Rules};
use futures_util::stream::{self, BoxStream, StreamExt};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kube::core::{DynamicObject, PartialObjectMeta, Selector};
use kube::runtime::watcher::{self, Event};
use river_eval::{Arguments, BodyValue};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Namespace (empty for namespaces themselves) and name.
pub(super) type Key = (String, String);

/// Labels or annotations.
pub(super) type Pairs = BTreeMap<String, String>;

/// A `PodLogs` object.
pub(super) struct PodLogs {
    pub(super) labels: Pairs,
    pub(super) annotations: Pairs,
    /// What it asks for, or what is wrong with that.
    pub(super) spec: Result<Spec, String>,
}

/// What a `PodLogs` object asks for.
pub(super) struct Spec {
    pub(super) pods: Selector,
    pub(super) namespaces: Selector,
    pub(super) rules: Rules,
}

/// A namespace.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) labels: Pairs,
    pub(super) annotations: Pairs,
}

/// A container of a pod's specification.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) is_init: bool,
}

/// A pod.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) uid: String,
    pub(super) labels: Pairs,
    pub(super) annotations: Pairs,
    pub(super) node: String,
    pub(super) ip: String,
    pub(super) host_ip: String,
    pub(super) phase: String,
    pub(super) ready: String,
    /// Kind and name.
    pub(super) controller: Option<(String, String)>,
    /// Init containers first.
    pub(super) containers: Vec<Container>,
}

fn key(metadata: &mut ObjectMeta) -> Key {
    (
        metadata.namespace.take().unwrap_or_default(),
        metadata.name.take().unwrap_or_default(),
    )
}

fn pairs(pairs: Option<Pairs>) -> Pairs {
    pairs.unwrap_or_default()
}

impl Namespace {
    pub(super) fn of(mut object: PartialObjectMeta<core::Namespace>) -> (Key, Self) {
        let key = key(&mut object.metadata);
        let namespace = Self {
            labels: pairs(object.metadata.labels),
            annotations: pairs(object.metadata.annotations),
        };
        (key, namespace)
    }
}

impl Pod {
    pub(super) fn of(mut object: pod::Pod) -> (Key, Self) {
        let key = key(&mut object.metadata);
        let (metadata, spec, status) = (object.metadata, object.spec, object.status.unwrap_or_default());
        let container = |is_init| {
            move |container: pod::Container| Container {
                name: container.name,
                image: container.image.unwrap_or_default(),
                is_init,
            }
        };
        let init = spec.init_containers.into_iter().flatten().map(container(true));
        let ready = status
            .conditions
            .into_iter()
            .flatten()
            .find(|one| one.type_ == "Ready");
        let owners = metadata.owner_references.into_iter().flatten();
        let pod = Self {
            uid: metadata.uid.unwrap_or_default(),
            labels: pairs(metadata.labels),
            annotations: pairs(metadata.annotations),
            node: spec.node_name.unwrap_or_default(),
            ip: status.pod_ip.unwrap_or_default(),
            host_ip: status.host_ip.unwrap_or_default(),
            phase: status.phase.unwrap_or_default(),
            ready: ready.map_or_else(|| "unknown".into(), |one| one.status.to_lowercase()),
            controller: owners
                .into_iter()
                .find(|owner| owner.controller == Some(true))
                .map(|owner| (owner.kind, owner.name)),
            containers: init
                .chain(spec.containers.into_iter().flatten().map(container(false)))
                .collect(),
        };
        (key, pod)
    }
}

/// `spec` as the CRD has it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    selector: LabelSelector,
    namespace_selector: LabelSelector,
    relabelings: Option<Vec<Relabeling>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Relabeling {
    source_labels: Vec<String>,
    separator: Option<String>,
    regex: String,
    modulus: u64,
    target_label: String,
    replacement: Option<String>,
    action: String,
}

impl Relabeling {
    /// The same as a `rule` block, with its checks; what is empty is left out, as in the reference.
    fn rule(&self) -> Result<Rule, String> {
        let mut body = BodyValue::default();
        let mut text = |name: &'static str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                body.attribute(name, value.to_owned());
            }
        };
        text("separator", self.separator.as_deref());
        text("regex", Some(&self.regex));
        text("target_label", Some(&self.target_label));
        text("replacement", self.replacement.as_deref());
        text("action", Some(&self.action.to_lowercase()));
        if !self.source_labels.is_empty() {
            body.attribute("source_labels", self.source_labels.clone());
        }
        if self.modulus != 0 {
            body.attribute("modulus", self.modulus);
        }
        Rule::decode(&body).map_err(|mistakes| {
            let first = mistakes.into_iter().next();
            first.map_or_else(String::new, |mistake| mistake.message)
        })
    }
}

impl PodLogs {
    pub(super) fn of(mut object: DynamicObject) -> (Key, Self) {
        let key = key(&mut object.metadata);
        let spec = match object.data.get_mut("spec").map(serde_json::Value::take) {
            Some(spec) => serde_json::from_value(spec).map_err(|error| format!("invalid spec: {error}")),
            None => Ok(Raw::default()),
        };
        let podlogs = Self {
            labels: pairs(object.metadata.labels),
            annotations: pairs(object.metadata.annotations),
            spec: spec.and_then(Spec::of),
        };
        (key, podlogs)
    }
}

impl Spec {
    fn of(raw: Raw) -> Result<Self, String> {
        let rules = raw.relabelings.iter().flatten().map(Relabeling::rule);
        let rules: Vec<Rule> = rules
            .collect::<Result<_, _>>()
            .map_err(|problem| format!("invalid relabelings: {problem}"))?;
        Ok(Self {
            pods: selector(raw.selector).map_err(|problem| format!("invalid Pod selector: {problem}"))?,
            namespaces: selector(raw.namespace_selector)
                .map_err(|problem| format!("invalid Pod namespaceSelector: {problem}"))?,
            rules: Rules::new(&rules),
        })
    }
}

/// The objects of a kind as a watch brings them.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    pub(super) objects: BTreeMap<Key, T>,
    /// Those of a list that has begun.
    listing: BTreeMap<Key, T>,
    /// Whether there has been a whole list.
    pub(super) is_known: bool,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            listing: BTreeMap::new(),
            is_known: false,
        }
    }
}

impl<T> Shelf<T> {
    /// Takes up what has happened.
    pub(super) fn take(&mut self, event: Event<(Key, T)>) {
        match event {
            Event::Init => self.listing.clear(),
            Event::InitApply((key, object)) => drop(self.listing.insert(key, object)),
            Event::InitDone => {
                self.objects = std::mem::take(&mut self.listing);
                self.is_known = true;
            }
            Event::Apply((key, object)) => drop(self.objects.insert(key, object)),
            Event::Delete((key, _)) => drop(self.objects.remove(&key)),
        }
    }
}

/// What a watch brings.
pub(super) type Watch<T> = BoxStream<'static, Result<Event<(Key, T)>, ApiError>>;

struct Retrying<K> {
    events: BoxStream<'static, watcher::Result<Event<K>>>,
    backoff: Backoff,
    wait: Option<Duration>,
}

/// Follows a watch for ever: waits grow while it fails.
pub(super) fn watch<K: Send + 'static, T: 'static>(
    events: BoxStream<'static, watcher::Result<Event<K>>>,
    server: String,
    access: Access,
    of: fn(K) -> (Key, T),
) -> Watch<T> {
    let retrying = Retrying {
        events,
        backoff: retries(),
        wait: None,
    };
    stream::unfold(retrying, |mut retrying| async {
        if let Some(wait) = retrying.wait.take() {
            tokio::time::sleep(wait).await;
        }
        let event = retrying.events.next().await?;
        match &event {
            Ok(Event::Init) => {}
            Ok(_) => retrying.backoff = retries(),
            Err(_) => retrying.wait = Some(retrying.backoff.next(None)),
        }
        Some((event, retrying))
    })
    .map(move |event| match event {
        Ok(Event::Init) => Ok(Event::Init),
        Ok(Event::InitApply(object)) => Ok(Event::InitApply(of(object))),
        Ok(Event::InitDone) => Ok(Event::InitDone),
        Ok(Event::Apply(object)) => Ok(Event::Apply(of(object))),
        Ok(Event::Delete(object)) => Ok(Event::Delete(of(object))),
        Err(error) => Err(ApiError::of_watch(&server, &access, &error)),
    })
    .boxed()
}
