//! `alloy-rs eval`: the value of an expression, once or at a prompt.

mod prompt;

use super::{findings, output, usage};
use crate::report::{Format, JsonTo, Reporter, Told};
use clap::Args;
use river_eval::eval::{Constants, Context, WithContext};
use river_eval::{Object, Value, lower, show, vectors_json};
use river_syntax::{Diagnostic, FileId, Sources, Span, SyntaxKind};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Evaluate an expression, or a dialogue of them.
#[derive(Debug, Args)]
#[command(
    after_help = "The value is printed in the language's syntax, or with --json as JSON that keeps the kinds of numbers. Secrets are never shown. \
    Experimental functions are allowed.\n\n\
    Exit status: 0 a value, 1 the expression has an error, 2 cannot read the expression or its scope.\n\nExamples:\n  \
    alloy-rs eval '1 + 2 * 3'\n  \
    alloy-rs eval --scope vars.json 'string.format(\"%s:%d\", host, 80)'\n  \
    echo 'sys.env(\"HOME\")' | alloy-rs eval --json -\n  \
    alloy-rs eval                         a prompt, on a terminal; :quit or Ctrl-D ends it"
)]
pub(crate) struct EvalArgs {
    /// The expression; `-` for standard input; without it a prompt, or standard input where that is no terminal
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: Option<String>,
    /// A JSON object whose fields are names for the expression
    #[arg(long, value_name = "FILE.json")]
    scope: Option<PathBuf>,
    /// Print the value as JSON, and errors too, unless --format says otherwise
    #[arg(long)]
    json: bool,
    /// How to tell errors: `human` (the default on a terminal) and `concise` (elsewhere) on standard error, `json` on standard output
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
}

pub(crate) fn execute(args: &EvalArgs) -> ExitCode {
    let scope = match args.scope.as_deref().map_or_else(|| Ok(Object::new()), scope) {
        Ok(scope) => scope,
        Err(message) => {
            output::complain("eval", &message);
            return usage();
        }
    };
    let evaluator = Evaluator {
        scope,
        context: Context::new().with_constants(&Constants {
            hostname: crate::runtime::hostname(),
            ..Constants::default()
        }),
        json: args.json,
        format: args.format.or(args.json.then_some(Format::Json)),
    };
    match args.expression.as_deref() {
        None if std::io::stdin().is_terminal() => prompt::run(&evaluator),
        None | Some("-") => {
            let mut bytes = Vec::new();
            if let Err(error) = std::io::stdin().lock().read_to_end(&mut bytes) {
                output::complain("eval", &format!("cannot read standard input: {error}"));
                return usage();
            }
            let (text, error) = river_syntax::decode(FileId(0), &bytes);
            match error {
                Some(error) => {
                    evaluator.tell("<stdin>", &text, vec![error], JsonTo::Stdout);
                    findings()
                }
                None => evaluator.answer("<stdin>", &text),
            }
        }
        Some(text) => evaluator.answer("<expression>", text),
    }
}

/// Names and their values from a file with a JSON object.
fn scope(path: &Path) -> Result<Object, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("cannot read the scope {}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| cannot(&error))?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| cannot(&error))?;
    match vectors_json::from_plain_json(&json) {
        Value::Object(fields) => Ok((*fields).clone()),
        _ => Err(cannot(&"it has to be a JSON object, whose fields are the names")),
    }
}

/// Evaluates expressions with the same names.
#[derive(Debug)]
struct Evaluator {
    scope: Object,
    context: Context,
    json: bool,
    format: Option<Format>,
}

impl Evaluator {
    /// The value of a text, and the warnings; or everything that is wrong with it.
    fn value(&self, text: &str) -> Result<(Value, Vec<Diagnostic>), Vec<Diagnostic>> {
        // Places are those of this text: a warning at the same place in another one is another warning.
        self.context.reset_warnings();
        let expression = lower::expression(FileId(0), text)?;
        let scope = WithContext {
            scope: &self.scope,
            context: &self.context,
        };
        let result = river_eval::evaluate(&expression, &scope);
        let mut found = self.context.take_warnings();
        found.extend(left_out(text, expression.span.end));
        match result {
            Ok(value) => Ok((value, found)),
            Err(error) => {
                found.insert(0, error.into());
                Err(found)
            }
        }
    }

    /// Prints the value of a text, or what is wrong with it, and gives the exit status.
    fn answer(&self, name: &str, text: &str) -> ExitCode {
        match self.value(text) {
            Ok((value, warnings)) => {
                if !warnings.is_empty() {
                    self.tell(name, text, warnings, JsonTo::Stderr);
                }
                output::write_or_usage(&self.shown(&value))
            }
            Err(mistakes) => {
                self.tell(name, text, mistakes, JsonTo::Stdout);
                findings()
            }
        }
    }

    /// A value as it is printed, with the end of its line.
    fn shown(&self, value: &Value) -> String {
        match self.json {
            true => format!("{}\n", vectors_json::to_json(value, false)),
            false => format!("{}\n", show::text(value)),
        }
    }

    fn tell(&self, name: &str, text: &str, found: Vec<Diagnostic>, json_to: JsonTo) {
        let mut sources = Sources::new();
        sources.add(name, text);
        let mut told = Told::new(Reporter::stderr(self.format), "eval", json_to);
        told.add(sources, found);
        told.finish();
    }
}

/// A warning where a text goes on behind its expression. As in the reference an expression ends with its line; what follows is not
/// evaluated, which would go unseen.
fn left_out(text: &str, end: u32) -> Option<Diagnostic> {
    let tokens = river_syntax::lex(text);
    let count = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
    let first = (0..count).find(|&token| {
        let kind = tokens.kind(token);
        // An expression in parentheses has the place of what is in them.
        let layout = matches!(
            kind,
            SyntaxKind::RParen | SyntaxKind::Terminator | SyntaxKind::Eof
        );
        tokens.start(token) >= end && !kind.is_trivia() && !layout
    })?;
    let place = Span::new(FileId(0), tokens.start(first), tokens.end(first));
    let warning = Diagnostic::warning(
        &river_syntax::codes::UNEXPECTED_TOKEN,
        place,
        "the expression ended with its line: this is left out",
    );
    Some(warning.with_help("to go on, end the line with an operator or put the expression in parentheses"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use river_eval::Secret;

    fn evaluator(json: bool) -> Evaluator {
        Evaluator {
            scope: Object::from_iter([
                ("n".into(), Value::Int(3)),
                ("s".into(), Value::Secret(Secret::new("hunter2"))),
            ]),
            context: Context::new(),
            json,
            format: None,
        }
    }

    fn shown(json: bool, text: &str) -> String {
        let evaluator = evaluator(json);
        let (value, _) = evaluator.value(text).unwrap();
        evaluator.shown(&value)
    }

    #[test]
    fn values_are_shown_in_the_language_or_as_json() {
        assert_eq!(shown(false, "{a = [1, 2.0], b = n}"), "{a = [1, 2.0], b = 3}\n");
        assert_eq!(
            shown(true, "[1, 2.0]"),
            "{\"list\":[{\"int\":\"1\"},{\"float\":\"2\"}]}\n"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        for json in [false, true] {
            let text = shown(json, "[s + \"y\", {a = s}]");
            assert!(text.contains("(secret)") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn every_expression_of_a_dialogue_warns() {
        let evaluator = evaluator(false);
        for _ in 0..2 {
            let (_, warnings) = evaluator.value("env(\"HOME\")").unwrap();
            assert_eq!(
                warnings.iter().map(|one| one.code.id).collect::<Vec<_>>(),
                ["AR0165"]
            );
        }
        assert_eq!(evaluator.value("nope").unwrap_err()[0].code.id, "AR0150");
    }

    #[test]
    fn what_follows_an_expression_is_told() {
        let evaluator = evaluator(false);
        let warnings = |text: &str| evaluator.value(text).unwrap().1.len();
        assert_eq!(warnings("1\n+ 2"), 1);
        for whole in ["1 +\n2\n", "((1)) // one\n", "\n[1,\n2]\n\n/* x */"] {
            assert_eq!(warnings(whole), 0, "{whole}");
        }
    }

    #[test]
    fn a_scope_is_an_object() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scope.json");
        std::fs::write(&file, "[1]").unwrap();
        assert!(scope(&file).unwrap_err().contains("has to be a JSON object"));
        std::fs::write(&file, "{\"a\": 1}").unwrap();
        assert_eq!(scope(&file).unwrap().len(), 1);
    }
}
