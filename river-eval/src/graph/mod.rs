//! The blocks of a configuration as a graph: who refers to whom, and in which order they are evaluated.
//!
//! Nodes are numbered densely in the order in which they were written, file after file; everything that is done for each node works on these
//! numbers. A graph is always made, also of a configuration with mistakes: nodes that cannot be evaluated are marked as broken.

mod cycles;
mod file;
mod references;
#[cfg(test)]
mod tests;

pub use file::ParsedFile;

use crate::codes::graph as codes;
use crate::eval::Stability;
use crate::ir;
use crate::suggest::nearest;
use crate::value::Str;
use river_syntax::{Diagnostic, Span};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Blocks of the language itself that this version does not evaluate.
const MODULE_BLOCKS: &[&str] = &[
    "argument",
    "declare",
    "export",
    "foreach",
    "import.file",
    "import.git",
    "import.http",
    "import.string",
];

/// What kind of block a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// Has a label, exports, and runs.
    Component,
    /// Sets something of the process; given once, without a label.
    Config,
}

/// What the graph has to know of a kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSpec {
    /// Component or config block.
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

/// A block of the configuration.
#[derive(Clone, Debug)]
pub struct Node {
    /// `loki.write.out`; the name alone for a block without a label.
    pub id: Str,
    /// Component or config block.
    pub kind: NodeKind,
    /// What was written.
    pub block: Arc<ir::Block>,
    /// The references in its body, in the order in which they stand.
    pub references: Vec<NodeReference>,
    /// The nodes that it refers to, each once, in order of numbers.
    pub dependencies: Vec<u32>,
    /// The nodes that refer to it, each once, in order of numbers.
    pub dependants: Vec<u32>,
    /// Whether a mistake keeps it from being evaluated.
    pub broken: bool,
}

/// All blocks of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    by_id: HashMap<Str, u32>,
    order: Vec<u32>,
    rank: Vec<u32>,
}

impl Graph {
    /// Makes the graph of the files of one configuration, and tells everything that is wrong with it.
    pub fn build(files: &[Arc<ParsedFile>], blocks: &dyn Blocks) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut graph = Self::default();
        let defined = Defined::by(files);
        for file in files {
            for attribute in &file.attributes {
                diagnostics.push(top_level_attribute(attribute));
            }
            for block in &file.blocks {
                graph.add(block, blocks, &defined, &mut diagnostics);
            }
        }
        references::resolve(&mut graph, &mut diagnostics);
        cycles::order(&mut graph, &mut diagnostics);
        (graph, diagnostics)
    }

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

    /// Where in the order a node stands.
    pub fn rank(&self, number: u32) -> u32 {
        self.rank.get(number as usize).copied().unwrap_or(u32::MAX)
    }

    fn add(
        &mut self,
        block: &Arc<ir::Block>,
        blocks: &dyn Blocks,
        defined: &Defined<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name = &block.name;
        let spec = blocks.spec(name);
        if spec.is_none() && MODULE_BLOCKS.contains(&name.as_ref()) {
            diagnostics.push(
                Diagnostic::error(
                    &codes::NOT_SUPPORTED,
                    block.name_span,
                    format!("block {name:?} is not supported yet"),
                )
                .with_help("modules come with a later version; write the components out until then"),
            );
            return;
        }
        let mistake = match spec {
            // That its definition is not supported has been said there.
            None if defined.has(name) => None,
            None => Some(unknown_component(block, blocks)),
            Some(spec) => check_head(block, spec, blocks.min_stability()),
        };
        let broken = spec.is_none() || mistake.is_some();
        diagnostics.extend(mistake);
        let id: Str = match &block.label {
            Some((label, _)) if spec.is_none_or(|spec| spec.labelled) => format!("{name}.{label}").into(),
            _ => name.clone(),
        };
        let number = self.nodes.len() as u32;
        if let Some(first) = self.by_id.get(&id).and_then(|&first| self.node(first)) {
            if !broken {
                diagnostics.push(duplicate(block, &id, first));
            }
            return;
        }
        self.by_id.insert(id.clone(), number);
        self.nodes.push(Node {
            id,
            kind: spec.map_or(NodeKind::Component, |spec| spec.kind),
            block: block.clone(),
            references: Vec::new(),
            dependencies: Vec::new(),
            dependants: Vec::new(),
            broken,
        });
    }
}

/// What the configuration's own modules would define, had they been supported.
struct Defined<'f> {
    names: HashSet<&'f str>,
    namespaces: HashSet<&'f str>,
}

impl<'f> Defined<'f> {
    fn by(files: &'f [Arc<ParsedFile>]) -> Self {
        let mut defined = Self {
            names: HashSet::new(),
            namespaces: HashSet::new(),
        };
        for block in files.iter().flat_map(|file| &file.blocks) {
            let Some((label, _)) = &block.label else { continue };
            if *block.name == *"declare" {
                defined.names.insert(label);
            } else if block.name.starts_with("import.") {
                defined.namespaces.insert(label);
            }
        }
        defined
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
            || name
                .split_once('.')
                .is_some_and(|(namespace, _)| self.namespaces.contains(namespace))
    }
}

fn head(block: &ir::Block) -> Span {
    match &block.label {
        Some((_, label)) => block.name_span.to(*label),
        None => block.name_span,
    }
}

fn top_level_attribute(attribute: &ir::Attribute) -> Diagnostic {
    let name = &attribute.name;
    let diagnostic = Diagnostic::error(
        &codes::TOP_LEVEL_ATTRIBUTE,
        attribute.name_span,
        format!("attribute {name:?} stands outside of any block"),
    );
    match name.as_ref() {
        "level" | "format" | "write_to" => diagnostic.with_help(format!(
            "it belongs into a logging block: logging {{ {name} = … }}"
        )),
        _ => diagnostic
            .with_help("at the top level stand blocks only; put it into the block that it belongs to"),
    }
}

fn unknown_component(block: &ir::Block, blocks: &dyn Blocks) -> Diagnostic {
    let name = &block.name;
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_COMPONENT,
        block.name_span,
        format!("cannot find the definition of component name {name:?}"),
    );
    match nearest(name, blocks.names()) {
        Some(near) => diagnostic
            .with_help(format!("did you mean {near}?"))
            .with_fix(river_syntax::Fix {
                title: format!("write {near}"),
                edits: vec![river_syntax::Edit {
                    span: block.name_span,
                    replacement: near.to_owned(),
                }],
                safe: false,
            }),
        None => diagnostic.with_help("docs/components lists the components that this agent has"),
    }
}

fn check_head(block: &ir::Block, spec: BlockSpec, allowed: Stability) -> Option<Diagnostic> {
    let name = &block.name;
    let what = match spec.kind {
        NodeKind::Component => "component",
        NodeKind::Config => "block",
    };
    match &block.label {
        None if spec.labelled => Some(
            Diagnostic::error(
                &codes::MISSING_LABEL,
                block.name_span,
                format!("{what} {name:?} must have a label"),
            )
            .with_help(format!("write one in double quotes: {name} \"default\" {{")),
        ),
        Some((_, span)) if !spec.labelled => Some(
            Diagnostic::error(
                &codes::UNEXPECTED_LABEL,
                *span,
                format!("{what} {name:?} does not take a label"),
            )
            .with_help("take the label away"),
        ),
        _ if spec.stability < allowed => Some(
            Diagnostic::error(
                &codes::BELOW_STABILITY,
                block.name_span,
                format!(
                    "{what} {name:?} is at stability level \"{}\", which is below the minimum allowed stability level \"{allowed}\". \
                     Use --stability.level command-line flag to enable \"{}\" features",
                    spec.stability, spec.stability
                ),
            )
            .with_help(format!("--stability.level={} allows it", spec.stability)),
        ),
        _ => None,
    }
}

fn duplicate(block: &ir::Block, id: &str, first: &Node) -> Diagnostic {
    match first.kind {
        NodeKind::Component => Diagnostic::error(
            &codes::DUPLICATE_BLOCK,
            head(block),
            format!("component {id:?} is already declared"),
        )
        .with_help("give one of them another label"),
        NodeKind::Config => Diagnostic::error(
            &codes::CONFIG_BLOCK_TWICE,
            head(block),
            format!("block {id:?} is given twice"),
        )
        .with_help("join the two blocks"),
    }
    .with_secondary(head(&first.block), "declared here first")
}
