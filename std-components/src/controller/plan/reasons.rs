//! Why a block would be touched: what in its text changed, or whom it refers to.

use super::Action;
use super::difference::{self, BodyChange};
use super::host::Planned;
use river_eval::engine::RunningNode;
use river_eval::{BodyValue, Str, ir};
use river_syntax::{Sources, Span};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Why a block would be touched.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It is not in the old configuration.
    New,
    /// It is not in the new configuration.
    Gone,
    /// Something was written differently.
    Written(BodyChange),
    /// What is written is the same and has another value, because of these blocks that it refers to. Where there are none, because of something
    /// outside of the configuration, such as an environment variable or the folder.
    Evaluated {
        /// What has another value.
        change: BodyChange,
        /// The ids of the blocks.
        because: Vec<Str>,
    },
    /// What it is made of changed: the definition of a custom component, or the text of an import.
    Definition,
}

/// A running block before the reload.
pub(super) struct Before {
    pub(super) arguments: Arc<BodyValue>,
    /// The texts of the statements at the top, by name.
    texts: HashMap<Str, Vec<String>>,
}

impl Before {
    pub(super) fn of(node: &RunningNode<'_, Planned>, sources: &Sources) -> Self {
        let mut texts: HashMap<Str, Vec<String>> = HashMap::new();
        for (name, span) in statements(node) {
            texts
                .entry(name)
                .or_default()
                .push(sources.slice(span).to_owned());
        }
        Self {
            arguments: node.arguments.clone(),
            texts,
        }
    }
}

/// The attributes and blocks at the top of a block, by name.
fn statements(node: &RunningNode<'_, Planned>) -> Vec<(Str, Span)> {
    let body = node.node.block.body.statements.iter();
    body.map(|statement| match statement {
        ir::Statement::Attribute(attribute) => (
            attribute.name.clone(),
            attribute.name_span.to(attribute.value.span),
        ),
        ir::Statement::Block(block) => (block.name.clone(), block.span),
    })
    .collect()
}

/// A block after the reload, with all that the reload touches.
pub(super) struct After<'e> {
    pub(super) node: RunningNode<'e, Planned>,
    pub(super) sources: &'e Sources,
    pub(super) touched: &'e HashMap<Str, Action>,
}

impl After<'_> {
    /// Why it is touched; never empty.
    pub(super) fn reasons(&self, before: &Before) -> Vec<Reason> {
        let changes = difference::between(&before.arguments, self.node.arguments);
        if changes.is_empty() {
            return vec![Reason::Definition];
        }
        changes
            .into_iter()
            .map(|change| match self.same_text(before, &change.top) {
                true => {
                    let because = self.touched_in(&change.top);
                    Reason::Evaluated { change, because }
                }
                false => Reason::Written(change),
            })
            .collect()
    }

    /// Whether all statements of this name are written as they were.
    fn same_text(&self, before: &Before, name: &str) -> bool {
        let now: Vec<&str> = statements(&self.node)
            .into_iter()
            .filter(|(own, _)| **own == *name)
            .map(|(_, span)| self.sources.slice(span))
            .collect();
        before
            .texts
            .get(name)
            .is_some_and(|before| before.iter().map(String::as_str).eq(now))
    }

    /// The touched blocks that the statements of this name refer to.
    fn touched_in(&self, name: &str) -> Vec<Str> {
        let spans: Vec<Span> = statements(&self.node)
            .into_iter()
            .filter(|(own, _)| **own == *name)
            .map(|(_, span)| span)
            .collect();
        let inside = |place: Span| {
            spans
                .iter()
                .any(|span| span.file == place.file && span.start <= place.start && place.end <= span.end)
        };
        let graph = self.node.module.graph();
        let mut found = BTreeSet::new();
        for reference in &self.node.node.references {
            let Some(target) = graph.node(reference.to).filter(|_| inside(reference.span)) else {
                continue;
            };
            let global: Str = match self.node.module.id() {
                module if module.is_empty() => target.id.clone(),
                module => format!("{module}/{}", target.id).into(),
            };
            if self.touched.contains_key(&global) {
                found.insert(global);
            } else if self.touched.contains_key(&target.id) {
                found.insert(target.id.clone());
            }
        }
        found.into_iter().collect()
    }
}
