//! The graph for Graphviz.

use super::drawing::{Drawing, family};
use std::fmt::Write as _;

/// The whole graph.
pub(super) fn text(drawing: &Drawing) -> String {
    let mut out = String::from(
        "digraph alloy {\n  rankdir=LR\n  node [shape=box style=\"rounded,filled\" fontname=\"sans-serif\" fillcolor=white]\n",
    );
    group(&mut out, drawing, None, 1);
    for edge in &drawing.edges {
        // Writing to a String cannot fail, here and below.
        let _ = match edge.data {
            true => writeln!(out, "  n{} -> n{}", edge.from, edge.to),
            false => writeln!(
                out,
                "  n{} -> n{} [style=dotted label=\"{}\"]",
                edge.from,
                edge.to,
                escaped(&edge.field)
            ),
        };
    }
    out.push_str("}\n");
    out
}

fn group(out: &mut String, drawing: &Drawing, number: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    for (at, node) in drawing.members(number) {
        let label = match &node.label {
            Some(label) => format!("{}\\n{}", escaped(&node.name), escaped(label)),
            None => escaped(&node.name),
        };
        let broken = match node.broken {
            true => " color=\"#c92a2a\" penwidth=2",
            false => "",
        };
        let _ = writeln!(
            out,
            "{indent}n{at} [label=\"{label}\" tooltip=\"{}:{}\" fillcolor=\"{}\"{broken}]",
            escaped(&node.file),
            node.line,
            fill(family(node))
        );
    }
    for (at, inner) in drawing.inside(number) {
        let _ = writeln!(out, "{indent}subgraph cluster_{at} {{");
        let _ = writeln!(out, "{indent}  label=\"{}\"", escaped(&inner.title));
        group(out, drawing, Some(at), depth + 1);
        let _ = writeln!(out, "{indent}}}");
    }
}

fn fill(family: &str) -> &'static str {
    match family {
        "loki" => "#fff9db",
        "prometheus" => "#fff5f5",
        "otelcol" => "#e7f5ff",
        "pyroscope" => "#f3f0ff",
        "discovery" => "#e6fcf5",
        "config" => "#f1f3f5",
        _ => "#f8f9fa",
    }
}

/// A text as it may stand between quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(super::escaped("a\"b\\c\n"), "a\\\"b\\\\c ");
    }
}
