//! `discovery.file` against files that come, change, break and go.

use super::*;
use crate::component::{ExportSink, HealthState, testing};
use river_eval::Value;
use std::fs;

struct Run {
    folder: tempfile::TempDir,
    component: Arc<File>,
    exports: Arc<ExportSink>,
    changed: Arc<Notify>,
    stop: CancellationToken,
}

/// A line for each target: its address and the rest.
fn told(exports: &ExportSink, folder: &Path) -> String {
    let Value::Object(fields) = exports.get() else {
        return String::new();
    };
    let targets = fields.get("targets").and_then(Value::items).unwrap();
    let line = |target: &Value| {
        let Value::Object(labels) = target else {
            panic!("{target:?}")
        };
        let text = |name: &str| match labels.get(name) {
            Some(Value::String(text)) => text.to_string(),
            _ => "-".into(),
        };
        let file = text("__meta_filepath").replace(&folder.display().to_string(), "");
        format!("{} {} {file}", text("__address__"), text("job"))
    };
    targets.iter().map(line).collect::<Vec<_>>().join(", ")
}

impl Run {
    async fn until(&self, wanted: &str) {
        let wait = async {
            while told(&self.exports, self.folder.path()) != wanted {
                self.changed.notified().await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(
            in_time.is_ok(),
            "{} never became {wanted}",
            told(&self.exports, self.folder.path())
        );
    }

    async fn until_unhealthy(&self, wanted: &str) -> String {
        let health = &self.component.context.health;
        while health.get().state != HealthState::Unhealthy || !health.get().message.contains(wanted) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        health.get().message
    }

    /// Replaces a file as a careful writer does.
    fn put(&self, name: &str, text: &str) {
        let beside = self.folder.path().join("beside");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.folder.path().join(name)).unwrap();
    }
}

fn start(files: &str, before: &[(&str, &str)]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in before {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let (context, exports) = Context::for_test("discovery.file.x", folder.path());
    let body = files.replace("DIR", &folder.path().display().to_string());
    let component = Arc::new(File::new(context, testing::arguments(&body)).unwrap());
    let changed = Arc::new(Notify::new());
    let wake = changed.clone();
    exports.on_change(Arc::new(move || wake.notify_one()));
    let stop = CancellationToken::new();
    tokio::spawn(component.clone().run(stop.clone()));
    Run {
        folder,
        component,
        exports,
        changed,
        stop,
    }
}

#[tokio::test]
async fn targets_are_there_from_the_start_and_follow_the_files() {
    let run = start(
        r#"files = ["DIR/*.json", "DIR/one.yml"]
        refresh_interval = "1h""#,
        &[
            ("a.json", r#"[{"targets": ["a:1"], "labels": {"job": "a"}}]"#),
            ("c.txt", "no"),
        ],
    );
    assert_eq!(told(&run.exports, run.folder.path()), "a:1 a /a.json");
    run.put("one.yml", "- targets: ['y:1']\n  labels: {job: 1.10}\n");
    run.until("a:1 a /a.json, y:1 1.10 /one.yml").await;
    run.put("b.json", r#"[{"targets": ["b:1"]}]"#);
    run.until("a:1 a /a.json, b:1 - /b.json, y:1 1.10 /one.yml").await;

    // A broken file keeps its own targets, and the others go on.
    run.put("a.json", r#"[{"targets": ["a:2"]"#);
    let message = run.until_unhealthy("a.json").await;
    assert!(
        message.contains("those that it listed last stay in use"),
        "{message}"
    );
    assert!(run.component.read_errors.get() > 0);
    fs::remove_file(run.folder.path().join("b.json")).unwrap();
    run.until("a:1 a /a.json, y:1 1.10 /one.yml").await;
    run.put("a.json", r#"[{"targets": ["a:3"], "labels": {"job": "a"}}]"#);
    run.until("a:3 a /a.json, y:1 1.10 /one.yml").await;
    while run.component.context.health.get().state != HealthState::Healthy {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let body = format!("files = [\"{}/one.yml\"]", run.folder.path().display());
    Component::update(&*run.component, testing::arguments(&body)).unwrap();
    run.until("y:1 1.10 /one.yml").await;
    run.stop.cancel();
}

#[tokio::test]
async fn the_interval_finds_what_the_kernel_does_not_tell() {
    let run = start(
        r#"files = ["DIR/later/*/x.yaml"]
        refresh_interval = "20ms""#,
        &[],
    );
    assert_eq!(told(&run.exports, run.folder.path()), "");
    let deep = run.folder.path().join("later/b");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("x.yaml"), "- targets: [z:1]").unwrap();
    run.until("z:1 - /later/b/x.yaml").await;
    run.stop.cancel();
}

#[test]
fn what_is_no_file_of_targets_is_told() {
    let mistakes = testing::mistakes::<Arguments>(r#"files = ["/x/a.txt", "/x/[.json", "/x/b.YML"]"#);
    insta::assert_snapshot!(mistakes, @r#"
    path name "/x/a.txt" is not valid for file discovery (it has to end with .json, .yml or .yaml)
    "/x/[.json" is no valid glob: a bracket is not closed
    "#);
}
