//! The objects, their versions, and what happened to them.

use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Namespace and name.
pub(super) type Key = (String, String);

/// What happened to a resource.
pub(super) enum Change {
    /// An object became another one; `None` before it was created and after it was deleted.
    Object {
        before: Option<Arc<Value>>,
        after: Option<Arc<Value>>,
    },
    /// Open watches get a bookmark.
    Bookmark,
    /// Open watches end with 410 Gone.
    Expire,
}

pub(super) struct Happened {
    pub(super) version: u64,
    pub(super) change: Change,
}

#[derive(Default)]
pub(super) struct Resource {
    pub(super) objects: BTreeMap<Key, Arc<Value>>,
    pub(super) history: Vec<Happened>,
    /// The oldest version from which watches can start.
    pub(super) oldest: u64,
}

#[derive(Default)]
pub(super) struct Objects {
    pub(super) version: u64,
    pub(super) resources: HashMap<String, Resource>,
}

/// Kind and `apiVersion` of a resource's objects.
pub(super) fn kind_of(resource: &str) -> (&'static str, &'static str) {
    match resource {
        "pods" => ("Pod", "v1"),
        "nodes" => ("Node", "v1"),
        "namespaces" => ("Namespace", "v1"),
        "services" => ("Service", "v1"),
        "endpoints" => ("Endpoints", "v1"),
        "secrets" => ("Secret", "v1"),
        "configmaps" => ("ConfigMap", "v1"),
        "events" => ("Event", "v1"),
        "endpointslices" => ("EndpointSlice", "discovery.k8s.io/v1"),
        "ingresses" => ("Ingress", "networking.k8s.io/v1"),
        "replicasets" => ("ReplicaSet", "apps/v1"),
        "jobs" => ("Job", "batch/v1"),
        "podlogs" => ("PodLogs", "monitoring.grafana.com/v1alpha2"),
        _ => ("Thing", "v1"),
    }
}

impl Objects {
    pub(super) fn apply(&mut self, resource: &str, mut object: Value) -> u64 {
        self.version += 1;
        let (kind, api_version) = kind_of(resource);
        let place = self.resources.entry(resource.to_owned()).or_default();
        object["kind"] = kind.into();
        object["apiVersion"] = api_version.into();
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = self.version.to_string().into();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (text(&metadata["namespace"]), text(&metadata["name"]));
        assert!(!key.1.is_empty(), "an object needs a name: {metadata}");
        if metadata["uid"].is_null() {
            metadata["uid"] = match place.objects.get(&key) {
                Some(before) => before["metadata"]["uid"].clone(),
                None => format!("uid-{}-{}", key.1, self.version).into(),
            };
        }
        if metadata["creationTimestamp"].is_null() {
            metadata["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
        let after = Arc::new(object);
        let before = place.objects.insert(key, after.clone());
        place.history.push(Happened {
            version: self.version,
            change: Change::Object {
                before,
                after: Some(after),
            },
        });
        self.version
    }

    pub(super) fn delete(&mut self, resource: &str, namespace: &str, name: &str) {
        self.version += 1;
        let place = self.resources.entry(resource.to_owned()).or_default();
        let before = place
            .objects
            .remove(&(namespace.to_owned(), name.to_owned()))
            .unwrap();
        // The last state goes out under the version of the deletion.
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = self.version.to_string().into();
        place.history.push(Happened {
            version: self.version,
            change: Change::Object {
                before: Some(Arc::new(last)),
                after: None,
            },
        });
    }

    pub(super) fn bookmark(&mut self, resource: &str) {
        self.note(resource, Change::Bookmark);
    }

    pub(super) fn expire(&mut self, resource: &str) {
        // A version that nothing has, so that whoever knows only what was before is too late.
        self.version += 1;
        let version = self.version;
        self.note(resource, Change::Expire);
        self.resources.entry(resource.to_owned()).or_default().oldest = version;
    }

    fn note(&mut self, resource: &str, change: Change) {
        let version = self.version;
        let place = self.resources.entry(resource.to_owned()).or_default();
        place.history.push(Happened { version, change });
    }
}

/// A failure as the API tells it.
pub(super) fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}
