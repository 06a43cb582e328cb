//! Circles in a graph of numbered nodes, each as one of its shortest ways round.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{HashMap, VecDeque};

/// For every set of nodes that can all reach each other, one shortest way round that begins at its lowest number. Edges from a node to itself
/// are no circles here. `edges[a]` lists the nodes that `a` points to.
pub(crate) fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(edges.len(), edges.len());
    for _ in edges {
        graph.add_node(());
    }
    for (from, targets) in edges.iter().enumerate() {
        for &to in targets.iter().filter(|&&to| to < edges.len()) {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
        }
    }
    let mut found: Vec<Vec<usize>> = kosaraju_scc(&graph)
        .into_iter()
        .filter(|members| members.len() > 1)
        .filter_map(|members| {
            let mut members: Vec<usize> = members.into_iter().map(NodeIndex::index).collect();
            members.sort_unstable();
            way_round(edges, &members)
        })
        .collect();
    found.sort_unstable();
    found
}

fn way_round(edges: &[Vec<usize>], members: &[usize]) -> Option<Vec<usize>> {
    let start = *members.first()?;
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    'search: while let Some(at) = queue.pop_front() {
        for &next in edges.get(at)? {
            if next == start && at != start {
                came_from.insert(start, at);
                break 'search;
            }
            if members.binary_search(&next).is_ok() && next != start && !came_from.contains_key(&next) {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    let mut way = vec![start];
    let mut at = *came_from.get(&start)?;
    while at != start {
        way.push(at);
        at = *came_from.get(&at)?;
    }
    way.get_mut(1..)?.reverse();
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::circles;

    #[test]
    fn each_circle_is_found_once_by_a_shortest_way() {
        assert_eq!(circles(&[vec![1], vec![0]]), [vec![0, 1]]);
        assert_eq!(circles(&[vec![1, 2], vec![2], vec![0]]), [vec![0, 2]]);
        assert_eq!(circles(&[vec![1], vec![2], vec![]]), Vec::<Vec<usize>>::new());
        assert_eq!(circles(&[vec![0]]), Vec::<Vec<usize>>::new());
        assert_eq!(
            circles(&[vec![1], vec![2], vec![0], vec![4], vec![3]]),
            [vec![0, 1, 2], vec![3, 4]]
        );
    }
}
