//! `alloy-rs fmt`: prints or writes configurations in the canonical format.

use super::{OK, findings, usage};
use crate::atomic_file;
use crate::report::Reporter;
use crate::sources::{self, Source};
use clap::Args;
use river_syntax::Sources;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print or write configurations in the canonical format.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 formatted (with --test: already), 1 syntax errors or (with --test) not formatted, 2 cannot \
    read or write.\n\nExamples:\n  \
    alloy-rs fmt config.alloy             print the formatted file\n  \
    alloy-rs fmt -w *.alloy               write files in place\n  \
    alloy-rs fmt -t config.alloy          only say whether it is formatted\n  \
    alloy-rs fmt < config.alloy           format standard input"
)]
pub(crate) struct FmtArgs {
    /// Files to format; standard input where none is given, or for `-`
    files: Vec<PathBuf>,
    /// Write the result back to the file
    #[arg(short, long, conflicts_with = "test")]
    write: bool,
    /// Only test: list the files that are not formatted and exit with 1
    #[arg(short, long, visible_alias = "check")]
    test: bool,
}

pub(crate) fn execute(args: FmtArgs) -> ExitCode {
    let stdin = args.files.is_empty() || args.files == [PathBuf::from("-")];
    if stdin && args.write {
        complain("standard input has no file to write to; leave out --write or name a file");
        return usage();
    }
    let files = if stdin {
        vec![PathBuf::from("-")]
    } else {
        args.files.clone()
    };
    let mut worst = 0;
    for path in &files {
        let source = if stdin {
            sources::read_stdin()
        } else {
            sources::read_file(path)
        };
        let status = match source {
            Ok(source) => one(&args, path, source),
            Err(error) => {
                complain(&error.to_string());
                2
            }
        };
        worst = worst.max(status);
    }
    match worst {
        0 => OK,
        1 => findings(),
        _ => usage(),
    }
}

/// Formats one text and gives its exit status.
fn one(args: &FmtArgs, path: &std::path::Path, source: Source) -> u8 {
    let formatted = match river_syntax::format(&source.text) {
        Ok(formatted) => formatted,
        Err(diagnostics) => {
            let mut sources = Sources::new();
            sources.add(source.name, source.text);
            Reporter::stderr().print(&sources, &diagnostics);
            return 1;
        }
    };
    if args.test {
        if formatted != source.text {
            print(&format!("{}\n", source.name));
            return 1;
        }
        return 0;
    }
    if !args.write {
        return print(&formatted);
    }
    if formatted == source.text {
        return 0;
    }
    match atomic_file::replace(path, formatted.as_bytes()) {
        Ok(()) => 0,
        Err(error) => {
            complain(&format!("cannot write {}: {error}", path.display()));
            2
        }
    }
}

fn print(text: &str) -> u8 {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => 0,
        // A reader that went away (`| head`) is no mistake of the caller's.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(_) => 2,
    }
}

fn complain(message: &str) {
    // There is nowhere left to say that stderr is closed.
    drop(writeln!(std::io::stderr(), "alloy-rs fmt: {message}"));
}
