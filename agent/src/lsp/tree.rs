//! Finding things in a tree by their place.

use river_syntax::{Node, Parse};

/// The nodes that hold a place, from the file inwards. One that ends there holds it, too.
pub(crate) fn nodes_at(parse: &Parse, offset: u32) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut next = parse.root();
    while let Some(node) = next {
        found.push(node);
        next = node.children_from_last().find(|child| {
            let span = child.span();
            span.start <= offset && offset <= span.end
        });
    }
    found
}
