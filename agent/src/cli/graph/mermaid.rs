//! A Mermaid flowchart, which GitHub, GitLab and many editors draw in Markdown.

use super::drawing::{Drawing, Drawn, families, family};
use std::fmt::Write as _;

/// Colours of the families: fill and stroke, readable on light and dark.
const CLASSES: &[(&str, &str)] = &[
    ("config", "fill:#f1f3f5,stroke:#868e96,color:#212529"),
    ("discovery", "fill:#e6fcf5,stroke:#099268,color:#212529"),
    ("loki", "fill:#fff9db,stroke:#e67700,color:#212529"),
    ("other", "fill:#f8f9fa,stroke:#495057,color:#212529"),
    ("otelcol", "fill:#e7f5ff,stroke:#1971c2,color:#212529"),
    ("prometheus", "fill:#fff5f5,stroke:#e03131,color:#212529"),
    ("pyroscope", "fill:#f3f0ff,stroke:#6741d9,color:#212529"),
];

/// The whole flowchart.
pub(super) fn text(drawing: &Drawing) -> String {
    let mut out = String::from("flowchart LR\n");
    group(&mut out, drawing, None, 1);
    for edge in &drawing.edges {
        // Writing to a String cannot fail, here and below.
        let _ = match edge.data {
            true => writeln!(out, "  n{} --> n{}", edge.from, edge.to),
            false => writeln!(
                out,
                "  n{} -. \"{}\" .-> n{}",
                edge.from,
                escaped(&edge.field),
                edge.to
            ),
        };
    }
    let used = families(drawing);
    for (name, style) in CLASSES.iter().filter(|(name, _)| used.contains(name)) {
        let _ = writeln!(out, "  classDef {name} {style}");
    }
    if drawing.nodes.iter().any(|node| node.broken) {
        let broken: Vec<String> = drawing
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.broken)
            .map(|(at, _)| format!("n{at}"))
            .collect();
        let _ = writeln!(
            out,
            "  classDef broken stroke:#c92a2a,stroke-width:3px,stroke-dasharray:6 3"
        );
        let _ = writeln!(out, "  class {} broken", broken.join(","));
    }
    out
}

fn group(out: &mut String, drawing: &Drawing, group_number: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    for (at, node) in drawing.members(group_number) {
        let _ = writeln!(out, "{indent}n{at}[\"{}\"]:::{}", label(node), family(node));
    }
    for (at, inner) in drawing.inside(group_number) {
        let _ = writeln!(out, "{indent}subgraph g{at}[\"{}\"]", escaped(&inner.title));
        group(out, drawing, Some(at), depth + 1);
        let _ = writeln!(out, "{indent}end");
    }
}

fn label(node: &Drawn) -> String {
    let name = escaped(&node.name);
    match &node.label {
        Some(label) => format!("{name}<br/><b>{}</b>", escaped(label)),
        None => name,
    }
}

/// A text as it may stand between quotes: Mermaid reads entities there, numbers without an ampersand among them.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | '\\' | '`' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
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
        assert_eq!(super::escaped("a\"b<#&>\n"), "a#34;b#60;#35;#38;#62; ");
    }
}
