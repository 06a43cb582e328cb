//! The objects that are known, the targets made of them, and what has to be made anew when an object changes.

use super::arguments::{AttachMetadata, Role};
use super::labels::{Names, exported};
use super::objects::{KINDS, Kind, Meta, Namespace, Node, Object, Pod, Service};
use super::roles::{self, Around};
use river_eval::{Str, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Namespace and name; the namespace of what stands in none is empty.
pub(super) type Key = (Str, Str);

struct Kept {
    /// The watch that brought it, and in which of its lists or after which.
    watch: usize,
    generation: u64,
    object: Object,
}

type Store = BTreeMap<Str, BTreeMap<Str, Kept>>;

/// All objects by kind, namespace and name.
#[derive(Default)]
pub(super) struct Objects {
    stores: [Store; KINDS],
}

impl Objects {
    fn store(&mut self, kind: Kind) -> Option<&mut Store> {
        self.stores.get_mut(kind as usize)
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Object> {
        let kept = self.stores.get(kind as usize)?.get(namespace)?.get(name)?;
        Some(&kept.object)
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        let stores = self.stores.get(kind as usize).into_iter();
        stores.flat_map(|store| {
            store
                .values()
                .flat_map(|names| names.values().map(|kept| &kept.object))
        })
    }

    /// A node.
    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        match self.get(Kind::Node, "", name)? {
            Object::Node(node) => Some(node),
            _ => None,
        }
    }

    /// A namespace.
    pub(super) fn namespace(&self, name: &str) -> Option<&Namespace> {
        match self.get(Kind::Namespace, "", name)? {
            Object::Namespace(namespace) => Some(namespace),
            _ => None,
        }
    }

    /// A pod.
    pub(super) fn pod(&self, namespace: &str, name: &str) -> Option<&Pod> {
        match self.get(Kind::Pod, namespace, name)? {
            Object::Pod(pod) => Some(pod),
            _ => None,
        }
    }

    /// A service.
    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        match self.get(Kind::Service, namespace, name)? {
            Object::Service(service) => Some(service),
            _ => None,
        }
    }
}

/// Objects and targets.
pub(super) struct World {
    objects: Objects,
    /// The kind that targets are made of.
    own: Kind,
    with_node: bool,
    with_namespace: bool,
    names: Names,
    /// The targets of each object that has any.
    groups: BTreeMap<Key, Box<[Value]>>,
    /// Objects whose targets have to be made anew.
    dirty: BTreeSet<Key>,
    all_dirty: bool,
    /// Which endpoints lead to a pod.
    behind: HashMap<Key, BTreeSet<Key>>,
}

impl World {
    pub(super) fn new(role: Role, attach: AttachMetadata) -> Self {
        Self {
            objects: Objects::default(),
            own: role.kind(),
            with_node: attach.node && role.has_node(),
            with_namespace: attach.namespace && role != Role::Node,
            names: Names::default(),
            groups: BTreeMap::new(),
            dirty: BTreeSet::new(),
            all_dirty: false,
            behind: HashMap::new(),
        }
    }

    /// Takes an object of a watch; whether it was known already.
    pub(super) fn put(&mut self, kind: Kind, watch: usize, generation: u64, object: Object) -> bool {
        let (namespace, name) = key(object.meta());
        let Some(store) = self.objects.store(kind) else {
            return false;
        };
        let names = store.entry(namespace.clone()).or_default();
        match names.get_mut(&name) {
            Some(known) if known.object == object => {
                known.watch = watch;
                known.generation = generation;
                true
            }
            known => {
                let is_known = known.is_some();
                let kept = Kept {
                    watch,
                    generation,
                    object,
                };
                let before = names.insert(name.clone(), kept).map(|kept| kept.object);
                self.touched(kind, (namespace, name), before);
                is_known
            }
        }
    }

    /// Forgets an object; whether it was known.
    pub(super) fn remove(&mut self, kind: Kind, (namespace, name): Key) -> bool {
        let Some(store) = self.objects.store(kind) else {
            return false;
        };
        let Some(names) = store.get_mut(&namespace) else {
            return false;
        };
        let before = names.remove(&name).map(|kept| kept.object);
        if names.is_empty() {
            store.remove(&namespace);
        }
        let was = before.is_some();
        if was {
            self.touched(kind, (namespace, name), before);
        }
        was
    }

    /// Forgets what a watch brought before its present list; how many objects that were.
    pub(super) fn sweep(&mut self, kind: Kind, watch: usize, generation: u64) -> usize {
        let mut gone = Vec::new();
        for (namespace, names) in self.objects.store(kind).into_iter().flatten() {
            for (name, kept) in names {
                if kept.watch == watch && kept.generation != generation {
                    gone.push((namespace.clone(), name.clone()));
                }
            }
        }
        let count = gone.len();
        for key in gone {
            self.remove(kind, key);
        }
        count
    }

    /// Notes which targets an object's change concerns. `before` is what it was.
    fn touched(&mut self, kind: Kind, key: Key, before: Option<Object>) {
        let now = self.objects.get(kind, &key.0, &key.1);
        if kind == self.own {
            let old: BTreeSet<Key> = before.iter().flat_map(pods_behind).collect();
            let new: BTreeSet<Key> = now.iter().flat_map(|object| pods_behind(object)).collect();
            for pod in old.difference(&new) {
                if let Some(of) = self.behind.get_mut(pod) {
                    of.remove(&key);
                    if of.is_empty() {
                        self.behind.remove(pod);
                    }
                }
            }
            for pod in new.difference(&old) {
                self.behind.entry(pod.clone()).or_default().insert(key.clone());
            }
            self.dirty.insert(key);
            return;
        }
        match kind {
            Kind::Pod => {
                let of = self.behind.get(&key).into_iter().flatten();
                self.dirty.extend(of.cloned());
            }
            Kind::Service if self.own == Kind::EndpointSlice => {
                let slices = self.objects.of_kind(Kind::EndpointSlice);
                let of = slices.filter_map(|slice| match slice {
                    Object::EndpointSlice(slice)
                        if slice.metadata.namespace == key.0 && slice.service() == Some(&key.1) =>
                    {
                        Some((key.0.clone(), slice.metadata.name.clone()))
                    }
                    _ => None,
                });
                self.dirty.extend(of);
            }
            Kind::Service => {
                self.dirty.insert(key);
            }
            // Only their labels and annotations matter, and they change seldom.
            _ => {
                let seen = |object: Option<&Object>| {
                    object.map(|object| {
                        let meta = object.meta();
                        (meta.labels.clone(), meta.annotations.clone())
                    })
                };
                self.all_dirty |= seen(before.as_ref()) != seen(now);
            }
        }
    }

    /// Makes the targets anew that have to be; whether any are other ones now.
    pub(super) fn refresh(&mut self) -> bool {
        let mut dirty = std::mem::take(&mut self.dirty);
        if std::mem::take(&mut self.all_dirty) {
            dirty.extend(self.objects.of_kind(self.own).map(|object| key(object.meta())));
        }
        let around = Around {
            objects: &self.objects,
            with_node: self.with_node,
            with_namespace: self.with_namespace,
        };
        let mut changed = false;
        for key in dirty {
            let targets = match self.objects.get(self.own, &key.0, &key.1) {
                Some(object) => roles::targets(object, &around, &mut self.names),
                None => Vec::new(),
            };
            if targets.is_empty() {
                changed |= self.groups.remove(&key).is_some();
                continue;
            }
            let targets: Box<[Value]> = targets.into_iter().map(exported).collect();
            if self.groups.get(&key) != Some(&targets) {
                self.groups.insert(key, targets);
                changed = true;
            }
        }
        changed
    }

    /// The targets of all namespaces that are wanted, in order of namespace and name. They share their labels with what is kept here.
    pub(super) fn targets(&self, wanted: impl Fn(&str) -> bool) -> Vec<Value> {
        let groups = self.groups.iter().filter(|((namespace, _), _)| wanted(namespace));
        groups.flat_map(|(_, targets)| targets.iter().cloned()).collect()
    }
}

/// Where an object is kept.
pub(super) fn key(meta: &Meta) -> Key {
    (meta.namespace.clone(), meta.name.clone())
}

/// The pods that endpoints lead to.
fn pods_behind(object: &Object) -> Vec<Key> {
    let references: Vec<_> = match object {
        Object::Endpoints(endpoints) => {
            let all = (endpoints.subsets.iter())
                .flat_map(|subset| subset.addresses.iter().chain(&subset.not_ready_addresses));
            all.filter_map(|address| address.target_ref.as_ref()).collect()
        }
        Object::EndpointSlice(slice) => {
            let all = slice.endpoints.iter();
            all.filter_map(|endpoint| endpoint.target_ref.as_ref()).collect()
        }
        _ => Vec::new(),
    };
    let pods = references
        .into_iter()
        .filter(|reference| &*reference.kind == "Pod");
    pods.map(|reference| (reference.namespace.clone(), reference.name.clone()))
        .collect()
}
