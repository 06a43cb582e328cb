//! What one node would become.

use super::values::Evaluated;
use super::{Frame, Known, Purpose, Staged, Stager};
use crate::body::BodyValue;
use crate::engine::host::{At, Refused, join};
use crate::engine::{Entry, Host, blocks};
use crate::graph::{Node, NodeKind};
use crate::value::{Str, Value};
use river_syntax::Severity;
use std::sync::Arc;

/// The running entry of a node, with its number.
pub(super) type Old<'o, I> = Option<(u32, &'o Entry<I>)>;

impl<'f, I> Frame<'f, I> {
    /// The running entry of a node, if it is of the same kind.
    fn old_entry(&self, node: &Node) -> Old<'f, I> {
        let module = self.old?;
        let number = module.graph().find(&node.id)?;
        let before = module.graph().node(number)?;
        (before.kind == node.kind).then_some(())?;
        Some((number, module.entries.get(number as usize)?))
    }

    /// Whether the module sees the definitions around it that it saw.
    fn has_same_surroundings(&self) -> bool {
        let before = self.old.map(|module| &module.env.parent);
        match (before, &self.env.parent) {
            (Some(Some(before)), Some(now)) => Arc::ptr_eq(before, now),
            (Some(None), None) => true,
            _ => false,
        }
    }

    pub(super) fn at<'a>(&'a self, node: &'a Node) -> At<'a> {
        At {
            node,
            module: self.id,
            metrics: self.metrics,
        }
    }

    pub(super) fn global(&self, node: &Node) -> Str {
        join(self.id, &node.id)
    }
}

impl<H: Host> Stager<'_, H> {
    pub(super) fn node(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        number: u32,
        node: &Node,
    ) -> Staged<H::Instance> {
        let old = match self.purpose {
            Purpose::Check => None,
            _ => frame.old_entry(node),
        };
        // Of the same text in the same surroundings.
        if self.purpose == Purpose::Refresh
            && let Some((old, _)) = old
            && (frame.old).is_some_and(|module| Arc::ptr_eq(module.graph(), &frame.env.graph))
            && !frame.pending.is_some_and(|pending| pending.concerns(number))
            && !node
                .dependencies
                .iter()
                .any(|&dependency| frame.is_changed(dependency))
            && match node.kind {
                NodeKind::Input | NodeKind::Argument => false,
                // What is defined around the module may be something else now.
                NodeKind::Custom | NodeKind::Foreach => frame.has_same_surroundings(),
                _ => true,
            }
        {
            return Staged::Keep(old);
        }
        match node.kind {
            NodeKind::Component | NodeKind::Config => self.component(frame, node, old),
            NodeKind::Input => self.input(frame, node, old),
            NodeKind::Argument | NodeKind::Export => self.value(frame, node, old),
            NodeKind::Import => self.import(frame, number, node, old),
            NodeKind::Custom => self.custom(frame, number, node, old),
            NodeKind::Foreach => self.foreach(frame, number, node, old),
        }
    }

    /// Whether a node has the text and the inputs of its running entry, so that it need not be evaluated.
    pub(super) fn is_unchanged(
        &self,
        frame: &Frame<'_, H::Instance>,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> bool {
        let (Some((number, entry)), Some(module)) = (old, frame.old) else {
            return false;
        };
        let Some(before) = module.graph().node(number) else {
            return false;
        };
        if self.purpose == Purpose::Refresh
            && frame.pending.is_some_and(|pending| {
                pending.evaluate.contains(&number) || entry.failed && pending.changed.contains(&number)
            })
        {
            return false;
        }
        let id = |graph: &crate::graph::Graph, number| graph.node(number).map(|node| node.id.clone());
        // A refresh does not try again what has failed for reasons of its own.
        (!entry.failed || self.purpose == Purpose::Refresh || node.kind == NodeKind::Import)
            && (Arc::ptr_eq(&node.block, &before.block)
                || self.table.sources().slice(node.block.span) == self.before.slice(before.block.span))
            && node.references.len() == before.references.len()
            && (node.references.iter())
                .zip(&before.references)
                .all(|(now, before)| {
                    !frame.is_changed(now.to) && id(&frame.env.graph, now.to) == id(module.graph(), before.to)
                })
    }

    fn component(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> Staged<H::Instance> {
        if let Some((number, _)) = old
            && self.is_unchanged(frame, node, old)
        {
            return Staged::Keep(number);
        }
        let Evaluated::Whole(body) = self.evaluate(frame, node, None) else {
            return Staged::Unknown;
        };
        let Some((number, entry)) = old else {
            return match self.build(frame, node, &body) {
                Some(instance) => Staged::Known(Box::new(Known {
                    old: None,
                    evaluated: true,
                    exports: self.host.exports(&instance),
                    instance: Some(instance),
                    arguments: Some(Arc::new(body)),
                    changed: true,
                    content: None,
                    modules: Vec::new(),
                })),
                None => Staged::Unknown,
            };
        };
        let arguments = if *entry.arguments == body && !entry.failed {
            None
        } else {
            match self.host.check(frame.at(node), &body) {
                Ok(warnings) => self.tell(warnings),
                Err(mistakes) => {
                    self.tell(mistakes);
                    return Staged::Unknown;
                }
            }
            Some(Arc::new(body))
        };
        Staged::Known(Box::new(Known {
            old: Some(number),
            evaluated: true,
            instance: None,
            arguments,
            // What an update changes is followed after the commit.
            exports: entry.exports.clone(),
            changed: false,
            content: None,
            modules: Vec::new(),
        }))
    }

    /// Builds what stands behind a node.
    pub(super) fn build(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        node: &Node,
        body: &BodyValue,
    ) -> Option<H::Instance> {
        let mut warnings = Vec::new();
        let built = self.host.build(frame.at(node), body, &mut warnings);
        self.tell(warnings);
        match built {
            Ok(instance) => Some(instance),
            Err(Refused::Configuration(mistakes)) => {
                self.tell(mistakes);
                None
            }
            Err(Refused::World(mut mistake)) => {
                if self.purpose == Purpose::Check {
                    mistake.severity = Severity::Warning;
                }
                self.tell([*mistake]);
                None
            }
        }
    }

    fn input(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> Staged<H::Instance> {
        match frame.env.outer.get(&node.id) {
            Some(value) => known_value(old, value.clone(), None, false),
            None => Staged::Unknown,
        }
    }

    /// An `argument` or an `export`.
    fn value(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> Staged<H::Instance> {
        let is_argument = node.kind == NodeKind::Argument;
        let (body, evaluated) = if let Some((number, entry)) = old
            && self.is_unchanged(frame, node, old)
        {
            if !is_argument {
                return Staged::Keep(number);
            }
            (entry.arguments.clone(), false)
        } else {
            let Evaluated::Whole(body) = self.evaluate(frame, node, None) else {
                return Staged::Unknown;
            };
            if let Err(mistakes) = blocks::check(is_argument, &body) {
                self.tell(mistakes);
                return Staged::Unknown;
            }
            (Arc::new(body), true)
        };
        let value = if is_argument {
            let label = node.label();
            if frame.inputs.unknown.contains(&label) {
                return Staged::Unknown;
            }
            match blocks::argument_value(&body, frame.inputs.arguments.get(&label)) {
                Some(value) => value,
                None => {
                    self.missing.push((label, crate::graph::heads::head(&node.block)));
                    return Staged::Unknown;
                }
            }
        } else {
            blocks::attribute(&body, "value").cloned().unwrap_or_default()
        };
        known_value(old, value, Some(body), evaluated)
    }
}

fn known_value<I>(
    old: Old<'_, I>,
    exports: Value,
    arguments: Option<Arc<BodyValue>>,
    evaluated: bool,
) -> Staged<I> {
    let changed = old.is_none_or(|(_, entry)| entry.exports != exports);
    if let Some((number, entry)) = old
        && !changed
        && !evaluated
        && !entry.failed
    {
        return Staged::Keep(number);
    }
    Staged::Known(Box::new(Known {
        old: old.map(|(number, _)| number),
        evaluated,
        instance: None,
        arguments,
        exports,
        changed,
        content: None,
        modules: Vec::new(),
    }))
}
