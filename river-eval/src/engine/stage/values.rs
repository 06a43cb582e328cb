//! Evaluating a node's body with what is known of the nodes that it refers to.

use super::{Frame, Staged, Stager};
use crate::body::BodyValue;
use crate::engine::Host;
use crate::engine::scope::NodeScope;
use crate::eval::evaluate_body;
use crate::graph::Node;
use crate::ir;
use crate::value::Value;

/// An evaluated body, as far as it is known.
pub(super) enum Evaluated {
    /// All of it.
    Whole(BodyValue),
    /// The attributes that do not depend on something that is not known.
    Part(BodyValue),
    /// It has mistakes, which have been told.
    Wrong,
}

impl<I> Frame<'_, I> {
    /// What a node of the module exports, as far as that is known.
    pub(super) fn exports(&self, number: u32) -> Option<&Value> {
        match self.nodes.get(number as usize)? {
            Staged::Keep(old) => self.old?.entries.get(*old as usize).map(|entry| &entry.exports),
            Staged::Known(known) => Some(&known.exports),
            Staged::Unknown => None,
        }
    }

    /// Whether what depends on a node has to be looked at again.
    pub(super) fn is_changed(&self, number: u32) -> bool {
        match self.nodes.get(number as usize) {
            Some(Staged::Keep(_)) => false,
            Some(Staged::Known(known)) => known.changed,
            Some(Staged::Unknown) | None => true,
        }
    }
}

impl<H: Host> Stager<'_, H> {
    /// Evaluates a node's body. `skip` names a block that is not evaluated, as the template of a `foreach`.
    pub(super) fn evaluate(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        node: &Node,
        skip: Option<&str>,
    ) -> Evaluated {
        *self.evaluations += 1;
        let mut known = Vec::with_capacity(node.references.len());
        let mut unknown = Vec::new();
        for reference in &node.references {
            match (frame.env.graph.node(reference.to), frame.exports(reference.to)) {
                (Some(target), Some(exports)) => known.push((target.id.as_ref(), exports)),
                _ => unknown.push(reference.to),
            }
        }
        let scope = NodeScope::new(self.context, known);
        let whole = match skip {
            Some(name) => &without(&node.block.body, name),
            None => &node.block.body,
        };
        let timer = self.host.timer(frame.at(node));
        let result = if unknown.is_empty() {
            evaluate_body(whole, &scope).map(Evaluated::Whole)
        } else {
            let mut body = whole.clone();
            let depends = |expr: &ir::Expr| {
                node.references.iter().any(|reference| {
                    unknown.contains(&reference.to)
                        && reference.span.start >= expr.span.start
                        && reference.span.end <= expr.span.end
                })
            };
            if leave_out(&mut body, &depends) {
                evaluate_body(&body, &scope).map(Evaluated::Part)
            } else {
                // What is not known is only used by the block that is not evaluated.
                evaluate_body(&body, &scope).map(Evaluated::Whole)
            }
        };
        drop(timer);
        match result {
            Ok(Evaluated::Whole(body)) => Evaluated::Whole(placed(node, body)),
            Ok(part) => part,
            Err(mistakes) => {
                self.tell(mistakes);
                Evaluated::Wrong
            }
        }
    }
}

/// What a body lacks is told at the block's name, not at everything that stands between its braces.
pub(in crate::engine) fn placed(node: &Node, body: BodyValue) -> BodyValue {
    BodyValue {
        span: node.block.name_span,
        ..body
    }
}

/// A body without the blocks of a name.
fn without(body: &ir::Body, name: &str) -> ir::Body {
    let other = |statement: &&ir::Statement| match statement {
        ir::Statement::Block(block) => *block.name != *name,
        ir::Statement::Attribute(_) => true,
    };
    ir::Body {
        statements: body.statements.iter().filter(other).cloned().collect(),
        span: body.span,
    }
}

/// Takes out the attributes that depend on something unknown; the rest can be evaluated and its mistakes told. Whether there were any.
fn leave_out(body: &mut ir::Body, depends: &dyn Fn(&ir::Expr) -> bool) -> bool {
    let mut any = false;
    body.statements.retain_mut(|statement| match statement {
        ir::Statement::Attribute(attribute) => {
            let left_out = depends(&attribute.value);
            any |= left_out;
            !left_out
        }
        ir::Statement::Block(block) => {
            any |= leave_out(&mut block.body, depends);
            true
        }
    });
    any
}
