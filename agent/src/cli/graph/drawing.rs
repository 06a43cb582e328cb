//! What is drawn: components as nodes, references as edges in the direction in which the data flows, files and modules as groups.
//!
//! The graph of `river-eval` says who refers to whom. Each module's body (`declare`, `foreach`) is a graph of its own, as names in it are its own.

use crate::sources::Source;
use river_eval::eval::Stability;
use river_eval::graph::{BlockSpec, Blocks, Graph, Node, NodeKind, ParsedFile};
use river_eval::{Str, Value, ir};
use river_syntax::{FileId, Sources, Span};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Version of the JSON form; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// How deep modules are followed into modules.
const MAX_DEPTH: usize = 16;

/// Blocks at the top level that are no components.
const CONFIG_BLOCKS: &[&str] = &["http", "livedebugging", "logging", "remotecfg", "tracing"];

/// What is drawn.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Drawing {
    version: u32,
    /// Files, where there are several, and modules.
    pub(crate) groups: Vec<Group>,
    /// Components and other blocks.
    pub(crate) nodes: Vec<Drawn>,
    /// References.
    pub(crate) edges: Vec<Edge>,
    /// How many mistakes were met on the way.
    #[serde(skip)]
    pub(crate) mistakes: usize,
}

/// A frame around nodes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Group {
    /// What stands above it.
    pub(crate) title: String,
    /// The number of the group around it.
    pub(crate) parent: Option<usize>,
    /// Whether it is cut off from what is around it: a `declare`, not a file or a `foreach`.
    pub(crate) module: bool,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Drawn {
    /// Its id in its module, `loki.write.out`.
    pub(crate) id: Str,
    /// The block's name, `loki.write`.
    pub(crate) name: Str,
    /// Its label.
    pub(crate) label: Option<Str>,
    /// What it is.
    pub(crate) kind: Kind,
    /// The number of its group.
    pub(crate) group: Option<usize>,
    /// Whether a mistake keeps it from being evaluated.
    pub(crate) broken: bool,
    /// The file that it stands in.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u32,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Runs.
    Component,
    /// Sets something of the process.
    Config,
    /// Brings in or hands out what belongs to a module: `import.*`, `argument`, `export`.
    Module,
}

/// A reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Edge {
    /// The number of the node where it begins.
    pub(crate) from: usize,
    /// The number of the node where it ends.
    pub(crate) to: usize,
    /// Whether telemetry or targets flow along it, or some other value.
    pub(crate) data: bool,
    /// The attribute in which the reference stands.
    pub(crate) attribute: String,
    /// What is referred to, `receiver`.
    pub(crate) field: String,
}

impl Drawing {
    /// The drawing of one configuration.
    pub(crate) fn of(texts: &[Source]) -> Self {
        let mut sources = Sources::new();
        let mut files = Vec::new();
        for source in texts {
            let id = sources.add(source.name.as_str(), source.text.as_str());
            if let Some(file) = sources.get(id) {
                files.push(Arc::new(ParsedFile::parse(id, file.text())));
            }
        }
        let mistakes = files
            .iter()
            .flat_map(|file| &file.diagnostics)
            .filter(|found| found.is_error())
            .count();
        let mut drawing = Self {
            version: VERSION,
            groups: Vec::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
            mistakes,
        };
        let mut of_file = HashMap::new();
        if files.len() > 1 {
            for (id, file) in sources.iter() {
                of_file.insert(id, drawing.groups.len());
                drawing.groups.push(Group {
                    title: file.name().to_owned(),
                    parent: None,
                    module: false,
                });
            }
        }
        let mut pen = Pen {
            drawing: &mut drawing,
            sources: &sources,
            of_file,
        };
        pen.module(&files, None, &Around::default(), 0);
        drawing.edges.sort();
        drawing.edges.dedup();
        drawing
    }

    /// The nodes of a group, by number.
    pub(crate) fn members(&self, group: Option<usize>) -> impl Iterator<Item = (usize, &Drawn)> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(move |(_, node)| node.group == group)
    }

    /// The groups in a group, by number.
    pub(crate) fn inside(&self, parent: Option<usize>) -> impl Iterator<Item = (usize, &Group)> {
        let groups = self.groups.iter().enumerate();
        groups.filter(move |(_, group)| group.parent == parent)
    }
}

/// What draws.
struct Pen<'d> {
    drawing: &'d mut Drawing,
    sources: &'d Sources,
    of_file: HashMap<FileId, usize>,
}

impl Pen<'_> {
    /// Draws the blocks of the root, or of a module's body, which is in a group.
    fn module(&mut self, files: &[Arc<ParsedFile>], group: Option<usize>, around: &Around<'_>, depth: usize) {
        let mut templates = Vec::new();
        let own: Vec<Arc<ParsedFile>> = files
            .iter()
            .map(|file| Arc::new(without_templates(file, &mut templates)))
            .collect();
        let (graph, found) = Graph::build(&own, &AnyBlock);
        let mut numbers: HashMap<Str, usize> = HashMap::new();
        let first = self.drawing.nodes.len();
        for node in graph.nodes() {
            let group = group.or_else(|| self.of_file.get(&node.block.span.file).copied());
            numbers.insert(node.id.clone(), self.drawing.nodes.len());
            let drawn = self.node(node, group);
            self.drawing.nodes.push(drawn);
        }
        let mut known = HashSet::new();
        for (at, node) in graph.nodes().iter().enumerate() {
            let from = first + at;
            let places = places(&node.block.body);
            for reference in &node.references {
                let to = first + reference.to as usize;
                let place = places.get(&reference.span);
                let field = reference.fields.first().map_or("", |field| field);
                self.drawing.edges.push(edge(from, to, place, field));
            }
            node.block.body.visit_references(&mut |reference| {
                if let Some(outer) = around.find(&reference) {
                    known.insert(reference.span);
                    if let Some((to, field)) = outer {
                        let place = places.get(&reference.span);
                        self.drawing.edges.push(edge(from, to, place, &field));
                    }
                }
            });
        }
        for finding in found.iter().filter(|found| found.is_error()) {
            let place = finding.primary.span;
            if known.contains(&place) {
                continue;
            }
            self.drawing.mistakes += 1;
            let at = graph.nodes().iter().position(|node| {
                let span = node.block.span;
                span.file == place.file && (span.start..=span.end).contains(&place.start)
            });
            if let Some(node) = at.and_then(|at| self.drawing.nodes.get_mut(first + at)) {
                node.broken = true;
            }
        }
        for template in templates {
            let group = group.or_else(|| self.of_file.get(&template.span.file).copied());
            self.template(&template, group, &numbers, depth);
        }
    }

    /// Draws a `declare` or `foreach` as a frame with what is in it.
    fn template(
        &mut self,
        block: &ir::Block,
        parent: Option<usize>,
        outside: &HashMap<Str, usize>,
        depth: usize,
    ) {
        if depth >= MAX_DEPTH {
            return;
        }
        let label = block.label.as_ref().map_or("", |(label, _)| label);
        let group = self.drawing.groups.len();
        self.drawing.groups.push(Group {
            title: format!("{} {label}", block.name),
            parent,
            module: *block.name == *"declare",
        });
        // What a foreach repeats is in a block of its own, and sees what is around; a declare sees nothing of that.
        let inner = template_of(block);
        let around = match inner {
            Some(_) => Around {
                outside: Some(outside),
                variable: variable(block),
            },
            None => Around::default(),
        };
        let statements = inner.map_or(&block.body.statements, |inner| &inner.body.statements);
        let file = ParsedFile {
            file: block.span.file,
            blocks: blocks(statements),
            attributes: Vec::new(),
            diagnostics: Vec::new(),
        };
        self.module(&[Arc::new(file)], Some(group), &around, depth + 1);
    }

    fn node(&self, node: &Node, group: Option<usize>) -> Drawn {
        let name = &node.block.name;
        let span = node.block.span;
        let file = self.sources.get(span.file);
        Drawn {
            id: node.id.clone(),
            name: name.clone(),
            label: node.block.label.as_ref().map(|(label, _)| label.clone()),
            kind: match &**name {
                "argument" | "export" | "foreach" => Kind::Module,
                other if other.starts_with("import.") => Kind::Module,
                _ if node.kind == NodeKind::Config => Kind::Config,
                _ => Kind::Component,
            },
            group,
            broken: false,
            file: file.map_or(String::new(), |file| file.name().to_owned()),
            line: file.map_or(0, |file| file.line_column(span.start).line),
        }
    }
}

/// What a module's body sees of what is around it.
#[derive(Clone, Copy, Debug, Default)]
struct Around<'a> {
    /// Nodes by id; `None` where it sees none.
    outside: Option<&'a HashMap<Str, usize>>,
    /// A name that stands for each item in turn.
    variable: Option<&'a str>,
}

impl Around<'_> {
    /// What a reference means that means nothing inside: a node and the field asked of it, or the variable.
    #[expect(
        clippy::option_option,
        reason = "known without a node, and not known, are two things"
    )]
    fn find(&self, reference: &ir::Reference) -> Option<Option<(usize, String)>> {
        let outside = self.outside?;
        let (name, _) = reference.path.first()?;
        if self.variable == Some(&**name) {
            return Some(None);
        }
        let mut id = String::new();
        for (at, (name, _)) in reference.path.iter().enumerate() {
            if at > 0 {
                id.push('.');
            }
            id.push_str(name);
            if let Some(&number) = outside.get(id.as_str()) {
                let field = reference.path.get(at + 1).map(|(field, _)| field.to_string());
                return Some(Some((number, field.unwrap_or_default())));
            }
        }
        None
    }
}

/// The file without modules' bodies, in which names mean something else; those go to `templates`.
fn without_templates(file: &ParsedFile, templates: &mut Vec<Arc<ir::Block>>) -> ParsedFile {
    let mut own = Vec::with_capacity(file.blocks.len());
    for block in &file.blocks {
        match &*block.name {
            "declare" => templates.push(block.clone()),
            "foreach" => {
                templates.push(block.clone());
                let mut head = ir::Block::clone(block);
                head.body.statements.retain(|statement| match statement {
                    ir::Statement::Block(block) => *block.name != *"template",
                    ir::Statement::Attribute(_) => true,
                });
                own.push(Arc::new(head));
            }
            _ => own.push(block.clone()),
        }
    }
    ParsedFile {
        blocks: own,
        ..file.clone()
    }
}

/// What a `foreach` repeats.
fn template_of(block: &ir::Block) -> Option<&ir::Block> {
    if *block.name != *"foreach" {
        return None;
    }
    block
        .body
        .statements
        .iter()
        .find_map(|statement| match statement {
            ir::Statement::Block(inner) if *inner.name == *"template" => Some(inner),
            _ => None,
        })
}

/// The name of a `foreach`'s items.
fn variable(block: &ir::Block) -> Option<&str> {
    block
        .body
        .statements
        .iter()
        .find_map(|statement| match statement {
            ir::Statement::Attribute(attribute) if *attribute.name == *"var" => match &attribute.value.kind {
                ir::ExprKind::Literal(Value::String(name)) => Some(&**name),
                _ => None,
            },
            _ => None,
        })
}

fn blocks(statements: &[ir::Statement]) -> Vec<Arc<ir::Block>> {
    let blocks = statements.iter().filter_map(|statement| match statement {
        ir::Statement::Block(block) => Some(Arc::new(block.clone())),
        ir::Statement::Attribute(_) => None,
    });
    blocks.collect()
}

/// Where in a body a reference stands.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The attribute.
    attribute: Str,
    /// The block that the attribute stands in; empty at the top.
    block: Str,
}

/// Where each reference of a body stands, by its span.
fn places(body: &ir::Body) -> HashMap<Span, Place> {
    fn walk(body: &ir::Body, block: &Str, found: &mut HashMap<Span, Place>) {
        for statement in &body.statements {
            match statement {
                ir::Statement::Attribute(attribute) => attribute.value.visit_references(&mut |reference| {
                    let place = Place {
                        attribute: attribute.name.clone(),
                        block: block.clone(),
                    };
                    found.insert(reference.span, place);
                }),
                ir::Statement::Block(inner) => walk(&inner.body, &inner.name, found),
            }
        }
    }
    let mut found = HashMap::new();
    walk(body, &"".into(), &mut found);
    found
}

/// An edge in the direction of the data: to a receiver, from whatever else is referred to.
fn edge(referrer: usize, referred: usize, place: Option<&Place>, field: &str) -> Edge {
    let place = place.cloned().unwrap_or_default();
    let sends = matches!(field, "receiver" | "input")
        || matches!(&*place.attribute, "forward_to" | "write_to")
        || *place.block == *"output";
    let (from, to) = match sends {
        true => (referrer, referred),
        false => (referred, referrer),
    };
    Edge {
        from,
        to,
        data: sends || matches!(field, "targets" | "output") || *place.attribute == *"targets",
        attribute: place.attribute.to_string(),
        field: field.to_owned(),
    }
}

/// Every block is drawn, whether this agent knows it or not.
struct AnyBlock;

impl Blocks for AnyBlock {
    fn spec(&self, name: &str) -> Option<BlockSpec> {
        let config = CONFIG_BLOCKS.contains(&name);
        Some(BlockSpec {
            kind: match config {
                true => NodeKind::Config,
                false => NodeKind::Component,
            },
            labelled: !config,
            stability: Stability::GenerallyAvailable,
        })
    }

    fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    fn min_stability(&self) -> Stability {
        Stability::Experimental
    }
}

/// The colours that a drawing needs.
pub(crate) fn families(drawing: &Drawing) -> BTreeSet<&'static str> {
    drawing.nodes.iter().map(family).collect()
}

/// What a node's colour stands for.
pub(crate) fn family(node: &Drawn) -> &'static str {
    match (node.kind, node.name.split('.').next().unwrap_or_default()) {
        (Kind::Config | Kind::Module, _) => "config",
        (_, "loki") => "loki",
        (_, "prometheus" | "mimir") => "prometheus",
        (_, "otelcol" | "faro" | "beyla") => "otelcol",
        (_, "pyroscope") => "pyroscope",
        (_, "discovery") => "discovery",
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
