//! The component as the controller runs it.

use super::super::*;
use super::append;
use crate::component::ExportSink;
use crate::signals::{Inlet, inlet};
use std::path::PathBuf;

struct Running {
    folder: tempfile::TempDir,
    component: Arc<SourceFile>,
    inlet: Inlet<LogBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), RunError>>,
}

fn arguments(path: &Path, forward_to: Fanout<LogBatch>) -> Arguments {
    let mut body = BodyValue::default();
    body.attribute(
        "targets",
        vec![Target::new([
            (PATH, path.display().to_string().as_str()),
            ("job", "x"),
            ("__secret", "y"),
        ])],
    );
    body.attribute("forward_to", forward_to);
    <Arguments as river_eval::Arguments>::decode(&body).unwrap()
}

fn start(folder: tempfile::TempDir, change: impl FnOnce(&mut Arguments)) -> Running {
    let (receiver, inlet) = inlet::<LogBatch>("loki.echo.x");
    let mut arguments = arguments(&folder.path().join("a.log"), Fanout::new(vec![receiver]));
    arguments.file_watch.min_poll_frequency = Duration::from_millis(5);
    arguments.file_watch.max_poll_frequency = Duration::from_millis(5);
    change(&mut arguments);
    let (context, _): (_, Arc<ExportSink>) = Context::for_test("loki.source.file.x", folder.path());
    let component = Arc::new(SourceFile::new(context, arguments).unwrap());
    let stop = CancellationToken::new();
    let task = tokio::spawn(component.clone().run(stop.clone()));
    Running {
        folder,
        component,
        inlet,
        stop,
        task,
    }
}

impl Running {
    fn path(&self) -> PathBuf {
        self.folder.path().join("a.log")
    }

    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            let batch = self.inlet.next().await.unwrap();
            lines.extend(batch.entries.iter().map(|entry| entry.line.to_string()));
            batch.ack.delivered();
        }
        lines
    }

    async fn finish(self) -> tempfile::TempDir {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        self.folder
    }
}

#[tokio::test]
async fn reads_labels_sends_and_keeps_the_position() {
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("a.log"), "1\n2\n");
    let mut running = start(folder, |_| {});
    let batch = running.inlet.next().await.unwrap();
    let path = running.path().display().to_string();
    assert_eq!(
        batch.entries[0].labels,
        Labels::from_pairs([("filename", path.as_str()), ("job", "x")])
    );
    batch.ack.delivered();
    append(&running.path(), "3\n");
    assert_eq!(running.lines(1).await, ["3"]);
    let component = running.component.clone();
    let folder = running.finish().await;

    let info = component.debug_info();
    let target = &info.blocks[0].body.attributes;
    let shown: Vec<String> = target
        .iter()
        .map(|field| format!("{} = {:?}", field.name, field.value))
        .collect();
    assert_eq!(
        shown,
        [
            format!("path = String({path:?})"),
            r#"labels = String("{job=\"x\"}")"#.to_owned(),
            "is_running = Bool(true)".to_owned(),
            "read_offset = Int(6)".to_owned()
        ]
    );
    let stored = std::fs::read_to_string(folder.path().join("loki.source.file.x/positions.yml")).unwrap();
    assert!(
        stored.contains("labels: \"{job=\\\"x\\\"}\"\n  : \"6\""),
        "{stored}"
    );

    append(&folder.path().join("a.log"), "4\n");
    let mut again = start(folder, |_| {});
    assert_eq!(again.lines(1).await, ["4"]);
    again.finish().await;
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_waited_for_and_rotation_is_seen_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    append(&path, "x\n".repeat(200_000));
    let mut running = start(folder, |_| {});
    // The channel is full, the task waits.
    let first = running.inlet.next().await.unwrap();
    for number in 0..3 {
        std::fs::rename(&path, path.with_extension(number.to_string())).unwrap();
        append(&path, format!("rotated {number}\n"));
        // Until the new file has been seen.
        while running.component.sweeper.lock().generations() != number + 2 {
            tokio::task::yield_now().await;
        }
    }
    let before = first.entries.len();
    first.ack.delivered();
    let lines = running.lines(200_003 - before).await;
    assert_eq!(lines[lines.len() - 3..], ["rotated 0", "rotated 1", "rotated 2"]);
    running.finish().await;
}

#[tokio::test]
async fn globs_find_new_files_and_updates_come_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let glob = folder.path().join("*.log").display().to_string();
    append(&folder.path().join("a.log"), "1\n");
    let mut running = start(folder, |arguments| {
        arguments.targets = vec![Target::new([(PATH, glob.as_str())])];
        arguments.file_match.enabled = true;
        arguments.file_match.sync_period = Duration::from_millis(5);
    });
    assert_eq!(running.lines(1).await, ["1"]);
    append(&running.folder.path().join("b.log"), "2\n");
    assert_eq!(running.lines(1).await, ["2"]);

    // Another receiver from now on, and only one file.
    let (receiver, other) = inlet::<LogBatch>("loki.echo.y");
    let mut changed = arguments(&running.path(), Fanout::new(vec![receiver]));
    changed.targets = vec![Target::new([(
        PATH,
        running.path().display().to_string().as_str(),
    )])];
    Component::update(&*running.component, changed).unwrap();
    running.inlet = other;
    append(&running.path(), "3\n");
    assert_eq!(running.lines(1).await, ["3"]);
    running.finish().await;
}

#[tokio::test]
async fn a_target_without_a_path_is_told() {
    let running = start(tempfile::tempdir().unwrap(), |arguments| {
        arguments.targets = vec![Target::new([("job", "x")])];
    });
    let health = || running.component.context.health.get().message;
    while health().is_empty() {
        tokio::task::yield_now().await;
    }
    insta::assert_snapshot!(health(), @r#"the target {"job": "x"} has no __path__ to read; set one"#);
    running.finish().await;
}

#[tokio::test]
async fn an_encoding_that_nobody_knows_is_refused() {
    let mut body = BodyValue::default();
    body.attribute("targets", Vec::<Target>::new());
    body.attribute("forward_to", Fanout::<LogBatch>::default());
    body.attribute("encoding", "utf-99".to_owned());
    let mistakes = <Arguments as river_eval::Arguments>::decode(&body).unwrap_err();
    insta::assert_snapshot!(mistakes[0].message, @r#""utf-99" is no encoding that is known here"#);
}
