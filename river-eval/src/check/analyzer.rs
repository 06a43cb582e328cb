//! The check of a whole configuration: reads imports, names the blocks, checks each body, and looks at how they stand together.

use super::analysis::{Analysis, ExpressionInfo, NodeInfo, NodeKind, ReferenceInfo, ScopeInfo, ScopeKind};
use super::body::Place;
use super::catalog::Catalog;
use super::imports::{Imported, Loader, with_chain};
use super::language::language_block;
use super::resolve::value_of;
use super::rule::{Fact, Findings, Rule};
use super::scope::{Rooms, What};
use super::types::Ty;
use crate::eval::{Context, Stability};
use crate::graph::ParsedFile;
use crate::ir::{Block, Reference, Statement};
use crate::schema::ComponentSchema;
use crate::value::Str;
use river_syntax::{Diagnostic, FileId, Sources, Span};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// What a check goes by.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The components that there are.
    pub catalog: &'o dyn Catalog,
    /// The lowest stability that is allowed.
    pub min_stability: Stability,
    /// Whether community components are allowed.
    pub community: bool,
    /// What is said of values.
    pub rules: &'o [&'o dyn Rule],
    /// Reads what is imported.
    pub loader: &'o dyn Loader,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("catalog", &self.catalog.title())
            .field("min_stability", &self.min_stability)
            .field("community", &self.community)
            .field("rules", &self.rules.len())
            .finish_non_exhaustive()
    }
}

/// Checks the files of one configuration. Imported files are added to `sources`. What parsing found is among the findings.
pub fn analyze(sources: &mut Sources, files: &[Arc<ParsedFile>], options: &Options<'_>) -> Analysis {
    let imported = Imported::read(files, sources, options.loader);
    let mut analyzer = Analyzer::new(options, files, &imported, sources);
    for file in files {
        analyzer.found.extend(file.diagnostics.iter().cloned());
    }
    for file in &imported.files {
        for finding in &file.parsed.diagnostics {
            analyzer.found.push(with_chain(finding.clone(), &file.chain));
        }
    }
    analyzer.found.extend(imported.diagnostics.iter().cloned());
    analyzer.run(files, &imported);
    analyzer.finish()
}

pub(super) struct Analyzer<'f, 'o> {
    pub(super) options: &'o Options<'o>,
    pub(super) sources: &'f Sources,
    pub(super) rooms: Rooms<'f>,
    pub(super) context: Context,
    pub(super) found: Vec<Diagnostic>,
    /// What rules saw in the blocks so far.
    facts: Vec<Fact>,
    pub(super) references: Vec<ReferenceInfo>,
    pub(super) expressions: Vec<ExpressionInfo>,
    pub(super) export_types: HashMap<&'static str, Rc<Vec<(Str, Ty)>>>,
    /// The block whose body is looked at.
    pub(super) at: Option<(usize, usize)>,
    /// Whether findings are kept to oneself: what is looked at now is checked elsewhere.
    pub(super) quiet: bool,
    /// Whether a file could not be read whole, so that names may be missing that were written.
    pub(super) partial: bool,
    pub(super) guesses: usize,
    chains: HashMap<FileId, &'f [(Span, String)]>,
}

impl<'f, 'o> Analyzer<'f, 'o> {
    fn new(
        options: &'o Options<'o>,
        files: &'f [Arc<ParsedFile>],
        imported: &'f Imported,
        sources: &'f Sources,
    ) -> Self {
        let mut rooms = Rooms::default();
        let blocks = files
            .iter()
            .flat_map(|file| file.blocks.iter().map(Arc::as_ref))
            .collect();
        rooms.open(ScopeKind::Root, None, None, blocks, imported, None);
        let all = files.iter().chain(imported.files.iter().map(|file| &file.parsed));
        Self {
            options,
            sources,
            rooms,
            context: Context::new()
                .with_environment(|_: &str| None)
                .with_stability(Stability::Experimental),
            found: Vec::new(),
            facts: Vec::new(),
            references: Vec::new(),
            expressions: Vec::new(),
            export_types: HashMap::new(),
            at: None,
            quiet: false,
            partial: all.clone().any(|file| file.has_errors()),
            guesses: 0,
            chains: imported
                .files
                .iter()
                .map(|file| (file.parsed.file, file.chain.as_slice()))
                .collect(),
        }
    }

    /// Keeps a finding, with the way to it where it stands in an imported file.
    pub(super) fn tell(&mut self, finding: Diagnostic) {
        if self.quiet {
            return;
        }
        let finding = match self.chains.get(&finding.primary.span.file) {
            Some(chain) => with_chain(finding, chain),
            None => finding,
        };
        self.found.push(finding);
    }

    fn run(&mut self, files: &'f [Arc<ParsedFile>], imported: &'f Imported) {
        for file in files {
            for attribute in &file.attributes {
                self.tell(crate::graph::heads::top_level_attribute(attribute));
            }
        }
        for file in &imported.files {
            for attribute in &file.parsed.attributes {
                self.tell(crate::graph::heads::top_level_attribute(attribute));
            }
        }
        for scope in 0..self.rooms.scopes.len() {
            self.name_blocks(scope);
        }
        for scope in 0..self.rooms.scopes.len() {
            let count = self.rooms.scopes.get(scope).map_or(0, |scope| scope.nodes.len());
            for node in 0..count {
                self.at = Some((scope, node));
                self.check_block(scope, node);
            }
            self.at = None;
        }
        self.conclude();
        self.check_flow();
        let warnings = self.context.take_warnings();
        for warning in warnings {
            self.tell(warning);
        }
    }

    fn check_block(&mut self, scope: usize, node: usize) {
        let Some(found) = self
            .rooms
            .scopes
            .get(scope)
            .and_then(|scope| scope.nodes.get(node))
        else {
            return;
        };
        let (block, what, opens) = (found.block, found.what.clone(), found.opens);
        match what {
            What::Component(schema) | What::Config(schema) => {
                self.check_described(scope, block, &schema, true);
            }
            What::Custom(declare) => self.check_custom(scope, block, declare),
            What::Argument | What::Export => {
                if let Some(schema) = language_block(&block.name) {
                    self.check_described(scope, block, &schema, false);
                }
            }
            What::Foreach => {
                let item = self.item_type(scope, value_of(block, "collection"));
                if let Some(inner) = opens.and_then(|inner| self.rooms.scopes.get_mut(inner))
                    && let Some((_, ty)) = &mut inner.variable
                {
                    *ty = item;
                }
                self.check_foreach(scope, block);
            }
            What::Declare => {
                for statement in &block.body.statements {
                    if let Statement::Attribute(attribute) = statement {
                        self.tell(crate::graph::heads::top_level_attribute(attribute));
                    }
                }
            }
            What::Unknown => {
                // What it is made of may still be wrong in itself, and uses what it names.
                self.infer_all(scope, block);
            }
        }
    }

    fn infer_all(&mut self, scope: usize, block: &Block) {
        for statement in &block.body.statements {
            match statement {
                Statement::Attribute(attribute) => drop(self.infer(scope, &attribute.value)),
                Statement::Block(inner) => self.infer_all(scope, inner),
            }
        }
    }

    fn check_described(
        &mut self,
        scope: usize,
        block: &'f Block,
        schema: &Arc<ComponentSchema>,
        rules: bool,
    ) {
        let place = Place {
            scope,
            path: vec![&*block.name],
            label: block.label.as_ref(),
            head: block.name_span,
        };
        let checked = self.body(place, &block.body, &schema.arguments);
        if !rules || self.quiet {
            return;
        }
        let mut findings = Findings::new(self.sources);
        for rule in self.options.rules {
            rule.check(&checked, &mut findings);
        }
        self.facts.extend(findings.take_facts());
        for finding in findings.into_diagnostics() {
            self.tell(finding);
        }
    }

    /// What the rules make of all blocks together.
    fn conclude(&mut self) {
        let mut findings = Findings::new(self.sources);
        for rule in self.options.rules {
            rule.conclude(&self.facts, &mut findings);
        }
        for finding in findings.into_diagnostics() {
            self.tell(finding);
        }
    }

    fn check_foreach(&mut self, scope: usize, block: &'f Block) {
        let Some(schema) = language_block("foreach") else {
            return;
        };
        // The template's own blocks are those of a room of names, so that only its head is checked here.
        let mut attributes = crate::ir::Body {
            span: block.body.span,
            ..Default::default()
        };
        for statement in &block.body.statements {
            match statement {
                Statement::Block(template) if &*template.name == "template" => {
                    let mut head = template.clone();
                    for inner in &head.body.statements {
                        if let Statement::Attribute(attribute) = inner {
                            self.tell(crate::graph::heads::top_level_attribute(attribute));
                        }
                    }
                    head.body.statements.clear();
                    attributes.statements.push(Statement::Block(head));
                }
                other => attributes.statements.push(other.clone()),
            }
        }
        let place = Place {
            scope,
            path: vec!["foreach"],
            label: block.label.as_ref(),
            head: block.name_span,
        };
        self.body(place, &attributes, &schema.arguments);
    }

    /// Marks what a reference names as used, and as a dependency of the block that it stands in.
    pub(super) fn note_use(&mut self, from: usize, room: usize, node: usize, reference: &Reference) {
        self.mark_used(room, node);
        let Some((scope, at)) = self.at else { return };
        if room != from || scope != room {
            return;
        }
        if let Some(user) = self
            .rooms
            .scopes
            .get_mut(room)
            .and_then(|scope| scope.nodes.get_mut(at))
            && !user.dependencies.iter().any(|(known, _)| *known == node)
        {
            user.dependencies.push((node, reference.span));
        }
    }

    pub(super) fn mark_used(&mut self, room: usize, node: usize) {
        if let Some(node) = self
            .rooms
            .scopes
            .get_mut(room)
            .and_then(|scope| scope.nodes.get_mut(node))
        {
            node.used = true;
        }
    }

    pub(super) fn node_id(&self, room: usize, node: usize) -> Str {
        self.rooms
            .scopes
            .get(room)
            .and_then(|scope| scope.nodes.get(node))
            .map_or_else(|| "".into(), |node| node.id.clone())
    }

    fn finish(mut self) -> Analysis {
        let mut scopes = Vec::with_capacity(self.rooms.scopes.len());
        for number in 0..self.rooms.scopes.len() {
            let count = self.rooms.scopes.get(number).map_or(0, |scope| scope.nodes.len());
            let mut nodes = Vec::with_capacity(count);
            for node in 0..count {
                let exports = self
                    .exports(number, node)
                    .map_or_else(Vec::new, |exports| exports.to_vec());
                if let Some(info) = self.node_info(number, node, exports) {
                    nodes.push(info);
                }
            }
            if let Some(scope) = self.rooms.scopes.get(number) {
                scopes.push(ScopeInfo {
                    kind: scope.kind,
                    parent: scope.parent,
                    nodes,
                });
            }
        }
        let mut diagnostics = self.found;
        diagnostics.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
        diagnostics.dedup_by(|a, b| a.primary == b.primary && a.message == b.message);
        Analysis {
            diagnostics,
            scopes,
            references: self.references,
            expressions: self.expressions,
        }
    }

    fn node_info(&self, scope: usize, node: usize, exports: Vec<(Str, Ty)>) -> Option<NodeInfo> {
        let node = self.rooms.scopes.get(scope)?.nodes.get(node)?;
        let (kind, schema) = match &node.what {
            What::Component(schema) => (NodeKind::Component, Some(schema.clone())),
            What::Config(schema) => (NodeKind::Config, Some(schema.clone())),
            What::Custom(declare) => {
                let declare = self.rooms.declares.get(*declare)?;
                let label = declare.block.label.as_ref().map(|(_, span)| *span);
                (NodeKind::Custom(label.unwrap_or(declare.block.name_span)), None)
            }
            What::Argument | What::Export | What::Declare | What::Foreach => {
                (NodeKind::Language, language_block(&node.block.name))
            }
            What::Unknown => (NodeKind::Unknown, None),
        };
        Some(NodeInfo {
            id: node.id.clone(),
            name: node.block.name.clone(),
            kind,
            schema,
            exports,
            dependencies: node.dependencies.iter().map(|(to, _)| *to).collect(),
            opens: node.opens,
            name_span: node.block.name_span,
            label_span: node.block.label.as_ref().map(|(_, span)| *span),
            span: node.block.span,
        })
    }
}
