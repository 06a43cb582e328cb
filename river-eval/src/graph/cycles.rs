//! The order of evaluation, and the circles that leave none.

use super::Graph;
use crate::codes::graph as codes;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use river_syntax::{Diagnostic, Span};
use std::collections::{HashMap, VecDeque};

/// Hops of a cycle that a message shows; a longer circle says how many more there are.
const MAX_HOPS: usize = 16;

/// Groups of nodes that reach each other, each group after those that it points to. Most are of one node.
pub(super) fn circles(edges: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(edges.len(), edges.len());
    for _ in edges {
        graph.add_node(());
    }
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to as usize), ());
        }
    }
    groups(&graph)
}

fn groups(graph: &DiGraph<(), ()>) -> Vec<Vec<u32>> {
    // Components come out in reverse topological order: what is referred to before what refers to it.
    let mut groups: Vec<Vec<u32>> = Vec::with_capacity(graph.node_count());
    for circle in kosaraju_scc(graph) {
        let mut members: Vec<u32> = circle.iter().map(|index| index.index() as u32).collect();
        members.sort_unstable();
        groups.push(members);
    }
    groups
}

/// A shortest way round through the first member of a circle, in the order of the hops.
pub(super) fn way_round(members: &[u32], edges: impl Fn(u32) -> Vec<u32>) -> Option<Vec<u32>> {
    let start = *members.first()?;
    let mut came_from: HashMap<u32, u32> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    'search: while let Some(at) = queue.pop_front() {
        for next in edges(at) {
            if next == start {
                came_from.insert(start, at);
                break 'search;
            }
            if members.binary_search(&next).is_ok() && !came_from.contains_key(&next) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    let mut path = vec![start];
    let mut at = *came_from.get(&start)?;
    while at != start {
        path.push(at);
        at = *came_from.get(&at)?;
    }
    path.reverse();
    path.rotate_right(1);
    Some(path)
}

/// Orders the nodes, each after those that it refers to. Nodes on a circle are marked as broken, and each circle is told once.
pub(super) fn order(graph: &mut Graph, diagnostics: &mut Vec<Diagnostic>) {
    let mut edges: DiGraph<(), ()> = DiGraph::with_capacity(graph.nodes.len(), graph.nodes.len());
    for _ in &graph.nodes {
        edges.add_node(());
    }
    for (number, node) in graph.nodes.iter().enumerate() {
        for &dependency in &node.dependencies {
            edges.add_edge(NodeIndex::new(number), NodeIndex::new(dependency as usize), ());
        }
    }
    for members in groups(&edges) {
        graph.order.extend(&members);
        if members.len() > 1 {
            diagnostics.extend(cycle(graph, &members));
            for member in members {
                if let Some(node) = graph.nodes.get_mut(member as usize) {
                    node.broken = true;
                }
            }
        }
    }
    graph.rank = vec![0; graph.nodes.len()];
    for (rank, &number) in graph.order.iter().enumerate() {
        if let Some(slot) = graph.rank.get_mut(number as usize) {
            *slot = rank as u32;
        }
    }
}

/// A way round, told hop by hop.
fn cycle(graph: &Graph, members: &[u32]) -> Option<Diagnostic> {
    let path = way_round(members, |at| {
        graph
            .node(at)
            .map(|node| node.dependencies.clone())
            .unwrap_or_default()
    })?;
    let ids: Vec<&str> = path
        .iter()
        .filter_map(|&number| Some(graph.node(number)?.id.as_ref()))
        .collect();
    let hops: Vec<(Span, String)> = path
        .iter()
        .zip(path.iter().cycle().skip(1))
        .filter_map(|(&from, &to)| {
            let (from, target) = (graph.node(from)?, graph.node(to)?);
            let reference = from.references.iter().find(|reference| reference.to == to);
            Some(match reference {
                Some(reference) => (reference.span, format!("{} refers to {}", from.id, target.id)),
                // What is no reference is the use of an imported definition.
                None => (
                    from.block.name_span,
                    format!("{} is imported by {}", from.id, target.id),
                ),
            })
        })
        .collect();
    let mut hops = hops.into_iter();
    let (span, text) = hops.next()?;
    let mut diagnostic =
        Diagnostic::error(&codes::CYCLE, span, format!("cycle detected: {}", ids.join(", ")))
            .with_label(text)
            .with_help("none of them can be evaluated first: take one of the references away");
    let more = (ids.len() - 1).saturating_sub(MAX_HOPS);
    for (span, text) in hops.take(MAX_HOPS) {
        diagnostic = diagnostic.with_secondary(span, text);
    }
    if more > 0 {
        diagnostic.help = Some(format!(
            "none of them can be evaluated first: take one of the references away ({more} more hops are not shown)"
        ));
    }
    Some(diagnostic)
}
