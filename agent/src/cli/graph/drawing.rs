//! What is drawn: components as nodes, references as edges in the direction in which the data flows, files and modules as groups.
//!
//! The graph of `river-eval` says who refers to whom. Each module's body (`declare`, `foreach`) is a graph of its own, as names in it are its own.

use crate::sources::Source;
use river_eval::eval::Stability;
use river_eval::graph::{BlockSpec, Blocks, Graph, Node, NodeKind, ParsedFile};
use river_eval::{Str, Value, ir};
use river_syntax::{Diagnostic, FileId, Sources, Span};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
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
    /// An instance of a `declare`, here or in an import.
    Custom,
    /// Brings in, repeats or hands out what belongs to a module: `import.*`, `foreach`, `argument`, `export`.
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
        let (graph, found) = Graph::build(&files, &AnyBlock);
        let in_texts = files.iter().map(|file| errors(&file.diagnostics));
        let mistakes = in_texts.sum::<usize>() + errors(&found);
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
        let written: Vec<_> = files
            .iter()
            .flat_map(|file| file.blocks.iter().cloned())
            .collect();
        pen.module(&Arc::new(graph), &written, None, &HashMap::new(), 0);
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
    /// Draws a module, which is in a group; `written` are its blocks, `outside` what it sees of what is around it.
    fn module(
        &mut self,
        graph: &Arc<Graph>,
        written: &[Arc<ir::Block>],
        group: Option<usize>,
        outside: &HashMap<Str, usize>,
        depth: usize,
    ) {
        let mut known = outside.clone();
        let mut numbers: Vec<Option<usize>> = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            if node.kind == NodeKind::Input {
                // Of what is around a module only what is drawn counts, not a foreach's variable.
                numbers.push(outside.get(&node.id).copied());
                continue;
            }
            let number = self.drawing.nodes.len();
            let group = group.or_else(|| self.of_file.get(&node.block.span.file).copied());
            let drawn = self.node(node, group);
            self.drawing.nodes.push(drawn);
            known.insert(node.id.clone(), number);
            numbers.push(Some(number));
        }
        let number = |of: u32| numbers.get(of as usize).copied().flatten();
        for (at, node) in graph.nodes().iter().enumerate() {
            let Some(from) = number(at as u32) else { continue };
            let places = places(&node.block.body);
            // What stands in a foreach's template is drawn there.
            let template = template_of(&node.block).map(|template| template.span);
            for reference in &node.references {
                let Some(to) = number(reference.to) else { continue };
                if template.is_some_and(|span| (span.start..span.end).contains(&reference.span.start)) {
                    continue;
                }
                let field = reference.fields.first().map_or("", |field| field);
                let edge = edge(from, to, places.get(&reference.span), field);
                self.drawing.edges.push(edge);
            }
            if node.kind == NodeKind::Custom {
                self.imported(graph, node, from, &number);
            }
        }
        for block in written {
            let group = group.or_else(|| self.of_file.get(&block.span.file).copied());
            self.template(graph, block, group, &known, depth);
        }
    }

    /// Draws that an instance's definition comes from an import.
    fn imported(
        &mut self,
        graph: &Graph,
        node: &Node,
        instance: usize,
        number: &dyn Fn(u32) -> Option<usize>,
    ) {
        for &dependency in &node.dependencies {
            let is_import = graph
                .node(dependency)
                .is_some_and(|node| node.kind == NodeKind::Import);
            if is_import && let Some(import) = number(dependency) {
                self.drawing.edges.push(Edge {
                    from: import,
                    to: instance,
                    data: false,
                    attribute: String::new(),
                    field: "definition".to_owned(),
                });
            }
        }
    }

    /// Draws a `declare` or `foreach` as a frame with what is in it; nothing of other blocks.
    fn template(
        &mut self,
        parent: &Arc<Graph>,
        block: &Arc<ir::Block>,
        around: Option<usize>,
        outside: &HashMap<Str, usize>,
        depth: usize,
    ) {
        if depth >= MAX_DEPTH {
            return;
        }
        let nothing = HashMap::new();
        let ((graph, found), body, outside) = match &*block.name {
            "declare" => (Graph::definition(block, parent, &AnyBlock), &block.body, &nothing),
            "foreach" => {
                let Some(template) = template_of(block) else {
                    return;
                };
                let variable: Str = variable(block).unwrap_or_default().into();
                let graph = Graph::template(block, &variable, parent, &AnyBlock);
                (graph, &template.body, outside)
            }
            _ => return,
        };
        self.drawing.mistakes += errors(&found);
        let label = block.label.as_ref().map_or("", |(label, _)| label);
        let group = self.drawing.groups.len();
        self.drawing.groups.push(Group {
            title: format!("{} {label}", block.name),
            parent: around,
            module: *block.name == *"declare",
        });
        let written = blocks(&body.statements);
        self.module(&Arc::new(graph), &written, Some(group), outside, depth + 1);
    }

    fn node(&self, node: &Node, group: Option<usize>) -> Drawn {
        let name = &node.block.name;
        let span = node.block.span;
        let file = self.sources.get(span.file);
        Drawn {
            id: node.id.clone(),
            name: name.clone(),
            label: node.block.label.as_ref().map(|(label, _)| label.clone()),
            kind: match node.kind {
                NodeKind::Config => Kind::Config,
                NodeKind::Custom => Kind::Custom,
                NodeKind::Component | NodeKind::Input => Kind::Component,
                NodeKind::Import | NodeKind::Foreach | NodeKind::Argument | NodeKind::Export => Kind::Module,
            },
            group,
            broken: node.broken,
            file: file.map_or(String::new(), |file| file.name().to_owned()),
            line: file.map_or(0, |file| file.line_column(span.start).line),
        }
    }
}

fn errors(found: &[Diagnostic]) -> usize {
    found.iter().filter(|found| found.is_error()).count()
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
                false if name.starts_with("import.") => NodeKind::Import,
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
