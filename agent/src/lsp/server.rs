//! The loop: takes messages in their order, answers, and checks when typing pauses.

use super::ServeError;
use super::capabilities::{self, Client};
use super::check::{Checker, Outcome};
use super::dispatch::{Refusal, refuse};
use super::documents::{Document, path_of};
use super::positions::Encoding;
use super::resolve::View;
use super::settings::Settings;
use super::workspace::Workspace;
use crate::lint_config::find::Finder;
use crossbeam_channel::{Receiver, after, bounded, never, select};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self as told, Notification as _};
use lsp_types::{
    ConfigurationItem, ConfigurationParams, InitializeParams, InitializeResult, MessageType, ServerInfo,
    ShowMessageParams, Uri, request as ask,
};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// Messages that are read ahead to see whether the client has cancelled what waits.
const MAX_AHEAD: usize = 256;

/// The identifier of the request for settings; there is one at a time.
const SETTINGS_ID: &str = "alloy-rs/settings";

/// A server with one client.
pub(super) struct Server<'c> {
    connection: &'c Connection,
    /// Messages that are read already.
    messages: Receiver<Message>,
    pub(super) client: Client,
    pub(super) settings: Settings,
    pub(super) workspace: Workspace,
    pub(super) checker: Checker,
    /// `alloy-rs.toml` of folders.
    pub(super) finder: RefCell<Finder>,
    /// The last check of each configuration, by its first file.
    pub(super) outcomes: HashMap<PathBuf, Outcome>,
    /// The texts that findings were told of.
    pub(super) told: HashSet<PathBuf>,
    /// When to check.
    pub(super) due: Option<Instant>,
    /// Whether the next check is of all configurations, also of those whose texts are the same.
    pub(super) everything: bool,
    waiting: VecDeque<Message>,
}

/// What the loop goes on with.
enum Event {
    Message(Message),
    Outcome(Outcome),
    Due,
    Gone,
}

/// Serves a client from `initialize` to `exit`.
pub(crate) fn run(connection: &Connection) -> Result<(), ServeError> {
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
        messages: read_ahead(connection)?,
        client: Client::of(&params.capabilities),
        settings: Settings::default(),
        workspace: Workspace::new(encoding, roots(&params)),
        checker: Checker::start()?,
        finder: RefCell::default(),
        outcomes: HashMap::new(),
        told: HashSet::new(),
        due: None,
        everything: false,
        waiting: VecDeque::new(),
    };
    if let Some(options) = &params.initialization_options {
        server.set(options);
    }
    server.greet();
    server.serve()
}

/// Takes messages as they come: the connection itself hands over one at a time, so that nobody would see what follows a request.
fn read_ahead(connection: &Connection) -> std::io::Result<Receiver<Message>> {
    let (sender, messages) = bounded(MAX_AHEAD);
    let receiver = connection.receiver.clone();
    std::thread::Builder::new()
        .name("lsp-read".to_owned())
        .spawn(move || receiver.into_iter().try_for_each(|message| sender.send(message)))?;
    Ok(messages)
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
    /// What the server asks of the client at the beginning: its settings, and to be told of files that change on the disk.
    fn greet(&mut self) {
        if self.client.configuration {
            self.ask_settings();
        }
        if self.client.watches_files
            && let Ok(params) = serde_json::to_value(capabilities::watched_files())
        {
            let method = <ask::RegisterCapability as ask::Request>::METHOD.to_owned();
            let id = RequestId::from("alloy-rs/watch".to_owned());
            self.send(Request { id, method, params }.into());
        }
    }

    fn ask_settings(&self) {
        let params = ConfigurationParams {
            items: vec![ConfigurationItem {
                scope_uri: None,
                section: Some("alloy-rs".to_owned()),
            }],
        };
        if let Ok(params) = serde_json::to_value(params) {
            let method = <ask::WorkspaceConfiguration as ask::Request>::METHOD.to_owned();
            let id = RequestId::from(SETTINGS_ID.to_owned());
            self.send(Request { id, method, params }.into());
        }
    }

    fn next(&mut self) -> Event {
        if let Some(message) = self.waiting.pop_front() {
            return Event::Message(message);
        }
        let due = match self.due {
            Some(due) => after(due.saturating_duration_since(Instant::now())),
            None => never(),
        };
        select! {
            recv(self.messages) -> message => message.map_or(Event::Gone, Event::Message),
            // The thread lives as long as this server.
            recv(self.checker.outcomes) -> outcome => outcome.map_or(Event::Gone, Event::Outcome),
            recv(due) -> _ => Event::Due,
        }
    }

    fn serve(&mut self) -> Result<(), ServeError> {
        loop {
            match self.next() {
                Event::Gone => return Err(ServeError::Gone),
                Event::Due => self.check(),
                Event::Outcome(outcome) => self.checked(outcome),
                Event::Message(Message::Request(request)) => {
                    if request.method == <ask::Shutdown as ask::Request>::METHOD {
                        return self.shut_down(request.id);
                    }
                    let id = request.id.clone();
                    let response = match self.is_cancelled(&id) {
                        true => Some(refuse(
                            id,
                            ErrorCode::RequestCanceled,
                            "cancelled by the client".to_owned(),
                        )),
                        false => self.answer(request),
                    };
                    if let Some(response) = response {
                        self.send(response.into());
                    }
                }
                Event::Message(Message::Notification(notification)) => {
                    if notification.method == told::Exit::METHOD {
                        return Err(ServeError::Gone);
                    }
                    self.hear(notification);
                }
                Event::Message(Message::Response(response)) => self.heard_back(&response),
            }
        }
    }

    /// Says that there is nothing left to do, and waits for `exit`.
    fn shut_down(&mut self, id: RequestId) -> Result<(), ServeError> {
        self.send(Response::new_ok(id, ()).into());
        let rest = std::mem::take(&mut self.waiting);
        for message in rest.into_iter().chain(self.messages.iter()) {
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

    pub(super) fn send(&self, message: Message) {
        // Only fails when the client is gone; then the next read says so.
        let _ = self.connection.sender.send(message);
    }

    pub(super) fn notify<N: told::Notification>(&self, params: N::Params) {
        if let Ok(params) = serde_json::to_value(params) {
            let method = N::METHOD.to_owned();
            self.send(Notification { method, params }.into());
        }
    }

    /// Whether the client does not want the answer any more: looks at what it has sent meanwhile.
    fn is_cancelled(&mut self, id: &RequestId) -> bool {
        while self.waiting.len() < MAX_AHEAD
            && let Ok(message) = self.messages.try_recv()
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

    fn hear(&mut self, notification: Notification) {
        match notification.method.as_str() {
            told::DidOpenTextDocument::METHOD => {
                if let Some(params) = self.params::<told::DidOpenTextDocument>(notification) {
                    self.workspace.open(params.text_document);
                    self.check_now();
                }
            }
            told::DidChangeTextDocument::METHOD => {
                if let Some(params) = self.params::<told::DidChangeTextDocument>(notification) {
                    let of = params.text_document;
                    if self
                        .workspace
                        .change(&of.uri, of.version, params.content_changes)
                        .is_some()
                    {
                        self.check_soon();
                    }
                }
            }
            told::DidCloseTextDocument::METHOD => {
                if let Some(params) = self.params::<told::DidCloseTextDocument>(notification)
                    && let Some(document) = self.workspace.close(&params.text_document.uri)
                {
                    self.clear(&document);
                    self.check_soon();
                }
            }
            told::DidSaveTextDocument::METHOD | told::DidChangeWatchedFiles::METHOD => {
                // Perhaps it was `alloy-rs.toml`.
                *self.finder.borrow_mut() = Finder::default();
                self.everything = true;
                self.check_soon();
            }
            told::DidChangeConfiguration::METHOD => {
                if let Some(params) = self.params::<told::DidChangeConfiguration>(notification) {
                    match self.client.configuration {
                        true => self.ask_settings(),
                        false => self.set(&params.settings),
                    }
                }
            }
            // Cancelling looks ahead; the rest changes nothing here.
            _ => {}
        }
    }

    /// The client answers what the server has asked.
    fn heard_back(&mut self, response: &Response) {
        if response.id == RequestId::from(SETTINGS_ID.to_owned())
            && let Ok(answer) = &response.response_result
            && let Some(settings) = answer.get(0)
        {
            self.set(&settings.clone());
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
        match Settings::of(sent) {
            Ok(None) => {}
            Ok(Some(settings)) => {
                self.workspace.mode = settings.mode;
                if settings != self.settings {
                    self.settings = settings;
                    self.everything = true;
                    self.check_soon();
                }
            }
            Err(error) => self.show(format!("alloy-rs lsp: the settings are not used: {error}")),
        }
    }

    pub(super) fn document(&self, uri: &Uri) -> Result<Rc<Document>, Refusal> {
        self.workspace
            .get(uri)
            .ok_or_else(|| Refusal::failed(format!("{} is not open", uri.as_str())))
    }

    pub(super) fn view(&self, uri: &Uri) -> Result<View<'_>, Refusal> {
        Ok(View::new(&self.workspace, self.document(uri)?))
    }
}
