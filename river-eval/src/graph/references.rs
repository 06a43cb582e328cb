//! From names in expressions to edges of the graph.

use super::{Graph, NodeReference};
use crate::codes::graph as codes;
use crate::ir::Reference;
use crate::stdlib;
use crate::suggest::nearest;
use crate::value::Str;
use river_syntax::{Diagnostic, Edit, Fix};
use std::collections::BTreeMap;

/// Guesses at what was meant that are made for one configuration; each costs a comparison with every id.
const MAX_GUESSES: usize = 100;

/// Fills in every node's references, dependencies and dependants.
pub(super) fn resolve(graph: &mut Graph, diagnostics: &mut Vec<Diagnostic>) {
    let mut guesses = Guesses::default();
    let mut partial = String::new();
    for number in 0..graph.nodes.len() {
        let Some(block) = graph.nodes.get(number).map(|node| node.block.clone()) else {
            continue;
        };
        let mut references = Vec::new();
        let mut broken = false;
        block
            .body
            .visit_references(&mut |reference| match target(graph, &reference, &mut partial) {
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
                    if !is_standard(&reference) {
                        broken = true;
                        diagnostics.push(guesses.unknown(graph, &reference));
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
            && graph
                .node(number)
                .is_some_and(|node| node.kind == super::NodeKind::Component)
        {
            return Some((number, at + 1));
        }
    }
    None
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
            for node in graph
                .nodes()
                .iter()
                .filter(|node| node.kind == super::NodeKind::Component)
            {
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
