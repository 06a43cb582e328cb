//! Changed exports: evaluates what depends on them, through all modules, and stops where nothing comes out different.

mod running;

use super::Host;
use super::commit::Committed;
use super::env::Env;
use super::module::Module;
use super::pending::Pending;
use super::sources::Table;
use super::stage::{Plan, Purpose, Stager};
use crate::eval::Context;
use crate::graph::{Graph, NodeKind};
use crate::value::Object;
use river_syntax::{Diagnostic, FileId, Sources};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How often the contents of one module change in one go at the most; each time needs a longer way from an export to a collection.
const MAX_ROUNDS: usize = 64;

/// Follows changes through the running modules.
pub(super) struct Settler<'e, H: Host> {
    pub(super) host: &'e mut H,
    pub(super) context: &'e Context,
    pub(super) evaluations: &'e mut u64,
    pub(super) sources: &'e mut Sources,
    pub(super) free: Vec<FileId>,
    pub(super) committed: Committed<H::Instance>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// What waits in one module.
struct Queue {
    graph: Arc<Graph>,
    /// Ranks, so that the first is always a node whose inputs are settled.
    ranks: BTreeSet<u32>,
    pending: Pending,
    /// Imports and lists that decide what the module holds.
    restage: Pending,
}

impl Queue {
    fn enter(&mut self, number: u32) {
        self.ranks.insert(self.graph.rank(number));
    }

    /// What depends on a node has to be evaluated.
    fn follow(&mut self, number: u32) {
        let graph = self.graph.clone();
        let Some(node) = graph.node(number) else { return };
        for &dependant in &node.dependants {
            self.pending.evaluate.insert(dependant);
            self.enter(dependant);
        }
    }
}

impl<H: Host> Settler<'_, H> {
    /// Does what is to be done in a module and in what it holds.
    pub(super) fn settle(&mut self, module: &mut Module<H::Instance>, pending: Pending) {
        let mut queue = Queue {
            graph: module.graph().clone(),
            ranks: BTreeSet::new(),
            pending: Pending::default(),
            restage: Pending::default(),
        };
        self.enqueue(module, pending, &mut queue);
        for _ in 0..MAX_ROUNDS {
            while let Some(rank) = queue.ranks.pop_first() {
                if let Some(&number) = queue.graph.order().get(rank as usize) {
                    self.visit(module, number, &mut queue);
                }
            }
            if queue.restage.is_empty() {
                return;
            }
            let restage = std::mem::take(&mut queue.restage);
            if let Some(pending) = self.restage(module, &restage) {
                self.enqueue(module, pending, &mut queue);
            }
        }
    }

    fn enqueue(&mut self, module: &mut Module<H::Instance>, pending: Pending, queue: &mut Queue) {
        let is_import = |graph: &Graph, number| {
            let node = graph.node(number);
            node.is_some_and(|node| node.kind == NodeKind::Import)
        };
        for &number in pending.updates.keys().chain(&pending.evaluate) {
            queue.enter(number);
        }
        queue.pending.updates.extend(pending.updates);
        queue.pending.evaluate.extend(pending.evaluate);
        for (step, inner) in pending.nested {
            if is_import(&queue.graph, step.0) {
                queue.restage.nested.entry(step).or_default().merge(inner);
            } else {
                queue.enter(step.0);
                queue.pending.nested.entry(step).or_default().merge(inner);
            }
        }
        for number in pending.changed {
            if is_import(&queue.graph, number) {
                queue.restage.changed.insert(number);
            } else {
                self.take_exports(module, number, queue);
            }
        }
    }

    fn visit(&mut self, module: &mut Module<H::Instance>, number: u32, queue: &mut Queue) {
        let graph = queue.graph.clone();
        let Some(node) = graph.node(number) else { return };
        let evaluate = queue.pending.evaluate.remove(&number);
        match node.kind {
            NodeKind::Component | NodeKind::Config => {
                let update = queue.pending.updates.remove(&number);
                if evaluate {
                    self.evaluate_component(module, number, node);
                } else if let Some(arguments) = update
                    && let Err(mut finding) = self.update(module, number, node, arguments)
                {
                    finding.severity = river_syntax::Severity::Warning;
                    self.warnings.push(*finding);
                }
                self.take_exports(module, number, queue);
            }
            NodeKind::Argument | NodeKind::Export if evaluate => {
                if self.evaluate_value(module, number, node) {
                    queue.follow(number);
                }
            }
            NodeKind::Custom => self.visit_custom(module, number, evaluate, queue),
            NodeKind::Foreach => {
                for (step, inner) in take_nested(&mut queue.pending, number) {
                    let entry = module.entries.get_mut(number as usize);
                    if let Some(held) = entry.and_then(|entry| entry.modules.get_mut(step)) {
                        self.settle(held, inner);
                    }
                }
                if evaluate {
                    queue.restage.evaluate.insert(number);
                }
            }
            NodeKind::Import if evaluate => {
                queue.restage.evaluate.insert(number);
            }
            NodeKind::Import | NodeKind::Argument | NodeKind::Export | NodeKind::Input => {}
        }
    }

    fn visit_custom(
        &mut self,
        module: &mut Module<H::Instance>,
        number: u32,
        evaluate: bool,
        queue: &mut Queue,
    ) {
        let graph = queue.graph.clone();
        let Some(node) = graph.node(number) else { return };
        let given: Option<Object> = if evaluate {
            self.evaluate_custom(module, number, node)
        } else {
            None
        };
        let mut inner: Pending = take_nested(&mut queue.pending, number)
            .into_iter()
            .map(|(_, inner)| inner)
            .next()
            .unwrap_or_default();
        let Some(entry) = module.entries.get_mut(number as usize) else {
            return;
        };
        let Some(held) = entry.modules.first_mut() else {
            return;
        };
        if let Some(given) = given {
            give(held, given, &mut inner);
        }
        if inner.is_empty() {
            return;
        }
        self.settle(held, inner);
        let exports = held.exports();
        if exports != entry.exports {
            entry.exports = exports;
            queue.follow(number);
        }
    }

    /// Stages a module again for what decides what it holds, and puts the result in place. Where it has mistakes the module stays as it is, and
    /// what changed is unhealthy with the first of its own. Gives what is left to be done.
    fn restage(&mut self, module: &mut Module<H::Instance>, pending: &Pending) -> Option<Pending> {
        let before = self.sources.clone();
        let mut table = Table::for_refresh(self.sources, &self.free);
        let mut stager = Stager::new(
            self.host,
            self.context,
            self.evaluations,
            &before,
            &mut table,
            Purpose::Refresh,
        );
        let staged = stager.module(Plan {
            env: Env {
                graph: module.graph().clone(),
                libraries: HashMap::new(),
                parent: module.env.parent.clone(),
                module_path: module.env.module_path.clone(),
                imported: module.env.imported.clone(),
                outer: module.env.outer.clone(),
            },
            inputs: module.inputs.clone(),
            id: module.id.clone(),
            metrics: module.metrics,
            depth: module.depth,
            old: Some((0, module)),
            pending: Some(pending),
        });
        let diagnostics = std::mem::take(&mut stager.diagnostics);
        if diagnostics.iter().any(Diagnostic::is_error) {
            let sources = table.into_sources();
            drop(staged);
            self.fail(module, pending, &diagnostics, &sources);
            return None;
        }
        self.warnings.extend(diagnostics);
        let old = std::mem::take(module);
        let (new, pending) = self.committed.module(self.host, staged, Some(old), 0);
        *module = new;
        // Places that were free may be taken now; they are counted again when all is settled.
        self.free.clear();
        *self.sources = table.into_sources();
        Some(pending)
    }
}

/// Takes what is to be done in the modules of a node.
fn take_nested(pending: &mut Pending, number: u32) -> Vec<(usize, Pending)> {
    let steps: Vec<(u32, usize)> = pending
        .nested
        .range((number, 0)..=(number, usize::MAX))
        .map(|(step, _)| *step)
        .collect();
    let take = |step: (u32, usize)| Some((step.1, pending.nested.remove(&step)?));
    steps.into_iter().filter_map(take).collect()
}

/// Gives a module other arguments; what depends on those that differ is to be evaluated.
fn give<I>(module: &mut Module<I>, given: Object, pending: &mut Pending) {
    let graph = module.graph().clone();
    for (node, entry) in graph.nodes().iter().zip(&mut module.entries) {
        if node.kind != NodeKind::Argument {
            continue;
        }
        let value = super::blocks::argument_value(&entry.arguments, given.get(&node.label()));
        if let Some(value) = value
            && value != entry.exports
        {
            entry.exports = value;
            pending.evaluate.extend(&node.dependants);
        }
    }
    module.inputs.arguments = given;
}
