//! From names in expressions to edges of the graph.

use super::{Graph, NodeKind, NodeReference, Sort};
use crate::codes::graph as codes;
use crate::ir::Reference;
use crate::stdlib;
use crate::suggest::nearest;
use crate::value::Str;
use river_syntax::{Diagnostic, Edit, Fix};
use std::collections::{BTreeMap, BTreeSet};

/// Guesses at what was meant that are made for one configuration; each costs a comparison with every id.
const MAX_GUESSES: usize = 100;

/// The variable that holds the folder of a module's text.
pub(crate) const MODULE_PATH: &str = "module_path";

/// Fills in every node's references, and what they make it depend on.
pub(super) fn resolve(graph: &mut Graph, diagnostics: &mut Vec<Diagnostic>) {
    let mut guesses = Guesses::default();
    let mut partial = String::new();
    for number in 0..graph.nodes.len() {
        let Some(block) = graph.nodes.get(number).map(|node| node.block.clone()) else {
            continue;
        };
        let mut references = Vec::new();
        let mut broken = false;
        // What a template does not find here it may find in itself; that is looked at when it is put to use.
        let template = graph
            .nodes
            .get(number)
            .filter(|node| node.kind == NodeKind::Foreach)
            .and_then(|node| super::build::template_of(&node.block))
            .map(|template| template.span);
        block.body.visit_references(&mut |reference| {
            let found =
                target(graph, &reference, &mut partial).or_else(|| outside(graph, &reference, &mut partial));
            match found {
                Some((to, used)) if to as usize == number => {
                    broken = true;
                    let id = graph.node(to).map_or("", |node| &*node.id);
                    diagnostics.push(self_reference(id, &reference, used));
                }
                Some((to, used)) => references.push(NodeReference {
                    to,
                    fields: reference
                        .path
                        .get(used..)
                        .unwrap_or_default()
                        .iter()
                        .map(|(name, _)| name.clone())
                        .collect(),
                    span: reference.span,
                }),
                None => {
                    let in_template = template.is_some_and(|template| {
                        template.file == reference.span.file
                            && template.start <= reference.span.start
                            && reference.span.end <= template.end
                    });
                    if !is_standard(&reference) && !in_template {
                        broken = true;
                        diagnostics.push(guesses.unknown(graph, &reference));
                    }
                }
            }
        });
        let mut dependencies: Vec<u32> = references.iter().map(|reference| reference.to).collect();
        dependencies.sort_unstable();
        dependencies.dedup();
        if let Some(node) = graph.nodes.get_mut(number) {
            node.references = references;
            node.dependencies = dependencies;
            node.broken |= broken;
        }
    }
}

/// Fills in every node's dependants.
pub(super) fn link_back(graph: &mut Graph) {
    for number in 0..graph.nodes.len() {
        let dependencies = graph.nodes.get(number).map(|node| node.dependencies.clone());
        for dependency in dependencies.unwrap_or_default() {
            if let Some(node) = graph.nodes.get_mut(dependency as usize) {
                node.dependants.push(number as u32);
            }
        }
    }
}

/// The node that a reference names, and how many names of its path are the node's id.
fn target(graph: &Graph, reference: &Reference, partial: &mut String) -> Option<(u32, usize)> {
    partial.clear();
    for (at, (name, _)) in reference.path.iter().enumerate() {
        if at > 0 {
            partial.push('.');
        }
        partial.push_str(name);
        if let Some(number) = graph.find(partial)
            && graph.node(number).is_some_and(|node| node.kind.is_referable())
        {
            return Some((number, at + 1));
        }
    }
    None
}

/// The input of what a module sees outside of its own blocks, and how many names of the path are its id.
fn outside(graph: &mut Graph, reference: &Reference, partial: &mut String) -> Option<(u32, usize)> {
    let (first, _) = reference.path.first()?;
    let (id, used) = if **first == *MODULE_PATH {
        (MODULE_PATH.into(), 1)
    } else {
        around(graph, reference, partial)?
    };
    Some((graph.input(&id), used))
}

/// What a name means in the text around a module, and how many names of the path are its id: a template sees its variable and the module that its
/// `foreach` stands in; a definition sees what the module that it stands in sees around itself, and nothing of that module.
fn around(graph: &Graph, reference: &Reference, partial: &mut String) -> Option<(Str, usize)> {
    let (first, _) = reference.path.first()?;
    let mut at = graph;
    loop {
        let parent = at.parent.as_deref();
        match &at.sort {
            Sort::Template { variable } if first == variable => return Some((variable.clone(), 1)),
            Sort::Template { .. } => {
                let own = target(parent?, reference, partial)
                    .and_then(|(number, used)| Some((parent?.node(number)?, used)))
                    .filter(|(node, _)| node.kind != NodeKind::Input);
                if let Some((node, used)) = own {
                    return Some((node.id.clone(), used));
                }
            }
            Sort::Declare => {}
            Sort::Root | Sort::Library => return None,
        }
        at = parent?;
    }
}

/// Notes what the module's own definitions use of what is around the module: an instance is given it from there.
pub(super) fn hand_on(graph: &mut Graph) {
    if !matches!(graph.sort, Sort::Template { .. } | Sort::Declare) {
        return;
    }
    let mut handed_on = BTreeSet::new();
    let mut partial = String::new();
    for name in graph.declares() {
        let Some(definition) = graph.declare(name) else {
            continue;
        };
        definition.body.visit_references(&mut |reference| {
            if let Some((id, _)) = around(graph, &reference, &mut partial) {
                handed_on.insert(id);
            }
        });
    }
    graph.handed_on = handed_on;
}

fn is_standard(reference: &Reference) -> bool {
    reference
        .path
        .first()
        .is_some_and(|(name, _)| stdlib::is_name(name) || stdlib::entry(name).is_some())
}

/// A reference of a block to itself; `used` names of the path are its id.
pub(crate) fn self_reference(id: &str, reference: &Reference, used: usize) -> Diagnostic {
    let span = match (reference.path.first(), reference.path.get(used - 1)) {
        (Some((_, first)), Some((_, last))) => first.to(*last),
        _ => reference.span,
    };
    Diagnostic::error(
        &codes::SELF_REFERENCE,
        span,
        format!("component {id:?} refers to itself (a cycle of one)"),
    )
    .with_help(
        "its arguments are evaluated before it exports anything; refer to the component that was meant",
    )
}

/// What unknown references are compared with, made when the first of them is met.
#[derive(Default)]
struct Guesses {
    ids: Option<Ids>,
    made: usize,
}

impl Guesses {
    fn unknown(&mut self, graph: &Graph, reference: &Reference) -> Diagnostic {
        let diagnostic = unknown_reference(reference);
        self.made += 1;
        if self.made > MAX_GUESSES {
            return diagnostic;
        }
        match self.near(graph, reference) {
            Some(near) => near.offer(diagnostic, reference),
            None => diagnostic.with_help(name_in_full(reference)),
        }
    }

    fn near(&mut self, graph: &Graph, reference: &Reference) -> Option<Near> {
        let ids = self.ids.get_or_insert_with(|| {
            let referable = graph.nodes().iter().filter(|node| node.kind.is_referable());
            by_length(referable.map(|node| node.id.clone()))
        });
        Near::find(ids, reference)
    }
}

/// Ids by how many names they are made of.
pub(crate) type Ids = BTreeMap<usize, Vec<Str>>;

pub(crate) fn by_length(ids: impl Iterator<Item = Str>) -> Ids {
    let mut found = Ids::new();
    for id in ids {
        found.entry(id.split('.').count()).or_default().push(id);
    }
    found
}

/// An id much like the beginning of what was written.
pub(crate) struct Near {
    id: Str,
    /// How many names of the written path it stands for.
    names: usize,
}

impl Near {
    /// The nearest id to as much of the path as possible.
    pub(crate) fn find(ids: &Ids, reference: &Reference) -> Option<Self> {
        ids.iter().rev().find_map(|(&names, ids)| {
            let written: Vec<&str> = reference
                .path
                .get(..names)?
                .iter()
                .map(|(name, _)| name.as_ref())
                .collect();
            let near = nearest(&written.join("."), ids.iter().map(AsRef::as_ref))?;
            Some(Self {
                id: near.into(),
                names,
            })
        })
    }

    /// Adds the question whether it was meant, and the change that writes it.
    pub(crate) fn offer(&self, diagnostic: Diagnostic, reference: &Reference) -> Diagnostic {
        let id = &self.id;
        let diagnostic = diagnostic.with_help(format!("did you mean {id}?"));
        let (Some((_, first)), Some((_, last))) =
            (reference.path.first(), reference.path.get(self.names - 1))
        else {
            return diagnostic;
        };
        diagnostic.with_fix(Fix {
            title: format!("write {id}"),
            edits: vec![Edit {
                span: first.to(*last),
                replacement: id.to_string(),
            }],
            safe: false,
        })
    }
}

/// A reference to something that does not exist.
pub(crate) fn unknown_reference(reference: &Reference) -> Diagnostic {
    Diagnostic::error(
        &codes::UNKNOWN_REFERENCE,
        reference.span,
        format!(
            "component {:?} does not exist or is out of scope",
            reference.dotted()
        ),
    )
}

/// What to write where nothing near was found.
pub(crate) fn name_in_full(reference: &Reference) -> String {
    if reference.path.len() > 1 {
        return "a component is named in full: its name, its label, and what it exports".to_owned();
    }
    let written = reference.dotted();
    match nearest(&written, stdlib::roots()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("write \"{written}\" in double quotes if text was meant"),
    }
}
