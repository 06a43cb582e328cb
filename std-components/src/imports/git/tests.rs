//! Against repositories made with the git program.

use super::*;
use crate::component::{ExportSink, HealthState};
use river_eval::Value;
use std::path::PathBuf;
use std::process::Command;

pub(super) struct Repository {
    pub(super) folder: tempfile::TempDir,
}

impl Repository {
    pub(super) fn new() -> Self {
        let repository = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.folder.path())
            .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) fn commit(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(super) fn source(&self, storage: &Path, revision: &str) -> Source {
        Source {
            folder: storage.to_owned(),
            address: self.folder.path().display().to_string(),
            revision: revision.to_owned(),
            login: None,
            ssh: ssh::Login::default(),
        }
    }
}

pub(super) fn get(source: &Source) -> Result<Tree, String> {
    source.bring_up_to_date(&AtomicBool::new(false))
}

pub(super) fn read(tree: &Tree, path: &str) -> String {
    std::fs::read_to_string(tree.folder.join(path)).unwrap()
}

#[test]
fn branches_tags_and_commits_are_found_and_followed() {
    let repository = Repository::new();
    let first = repository.commit("lib/a.alloy", "one");
    repository.git(&["tag", "v1"]);
    repository.git(&["checkout", "-q", "-b", "side/branch"]);
    repository.commit("lib/a.alloy", "side");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("lib/a.alloy", "two");
    std::os::unix::fs::symlink("/etc/passwd", repository.folder.path().join("link")).unwrap();
    repository.commit("b.alloy", "b");
    let storage = tempfile::tempdir().unwrap();
    for (revision, text) in [
        ("main", "two"),
        ("v1", "one"),
        ("side/branch", "side"),
        (first.as_str(), "one"),
        (&first[..10], "one"),
    ] {
        let tree = get(&repository.source(storage.path(), revision)).unwrap();
        assert_eq!(read(&tree, "lib/a.alloy"), text, "{revision}");
        assert!(tree.stale.is_none());
        assert!(!tree.folder.join("link").exists());
    }
    repository.commit("lib/a.alloy", "three");
    let main = repository.source(storage.path(), "main");
    let tree = get(&main).unwrap();
    assert_eq!(read(&tree, "lib/a.alloy"), "three");
    // Rewritten history is followed, too.
    repository.git(&["reset", "-q", "--hard", &first]);
    assert_eq!(read(&get(&main).unwrap(), "lib/a.alloy"), "one");
    let error = get(&repository.source(storage.path(), "nowhere")).unwrap_err();
    assert!(
        error.contains("there is no branch, tag or commit \"nowhere\""),
        "{error}"
    );
    // Away: what was fetched is used, and told.
    let moved = repository.folder.path().with_extension("moved");
    std::fs::rename(repository.folder.path(), &moved).unwrap();
    let tree = get(&main).unwrap();
    assert_eq!(read(&tree, "lib/a.alloy"), "one");
    assert!(tree.stale.unwrap().starts_with("failed to fetch "));
    let fresh = tempfile::tempdir().unwrap();
    assert!(
        get(&repository.source(fresh.path(), "main"))
            .unwrap_err()
            .starts_with("failed to fetch ")
    );
    std::fs::remove_dir_all(moved).unwrap();
}

#[tokio::test]
async fn an_import_follows_its_branch() {
    let repository = Repository::new();
    repository.commit("mods/a.alloy", "declare \"a\" { }");
    repository.commit("mods/b.alloy", "declare \"b\" { }");
    let storage = tempfile::tempdir().unwrap();
    let arguments = Arguments {
        repository: repository.folder.path().display().to_string(),
        revision: "main".into(),
        path: "mods".into(),
        pull_frequency: Duration::from_millis(20),
        basic_auth: None,
        ssh_key: None,
    };
    let build = |context: Context<Read>| ImportGit::new(context, arguments.clone());
    let (context, exports) = Context::for_test("import.git.lib", storage.path());
    let refused = build(context.clone()).err().unwrap();
    assert!(refused.message.contains("has not been asked yet"), "{refused}");
    assert!(context.services.fetches.fetch().await);
    let import = Arc::new(build(context).unwrap());
    let files = |exports: &ExportSink| -> Vec<(String, String)> {
        let content = crate::imports::content(&exports.get()).unwrap();
        let folder = PathBuf::from(&*content.module_path.unwrap());
        assert!(folder.join("mods/a.alloy").is_file());
        content
            .files
            .iter()
            .map(|(name, text)| (name.to_string(), text.to_string()))
            .collect()
    };
    let read = files(&exports);
    assert_eq!(read.len(), 2);
    assert!(read[0].0.ends_with("@main:mods/a.alloy"), "{read:?}");
    let stop = CancellationToken::new();
    let task = tokio::spawn(import.clone().run(stop.clone()));
    repository.commit("mods/b.alloy", "declare \"c\" { }");
    while files(&exports)[1].1 != "declare \"c\" { }" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // A branch that is gone is told; the last content stays.
    repository.git(&["rm", "-r", "-q", "mods"]);
    repository.commit("other.alloy", "");
    while import.context.health.get().state != HealthState::Unhealthy {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let message = import.context.health.get().message;
    assert!(message.contains("failed to read mods in "), "{message}");
    assert_eq!(files(&exports)[1].1, "declare \"c\" { }");
    stop.cancel();
    task.await.unwrap().unwrap();
    assert!(matches!(exports.get(), Value::Object(_)));
}
