//! Definitions, references, highlights, and the names of all files.

use super::symbols;
use crate::lsp::documents::Document;
use crate::lsp::modules;
use crate::lsp::names::{Definition, Kind};
use crate::lsp::resolve::{Target, View, dotted};
use crate::lsp::workspace::Workspace;
use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, Location, LocationLink, Position, SymbolInformation,
};
use river_syntax::Span;
use std::rc::Rc;

/// Answers of a search for a name in all files.
const MAX_SYMBOLS: usize = 1000;

/// Where the name at a place is defined.
pub(crate) fn definition(view: &View<'_>, position: Position) -> Option<LocationLink> {
    let document = &view.document;
    let (meaning, span) = view.at(document.index.offset(position))?;
    let target = &meaning.target;
    let definition = target.definition()?;
    Some(LocationLink {
        origin_selection_range: Some(document.index.range(span)),
        target_uri: target.document.uri.clone(),
        target_range: target.document.index.range(definition.span),
        target_selection_range: target.document.index.range(head(definition)),
    })
}

/// The part of a definition that names it.
fn head(definition: &Definition) -> Span {
    definition
        .label
        .or(definition.name.first().copied())
        .unwrap_or(definition.span)
}

/// Every place that names what the name at a place does.
pub(crate) fn references(view: &View<'_>, position: Position, with_definition: bool) -> Vec<Location> {
    let Some((meaning, _)) = view.at(view.document.index.offset(position)) else {
        return Vec::new();
    };
    let own = meaning.target.definition().and_then(|found| found.label);
    let found = view.occurrences(&meaning.target).into_iter();
    found
        .filter(|(document, span)| {
            with_definition || document.file != meaning.target.document.file || Some(*span) != own
        })
        .map(|(document, span)| Location::new(document.uri.clone(), document.index.range(span)))
        .collect()
}

/// Every place of this text that names what the name at a place does.
pub(crate) fn highlights(view: &View<'_>, position: Position) -> Vec<DocumentHighlight> {
    let Some((meaning, _)) = view.at(view.document.index.offset(position)) else {
        return Vec::new();
    };
    let own = meaning.target.definition().and_then(|found| found.label);
    let found = view.occurrences(&meaning.target).into_iter();
    found
        .filter(|(document, _)| document.file == view.document.file)
        .map(|(document, span)| DocumentHighlight {
            range: document.index.range(span),
            kind: Some(match Some(span) == own {
                true => DocumentHighlightKind::WRITE,
                false => DocumentHighlightKind::READ,
            }),
        })
        .collect()
}

/// The blocks of all files whose names hold the letters of a query in their order.
pub(crate) fn workspace_symbols(workspace: &Workspace, query: &str) -> Vec<SymbolInformation> {
    let query = query.to_lowercase();
    let mut found = Vec::new();
    for document in workspace.all() {
        for definition in &document.names().definitions {
            if found.len() >= MAX_SYMBOLS {
                return found;
            }
            let Some(label) = definition.label.filter(|_| definition.kind != Kind::Variable) else {
                continue;
            };
            let block = dotted(&document, &definition.name);
            let name = format!("{block} {:?}", document.slice(label));
            if has_letters(&name.to_lowercase(), &query) {
                found.push(symbol(&document, definition, name, &block));
            }
        }
    }
    found
}

#[expect(deprecated, reason = "the struct has the field")]
fn symbol(document: &Rc<Document>, definition: &Definition, name: String, block: &str) -> SymbolInformation {
    SymbolInformation {
        name,
        kind: symbols::kind(block),
        tags: None,
        deprecated: None,
        location: Location::new(document.uri.clone(), document.index.range(definition.span)),
        container_name: document
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
    }
}

fn has_letters(name: &str, query: &str) -> bool {
    let mut letters = name.chars();
    query
        .chars()
        .filter(|char| !char.is_whitespace())
        .all(|wanted| letters.any(|letter| letter == wanted))
}

/// The files that `import.file` blocks name, with the places of the names.
pub(crate) fn links(view: &View<'_>) -> Vec<lsp_types::DocumentLink> {
    let document = &view.document;
    let imports = document.names().definitions.iter();
    imports
        .filter(|definition| definition.kind == Kind::Import)
        .filter_map(|import| {
            let (_, span) = modules::file_name(document, import)?;
            let path = modules::path(document, import, view.workspace.roots())?;
            Some(lsp_types::DocumentLink {
                range: document.index.range(span),
                target: Some(crate::lsp::documents::uri_of(&path)?),
                tooltip: None,
                data: None,
            })
        })
        .collect()
}

/// The comment lines above a definition, without their slashes.
pub(crate) fn comment(target: &Target) -> Option<String> {
    let definition = target.definition()?;
    let block = modules::block(&target.document, definition)?;
    let tree = &target.document.parse().tree;
    let lines: Vec<&str> = block
        .node()
        .comments_above()
        .into_iter()
        .map(|token| tree.token_text(token))
        .map(|text| {
            let text = text.trim_start_matches("//").trim_start_matches("/*");
            text.trim_end_matches("*/").trim()
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
