//! `local.file_match`: finds the files that globs stand for.

use super::glob::{Match, Pattern};
use crate::component::{BuildError, CancellationToken, Component, Context, RunError};
use crate::signals::Target;
use parking_lot::Mutex;
use river_eval::Checks;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// The label that holds the glob, and in the exported targets the file.
pub(crate) const PATH: &str = "__path__";
/// The label that holds a glob of files to leave out.
pub(crate) const PATH_EXCLUDE: &str = "__path_exclude__";

/// The arguments of `local.file_match`.
#[derive(Clone, Debug, PartialEq, river_eval::Arguments)]
#[river(validate = check)]
pub(super) struct Arguments {
    /// Targets whose `__path__` is a doublestar glob such as `/var/log/**/*.log`; files that match `__path_exclude__` are left out.
    path_targets: Vec<Target>,
    /// How often to look for files.
    #[river(default = Duration::from_secs(10))]
    sync_period: Duration,
    /// Leaves out files that were modified longer ago than this; `0s` leaves out none.
    #[river(default = Duration::ZERO)]
    ignore_older_than: Duration,
}

fn check(arguments: &Arguments, checks: &mut Checks<'_, '_>) {
    if arguments.sync_period.is_zero() {
        checks
            .attribute("sync_period", "sync_period must be above 0")
            .help = Some("leave it out for the default, 10s".into());
    }
}

/// The exports of `local.file_match`.
#[derive(Clone, Debug, river_eval::Exports)]
pub(super) struct Exports {
    /// The targets, one for each file found, `__path__` being the file.
    targets: Vec<Target>,
}

/// `local.file_match`.
pub(super) struct FileMatch {
    context: Context<Exports>,
    arguments: Mutex<Arc<Arguments>>,
    changed: Notify,
}

impl Component for FileMatch {
    const NAME: &'static str = "local.file_match";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        context.export(&Exports { targets: Vec::new() });
        Ok(Self {
            context,
            arguments: Mutex::new(Arc::new(arguments)),
            changed: Notify::new(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        *self.arguments.lock() = Arc::new(arguments);
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        let mut told = Vec::new();
        loop {
            let arguments = self.arguments.lock().clone();
            let period = arguments.sync_period;
            // A file system may take its time; the reactor must not wait for it.
            let search = tokio::task::spawn_blocking(move || {
                find_all(&arguments.path_targets, arguments.ignore_older_than)
            });
            let search = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                search = search => search.map_err(|error| RunError(format!("the search for files broke off: {error}")))?,
            };
            self.context.export(&Exports {
                targets: search.targets,
            });
            match search.problems.first() {
                None => self.context.health.healthy("found the files"),
                Some(first) => self.context.health.unhealthy(first),
            }
            // Once when they come up, not every period.
            if search.problems != told {
                for problem in &search.problems {
                    tracing::warn!(component_id = %self.context.id, "{problem}");
                }
                told = search.problems;
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.changed.notified() => {}
                () = tokio::time::sleep(period) => {}
            }
        }
    }
}

/// What a search found.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// A target for each file, in the order of the globs, sorted within each.
    pub(crate) targets: Vec<Target>,
    /// What went wrong, a sentence each.
    pub(crate) problems: Vec<String>,
}

/// Finds the files of all globs. Blocks for as long as the file system does.
pub(crate) fn find_all(globs: &[Target], ignore_older_than: Duration) -> Search {
    let oldest = (!ignore_older_than.is_zero())
        .then(|| SystemTime::now().checked_sub(ignore_older_than))
        .flatten();
    let mut search = Search::default();
    for target in globs {
        find(target, oldest, &mut search);
    }
    search
}

fn find(target: &Target, oldest: Option<SystemTime>, search: &mut Search) {
    let Some(path) = target.get(PATH).filter(|path| !path.is_empty()) else {
        search.problems.push(format!(
            "the target {target:?} has no __path__ to look for; set one"
        ));
        return;
    };
    let exclude = target
        .get(PATH_EXCLUDE)
        .filter(|exclude| !exclude.is_empty())
        .map(Pattern::new)
        .transpose();
    let (pattern, exclude) = match (Pattern::new(path), exclude) {
        (Ok(pattern), Ok(exclude)) => (pattern, exclude),
        (Err(error), _) => {
            search.problems.push(format!("__path__: {error}"));
            return;
        }
        (_, Err(error)) => {
            // To read what should have been left out would be worse than to wait for the user.
            search
                .problems
                .push(format!("__path_exclude__ of {path:?}: {error}"));
            return;
        }
    };
    let found = pattern.find();
    for (folder, error) in found.problems {
        search.problems.push(format!(
            "{path:?}: the folder {} cannot be listed ({error}); let the agent's user read it",
            folder.display()
        ));
    }
    for Match { path: file, is_file } in found.matches {
        if exclude.as_ref().is_some_and(|exclude| exclude.matches(&file)) {
            continue;
        }
        let is_wanted = || (is_file && oldest.is_none()) || is_wanted(&file, oldest);
        if let Some(name) = file.to_str().filter(|_| is_wanted()) {
            search.targets.push(target.with(PATH, name));
        }
    }
}

/// Whether it is still there, no folder, and young enough.
fn is_wanted(file: &Path, oldest: Option<SystemTime>) -> bool {
    let Ok(metadata) = file.metadata() else {
        return false;
    };
    let is_young = match (oldest, metadata.modified()) {
        (Some(oldest), Ok(modified)) => modified >= oldest,
        _ => true,
    };
    !metadata.is_dir() && is_young
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::ExportSink;
    use river_eval::Value;
    use std::fs;

    fn targets(exports: &ExportSink) -> Vec<String> {
        let Value::Object(fields) = exports.get() else {
            return Vec::new();
        };
        let items = fields.get("targets").and_then(Value::items).unwrap();
        let path = |item: &Value| {
            let Value::Object(labels) = item else {
                panic!("{item:?}")
            };
            labels.get(PATH).unwrap().as_text().unwrap().into_owned()
        };
        items.iter().map(path).collect()
    }

    /// Waits until the exports are what the test wants.
    async fn until(exports: &ExportSink, changed: &Notify, wanted: &[String]) {
        while targets(exports) != wanted {
            changed.notified().await;
        }
    }

    #[tokio::test]
    async fn follows_the_files_and_exports_only_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("a.log"), "").unwrap();
        fs::write(path("old.log"), "").unwrap();
        fs::write(path("skip.log"), "").unwrap();
        fs::create_dir(path("folder.log")).unwrap();
        fs::File::options()
            .write(true)
            .open(path("old.log"))
            .unwrap()
            .set_modified(SystemTime::now() - Duration::from_secs(7200))
            .unwrap();

        let (context, exports) = Context::for_test("local.file_match.x", folder.path());
        let changed = Arc::new(Notify::new());
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (wake, counted) = (changed.clone(), count.clone());
        exports.on_change(Arc::new(move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            wake.notify_one();
        }));
        let arguments = Arguments {
            path_targets: vec![Target::new([
                (PATH, path("*.log").as_str()),
                (PATH_EXCLUDE, path("skip*").as_str()),
                ("job", "x"),
            ])],
            sync_period: Duration::from_millis(5),
            ignore_older_than: Duration::from_secs(3600),
        };
        let component = Arc::new(FileMatch::new(context, arguments.clone()).unwrap());
        let stop = CancellationToken::new();
        let running = tokio::spawn(component.clone().run(stop.clone()));
        until(&exports, &changed, &[path("a.log")]).await;

        fs::write(path("b.log"), "").unwrap();
        until(&exports, &changed, &[path("a.log"), path("b.log")]).await;
        // The empty list, one file, two files: searches in between, which found the same, have told nobody.
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 3);

        Component::update(
            &*component,
            Arguments {
                ignore_older_than: Duration::ZERO,
                sync_period: Duration::from_secs(3600),
                ..arguments
            },
        )
        .unwrap();
        until(
            &exports,
            &changed,
            &[path("a.log"), path("b.log"), path("old.log")],
        )
        .await;
        stop.cancel();
        running.await.unwrap().unwrap();
    }

    #[test]
    fn what_is_wrong_names_the_target() {
        let bad = find_all(
            &[
                Target::new([("job", "x")]),
                Target::new([(PATH, "/a/{b")]),
                Target::new([(PATH, "/a"), (PATH_EXCLUDE, "[")]),
            ],
            Duration::ZERO,
        );
        insta::assert_snapshot!(bad.problems.join("\n"), @r#"
        the target {"job": "x"} has no __path__ to look for; set one
        __path__: "/a/{b" is no valid glob: a brace is not closed
        __path_exclude__ of "/a": "[" is no valid glob: a bracket is not closed
        "#);
    }
}
