//! The prompt of `alloy-rs eval`: lines with history and completion of names.

use super::Evaluator;
use crate::cli::{OK, output, usage};
use river_eval::{Object, Value, stdlib};
use river_syntax::FileId;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{Builder, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, Helper};
use std::process::ExitCode;

/// Lines that can be called back. They stay in memory: what is typed may hold secrets.
const HISTORY_LINES: usize = 1_000;

/// Names of a scope that are completed at the most, and how deep in its objects they are looked for.
const MAX_SCOPE_NAMES: usize = 10_000;
const MAX_NAME_DEPTH: usize = 4;

const HELP: &str = "\
An expression prints its value. Tab completes names, the arrow keys call earlier lines back.
:help   this text
:quit   end (Ctrl-D, too)
";

/// Reads expressions and prints their values until the end of the input.
pub(super) fn run(evaluator: &Evaluator) -> ExitCode {
    let config = Config::builder().completion_type(CompletionType::List);
    let config = config.max_history_size(HISTORY_LINES).map(Builder::build);
    let editor = config.and_then(|config| {
        let history = MemHistory::with_config(&config);
        Editor::<Names, _>::with_history(config, history)
    });
    let mut editor = match editor {
        Ok(editor) => editor,
        Err(error) => {
            output::complain("eval", &format!("cannot use the terminal: {error}"));
            return usage();
        }
    };
    editor.set_helper(Some(Names::new(&evaluator.scope)));
    loop {
        let line = match editor.readline("> ") {
            Ok(line) => line,
            // Ctrl-C gives the line up, as in a shell.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return OK,
            Err(error) => {
                output::complain("eval", &format!("cannot read from the terminal: {error}"));
                return usage();
            }
        };
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        // A line that cannot be kept can still be evaluated.
        let _ = editor.add_history_entry(text);
        match text {
            ":quit" | ":q" | ":exit" => return OK,
            ":help" | ":h" | ":?" => drop(output::write(HELP)),
            _ if text.starts_with(':') => {
                output::complain(
                    "eval",
                    &format!("there is no command {text}; :help tells what there is"),
                );
            }
            // The status of one answer says nothing of the dialogue.
            _ => drop(evaluator.answer("<line>", text)),
        }
    }
}

/// Completes names of the scope and the standard library.
struct Names {
    /// Full names, sorted: `string.format`, `host`.
    all: Vec<String>,
}

impl Names {
    fn new(scope: &Object) -> Self {
        let mut all: Vec<String> = stdlib::names().map(|(name, ..)| name.to_owned()).collect();
        collect(scope, "", MAX_NAME_DEPTH, &mut all);
        all.sort_unstable();
        all.dedup();
        Self { all }
    }

    /// Where the name before a place begins, and the names that go on from it.
    fn candidates(&self, line: &str, at: usize) -> (usize, impl Iterator<Item = &String>) {
        let before = line.get(..at).unwrap_or("");
        let name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let written = before.len() - before.trim_end_matches(name).len();
        let start = before.len() - written;
        let prefix = before.get(start..).unwrap_or("").to_owned();
        let found = self
            .all
            .iter()
            .filter(move |known| !prefix.is_empty() && known.starts_with(&prefix));
        (start, found)
    }
}

/// The names of an object's fields, and of the objects in it.
fn collect(object: &Object, before: &str, depth: usize, all: &mut Vec<String>) {
    for (name, value) in object.iter() {
        if all.len() >= MAX_SCOPE_NAMES || !river_syntax::is_identifier(name) {
            continue;
        }
        let full = format!("{before}{name}");
        if let (Value::Object(inner), true) = (value, depth > 1) {
            collect(inner, &format!("{full}."), depth - 1, all);
        }
        all.push(full);
    }
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = self.candidates(line, at);
        let pairs = found.map(|name| Pair {
            display: stdlib::function(name)
                .map_or(name.as_str(), |known| known.signature)
                .to_owned(),
            replacement: name.clone(),
        });
        Ok((start, pairs.collect()))
    }
}

impl Validator for Names {
    /// What is still open goes on on the next line.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_open(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

/// Whether nothing is wrong with a text but that a bracket is not closed yet.
fn is_open(text: &str) -> bool {
    let errors = river_syntax::parse_expression(FileId(0), text).errors;
    let unclosed = river_syntax::codes::UNCLOSED.id;
    !text.starts_with(':') && !errors.is_empty() && errors.iter().all(|error| error.code.id == unclosed)
}

impl Hinter for Names {
    type Hint = String;
}

impl Highlighter for Names {}

impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::*;
    use river_eval::vectors_json::from_plain_json;

    #[test]
    fn names_are_completed_where_they_are_written() {
        let Value::Object(scope) = from_plain_json(&serde_json::json!({"server": {"host": "a", "port": 1}}))
        else {
            panic!("an object");
        };
        let names = Names::new(&scope);
        let of = |line: &str| {
            let (start, found) = names.candidates(line, line.len());
            (start, found.map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(of("1 + server.h"), (4, vec!["server.host"]));
        assert_eq!(of("string.form"), (0, vec!["string.format"]));
        assert_eq!(of("[constants.ho"), (1, vec!["constants.hostname"]));
        assert!(of("").1.is_empty());
    }

    #[test]
    fn open_brackets_wait_for_more() {
        assert!(is_open("[1,"));
        assert!(is_open("string.format("));
        assert!(!is_open("[1]"));
        assert!(!is_open("1 +* 2"));
        assert!(!is_open(":quit"));
    }
}
