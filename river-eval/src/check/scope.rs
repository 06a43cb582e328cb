//! The rooms of names: which blocks there are, and what names mean where.

use super::analysis::ScopeKind;
use super::imports::{Content, Imported};
use super::types::Ty;
use crate::ir::{Block, Statement};
use crate::schema::ComponentSchema;
use crate::value::Str;
use river_syntax::Span;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A room of names.
#[derive(Debug)]
pub(super) struct Scope<'f> {
    pub(super) kind: ScopeKind,
    pub(super) parent: Option<usize>,
    /// The block that opens it.
    pub(super) opener: Option<&'f Block>,
    pub(super) blocks: Vec<&'f Block>,
    pub(super) nodes: Vec<Node<'f>>,
    pub(super) by_id: HashMap<Str, usize>,
    pub(super) declares: HashMap<&'f str, usize>,
    pub(super) imports: HashMap<&'f str, Namespace>,
    /// What the variable of a `foreach` is called, and its type.
    pub(super) variable: Option<(Str, Ty)>,
    /// The chain of imports that led to it.
    pub(super) file: Option<usize>,
}

/// What stands behind the name of an import.
#[derive(Clone, Copy, Debug)]
pub(super) enum Namespace {
    /// The scope with the declares of the imported files.
    Known(usize),
    /// Only the running agent can know.
    Unknown,
}

/// A block of a scope.
#[derive(Debug)]
pub(super) struct Node<'f> {
    pub(super) id: Str,
    pub(super) block: &'f Block,
    pub(super) what: What,
    /// The scope that a `declare` or a `foreach` opens.
    pub(super) opens: Option<usize>,
    /// References to nodes of the same scope.
    pub(super) dependencies: Vec<(usize, Span)>,
    /// Whether anything refers to it.
    pub(super) used: bool,
    /// Whether it stands there with a head that is right.
    pub(super) sound: bool,
}

/// What a block is.
#[derive(Clone, Debug)]
pub(super) enum What {
    Component(Arc<ComponentSchema>),
    Config(Arc<ComponentSchema>),
    /// A use of the declare of this number.
    Custom(usize),
    Argument,
    Export,
    Declare,
    Foreach,
    Unknown,
}

/// A `declare`.
#[derive(Debug)]
pub(super) struct Declare<'f> {
    pub(super) block: &'f Block,
    /// Where it stands.
    pub(super) outer: usize,
    /// What it opens.
    pub(super) inner: usize,
    /// The types of its exports, once they are known.
    pub(super) exports: Exports,
    pub(super) used: bool,
}

/// The types of what a `declare` exports.
#[derive(Clone, Debug)]
pub(super) enum Exports {
    NotYet,
    /// Being found out: who asks again asks in a circle.
    Asked,
    Known(Rc<Vec<(Str, Ty)>>),
}

/// All rooms and all declares.
#[derive(Debug, Default)]
pub(super) struct Rooms<'f> {
    pub(super) scopes: Vec<Scope<'f>>,
    pub(super) declares: Vec<Declare<'f>>,
}

impl<'f> Rooms<'f> {
    /// Opens a room with these blocks and those inside of it; its number.
    pub(super) fn open(
        &mut self,
        kind: ScopeKind,
        parent: Option<usize>,
        opener: Option<&'f Block>,
        blocks: Vec<&'f Block>,
        imported: &'f Imported,
        file: Option<usize>,
    ) -> usize {
        let number = self.scopes.len();
        self.scopes.push(Scope {
            kind,
            parent,
            opener,
            blocks: Vec::new(),
            nodes: Vec::new(),
            by_id: HashMap::new(),
            declares: HashMap::new(),
            imports: HashMap::new(),
            variable: None,
            file,
        });
        for block in &blocks {
            let Some((label, _)) = &block.label else { continue };
            if &*block.name == "declare" {
                let inner = self.open(
                    ScopeKind::Declare,
                    Some(number),
                    Some(block),
                    inner_blocks(block),
                    imported,
                    file,
                );
                let declare = self.declares.len();
                self.declares.push(Declare {
                    block,
                    outer: number,
                    inner,
                    exports: Exports::NotYet,
                    used: false,
                });
                if let Some(scope) = self.scopes.get_mut(number) {
                    scope.declares.entry(label).or_insert(declare);
                }
            } else if &*block.name == "foreach" {
                let template = inner_blocks(block)
                    .into_iter()
                    .filter(|inner| &*inner.name == "template")
                    .flat_map(inner_blocks)
                    .collect();
                let inner = self.open(
                    ScopeKind::Foreach,
                    Some(number),
                    Some(block),
                    template,
                    imported,
                    file,
                );
                if let Some(inner) = self.scopes.get_mut(inner) {
                    inner.variable = super::resolve::text_of(block, "var").map(|name| (name, Ty::Unknown));
                }
            } else if block.name.starts_with("import.") {
                let namespace = match imported.contents.get(&block.name_span) {
                    Some(Content::Files(files)) => {
                        let blocks = files
                            .iter()
                            .filter_map(|&file| imported.files.get(file))
                            .flat_map(|file| file.parsed.blocks.iter().map(Arc::as_ref))
                            .collect();
                        let file = files.first().copied();
                        Namespace::Known(self.open(
                            ScopeKind::Import,
                            None,
                            Some(block),
                            blocks,
                            imported,
                            file,
                        ))
                    }
                    Some(Content::Unknown) | None => Namespace::Unknown,
                };
                if let Some(scope) = self.scopes.get_mut(number) {
                    scope.imports.entry(label).or_insert(namespace);
                }
            }
        }
        if let Some(scope) = self.scopes.get_mut(number) {
            scope.blocks = blocks;
        }
        number
    }

    /// The declare that a block's name means in a scope: `Ok(None)` where it surely exists and nobody knows what it is.
    pub(super) fn declare(&self, scope: usize, name: &str) -> Option<Option<usize>> {
        let mut at = Some(scope);
        while let Some(scope) = at.and_then(|at| self.scopes.get(at)) {
            if let Some(&declare) = scope.declares.get(name) {
                return Some(Some(declare));
            }
            if let Some((space, name)) = name.split_once('.')
                && let Some(namespace) = scope.imports.get(space)
            {
                return match namespace {
                    Namespace::Unknown => Some(None),
                    Namespace::Known(inner) => {
                        let declare = self.scopes.get(*inner)?.declares.get(name)?;
                        Some(Some(*declare))
                    }
                };
            }
            at = scope.parent;
        }
        None
    }

    /// The names of all declares that can be used in a scope.
    pub(super) fn declared_names(&self, scope: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut at = Some(scope);
        while let Some(scope) = at.and_then(|at| self.scopes.get(at)) {
            names.extend(scope.declares.keys().map(|&name| name.to_owned()));
            for (space, namespace) in &scope.imports {
                if let Namespace::Known(inner) = namespace
                    && let Some(inner) = self.scopes.get(*inner)
                {
                    names.extend(inner.declares.keys().map(|name| format!("{space}.{name}")));
                }
            }
            at = scope.parent;
        }
        names
    }

    /// The scopes whose components can be seen from a scope, nearest first: a template sees what is around its `foreach`, and a `declare` sees what
    /// the scope that it stands in sees around itself.
    pub(super) fn visible(&self, scope: usize) -> Vec<usize> {
        let mut visible = vec![scope];
        let mut at = scope;
        while let Some(found) = self.scopes.get(at)
            && let Some(parent) = found.parent
        {
            match found.kind {
                ScopeKind::Foreach => visible.push(parent),
                ScopeKind::Declare => {}
                _ => break,
            }
            at = parent;
        }
        visible
    }

    /// The scopes whose variables can be seen from a scope, nearest first: those of the templates in whose text it stands, a `declare`'s body included.
    pub(super) fn with_variables(&self, scope: usize) -> Vec<usize> {
        let of = |scope: usize| self.scopes.get(scope);
        let next = |at: &usize| {
            let found = of(*at)?;
            matches!(found.kind, ScopeKind::Foreach | ScopeKind::Declare)
                .then_some(found.parent)
                .flatten()
        };
        std::iter::successors(Some(scope), next).collect()
    }
}

/// The blocks directly in a block.
pub(super) fn inner_blocks(block: &Block) -> Vec<&Block> {
    block
        .body
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Block(block) => Some(block),
            Statement::Attribute(_) => None,
        })
        .collect()
}
