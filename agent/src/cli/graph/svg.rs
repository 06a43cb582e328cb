//! The graph as a picture: layers from left to right, a frame around each module, readable on light and dark.

use super::drawing::{Drawing, Drawn, family};
use crate::layout::{Layout, Point, Size, layered};
use crate::report::junit::legal;
use quick_xml::events::BytesText;
use quick_xml::writer::Writer;
use std::io;

/// Height of a box, in pixels.
const BOX: f64 = 44.0;

/// Width of a letter of the boxes' font, in pixels: what a monospaced font of 12 pixels takes.
const LETTER: f64 = 7.3;

/// Between a box's border and its text, in pixels.
const PADDING: f64 = 12.0;

/// Between a frame and what is in it, in pixels.
const MARGIN: f64 = 20.0;

/// Height of a frame's title, in pixels.
const TITLE: f64 = 24.0;

const STYLE: &str = "\
.frame{fill:none;stroke:#adb5bd;stroke-dasharray:4 3}\
.title{font:600 13px sans-serif;fill:#868e96}\
.name{font:12px monospace;fill:#212529}\
.label{font:600 12px monospace;fill:#212529}\
.value{font:10px sans-serif;fill:#868e96}\
rect.node{stroke:#495057;fill:#f8f9fa}\
.loki{stroke:#e67700!important;fill:#fff9db!important}\
.prometheus{stroke:#e03131!important;fill:#fff5f5!important}\
.otelcol{stroke:#1971c2!important;fill:#e7f5ff!important}\
.pyroscope{stroke:#6741d9!important;fill:#f3f0ff!important}\
.discovery{stroke:#099268!important;fill:#e6fcf5!important}\
.config{stroke:#868e96!important;fill:#f1f3f5!important}\
.broken{stroke:#c92a2a!important;stroke-width:3;stroke-dasharray:6 3}\
path{fill:none;stroke:#868e96;stroke-width:1.5}\
path.other{stroke-dasharray:2 4}\
path.tip{fill:#868e96;stroke:none}";

type Xml = Writer<Vec<u8>>;

/// What is laid out by itself: the root, or a module's body.
struct Part {
    title: Option<String>,
    /// Numbers of nodes in the drawing.
    nodes: Vec<usize>,
    /// Numbers of edges in the drawing.
    edges: Vec<usize>,
    layout: Layout,
    /// From the top of the picture.
    top: f64,
}

/// The whole picture.
pub(super) fn text(drawing: &Drawing) -> String {
    let parts = parts(drawing);
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to a Vec cannot fail.
    drop(write(&mut writer, drawing, &parts));
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    text
}

/// The module that a node is in; files are no modules.
fn module(drawing: &Drawing, node: &Drawn) -> Option<usize> {
    let mut at = node.group;
    while let Some(number) = at {
        let group = drawing.groups.get(number)?;
        if group.module {
            return Some(number);
        }
        at = group.parent;
    }
    None
}

fn parts(drawing: &Drawing) -> Vec<Part> {
    let modules = (0..drawing.groups.len()).map(Some);
    let mut top = MARGIN;
    let mut parts = Vec::new();
    for of in std::iter::once(None).chain(modules) {
        let nodes: Vec<usize> = (0..drawing.nodes.len())
            .filter(|&at| {
                drawing
                    .nodes
                    .get(at)
                    .is_some_and(|node| module(drawing, node) == of)
            })
            .collect();
        let group = of.and_then(|of| drawing.groups.get(of));
        if nodes.is_empty() {
            continue;
        }
        let inside = |number: usize| nodes.binary_search(&number).ok();
        let mut edges = Vec::new();
        let mut links = Vec::new();
        for (at, edge) in drawing.edges.iter().enumerate() {
            if let (Some(from), Some(to)) = (inside(edge.from), inside(edge.to)) {
                edges.push(at);
                links.push((from, to));
            }
        }
        let sizes: Vec<Size> = nodes
            .iter()
            .filter_map(|&at| drawing.nodes.get(at))
            .map(size)
            .collect();
        let layout = layered(&sizes, &links);
        let framed = group.is_some();
        let part_top = top + if framed { TITLE + MARGIN } else { 0.0 };
        top = part_top + layout.height + MARGIN * if framed { 2.0 } else { 1.0 };
        parts.push(Part {
            title: group.map(|group| group.title.clone()),
            nodes,
            edges,
            layout,
            top: part_top,
        });
    }
    parts
}

fn size(node: &Drawn) -> Size {
    let label = node.label.as_ref().map_or(0, |label| label.chars().count());
    let letters = node.name.chars().count().max(label);
    Size {
        width: letters as f64 * LETTER + 2.0 * PADDING,
        height: BOX,
    }
}

/// A number as it stands in the picture: tenths of a pixel are enough.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn write(writer: &mut Xml, drawing: &Drawing, parts: &[Part]) -> io::Result<()> {
    let width = parts.iter().map(|part| part.layout.width).fold(0.0, f64::max) + 4.0 * MARGIN;
    let height = parts.last().map_or(0.0, |part| part.top + part.layout.height) + 2.0 * MARGIN;
    writer
        .create_element("svg")
        .with_attributes([
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("width", &*number(width)),
            ("height", &*number(height)),
            ("viewBox", &*format!("0 0 {} {}", number(width), number(height))),
            ("role", "img"),
        ])
        .write_inner_content(|writer| {
            writer
                .create_element("title")
                .write_text_content(BytesText::new("pipeline"))?;
            writer
                .create_element("style")
                .write_text_content(BytesText::new(STYLE))?;
            for part in parts {
                part.write(writer, drawing)?;
            }
            Ok(())
        })?;
    Ok(())
}

impl Part {
    fn write(&self, writer: &mut Xml, drawing: &Drawing) -> io::Result<()> {
        let left = 2.0 * MARGIN;
        writer
            .create_element("g")
            .with_attribute((
                "transform",
                &*format!("translate({} {})", number(left), number(self.top)),
            ))
            .write_inner_content(|writer| {
                if let Some(title) = &self.title {
                    self.frame(writer, title)?;
                }
                for (edge, points) in self.edges.iter().zip(&self.layout.edges) {
                    if let Some(edge) = drawing.edges.get(*edge) {
                        line(writer, points, (!edge.data).then_some(edge.field.as_str()))?;
                    }
                }
                for (at, place) in self.nodes.iter().zip(&self.layout.nodes) {
                    if let Some(node) = drawing.nodes.get(*at) {
                        draw(writer, node, *place)?;
                    }
                }
                Ok(())
            })?;
        Ok(())
    }

    fn frame(&self, writer: &mut Xml, title: &str) -> io::Result<()> {
        let (width, height) = (
            self.layout.width + 2.0 * MARGIN,
            self.layout.height + 2.0 * MARGIN,
        );
        writer
            .create_element("rect")
            .with_attributes([
                ("class", "frame"),
                ("x", &*number(-MARGIN)),
                ("y", &*number(-MARGIN)),
                ("width", &*number(width)),
                ("height", &*number(height)),
                ("rx", "8"),
            ])
            .write_empty()?;
        words(writer, "title", (-MARGIN, -MARGIN - 6.0), None, title)
    }
}

fn words(writer: &mut Xml, class: &str, at: (f64, f64), anchor: Option<&str>, text: &str) -> io::Result<()> {
    let (x, y) = (number(at.0), number(at.1));
    let mut attributes = vec![("class", class), ("x", &*x), ("y", &*y)];
    attributes.extend(anchor.map(|anchor| ("text-anchor", anchor)));
    let element = writer.create_element("text").with_attributes(attributes);
    element.write_text_content(BytesText::new(&legal(text)))?;
    Ok(())
}

/// An edge as a curve with an arrow's head; `value` stands beside it.
fn line(writer: &mut Xml, points: &[Point], value: Option<&str>) -> io::Result<()> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(());
    };
    let mut path = format!("M{} {}", number(first.x), number(first.y));
    for pair in points.windows(2) {
        let [from, to] = pair else { continue };
        let middle = number(f64::midpoint(from.x, to.x));
        path.push_str(&format!(
            " C{middle} {} {middle} {} {} {}",
            number(from.y),
            number(to.y),
            number(to.x),
            number(to.y)
        ));
    }
    let class = if value.is_some() { "other" } else { "data" };
    writer
        .create_element("path")
        .with_attributes([("class", class), ("d", &*path)])
        .write_empty()?;
    // Edges arrive from the left but for those that close a circle.
    let before = points.iter().rev().nth(1).unwrap_or(first);
    let back = if before.x <= last.x { -7.0 } else { 7.0 };
    let tip = format!("M{} {} l{} -4 v8 z", number(last.x), number(last.y), number(back));
    writer
        .create_element("path")
        .with_attributes([("class", "tip"), ("d", &*tip)])
        .write_empty()?;
    if let Some(value) = value {
        let middle = (
            f64::midpoint(before.x, last.x),
            f64::midpoint(before.y, last.y) - 4.0,
        );
        words(writer, "value", middle, Some("middle"), value)?;
    }
    Ok(())
}

fn draw(writer: &mut Xml, node: &Drawn, place: Point) -> io::Result<()> {
    let size = size(node);
    let class = match node.broken {
        true => format!("node {} broken", family(node)),
        false => format!("node {}", family(node)),
    };
    let middle = place.x + size.width / 2.0;
    writer.create_element("g").write_inner_content(|writer| {
        let title = format!("{} ({}:{})", node.id, node.file, node.line);
        writer
            .create_element("title")
            .write_text_content(BytesText::new(&legal(&title)))?;
        writer
            .create_element("rect")
            .with_attributes([
                ("class", &*class),
                ("x", &*number(place.x)),
                ("y", &*number(place.y)),
                ("width", &*number(size.width)),
                ("height", &*number(size.height)),
                ("rx", "6"),
            ])
            .write_empty()?;
        match &node.label {
            Some(label) => {
                words(
                    writer,
                    "name",
                    (middle, place.y + 18.0),
                    Some("middle"),
                    &node.name,
                )?;
                words(writer, "label", (middle, place.y + 34.0), Some("middle"), label)?;
            }
            None => words(
                writer,
                "name",
                (middle, place.y + 26.0),
                Some("middle"),
                &node.name,
            )?,
        }
        Ok(())
    })?;
    Ok(())
}
