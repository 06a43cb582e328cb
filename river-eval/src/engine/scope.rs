//! What a node's expressions see: the exports of the components that it refers to, under their dotted names.

use crate::eval::{Context, Scope};
use crate::value::{Object, Str, Value};
use std::sync::Arc;

/// The scope of one node.
pub(super) struct NodeScope<'a> {
    roots: Object,
    context: &'a Context,
}

impl<'a> NodeScope<'a> {
    /// Holds the exports of these components.
    pub(super) fn new<'v>(
        context: &'a Context,
        exports: impl IntoIterator<Item = (&'v str, &'v Value)>,
    ) -> Self {
        let mut roots = Object::new();
        for (id, value) in exports {
            insert(&mut roots, id, value);
        }
        Self { roots, context }
    }
}

/// Puts a value below its dotted name. Objects made here are not shared yet, so nothing is copied.
fn insert(object: &mut Object, path: &str, value: &Value) {
    let Some((first, rest)) = path.split_once('.') else {
        object.insert(path.into(), value.clone());
        return;
    };
    let slot = match object.get_mut(first) {
        Some(slot) => slot,
        None => object
            .entry(first.into())
            .or_insert_with(|| Value::Object(Arc::default())),
    };
    if let Value::Object(below) = slot {
        insert(Arc::make_mut(below), rest, value);
    }
}

impl Scope for NodeScope<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.roots.get(name).cloned()
    }

    fn context(&self) -> &Context {
        self.context
    }

    fn names(&self) -> Vec<Str> {
        self.roots.keys().cloned().collect()
    }
}
