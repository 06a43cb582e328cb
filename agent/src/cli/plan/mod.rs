//! `alloy-rs plan`: what a reload would start, stop, update or leave alone, and why.

mod human;
mod json;

use super::run::FeatureArgs;
use super::{OK, findings, output, usage};
use crate::report::Reporter;
use crate::runtime::{self, Options};
use crate::sources::{self, Source};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std_components::controller::Which;

/// Tell what a reload would do, without doing it.
#[derive(Debug, Args)]
#[command(
    after_help = "Both configurations are evaluated with this machine's environment, as `run` and a reload do, and nothing is started. What is decided \
    while components run, such as what a discovery finds, is not known to a plan. A component that cannot be built on this machine is a \
    warning, and is compared by its arguments.\n\n\
    Exit status: 0 planned, with or without changes, 1 one of the configurations would be rejected, 2 cannot read.\n\nExamples:\n  \
    alloy-rs plan /etc/alloy/config.alloy new.alloy\n  \
    git show HEAD:config.alloy | alloy-rs plan - config.alloy\n  \
    alloy-rs plan old/ new/ --format json | jq '.changes[].id'"
)]
pub(crate) struct PlanArgs {
    /// What runs: a file or a folder; `-` for standard input
    old: PathBuf,
    /// What would be loaded: a file or a folder; `-` for standard input
    new: PathBuf,
    /// In which form
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    features: FeatureArgs,
}

/// Forms of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
}

pub(crate) fn execute(args: &PlanArgs) -> ExitCode {
    let dash = Path::new("-");
    if args.old == dash && args.new == dash {
        output::complain("plan", "standard input can be one of the two configurations only");
        return usage();
    }
    let (Some(old), Some(new)) = (read(&args.old), read(&args.new)) else {
        return usage();
    };
    let options = |path: &Path| Options {
        path: path.to_path_buf(),
        stability: args.features.stability(),
        ..Options::default()
    };
    let reporter = Reporter::stderr(None);
    match runtime::plan((&options(&args.old), &old), (&options(&args.new), &new)) {
        Ok(plan) => {
            reporter.print(&plan.sources, &plan.warnings);
            let text = match args.format {
                Format::Human => human::text(&plan, human::colour()),
                Format::Json => json::text(&plan),
            };
            match output::write(&text) {
                Ok(()) => OK,
                Err(_) => usage(),
            }
        }
        Err(rejected) => {
            reporter.print(&rejected.error.sources, &rejected.error.diagnostics);
            let which = match rejected.which {
                Which::Old => "the old configuration would not have been loaded",
                Which::New => "the new configuration would be rejected; what runs would go on",
            };
            output::complain("plan", which);
            findings()
        }
    }
}

fn read(path: &Path) -> Option<Vec<Source>> {
    match sources::read(path) {
        Ok(texts) => Some(texts),
        Err(error) => {
            output::complain("plan", &error.to_string());
            None
        }
    }
}
