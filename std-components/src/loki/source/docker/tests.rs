//! `loki.source.docker` against a scripted daemon on a Unix socket.

use super::*;
use crate::component::{HealthState, testing};
use crate::docker::testing::Api;
use crate::signals::{Fanout, Inlet, LogBatch, inlet};

use std::path::Path;

const SECOND: i64 = 1_000_000_000;

/// Some time in 2024, so that it is past.
const BEGIN: i64 = 1_714_979_289 * SECOND;

struct Run {
    folder: tempfile::TempDir,
    api: Api,
    component: Arc<SourceDocker>,
    inlet: Inlet<LogBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), RunError>>,
}

fn arguments(folder: &Path, more: &str) -> Arguments {
    let body = format!(
        "host = \"unix://{}\"\nforward_to = []\n{more}",
        folder.join("docker.sock").display()
    );
    testing::arguments(&body)
}

const ONE: &str = r#"targets = [{"__meta_docker_container_id" = "c1", "job" = "a"}]"#;

/// Begins, or begins again, on the same folder.
fn run(folder: tempfile::TempDir, api: Api, more: &str) -> Run {
    let (context, _) = Context::for_test("loki.source.docker.x", folder.path());
    let (receiver, inlet) = inlet("loki.write.x");
    let mut arguments = arguments(folder.path(), more);
    arguments.forward_to = Fanout::new(vec![receiver]);
    let component = Arc::new(SourceDocker::new(context, arguments).unwrap());
    let stop = CancellationToken::new();
    let task = tokio::spawn(component.clone().run(stop.clone()));
    Run {
        folder,
        api,
        component,
        inlet,
        stop,
        task,
    }
}

fn start(more: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let api = Api::default();
    api.make("c1", |_| ());
    api.listen(&folder.path().join("docker.sock"));
    run(folder, api, more)
}

impl Run {
    async fn batch(&mut self) -> LogBatch {
        tokio::time::timeout(Duration::from_secs(30), self.inlet.next())
            .await
            .expect("lines come in time")
            .unwrap()
    }

    /// Takes so many lines for good.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            let batch = self.batch().await;
            lines.extend(batch.entries.iter().map(|entry| entry.line.to_string()));
            batch.ack.delivered();
        }
        lines
    }

    /// Ends, and begins again as after a restart of the agent.
    async fn again(self, more: &str) -> Run {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        run(self.folder, self.api, more)
    }

    fn log(&self, lines: &[(i64, &str)]) {
        self.api.make("c1", |made| {
            made.log.extend(
                lines
                    .iter()
                    .map(|(at, text)| (BEGIN + at, 1, format!("{text}\n"))),
            );
        });
    }

    async fn until(&self, what: impl Fn(&SourceDocker) -> bool) {
        let wait = async {
            while !what(&self.component) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .expect("it comes about in time");
    }

    fn account(&self) -> String {
        self.component.sink.metrics.account.check()
    }
}

#[tokio::test]
async fn both_streams_come_with_labels_and_lines_that_the_daemon_cut_are_whole() {
    let more = r#"
        targets = [
            {"__meta_docker_container_id" = "c1", "__meta_docker_container_name" = "/web", "job" = "a", "__address__" = "b"},
            {"__meta_docker_container_id" = "c1", "__meta_docker_container_name" = "/web", "job" = "a", "__address__" = "a"},
            {"job" = "no container"},
        ]
        labels = {"env" = "test", "job" = "own"}"#;
    let mut run = start(more);
    let long = "x".repeat(16 * 1024);
    run.api.make("c1", |made| {
        made.log = vec![
            (BEGIN, 1, "one\n".into()),
            (BEGIN + 1, 1, long.clone()),
            (BEGIN + 2, 2, "err\n".into()),
            (BEGIN + 1, 1, "end\n".into()),
            (BEGIN + 3, 1, "\n".into()),
            (BEGIN + 4, 2, "last\n".into()),
        ];
    });
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let batch = run.batch().await;
        for entry in &batch.entries {
            let line = entry.line.replace(&long, "LONG ");
            seen.push(format!("{} {line} {}", entry.timestamp - BEGIN, entry.labels));
        }
        batch.ack.delivered();
    }
    insta::assert_snapshot!(seen.join("\n"), @r#"
    0 one {env="test", job="own"}
    2 err {env="test", job="own"}
    1 LONG end {env="test", job="own"}
    4 last {env="test", job="own"}
    "#);
    run.until(|it| it.sink.metrics.account.check().contains("delivered 4"))
        .await;
    insta::assert_snapshot!(run.account(), @"seen 5 delivered 4 empty 1");
    run.until(|it| it.positions.lock().keys().next().is_some()).await;
    let info = run.component.debug_info();
    let target = info
        .blocks
        .iter()
        .find(|block| &*block.name == "targets_info")
        .unwrap();
    let told = target.body.attributes.iter().map(|attribute| {
        format!(
            "{} = {}",
            attribute.name,
            river_eval::show::text(&attribute.value)
        )
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    id = "c1"
    last_error = ""
    labels = "{__address__=\"a\", __meta_docker_container_id=\"c1\", __meta_docker_container_name=\"/web\", env=\"test\", job=\"own\"}"
    is_running = true
    read_offset = "1714979289"
    "#);
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
}

#[test]
fn relabel_rules_know_the_stream() {
    let rules: crate::relabel::Rule = testing::arguments(
        "source_labels = [\"__meta_docker_container_log_stream\"]\nregex = \"stdout\"\naction = \"drop\"",
    );
    let mut arguments = arguments(Path::new("/x"), ONE);
    arguments.relabel_rules = Some(crate::relabel::Rules::shared("x", &[rules], None));
    let (wanted, _) = wanted(&arguments);
    let labels = &wanted["c1"].labels;
    assert_eq!(labels.stdout, None);
    assert_eq!(labels.stderr, Some(Labels::from_pairs([("job", "a")])));
}

#[tokio::test]
async fn a_thousand_lines_of_one_time_come_once_over_breaks_and_restarts() {
    let mut run = start(ONE);
    let texts: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let lines: Vec<(i64, &str)> = texts.iter().map(|text| (7, text.as_str())).collect();
    let mut seen = Vec::new();
    for (part, chunk) in lines.chunks(250).enumerate() {
        run.log(chunk);
        seen.extend(run.lines(250).await);
        match part {
            0 => run.api.cut(),
            1 => run = run.again(ONE).await,
            // The container is restarted: its stream ends, its log goes on.
            2 => {
                run.api.make("c1", |made| {
                    made.running = false;
                    made.finished_at = "2024-05-06T08:00:00Z".into();
                });
                run.api.make("c1", |made| {
                    made.running = true;
                    made.started_at = "2024-05-06T08:00:01Z".into();
                });
            }
            _ => {}
        }
    }
    run.log(&[(8, "end")]);
    seen.extend(run.lines(1).await);
    let mut wanted = texts;
    wanted.push("end".into());
    assert_eq!(seen, wanted);
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn positions_move_only_with_acknowledgements() {
    let mut run = start(ONE);
    run.log(&[(0, "a"), (SECOND, "b")]);
    let first = run.batch().await;
    run.log(&[(2 * SECOND, "c")]);
    let second = run.batch().await;
    // What is behind the first counts only when the first does.
    second.ack.delivered();
    let mut run = run.again(ONE).await;
    drop(first);
    assert_eq!(run.lines(3).await, ["a", "b", "c"]);
    run.until(|it| {
        it.positions
            .lock()
            .cursors("cursor-c1")
            .any(|(_, number, _)| number == "1714979291")
    })
    .await;
    let mut run = run.again(ONE).await;
    run.log(&[(2 * SECOND, "d")]);
    assert_eq!(run.lines(1).await, ["d"]);
    // As the reference reads it.
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
    let stored =
        std::fs::read_to_string(run.folder.path().join("loki.source.docker.x/positions.yml")).unwrap();
    let stored: Vec<&str> = stored.lines().take(4).collect();
    insta::assert_snapshot!(stored.join("\n"), @r#"
    positions:
      ? path: "cursor-c1"
        labels: "{__meta_docker_container_id=\"c1\", job=\"a\"}"
      : "1714979291"
    "#);
}

#[tokio::test]
async fn an_agent_that_is_killed_knows_what_was_taken() {
    let mut run = start(ONE);
    run.log(&[(0, "a"), (0, "b")]);
    assert_eq!(run.lines(2).await, ["a", "b"]);
    let journal = run
        .folder
        .path()
        .join("loki.source.docker.x/positions.yml.journal");
    run.until(|_| std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("cursor-c1")))
        .await;
    // Nothing is drained or saved.
    run.task.abort();
    drop(run.task.await);
    drop(run.component);
    let mut run = self::run(run.folder, run.api, ONE);
    run.log(&[(0, "c")]);
    assert_eq!(run.lines(1).await, ["c"]);
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_receiver_lets_go_is_read_again_in_order() {
    let mut run = start(ONE);
    run.log(&[(0, "a"), (1, "b")]);
    let first = run.batch().await;
    run.log(&[(2, "c")]);
    let second = run.batch().await;
    drop(first);
    second.ack.delivered();
    assert_eq!(run.lines(3).await, ["a", "b", "c"]);
    run.until(|it| it.sink.metrics.account.check().contains("delivered 4"))
        .await;
    insta::assert_snapshot!(run.account(), @"seen 6 delivered 4 returned 2");
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_references_positions_are_taken_over_whatever_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("loki.source.docker.x");
    std::fs::create_dir_all(&data).unwrap();
    let stored = format!(
        "positions:\n  ? path: cursor-c1\n    labels: '{{job=\"other\"}}'\n  : \"{}\"\n",
        BEGIN / SECOND + 60
    );
    std::fs::write(data.join("positions.yml"), stored).unwrap();
    let api = Api::default();
    api.make("c1", |made| {
        made.log = vec![
            (BEGIN, 1, "old\n".into()),
            (BEGIN + 60 * SECOND, 1, "same second\n".into()),
        ];
    });
    api.listen(&folder.path().join("docker.sock"));
    let mut run = run(folder, api, ONE);
    assert_eq!(run.lines(1).await, ["same second"]);
    run.until(|it| {
        it.positions
            .lock()
            .keys()
            .all(|key| key.labels.contains("job=\"a\""))
    })
    .await;
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_daemon_that_fails_is_told_and_a_container_that_is_gone_forgotten() {
    let mut run = start(ONE);
    run.log(&[(0, "a")]);
    assert_eq!(run.lines(1).await, ["a"]);
    run.api.broken(Some((500, "out of order")));
    run.api.cut();
    run.until(|it| it.context.health.get().message.contains("out of order"))
        .await;
    assert_eq!(run.component.context.health.get().state, HealthState::Unhealthy);
    run.api.broken(None);
    run.log(&[(1, "b")]);
    assert_eq!(run.lines(1).await, ["b"]);
    run.until(|it| it.context.health.get().state == HealthState::Healthy)
        .await;
    run.log(&[(2, "last")]);
    assert_eq!(run.lines(1).await, ["last"]);
    run.api.remove("c1");
    run.until(|it| it.positions.lock().keys().next().is_none()).await;
    // Another one comes, and its labels change while it runs.
    run.api
        .make("c2", |made| made.log = vec![(BEGIN, 2, "x\n".into())]);
    let mut other = (*run.component.arguments.lock()).as_ref().clone();
    other.targets = vec![Target::new([(CONTAINER_ID, "c2")])];
    Component::update(&*run.component, other.clone()).unwrap();
    assert_eq!(run.lines(1).await, ["x"]);
    other.targets = vec![Target::new([(CONTAINER_ID, "c2"), ("new", "label")])];
    Component::update(&*run.component, other).unwrap();
    run.api.make("c2", |made| made.log.push((BEGIN, 2, "y\n".into())));
    let batch = run.batch().await;
    assert_eq!((batch.entries.len(), &*batch.entries[0].line), (1, "y"));
    assert_eq!(batch.entries[0].labels.get("new"), Some("label"));
    batch.ack.delivered();
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_stops_the_reading_in_bounded_memory() {
    let mut run = start(ONE);
    let text = "z".repeat(15 * 1024);
    run.api.make("c1", |made| {
        made.log = (0..2000).map(|at| (BEGIN + at, 1, format!("{text}\n"))).collect();
    });
    // 30 MiB wait; no more than the bound is on its way.
    let mut held = Vec::new();
    while run.component.sink.room.available_permits() > 512 * 1024 {
        held.push(run.batch().await);
    }
    let in_flight: usize = held
        .iter()
        .flat_map(|batch| &batch.entries)
        .map(|entry| entry.line.len())
        .sum();
    assert!(in_flight <= MAX_IN_FLIGHT_BYTES as usize, "{in_flight}");
    let mut count: usize = held.iter().map(|batch| batch.entries.len()).sum();
    held.into_iter().for_each(|batch| batch.ack.delivered());
    while count < 2000 {
        let batch = run.batch().await;
        count += batch.entries.len();
        batch.ack.delivered();
    }
    assert_eq!(count, 2000);
    run.stop.cancel();
    run.task.await.unwrap().unwrap();
    assert!(
        run.component
            .sink
            .metrics
            .account
            .check()
            .contains("delivered 2000")
    );
}

/// Streams that break wherever they can, a terminal or none: each line once, in order.
#[tokio::test]
async fn streams_that_break_after_any_record() {
    for tty in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let api = Api::default();

        api.make("c1", |made| {
            made.tty = tty;
            for number in 0..40 {
                let stream = if tty { 1 } else { 1 + (number % 3 == 0) as u8 };
                // Times of the two streams cross, and some are the same.
                let at = BEGIN + SECOND * i64::from(number / 4) - i64::from(stream) * 1000;
                let text = format!("line {number}");
                made.log.push((at, stream, format!("{text}\n")));
            }
        });
        api.cut_after(Some(5));
        api.listen(&folder.path().join("docker.sock"));
        let more = r#"targets = [{"__meta_docker_container_id" = "c1"}]"#;
        let mut run = run(folder, api, more);
        let lines = run.lines(40).await;
        let all: Vec<String> = (0..40).map(|number| format!("line {number}")).collect();
        assert_eq!(lines, all, "terminal: {tty}");
        run.stop.cancel();
        run.task.await.unwrap().unwrap();
    }
}
