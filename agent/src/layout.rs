//! Draws a graph in layers from left to right: nodes and edges in, coordinates out.
//!
//! Columns are chosen here, so that every edge can be led around the nodes that it passes; the order within columns and the heights come from a
//! layout library. Parts that are not connected are laid out one by one and packed into a rectangle with the proportions of a screen.

use rust_sugiyama::configure::{Config, CrossingMinimization, RankingType};
use std::panic::AssertUnwindSafe;

/// Between two columns, in pixels: room for a label on the edge.
const COLUMN_GAP: f64 = 96.0;

/// Between two boxes of a column, in pixels.
const ROW_GAP: f64 = 20.0;

/// Between two parts that are not connected, in pixels.
const PART_GAP: f64 = 36.0;

/// The height of the room that an edge takes where it passes a column, in pixels.
const LANE: f64 = 8.0;

/// Width over height that packing aims at.
const ASPECT: f64 = 1.6;

/// Parts with more nodes and lanes than this are drawn in plain order: crossings are not worth the seconds.
const MAX_ORDERED: usize = 6000;

/// A box's extent in pixels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Size {
    /// From left to right.
    pub(crate) width: f64,
    /// From top to bottom.
    pub(crate) height: f64,
}

/// A place in pixels; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Point {
    /// To the right.
    pub(crate) x: f64,
    /// Downwards.
    pub(crate) y: f64,
}

/// A finished layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Layout {
    /// Of everything.
    pub(crate) width: f64,
    /// Of everything.
    pub(crate) height: f64,
    /// Upper left corners, in the order of the nodes.
    pub(crate) nodes: Vec<Point>,
    /// For each edge the places that it passes: where it leaves its node, a pair for each column that it crosses, where it arrives.
    pub(crate) edges: Vec<Vec<Point>>,
}

/// Lays a graph out. Edges that name no node, and loops, get no places; edges against a circle's direction run from right to left.
pub(crate) fn layered(nodes: &[Size], edges: &[(usize, usize)]) -> Layout {
    let known = |&(from, to): &(usize, usize)| from != to && from < nodes.len() && to < nodes.len();
    let forward = forward_edges(nodes.len(), edges.iter().copied().filter(known));
    let columns = columns(nodes.len(), &forward);
    let mut layout = Layout {
        nodes: vec![Point { x: 0.0, y: 0.0 }; nodes.len()],
        edges: vec![Vec::new(); edges.len()],
        ..Layout::default()
    };
    let parts = parts(nodes.len(), &forward);
    let mut drawn = Vec::with_capacity(parts.len());
    for part in parts {
        drawn.push(Part::draw(part, nodes, edges, &columns));
    }
    pack(&mut drawn, &mut layout);
    layout
}

/// The edges with those that close a circle turned around, so that columns exist.
fn forward_edges(count: usize, edges: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in edges {
        if let Some(next) = next.get_mut(from) {
            next.push(to);
        }
    }
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let (mut seen, mut forward) = (vec![Seen::No; count], Vec::new());
    for start in 0..count {
        if seen.get(start) != Some(&Seen::No) {
            continue;
        }
        let mut stack = vec![(start, 0)];
        while let Some((node, at)) = stack.last_mut() {
            let (node, child) = (*node, next.get(*node).and_then(|next| next.get(*at)).copied());
            *at += 1;
            set(&mut seen, node, Seen::Open);
            match child {
                None => {
                    set(&mut seen, node, Seen::Done);
                    stack.pop();
                }
                Some(child) => match seen.get(child) {
                    Some(Seen::Open) => forward.push((child, node)),
                    Some(Seen::Done) => forward.push((node, child)),
                    _ => {
                        forward.push((node, child));
                        stack.push((child, 0));
                    }
                },
            }
        }
    }
    forward
}

fn set<T>(items: &mut [T], at: usize, value: T) {
    if let Some(item) = items.get_mut(at) {
        *item = value;
    }
}

/// A column for each node: after all that it gets something from; what only gives moves next to the first that it gives to.
fn columns(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut incoming = vec![0_usize; count];
    let (mut next, mut previous) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for &(from, to) in edges {
        incoming[to] += 1;
        next[from].push(to);
        previous[to].push(from);
    }
    let mut columns = vec![0_usize; count];
    let mut order: Vec<usize> = (0..count).filter(|&node| incoming[node] == 0).collect();
    let mut at = 0;
    while let Some(&node) = order.get(at) {
        at += 1;
        for &to in &next[node] {
            columns[to] = columns[to].max(columns[node] + 1);
            incoming[to] -= 1;
            if incoming[to] == 0 {
                order.push(to);
            }
        }
    }
    for &node in order.iter().rev() {
        let first = next[node].iter().map(|&to| columns[to]).min();
        if let Some(first) = first
            && previous[node].is_empty()
        {
            columns[node] = first.saturating_sub(1);
        }
    }
    columns
}

/// The connected parts: nodes in their order, parts in the order of their first nodes.
fn parts(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut root: Vec<usize> = (0..count).collect();
    fn find(root: &mut [usize], mut node: usize) -> usize {
        while root[node] != node {
            root[node] = root[root[node]];
            node = root[node];
        }
        node
    }
    for &(from, to) in edges {
        let (from, to) = (find(&mut root, from), find(&mut root, to));
        // The smaller number stays the root, so that parts keep the order of the configuration.
        root[from.max(to)] = from.min(to);
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); count];
    for node in 0..count {
        parts[find(&mut root, node)].push(node);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// A connected part, laid out with its upper left corner at 0, 0.
struct Part {
    size: Size,
    nodes: Vec<(usize, Point)>,
    edges: Vec<(usize, Vec<Point>)>,
}

/// Something that takes room in a column: a node, or a lane of an edge that passes.
struct Slot {
    column: usize,
    height: f64,
    /// The middle.
    y: f64,
}

impl Part {
    fn draw(members: Vec<usize>, sizes: &[Size], edges: &[(usize, usize)], columns: &[usize]) -> Self {
        let base = members.iter().map(|&node| columns[node]).min().unwrap_or(0);
        let mut slots: Vec<Slot> = members
            .iter()
            .map(|&node| Slot {
                column: columns[node] - base,
                height: sizes[node].height,
                y: 0.0,
            })
            .collect();
        let slot_of: std::collections::HashMap<usize, usize> = members
            .iter()
            .enumerate()
            .map(|(slot, &node)| (node, slot))
            .collect();
        // Each edge as a chain of slots from left to right; equal chains of parallel edges are drawn once by the library.
        let mut chains = Vec::new();
        let mut links = Vec::new();
        for (number, &(from, to)) in edges.iter().enumerate() {
            let (Some(&from), Some(&to)) = (slot_of.get(&from), slot_of.get(&to)) else {
                continue;
            };
            if from == to {
                continue;
            }
            let (left, right) = if slots[from].column <= slots[to].column {
                (from, to)
            } else {
                (to, from)
            };
            let mut chain = vec![left];
            for column in slots[left].column + 1..slots[right].column {
                chain.push(slots.len());
                slots.push(Slot {
                    column,
                    height: LANE,
                    y: 0.0,
                });
            }
            chain.push(right);
            links.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
            if left != from {
                chain.reverse();
            }
            chains.push((number, chain));
        }
        place(&mut slots, &links);

        let count = slots.iter().map(|slot| slot.column + 1).max().unwrap_or(0);
        let mut widths = vec![0.0_f64; count];
        for (slot, &node) in slots.iter().zip(&members) {
            widths[slot.column] = widths[slot.column].max(sizes[node].width);
        }
        let mut lefts = Vec::with_capacity(count);
        let mut x = 0.0;
        for width in &widths {
            lefts.push(x);
            x += width + COLUMN_GAP;
        }
        let top = slots
            .iter()
            .map(|slot| slot.y - slot.height / 2.0)
            .fold(f64::INFINITY, f64::min);
        let bottom = slots
            .iter()
            .map(|slot| slot.y + slot.height / 2.0)
            .fold(f64::NEG_INFINITY, f64::max);
        let nodes: Vec<(usize, Point)> = slots
            .iter()
            .zip(&members)
            .map(|(slot, &node)| {
                let place = Point {
                    x: lefts[slot.column],
                    y: slot.y - slot.height / 2.0 - top,
                };
                (node, place)
            })
            .collect();
        let edges = chains
            .into_iter()
            .map(|(number, chain)| {
                let mut points = Vec::with_capacity(chain.len() * 2);
                let last = chain.len() - 1;
                for (at, &slot) in chain.iter().enumerate() {
                    let Slot { column, y, .. } = slots[slot];
                    let y = y - top;
                    let (left, right) = (lefts[column], lefts[column] + widths[column]);
                    match (at == 0, at == last) {
                        (true, _) => points.push(Point {
                            x: left + members.get(slot).map_or(0.0, |&node| sizes[node].width),
                            y,
                        }),
                        (_, true) => points.push(Point { x: left, y }),
                        _ => {
                            // Backwards edges pass columns from right to left.
                            let backwards = slots[chain[0]].column > slots[chain[last]].column;
                            let (first, second) = if backwards { (right, left) } else { (left, right) };
                            points.extend([Point { x: first, y }, Point { x: second, y }]);
                        }
                    }
                }
                (number, points)
            })
            .collect();
        Self {
            size: Size {
                width: x - COLUMN_GAP,
                height: bottom - top,
            },
            nodes,
            edges,
        }
    }
}

/// Gives every slot its height in the drawing.
fn place(slots: &mut [Slot], links: &[(usize, usize)]) {
    for (slot, y) in library_heights(slots, links).into_iter().flatten() {
        if let Some(slot) = slots.get_mut(slot) {
            slot.y = y;
        }
    }
    // Whatever the library did: nothing of a column overlaps.
    let count = slots.iter().map(|slot| slot.column + 1).max().unwrap_or(0);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, slot) in slots.iter().enumerate() {
        columns[slot.column].push(at);
    }
    for mut column in columns {
        column.sort_by(|&a, &b| slots[a].y.total_cmp(&slots[b].y));
        let mut free = f64::NEG_INFINITY;
        for at in column {
            let slot = &mut slots[at];
            let top = (slot.y - slot.height / 2.0).max(free);
            slot.y = top + slot.height / 2.0;
            free = top + slot.height + ROW_GAP;
        }
    }
}

/// The library's answer, slot by slot; `None` where it has none.
fn library_heights(slots: &[Slot], links: &[(usize, usize)]) -> Option<Vec<(usize, f64)>> {
    if links.is_empty() || slots.len() > MAX_ORDERED {
        return None;
    }
    let number = |slot: usize| u32::try_from(slot).ok();
    let vertices: Vec<(u32, (f64, f64))> = slots
        .iter()
        .enumerate()
        .map(|(at, slot)| Some((number(at)?, (slot.height, 1.0))))
        .collect::<Option<_>>()?;
    let links: Vec<(u32, u32)> = links
        .iter()
        .map(|&(from, to)| Some((number(from)?, number(to)?)))
        .collect::<Option<_>>()?;
    let config = Config {
        vertex_spacing: ROW_GAP,
        // By longest ways: the library's minimizing of edges does not end on some graphs, and only the heights are taken.
        ranking_type: RankingType::Up,
        c_minimization: CrossingMinimization::Barycenter,
        // Quadratic in the slots of a column.
        transpose: false,
        ..Config::default()
    };
    // A library's panic must cost the drawing's beauty only.
    let layouts = std::panic::catch_unwind(AssertUnwindSafe(|| {
        rust_sugiyama::from_vertices_and_edges(&vertices, &links, &config)
    }));
    Some(
        layouts
            .ok()?
            .into_iter()
            .flat_map(|(places, ..)| places)
            .filter(|(_, (y, _))| y.is_finite())
            .map(|(slot, (y, _))| (slot, y))
            .collect(),
    )
}

/// Stacks the parts in columns whose height gives the whole a screen's proportions.
fn pack(parts: &mut [Part], layout: &mut Layout) {
    let area: f64 = parts
        .iter()
        .map(|part| (part.size.width + PART_GAP) * (part.size.height + PART_GAP))
        .sum();
    let tallest = parts.iter().map(|part| part.size.height).fold(0.0, f64::max);
    let limit = (area / ASPECT).sqrt().max(tallest);
    let (mut x, mut y, mut width) = (0.0, 0.0, 0.0_f64);
    for part in parts {
        if y > 0.0 && y + part.size.height > limit {
            x += width + COLUMN_GAP;
            (y, width) = (0.0, 0.0);
        }
        let moved = |point: Point| Point {
            x: x + point.x,
            y: y + point.y,
        };
        for &(node, place) in &part.nodes {
            set(&mut layout.nodes, node, moved(place));
        }
        for (edge, points) in part.edges.drain(..) {
            set(&mut layout.edges, edge, points.into_iter().map(moved).collect());
        }
        layout.width = layout.width.max(x + part.size.width);
        layout.height = layout.height.max(y + part.size.height);
        y += part.size.height + PART_GAP;
        width = width.max(part.size.width);
    }
}

#[cfg(test)]
mod tests;
