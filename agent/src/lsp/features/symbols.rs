//! The outline of a document.

use crate::lsp::documents::Document;
use lsp_types::{DocumentSymbol, DocumentSymbolResponse, Location, SymbolInformation, SymbolKind};
use river_syntax::ast::{Block, Body, Statement};

/// Levels of an outline. Clients read it recursively; deeper blocks are not told.
const MAX_LEVELS: u32 = 32;

/// The outline; as a flat list for clients that cannot show a tree.
pub(crate) fn outline(document: &Document, hierarchical: bool) -> DocumentSymbolResponse {
    let symbols = document
        .parse()
        .body()
        .map(|body| of_body(document, body, MAX_LEVELS))
        .unwrap_or_default();
    if hierarchical {
        return symbols.into();
    }
    let mut flat = Vec::new();
    flatten(document, symbols, None, &mut flat);
    DocumentSymbolResponse::Flat(flat)
}

/// What a block is called in lists: `loki.write "default"`.
pub(crate) fn title(block: &Block<'_>) -> String {
    match block.label() {
        Some((label, _)) => format!("{} {label:?}", block.name()),
        None => block.name().into_owned(),
    }
}

/// The kind that a block has in lists.
pub(crate) fn kind(name: &str) -> SymbolKind {
    match name {
        "declare" => SymbolKind::CLASS,
        "argument" => SymbolKind::FIELD,
        "export" => SymbolKind::PROPERTY,
        _ if name.starts_with("import.") => SymbolKind::MODULE,
        _ if name.contains('.') && !name.starts_with("stage.") => SymbolKind::OBJECT,
        _ => SymbolKind::STRUCT,
    }
}

fn of_body(document: &Document, body: Body<'_>, levels: u32) -> Vec<DocumentSymbol> {
    let Some(below) = levels.checked_sub(1) else {
        return Vec::new();
    };
    body.statements()
        .map(|statement| {
            let (name, kind, selection, children) = match statement {
                Statement::Attribute(attribute) => (
                    attribute.name().to_owned(),
                    SymbolKind::PROPERTY,
                    attribute.name_span(),
                    Vec::new(),
                ),
                Statement::Block(block) => {
                    let name_span = block.name_span();
                    let children = block.body().map(|body| of_body(document, body, below));
                    let selection = block.label().map_or(name_span, |(_, label)| name_span.to(label));
                    let kind = kind(&block.name());
                    (title(&block), kind, selection, children.unwrap_or_default())
                }
            };
            #[expect(deprecated, reason = "the struct has the field")]
            DocumentSymbol {
                // The protocol wants a name that is not empty.
                name: if name.is_empty() { "?".to_owned() } else { name },
                detail: None,
                kind,
                tags: None,
                deprecated: None,
                range: document.index.range(statement.span()),
                selection_range: document.index.range(selection),
                children: (!children.is_empty()).then_some(children),
            }
        })
        .collect()
}

fn flatten(
    document: &Document,
    symbols: Vec<DocumentSymbol>,
    container: Option<&str>,
    flat: &mut Vec<SymbolInformation>,
) {
    for symbol in symbols {
        #[expect(deprecated, reason = "what old clients read")]
        flat.push(SymbolInformation {
            name: symbol.name.clone(),
            kind: symbol.kind,
            tags: None,
            deprecated: None,
            location: Location::new(document.uri.clone(), symbol.range),
            container_name: container.map(str::to_owned),
        });
        flatten(
            document,
            symbol.children.unwrap_or_default(),
            Some(&symbol.name),
            flat,
        );
    }
}
