//! `alloy-rs check`: finds mistakes in configurations without running them.

use super::{OK, findings, usage};
use crate::report::{self, Format, JsonTo, Reporter, Told};
use crate::runtime::Options;
use crate::{runtime, sources};
use clap::Args;
use river_syntax::Severity;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Find mistakes in configurations without running them.
#[derive(Debug, Args)]
#[command(
    after_help = "A folder's *.alloy files are one configuration. Nothing is started and no peer is called.\n\n\
    Exit status: 0 no errors, 1 errors found, 2 cannot read.\n\nExamples:\n  \
    alloy-rs check config.alloy\n  \
    alloy-rs check /etc/alloy\n  \
    cat config.alloy | alloy-rs check -\n  \
    alloy-rs check --format=json config.alloy"
)]
pub(crate) struct CheckArgs {
    /// Files or folders, each a configuration; `-` for standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How to tell what is wrong: `human` (the default on a terminal) and `concise` (elsewhere) on standard error, `json` on standard output
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    features: super::run::FeatureArgs,
}

pub(crate) fn execute(args: CheckArgs) -> ExitCode {
    let mut status = 0;
    let mut told = Told::new(Reporter::stderr(args.format), "check", JsonTo::Stdout);
    for path in &args.paths {
        let sources = match sources::read(path) {
            Ok(sources) => sources,
            Err(error) => {
                told.fail(error.to_string());
                status = status.max(2);
                continue;
            }
        };
        let options = Options {
            stability: args.features.stability(),
            ..Options::default()
        };
        let (sources, diagnostics) = runtime::check(&options, &sources);
        let errors = report::count(&diagnostics, Severity::Error);
        let warnings = report::count(&diagnostics, Severity::Warning);
        told.add(sources, diagnostics);
        if errors + warnings > 0 && !told.is_json() {
            let plural = |count: usize| if count == 1 { "" } else { "s" };
            drop(writeln!(
                std::io::stderr(),
                "{}: {errors} error{}, {warnings} warning{}",
                path.display(),
                plural(errors),
                plural(warnings)
            ));
        }
        status = status.max(u8::from(errors > 0));
    }
    told.finish();
    match status {
        0 => OK,
        1 => findings(),
        _ => usage(),
    }
}
