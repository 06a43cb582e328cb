//! Evaluating running nodes again.

use super::{Queue, Settler};
use crate::body::BodyValue;
use crate::engine::Host;
use crate::engine::blocks;
use crate::engine::module::Module;
use crate::engine::pending::Pending;
use crate::engine::scope::NodeScope;
use crate::engine::stage::placed;
use crate::eval::evaluate_body;
use crate::graph::{Node, NodeKind};
use crate::value::Object;
use river_syntax::render::concise;
use river_syntax::{Diagnostic, Sources, Span};
use std::sync::Arc;

impl<H: Host> Settler<'_, H> {
    /// Notes what a node exports now; where that is something else, its dependants wait for evaluation.
    pub(super) fn take_exports(&mut self, module: &mut Module<H::Instance>, number: u32, queue: &mut Queue) {
        let kind = queue.graph.node(number).map(|node| node.kind);
        if !matches!(kind, Some(NodeKind::Component | NodeKind::Config)) {
            return;
        }
        let Some(entry) = module.entries.get_mut(number as usize) else {
            return;
        };
        let Some(instance) = &entry.instance else { return };
        let exports = self.host.exports(instance);
        if exports != entry.exports {
            entry.exports = exports;
            queue.follow(number);
        }
    }

    /// The body of a running node, evaluated with what its module's nodes export now.
    fn evaluate(
        &mut self,
        module: &mut Module<H::Instance>,
        number: u32,
        node: &Node,
    ) -> Result<BodyValue, String> {
        let known = node.dependencies.iter().filter_map(|&dependency| {
            let target = module.env.graph.node(dependency)?;
            let entry = module.entries.get(dependency as usize)?;
            (target.kind.is_referable()).then_some((target.id.as_ref(), &entry.exports))
        });
        let scope = NodeScope::new(self.context, known);
        let timer = self.host.timer(module.at(node));
        let result = evaluate_body(&node.block.body, &scope);
        drop(timer);
        *self.evaluations += 1;
        if let Some(entry) = module.entries.get_mut(number as usize) {
            entry.evaluations += 1;
        }
        result.map(|body| placed(node, body)).map_err(|mistakes| {
            let reason = mistakes.iter().find(|mistake| mistake.is_error());
            reason.map_or_else(
                || "the arguments cannot be evaluated".to_owned(),
                |mistake| mistake.message.clone(),
            )
        })
    }

    pub(super) fn evaluate_component(&mut self, module: &mut Module<H::Instance>, number: u32, node: &Node) {
        match self.evaluate(module, number, node) {
            Ok(body) => {
                let entry = module.entries.get(number as usize);
                if entry.is_some_and(|entry| *entry.arguments == body && !entry.failed) {
                    self.tell(module, number, node, None);
                } else {
                    // The host has told why, where it did not take them.
                    drop(self.update(module, number, node, Arc::new(body)));
                }
            }
            Err(reason) => {
                self.tell(module, number, node, Some(&reason));
            }
        }
    }

    /// Evaluates an `argument` or an `export` again. Whether its value is another one.
    pub(super) fn evaluate_value(
        &mut self,
        module: &mut Module<H::Instance>,
        number: u32,
        node: &Node,
    ) -> bool {
        let is_argument = node.kind == NodeKind::Argument;
        let body = match self.evaluate(module, number, node) {
            Ok(body) => body,
            Err(reason) => {
                self.warnings.push(Diagnostic::warning(
                    &crate::codes::graph::UPDATE_FAILED,
                    node.block.name_span,
                    format!("{}/{} keeps its last value: {reason}", module.id, node.id),
                ));
                if let Some(entry) = module.entries.get_mut(number as usize) {
                    entry.failed = true;
                }
                return false;
            }
        };
        let value = if is_argument {
            blocks::argument_value(&body, module.inputs.arguments.get(&node.label()))
        } else {
            blocks::attribute(&body, "value").cloned()
        };
        let (Some(entry), Some(value)) = (module.entries.get_mut(number as usize), value) else {
            return false;
        };
        entry.failed = false;
        entry.arguments = Arc::new(body);
        let is_other = entry.exports != value;
        entry.exports = value;
        is_other
    }

    /// Evaluates the body of an instance of a custom component again. The arguments, where they are others.
    pub(super) fn evaluate_custom(
        &mut self,
        module: &mut Module<H::Instance>,
        number: u32,
        node: &Node,
    ) -> Option<Object> {
        match self.evaluate(module, number, node) {
            Ok(body) => {
                self.tell(module, number, node, None);
                let entry = module.entries.get_mut(number as usize)?;
                entry.failed = false;
                if *entry.arguments == body {
                    return None;
                }
                let given = blocks::attributes(&body);
                entry.arguments = Arc::new(body);
                Some(given)
            }
            Err(reason) => {
                self.tell(module, number, node, Some(&reason));
                None
            }
        }
    }

    /// Gives a running instance other arguments. Where it does not take them it goes on with the old ones.
    pub(super) fn update(
        &mut self,
        module: &mut Module<H::Instance>,
        number: u32,
        node: &Node,
        arguments: Arc<BodyValue>,
    ) -> Result<(), Box<Diagnostic>> {
        let Some(instance) = module
            .entries
            .get(number as usize)
            .and_then(|entry| entry.instance.as_ref())
        else {
            return Ok(());
        };
        match self.host.update(module.at(node), instance, &arguments) {
            Ok(()) => {
                if let Some(entry) = module.entries.get_mut(number as usize) {
                    entry.arguments = arguments;
                    entry.failed = false;
                }
                self.tell(module, number, node, None);
                Ok(())
            }
            Err(finding) => {
                self.tell(module, number, node, Some(&finding.message));
                Err(finding)
            }
        }
    }

    /// Tells the host how an evaluation ended, and notes it.
    fn tell(&mut self, module: &mut Module<H::Instance>, number: u32, node: &Node, failure: Option<&str>) {
        let instance = module
            .entries
            .get(number as usize)
            .and_then(|entry| entry.instance.as_ref());
        if let Some(instance) = instance {
            self.host.evaluated(module.at(node), instance, failure);
        }
        if let Some(entry) = module.entries.get_mut(number as usize)
            && failure.is_some()
        {
            entry.failed = true;
        }
    }

    /// What decides what a module holds is of no use.
    pub(super) fn fail(
        &mut self,
        module: &mut Module<H::Instance>,
        pending: &Pending,
        findings: &[Diagnostic],
        sources: &Sources,
    ) {
        let graph = module.graph().clone();
        let errors = || findings.iter().filter(|finding| finding.is_error());
        let Some(first) = errors().next() else {
            return;
        };
        // What stands in a block itself, or is used there, is its own mistake.
        let owns = |number: u32, finding: &Diagnostic| {
            graph.node(number).is_some_and(|node| {
                let block = node.block.span;
                let is_inside = |span: Span| {
                    span.file == block.file && block.start <= span.start && span.end <= block.end
                };
                is_inside(finding.primary.span) || finding.secondary.iter().any(|label| is_inside(label.span))
            })
        };
        let numbers = pending.numbers();
        let of_nobody = errors().find(|finding| !numbers.iter().any(|&number| owns(number, finding)));
        for &number in &numbers {
            let Some(node) = graph.node(number) else { continue };
            let own = errors().find(|finding| owns(number, finding)).or(of_nobody);
            let reason = match own {
                Some(own) => concise(sources, own),
                None => format!(
                    "something beside it keeps it from being used: {}",
                    concise(sources, first)
                ),
            };
            self.tell(module, number, node, Some(&reason));
        }
    }
}
