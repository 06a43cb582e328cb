//! How long an editor waits: a conversation with `alloy-rs lsp` about a file of 10,000 lines, a letter typed before every question.
//!
//! `cargo bench -p alloy-rs --bench lsp` prints the percentiles of each kind of reply, from the question's first byte to the answer's last; the
//! times hold everything, the parsing of the changed text included.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what goes wrong fails the measurement"
)]

use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Lines of the file.
const LINES: usize = 10_000;

/// Rounds of all questions.
const ROUNDS: usize = 60;

/// What 95 % of the replies have to stay below.
const GOAL: Duration = Duration::from_millis(20);

struct Editor {
    child: Child,
    stdin: BufWriter<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    next_id: i32,
    version: i32,
}

impl Editor {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_alloy-rs"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = BufWriter::new(child.stdin.take().unwrap());
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut editor = Self {
            child,
            stdin,
            stdout,
            next_id: 0,
            version: 1,
        };
        let snippets = json!({"completionItem": {"snippetSupport": true}});
        let document =
            json!({"completion": snippets, "documentSymbol": {"hierarchicalDocumentSymbolSupport": true}});
        editor.ask("initialize", json!({"capabilities": {"textDocument": document}}));
        editor.tell("initialized", json!({}));
        editor
    }

    fn tell(&mut self, method: &str, params: Value) {
        let method = method.to_owned();
        let message: Message = Notification { method, params }.into();
        message.write(&mut self.stdin).unwrap();
    }

    /// The next message as it comes.
    fn bytes(&mut self) -> Vec<u8> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stdout.read_line(&mut line).unwrap();
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().unwrap(),
                None if line.trim_end().is_empty() => break,
                None => {}
            }
        }
        let mut bytes = vec![0; length];
        self.stdout.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The answer to a question, and how long it took.
    fn ask(&mut self, method: &str, params: Value) -> (Value, Duration) {
        self.next_id += 1;
        let id = self.next_id.into();
        let method = method.to_owned();
        let message: Message = Request { id, method, params }.into();
        let began = Instant::now();
        message.write(&mut self.stdin).unwrap();
        loop {
            let bytes = self.bytes();
            // Reading JSON is the editor's own time.
            let took = began.elapsed();
            match serde_json::from_slice(&bytes).unwrap() {
                Message::Response(response) if response.id == self.next_id.into() => {
                    let answer = response
                        .response_result
                        .unwrap_or_else(|error| panic!("{error:?}"));
                    return (answer, took);
                }
                _ => {}
            }
        }
    }

    /// Waits for the findings of the text at hand; how long they took.
    fn findings(&mut self) -> (usize, Duration) {
        let began = Instant::now();
        loop {
            if let Message::Notification(told) = Message::read(&mut self.stdout).unwrap().unwrap()
                && told.method == "textDocument/publishDiagnostics"
                && told.params["version"] == self.version
            {
                let found = told.params["diagnostics"].as_array().unwrap().len();
                return (found, began.elapsed());
            }
        }
    }

    /// A letter more or less in a comment.
    fn type_letter(&mut self, line: usize) {
        self.version += 1;
        let (from, to, text) = match self.version % 2 {
            0 => (3, 3, "x"),
            _ => (3, 4, ""),
        };
        let position = |character: u32| json!({"line": line, "character": character});
        self.tell(
            "textDocument/didChange",
            json!({
                "textDocument": {"uri": URI, "version": self.version},
                "contentChanges": [{"range": {"start": position(from), "end": position(to)}, "text": text}],
            }),
        );
    }
}

const URI: &str = "file:///nowhere/config.alloy";

/// Lines of one pipeline below.
const PIPELINE: usize = 24;

fn config() -> String {
    let mut text = String::new();
    for number in 0..LINES / PIPELINE {
        let _ = write!(
            text,
            "// Pipeline {number}: the logs of a größere service.
local.file_match \"m{number}\" {{
\tpath_targets = [{{__path__ = \"/var/log/s{number}/*.log\", service = \"s{number}\"}}]
}}

loki.source.file \"s{number}\" {{
\ttargets    = local.file_match.m{number}.targets
\tforward_to = [loki.process.p{number}.receiver]
}}

loki.process \"p{number}\" {{
\tforward_to = [loki.write.w{number}.receiver]

\tstage.json {{
\t\texpressions = {{level = \"\", message = string.format(\"%s.%d\", \"m\", {number})}}
\t}}
}}

loki.write \"w{number}\" {{
\tendpoint {{
\t\turl = \"http://loki:3100/loki/api/v1/push\"
\t}}
}}

"
        );
    }
    text
}

fn main() {
    let text = config();
    println!("{} lines, {} bytes", text.lines().count(), text.len());
    let mut editor = Editor::start();
    editor.tell(
        "textDocument/didOpen",
        json!({"textDocument": {"uri": URI, "languageId": "alloy", "version": 1, "text": text}}),
    );
    let (found, took) = editor.findings();
    println!("first findings: {found} after {took:?}");
    let document = json!({"textDocument": {"uri": URI}});
    let with = |more: Value| {
        let mut params = document.clone();
        params
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        params
    };
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut findings = Vec::new();
    for round in 0..ROUNDS {
        let first = (round * 37 % (LINES / PIPELINE)) * PIPELINE;
        let at =
            |line: usize, character: u32| json!({"position": {"line": first + line, "character": character}});
        let range =
            json!({"start": {"line": first, "character": 0}, "end": {"line": first + 60, "character": 0}});
        let questions = [
            ("completion of a receiver", "completion", at(7, 19)),
            ("completion of a component", "completion", at(4, 0)),
            ("completion of an attribute", "completion", at(20, 0)),
            ("hover", "hover", at(7, 25)),
            ("signatureHelp", "signatureHelp", at(14, 60)),
            ("definition", "definition", at(7, 30)),
            ("references", "references", {
                let mut params = at(10, 16);
                params["context"] = json!({"includeDeclaration": true});
                params
            }),
            ("documentHighlight", "documentHighlight", at(10, 16)),
            ("rename", "rename", {
                let mut params = at(10, 16);
                params["newName"] = json!("other");
                params
            }),
            (
                "semanticTokens/range",
                "semanticTokens/range",
                json!({"range": range}),
            ),
            ("semanticTokens/full", "semanticTokens/full", json!({})),
            ("documentSymbol", "documentSymbol", json!({})),
            ("foldingRange", "foldingRange", json!({})),
            ("inlayHint", "inlayHint", json!({"range": range})),
            (
                "formatting",
                "formatting",
                json!({"options": {"tabSize": 4, "insertSpaces": false}}),
            ),
            (
                "selectionRange",
                "selectionRange",
                json!({"positions": [at(7, 30)["position"]]}),
            ),
            (
                "codeAction",
                "codeAction",
                json!({"range": range, "context": {"diagnostics": []}}),
            ),
        ];
        for (name, method, more) in questions {
            editor.type_letter(first);
            let (answer, took) = editor.ask(&format!("textDocument/{method}"), with(more));
            assert!(!answer.is_null() || method == "codeAction", "no answer to {name}");
            times.entry(name).or_default().push(took);
        }
        findings.push(editor.findings().1);
    }
    let mut all: Vec<Duration> = times.values().flatten().copied().collect();
    times.insert("ALL REPLIES", std::mem::take(&mut all));
    times.insert(
        "findings after the last letter (with the pause of 120 ms)",
        findings,
    );
    println!("{:60} {:>9} {:>9} {:>9}", "", "median", "95 %", "max");
    for (name, times) in &mut times {
        times.sort();
        let percentile = |percent: usize| times[(times.len() - 1) * percent / 100];
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        println!(
            "{name:60} {:>9} {:>9} {:>9}",
            ms(percentile(50)),
            ms(percentile(95)),
            ms(percentile(100))
        );
    }
    let all = &times["ALL REPLIES"];
    let share = all.iter().filter(|time| **time < GOAL).count() as f64 / all.len() as f64;
    println!("{:.1} % of the replies under {GOAL:?}", share * 100.0);
    editor.ask("shutdown", Value::Null);
    editor.tell("exit", Value::Null);
    editor.child.wait().unwrap();
}
