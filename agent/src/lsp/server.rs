//! The loop: takes messages in their order, answers, and checks when typing pauses.

use super::ServeError;
use super::capabilities::{self, Client};
use super::check;
use super::dispatch::{Dispatch, Refusal, refuse};
use super::documents::{Document, path_of};
use super::features::{folding, formatting, navigation, rename, selection, symbols, tokens};
use super::positions::Encoding;
use super::resolve::View;
use super::settings::Settings;
use super::workspace::Workspace;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self as told, Notification as _};
use lsp_types::{
    GotoDefinitionResponse, InitializeParams, InitializeResult, Location, MessageType, PublishDiagnosticsParams, ServerInfo,
    ShowMessageParams, Uri, request as ask,
};
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::rc::Rc;

/// Messages that are read ahead to see whether the client has cancelled what waits.
const MAX_AHEAD: usize = 256;

/// A server with one client.
pub(crate) struct Server<'c> {
    connection: &'c Connection,
    client: Client,
    settings: Settings,
    workspace: Workspace,
    waiting: VecDeque<Message>,
}

/// Serves a client from `initialize` to `exit`.
pub(crate) fn run(connection: &Connection, defaults: Settings) -> Result<(), ServeError> {
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = match serde_json::from_value(params) {
        Ok(params) => params,
        Err(error) => {
            let refusal = refuse(id, ErrorCode::InvalidParams, error.to_string());
            // Where the client is gone already, the error below is told all the same.
            let _ = connection.sender.send(refusal.into());
            return Err(error.into());
        }
    };
    let encoding = Encoding::negotiate(
        params
            .capabilities
            .general
            .as_ref()
            .and_then(|general| general.position_encodings.as_deref()),
    );
    let result = InitializeResult {
        capabilities: capabilities::server(encoding),
        server_info: Some(ServerInfo {
            name: "alloy-rs".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    };
    connection.initialize_finish(id, serde_json::to_value(result)?)?;
    let mut server = Server {
        connection,
        client: Client::of(&params.capabilities),
        settings: defaults,
        workspace: Workspace::new(encoding, roots(&params)),
        waiting: VecDeque::new(),
    };
    if let Some(options) = &params.initialization_options {
        server.set(options);
    }
    server.serve()
}

/// The folders that the editor shows.
fn roots(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = params.workspace_folders.as_deref().unwrap_or_default();
    let mut roots: Vec<PathBuf> = folders.iter().map(|folder| path_of(&folder.uri)).collect();
    #[expect(deprecated, reason = "older clients say nothing else")]
    if roots.is_empty() {
        roots.extend(params.root_uri.as_ref().map(path_of));
    }
    roots.retain(|root| root.is_absolute());
    roots
}

impl Server<'_> {
    fn serve(&mut self) -> Result<(), ServeError> {
        loop {
            let message = match self.waiting.pop_front() {
                Some(message) => message,
                None => match self.connection.receiver.recv() {
                    Ok(message) => message,
                    Err(_) => return Err(ServeError::Gone),
                },
            };
            match message {
                Message::Request(request) => {
                    if request.method == <ask::Shutdown as ask::Request>::METHOD {
                        return self.shut_down(request.id);
                    }
                    if let Some(response) = self.answer(request) {
                        self.send(response.into());
                    }
                }
                Message::Notification(notification) => {
                    if notification.method == told::Exit::METHOD {
                        return Err(ServeError::Gone);
                    }
                    self.hear(notification);
                }
                Message::Response(_) => {}
            }
        }
    }

    /// Says that there is nothing left to do, and waits for `exit`.
    fn shut_down(&mut self, id: RequestId) -> Result<(), ServeError> {
        self.send(Response::new_ok(id, ()).into());
        let rest = std::mem::take(&mut self.waiting);
        for message in rest.into_iter().chain(self.connection.receiver.iter()) {
            match message {
                Message::Notification(notification) if notification.method == told::Exit::METHOD => {
                    return Ok(());
                }
                Message::Request(request) => {
                    let refusal = "the server was told to shut down".to_owned();
                    self.send(refuse(request.id, ErrorCode::InvalidRequest, refusal).into());
                }
                _ => {}
            }
        }
        Err(ServeError::Gone)
    }

    fn send(&self, message: Message) {
        // Only fails when the client is gone; then the next read says so.
        let _ = self.connection.sender.send(message);
    }

    fn notify<N: told::Notification>(&self, params: N::Params) {
        if let Ok(params) = serde_json::to_value(params) {
            let method = N::METHOD.to_owned();
            self.send(Notification { method, params }.into());
        }
    }

    /// Whether the client does not want the answer any more: looks at what it has sent meanwhile.
    fn is_cancelled(&mut self, id: &RequestId) -> bool {
        while self.waiting.len() < MAX_AHEAD
            && let Ok(message) = self.connection.receiver.try_recv()
        {
            self.waiting.push_back(message);
        }
        self.waiting.iter().any(|message| match message {
            Message::Notification(notification) if notification.method == told::Cancel::METHOD => {
                let cancelled = notification.params.get("id");
                cancelled.is_some_and(|cancelled| serde_json::to_value(id).is_ok_and(|id| id == *cancelled))
            }
            _ => false,
        })
    }

    fn answer(&mut self, request: Request) -> Option<Response> {
        if self.is_cancelled(&request.id) {
            let message = "cancelled by the client".to_owned();
            return Some(refuse(request.id, ErrorCode::RequestCanceled, message));
        }
        Dispatch::new(self, request)
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
                Ok(Some(lsp_types::WorkspaceSymbolResponse::Flat(found)))
            })
            .on::<ask::DocumentLinkRequest>(|server, params| {
                Ok(Some(navigation::links(&server.view(&params.text_document.uri)?)))
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
            .finish()
    }

    fn hear(&mut self, notification: Notification) {
        match notification.method.as_str() {
            told::DidOpenTextDocument::METHOD => {
                if let Some(params) = self.params::<told::DidOpenTextDocument>(notification) {
                    let document = self.workspace.open(params.text_document);
                    self.publish(&document);
                }
            }
            told::DidChangeTextDocument::METHOD => {
                if let Some(params) = self.params::<told::DidChangeTextDocument>(notification) {
                    let of = params.text_document;
                    let changed = self.workspace.change(&of.uri, of.version, params.content_changes);
                    if let Some(document) = changed {
                        self.publish(&document);
                    }
                }
            }
            told::DidCloseTextDocument::METHOD => {
                if let Some(params) = self.params::<told::DidCloseTextDocument>(notification)
                    && let Some(document) = self.workspace.close(&params.text_document.uri)
                {
                    self.clear(&document);
                }
            }
            told::DidChangeConfiguration::METHOD => {
                if let Some(params) = self.params::<told::DidChangeConfiguration>(notification) {
                    self.set(&params.settings);
                }
            }
            // Cancelling looks ahead; saves and the rest change nothing here.
            _ => {}
        }
    }

    /// The parameters of a notification; wrong ones are told to the person, as a notification has no answer.
    fn params<N: told::Notification>(&self, notification: Notification) -> Option<N::Params>
    where
        N::Params: DeserializeOwned,
    {
        match serde_json::from_value(notification.params) {
            Ok(params) => Some(params),
            Err(error) => {
                self.show(format!("alloy-rs lsp cannot read {}: {error}", N::METHOD));
                None
            }
        }
    }

    fn show(&self, message: String) {
        let typ = MessageType::ERROR;
        self.notify::<told::ShowMessage>(ShowMessageParams { typ, message });
    }

    fn set(&mut self, sent: &serde_json::Value) {
        match self.settings.with(sent) {
            Ok(settings) => {
                self.workspace.mode = settings.mode;
                self.settings = settings;
            }
            Err(error) => self.show(format!("alloy-rs lsp: the settings are not used: {error}")),
        }
    }

    fn document(&self, uri: &Uri) -> Result<Rc<Document>, Refusal> {
        self.workspace
            .get(uri)
            .ok_or_else(|| Refusal::failed(format!("{} is not open", uri.as_str())))
    }

    fn view(&self, uri: &Uri) -> Result<View<'_>, Refusal> {
        Ok(View::new(&self.workspace, self.document(uri)?))
    }

    /// Tells what is wrong with a document's syntax.
    fn publish(&self, document: &Document) {
        let place = |span: river_syntax::Span| {
            (span.file == document.file)
                .then(|| Location::new(document.uri.clone(), document.index.range(span)))
        };
        let diagnostics = document
            .parse()
            .errors
            .iter()
            .map(|found| check::diagnostic(document, found, self.client.related_information, place))
            .collect();
        self.notify::<told::PublishDiagnostics>(PublishDiagnosticsParams {
            uri: document.uri.clone(),
            diagnostics,
            version: document.version,
        });
    }

    fn clear(&self, document: &Document) {
        self.notify::<told::PublishDiagnostics>(PublishDiagnosticsParams {
            uri: document.uri.clone(),
            diagnostics: Vec::new(),
            version: None,
        });
    }
}
