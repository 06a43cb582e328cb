//! `discovery.file`: targets that files list, as Prometheus' `file_sd_config` reads them.
//!
//! Files are read again when the kernel tells that something in their folders changed, and every `refresh_interval`. A file that cannot be read or
//! understood keeps the targets that it listed last; a file that is gone takes its targets with it.

use super::groups;
use super::refresh::{Exports, check_interval, export};
use crate::component::metrics::{Histogram, IntCounter, IntGaugeVec};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::local::glob::{Match, Pattern};
use crate::signals::Target;
use crate::text_files::{self, Folders, REST};
use parking_lot::Mutex;
use river_eval::Checks;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;

/// Bytes of one file at the most.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Files of a component at the most.
const MAX_FILES: usize = 10_000;

/// The least time between two readings that the kernel's word leads to: a folder in which much happens must not keep the agent busy.
const LEAST_PAUSE: Duration = Duration::from_millis(500);

/// How soon files that could not be read are tried again where `refresh_interval` is longer.
const RETRY: Duration = Duration::from_secs(30);

/// The arguments of `discovery.file`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// The files to read: paths or globs that end with `.json`, `.yml` or `.yaml`.
    files: Vec<String>,
    /// How often to read them even though the kernel tells of no change.
    #[river(default = Duration::from_secs(300))]
    refresh_interval: Duration,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    check_interval(arguments.refresh_interval, checks);
    for name in &arguments.files {
        if Format::of(Path::new(name)).is_none() {
            let message = format!("path name {name:?} is not valid for file discovery");
            checks.attribute("files", message).help = Some("it has to end with .json, .yml or .yaml".into());
        } else if let Err(error) = Pattern::new(name) {
            checks.attribute("files", error.to_string());
        }
    }
}

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Json,
    Yaml,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match &*path.extension()?.to_str()?.to_ascii_lowercase() {
            "json" => Some(Self::Json),
            "yml" | "yaml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

/// A glob with the folder that relative paths begin in, which is left out of what is shown.
struct Glob {
    pattern: Pattern,
    working_folder: Option<PathBuf>,
}

/// What a component looks for.
struct Wanted {
    globs: Vec<Glob>,
    /// The folders of paths that are no globs: a file may come up there.
    folders: BTreeSet<PathBuf>,
    interval: Duration,
}

impl Wanted {
    fn new(arguments: &Arguments) -> Result<Self, BuildError> {
        let mut globs = Vec::new();
        let mut folders = BTreeSet::new();
        for name in &arguments.files {
            let path = Path::new(name);
            globs.push(Glob {
                pattern: Pattern::new(name).map_err(|error| BuildError::at("files", error.to_string()))?,
                working_folder: if path.is_relative() {
                    std::env::current_dir().ok()
                } else {
                    None
                },
            });
            let folder = text_files::folder_of(path);
            if !folder.to_string_lossy().contains(['*', '?', '[', '{']) {
                folders.insert(folder.to_owned());
            }
        }
        Ok(Self {
            globs,
            folders,
            interval: arguments.refresh_interval,
        })
    }

    /// The files that there are now.
    fn find(&self) -> (BTreeSet<PathBuf>, Vec<String>) {
        let mut paths = BTreeSet::new();
        let mut problems = Vec::new();
        for glob in &self.globs {
            let found = glob.pattern.find();
            for (folder, error) in found.problems {
                problems.push(format!("failed to list {}: {error}", folder.display()));
            }
            for Match { path, .. } in found.matches {
                let shown = match &glob.working_folder {
                    Some(folder) => path.strip_prefix(folder).unwrap_or(&path).to_owned(),
                    None => path,
                };
                paths.insert(shown);
            }
        }
        if paths.len() > MAX_FILES {
            problems.push(format!(
                "more than {MAX_FILES} files match; the others are left out"
            ));
            paths = paths.into_iter().take(MAX_FILES).collect();
        }
        (paths, problems)
    }
}

/// What was read.
#[derive(Default)]
struct Known {
    /// The last good targets of each file.
    files: BTreeMap<PathBuf, Vec<Target>>,
    /// What is wrong now.
    problems: Vec<String>,
}

/// `discovery.file`.
pub(super) struct File {
    context: Context<Exports>,
    wanted: Mutex<Arc<Wanted>>,
    known: Mutex<Known>,
    changed: Notify,
    read_errors: IntCounter,
    watch_errors: IntCounter,
    modified: IntGaugeVec,
    scan: Histogram,
}

impl Component for File {
    const NAME: &'static str = "discovery.file";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        context.flow.tells_itself();
        let metrics = &context.metrics;
        let file = Self {
            read_errors: metrics.counter(
                "prometheus_sd_file_read_errors_total",
                "The number of File-SD read errors.",
            ),
            watch_errors: metrics.counter(
                "prometheus_sd_file_watcher_errors_total",
                "The number of File-SD errors caused by filesystem watch failures.",
            ),
            modified: metrics.gauges(
                "prometheus_sd_file_mtime_seconds",
                "Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.",
                &["filename"],
            ),
            scan: metrics
                .summaries(
                    "prometheus_sd_file_scan_duration_seconds",
                    "The duration of the File-SD scan in seconds.",
                    &[],
                )
                .with_label_values::<&str>(&[]),
            wanted: Mutex::new(Arc::new(Wanted::new(&arguments)?)),
            known: Mutex::default(),
            changed: Notify::new(),
            context,
        };
        // So that what refers to the targets has them from the start. A file that is broken is told by the task.
        file.refresh();
        Ok(file)
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        *self.wanted.lock() = Arc::new(Wanted::new(&arguments)?);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let touched = Arc::new(Notify::new());
        let mut folders = Folders::new(&touched);
        let (mut told, mut unwatched) = (Vec::new(), Vec::new());
        loop {
            // Watched first, so that no change falls between.
            let failed = folders.watch(&self.folders());
            if failed != unwatched {
                for (folder, error) in &failed {
                    self.watch_errors.inc();
                    tracing::warn!(
                        component_id = %self.context.id, %error,
                        "the folder {} cannot be watched; its files are looked at every refresh_interval instead",
                        folder.display()
                    );
                }
                unwatched = failed;
            }
            let read_at = tokio::time::Instant::now();
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.refresh())
                .await
                .map_err(|error| RunError(format!("the reading of files broke off: {error}")))?;
            let problems = self.known.lock().problems.clone();
            let is_well = problems.is_empty();
            if told != problems {
                for problem in &problems {
                    tracing::error!(component_id = %self.context.id, "{problem}");
                }
                told = problems;
            }
            let interval = self.wanted.lock().interval;
            let wait = if is_well { interval } else { interval.min(RETRY) };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = touched.notified() => {
                    let due = (tokio::time::Instant::now() + REST).max(read_at + LEAST_PAUSE);
                    tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        () = tokio::time::sleep_until(due) => {}
                    }
                }
            }
        }
    }
}

impl File {
    /// The folders in which files are, or may come up.
    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut folders = self.wanted.lock().folders.clone();
        let known = self.known.lock();
        folders.extend(
            known
                .files
                .keys()
                .map(|path| text_files::folder_of(path).to_owned()),
        );
        // One that is not there is no mistake: it is looked for every refresh_interval.
        folders.retain(|folder| folder.is_dir());
        folders
    }

    /// Reads all files and exports what they list.
    fn refresh(&self) {
        let begin = Instant::now();
        let wanted = self.wanted.lock().clone();
        let (paths, mut problems) = wanted.find();
        let mut known = self.known.lock();
        for path in &paths {
            let shown = path.display().to_string();
            match read(path, &shown) {
                Ok((targets, modified)) => {
                    self.modified.with_label_values(&[&shown]).set(modified);
                    known.files.insert(path.clone(), targets);
                }
                // Gone between: the kernel tells soon.
                Err(_) if !path.exists() => {}
                Err(reason) => {
                    self.read_errors.inc();
                    problems.push(format!(
                        "failed to read the targets of {shown}: {reason}; those that it listed last stay in use, and it is read again"
                    ));
                }
            }
        }
        known.files.retain(|path, _| {
            let is_there = paths.contains(path);
            if !is_there {
                self.modified.remove_label_values(&[path.display().to_string()]);
            }
            is_there
        });
        let health = &self.context.health;
        match problems.as_slice() {
            [] => health.healthy("files are read"),
            [problem] => health.unhealthy(problem),
            [problem, others @ ..] => health.unhealthy(format!("{problem} (and {} more)", others.len())),
        }
        known.problems = problems;
        let targets = known.files.values().flatten().cloned().collect();
        drop(known);
        self.scan.observe(begin.elapsed().as_secs_f64());
        export(&self.context, targets);
    }
}

/// The targets of a file, and when it was changed, in Unix seconds.
fn read(path: &Path, shown: &str) -> Result<(Vec<Target>, i64), String> {
    let format = Format::of(path).ok_or("it ends with neither .json nor .yml nor .yaml")?;
    let text = text_files::read(path, MAX_FILE_BYTES, "it").map_err(|error| error.to_string())?;
    let own = ("__meta_filepath", shown);
    let targets = match format {
        Format::Json => groups::from_json(text.as_bytes(), own),
        Format::Yaml => groups::from_yaml(&text, own),
    }?;
    let modified = path.metadata().and_then(|metadata| metadata.modified()).ok();
    let modified = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let seconds = modified.unwrap_or_default().as_secs();
    Ok((targets, i64::try_from(seconds).unwrap_or(i64::MAX)))
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
