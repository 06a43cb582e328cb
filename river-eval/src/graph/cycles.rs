//! The order of evaluation, and the circles that leave none.

use super::Graph;
use crate::codes::graph as codes;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use river_syntax::{Diagnostic, Span};
use std::collections::{HashMap, VecDeque};

/// Hops of a cycle that a message shows; a longer circle says how many more there are.
const MAX_HOPS: usize = 16;

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
    // Components come out in reverse topological order: what is referred to before what refers to it.
    for mut circle in kosaraju_scc(&edges) {
        circle.sort_unstable();
        graph
            .order
            .extend(circle.iter().map(|index| index.index() as u32));
        if circle.len() > 1 {
            let members: Vec<u32> = circle.iter().map(|index| index.index() as u32).collect();
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

/// A shortest way round through the first member, told hop by hop.
fn cycle(graph: &Graph, members: &[u32]) -> Option<Diagnostic> {
    let start = *members.first()?;
    let mut came_from: HashMap<u32, u32> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    'search: while let Some(at) = queue.pop_front() {
        for &next in &graph.node(at)?.dependencies {
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
    let ids: Vec<&str> = path
        .iter()
        .filter_map(|&number| Some(graph.node(number)?.id.as_ref()))
        .collect();
    let hops: Vec<(Span, String)> = path
        .iter()
        .zip(path.iter().cycle().skip(1))
        .filter_map(|(&from, &to)| {
            let (from, target) = (graph.node(from)?, graph.node(to)?);
            let span = from.references.iter().find(|reference| reference.to == to)?.span;
            Some((span, format!("{} refers to {}", from.id, target.id)))
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
