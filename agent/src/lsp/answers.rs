//! From a request to the feature that answers it.

use super::dispatch::Dispatch;
use super::features::completion::{self, Asked};
use super::features::{
    actions, folding, formatting, hover, inlay, navigation, rename, selection, signature, symbols, tokens,
};
use super::server::Server;
use lsp_server::{Request, Response};
use lsp_types::{
    CompletionResponse, GotoDefinitionResponse, Location, WorkspaceSymbolResponse, request as ask,
};

impl Server<'_> {
    pub(super) fn answer(&mut self, request: Request) -> Option<Response> {
        let dispatch = Dispatch::new(self, request);
        of_names(of_analysis(of_text(dispatch))).finish()
    }
}

/// What only needs the text.
fn of_text<'s, 'c>(dispatch: Dispatch<'s, Server<'c>>) -> Dispatch<'s, Server<'c>> {
    dispatch
        .on::<ask::DocumentSymbolRequest>(|server, params| {
            let document = server.document(&params.text_document.uri)?;
            Ok(Some(symbols::outline(
                &document,
                server.client.hierarchical_symbols,
            )))
        })
        .on::<ask::FoldingRangeRequest>(|server, params| {
            Ok(Some(folding::ranges(
                &*server.document(&params.text_document.uri)?,
            )))
        })
        .on::<ask::SelectionRangeRequest>(|server, params| {
            let document = server.document(&params.text_document.uri)?;
            let around = |position| selection::around(&document, position);
            Ok(Some(params.positions.into_iter().map(around).collect()))
        })
        .on::<ask::SemanticTokensFullRequest>(|server, params| {
            let document = server.document(&params.text_document.uri)?;
            Ok(Some(tokens::of(&document, None).into()))
        })
        .on::<ask::SemanticTokensRangeRequest>(|server, params| {
            let document = server.document(&params.text_document.uri)?;
            Ok(Some(tokens::of(&document, Some(params.range)).into()))
        })
        .on::<ask::Formatting>(|server, params| {
            Ok(Some(formatting::document(
                &*server.document(&params.text_document.uri)?,
            )))
        })
        .on::<ask::RangeFormatting>(|server, params| {
            let document = server.document(&params.text_document.uri)?;
            Ok(Some(formatting::range(&document, params.range)))
        })
        .on::<ask::SignatureHelpRequest>(|server, params| {
            let at = params.text_document_position_params;
            Ok(signature::at(
                &*server.document(&at.text_document.uri)?,
                at.position,
            ))
        })
}

/// What needs the catalog, or the last check.
fn of_analysis<'s, 'c>(dispatch: Dispatch<'s, Server<'c>>) -> Dispatch<'s, Server<'c>> {
    dispatch
        .on::<ask::Completion>(|server, params| {
            let at = params.text_document_position;
            let view = server.view(&at.text_document.uri)?;
            let settings = server.for_file(&view.document.path);
            let asked = Asked {
                view: &view,
                catalog: settings.target.catalog(),
                stability: settings.min_stability,
                snippets: server.client.snippets,
            };
            Ok(Some(CompletionResponse::List(completion::at(
                &asked,
                at.position,
            ))))
        })
        .on::<ask::HoverRequest>(|server, params| {
            let at = params.text_document_position_params;
            let view = server.view(&at.text_document.uri)?;
            let catalog = server.for_file(&view.document.path).target.catalog();
            Ok(hover::at(
                catalog,
                &view,
                server.outcome_of(&view.document),
                at.position,
            ))
        })
        .on::<ask::InlayHintRequest>(|server, params| {
            let view = server.view(&params.text_document.uri)?;
            let catalog = server.for_file(&view.document.path).target.catalog();
            Ok(Some(inlay::of(
                catalog,
                &view,
                params.range,
                server.settings.inlay_hints,
            )))
        })
        .on::<ask::CodeActionRequest>(|server, params| {
            let document = server.document(&params.text_document.uri)?;
            let actions = server
                .outcome_of(&document)
                .map(|outcome| actions::of(&server.workspace, &document, outcome, &params));
            Ok(Some(actions.unwrap_or_default()))
        })
}

/// What needs the names of all files.
fn of_names<'s, 'c>(dispatch: Dispatch<'s, Server<'c>>) -> Dispatch<'s, Server<'c>> {
    dispatch
        .on::<ask::GotoDefinition>(|server, params| {
            let at = params.text_document_position_params;
            let view = server.view(&at.text_document.uri)?;
            let Some(link) = navigation::definition(&view, at.position) else {
                return Ok(None);
            };
            Ok(Some(match server.client.definition_links {
                true => GotoDefinitionResponse::Link(vec![link]),
                false => Location::new(link.target_uri, link.target_selection_range).into(),
            }))
        })
        .on::<ask::References>(|server, params| {
            let at = params.text_document_position;
            let view = server.view(&at.text_document.uri)?;
            let with_definition = params.context.include_declaration;
            Ok(Some(navigation::references(&view, at.position, with_definition)))
        })
        .on::<ask::DocumentHighlightRequest>(|server, params| {
            let at = params.text_document_position_params;
            let view = server.view(&at.text_document.uri)?;
            Ok(Some(navigation::highlights(&view, at.position)))
        })
        .on::<ask::PrepareRenameRequest>(|server, params| {
            let view = server.view(&params.text_document.uri)?;
            rename::prepare(&view, params.position).map(Some)
        })
        .on::<ask::Rename>(|server, params| {
            let at = params.text_document_position;
            let view = server.view(&at.text_document.uri)?;
            rename::rename(&view, at.position, &params.new_name).map(Some)
        })
        .on::<ask::WorkspaceSymbolRequest>(|server, params| {
            let found = navigation::workspace_symbols(&server.workspace, &params.query);
            Ok(Some(WorkspaceSymbolResponse::Flat(found)))
        })
        .on::<ask::DocumentLinkRequest>(|server, params| {
            Ok(Some(navigation::links(&server.view(&params.text_document.uri)?)))
        })
}
