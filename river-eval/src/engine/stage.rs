//! The first half of a load: works out what every node would become, and changes nothing that runs.

use super::scope::NodeScope;
use super::{Engine, Host, Refused};
use crate::body::BodyValue;
use crate::eval::evaluate_body;
use crate::graph::{Graph, Node};
use crate::ir;
use crate::value::Value;
use river_syntax::{Diagnostic, Severity, Sources};
use std::sync::Arc;

/// What a node would become.
#[derive(Debug)]
pub(super) enum Staged<I> {
    /// The running entry with this number stays; whether its body was evaluated to find that out.
    Keep {
        /// Number in the running configuration.
        old: u32,
        evaluated: bool,
    },
    /// The running entry with this number gets other arguments.
    Update { old: u32, arguments: Arc<BodyValue> },
    /// New, built and not running.
    New {
        instance: I,
        arguments: Arc<BodyValue>,
        exports: Value,
    },
    /// Nothing is known of it: it has a mistake, or what it refers to has.
    Unknown,
}

/// What the nodes of a graph would become, by number, and all that was found on the way.
#[derive(Debug)]
pub(super) struct Stage<I> {
    pub(super) nodes: Vec<Staged<I>>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) evaluated: u64,
}

/// Whether nodes are built so that they can be run, or to find mistakes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Load,
    Check,
}

impl<H: Host> Engine<H> {
    /// Stages all nodes of a graph in order.
    pub(super) fn stage(&mut self, graph: &Graph, sources: &Sources, purpose: Purpose) -> Stage<H::Instance> {
        let mut stage = Stage {
            nodes: Vec::new(),
            diagnostics: Vec::new(),
            evaluated: 0,
        };
        stage.nodes.resize_with(graph.nodes().len(), || Staged::Unknown);
        for &number in graph.order() {
            let Some(node) = graph.node(number) else { continue };
            if node.broken {
                continue;
            }
            let staged = self.stage_node(graph, node, sources, purpose, &mut stage);
            if let Some(slot) = stage.nodes.get_mut(number as usize) {
                *slot = staged;
            }
        }
        stage
    }

    fn stage_node(
        &mut self,
        graph: &Graph,
        node: &Node,
        sources: &Sources,
        purpose: Purpose,
        stage: &mut Stage<H::Instance>,
    ) -> Staged<H::Instance> {
        let old = match purpose {
            Purpose::Load => self.running.graph.find(&node.id),
            Purpose::Check => None,
        };
        if let Some(old) = old
            && self.unchanged(graph, node, old, sources, &stage.nodes)
        {
            return Staged::Keep {
                old,
                evaluated: false,
            };
        }
        stage.evaluated += 1;
        self.evaluations += 1;
        let Some(body) = self.evaluate_staged(graph, node, stage) else {
            return Staged::Unknown;
        };
        let Some(old) = old else {
            return self.build_staged(node, body, purpose, stage);
        };
        let entry = self.running.entries.get(old as usize);
        if entry.is_some_and(|entry| *entry.arguments == body && !entry.failed) {
            return Staged::Keep { old, evaluated: true };
        }
        match self.host.check(node, &body) {
            Ok(warnings) => {
                stage.diagnostics.extend(warnings);
                Staged::Update {
                    old,
                    arguments: Arc::new(body),
                }
            }
            Err(mistakes) => {
                stage.diagnostics.extend(mistakes);
                Staged::Unknown
            }
        }
    }

    /// Whether a node has the text and the inputs of the running entry with the number `old`, so that it need not be evaluated.
    fn unchanged(
        &self,
        graph: &Graph,
        node: &Node,
        old: u32,
        sources: &Sources,
        staged: &[Staged<H::Instance>],
    ) -> bool {
        let (Some(entry), Some(before)) = (
            self.running.entries.get(old as usize),
            self.running.graph.node(old),
        ) else {
            return false;
        };
        let same_input = |(&now, &before): (&u32, &u32)| {
            let id = |graph: &Graph, number| graph.node(number).map(|node| node.id.clone());
            let kept = matches!(
                staged.get(now as usize),
                Some(Staged::Keep { .. } | Staged::Update { .. })
            );
            kept && id(graph, now) == id(&self.running.graph, before)
        };
        !entry.failed
            && (Arc::ptr_eq(&node.block, &before.block)
                || sources.slice(node.block.span) == self.running.sources.slice(before.block.span))
            && node.references.len() == before.references.len()
            && node
                .references
                .iter()
                .map(|reference| &reference.to)
                .zip(before.references.iter().map(|reference| &reference.to))
                .all(same_input)
    }

    /// The evaluated body; `None` where it has mistakes, or depends on something that is not known.
    fn evaluate_staged(
        &mut self,
        graph: &Graph,
        node: &Node,
        stage: &mut Stage<H::Instance>,
    ) -> Option<BodyValue> {
        let mut known = Vec::with_capacity(node.dependencies.len());
        let mut unknown = Vec::new();
        for &dependency in &node.dependencies {
            let exports = match stage.nodes.get(dependency as usize) {
                Some(Staged::Keep { old, .. } | Staged::Update { old, .. }) => self
                    .running
                    .entries
                    .get(*old as usize)
                    .map(|entry| &entry.exports),
                Some(Staged::New { exports, .. }) => Some(exports),
                Some(Staged::Unknown) | None => None,
            };
            match (graph.node(dependency), exports) {
                (Some(target), Some(exports)) => known.push((target.id.as_ref(), exports)),
                _ => unknown.push(dependency),
            }
        }
        let scope = NodeScope::new(&self.context, known);
        let timer = self.host.timer();
        let result = if unknown.is_empty() {
            evaluate_body(&node.block.body, &scope).map(|body| Some(placed(node, body)))
        } else {
            let mut body = node.block.body.clone();
            let depends = |expr: &ir::Expr| {
                node.references.iter().any(|reference| {
                    unknown.contains(&reference.to)
                        && reference.span.start >= expr.span.start
                        && reference.span.end <= expr.span.end
                })
            };
            leave_out(&mut body, &depends);
            evaluate_body(&body, &scope).map(|_| None)
        };
        drop(timer);
        match result {
            Ok(body) => body,
            Err(mistakes) => {
                stage.diagnostics.extend(mistakes);
                None
            }
        }
    }

    fn build_staged(
        &mut self,
        node: &Node,
        body: BodyValue,
        purpose: Purpose,
        stage: &mut Stage<H::Instance>,
    ) -> Staged<H::Instance> {
        match self.host.build(node, &body, &mut stage.diagnostics) {
            Ok(instance) => {
                let exports = self.host.exports(&instance);
                Staged::New {
                    instance,
                    arguments: Arc::new(body),
                    exports,
                }
            }
            Err(Refused::Configuration(mistakes)) => {
                stage.diagnostics.extend(mistakes);
                Staged::Unknown
            }
            Err(Refused::World(mut mistake)) => {
                if purpose == Purpose::Check {
                    mistake.severity = Severity::Warning;
                }
                stage.diagnostics.push(*mistake);
                Staged::Unknown
            }
        }
    }
}

/// What a body lacks is told at the block's name, not at everything that stands between its braces.
pub(super) fn placed(node: &Node, body: BodyValue) -> BodyValue {
    BodyValue {
        span: node.block.name_span,
        ..body
    }
}

/// Takes out the attributes that depend on something unknown; the rest can be evaluated and its mistakes told.
fn leave_out(body: &mut ir::Body, depends: &dyn Fn(&ir::Expr) -> bool) {
    body.statements.retain_mut(|statement| match statement {
        ir::Statement::Attribute(attribute) => !depends(&attribute.value),
        ir::Statement::Block(block) => {
            leave_out(&mut block.body, depends);
            true
        }
    });
}
