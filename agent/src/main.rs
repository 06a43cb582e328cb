//! The `alloy-rs` command: formats, checks and runs Alloy (River) configurations.

mod allocator;
mod atomic_file;
mod cli;
mod codes;
mod config_metrics;
mod http;
mod joined;
mod layout;
mod lint_config;
mod live_metrics;
mod logging;
mod lsp;
mod mask;
mod own_traces;
mod program;
mod report;
mod resources;
mod runtime;
mod sources;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    allocator::one_heap();
    cli::Cli::parse().execute()
}
