//! A client of `alloy-rs lsp`: speaks over the program's standard streams, as an editor does.

use crate::harness::{PATIENCE, program};
use lsp_server::{Message, Notification, Request, Response};
use lsp_types::notification::Notification as Told;
use lsp_types::request::Request as Ask;
use lsp_types::{
    Diagnostic, PublishDiagnosticsParams, TextDocumentIdentifier, TextDocumentItem, Uri,
    VersionedTextDocumentIdentifier,
};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, channel};

/// An editor with the program as its server.
pub(crate) struct Client {
    child: Child,
    stdin: Option<BufWriter<ChildStdin>>,
    messages: Receiver<Message>,
    /// Messages that came while another one was waited for.
    early: VecDeque<Message>,
    next_id: i32,
    /// What the server offered.
    pub(crate) capabilities: Value,
}

impl Drop for Client {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Client {
    /// Starts the program and shakes hands.
    pub(crate) fn start(parameters: Value) -> Self {
        let mut child = program(&["lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = BufWriter::new(child.stdin.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Ok(Some(message)) = Message::read(&mut stdout) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut client = Self {
            child,
            stdin: Some(stdin),
            messages,
            early: VecDeque::new(),
            next_id: 0,
            capabilities: Value::Null,
        };
        let response = client.ask_raw("initialize", parameters);
        client.capabilities = response.response_result.unwrap()["capabilities"].clone();
        client.tell_raw("initialized", json!({}));
        client
    }

    /// With an editor's usual abilities.
    pub(crate) fn usual() -> Self {
        Self::start(Self::abilities())
    }

    /// What an editor says of itself.
    pub(crate) fn abilities() -> Value {
        json!({
            "processId": null,
            "rootUri": null,
            "capabilities": {
                "textDocument": {
                    "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
                    "publishDiagnostics": {"relatedInformation": true},
                    "completion": {"completionItem": {"snippetSupport": true, "documentationFormat": ["markdown"]}},
                    "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source.fixAll"]}}},
                },
            },
        })
    }

    pub(crate) fn send(&mut self, message: Message) {
        message.write(self.stdin.as_mut().unwrap()).unwrap();
    }

    /// Sends a request and gives its number.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> i32 {
        self.next_id += 1;
        let id = self.next_id;
        let method = method.to_owned();
        self.send(
            Request {
                id: id.into(),
                method,
                params,
            }
            .into(),
        );
        id
    }

    pub(crate) fn tell_raw(&mut self, method: &str, params: Value) {
        let method = method.to_owned();
        self.send(Notification { method, params }.into());
    }

    pub(crate) fn tell<N: Told>(&mut self, params: N::Params) {
        self.tell_raw(N::METHOD, serde_json::to_value(params).unwrap());
    }

    /// The first message that `wanted` takes; others wait for those who want them.
    pub(crate) fn wait<T>(&mut self, what: &str, mut wanted: impl FnMut(&Message) -> Option<T>) -> T {
        if let Some((at, found)) = self
            .early
            .iter()
            .enumerate()
            .find_map(|(at, message)| Some((at, wanted(message)?)))
        {
            self.early.remove(at);
            return found;
        }
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let message = message.unwrap_or_else(|error| panic!("no {what}: {error}"));
            if let Some(found) = wanted(&message) {
                return found;
            }
            self.early.push_back(message);
        }
    }

    /// The response to a request.
    pub(crate) fn response(&mut self, id: i32) -> Response {
        self.wait("response", |message| match message {
            Message::Response(response) if response.id == id.into() => Some(response.clone()),
            _ => None,
        })
    }

    pub(crate) fn ask_raw(&mut self, method: &str, params: Value) -> Response {
        let id = self.request(method, params);
        self.response(id)
    }

    /// Asks and gives the answer.
    pub(crate) fn ask<R: Ask>(&mut self, params: Value) -> R::Result {
        let response = self.ask_raw(R::METHOD, params);
        let result = response
            .response_result
            .unwrap_or_else(|error| panic!("{}: {error:?}", R::METHOD));
        serde_json::from_value(result).unwrap()
    }

    /// Opens a text.
    pub(crate) fn open(&mut self, uri: &Uri, text: &str) {
        self.tell::<lsp_types::notification::DidOpenTextDocument>(lsp_types::DidOpenTextDocumentParams {
            text_document: TextDocumentItem {
                uri: uri.clone(),
                language_id: "alloy".to_owned(),
                version: 1,
                text: text.to_owned(),
            },
        });
    }

    /// Replaces the whole text.
    pub(crate) fn replace(&mut self, uri: &Uri, version: i32, text: &str) {
        self.tell::<lsp_types::notification::DidChangeTextDocument>(lsp_types::DidChangeTextDocumentParams {
            text_document: VersionedTextDocumentIdentifier {
                uri: uri.clone(),
                version,
            },
            content_changes: vec![lsp_types::TextDocumentContentChangeEvent {
                range: None,
                range_length: None,
                text: text.to_owned(),
            }],
        });
    }

    /// The next findings of a text at a version, or without one.
    pub(crate) fn diagnostics(&mut self, uri: &Uri, version: Option<i32>) -> Vec<Diagnostic> {
        self.wait("diagnostics", |message| match message {
            Message::Notification(notification)
                if notification.method == lsp_types::notification::PublishDiagnostics::METHOD =>
            {
                let params: PublishDiagnosticsParams =
                    serde_json::from_value(notification.params.clone()).unwrap();
                (params.uri == *uri && params.version == version).then_some(params.diagnostics)
            }
            _ => None,
        })
    }

    /// The exit status once the program has ended by itself.
    pub(crate) fn wait_for_end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Says goodbye and gives the exit status.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let answer = self.ask_raw("shutdown", Value::Null).response_result;
        assert!(answer.is_ok(), "{answer:?}");
        self.tell_raw("exit", Value::Null);
        drop(self.stdin.take());
        self.child.wait().unwrap()
    }
}

/// The URI of a file.
pub(crate) fn uri(path: &Path) -> Uri {
    Uri::from_str(&format!("file://{}", path.display())).unwrap()
}

/// Parameters that name a text.
pub(crate) fn of(uri: &Uri) -> Value {
    json!({"textDocument": TextDocumentIdentifier { uri: uri.clone() }})
}

/// Parameters that name a place: where `$0` stands in a text, which comes back without it.
pub(crate) fn at(uri: &Uri, marked: &str) -> (Value, String) {
    let offset = marked.find("$0").expect("a text with `$0`");
    let before = &marked[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let mut params = of(uri);
    params["position"] = json!({
        "line": before.matches('\n').count(),
        "character": before[line_start..].encode_utf16().count(),
    });
    (params, marked.replacen("$0", "", 1))
}
