//! From a target's labels to the container that it means and the labels of its lines.

use crate::loki::source::file::positions::Key;
use crate::signals::{Labels, LabelsBuilder, Target};
use std::fmt;
use std::sync::Arc;

/// The labels that say which container is meant, and what they default to.
const NAMESPACE: [&str; 2] = ["__pod_namespace__", "__meta_kubernetes_namespace"];
const POD: [&str; 2] = ["__pod_name__", "__meta_kubernetes_pod_name"];
const CONTAINER: [&str; 2] = ["__pod_container_name__", "__meta_kubernetes_pod_container_name"];
const UID: [&str; 2] = ["__pod_uid__", "__meta_kubernetes_pod_uid"];

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::loki::source) struct Place {
    pub(in crate::loki::source) namespace: Arc<str>,
    pub(in crate::loki::source) pod: Arc<str>,
    pub(in crate::loki::source) container: Arc<str>,
    /// The pod's, so that a pod of the same name is another one.
    pub(in crate::loki::source) uid: Arc<str>,
}

impl fmt::Display for Place {
    /// As the reference names it: `namespace/pod:container`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.pod, self.container)
    }
}

impl Place {
    /// What its positions are stored under, as in the reference.
    pub(in crate::loki::source) fn path(&self) -> String {
        format!("cursor-{self}:{}", self.uid)
    }
}

/// A container whose log is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::loki::source) struct Wanted {
    pub(in crate::loki::source) place: Place,
    /// The labels of its lines.
    pub(in crate::loki::source) labels: Labels,
    /// The labels that it was found with, for people.
    pub(in crate::loki::source) discovered: Labels,
}

impl Wanted {
    /// What a target means. `job` is for targets without one; discovered labels are kept on the lines where `keeps_discovered`.
    ///
    /// # Errors
    /// What the target lacks.
    pub(in crate::loki::source) fn of(
        target: &Labels,
        discovered: Labels,
        job: &str,
        keeps_discovered: bool,
    ) -> Result<Self, String> {
        let of = |names: [&str; 2], what: &str| {
            let found = names
                .iter()
                .find_map(|name| target.get(name).filter(|value| !value.is_empty()));
            found
                .map(Arc::<str>::from)
                .ok_or_else(|| format!("missing {what} label: set {} or {}", names[0], names[1]))
        };
        // They go into paths of the API.
        let name = |names: [&str; 2], what: &str| {
            let found = of(names, what)?;
            match is_name(&found) {
                true => Ok(found),
                false => Err(format!(
                    "invalid {what} label: the value of {} or {} has characters that no name in Kubernetes has; check the rules that set it",
                    names[0], names[1]
                )),
            }
        };
        let place = Place {
            namespace: name(NAMESPACE, "pod namespace")?,
            pod: name(POD, "pod name")?,
            container: name(CONTAINER, "pod container name")?,
            uid: of(UID, "pod UID")?,
        };
        let mut labels: LabelsBuilder = target.builder();
        labels.retain(|name, _| !name.starts_with("__") || (keeps_discovered && name.starts_with("__meta_")));
        if target.get("job").is_none() {
            labels.set("job", job);
        }
        if target.get("instance").is_none() {
            labels.set("instance", &place.to_string());
        }
        Ok(Self {
            place,
            labels: labels.build(),
            discovered,
        })
    }

    /// What the target of a `targets` argument means.
    pub(in crate::loki::source) fn of_target(target: &Target, job: &str) -> Result<Self, String> {
        let labels = Labels::from_pairs(target.iter());
        Self::of(&labels, labels.clone(), job, false)
    }

    /// Where its position is stored.
    pub(super) fn key(&self) -> Key {
        Key {
            path: self.place.path(),
            labels: self.labels.to_string(),
        }
    }
}

/// Whether it may be a name: Kubernetes' own rules allow less.
fn is_name(text: &str) -> bool {
    let is_of_names = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.as_bytes().iter().all(is_of_names) && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_references() {
        let own = [
            ("__meta_kubernetes_namespace", "shop"),
            ("__meta_kubernetes_pod_name", "web-0"),
            ("__pod_name__", "web-1"),
            ("__meta_kubernetes_pod_container_name", "nginx"),
            ("__meta_kubernetes_pod_uid", "u"),
            ("__address__", "10.0.0.1"),
            ("app", "web"),
        ];
        let target = Target::new(own);
        let wanted = Wanted::of_target(&target, "loki.source.kubernetes.pods").unwrap();
        assert_eq!(wanted.key().path, "cursor-shop/web-1:nginx:u");
        insta::assert_snapshot!(wanted.labels, @r#"{app="web", instance="shop/web-1:nginx", job="loki.source.kubernetes.pods"}"#);
        let kept = Wanted::of(&wanted.discovered, Labels::default(), "j", true).unwrap();
        assert!(
            kept.labels.get("__meta_kubernetes_pod_uid").is_some()
                && kept.labels.get("__pod_name__").is_none()
        );
        let lacks = Wanted::of_target(
            &Target::new([("__pod_name__", "a"), ("__pod_namespace__", "b")]),
            "j",
        );
        for name in [
            "web 0",
            "web/../../../version?x=",
            "näme",
            "web%2f0",
            "..",
            "a\nb",
        ] {
            let odd = own.into_iter().chain([("__pod_name__", name)]);
            let odd = Wanted::of_target(&Target::new(odd), "j").unwrap_err();
            assert!(
                odd.starts_with("invalid pod name label: the value of __pod_name__ or "),
                "{odd}"
            );
        }
        insta::assert_snapshot!(lacks.unwrap_err(), @"missing pod container name label: set __pod_container_name__ or __meta_kubernetes_pod_container_name");
    }
}
