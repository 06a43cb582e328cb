//! The command line: what can be asked for, with the reference's flag names where it has them.

pub(crate) mod check;
pub(crate) mod completion;
mod diff;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod lsp;
mod output;
mod parallel;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod schema;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Ended as asked.
pub(crate) const OK: ExitCode = ExitCode::SUCCESS;
/// The configuration has errors, or is not formatted.
pub(crate) fn findings() -> ExitCode {
    ExitCode::from(1)
}
/// The command was given wrongly, or a file could not be read or written.
pub(crate) fn usage() -> ExitCode {
    ExitCode::from(2)
}

/// Formats, checks and runs Alloy (River) configurations.
#[derive(Debug, Parser)]
#[command(
    name = "alloy-rs",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        alloy-rs run config.alloy                 run a configuration; the page is at http://127.0.0.1:12345\n  \
        alloy-rs check /etc/alloy                 find mistakes in a folder's *.alloy files\n  \
        alloy-rs check --fix config.alloy         mend what can be mended safely\n  \
        alloy-rs graph config.alloy               draw the pipeline\n  \
        alloy-rs plan old.alloy new.alloy         what a reload would do\n  \
        alloy-rs fmt -w config.alloy              format a file in place\n  \
        cat config.alloy | alloy-rs fmt           format standard input\n  \
        alloy-rs eval '1 + 2'                     what an expression gives; without one a prompt\n  \
        alloy-rs schema loki.write                what a component takes and exports\n  \
        alloy-rs explain AR0201                   what the code of a message means\n  \
        alloy-rs lsp                              what an editor starts; see docs/editor.md\n  \
        alloy-rs completion bash > /etc/bash_completion.d/alloy-rs"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a configuration until SIGTERM or SIGINT
    Run(run::RunArgs),
    /// Print or write configurations in the canonical format
    Fmt(fmt::FmtArgs),
    /// Find mistakes in configurations without running them
    #[command(alias = "validate")]
    Check(check::CheckArgs),
    /// Evaluate an expression, or a dialogue of them
    Eval(eval::EvalArgs),
    /// Print what a component takes and exports, or list all components
    Schema(schema::SchemaArgs),
    /// Draw the pipeline of a configuration
    Graph(graph::GraphArgs),
    /// Tell what a reload would do, without doing it
    Plan(plan::PlanArgs),
    /// Explain a code of a diagnostic, or list all codes
    Explain(explain::ExplainArgs),
    /// Serve an editor over standard input and output (Language Server Protocol)
    Lsp(lsp::LspArgs),
    /// Print the completion script of a shell
    Completion(completion::CompletionArgs),
}

impl Cli {
    /// Does what was asked and says how it ended.
    pub(crate) fn execute(self) -> ExitCode {
        match self.command {
            Command::Run(args) => run::execute(args),
            Command::Fmt(args) => fmt::execute(args),
            Command::Check(args) => check::execute(args),
            Command::Eval(args) => eval::execute(&args),
            Command::Schema(args) => schema::execute(&args),
            Command::Graph(args) => graph::execute(&args),
            Command::Plan(args) => plan::execute(&args),
            Command::Explain(args) => explain::execute(&args),
            Command::Lsp(args) => lsp::execute(&args),
            Command::Completion(args) => completion::execute(&args),
        }
    }
}
