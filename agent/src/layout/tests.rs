//! Layouts that a reader can follow: no boxes on each other, edges from left to right, parts that fill a screen.

use super::*;
use proptest::prelude::*;

const BOX: Size = Size {
    width: 200.0,
    height: 50.0,
};

fn of(count: usize, edges: &[(usize, usize)]) -> Layout {
    let layout = layered(&vec![BOX; count], edges);
    for (a, first) in layout.nodes.iter().enumerate() {
        assert!(
            first.x >= 0.0 && first.x + BOX.width <= layout.width,
            "{layout:?}"
        );
        assert!(
            first.y >= 0.0 && first.y + BOX.height <= layout.height + 0.001,
            "{layout:?}"
        );
        for second in &layout.nodes[a + 1..] {
            let apart =
                (first.x - second.x).abs() >= BOX.width || (first.y - second.y).abs() >= BOX.height - 0.001;
            assert!(apart, "{first:?} on {second:?}");
        }
    }
    layout
}

#[test]
fn a_chain_runs_from_left_to_right_on_one_line() {
    let layout = of(3, &[(0, 1), (1, 2)]);
    assert_eq!(
        layout.nodes.iter().map(|node| node.x).collect::<Vec<_>>(),
        [0.0, 296.0, 592.0]
    );
    assert!(layout.nodes.iter().all(|node| node.y == 0.0), "{layout:?}");
    assert_eq!(
        layout.edges[0],
        [Point { x: 200.0, y: 25.0 }, Point { x: 296.0, y: 25.0 }]
    );
}

#[test]
fn an_edge_that_skips_a_column_passes_beside_its_nodes() {
    // 0 → 1 → 2 → 3 and 0 → 3.
    let layout = of(4, &[(0, 1), (1, 2), (2, 3), (0, 3)]);
    let long = &layout.edges[3];
    assert_eq!(long.len(), 6);
    for node in [1, 2] {
        let place = layout.nodes[node];
        for point in &long[1..5] {
            let inside = point.x >= place.x
                && point.x <= place.x + BOX.width
                && point.y > place.y
                && point.y < place.y + BOX.height;
            assert!(!inside, "{point:?} is in node {node} at {place:?}");
        }
    }
}

#[test]
fn a_source_stands_next_to_the_first_that_it_feeds() {
    // A long chain and a source that feeds its end.
    let layout = of(5, &[(0, 1), (1, 2), (2, 3), (4, 3)]);
    assert_eq!(layout.nodes[4].x, layout.nodes[2].x);
}

#[test]
fn circles_loops_and_unknown_nodes_do_no_harm() {
    let layout = of(3, &[(0, 1), (1, 0), (1, 2), (2, 2), (0, 9)]);
    assert!(layout.nodes[0].x < layout.nodes[1].x);
    // Against the direction: leaves on the right, arrives on the left.
    assert!(layout.edges[1][0].x > layout.edges[1][1].x);
    assert!(layout.edges[3].is_empty() && layout.edges[4].is_empty());
    assert_eq!(layered(&[], &[]), Layout::default());
}

#[test]
fn parts_fill_a_screen() {
    let edges: Vec<_> = (0..60)
        .flat_map(|chain| (0..4).map(move |at| (chain * 5 + at, chain * 5 + at + 1)))
        .collect();
    let layout = of(300, &edges);
    let aspect = layout.width / layout.height;
    assert!(
        (0.8..3.0).contains(&aspect),
        "{} x {}",
        layout.width,
        layout.height
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_graph_is_drawn_without_overlaps(
        edges in proptest::collection::vec((0_usize..24, 0_usize..24), 0..60)
    ) {
        let layout = of(24, &edges);
        for (&(from, to), points) in edges.iter().zip(&layout.edges) {
            prop_assert_eq!(points.is_empty(), from == to);
        }
    }
}
