//! The incremental engine: takes configurations as a whole or not at all, and evaluates again only what changed.
//!
//! It is synchronous and knows no threads, clocks or components: a [`Host`] builds, updates and watches whatever stands behind the blocks.
//! Invariants: a load with any error leaves everything as it was; what neither changed its text nor its inputs is not evaluated; a value that
//! comes out equal to the one before reaches nobody.

mod host;
mod load;
mod propagate;
mod scope;
mod stage;
#[cfg(test)]
mod tests;

pub use host::{Host, Refused};
pub use load::{LoadError, LoadReport, Stopped};

use crate::body::BodyValue;
use crate::eval::Context;
use crate::graph::{Graph, Node, ParsedFile};
use crate::value::{Str, Value};
use river_syntax::Sources;
use std::sync::Arc;

/// The running configuration and what it takes to change it.
#[derive(Debug)]
pub struct Engine<H: Host> {
    host: H,
    context: Arc<Context>,
    running: Running<H::Instance>,
    evaluations: u64,
}

/// A configuration that was accepted. `entries` and the graph's nodes have the same numbers.
#[derive(Debug)]
struct Running<I> {
    sources: Sources,
    files: Vec<Arc<ParsedFile>>,
    graph: Graph,
    entries: Vec<Entry<I>>,
}

impl<I> Default for Running<I> {
    fn default() -> Self {
        Self {
            sources: Sources::new(),
            files: Vec::new(),
            graph: Graph::default(),
            entries: Vec::new(),
        }
    }
}

/// What runs behind a node.
#[derive(Debug)]
struct Entry<I> {
    instance: I,
    /// What it was given last and took.
    arguments: Arc<BodyValue>,
    /// What its dependants were evaluated with.
    exports: Value,
    /// How often its body has been evaluated.
    evaluations: u64,
    /// Whether its last evaluation or update failed, so that it is to be tried again.
    failed: bool,
}

/// A view of a running node.
#[derive(Clone, Copy, Debug)]
pub struct RunningNode<'e, I> {
    /// Its number in the graph.
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

impl<H: Host> Engine<H> {
    /// An engine that runs nothing yet.
    pub fn new(host: H, context: Arc<Context>) -> Self {
        Self {
            host,
            context,
            running: Running::default(),
            evaluations: 0,
        }
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The host, to change what it keeps.
    pub fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// How many bodies have been evaluated over all, rejected loads included.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// The sources of the running configuration.
    pub fn sources(&self) -> &Sources {
        &self.running.sources
    }

    /// The graph of the running configuration.
    pub fn graph(&self) -> &Graph {
        &self.running.graph
    }

    /// The running node with this number.
    pub fn get(&self, number: u32) -> Option<RunningNode<'_, H::Instance>> {
        let node = self.running.graph.node(number)?;
        let entry = self.running.entries.get(number as usize)?;
        Some(RunningNode {
            number,
            node,
            instance: &entry.instance,
            arguments: &entry.arguments,
            exports: &entry.exports,
            evaluations: entry.evaluations,
        })
    }

    /// The running node with this id.
    pub fn find(&self, id: &str) -> Option<RunningNode<'_, H::Instance>> {
        self.get(self.running.graph.find(id)?)
    }

    /// All running nodes in the order in which they are written.
    pub fn nodes(&self) -> impl Iterator<Item = RunningNode<'_, H::Instance>> {
        (0..self.running.entries.len() as u32).filter_map(|number| self.get(number))
    }

    /// Ends everything: hands all instances over, those that refer to others before those others.
    pub fn clear(&mut self) -> Vec<Stopped<H::Instance>> {
        let running = std::mem::take(&mut self.running);
        load::stopped(&running.graph, running.entries.into_iter().map(Some).collect())
    }

    /// The id of a node, for messages.
    fn id(&self, number: u32) -> Str {
        self.running
            .graph
            .node(number)
            .map_or("".into(), |node| node.id.clone())
    }
}
