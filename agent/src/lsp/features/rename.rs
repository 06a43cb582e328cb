//! Renaming labels, declares, arguments, exports, imports and variables in all files.

use crate::lsp::dispatch::Refusal;
use crate::lsp::names::Kind;
use crate::lsp::resolve::{Target, View};
use lsp_types::{Position, PrepareRenameResponse, TextEdit, Uri, WorkspaceEdit};
use std::collections::HashMap;

/// What is renamed at a place.
fn target(view: &View<'_>, position: Position) -> Result<(Target, river_syntax::Span), Refusal> {
    let found = view.at(view.document.index.offset(position));
    match found {
        Some((meaning, span)) if meaning.exact => Ok((meaning.target, span)),
        _ => Err(Refusal::failed(
            "only labels, and the names of declares, arguments, exports, imports and foreach variables can be renamed",
        )),
    }
}

/// Whether the name at a place can be renamed, and which text it is.
pub(crate) fn prepare(view: &View<'_>, position: Position) -> Result<PrepareRenameResponse, Refusal> {
    let (_, span) = target(view, position)?;
    Ok(PrepareRenameResponse::RangeWithPlaceholder {
        range: view.document.index.range(span),
        placeholder: view.document.slice(span).to_owned(),
    })
}

/// Every change that gives what is named at a place a new name.
pub(crate) fn rename(view: &View<'_>, position: Position, new: &str) -> Result<WorkspaceEdit, Refusal> {
    let (target, _) = target(view, position)?;
    if !river_syntax::is_identifier(new) {
        return Err(Refusal::failed(format!(
            "{new:?} is no name: names are made of letters, digits and _, and do not start with a digit"
        )));
    }
    if let Some(other) = taken(view, &target, new) {
        return Err(Refusal::failed(format!("{other} is there already")));
    }
    #[expect(
        clippy::mutable_key_type,
        reason = "the protocol's type; nothing changes in a URI"
    )]
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (document, span) in view.occurrences(&target) {
        changes.entry(document.uri.clone()).or_default().push(TextEdit {
            range: document.index.range(span),
            new_text: new.to_owned(),
        });
    }
    Ok(WorkspaceEdit::new(changes))
}

/// What has the new name already, where both would be the same.
fn taken(view: &View<'_>, target: &Target, new: &str) -> Option<String> {
    let definition = target.definition()?;
    let block = target.block_name();
    let key = definition.kind.key(&block, new);
    let view = view.beside(&target.document);
    let names = target.document.names();
    let in_scope = names.get(definition.scope, &key).is_some();
    let of_file = names.scopes.get(definition.scope as usize)?.parent.is_none();
    let elsewhere = of_file
        && view
            .unit
            .iter()
            .any(|file| file.names().get(crate::lsp::names::FILE, &key).is_some());
    (in_scope || elsewhere).then(|| match definition.kind {
        Kind::Variable => new.to_owned(),
        _ => format!("{block} {new:?}"),
    })
}
