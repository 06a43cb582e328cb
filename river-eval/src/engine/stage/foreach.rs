//! What a `foreach` would become: a module for each item of its collection.

use super::node::Old;
use super::values::Evaluated;
use super::{Frame, Known, Plan, Staged, Stager};
use crate::decode::Arguments;
use crate::engine::Host;
use crate::engine::blocks::Foreach;
use crate::engine::env::Env;
use crate::engine::items;
use crate::engine::module::Inputs;
use crate::graph::heads::head;
use crate::graph::{Graph, Node};
use crate::value::{Object, Str, Value};
use std::collections::HashMap;
use std::sync::Arc;

impl<H: Host> Stager<'_, H> {
    pub(super) fn foreach(
        &mut self,
        frame: &Frame<'_, H::Instance>,
        number: u32,
        node: &Node,
        old: Old<'_, H::Instance>,
    ) -> Staged<H::Instance> {
        let (body, evaluated) = match old {
            Some((_, entry)) if self.is_unchanged(frame, node, old) => (entry.arguments.clone(), false),
            _ => match self.evaluate(frame, node, Some("template")) {
                Evaluated::Whole(body) => (Arc::new(body), true),
                Evaluated::Part(_) | Evaluated::Wrong => return Staged::Unknown,
            },
        };
        let arguments = match Foreach::decode(&body) {
            Ok(arguments) => arguments,
            Err(mistakes) => {
                self.tell(mistakes);
                return Staged::Unknown;
            }
        };
        let instance = match old {
            Some(_) => None,
            None => match self.build(frame, node, &body) {
                Some(instance) => Some(instance),
                None => return Staged::Unknown,
            },
        };
        let from = self.diagnostics.len();
        let variable: Str = arguments.var.as_str().into();
        let graph = self.graph_of(
            &node.block,
            &frame.env.graph,
            Some(&variable),
            old.and_then(|(_, entry)| entry.modules.first()),
        );
        let metrics = frame.metrics && arguments.enable_metrics;
        // Metrics are registered when a component is built: to have them or not it is built again.
        let running: HashMap<&str, usize> = old
            .into_iter()
            .flat_map(|(_, entry)| entry.modules.iter().enumerate())
            .filter(|(_, module)| module.metrics == metrics)
            .map(|(at, module)| (module.id.as_ref(), at))
            .collect();
        let own = frame.global(node);
        let mut modules = Vec::with_capacity(arguments.collection.len());
        for (item, name) in arguments.collection.iter().zip(items::names(&arguments)) {
            if !self.has_room(node, frame.depth + 1) {
                return Staged::Unknown;
            }
            let id: Str = format!("{own}/{name}").into();
            let running = running.get(id.as_ref()).copied();
            let old_module = running.and_then(|at| Some((at, old?.1.modules.get(at)?)));
            let pending = frame
                .pending
                .and_then(|pending| pending.nested.get(&(number, running?)));
            modules.push(self.module(Plan {
                env: Env {
                    graph: graph.clone(),
                    libraries: HashMap::new(),
                    parent: Some(frame.env.clone()),
                    module_path: frame.env.module_path.clone(),
                    imported: frame.env.imported.clone(),
                    outer: outer(frame, &graph, &variable, item),
                },
                inputs: Inputs::default(),
                id,
                metrics,
                depth: frame.depth + 1,
                old: old_module,
                pending,
            }));
        }
        self.used_at(from, head(&node.block), "in this foreach");
        Staged::Known(Box::new(Known {
            old: old.map(|(number, _)| number),
            evaluated,
            instance,
            arguments: evaluated.then_some(body),
            exports: Value::Object(Arc::default()),
            changed: false,
            content: None,
            modules,
        }))
    }
}

/// What a template sees of what is around it. What is not known there is left out.
fn outer<I>(frame: &Frame<'_, I>, graph: &Graph, variable: &Str, item: &Value) -> Object {
    let mut outer = frame.env.outer_of(graph);
    for id in graph.seen_around() {
        let number = frame.env.graph.find(id);
        let value = match number {
            _ if id == variable => Some(item),
            Some(number) => frame.exports(number),
            None => continue,
        };
        match value {
            Some(value) => outer.insert(id.clone(), value.clone()),
            None => outer.swap_remove(id),
        };
    }
    outer
}
