//! Circles in a graph of numbered nodes: which nodes reach each other, a shortest way round, and how that way is told.

use crate::codes::graph as codes;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use river_syntax::{Diagnostic, Span};
use std::collections::{HashMap, VecDeque};

/// Hops of a circle that a message shows; a longer circle says how many more there are.
const MAX_HOPS: usize = 16;

/// Groups of nodes that reach each other, each group after those that it points to, its members in ascending order. Most are of one node.
/// `edges` says for each node which ones it points to.
pub(crate) fn groups<N: AsRef<[u32]>>(edges: impl ExactSizeIterator<Item = N>) -> Vec<Vec<u32>> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(edges.len(), edges.len());
    for _ in 0..edges.len() {
        graph.add_node(());
    }
    for (from, targets) in edges.enumerate() {
        for &to in targets.as_ref() {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to as usize), ());
        }
    }
    // Components come out in reverse topological order: what is referred to before what refers to it.
    kosaraju_scc(&graph)
        .into_iter()
        .map(|circle| {
            let mut members: Vec<u32> = circle.iter().map(|index| index.index() as u32).collect();
            members.sort_unstable();
            members
        })
        .collect()
}

/// A shortest way round through the first member of a group, in the order of the hops.
pub(crate) fn way_round(members: &[u32], edges: impl Fn(u32) -> Vec<u32>) -> Option<Vec<u32>> {
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

/// The message of a way round: `id` names a node, `hop` says where and how a node points to the next.
pub(crate) fn told<'a>(
    path: &[u32],
    id: impl Fn(u32) -> Option<&'a str>,
    hop: impl Fn(u32, u32) -> Option<(Span, String)>,
) -> Option<Diagnostic> {
    let ids: Vec<&str> = path.iter().filter_map(|&at| id(at)).collect();
    let mut hops = path
        .iter()
        .zip(path.iter().cycle().skip(1))
        .filter_map(|(&from, &to)| hop(from, to));
    let (span, text) = hops.next()?;
    let advice = "none of them can be evaluated first: take one of the references away";
    let more = (ids.len() - 1).saturating_sub(MAX_HOPS);
    let mut diagnostic =
        Diagnostic::error(&codes::CYCLE, span, format!("cycle detected: {}", ids.join(", ")))
            .with_label(text)
            .with_help(if more > 0 {
                format!("{advice} ({more} more hops are not shown)")
            } else {
                advice.to_owned()
            });
    for (span, text) in hops.take(MAX_HOPS) {
        diagnostic = diagnostic.with_secondary(span, text);
    }
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::{groups, way_round};

    /// The ways round of all groups that are more than one node.
    fn ways(edges: &[Vec<u32>]) -> Vec<Vec<u32>> {
        let mut found: Vec<Vec<u32>> = groups(edges.iter())
            .iter()
            .filter(|members| members.len() > 1)
            .filter_map(|members| {
                way_round(members, |at| edges.get(at as usize).cloned().unwrap_or_default())
            })
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn each_circle_is_found_once_by_a_shortest_way() {
        assert_eq!(ways(&[vec![1], vec![0]]), [vec![0, 1]]);
        assert_eq!(ways(&[vec![1, 2], vec![2], vec![0]]), [vec![0, 2]]);
        assert_eq!(ways(&[vec![1], vec![2], vec![]]), Vec::<Vec<u32>>::new());
        assert_eq!(ways(&[vec![0]]), Vec::<Vec<u32>>::new());
        assert_eq!(
            ways(&[vec![1], vec![2], vec![0], vec![4], vec![3]]),
            [vec![0, 1, 2], vec![3, 4]]
        );
    }

    #[test]
    fn what_is_pointed_to_comes_first() {
        assert_eq!(
            groups([vec![1], vec![2], vec![]].iter()),
            [vec![2], vec![1], vec![0]]
        );
    }
}
