//! Checks whole configurations on a thread of its own, so that answers do not wait for it.
//!
//! Only the newest state of a configuration is worth a check: of several that wait the last one is done. Files that did not change are not parsed
//! again.

pub(crate) mod findings;
mod loader;

use crate::lint_config::{Levels, apply};
use alloy_check::Settings;
use crossbeam_channel::{Receiver, Sender, unbounded};
use loader::EditorLoader;
use river_eval::check::{Analysis, Inferred};
use river_eval::graph::ParsedFile;
use river_syntax::{FileId, Sources, Span};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A configuration to be checked.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its first file: what tells it from others.
    pub(crate) key: PathBuf,
    /// Its files in order of their names.
    pub(crate) files: Vec<(PathBuf, Arc<str>)>,
    /// Every text that the editor has open: modules may be among them.
    pub(crate) open: HashMap<PathBuf, Arc<str>>,
    /// The editor's folders.
    pub(crate) roots: Vec<PathBuf>,
    /// What it is checked for.
    pub(crate) settings: Settings,
    /// What becomes of its findings.
    pub(crate) levels: Levels,
}

/// What came of a check.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The first file of the configuration.
    pub(crate) key: PathBuf,
    /// How many of the sources are its own files; the rest are imported.
    pub(crate) own: usize,
    /// All texts.
    pub(crate) sources: Sources,
    /// Everything that is known of it; the findings as they are to be told.
    pub(crate) analysis: Analysis,
}

impl Outcome {
    /// The path of a source.
    pub(crate) fn path(&self, file: FileId) -> Option<&Path> {
        Some(Path::new(self.sources.get(file)?.name()))
    }

    /// The number of a path among the sources, if it was checked with this text.
    pub(crate) fn number(&self, path: &Path, text: &Arc<str>) -> Option<FileId> {
        let mut sources = self.sources.iter();
        let (file, source) = sources.find(|(_, source)| Path::new(source.name()) == path)?;
        (Arc::ptr_eq(source.text(), text) || source.text() == text).then_some(file)
    }

    /// What the checker knows of the smallest call, operator, index or name in an expression that holds a place, and where that stands.
    pub(crate) fn inferred_at(&self, file: FileId, offset: u32) -> Option<(Span, Inferred)> {
        let holds = |span: Span| span.file == file && span.start <= offset && offset <= span.end;
        let references = self.analysis.references.iter();
        let names = references
            .filter(|reference| holds(reference.span))
            .map(|reference| (reference.span, Inferred::of(reference.ty.clone())));
        let expressions = self.analysis.expressions.iter();
        let others = expressions
            .filter(|expression| holds(expression.span))
            .map(|expression| (expression.span, expression.inferred.clone()));
        names.chain(others).min_by_key(|(span, _)| span.end - span.start)
    }
}

/// The thread that checks.
#[derive(Debug)]
pub(crate) struct Checker {
    jobs: Option<Sender<Job>>,
    /// What came of checks.
    pub(crate) outcomes: Receiver<Outcome>,
    thread: Option<JoinHandle<()>>,
}

impl Checker {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives none.
    pub(crate) fn start() -> std::io::Result<Self> {
        // Both hold few: of a configuration only the last job is done, and the loop takes outcomes as they come.
        let (jobs, received) = unbounded::<Job>();
        let (sender, outcomes) = unbounded();
        let thread = std::thread::Builder::new()
            .name("lsp-check".to_owned())
            .spawn(move || work(&received, &sender))?;
        Ok(Self {
            jobs: Some(jobs),
            outcomes,
            thread: Some(thread),
        })
    }

    /// Asks for a check.
    pub(crate) fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Only fails when the thread is gone, which it is not before this is dropped.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A check that failed was told by its own thread.
            let _ = thread.join();
        }
    }
}

fn work(jobs: &Receiver<Job>, outcomes: &Sender<Outcome>) {
    let mut parsed = Parsed::default();
    while let Ok(first) = jobs.recv() {
        let mut waiting = vec![first];
        waiting.extend(jobs.try_iter());
        // A later job of the same configuration makes an earlier one pointless.
        let mut done: Vec<PathBuf> = Vec::new();
        while let Some(job) = waiting.pop() {
            if done.contains(&job.key) {
                continue;
            }
            done.push(job.key.clone());
            // A fault of a rule must not take the editor's server away; the panic's message stands on standard error.
            let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| run(job, &mut parsed))) else {
                continue;
            };
            if outcomes.send(outcome).is_err() {
                return;
            }
        }
    }
}

/// Files as they were parsed last, by configuration and number.
type Parsed = HashMap<(PathBuf, FileId), (Arc<str>, Arc<ParsedFile>)>;

/// Parsed files that are kept; beyond, all are forgotten.
const MAX_PARSED: usize = 4096;

fn run(job: Job, parsed: &mut Parsed) -> Outcome {
    if parsed.len() > MAX_PARSED {
        parsed.clear();
    }
    let mut sources = Sources::new();
    let files: Vec<Arc<ParsedFile>> = job
        .files
        .iter()
        .map(|(path, text)| {
            let file = sources.add(path.display().to_string(), text.clone());
            let kept = parsed.get(&(path.clone(), file));
            if let Some((_, kept)) = kept.filter(|(of, _)| Arc::ptr_eq(of, text)) {
                return kept.clone();
            }
            let new = Arc::new(ParsedFile::parse(file, text));
            parsed.insert((path.clone(), file), (text.clone(), new.clone()));
            new
        })
        .collect();
    let loader = EditorLoader {
        open: &job.open,
        roots: &job.roots,
    };
    let mut analysis = alloy_check::check(&mut sources, &files, &job.settings, &loader);
    let found = std::mem::take(&mut analysis.diagnostics);
    analysis.diagnostics = apply(&sources, found, &job.levels);
    Outcome {
        key: job.key,
        own: files.len(),
        sources,
        analysis,
    }
}
