//! From names in expressions to edges of the graph.

use super::{Graph, NodeKind, NodeReference, Sort};
use crate::codes::graph as codes;
use crate::ir::Reference;
use crate::stdlib;
use crate::suggest::nearest;
use crate::value::Str;
use river_syntax::{Diagnostic, Edit, Fix};
use std::collections::BTreeMap;

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
                    diagnostics.push(self_reference(graph, to, &reference, used));
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
    if **first == *MODULE_PATH {
        return Some((graph.input(MODULE_PATH), 1));
    }
    let Sort::Template { variable } = &graph.sort else {
        return None;
    };
    if *first == *variable {
        let id = variable.clone();
        return Some((graph.input(&id), 1));
    }
    let parent = graph.parent.clone()?;
    let (number, used) = target(&parent, reference, partial)?;
    let id = parent.node(number)?.id.clone();
    Some((graph.input(&id), used))
}

fn is_standard(reference: &Reference) -> bool {
    reference
        .path
        .first()
        .is_some_and(|(name, _)| stdlib::is_name(name) || stdlib::entry(name).is_some())
}

fn self_reference(graph: &Graph, number: u32, reference: &Reference, used: usize) -> Diagnostic {
    let id: Str = graph.node(number).map_or("".into(), |node| node.id.clone());
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

/// Ids by how many names they are made of, made when the first unknown reference is met.
#[derive(Default)]
struct Guesses {
    ids: Option<BTreeMap<usize, Vec<Str>>>,
    made: usize,
}

impl Guesses {
    fn unknown(&mut self, graph: &Graph, reference: &Reference) -> Diagnostic {
        let written = reference.dotted();
        let diagnostic = Diagnostic::error(
            &codes::UNKNOWN_REFERENCE,
            reference.span,
            format!("component {written:?} does not exist or is out of scope"),
        );
        self.made += 1;
        if self.made > MAX_GUESSES {
            return diagnostic;
        }
        if let Some((near, names)) = self.near(graph, reference)
            && let (Some((_, first)), Some((_, last))) =
                (reference.path.first(), reference.path.get(names - 1))
        {
            return diagnostic
                .with_help(format!("did you mean {near}?"))
                .with_fix(Fix {
                    title: format!("write {near}"),
                    edits: vec![Edit {
                        span: first.to(*last),
                        replacement: near.to_string(),
                    }],
                    safe: false,
                });
        }
        if reference.path.len() == 1 {
            let near = nearest(&written, stdlib::roots());
            return match near {
                Some(near) => diagnostic.with_help(format!("did you mean {near}?")),
                None => {
                    diagnostic.with_help(format!("write \"{written}\" in double quotes if text was meant"))
                }
            };
        }
        diagnostic.with_help("a component is named in full: its name, its label, and what it exports")
    }

    fn near(&mut self, graph: &Graph, reference: &Reference) -> Option<(Str, usize)> {
        let ids = self.ids.get_or_insert_with(|| {
            let mut ids: BTreeMap<usize, Vec<Str>> = BTreeMap::new();
            for node in graph.nodes().iter().filter(|node| node.kind.is_referable()) {
                ids.entry(node.id.split('.').count())
                    .or_default()
                    .push(node.id.clone());
            }
            ids
        });
        ids.iter().rev().find_map(|(&names, ids)| {
            let written: Vec<&str> = reference
                .path
                .get(..names)?
                .iter()
                .map(|(name, _)| name.as_ref())
                .collect();
            let near = nearest(&written.join("."), ids.iter().map(AsRef::as_ref))?;
            Some((near.into(), names))
        })
    }
}
