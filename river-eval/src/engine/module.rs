//! Running modules: the tree of what runs, and ways to find something in it.

use super::env::Env;
use super::host::{At, Content, join};
use crate::body::BodyValue;
use crate::graph::{Graph, Node, NodeKind};
use crate::value::{Object, Str, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A module that runs. `entries` and the graph's nodes have the same numbers.
#[derive(Debug)]
pub(super) struct Module<I> {
    /// `node.one`, `foreach.hosts/foreach_a_1`; empty for the root.
    pub(super) id: Str,
    pub(super) env: Arc<Env>,
    pub(super) inputs: Inputs,
    /// Whether the metrics of its components are wanted.
    pub(super) metrics: bool,
    /// How many modules it stands in.
    pub(super) depth: u32,
    pub(super) entries: Vec<Entry<I>>,
}

/// What a module is given from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Inputs {
    /// Values for its `argument` blocks, by label.
    pub(super) arguments: Object,
    /// Arguments that are given, with values that are not known for a mistake elsewhere.
    pub(super) unknown: BTreeSet<Str>,
}

/// What runs behind a node.
#[derive(Debug)]
pub(super) struct Entry<I> {
    /// What the host built; `None` for what only has a value.
    pub(super) instance: Option<I>,
    /// What it was given last and took.
    pub(super) arguments: Arc<BodyValue>,
    /// What its dependants were evaluated with.
    pub(super) exports: Value,
    /// How often its body has been evaluated.
    pub(super) evaluations: u64,
    /// Whether its last evaluation or update failed, so that it is to be tried again.
    pub(super) failed: bool,
    /// What an import brought.
    pub(super) content: Option<Arc<Content>>,
    /// The modules that it holds: one for an instance of a custom component and for an import, one for each item for a `foreach`.
    pub(super) modules: Vec<Module<I>>,
}

impl<I> Default for Module<I> {
    fn default() -> Self {
        let env = Env {
            graph: Arc::default(),
            libraries: HashMap::new(),
            parent: None,
            module_path: "".into(),
            imported: None,
            outer: Object::new(),
        };
        Self {
            id: "".into(),
            env: Arc::new(env),
            inputs: Inputs::default(),
            metrics: true,
            depth: 0,
            entries: Vec::new(),
        }
    }
}

impl<I> Module<I> {
    pub(super) fn graph(&self) -> &Arc<Graph> {
        &self.env.graph
    }

    pub(super) fn at<'a>(&'a self, node: &'a Node) -> At<'a> {
        At {
            node,
            module: &self.id,
            metrics: self.metrics,
        }
    }

    /// What the module exports: the values of its `export` blocks.
    pub(super) fn exports(&self) -> Value {
        let exports = self.graph().nodes().iter().zip(&self.entries);
        Value::object(
            exports
                .filter(|(node, _)| node.kind == NodeKind::Export)
                .map(|(node, entry)| (node.label(), entry.exports.clone())),
        )
    }

    /// Whether anything in it, or in what it holds, satisfies `test`.
    pub(super) fn any(&self, test: &dyn Fn(&Entry<I>) -> bool) -> bool {
        self.entries
            .iter()
            .any(|entry| test(entry) || entry.modules.iter().any(|module| module.any(test)))
    }

    /// How many blocks run in it and in what it holds.
    pub(super) fn count(&self) -> usize {
        let of = |(node, entry): (&Node, &Entry<I>)| {
            usize::from(node.kind != NodeKind::Input) + entry.modules.iter().map(Self::count).sum::<usize>()
        };
        self.graph().nodes().iter().zip(&self.entries).map(of).sum()
    }

    /// The module with this id, in this one or in what it holds.
    pub(super) fn find_module(&self, id: &str) -> Option<&Self> {
        if *self.id == *id {
            return Some(self);
        }
        let rest = below(&self.id, id)?;
        // The first name is a node's id, for an item of a foreach with the item's name behind it.
        let local = rest.split('/').next()?;
        let entry = self.entries.get(self.graph().find(local)? as usize)?;
        entry.modules.iter().find_map(|module| {
            let inside = *module.id == *id || below(&module.id, id).is_some();
            inside.then(|| module.find_module(id)).flatten()
        })
    }

    /// The way to the node with this global id: which module of which node to enter, and its number at last.
    pub(super) fn way(&self, id: &str) -> Option<(Vec<(u32, usize)>, u32)> {
        let mut way = Vec::new();
        let mut module = self;
        loop {
            let rest = below(&module.id, id)?;
            if let Some(number) = module.graph().find(rest) {
                return Some((way, number));
            }
            let number = module.graph().find(rest.split('/').next()?)?;
            let entry = module.entries.get(number as usize)?;
            let (at, inner) = (entry.modules.iter().enumerate())
                .find(|(_, inner)| !inner.id.is_empty() && below(&inner.id, id).is_some())?;
            way.push((number, at));
            module = inner;
        }
    }

    /// Calls `found` for this module and all that it holds, outer ones first.
    pub(super) fn visit<'m>(&'m self, found: &mut dyn FnMut(&'m Self)) {
        found(self);
        for module in self.entries.iter().flat_map(|entry| &entry.modules) {
            module.visit(found);
        }
    }

    /// How many stages of stopping the module takes: one for each hop on the longest way of references through it.
    pub(super) fn height(&self) -> u32 {
        self.stages().1
    }

    /// The stage at which each node stops, those that refer to others first, and the number of stages over all. What a node holds
    /// stops in as many stages as it is high, before anything that the node refers to.
    pub(super) fn stages(&self) -> (Vec<u32>, u32) {
        let graph = self.graph();
        let mut stages = vec![0_u32; graph.nodes().len()];
        let mut end = 0;
        // Against the order of evaluation: every dependant has its number before what it refers to gets one.
        for &number in graph.order().iter().rev() {
            let Some(node) = graph.node(number) else { continue };
            let held = self.entries.get(number as usize).map_or(0, |entry| {
                entry.modules.iter().map(Self::height).max().unwrap_or(0)
            });
            let below = stages.get(number as usize).copied().unwrap_or(0) + held.max(1);
            end = end.max(below);
            for &dependency in &node.dependencies {
                if let Some(stage) = stages.get_mut(dependency as usize) {
                    *stage = below.max(*stage);
                }
            }
        }
        (stages, end)
    }
}

/// What follows a module's id in a longer one.
fn below<'i>(module: &str, id: &'i str) -> Option<&'i str> {
    if module.is_empty() {
        return Some(id);
    }
    id.strip_prefix(module)?.strip_prefix('/')
}

/// A view of a running module.
#[derive(Debug)]
pub struct RunningModule<'e, I>(pub(super) &'e Module<I>);

impl<I> Clone for RunningModule<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for RunningModule<'_, I> {}

/// A view of a running node.
#[derive(Debug)]
pub struct RunningNode<'e, I> {
    /// The module that it stands in.
    pub module: RunningModule<'e, I>,
    /// Its number in the module's graph.
    pub number: u32,
    /// The node.
    pub node: &'e Node,
    /// What the host built for it.
    pub instance: &'e I,
    /// What it was given last and took.
    pub arguments: &'e Arc<BodyValue>,
    /// What its dependants were evaluated with.
    pub exports: &'e Value,
    /// How often its body has been evaluated since it was first loaded.
    pub evaluations: u64,
}

impl<I> Clone for RunningNode<'_, I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for RunningNode<'_, I> {}

impl<'e, I> RunningModule<'e, I> {
    /// Its id; empty for the root.
    pub fn id(&self) -> &'e Str {
        &self.0.id
    }

    /// Its graph.
    pub fn graph(&self) -> &'e Graph {
        self.0.graph()
    }

    /// The running node with this number; `None` too for one that nothing was built for, such as an `argument`.
    pub fn get(self, number: u32) -> Option<RunningNode<'e, I>> {
        let node = self.graph().node(number)?;
        let entry = self.0.entries.get(number as usize)?;
        Some(RunningNode {
            module: self,
            number,
            node,
            instance: entry.instance.as_ref()?,
            arguments: &entry.arguments,
            exports: &entry.exports,
            evaluations: entry.evaluations,
        })
    }

    /// All nodes for which something was built, in the order in which they are written.
    pub fn nodes(self) -> impl Iterator<Item = RunningNode<'e, I>> {
        (0..self.0.entries.len() as u32).filter_map(move |number| self.get(number))
    }
}

impl<'e, I> RunningNode<'e, I> {
    /// Its global id: `node.one/loki.write.out`.
    pub fn id(&self) -> Str {
        join(self.module.id(), &self.node.id)
    }

    /// The modules that it holds.
    pub fn modules(&self) -> impl Iterator<Item = RunningModule<'e, I>> + use<'e, I> {
        let entry = self.module.0.entries.get(self.number as usize);
        entry
            .into_iter()
            .flat_map(|entry| &entry.modules)
            .map(RunningModule)
    }
}
