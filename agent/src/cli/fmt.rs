//! `alloy-rs fmt`: prints, writes, tests or compares configurations in the canonical format.

mod files;

use super::{OK, diff, findings, output, parallel, usage};
use crate::atomic_file;
use crate::report::{Format, JsonTo, Reporter, Told};
use clap::Args;
use river_syntax::{Diagnostic, FileId, Sources};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print or write configurations in the canonical format.
#[derive(Debug, Args)]
#[command(
    after_help = "Of a folder all *.alloy files are taken, at any depth, but for hidden ones and those that .gitignore names. Files with syntax \
    errors are reported and left alone; the others are formatted.\n\n\
    Exit status: 0 formatted (with --test or --diff: already), 1 syntax errors or (with --test or --diff) not formatted, 2 cannot \
    read or write.\n\nExamples:\n  \
    alloy-rs fmt config.alloy             print the formatted file\n  \
    alloy-rs fmt -w .                     write all *.alloy files of a folder in place\n  \
    alloy-rs fmt --check /etc/alloy       list the files that are not formatted\n  \
    alloy-rs fmt --diff config.alloy      show what formatting changes\n  \
    alloy-rs fmt < config.alloy           format standard input"
)]
pub(crate) struct FmtArgs {
    /// Files and folders to format; standard input where none is given, or for `-`
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write the result back to the file
    #[arg(short, long, conflicts_with = "test")]
    write: bool,
    /// Only test: list the files that are not formatted and exit with 1
    #[arg(short, long, visible_alias = "check")]
    test: bool,
    /// Show what formatting changes as a unified diff, in place of the text or the list
    #[arg(long)]
    diff: bool,
    /// The name of standard input in messages and diffs
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<String>,
    /// How to tell syntax errors, on standard error; by default `human` on a terminal and `concise` elsewhere
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,
}

pub(crate) fn execute(args: FmtArgs) -> ExitCode {
    let dash = Path::new("-");
    let stdin = args.paths.is_empty() || args.paths.iter().all(|path| path == dash);
    if !stdin && args.paths.iter().any(|path| path == dash) {
        output::complain("fmt", "`-`, standard input, cannot be given together with files");
        return usage();
    }
    if stdin && args.write {
        output::complain(
            "fmt",
            "standard input has no file to write to; leave out --write or name a file",
        );
        return usage();
    }
    let job = Job {
        write: args.write,
        test: args.test,
        diff: args.diff,
        colour: args.diff && crate::report::colour(std::io::stdout().is_terminal()),
    };
    let mut told = Told::new(Reporter::stderr(args.format), "fmt", JsonTo::Stderr);
    let mut worst = 0;
    let mut tell = |outcome: Outcome| {
        worst = worst.max(outcome.status);
        if output::write(&outcome.text).is_err() {
            worst = 2;
        }
        if let Some((sources, diagnostics)) = outcome.mistakes {
            told.add(sources, diagnostics);
        }
        if let Some(failure) = outcome.failure {
            told.fail(failure);
        }
    };
    if stdin {
        let name = args.stdin_filename.as_deref().unwrap_or("<stdin>");
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        tell(job.run(name, None, read.map(|_| bytes)));
    } else {
        let found = files::find(&args.paths);
        for failure in found.failures {
            tell(Outcome::failed(failure));
        }
        parallel::in_order(
            &found.files,
            |path| job.run(&path.display().to_string(), Some(path), std::fs::read(path)),
            &mut tell,
        );
        for folder in found.empty {
            output::complain("fmt", &format!("{} holds no *.alloy file", folder.display()));
        }
    }
    told.finish();
    match worst {
        0 => OK,
        1 => findings(),
        _ => usage(),
    }
}

/// What to do with each text.
#[derive(Clone, Copy, Debug)]
struct Job {
    write: bool,
    test: bool,
    diff: bool,
    colour: bool,
}

/// What came of a text.
#[derive(Debug, Default)]
struct Outcome {
    /// For standard output.
    text: String,
    /// Why it could not be formatted.
    mistakes: Option<(Sources, Vec<Diagnostic>)>,
    /// Why it could not be read or written.
    failure: Option<String>,
    /// The exit status.
    status: u8,
}

impl Outcome {
    fn failed(failure: String) -> Self {
        Self {
            failure: Some(failure),
            status: 2,
            ..Self::default()
        }
    }
}

impl Job {
    /// Formats one text, and writes it back where that is asked for.
    fn run(self, name: &str, path: Option<&Path>, bytes: std::io::Result<Vec<u8>>) -> Outcome {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return Outcome::failed(format!("cannot read {name}: {error}")),
        };
        let mistakes = |text: &str, diagnostics| {
            let mut sources = Sources::new();
            sources.add(name, text);
            Outcome {
                mistakes: Some((sources, diagnostics)),
                status: 1,
                ..Outcome::default()
            }
        };
        let (text, not_text) = river_syntax::decode(FileId(0), &bytes);
        if let Some(error) = not_text {
            return mistakes(&text, vec![error]);
        }
        let formatted = match river_syntax::format(&text) {
            Ok(formatted) => formatted,
            Err(diagnostics) => return mistakes(&text, diagnostics),
        };
        let same = formatted == *text;
        let mut outcome = Outcome::default();
        if self.diff {
            outcome.text = diff::unified(name, " (formatted)", &text, &formatted, self.colour);
        } else if self.test && !same {
            outcome.text = format!("{name}\n");
        }
        if self.write {
            if let Some(path) = path.filter(|_| !same)
                && let Err(error) = atomic_file::replace(path, formatted.as_bytes())
            {
                return Outcome::failed(format!("cannot write {name}: {error}"));
            }
        } else if self.test || self.diff {
            outcome.status = u8::from(!same);
        } else {
            outcome.text = formatted;
        }
        outcome
    }
}
