//! The order of evaluation, and the circles that leave none.

use super::Graph;
use crate::circles::{groups, told, way_round};
use river_syntax::Diagnostic;

/// Orders the nodes, each after those that it refers to. Nodes on a circle are marked as broken, and each circle is told once.
pub(super) fn order(graph: &mut Graph, diagnostics: &mut Vec<Diagnostic>) {
    for members in groups(graph.nodes.iter().map(|node| &node.dependencies)) {
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
    told(
        &path,
        |number| Some(graph.node(number)?.id.as_ref()),
        |from, to| {
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
        },
    )
}
