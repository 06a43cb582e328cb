//! What a module sees of definitions: its own, those of the libraries that it imports, and those of the module around its definition.

use crate::graph::{Graph, MODULE_PATH};
use crate::ir;
use crate::value::{Object, Str, Value};
use river_syntax::Span;
use std::collections::HashMap;
use std::sync::Arc;

/// What a module sees. Made while the module is staged, and never changed afterwards.
#[derive(Clone, Debug)]
pub(super) struct Env {
    /// The module's text as a graph.
    pub(super) graph: Arc<Graph>,
    /// What the module's own imports brought, by namespace. One that is not known is missing.
    pub(super) libraries: HashMap<Str, Arc<Env>>,
    /// The module around its definition.
    pub(super) parent: Option<Arc<Env>>,
    /// The folder of its text.
    pub(super) module_path: Str,
    /// The imports on the way to its text, innermost first.
    pub(super) imported: Option<Arc<Imported>>,
    /// The values of what the module, or a definition in it, sees around it, by id. What is not known is missing.
    pub(super) outer: Object,
}

/// An import on the way to a text.
#[derive(Debug)]
pub(super) struct Imported {
    /// What tells its source from others.
    pub(super) key: Option<Str>,
    /// The head of the import block.
    pub(super) place: Span,
    /// The import on the way to the text in which this one stands.
    pub(super) outer: Option<Arc<Imported>>,
}

/// What a name leads to.
pub(super) enum Lookup {
    /// A definition, and what its body sees around itself.
    Found(Arc<ir::Block>, Arc<Env>),
    /// The import that may hold it has a mistake, which is told there.
    Unknown,
    /// There is no such definition. What the namespace does hold.
    Missing(Vec<Str>),
}

impl Env {
    /// The values of what is seen around a module that is defined here, such as the body of a `declare`.
    pub(super) fn outer_of(&self, graph: &Graph) -> Object {
        let value = |id: &Str| match &**id {
            MODULE_PATH => Some(Value::String(self.module_path.clone())),
            _ => self.outer.get(id).cloned(),
        };
        (graph.seen_around())
            .filter_map(|id| Some((id.clone(), value(id)?)))
            .collect()
    }

    /// What the name of a block leads to, as the reference looks it up: `name` is the nearest definition, `namespace.name` one that the
    /// nearest import of that namespace holds.
    pub(super) fn definition(self: &Arc<Self>, name: &str) -> Lookup {
        let Some((namespace, inner)) = name.split_once('.') else {
            let mut at = Some(self);
            while let Some(env) = at {
                if let Some(block) = env.graph.declare(name) {
                    return Lookup::Found(block.clone(), env.clone());
                }
                at = env.parent.as_ref();
            }
            return Lookup::Missing(Vec::new());
        };
        let mut held = Vec::new();
        let mut at = Some(self);
        while let Some(env) = at {
            match env.libraries.get(namespace) {
                Some(library) => match library.graph.declare(inner) {
                    Some(block) => return Lookup::Found(block.clone(), library.clone()),
                    None => held.extend(library.graph.declares().iter().cloned()),
                },
                None if env.graph.import(namespace).is_some() => return Lookup::Unknown,
                None => {}
            }
            at = env.parent.as_ref();
        }
        Lookup::Missing(held)
    }
}
