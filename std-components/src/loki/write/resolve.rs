//! From an entry's labels to the stream and tenant that it is sent to; remembered, as few sets of labels come again and again.

use super::encode;
use crate::loki::recent::Recent;
use crate::signals::Labels;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// The label that names an entry's tenant.
pub(super) const TENANT_LABEL: &str = "__tenant_id__";

/// Label sets that are remembered at the most.
const MAX_REMEMBERED: usize = 10_000;

/// A stream of a tenant.
#[derive(Debug)]
pub(super) struct Stream {
    /// Unique among the streams of a resolver.
    pub(super) id: u64,
    /// Empty where there is none.
    pub(super) tenant: Arc<str>,
    /// The labels as Loki reads them.
    pub(super) labels: Arc<str>,
}

/// What labels are resolved with.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    tenant: Arc<str>,
    external: BTreeMap<String, String>,
    known: Recent<Labels, Arc<Stream>>,
    /// By tenant and labels: sets that differ only in labels that are not sent are one stream.
    streams: Recent<(Arc<str>, Arc<str>), Arc<Stream>>,
    next: u64,
}

impl Resolver {
    /// Takes settings; what was remembered with others is forgotten.
    pub(super) fn configure(&mut self, tenant: &str, external: &BTreeMap<String, String>) {
        if *self.tenant != *tenant || self.external != *external {
            self.forget();
            self.tenant = tenant.into();
            self.external.clone_from(external);
        }
    }

    /// Forgets what was not used for a while. Once a batch, and now and then where none comes.
    pub(super) fn tend(&mut self, now: Instant) {
        self.known.tend(now);
        self.streams.tend(now);
    }

    /// Whether nothing is remembered.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.streams.is_empty()
    }

    fn forget(&mut self) {
        self.known = Recent::default();
        self.streams = Recent::default();
    }

    /// The stream of a set of labels.
    pub(super) fn stream(&mut self, labels: &Labels) -> Arc<Stream> {
        if let Some(stream) = self.known.get(labels) {
            return stream.clone();
        }
        let tenant = match labels.get(TENANT_LABEL) {
            Some(tenant) => tenant.into(),
            None => self.tenant.clone(),
        };
        let mut merged: BTreeMap<&str, &str> = self
            .external
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        merged.extend(labels.iter());
        merged.retain(|name, _| !name.starts_with("__"));
        let mut text = String::new();
        encode::labels(&mut text, merged);
        let key = (tenant, text.into());
        let stream = match self.streams.get(&key) {
            Some(stream) => stream.clone(),
            None => {
                self.next += 1;
                let stream = Arc::new(Stream {
                    id: self.next,
                    tenant: key.0.clone(),
                    labels: key.1.clone(),
                });
                self.streams.insert(key, stream.clone(), MAX_REMEMBERED);
                stream
            }
        };
        self.known.insert(labels.clone(), stream.clone(), MAX_REMEMBERED);
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_and_labels_are_resolved() {
        let mut resolver = Resolver::default();
        let external = BTreeMap::from([
            ("cluster".to_owned(), "c1".to_owned()),
            ("app".into(), "outer".into()),
        ]);
        resolver.configure("usual", &external);
        let plain = resolver.stream(&Labels::from_pairs([("app", "web"), ("__path__", "/a")]));
        assert_eq!(
            (&*plain.tenant, &*plain.labels),
            ("usual", r#"{app="web", cluster="c1"}"#)
        );
        let same = resolver.stream(&Labels::from_pairs([("app", "web"), ("__path__", "/b")]));
        assert_eq!(plain.id, same.id);
        let other = resolver.stream(&Labels::from_pairs([("app", "web"), ("__tenant_id__", "t2")]));
        assert_eq!(
            (&*other.tenant, &*other.labels),
            ("t2", r#"{app="web", cluster="c1"}"#)
        );
        assert_ne!(plain.id, other.id);
        resolver.configure("changed", &external);
        let again = resolver.stream(&Labels::from_pairs([("app", "web"), ("__path__", "/a")]));
        assert_eq!(&*again.tenant, "changed");
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut resolver = Resolver::default();
        for at in 0..MAX_REMEMBERED * 2 + 5 {
            resolver.stream(&Labels::from_pairs([("at", at.to_string().as_str())]));
            assert!(resolver.known.len() <= MAX_REMEMBERED && resolver.streams.len() <= MAX_REMEMBERED);
        }
    }
}
