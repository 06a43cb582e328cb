//! `alloy-rs check`: finds mistakes in configurations without running them.

mod analysis;
pub(crate) mod edits;
mod fix;
mod options;
mod round;
mod tell;
mod watch;

use super::{OK, findings, output, usage};
use clap::Args;
use options::Asked;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Find mistakes in configurations without running them.
#[derive(Debug, Args)]
#[command(
    after_help = "A folder's own *.alloy files are one configuration. Nothing is started and no peer is called.\n\n\
    alloy-rs.toml, beside what is checked or above, sets severities, target and stability level; what flags say counts more. In the text \
    `// alloy-rs: allow(AR0201) reason` lets a finding of its line, or of the line, attribute or block below, pass.\n\n\
    Exit status: 0 no errors, 1 errors found (with --fix --diff: or something to fix), 2 wrong usage, or a file cannot be read or written.\n\n\
    Examples:\n  \
    alloy-rs check config.alloy\n  \
    alloy-rs check /etc/alloy --target alloy-rs\n  \
    cat config.alloy | alloy-rs check\n  \
    alloy-rs check --fix --diff config.alloy          show what can be mended safely\n  \
    alloy-rs check --watch config.alloy               check again after every change\n  \
    alloy-rs check --deny warnings --format github .  in continuous integration"
)]
pub(crate) struct CheckArgs {
    /// Files or folders, each a configuration; `-`, or none where standard input is no terminal, for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to tell: `human` (the default on a terminal) and `concise` (elsewhere) on standard error, the others on standard output
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<tell::Format>,
    /// Apply the fixes that are safe, and tell what is left. Standard input's mended text goes to standard output
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change as a unified diff, and write nothing
    #[arg(long, requires = "fix")]
    diff: bool,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long, conflicts_with = "fix")]
    watch: bool,
    /// Count the findings of each code
    #[arg(long)]
    statistics: bool,
    /// The name of standard input in messages
    #[arg(
        long,
        value_name = "NAME",
        default_value = "<stdin>",
        hide_default_value = true
    )]
    stdin_filename: String,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn execute(args: CheckArgs) -> ExitCode {
    let mut args = args;
    if args.paths.is_empty() {
        if std::io::stdin().is_terminal() {
            output::complain(
                "check",
                "name a file or a folder to check, or `-` for standard input",
            );
            return usage();
        }
        args.paths.push("-".into());
    }
    let mut seen = std::collections::HashSet::new();
    args.paths.retain(|path| seen.insert(path.clone()));
    let stdin = args.paths.iter().any(|path| path == Path::new("-"));
    let format = args.format.unwrap_or_else(tell::Format::by_default);
    let mut asked = args.asked;
    if let Err(message) = asked.settle() {
        output::complain("check", &message);
        return usage();
    }
    if (args.diff || args.fix && stdin) && format.on_stdout() {
        let what = if args.diff { "the diff" } else { "the mended text" };
        output::complain(
            "check",
            &format!("{what} goes to standard output; use --format human or concise with it"),
        );
        return usage();
    }
    let told = tell::How {
        format,
        statistics: args.statistics,
    };
    let round = round::Round {
        paths: args.paths,
        stdin_filename: args.stdin_filename,
        asked,
    };
    let status = if args.watch {
        if stdin {
            output::complain("check", "standard input cannot be watched; name a file");
            return usage();
        }
        watch::watch(|| {
            let done = round.run(None);
            tell::clear();
            let status = tell::tell(&done.batch, told, None);
            (status, done.files)
        })
    } else if args.fix {
        let how = match args.diff {
            true => fix::Way::Show,
            false => fix::Way::Write,
        };
        let done = round.run(Some(how));
        let status = tell::tell(&done.batch, told, Some((how, done.mended)));
        status.max(done.status)
    } else {
        tell::tell(&round.run(None).batch, told, None)
    };
    match status {
        0 => OK,
        1 => findings(),
        _ => usage(),
    }
}
