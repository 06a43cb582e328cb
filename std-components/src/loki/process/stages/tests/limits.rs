//! Rates: what waits, what is dropped, and what becomes of acknowledgements meanwhile.

use super::super::super::pipeline::{Advance, Work};
use super::super::super::{Exports, Process};
use super::{bench, entry};
use crate::component::{CancellationToken, Component, Context, testing};
use crate::signals::{Ack, Fanout, Inlet, LogBatch, Outcome, inlet};
use river_eval::Shared;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

fn batch(lines: &[&str]) -> (LogBatch, mpsc::Receiver<Outcome>) {
    let (told, outcome) = mpsc::channel();
    let batch = LogBatch {
        entries: lines.iter().map(|line| entry(line)).collect(),
        ack: Ack::new(move |end| {
            let _ = told.send(end);
        }),
    };
    (batch, outcome)
}

fn lines(batch: &LogBatch) -> Vec<&str> {
    batch.entries.iter().map(|entry| &*entry.line).collect()
}

#[test]
fn what_is_above_the_rate_waits_and_nothing_is_dropped() {
    // Nested, too: a match hands the wait on.
    for stages in [
        "stage.limit {\n rate = 0.001\n burst = 2\n }",
        "stage.match {\n selector = \"{job=`j`}\"\n stage.limit {\n rate = 0.001\n burst = 2\n }\n }",
    ] {
        let mut bench = bench(stages);
        let (batch, outcome) = batch(&["1", "2", "3", "4"]);
        let mut work = Work::new(batch);
        let Advance::Wait {
            until,
            before: Some(first),
        } = bench.pipeline.advance(&mut work)
        else {
            panic!("all went on at once")
        };
        assert_eq!(lines(&first), ["1", "2"]);
        assert!(until > Instant::now() + Duration::from_secs(900));
        assert!(matches!(
            bench.pipeline.advance(&mut work),
            Advance::Wait { before: None, .. }
        ));
        first.ack.delivered();
        assert!(outcome.try_recv().is_err(), "a part of the batch still waits");
        let rest = bench.pipeline.finish(work).unwrap();
        assert_eq!(lines(&rest), ["3", "4"]);
        rest.ack.delivered();
        assert_eq!(outcome.try_recv(), Ok(Outcome::Delivered));
        assert_eq!(bench.metrics(), "");
    }
}

#[test]
fn what_waits_is_failed_where_it_is_given_up() {
    let mut bench = bench("stage.limit {\n rate = 0.001\n burst = 1\n }");
    let (batch, outcome) = batch(&["1", "2"]);
    let mut work = Work::new(batch);
    let Advance::Wait {
        before: Some(first), ..
    } = bench.pipeline.advance(&mut work)
    else {
        panic!("all went on at once")
    };
    first.ack.delivered();
    drop(work);
    assert_eq!(outcome.try_recv(), Ok(Outcome::Failed));
}

#[test]
fn values_of_a_label_are_limited_each_by_itself() {
    let mut bench = bench(
        "stage.regex { expression = `^(?P<app>\\w)?` }
         stage.labels { values = {app = \"\"} }
         stage.limit {\n rate = 0.001\n burst = 1\n drop = true\n by_label_name = \"app\"\n }",
    );
    insta::assert_snapshot!(bench.run(&["a1", "a2", "b1", "a3", "-1", "-2"]), @r#"
    - {app="a", filename="/f.log", job="j"} "a1"
    - {app="b", filename="/f.log", job="j"} "b1"
    - {filename="/f.log", job="j"} "-1"
    - {filename="/f.log", job="j"} "-2"
    "#);
    insta::assert_snapshot!(bench.metrics(), @r#"
    loki_process_dropped_lines_by_label_total{component_id="loki.process.t",component_path="/",label_name="app",label_value="a"} 2
    loki_process_dropped_lines_total{component_id="loki.process.t",component_path="/",reason="ratelimit_drop_stage"} 2
    "#);
}

#[test]
fn wrong_limits_are_told() {
    insta::assert_snapshot!(testing::mistakes::<super::Arguments>(
        "forward_to = []
         stage.limit {\n rate = 0\n burst = 1\n }
         stage.limit {\n rate = 1\n burst = 1\n by_label_name = \"app\"\n }",
    ), @"
    rate and burst must be greater than 0
    when limiting by label, drop must be true
    ");
}

struct Running {
    component: Arc<Process>,
    receiver: Shared<crate::signals::LogsReceiver>,
    inlet: Inlet<LogBatch>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), crate::component::RunError>>,
    to: Fanout<LogBatch>,
}

fn arguments(stages: &str, to: &Fanout<LogBatch>) -> super::Arguments {
    let mut arguments: super::Arguments = testing::arguments(&format!("forward_to = []\n{stages}"));
    arguments.forward_to = to.clone();
    arguments
}

fn start(stages: &str) -> Running {
    let (receiver, inlet) = inlet::<LogBatch>("loki.echo.x");
    let to = Fanout::new(vec![receiver]);
    let (context, exports) = Context::<Exports>::for_test("loki.process.t", Path::new("/nonexistent"));
    let component = Arc::new(Process::new(context, arguments(stages, &to)).unwrap());
    let river_eval::Value::Object(fields) = exports.get() else {
        panic!("no exports")
    };
    let receiver = river_eval::FromValue::from_value(fields.get("receiver").unwrap()).unwrap();
    let stop = CancellationToken::new();
    let task = tokio::spawn(component.clone().run(stop.clone()));
    Running {
        component,
        receiver,
        inlet,
        stop,
        task,
        to,
    }
}

#[tokio::test]
async fn a_limit_holds_the_source_back_until_it_is_taken_away() {
    let mut running = start("stage.limit {\n rate = 0.001\n burst = 1\n }");
    let sender = Fanout::new(vec![running.receiver.clone()]);
    let (one, outcome) = batch(&["1", "2", "3"]);
    sender.send(one).await;
    let first = running.inlet.next().await.unwrap();
    assert_eq!(lines(&first), ["1"]);
    first.ack.delivered();
    running
        .component
        .update(arguments(
            "stage.static_labels { values = {a = \"b\"} }",
            &running.to,
        ))
        .unwrap();
    let rest = running.inlet.next().await.unwrap();
    assert_eq!(lines(&rest), ["2", "3"]);
    assert_eq!(rest.entries[1].labels.get("a"), Some("b"));
    rest.ack.delivered();
    assert_eq!(outcome.recv(), Ok(Outcome::Delivered));
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_gives_back_what_waits() {
    let mut running = start("stage.limit {\n rate = 0.001\n burst = 1\n }");
    let sender = Fanout::new(vec![running.receiver.clone()]);
    let (one, outcome) = batch(&["1", "2"]);
    sender.send(one).await;
    running.inlet.next().await.unwrap().ack.delivered();
    let unasked = LogBatch {
        entries: vec![entry("nobody would send this again")],
        ack: Ack::none(),
    };
    sender.send(unasked).await;
    running.stop.cancel();
    let last = running.inlet.next().await.unwrap();
    assert_eq!(lines(&last), ["nobody would send this again"]);
    running.task.await.unwrap().unwrap();
    assert_eq!(outcome.try_recv(), Ok(Outcome::Failed));
}
