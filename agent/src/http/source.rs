//! Configuration texts for the page: secrets hidden, findings at their places, a component's own lines.

use crate::mask::{Masked, mask};
use river_syntax::ast::{Block, Body, Statement};
use river_syntax::{Diagnostic, Sources, Span};
use serde::Serialize;

/// Findings that are shown for each file at the most.
const MAX_SHOWN: usize = 200;

/// A file as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct ShownFile {
    name: String,
    text: String,
    diagnostics: Vec<Shown>,
}

/// A finding; lines count from 1, columns from 0 in UTF-16 units, as the page's language counts.
#[derive(Debug, Serialize)]
struct Shown {
    severity: &'static str,
    code: &'static str,
    message: String,
    help: Option<String>,
    #[serde(flatten)]
    place: Place,
    label: String,
    related: Vec<Related>,
}

#[derive(Debug, Serialize)]
struct Related {
    file: String,
    text: String,
    #[serde(flatten)]
    place: Place,
}

#[derive(Debug, PartialEq, Serialize)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl Place {
    fn new(masked: &Masked, span: Span) -> Self {
        let at = |offset: u32| line_column(&masked.text, masked.offset(offset as usize));
        let ((line, column), (end_line, end_column)) = (at(span.start), at(span.end));
        Self {
            line,
            column,
            end_line,
            end_column,
        }
    }
}

fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    (line, before.get(start..).unwrap_or("").encode_utf16().count())
}

/// The texts with their secrets hidden, in order of the files' numbers.
pub(super) fn masks(sources: &Sources) -> Vec<Masked> {
    sources.iter().map(|(_, file)| mask(file.text())).collect()
}

/// All files with their findings.
pub(super) fn shown(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<ShownFile> {
    let masks = masks(sources);
    let hide = |text: &str| masks.iter().fold(text.to_owned(), |text, mask| mask.hide(&text));
    let place = |span: Span| {
        sources
            .iter()
            .zip(&masks)
            .find(|((id, _), _)| *id == span.file)
            .map(|((_, file), masked)| (file.name().to_owned(), Place::new(masked, span)))
    };
    let mut files: Vec<ShownFile> = sources
        .iter()
        .zip(&masks)
        .map(|((id, file), masked)| ShownFile {
            name: file.name().to_owned(),
            text: masked.text.clone(),
            diagnostics: diagnostics
                .iter()
                .filter(|found| found.primary.span.file == id)
                .take(MAX_SHOWN)
                .map(|found| Shown {
                    severity: found.severity.as_str(),
                    code: found.code.id,
                    message: hide(&found.message),
                    help: found.help.as_deref().map(hide),
                    place: Place::new(masked, found.primary.span),
                    label: hide(&found.primary.text),
                    related: found
                        .secondary
                        .iter()
                        .filter_map(|label| {
                            let (file, place) = place(label.span)?;
                            Some(Related {
                                file,
                                text: hide(&label.text),
                                place,
                            })
                        })
                        .collect(),
                })
                .collect(),
        })
        .collect();
    for file in &mut files {
        file.diagnostics
            .sort_by_key(|found| (found.place.line, found.place.column));
    }
    files
}

/// The lines of a component.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Excerpt {
    file: String,
    /// The number of the first line.
    line: usize,
    text: String,
}

/// The lines in which a component is written. One of a module is looked up in the `declare` of the module's name; modules that
/// come from elsewhere are not found.
pub(super) fn of(sources: &Sources, id: &str) -> Option<Excerpt> {
    let (module, local) = id.rsplit_once('/').unwrap_or(("", id));
    // Of `node.one/inner.two` the last counts: the declaration of `inner`.
    let declared = module.rsplit('/').next().filter(|module| !module.is_empty());
    let declared = declared.map(|module| module.rsplit_once('.').map_or(module, |(name, _)| name));
    for (number, file) in sources.iter() {
        let parse = river_syntax::parse_file(number, file.text().clone());
        let Some(body) = parse.body() else { continue };
        let span = match declared {
            None => find(body, local),
            Some(name) => declaration(body, name).and_then(|body| find(body, local)),
        };
        if let Some(span) = span {
            let masked = mask(file.text());
            let (start, end) = (
                masked.offset(span.start as usize),
                masked.offset(span.end as usize),
            );
            // The whole line: its indentation belongs to the look of the block.
            let start = masked.text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
            return Some(Excerpt {
                file: file.name().to_owned(),
                line: line_column(&masked.text, start).0,
                text: masked.text.get(start..end)?.to_owned(),
            });
        }
    }
    None
}

fn blocks<'t>(body: Body<'t>) -> impl Iterator<Item = Block<'t>> {
    body.statements().filter_map(|statement| match statement {
        Statement::Block(block) => Some(block),
        Statement::Attribute(_) => None,
    })
}

fn find(body: Body<'_>, local: &str) -> Option<Span> {
    blocks(body)
        .find(|block| {
            let name = block.name();
            let rest = local.strip_prefix(&*name);
            match block.label() {
                Some((label, _)) => rest.and_then(|rest| rest.strip_prefix('.')) == Some(label),
                None => rest == Some(""),
            }
        })
        .map(|block| block.span())
}

fn declaration<'t>(body: Body<'t>, name: &str) -> Option<Body<'t>> {
    blocks(body).find_map(|block| {
        let inner = block.body()?;
        if block.name() == "declare" && block.label().is_some_and(|(label, _)| label == name) {
            return Some(inner);
        }
        (block.name() == "declare")
            .then(|| declaration(inner, name))
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_found_with_its_lines_and_without_its_secrets() {
        let mut sources = Sources::new();
        sources.add("a.alloy", "logging { }\n");
        sources.add(
            "b.alloy",
            "// x\ndeclare \"node\" {\n\tloki.echo \"in\" { }\n}\nloki.write \"out\" {\n\tendpoint {\n\t\turl = \"u\"\n\t\tbasic_auth { password = \"hunter22\" }\n\t}\n}\n",
        );
        let found = of(&sources, "loki.write.out").unwrap();
        assert_eq!((found.file.as_str(), found.line), ("b.alloy", 5));
        assert!(
            found.text.starts_with("loki.write \"out\" {") && found.text.ends_with('}'),
            "{}",
            found.text
        );
        assert!(found.text.contains("\"(secret)\"") && !found.text.contains("hunter"));
        let inside = of(&sources, "node.one/loki.echo.in").unwrap();
        assert_eq!((inside.line, inside.text.as_str()), (3, "\tloki.echo \"in\" { }"));
        assert_eq!(of(&sources, "loki.echo.in"), None);
    }

    #[test]
    fn places_count_as_the_page_counts() {
        let masked = mask("a = \"é😀\" + oops");
        let place = Place::new(&masked, Span::new(river_syntax::FileId(0), 14, 18));
        assert_eq!((place.line, place.column, place.end_column), (1, 11, 15));
    }
}
