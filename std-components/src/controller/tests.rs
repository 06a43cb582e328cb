//! The controller with components made for it, on paused time.

mod handover;
mod interleaved;
mod random;

use super::*;
use crate::component::{BuildError, Component, Context, Registration, RunError};
use crate::signals::{Ack, Entry, Fanout, Inlet, Labels, LogBatch, Receiver, inlet};
use river_eval::Shared as SharedCapsule;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

mod modules;

/// What the components of all tests did; each test's by its storage folder.
static DONE: Mutex<Vec<(PathBuf, Instant, String)>> = Mutex::new(Vec::new());

fn note(context: &Context<Exports>, what: &str) {
    let done = format!("{what} {}", context.id);
    DONE.lock()
        .push((context.services.storage.clone(), Instant::now(), done));
}

#[derive(Debug, river_eval::Arguments)]
struct Arguments {
    /// Is exported.
    #[river(default = 0)]
    value: i64,
    /// Where it sends.
    #[river(default = Fanout::default())]
    forward_to: Fanout<LogBatch>,
    /// How it behaves.
    #[river(default = "run".to_owned())]
    mode: String,
}

#[derive(Debug, river_eval::Exports)]
struct Exports {
    /// Takes batches.
    receiver: SharedCapsule<Receiver<LogBatch>>,
    /// What was given.
    value: i64,
}

/// Passes batches on; says when it starts, takes a batch and ends.
struct Node {
    context: Context<Exports>,
    receiver: SharedCapsule<Receiver<LogBatch>>,
    inlet: tokio::sync::Mutex<Inlet<LogBatch>>,
    arguments: Mutex<Arguments>,
    changed: Notify,
}

impl Component for Node {
    const NAME: &'static str = "test.node";
    type Arguments = Arguments;
    type Exports = Exports;

    fn new(context: Context<Exports>, arguments: Arguments) -> Result<Self, BuildError> {
        if arguments.mode == "panic at birth" {
            panic!("no birth");
        }
        if arguments.mode == "unbuildable" {
            return Err(BuildError::at("mode", "cannot be built here"));
        }
        let (receiver, inlet) = inlet(&context.id.to_string());
        context.metrics.counter("test_total", "A metric of its own.");
        context.export(&Exports {
            receiver: receiver.clone(),
            value: arguments.value,
        });
        Ok(Self {
            context,
            receiver,
            inlet: tokio::sync::Mutex::new(inlet),
            arguments: Mutex::new(arguments),
            changed: Notify::new(),
        })
    }

    fn update(&self, arguments: Arguments) -> Result<(), BuildError> {
        match arguments.mode.as_str() {
            "unupdatable" => return Err(BuildError::at("mode", "cannot be updated here")),
            "panic at update" => panic!("no update"),
            // Works once the folder is there.
            folder if folder.starts_with('/') && !std::path::Path::new(folder).exists() => {
                return Err(BuildError::at("mode", "no such folder"));
            }
            _ => {}
        }
        note(&self.context, &format!("update to {}", arguments.value));
        self.context.export(&Exports {
            receiver: self.receiver.clone(),
            value: arguments.value,
        });
        *self.arguments.lock() = arguments;
        self.changed.notify_one();
        Ok(())
    }

    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RunError> {
        note(&self.context, "run");
        let (mode, to) = {
            let arguments = self.arguments.lock();
            (arguments.mode.clone(), arguments.forward_to.clone())
        };
        match mode.as_str() {
            "fail" => return Err(RunError("no luck".into())),
            "panic" => panic!("out of luck"),
            "exit" => return Ok(()),
            "deaf" => std::future::pending().await,
            "rise" => {
                tokio::time::sleep(Duration::from_secs(10)).await;
                self.context.export(&Exports {
                    receiver: self.receiver.clone(),
                    value: 77,
                });
            }
            _ => {}
        }
        let mut inlet = self.inlet.lock().await;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                batch = inlet.next() => if let Some(batch) = batch {
                    note(&self.context, "take");
                    to.send(batch).await;
                },
            }
        }
        while let Some(batch) = inlet.try_next() {
            note(&self.context, "drain");
            to.send(batch).await;
        }
        if mode == "last_words" {
            let entry = Entry {
                labels: Labels::default(),
                timestamp: 0,
                line: "bye".into(),
                metadata: None,
            };
            let (context, ack) = (self.context.clone(), Ack::new(|_| {}));
            to.send(LogBatch {
                entries: vec![entry],
                ack,
            })
            .await;
            note(&context, "sent");
        }
        note(&self.context, "end");
        Ok(())
    }
}

static NODE: Registration = Registration::of::<Node>();

struct Test {
    controller: Controller,
    storage: PathBuf,
}

impl Test {
    /// A controller whose components are told apart by the test's name.
    fn new(name: &str) -> Self {
        let storage = PathBuf::from(name);
        let services = Services {
            storage: storage.clone(),
            ..Services::default()
        };
        let options = Options {
            services,
            components: vec![&NODE],
            shutdown_timeout: Duration::from_secs(12),
            ..Options::default()
        };
        Self {
            controller: Controller::new(options).unwrap(),
            storage,
        }
    }

    async fn load(&self, text: &str) -> Result<LoadReport, LoadError> {
        self.controller.load(sources(text)).await
    }

    /// What was done since the last time, and after how many seconds.
    fn done(&self, since: Instant) -> Vec<String> {
        let mut done = Vec::new();
        DONE.lock().retain(|(storage, at, what)| {
            let other = *storage != self.storage;
            if !other {
                done.push(format!("{}s {what}", at.duration_since(since).as_secs()));
            }
            other
        });
        done
    }

    fn health(&self, id: &str) -> String {
        let health = self.controller.health(id).unwrap();
        format!("{}: {}", health.state.as_str(), health.message)
    }

    fn metrics(&self) -> String {
        let mut page = String::new();
        self.controller.metrics().render(&mut page).unwrap();
        page
    }
}

fn sources(text: &str) -> Sources {
    let mut sources = Sources::new();
    sources.add("test.alloy", text);
    sources
}

/// Lets every task run as far as it gets without time passing.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_component_is_run_again_after_longer_and_longer() {
    let begun = Instant::now();
    let test = Test::new("restart");
    test.load(r#"test.node "a" { mode = "fail" }"#).await.unwrap();
    tokio::time::sleep(Duration::from_secs(64)).await;
    let runs: Vec<_> = ["0s", "1s", "3s", "7s", "15s", "31s", "63s"]
        .map(|at| format!("{at} run test.node.a"))
        .into();
    assert_eq!(test.done(begun), runs);
    assert_eq!(
        test.health("test.node.a"),
        "unhealthy: component shut down with error: no luck; it is started again in 60s"
    );
    assert_eq!(test.controller.unhealthy().len(), 1);
    assert!(test.metrics().contains(
        "alloy_component_controller_running_components{controller_id=\"\",controller_path=\"/\",health_type=\"unhealthy\"} 1"
    ));
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_takes_nothing_else_down() {
    let test = Test::new("panic");
    test.load(
        "test.node \"a\" { mode = \"panic\" }\ntest.node \"b\" { }\ntest.node \"c\" { mode = \"exit\" }",
    )
    .await
    .unwrap();
    settle().await;
    assert_eq!(
        test.health("test.node.a"),
        "unhealthy: component shut down with error: it panicked: out of luck; it is started again in 1s"
    );
    assert_eq!(test.health("test.node.b"), "healthy: started component");
    assert_eq!(test.health("test.node.c"), "exited: component shut down normally");
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_a_configuration_is_loaded_is_a_refusal() {
    let test = Test::new("panic at load");
    test.load("test.node \"a\" { value = 1 }").await.unwrap();
    let error = test
        .load("test.node \"a\" { value = 2 }\ntest.node \"b\" { mode = \"panic at birth\" }")
        .await
        .unwrap_err();
    assert_eq!(
        error.diagnostics[0].message,
        "failed to build component \"test.node.b\": it panicked: no birth"
    );
    let report = test
        .load("test.node \"a\" { mode = \"panic at update\" }")
        .await
        .unwrap();
    assert!(report.warnings[0].message.ends_with("it panicked: no update"));
    assert!(
        test.health("test.node.a")
            .starts_with("unhealthy: component evaluation failed")
    );
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_update_that_failed_is_tried_again_after_longer_and_longer() {
    let begun = Instant::now();
    let test = Test::new("retry");
    let folder = tempfile::tempdir().unwrap().path().join("later");
    test.load("test.node \"a\" { value = 1 }\ntest.node \"b\" { value = test.node.a.value }")
        .await
        .unwrap();
    settle().await;
    let before = test.controller.evaluations();
    let text = format!(
        "test.node \"a\" {{\n\tvalue = 2\n\tmode = {folder:?}\n}}\ntest.node \"b\" {{ value = test.node.a.value }}"
    );
    let report = test.load(&text).await.unwrap();
    assert_eq!(report.warnings.len(), 1);
    tokio::time::sleep(Duration::from_secs(20)).await;
    // At the load, then after 1, 3, 7 and 15 seconds.
    assert_eq!(test.controller.evaluations() - before, 5);
    assert!(
        test.health("test.node.a").contains("no such folder"),
        "{}",
        test.health("test.node.a")
    );
    assert_eq!(test.controller.unhealthy().len(), 1);
    test.done(begun);
    std::fs::create_dir_all(&folder).unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(test.health("test.node.a"), "healthy: component evaluated");
    let done: Vec<_> = test
        .done(begun)
        .iter()
        .map(|done| done.split_once(' ').unwrap().1.to_owned())
        .collect();
    assert_eq!(done, ["update to 2 test.node.a", "update to 2 test.node.b"]);
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn sources_end_before_sinks_and_what_they_send_last_arrives() {
    let begun = Instant::now();
    let test = Test::new("order");
    let report = test
        .load(
            r#"
test.node "source" {
	forward_to = [test.node.middle.receiver]
	mode       = "last_words"
}
test.node "middle" { forward_to = [test.node.sink.receiver] }
test.node "sink" { }
"#,
        )
        .await
        .unwrap();
    assert_eq!(report.started.len(), 3);
    settle().await;
    test.done(begun);
    test.controller.shutdown().await;
    let done = test.done(begun);
    let at = |what: &str| {
        done.iter()
            .position(|done| done == what)
            .unwrap_or_else(|| panic!("{what} in {done:?}"))
    };
    assert!(at("0s end test.node.source") < at("0s end test.node.middle"));
    assert!(at("0s end test.node.middle") < at("0s end test.node.sink"));
    assert!(
        done.iter()
            .any(|done| done == "0s take test.node.sink" || done == "0s drain test.node.sink"),
        "{done:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_drain_is_aborted_in_its_share_of_the_time() {
    let begun = Instant::now();
    let test = Test::new("deaf");
    test.load("test.node \"a\" {\n\tmode       = \"deaf\"\n\tforward_to = [test.node.b.receiver]\n}\ntest.node \"b\" { }")
        .await
        .unwrap();
    settle().await;
    test.controller.shutdown().await;
    // Two stages share 12 s.
    assert_eq!(begun.elapsed().as_secs(), 6);
    assert_eq!(test.done(begun).last().unwrap(), "6s end test.node.b");
}

#[tokio::test(start_paused = true)]
async fn a_reload_touches_only_what_changed() {
    let begun = Instant::now();
    let test = Test::new("reload");
    let text =
        "test.node \"a\" { value = 1 }\ntest.node \"b\" { value = test.node.a.value }\ntest.node \"c\" { }\n";
    test.load(text).await.unwrap();
    settle().await;
    test.done(begun);
    let report = test.load(text).await.unwrap();
    assert_eq!((report.evaluated, report.unchanged), (0, 3));
    let report = test
        .load(
            &text
                .replace("value = 1", "value = 2")
                .replace("test.node \"c\" { }", ""),
        )
        .await
        .unwrap();
    assert_eq!(
        (report.updated.len(), report.stopped.len(), report.unchanged),
        (1, 1, 1)
    );
    settle().await;
    let mut done = test.done(begun);
    done.sort();
    assert_eq!(
        done,
        [
            "0s end test.node.c",
            "0s update to 2 test.node.a",
            "0s update to 2 test.node.b"
        ]
    );
    // The metrics of what is gone go with it, and it can come back.
    assert_eq!(test.metrics().matches("\ntest_total{").count(), 2);
    test.load(text).await.unwrap();
    settle().await;
    assert_eq!(test.metrics().matches("\ntest_total{").count(), 3);
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_rejected_load_leaves_everything_running() {
    let begun = Instant::now();
    let test = Test::new("rejected");
    test.load("test.node \"a\" { value = 1 }").await.unwrap();
    settle().await;
    test.done(begun);
    let broken = "test.node \"a\" { value = 2 }\ntest.node \"b\" { }\ntest.node \"c\" { mode = \"unbuildable\" }\ntest.node \"d\" { valeu = 1 }\n";
    let error = test.load(broken).await.unwrap_err();
    let messages: Vec<_> = error
        .diagnostics
        .iter()
        .map(|finding| river_syntax::render::concise(&error.sources, finding))
        .collect();
    assert!(
        messages[0].starts_with(
            "test.alloy:3:24: error[AR0212]: failed to build component \"test.node.c\": cannot be built here"
        ),
        "{messages:?}"
    );
    assert!(
        messages
            .iter()
            .any(|message| message.starts_with("test.alloy:4:") && message.contains("valeu")),
        "{messages:?}"
    );
    settle().await;
    assert_eq!(test.done(begun), Vec::<String>::new());
    assert_eq!(test.controller.components().len(), 1);
    assert_eq!(test.metrics().matches("\ntest_total{").count(), 1);
    test.controller.shutdown().await;
    assert_eq!(test.done(begun), ["0s end test.node.a"]);
}

#[tokio::test(start_paused = true)]
async fn changed_exports_reach_those_that_use_them() {
    let begun = Instant::now();
    let test = Test::new("exports");
    test.load("test.node \"a\" { mode = \"rise\" }\ntest.node \"b\" { value = test.node.a.value }\ntest.node \"c\" { }")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    let done = test.done(begun);
    assert_eq!(done.last().unwrap(), "10s update to 77 test.node.b");
    assert!(test.metrics().contains(
        "alloy_component_dependencies_wait_seconds_count{controller_id=\"\",controller_path=\"/\"} "
    ));
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_evaluation_that_fails_at_run_time_is_told_by_health() {
    let test = Test::new("evaluation");
    test.load(
        "test.node \"a\" { mode = \"rise\" }\ntest.node \"b\" { value = 10 / (77 - test.node.a.value) }",
    )
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(
        test.health("test.node.b")
            .starts_with("unhealthy: component evaluation failed: "),
        "{}",
        test.health("test.node.b")
    );
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn the_logging_block_is_handed_on() {
    let test = Test::new("logging");
    let settings = test.controller.log_settings();
    test.load("logging {\n\tlevel  = \"debug\"\n\tformat = \"json\"\n}\n")
        .await
        .unwrap();
    assert_eq!(
        (settings.borrow().level, settings.borrow().format),
        (LogLevel::Debug, LogFormat::Json)
    );
    test.load("logging { level = \"loud\" }").await.unwrap_err();
    assert_eq!(settings.borrow().level, LogLevel::Debug);
    test.load("logging { level = \"warn\" }").await.unwrap();
    assert_eq!(settings.borrow().level, LogLevel::Warn);
    test.load("").await.unwrap();
    assert_eq!(*settings.borrow(), LogSettings::default());
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn log_lines_are_copied_to_receivers_and_those_that_they_pass_through_are_known() {
    let test = Test::new("write_to");
    let settings = test.controller.log_settings();
    let nodes = "test.node \"in\" { forward_to = [test.node.out.receiver] }\ntest.node \"out\" { }\ntest.node \"other\" { forward_to = [test.node.in.receiver] }\n";
    let report = test
        .load(&format!(
            "logging {{ write_to = [test.node.in.receiver] }}\n{nodes}"
        ))
        .await
        .unwrap();
    assert!(report.warnings.is_empty());
    let now = settings.borrow().clone();
    assert_eq!(now.write_to.len(), 1);
    let passed: Vec<_> = now.passed.iter().map(|id| &**id).collect();
    assert_eq!(passed, ["test.node.in", "test.node.out"]);
    test.load(nodes).await.unwrap();
    assert_eq!(*settings.borrow(), LogSettings::default());
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn blocks_that_do_nothing_are_checked_and_told() {
    let test = Test::new("idle blocks");
    let text = "tracing { sampling_fraction = 0.5 }\nremotecfg {\n\turl = \"http://fleet\"\n\tbasic_auth {\n\t\tusername = \"u\"\n\t}\n}\n";
    let report = test.load(text).await.unwrap();
    let told = |finding: &Diagnostic| format!("{}: {}", finding.code.id, finding.message);
    let warnings: Vec<_> = report.warnings.iter().map(told).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r"
    AR0502: write_to names nobody who receives traces: the agent makes no spans of its own
    AR0503: remotecfg is out of this agent's scope: nothing is fetched
    ");
    let wrong = "tracing { sampling_fraction = 2 }\nremotecfg { poll_frequency = \"1s\" }\n";
    let error = test.load(wrong).await.unwrap_err();
    let errors = error.diagnostics.iter().filter(|finding| finding.is_error());
    assert_eq!(errors.count(), 2);
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_component_is_told_as_the_reference_tells_it() {
    let test = Test::new("info");
    test.load("test.node \"out\" { }\ntest.node \"in\" {\n\tforward_to = [test.node.out.receiver]\n\tvalue      = 3\n}")
        .await
        .unwrap();
    settle().await;
    let mut info = test.controller.component("test.node.in").unwrap();
    info.health.updated_time.clear();
    insta::assert_snapshot!(serde_json::to_string(&info).unwrap(), @r#"{"name":"test.node","type":"block","localID":"test.node.in","moduleID":"","label":"in","referencesTo":["test.node.out"],"referencedBy":[],"dataFlowEdgesTo":["test.node.out"],"health":{"state":"healthy","message":"started component","updatedTime":""},"original":"","arguments":[{"name":"forward_to","type":"attr","value":{"type":"array","value":[{"type":"capsule","value":"test.node.out.receiver"}]}},{"name":"value","type":"attr","value":{"type":"number","value":3}}],"exports":[{"name":"receiver","type":"attr","value":{"type":"capsule","value":"test.node.in.receiver"}},{"name":"value","type":"attr","value":{"type":"number","value":3}}],"debugInfo":[],"liveDebuggingEnabled":true}"#);
    let out = test.controller.component("test.node.out").unwrap();
    assert_eq!(
        (out.referenced_by, out.data_flow_edges_to),
        (vec![Str::from("test.node.in")], vec![])
    );
    assert!(test.controller.component("test.node.gone").is_none());
    let time = test.controller.components()[0].health.updated_time.clone();
    assert!(
        time.ends_with('Z') && time.len() == "2026-11-21T05:12:58.798916523Z".len(),
        "{time}"
    );
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_check_builds_and_runs_nothing_for_good() {
    let begun = Instant::now();
    let test = Test::new("check");
    let options = test.controller.shared.options.clone();
    let text = "test.node \"a\" { mode = \"unbuildable\" }\ntest.node \"b\" { value = test.node.a.value }\n";
    let warnings = check(&options, sources(text)).unwrap();
    assert_eq!(warnings.len(), 1);
    let error = check(
        &options,
        sources(&format!("{text}test.node \"c\" {{ mode = 3 + \"\" }}")),
    )
    .unwrap_err();
    assert_eq!(
        error
            .diagnostics
            .iter()
            .filter(|finding| finding.is_error())
            .count(),
        1
    );
    settle().await;
    assert_eq!(test.done(begun), Vec::<String>::new());
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_flows_is_counted_by_edge_and_health_is_remembered() {
    let test = Test::new("flow");
    test.load(
        "test.node \"out\" { }\ntest.node \"in\" {\n\tforward_to = [test.node.out.receiver]\n\tmode = \"last_words\"\n}",
    )
    .await
    .unwrap();
    settle().await;
    let flows = test.controller.services().flows.clone();
    let flow = flows.get("test.node.in").unwrap();
    assert_eq!((&*flow.sent()[0].to, flow.sent()[0].sent), ("test.node.out", 0));
    assert!(!flows.is_enabled());
    let history = test.controller.health_history("test.node.in");
    assert_eq!(
        history
            .iter()
            .map(|health| health.message.as_str())
            .collect::<Vec<_>>(),
        ["started component", "component evaluated"]
    );
    test.load("livedebugging { enabled = true }\ntest.node \"out\" { }")
        .await
        .unwrap();
    settle().await;
    assert_eq!(flow.sent()[0].sent, 1);
    assert_eq!(flows.get("test.node.out").unwrap().received_total(), Some(1));
    assert!(flows.is_enabled());
    test.load("").await.unwrap();
    assert!(!flows.is_enabled());
    test.controller.shutdown().await;
}
