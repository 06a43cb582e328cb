//! `alloy-rs graph`: draws the pipeline of a configuration, also of one with mistakes.

mod dot;
mod drawing;
mod mermaid;
mod svg;

use super::{OK, output, usage};
use crate::report::json::pretty;
use crate::sources;
use clap::{Args, ValueEnum};
use drawing::Drawing;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

/// Draw the pipeline of a configuration.
#[derive(Debug, Args)]
#[command(
    after_help = "Boxes are components; arrows show the way of the data, dotted ones that of other values. Configurations with mistakes are drawn as \
    far as they can be read, with what is broken marked.\n\n\
    Exit status: 0 drawn, 2 cannot read or write.\n\nExamples:\n  \
    alloy-rs graph config.alloy                       Mermaid, which GitHub and GitLab draw in Markdown\n  \
    alloy-rs graph /etc/alloy --format svg > alloy.svg\n  \
    alloy-rs graph config.alloy --format dot | dot -Tpng > alloy.png\n  \
    alloy-rs graph config.alloy --format json | jq '.edges[]'"
)]
pub(crate) struct GraphArgs {
    /// A file, or a folder whose *.alloy files are one configuration; `-`, or none where standard input is no terminal, for standard input
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// In which form
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

/// Forms of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A Mermaid flowchart
    Mermaid,
    /// For Graphviz
    Dot,
    /// Nodes, edges and groups
    Json,
    /// A picture
    Svg,
}

pub(crate) fn execute(args: &GraphArgs) -> ExitCode {
    let path = match &args.path {
        Some(path) => path.clone(),
        None if std::io::stdin().is_terminal() => {
            output::complain(
                "graph",
                "name a file or a folder to draw, or `-` for standard input",
            );
            return usage();
        }
        None => "-".into(),
    };
    let texts = match sources::read(&path) {
        Ok(texts) => texts,
        Err(error) => {
            output::complain("graph", &error.to_string());
            return usage();
        }
    };
    let drawing = Drawing::of(&texts);
    if drawing.mistakes > 0 {
        let count = drawing.mistakes;
        let what = if count == 1 { "mistake" } else { "mistakes" };
        output::complain(
            "graph",
            &format!("drawn as far as {count} {what} allowed; `alloy-rs check` tells them"),
        );
    }
    let text = match args.format {
        Format::Mermaid => mermaid::text(&drawing),
        Format::Dot => dot::text(&drawing),
        Format::Json => pretty(&drawing),
        Format::Svg => svg::text(&drawing),
    };
    match output::write(&text) {
        Ok(()) => OK,
        Err(_) => usage(),
    }
}
