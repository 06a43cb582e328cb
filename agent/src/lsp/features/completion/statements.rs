//! Where a statement begins: components and config blocks, or the attributes and blocks that a body still misses.

use super::snippets::Snippet;
use super::{Items, Proposal};
use crate::lsp::names::{FILE, Kind};
use crate::lsp::schema::{self, Known};
use crate::lsp::tree::nodes_at;
use crate::lsp::types;
use lsp_types::CompletionItemKind;
use river_eval::check::language_block;
use river_eval::schema::ComponentSchema;
use river_syntax::ast::{Block, Statement};
use std::collections::HashSet;

impl Items<'_> {
    pub(super) fn statements(&mut self, known: &Known, offset: u32) {
        match known {
            Known::Container => self.blocks_of_file(),
            Known::Catalog(..) => self.missing(known, offset),
            Known::Custom(declaration) => {
                let given = self.given(offset);
                for (name, required) in schema::members(declaration, Kind::Argument) {
                    if !given.contains(name.as_str()) {
                        let mut proposal =
                            Proposal::new(name.as_str(), if required { "required" } else { "" });
                        proposal.text = Some(format!("{name} = "));
                        proposal.rank = if required { 0 } else { 2 };
                        self.add(CompletionItemKind::PROPERTY, proposal);
                    }
                }
            }
            Known::Unknown => {}
        }
    }

    /// Components, config blocks, and blocks of the language.
    fn blocks_of_file(&mut self) {
        let catalog = self.asked.catalog;
        let innermost = self.context.blocks.last().map(|head| head.name.clone());
        let of_language: &[&str] = match innermost.as_deref() {
            Some("declare") => &["argument", "export", "declare", "foreach"],
            _ => &["declare", "foreach"],
        };
        for name in of_language {
            if let Some(schema) = language_block(name) {
                self.block(&schema, CompletionItemKind::KEYWORD, 2);
            }
        }
        for (name, arguments) in self.custom_components() {
            let mut proposal = Proposal::new(name.as_str(), "custom component");
            proposal.snippet = Some(Snippet::custom(&name, &arguments));
            proposal.rank = 1;
            self.add(CompletionItemKind::CLASS, proposal);
        }
        for name in catalog.component_names() {
            // Making a schema costs more than a look at its name.
            if super::has_letters(name, &self.typed)
                && let Some(schema) = catalog.component(name)
            {
                self.block(&schema, CompletionItemKind::CLASS, 3);
            }
        }
        for name in catalog.config_block_names() {
            // Inside of modules only imports are allowed.
            let fits = innermost.is_none() || name.starts_with("import.");
            if let Some(schema) = catalog.config_block(name).filter(|_| fits) {
                self.block(&schema, CompletionItemKind::MODULE, 4);
            }
        }
    }

    fn block(&mut self, schema: &ComponentSchema, kind: CompletionItemKind, rank: u8) {
        let below = schema.stability < self.asked.stability;
        let mut detail = schema.stability.to_string();
        if schema.community {
            detail.push_str(", community");
        }
        let mut proposal = Proposal::new(schema.name, detail);
        proposal.doc = schema.doc.to_owned();
        proposal.snippet = Some(Snippet::block(
            schema.name,
            schema.labelled,
            Some(&schema.arguments),
        ));
        proposal.rank = if below { 8 } else { rank };
        self.add(kind, proposal);
    }

    /// The custom components that can be used here, with their arguments.
    fn custom_components(&self) -> Vec<(String, Vec<(String, bool)>)> {
        let view = self.asked.view;
        let mut found = Vec::new();
        let own: HashSet<u32> = view.document.names().around(self.scope).collect();
        for document in view.unit.iter() {
            let here = document.file == view.document.file;
            for (index, definition) in (0u32..).zip(&document.names().definitions) {
                let seen = if here {
                    own.contains(&definition.scope)
                } else {
                    definition.scope == FILE
                };
                let Some(label) = definition.label.filter(|_| seen) else {
                    continue;
                };
                let label = document.slice(label);
                match definition.kind {
                    // A component does not hold itself.
                    Kind::Declare if !here || definition.inner != Some(self.scope) => {
                        let document = document.clone();
                        let target = crate::lsp::resolve::Target { document, index };
                        found.push((label.to_owned(), schema::members(&target, Kind::Argument)));
                    }
                    Kind::Import => {
                        for module in view.workspace.module(document, definition) {
                            for (index, declared) in (0u32..).zip(&module.names().definitions) {
                                let is_declared = declared.kind == Kind::Declare && declared.scope == FILE;
                                if let Some(name) = declared.label.filter(|_| is_declared) {
                                    let name = format!("{label}.{}", module.slice(name));
                                    let document = module.clone();
                                    let target = crate::lsp::resolve::Target { document, index };
                                    found.push((name, schema::members(&target, Kind::Argument)));
                                }
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The names of the attributes and blocks that stand in the body around a place.
    fn given(&self, offset: u32) -> HashSet<String> {
        let nodes = nodes_at(self.asked.view.document.parse(), offset);
        let block = nodes.into_iter().rev().find_map(Block::cast);
        let Some(body) = block.and_then(|block| block.body()) else {
            return HashSet::new();
        };
        let word = &self.context.word;
        let others = body.statements().filter(|statement| {
            // What is being written now is not there yet.
            let span = statement.span();
            span.end < word.start || span.start > word.start
        });
        others
            .map(|statement| match statement {
                Statement::Attribute(attribute) => attribute.name().to_owned(),
                Statement::Block(block) => block.name().into_owned(),
            })
            .collect()
    }

    /// What a body of the catalog still misses.
    fn missing(&mut self, known: &Known, offset: u32) {
        let Some(body) = known.body() else { return };
        let given = self.given(offset);
        for attribute in &body.attributes {
            if given.contains(attribute.name) {
                continue;
            }
            let mut proposal = Proposal::new(attribute.name, types::attribute(attribute));
            proposal.doc = attribute.doc.to_owned();
            proposal.text = Some(format!("{} = ", attribute.name));
            proposal.snippet = Some(Snippet::attribute(attribute));
            proposal.rank = if attribute.required { 0 } else { 2 };
            self.add(CompletionItemKind::PROPERTY, proposal);
        }
        for block in &body.blocks {
            if given.contains(&block.name) && !block.repeated && !block.alternative {
                continue;
            }
            let mut proposal = Proposal::new(
                &*block.name,
                if block.required {
                    "block, required"
                } else {
                    "block"
                },
            );
            proposal.doc = block.doc.to_owned();
            proposal.snippet = Some(Snippet::block(&block.name, block.label, Some(block.body.get())));
            proposal.rank = if block.required { 1 } else { 3 };
            self.add(CompletionItemKind::STRUCT, proposal);
        }
    }
}
