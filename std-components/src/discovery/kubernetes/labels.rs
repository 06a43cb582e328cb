//! Labels of targets. Names are the same for many targets, so each is kept once.

use super::objects::Meta;
use river_eval::{Str, Value};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// The labels of a target or of several.
pub(super) type Labels = BTreeMap<Str, Str>;

/// What all labels of this discovery begin with.
const PREFIX: &str = "__meta_kubernetes_";

/// Names that are remembered at the most; annotations with ever new names must not fill the memory.
const MAX_NAMES: usize = 20_000;

/// The names that are in use.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: FxHashSet<Str>,
    buffer: String,
}

impl Names {
    /// A text that many targets share.
    pub(super) fn text(&mut self, text: &str) -> Str {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if self.known.len() >= MAX_NAMES {
            self.known.clear();
        }
        let new: Str = text.into();
        self.known.insert(new.clone());
        new
    }

    /// `__meta_kubernetes_` and what follows.
    pub(super) fn meta(&mut self, name: &str) -> Str {
        self.joined(&[name], "")
    }

    /// `__meta_kubernetes_`, words, and a text that need not be fit for a label's name.
    pub(super) fn joined(&mut self, words: &[&str], raw: &str) -> Str {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.push_str(PREFIX);
        for word in words {
            buffer.push_str(word);
        }
        let fit = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        };
        buffer.extend(raw.chars().map(fit));
        let name = self.text(&buffer);
        self.buffer = buffer;
        name
    }

    /// Sets a label `__meta_kubernetes_…`.
    pub(super) fn put(&mut self, labels: &mut Labels, name: &str, value: &Str) {
        labels.insert(self.meta(name), value.clone());
    }

    /// Sets a label `__meta_kubernetes_…` to one of a few values.
    pub(super) fn put_text(&mut self, labels: &mut Labels, name: &str, value: &str) {
        let value = self.text(value);
        labels.insert(self.meta(name), value);
    }

    /// Sets `__address__`.
    pub(super) fn address(&mut self, labels: &mut Labels, address: impl Into<Str>) {
        labels.insert(self.text("__address__"), address.into());
    }

    /// Labels and annotations of an object.
    pub(super) fn put_maps(&mut self, labels: &mut Labels, resource: &str, meta: &Meta) {
        let yes = self.text("true");
        for (map, value, present) in [
            (&meta.labels, "_label_", "_labelpresent_"),
            (&meta.annotations, "_annotation_", "_annotationpresent_"),
        ] {
            for (name, text) in map.iter() {
                labels.insert(self.joined(&[resource, value], name), text.clone());
                labels.insert(self.joined(&[resource, present], name), yes.clone());
            }
        }
    }

    /// Name, labels and annotations of an object.
    pub(super) fn put_object(&mut self, labels: &mut Labels, resource: &str, meta: &Meta) {
        labels.insert(self.joined(&[resource, "_name"], ""), meta.name.clone());
        self.put_maps(labels, resource, meta);
    }
}

/// Host and port; IPv6 addresses in brackets.
pub(super) fn join(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// A target as it is exported.
pub(super) fn exported(labels: Labels) -> Value {
    Value::object(
        labels
            .into_iter()
            .map(|(name, value)| (name, Value::String(value))),
    )
}
