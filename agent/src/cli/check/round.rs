//! One round of the command: reads everything that was named, checks it, and mends it where that is asked for.

use super::analysis::analyze;
use super::fix::{self, Mended, Way};
use super::options::{Asked, Settled};
use crate::cli::parallel;
use crate::lint_config::apply;
use crate::lint_config::find::Finder;
use crate::report::batch::Batch;
use crate::sources::{self, Source};
use river_syntax::{Diagnostic, Sources};
use std::path::{Path, PathBuf};

/// What to check.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) paths: Vec<PathBuf>,
    pub(super) stdin_filename: String,
    pub(super) asked: Asked,
}

/// What came of a round.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) batch: Batch,
    /// What was mended.
    pub(super) mended: Mended,
    /// The exit status, as far as it follows from mending.
    pub(super) status: u8,
    /// The files that were read, and where others are looked for.
    pub(super) files: Vec<PathBuf>,
}

/// One configuration with what counts for it.
struct Job<'p> {
    path: &'p Path,
    settled: Settled,
}

/// What came of one configuration.
#[derive(Default)]
struct Outcome {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    mended: Mended,
    failures: Vec<String>,
    /// Whether there was anything to check.
    read: bool,
}

impl Round {
    /// Reads and checks everything once.
    pub(super) fn run(&self, fix: Option<Way>) -> Done {
        let mut done = Done::default();
        let mut finder = Finder::default();
        let jobs: Vec<Job<'_>> = self
            .paths
            .iter()
            .map(|path| Job {
                path,
                settled: self.asked.with(&finder.of(path).settings),
            })
            .collect();
        for file in finder.all() {
            done.files.extend(file.path.clone());
            done.batch.failures.extend(file.failure.clone());
            if !file.diagnostics.is_empty() {
                let name = file.path.as_ref().map(|path| path.display().to_string());
                done.batch.add(
                    name.unwrap_or_default(),
                    file.sources.clone(),
                    file.diagnostics.clone(),
                );
            }
        }
        let mut jobs_left = jobs.iter();
        parallel::in_order(
            &jobs,
            |job| self.one(job, fix),
            |outcome| {
                let path = jobs_left.next().map_or(Path::new(""), |job| job.path);
                done.files.push(path.to_path_buf());
                for (_, file) in outcome.sources.iter() {
                    done.files.push(file.name().into());
                }
                done.batch.failures.extend(outcome.failures);
                if outcome.read {
                    let name = match path == Path::new("-") {
                        true => self.stdin_filename.clone(),
                        false => path.display().to_string(),
                    };
                    done.batch.add(name, outcome.sources, outcome.diagnostics);
                }
                done.mended.add(outcome.mended);
            },
        );
        if let Some(way) = fix {
            done.status = done.mended.status(way);
        }
        done
    }

    fn one(&self, job: &Job<'_>, fix: Option<Way>) -> Outcome {
        let mut texts = match sources::read(job.path) {
            Ok(texts) => texts,
            Err(error) => {
                return Outcome {
                    failures: vec![error.to_string()],
                    ..Outcome::default()
                };
            }
        };
        for text in &mut texts {
            if text.path.is_none() {
                text.name.clone_from(&self.stdin_filename);
            }
        }
        let check = |texts: &[Source]| {
            let (sources, found) = analyze(&job.settled, texts);
            let found = apply(&sources, found, &job.settled.levels);
            (sources, found)
        };
        let (sources, found) = check(&texts);
        let Some(way) = fix else {
            return Outcome {
                sources,
                diagnostics: found,
                read: true,
                ..Outcome::default()
            };
        };
        let mended = fix::mend(texts, found, &check);
        let failures = match way {
            Way::Write => mended.write(),
            Way::Show => Vec::new(),
        };
        // Checked once more: what is told has to be what the written text has.
        let (sources, diagnostics) = match mended.fixes {
            0 => {
                let found = mended.left.clone();
                (sources, found)
            }
            _ => check(&mended.texts()),
        };
        Outcome {
            sources,
            diagnostics,
            mended,
            failures,
            read: true,
        }
    }
}
