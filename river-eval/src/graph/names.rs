//! The custom components that a module defines or imports, and what its blocks use of them.

use super::{Blocks, Graph, MAX_NAMED, NodeKind, is_import};
use crate::circles::{groups, way_round};
use crate::codes::graph as codes;
use crate::ir;
use crate::value::Str;
use river_syntax::{Diagnostic, Span};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The custom components that a module's own text defines, and the namespaces that it imports.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// `declare` blocks by label.
    declares: HashMap<Str, Declared>,
    /// The labels of `declare` blocks in the order in which they were written.
    written: Vec<Str>,
    /// Nodes of `import.*` blocks by label.
    imports: HashMap<Str, u32>,
    /// Labels of `import.*` blocks, also of those that are no nodes for a mistake in their head.
    namespaces: BTreeSet<Str>,
}

#[derive(Clone, Debug)]
struct Declared {
    block: Arc<ir::Block>,
    /// Its number in [`Names::written`].
    at: u32,
    /// Uses itself, by way of others perhaps.
    circular: bool,
    /// The module's own imports that it uses, directly and by way of its other definitions.
    imports: Vec<u32>,
}

impl Graph {
    /// The definition of a custom component that this module's own text holds.
    pub fn declare(&self, name: &str) -> Option<&Arc<ir::Block>> {
        self.names.declares.get(name).map(|declared| &declared.block)
    }

    /// The labels of this module's own `declare` blocks in the order in which they were written.
    pub fn declares(&self) -> &[Str] {
        &self.names.written
    }

    /// The node of this module's own import with this label.
    pub fn import(&self, namespace: &str) -> Option<u32> {
        self.names.imports.get(namespace).copied()
    }

    /// Whether blocks of this name are instances of custom components, as this module sees it: the name, or what stands before its first
    /// dot, is defined or imported here or around here.
    pub(super) fn is_custom(&self, name: &str) -> bool {
        let first = name.split('.').next().unwrap_or(name);
        self.names.declares.contains_key(first)
            || self.names.namespaces.contains(first)
            || self.parent.as_ref().is_some_and(|parent| parent.is_custom(name))
    }

    /// Whether the definition that a block's name leads to is known to use itself.
    pub(super) fn is_circular(&self, name: &str) -> bool {
        match self.names.declares.get(name) {
            Some(declared) => declared.circular,
            None => self
                .parent
                .as_ref()
                .is_some_and(|parent| parent.is_circular(name)),
        }
    }

    pub(super) fn add_declare(&mut self, block: &Arc<ir::Block>, diagnostics: &mut Vec<Diagnostic>) {
        let Some((label, span)) = &block.label else {
            diagnostics.push(super::heads::missing_label(block, "block"));
            return;
        };
        if **label == *"declare" {
            diagnostics.push(
                Diagnostic::error(
                    &codes::MODULE_NAME,
                    *span,
                    "'declare' is not a valid label for a declare block",
                )
                .with_help("give the custom component another name"),
            );
            return;
        }
        if let Some(first) = self.names.declares.get(label) {
            diagnostics.push(
                Diagnostic::error(
                    &codes::MODULE_NAME,
                    super::heads::head(block),
                    format!("block declare.{label} is already declared"),
                )
                .with_secondary(super::heads::head(&first.block), "declared here first")
                .with_help("give one of them another label"),
            );
            return;
        }
        let at = self.names.written.len() as u32;
        self.names.written.push(label.clone());
        let declared = Declared {
            block: block.clone(),
            at,
            circular: false,
            imports: Vec::new(),
        };
        self.names.declares.insert(label.clone(), declared);
    }

    pub(super) fn add_namespace(&mut self, block: &ir::Block) {
        if let Some((label, _)) = &block.label {
            self.names.namespaces.insert(label.clone());
        }
    }

    /// Notes an import's node. A namespace that two imports want is a mistake.
    pub(super) fn add_import(&mut self, block: &ir::Block, number: u32, diagnostics: &mut Vec<Diagnostic>) {
        let Some((label, _)) = &block.label else { return };
        match self.names.imports.get(label).and_then(|&first| self.node(first)) {
            None => {
                self.names.imports.insert(label.clone(), number);
            }
            Some(first) => diagnostics.push(
                Diagnostic::error(
                    &codes::MODULE_NAME,
                    super::heads::head(block),
                    format!("the namespace {label:?} is already imported"),
                )
                .with_secondary(super::heads::head(&first.block), "imported here first")
                .with_help("give one of the imports another label"),
            ),
        }
    }

    /// Works out which definitions use which, tells those that use themselves, and makes each instance depend on the imports that its
    /// definition needs.
    pub(super) fn link_definitions(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        if self.names.declares.is_empty() && self.names.imports.is_empty() {
            return;
        }
        let uses: Vec<Uses> = (self.names.written.iter())
            .map(|name| {
                let mut uses = Uses::default();
                if let Some(declared) = self.names.declares.get(name) {
                    uses.body(self, &declared.block.body, &mut Vec::new());
                }
                uses
            })
            .collect();
        let edges: Vec<Vec<u32>> = uses
            .iter()
            .map(|uses| uses.declares.keys().copied().collect())
            .collect();
        let mut imports: Vec<BTreeSet<u32>> = Vec::new();
        imports.resize_with(uses.len(), BTreeSet::new);
        // What is used comes before what uses it, so one pass collects everything that is reached.
        for circle in groups(edges.iter()) {
            let is_circle = circle.len() > 1
                || circle
                    .first()
                    .is_some_and(|&only| edges.get(only as usize).is_some_and(|to| to.contains(&only)));
            if is_circle {
                diagnostics.extend(self.circular(&circle, &uses));
            }
            for &at in &circle {
                let mut reached = BTreeSet::new();
                if let Some(uses) = uses.get(at as usize) {
                    reached.extend(&uses.imports);
                    for &other in uses.declares.keys() {
                        reached.extend(imports.get(other as usize).into_iter().flatten());
                    }
                }
                if let Some(slot) = imports.get_mut(at as usize) {
                    *slot = reached;
                }
                let name = self.names.written.get(at as usize).cloned();
                if let Some(declared) = name.and_then(|name| self.names.declares.get_mut(&name)) {
                    declared.circular = is_circle;
                    declared.imports = imports.get(at as usize).into_iter().flatten().copied().collect();
                }
            }
        }
        for number in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(number) else {
                continue;
            };
            let mut found = Uses::default();
            match node.kind {
                NodeKind::Custom => found.name(self, &node.block.name, node.block.name_span, &[]),
                NodeKind::Foreach => found.body(self, &node.block.body, &mut Vec::new()),
                _ => continue,
            }
            let mut needed = found.imports;
            let mut broken = false;
            for &declare in found.declares.keys() {
                let name = self.names.written.get(declare as usize);
                if let Some(declared) = name.and_then(|name| self.names.declares.get(name)) {
                    needed.extend(&declared.imports);
                    broken |= declared.circular;
                }
            }
            if let Some(node) = self.nodes.get_mut(number) {
                node.broken |= broken;
                node.dependencies.extend(needed);
                node.dependencies.sort_unstable();
                node.dependencies.dedup();
            }
        }
    }

    /// A way round a circle of definitions, each hop where the next one is used.
    fn circular(&self, members: &[u32], uses: &[Uses]) -> Option<Diagnostic> {
        let edges = |at: u32| -> Vec<u32> {
            let uses = uses.get(at as usize);
            uses.map(|uses| uses.declares.keys().copied().collect())
                .unwrap_or_default()
        };
        let path = way_round(members, edges)?;
        let name = |at: u32| self.names.written.get(at as usize).map_or("", AsRef::as_ref);
        let hops: Vec<(Span, String)> = path
            .iter()
            .zip(path.iter().cycle().skip(1))
            .filter_map(|(&from, &to)| {
                let span = *uses.get(from as usize)?.declares.get(&to)?;
                Some((span, format!("{} uses {}", name(from), name(to))))
            })
            .collect();
        let mut hops = hops.into_iter();
        let (span, label) = hops.next()?;
        let message = match path.as_slice() {
            [only] => format!("declare {:?} uses itself", name(*only)),
            _ => {
                let names: Vec<String> = path.iter().map(|&at| format!("declare.{}", name(at))).collect();
                format!("cycle detected: {}", names.join(", "))
            }
        };
        let mut diagnostic = Diagnostic::error(&codes::DECLARE_CYCLE, span, message)
            .with_label(label)
            .with_help("an instance would hold instances of itself without end: take one of the uses away");
        for (span, text) in hops.take(MAX_NAMED) {
            diagnostic = diagnostic.with_secondary(span, text);
        }
        Some(diagnostic)
    }
}

/// What a body uses of the definitions and imports of one module.
#[derive(Default)]
struct Uses {
    /// Numbers in [`Names::written`], with the first place of each.
    declares: std::collections::BTreeMap<u32, Span>,
    /// Nodes of imports.
    imports: BTreeSet<u32>,
}

impl Uses {
    /// Notes what a block's name leads to, unless a module in between means something else by it.
    fn name(&mut self, graph: &Graph, name: &str, span: Span, shadowed: &[Str]) {
        let first = name.split('.').next().unwrap_or(name);
        if shadowed.iter().any(|shadow| **shadow == *first) {
            return;
        }
        if let Some(&import) = graph.names.imports.get(first) {
            self.imports.insert(import);
        }
        if let Some(declared) = graph.names.declares.get(name) {
            self.declares.entry(declared.at).or_insert(span);
        }
    }

    fn body(&mut self, graph: &Graph, body: &ir::Body, shadowed: &mut Vec<Str>) {
        let before = shadowed.len();
        let blocks = || {
            body.statements.iter().filter_map(|statement| match statement {
                ir::Statement::Block(block) => Some(block),
                ir::Statement::Attribute(_) => None,
            })
        };
        for block in blocks() {
            if let Some((label, _)) = &block.label
                && (*block.name == *"declare" || is_import(&block.name))
            {
                shadowed.push(label.clone());
            }
        }
        for block in blocks() {
            match block.name.as_ref() {
                "declare" | "foreach" | "template" => self.body(graph, &block.body, shadowed),
                name => self.name(graph, name, block.name_span, shadowed),
            }
        }
        shadowed.truncate(before);
    }
}

/// The names of all blocks that may be written in a module, for help with one that does not exist.
pub(super) fn known<'n>(graph: &'n Graph, blocks: &'n dyn Blocks) -> Vec<&'n str> {
    let mut names = blocks.names();
    let mut at = Some(graph);
    while let Some(graph) = at {
        names.extend(graph.names.written.iter().map(AsRef::<str>::as_ref));
        at = graph.parent.as_deref();
    }
    names.extend(super::OWN_BLOCKS);
    names
}
