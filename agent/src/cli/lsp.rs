//! `alloy-rs lsp`: the language server for editors.

use super::{OK, findings, output};
use crate::lsp;
use clap::Args;
use std::process::ExitCode;

/// Serve an editor over standard input and output (Language Server Protocol).
#[derive(Debug, Args)]
#[command(
    after_help = "An editor starts this command; set-up for VS Code, Neovim, Helix and Zed is in docs/editor.md. Settings come from the editor, \
    as `initializationOptions` or in the section `alloy-rs`; where it sets nothing alloy-rs.toml counts.\n\n\
    Exit status: 0 the editor said `shutdown` and `exit`, 1 it went without, or does not speak the protocol.\n\nExamples:\n  \
    alloy-rs lsp\n  \
    nvim --cmd 'lua vim.lsp.config(\"alloy_rs\", {cmd = {\"alloy-rs\", \"lsp\"}, filetypes = {\"alloy\"}}) vim.lsp.enable(\"alloy_rs\")'"
)]
pub(crate) struct LspArgs {
    /// Accepted as many clients give it: there is no other transport
    #[arg(long)]
    stdio: bool,
}

pub(crate) fn execute(args: &LspArgs) -> ExitCode {
    // Told by --help: without effect.
    let _ = args.stdio;
    match lsp::serve() {
        Ok(()) => OK,
        Err(error) => {
            output::complain("lsp", &error.to_string());
            findings()
        }
    }
}
