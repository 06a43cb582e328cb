//! The blocks of a module as a graph: who refers to whom, and in which order they are evaluated.
//!
//! The root of a configuration is a module, and so are the body of a `declare`, the template of a `foreach` and what an import brings. Nodes
//! are numbered densely in the order in which they were written, file after file; everything that is done for each node works on these
//! numbers. A graph is always made, also of a configuration with mistakes: nodes that cannot be evaluated are marked as broken.

mod build;
mod cycles;
mod file;
pub(crate) mod heads;
mod names;
pub(crate) mod references;
#[cfg(test)]
mod tests;

pub use file::ParsedFile;
pub(crate) use references::MODULE_PATH;

use crate::eval::Stability;
use crate::ir;
use crate::value::Str;
use river_syntax::{FileId, Span};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Blocks of the language itself.
const OWN_BLOCKS: &[&str] = &["argument", "declare", "export", "foreach"];

/// Places that a message names at the most.
const MAX_NAMED: usize = 16;

/// What kind of block a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// Has a label, exports, and runs.
    Component,
    /// Sets something of the process; given once, without a label.
    Config,
    /// Brings the definitions of custom components from elsewhere.
    Import,
    /// An instance of a custom component: holds a module.
    Custom,
    /// Holds a module for each item of a list.
    Foreach,
    /// `argument`: what a module is given, under this name.
    Argument,
    /// `export`: what a module exports, under this name.
    Export,
    /// No block: something from outside that the module sees, `module_path` or what a template refers to outside of it.
    Input,
}

impl NodeKind {
    /// Whether expressions may name it.
    pub fn is_referable(self) -> bool {
        matches!(
            self,
            Self::Component | Self::Custom | Self::Argument | Self::Input
        )
    }

    /// Whether a host builds something for it.
    pub fn is_built(self) -> bool {
        !matches!(self, Self::Argument | Self::Export | Self::Input)
    }
}

/// What the graph has to know of a kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSpec {
    /// Component, config block or import.
    pub kind: NodeKind,
    /// Whether it has to have a label; where it does not have to, it must not.
    pub labelled: bool,
    /// How settled it is.
    pub stability: Stability,
}

/// Which blocks exist.
pub trait Blocks {
    /// What is known of the block with this name.
    fn spec(&self, name: &str) -> Option<BlockSpec>;
    /// All names, for help with a name that does not exist.
    fn names(&self) -> Vec<&str>;
    /// The least stability that is allowed.
    fn min_stability(&self) -> Stability;
}

/// A reference from a node to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeReference {
    /// The node that is referred to.
    pub to: u32,
    /// The exported fields that are asked for, outermost first; empty for the exports as a whole.
    pub fields: Vec<Str>,
    /// Where the reference stands.
    pub span: Span,
}

/// A block of a module.
#[derive(Clone, Debug)]
pub struct Node {
    /// `loki.write.out`; the name alone for a block without a label.
    pub id: Str,
    /// What kind of block it is.
    pub kind: NodeKind,
    /// What was written; empty for an input.
    pub block: Arc<ir::Block>,
    /// The references in its body, in the order in which they stand.
    pub references: Vec<NodeReference>,
    /// The nodes that it refers to, and the imports that its definition needs, each once, in order of numbers.
    pub dependencies: Vec<u32>,
    /// The nodes whose dependency it is, each once, in order of numbers.
    pub dependants: Vec<u32>,
    /// Whether a mistake keeps it from being evaluated.
    pub broken: bool,
}

impl Node {
    /// Its label; empty where it has none.
    pub fn label(&self) -> Str {
        self.block
            .label
            .as_ref()
            .map_or("".into(), |(label, _)| label.clone())
    }
}

/// What a module is, which decides what may stand in it and what it sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// The configuration itself.
    #[default]
    Root,
    /// The body of a `declare`.
    Declare,
    /// The template of a `foreach` with this variable; it sees what is around it.
    Template { variable: Str },
    /// What an import brings: definitions and further imports.
    Library,
}

/// All blocks of a module.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    sort: Sort,
    nodes: Vec<Node>,
    by_id: HashMap<Str, u32>,
    order: Vec<u32>,
    rank: Vec<u32>,
    names: names::Names,
    /// Ids of what its definitions see around it.
    handed_on: BTreeSet<Str>,
    /// The module in whose text this one is defined.
    parent: Option<Arc<Graph>>,
    /// The block that holds the text.
    origin: Option<Arc<ir::Block>>,
    /// The texts, where it is made of whole ones.
    files: Vec<FileId>,
}

impl Graph {
    /// The nodes in order of numbers.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node with this number.
    pub fn node(&self, number: u32) -> Option<&Node> {
        self.nodes.get(number as usize)
    }

    /// The number of the node with this id.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// The numbers of all nodes, each after those that it refers to.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Ids of what the module, or a definition in it, sees around it.
    pub(crate) fn seen_around(&self) -> impl Iterator<Item = &Str> {
        let inputs = self.nodes.iter().filter(|node| node.kind == NodeKind::Input);
        inputs.map(|node| &node.id).chain(&self.handed_on)
    }

    /// The texts that it is made of; empty for the inside of a block.
    pub fn files(&self) -> &[FileId] {
        &self.files
    }

    /// Whether it is the inside of this very block in this very module.
    pub(crate) fn is_of(&self, block: &Arc<ir::Block>, parent: &Arc<Graph>, variable: Option<&Str>) -> bool {
        let own_variable = match &self.sort {
            Sort::Template { variable } => Some(variable),
            _ => None,
        };
        self.origin
            .as_ref()
            .is_some_and(|origin| Arc::ptr_eq(origin, block))
            && self.parent.as_ref().is_some_and(|own| Arc::ptr_eq(own, parent))
            && own_variable == variable
    }

    /// Where in the order a node stands.
    pub fn rank(&self, number: u32) -> u32 {
        self.rank.get(number as usize).copied().unwrap_or(u32::MAX)
    }
}

/// Whether a block's name is that of an import.
pub(crate) fn is_import(name: &str) -> bool {
    name.strip_prefix("import.")
        .is_some_and(|source| !source.is_empty())
}
