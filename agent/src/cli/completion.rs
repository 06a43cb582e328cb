//! `alloy-rs completion`: completion scripts for the usual shells.

use super::{Cli, OK};
use clap::{Args, CommandFactory};
use std::process::ExitCode;

/// Print the completion script of a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    alloy-rs completion bash > /etc/bash_completion.d/alloy-rs\n  \
    alloy-rs completion zsh > ~/.zfunc/_alloy-rs\n  \
    alloy-rs completion fish > ~/.config/fish/completions/alloy-rs.fish")]
pub(crate) struct CompletionArgs {
    /// Which shell
    shell: clap_complete::Shell,
}

pub(crate) fn execute(args: &CompletionArgs) -> ExitCode {
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "alloy-rs",
        &mut std::io::stdout(),
    );
    OK
}
