//! From blocks to a graph: one way in for each sort of module.

use super::{Blocks, Graph, Node, NodeKind, ParsedFile, Sort, cycles, heads, is_import, references};
use crate::ir;
use crate::value::Str;
use river_syntax::Diagnostic;
use std::sync::Arc;

impl Graph {
    /// Makes the graph of the files of one configuration, and tells everything that is wrong with it.
    pub fn build(files: &[Arc<ParsedFile>], blocks: &dyn Blocks) -> (Self, Vec<Diagnostic>) {
        Self::of_files(Sort::Root, files, blocks)
    }

    /// Makes the graph of the files that an import brought: definitions and further imports.
    pub fn library(files: &[Arc<ParsedFile>], blocks: &dyn Blocks) -> (Self, Vec<Diagnostic>) {
        Self::of_files(Sort::Library, files, blocks)
    }

    /// Makes the graph of the body of a `declare` that stands in the module `parent`, or in a library. It sees what `parent` sees around itself.
    pub fn definition(
        declare: &Arc<ir::Block>,
        parent: &Arc<Graph>,
        blocks: &dyn Blocks,
    ) -> (Self, Vec<Diagnostic>) {
        let (mut graph, mistakes) = Self::of_body(Sort::Declare, &declare.body, parent, blocks);
        graph.origin = Some(declare.clone());
        (graph, mistakes)
    }

    /// Makes the graph of the template of a `foreach` that stands in the module `parent`. It sees the variable, and what stands in `parent` or is seen there.
    pub fn template(
        foreach: &Arc<ir::Block>,
        variable: &Str,
        parent: &Arc<Graph>,
        blocks: &dyn Blocks,
    ) -> (Self, Vec<Diagnostic>) {
        let variable = variable.clone();
        let empty = ir::Body::default();
        let body = template_of(foreach).map_or(&empty, |template| &template.body);
        let (mut graph, mistakes) = Self::of_body(Sort::Template { variable }, body, parent, blocks);
        graph.origin = Some(foreach.clone());
        (graph, mistakes)
    }

    fn of_files(sort: Sort, files: &[Arc<ParsedFile>], blocks: &dyn Blocks) -> (Self, Vec<Diagnostic>) {
        let of_blocks = files.iter().flat_map(|file| file.blocks.iter().cloned());
        let attributes = files.iter().flat_map(|file| &file.attributes);
        let (mut graph, mistakes) = Self::of_blocks(sort, None, of_blocks.collect(), attributes, blocks);
        graph.files = files.iter().map(|file| file.file).collect();
        (graph, mistakes)
    }

    fn of_body(
        sort: Sort,
        body: &ir::Body,
        parent: &Arc<Graph>,
        blocks: &dyn Blocks,
    ) -> (Self, Vec<Diagnostic>) {
        let mut of_blocks = Vec::with_capacity(body.statements.len());
        let mut attributes = Vec::new();
        for statement in &body.statements {
            match statement {
                ir::Statement::Block(block) => of_blocks.push(Arc::new(block.clone())),
                ir::Statement::Attribute(attribute) => attributes.push(attribute),
            }
        }
        Self::of_blocks(
            sort,
            Some(parent.clone()),
            of_blocks,
            attributes.into_iter(),
            blocks,
        )
    }

    fn of_blocks<'a>(
        sort: Sort,
        parent: Option<Arc<Graph>>,
        written: Vec<Arc<ir::Block>>,
        attributes: impl Iterator<Item = &'a ir::Attribute>,
        blocks: &dyn Blocks,
    ) -> (Self, Vec<Diagnostic>) {
        let mut graph = Self {
            sort,
            parent,
            ..Self::default()
        };
        let mut diagnostics: Vec<Diagnostic> = attributes
            .map(|attribute| match graph.sort {
                Sort::Root => heads::top_level_attribute(attribute),
                _ => heads::module_attribute(attribute),
            })
            .collect();
        // Names first: a custom component may be used before it is defined.
        for block in &written {
            if *block.name == *"declare" {
                graph.add_declare(block, &mut diagnostics);
            } else if is_import(&block.name) {
                graph.add_namespace(block);
            }
        }
        for block in &written {
            if *block.name != *"declare" {
                graph.add(block, blocks, &mut diagnostics);
            }
        }
        references::resolve(&mut graph, &mut diagnostics);
        references::hand_on(&mut graph);
        graph.link_definitions(&mut diagnostics);
        references::link_back(&mut graph);
        cycles::order(&mut graph, &mut diagnostics);
        (graph, diagnostics)
    }

    fn add(&mut self, block: &Arc<ir::Block>, blocks: &dyn Blocks, diagnostics: &mut Vec<Diagnostic>) {
        let name = &block.name;
        if self.sort == Sort::Library && !is_import(name) {
            diagnostics.push(heads::not_importable(block));
            return;
        }
        let own = match name.as_ref() {
            "argument" => Some(NodeKind::Argument),
            "export" => Some(NodeKind::Export),
            "foreach" => Some(NodeKind::Foreach),
            _ => None,
        };
        let allowed = blocks.min_stability();
        let (kind, mistake, labelled) = if let Some(kind) = own {
            (kind, heads::check_own(block, kind, allowed, &self.sort), true)
        } else if self.is_custom(name) {
            (NodeKind::Custom, None, true)
        } else if let Some(spec) = blocks.spec(name) {
            let mistake = heads::check_head(block, spec, allowed, &self.sort);
            (spec.kind, mistake, spec.labelled)
        } else {
            let mistake = heads::unknown_component(self, block, blocks);
            (NodeKind::Component, Some(mistake), true)
        };
        let broken = mistake.is_some() || kind == NodeKind::Custom && self.is_circular(name);
        diagnostics.extend(mistake);
        let id: Str = match &block.label {
            Some((label, _)) if labelled => format!("{name}.{label}").into(),
            _ => name.clone(),
        };
        if let Some(first) = self.by_id.get(&id).and_then(|&first| self.node(first)) {
            if !broken {
                diagnostics.push(heads::duplicate(block, &id, first));
            }
            return;
        }
        let number = self.push(id, kind, block.clone(), broken);
        if kind == NodeKind::Import {
            self.add_import(block, number, diagnostics);
        }
    }

    fn push(&mut self, id: Str, kind: NodeKind, block: Arc<ir::Block>, broken: bool) -> u32 {
        let number = self.nodes.len() as u32;
        self.by_id.insert(id.clone(), number);
        self.nodes.push(Node {
            id,
            kind,
            block,
            references: Vec::new(),
            dependencies: Vec::new(),
            dependants: Vec::new(),
            broken,
        });
        number
    }

    /// The node of something outside of the module, made when it is first referred to.
    pub(super) fn input(&mut self, id: &str) -> u32 {
        if let Some(number) = self.find(id) {
            return number;
        }
        let block = ir::Block {
            name: id.into(),
            ..ir::Block::default()
        };
        self.push(id.into(), NodeKind::Input, Arc::new(block), false)
    }
}

/// The template block of a `foreach`.
pub(crate) fn template_of(foreach: &ir::Block) -> Option<&ir::Block> {
    foreach
        .body
        .statements
        .iter()
        .find_map(|statement| match statement {
            ir::Statement::Block(block) if *block.name == *"template" => Some(block),
            _ => None,
        })
}
