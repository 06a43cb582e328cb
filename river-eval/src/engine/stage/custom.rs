//! What an instance of a custom component would become: its arguments, and the module that it holds.

use super::node::Old;
use super::values::Evaluated;
use super::{Frame, Known, Plan, Staged, StagedModule, Stager};
use crate::body::BodyValue;
use crate::codes::graph as codes;
use crate::engine::env::{Env, Lookup};
use crate::engine::module::Inputs;
use crate::engine::{Host, blocks};
use crate::graph::heads::head;
use crate::graph::{Graph, Node, NodeKind};
use crate::ir;
use crate::suggest::nearest;
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Edit, Fix, Span};
use std::collections::HashMap;
use std::sync::Arc;

impl<H: Host> Stager<'_, H> {
    pub(super) fn custom(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        number: u32,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> Staged<H::Instance> {
        let (declare, around) = match frame.env.definition(&node.block.name) {
            Lookup::Found(declare, around) => (declare, around),
            Lookup::Unknown => return Staged::Unknown,
            Lookup::Missing(held) => {
                self.tell([unknown_custom(node, &held)]);
                return Staged::Unknown;
            }
        };
        let (body, evaluated, is_whole) = match old {
            Some((_, entry)) if self.is_unchanged(frame, node, old) => (entry.arguments.clone(), false, true),
            _ => match self.evaluate(frame, node, None) {
                Evaluated::Whole(body) => (Arc::new(body), true, true),
                Evaluated::Part(body) => (Arc::new(body), true, false),
                Evaluated::Wrong => return Staged::Unknown,
            },
        };
        if !self.has_room(node, frame.depth + 1) {
            return Staged::Unknown;
        }
        let from = self.diagnostics.len();
        let running = old.and_then(|(_, entry)| entry.modules.first());
        let graph = self.graph_of(&declare, &around.graph, None, running);
        let fits = self.fits(node, &body, &graph, &declare);
        let instance = match old {
            Some(_) => None,
            None if is_whole => match self.build(frame, node, &body) {
                Some(instance) => Some(instance),
                None => return Staged::Unknown,
            },
            None => None,
        };
        let mut inputs = Inputs {
            arguments: blocks::attributes(&body),
            ..Inputs::default()
        };
        if !is_whole {
            inputs.unknown = written(&node.block.body)
                .filter(|name| !inputs.arguments.contains_key(*name))
                .cloned()
                .collect();
        }
        let outer = around.outer_of(&graph);
        let module = self.module(Plan {
            env: Env {
                graph,
                libraries: HashMap::new(),
                module_path: around.module_path.clone(),
                imported: around.imported.clone(),
                parent: Some(around),
                outer,
            },
            inputs,
            id: frame.global(node),
            metrics: frame.metrics,
            depth: frame.depth + 1,
            old: running.map(|module| (0, module)),
            pending: frame.pending.and_then(|pending| pending.nested.get(&(number, 0))),
        });
        let text = format!("in this instance of {}", node.block.name);
        self.used_at(from, head(&node.block), &text);
        let missing = std::mem::take(&mut self.missing);
        self.tell(
            missing
                .into_iter()
                .map(|(label, place)| missing_argument(node, &label, place)),
        );
        let exports = exports(&module, running);
        let (true, true, Some(exports)) = (fits, is_whole, exports) else {
            return Staged::Unknown;
        };
        let changed = old.is_none_or(|(_, entry)| entry.exports != exports);
        Staged::Known(Box::new(Known {
            old: old.map(|(number, _)| number),
            evaluated,
            instance,
            arguments: evaluated.then_some(body),
            exports,
            changed,
            content: None,
            modules: vec![module],
        }))
    }

    /// Whether the definition takes what the instance gives.
    fn fits(&mut self, node: &Node, body: &BodyValue, graph: &Graph, declare: &ir::Block) -> bool {
        let known = || {
            graph
                .nodes()
                .iter()
                .filter(|node| node.kind == NodeKind::Argument)
                .map(Node::label)
        };
        let mut mistakes = Vec::new();
        for attribute in &body.attributes {
            let name = &attribute.name;
            if known().any(|label| label == *name) {
                continue;
            }
            let labels: Vec<Str> = known().collect();
            let mut diagnostic = Diagnostic::error(
                &codes::UNKNOWN_ARGUMENT,
                attribute.name_span,
                format!("Provided argument {name:?} is not defined in the module"),
            )
            .with_secondary(head(declare), "the definition");
            diagnostic = match nearest(name, labels.iter().map(AsRef::as_ref)) {
                Some(near) => diagnostic
                    .with_help(format!("did you mean {near}?"))
                    .with_fix(Fix {
                        title: format!("write {near}"),
                        edits: vec![Edit {
                            span: attribute.name_span,
                            replacement: near.to_owned(),
                        }],
                        safe: false,
                    }),
                None if labels.is_empty() => diagnostic.with_help("it takes no arguments"),
                None => diagnostic.with_help(format!("it takes {}", labels.join(", "))),
            };
            mistakes.push(diagnostic);
        }
        for block in &body.blocks {
            mistakes.push(
                Diagnostic::error(
                    &codes::UNKNOWN_ARGUMENT,
                    block.name_span,
                    format!("custom component {:?} takes no blocks", node.block.name),
                )
                .with_secondary(head(declare), "the definition")
                .with_help("give what it declares as arguments, as attributes"),
            );
        }
        let fits = mistakes.is_empty();
        self.tell(mistakes);
        fits
    }
}

fn missing_argument(node: &Node, label: &str, place: Span) -> Diagnostic {
    Diagnostic::error(
        // Where the checker tells it, so that it is told once.
        &codes::MISSING_ARGUMENT,
        node.block.name_span,
        format!("missing required argument {label:?} to module"),
    )
    .with_secondary(place, "declared here")
    .with_help(format!(
        "write {label} = …, or make it optional where it is declared"
    ))
}

fn unknown_custom(node: &Node, held: &[Str]) -> Diagnostic {
    let name = &node.block.name;
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_CUSTOM,
        node.block.name_span,
        format!("cannot find the definition of custom component {name:?}"),
    );
    let (namespace, inner) = name.split_once('.').unwrap_or(("", name));
    match nearest(inner, held.iter().map(AsRef::as_ref)) {
        Some(near) => diagnostic
            .with_help(format!("did you mean {namespace}.{near}?"))
            .with_fix(Fix {
                title: format!("write {namespace}.{near}"),
                edits: vec![Edit {
                    span: node.block.name_span,
                    replacement: format!("{namespace}.{near}"),
                }],
                safe: false,
            }),
        None if held.is_empty() => diagnostic.with_help(format!("{namespace} declares no custom component")),
        None => diagnostic.with_help(format!("{namespace} declares {}", held.join(", "))),
    }
}

/// The names of the attributes that were written.
fn written(body: &ir::Body) -> impl Iterator<Item = &Str> {
    body.statements.iter().filter_map(|statement| match statement {
        ir::Statement::Attribute(attribute) => Some(&attribute.name),
        ir::Statement::Block(_) => None,
    })
}

/// What a staged module exports; `None` where that is not known for a mistake.
fn exports<I>(module: &StagedModule<I>, old: Option<&crate::engine::module::Module<I>>) -> Option<Value> {
    let mut fields = Vec::new();
    for (node, staged) in module.env.graph.nodes().iter().zip(&module.nodes) {
        if node.kind != NodeKind::Export {
            continue;
        }
        let value = match staged {
            Staged::Known(known) => known.exports.clone(),
            Staged::Keep(number) => old?.entries.get(*number as usize)?.exports.clone(),
            Staged::Unknown => return None,
        };
        fields.push((node.label(), value));
    }
    Some(Value::object(fields))
}
