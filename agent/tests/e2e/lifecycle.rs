//! Starting, reloading and stopping, with good and with broken configurations.

use crate::harness::{Agent, Home, until};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

const GOOD: &str = "loki.echo \"out\" { }\n";

const BETTER: &str = "loki.echo \"out\" { }\n\nlocal.file_match \"logs\" {\n\tpath_targets = []\n}\n";

/// Four mistakes in three components.
const BROKEN: &str = r#"
local.file_match "logs" {
	path_targets = [{"__path__" = "/x"}]
	sync_perod   = "1s"
}

loki.source.file "app" {
	targets    = local.file_match.nope.targets
	forward_to = [loki.echo.out.receiver]
}

loki.ecco "out" { }
"#;

const SUCCESSFUL: &str = "alloy_config_last_load_successful";
const FAILURES: &str = "alloy_config_load_failures_total";

/// The ids of the running components.
async fn components(agent: &Agent) -> Vec<String> {
    let list = agent.get("/api/v0/web/components").await.json();
    let ids = list.as_array().unwrap().iter();
    let mut ids: Vec<String> = ids
        .map(|component| component["localID"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

/// The messages about a configuration, without the lines of the log.
fn messages(stderr: &str) -> String {
    let lines = stderr.lines().filter(|line| !line.starts_with("ts="));
    lines.map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn ready_healthy_and_reloaded_by_get_post_and_hangup() {
    let home = Home::with(GOOD);
    let mut agent = home.start().await;
    assert_eq!(agent.get("/-/ready").await.body.trim(), "Alloy is ready.");
    let healthy = agent.get("/-/healthy").await;
    assert_eq!(
        (healthy.status, healthy.body.trim()),
        (200, "All Alloy components are healthy.")
    );
    assert_eq!(components(&agent).await, ["loki.echo.out"]);

    home.write("config.alloy", BETTER);
    let answer = agent.post("/-/reload").await;
    assert_eq!((answer.status, answer.body.trim()), (200, "config reloaded"));
    assert_eq!(
        components(&agent).await,
        ["local.file_match.logs", "loki.echo.out"]
    );

    home.write("config.alloy", GOOD);
    let answer = agent.get("/-/reload").await;
    assert_eq!((answer.status, answer.body.trim()), (200, "config reloaded"));
    assert_eq!(components(&agent).await, ["loki.echo.out"]);

    home.write("config.alloy", BETTER);
    agent.signal(Signal::SIGHUP);
    until("the hangup reloads", async || {
        (components(&agent).await.len() == 2).then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test]
async fn a_broken_configuration_at_the_start_is_told_and_ends_with_1() {
    let home = Home::with(BROKEN);
    let mut agent = home.spawn("config.alloy", &[], &[]);
    assert_eq!(agent.ended().await.code(), Some(1));
    let stderr = home.anonymous(&agent.stderr());
    insta::assert_snapshot!(messages(&stderr), @r#"
    HOME/config.alloy:2:1: warning[AR0252]: local.file_match.logs is unused: nothing refers to what it exports (refer to local.file_match.logs.targets, or take it away)
    HOME/config.alloy:4:2: error[AR0100]: unrecognized attribute name "sync_perod" (did you mean `sync_period`?)
    HOME/config.alloy:8:15: error[AR0201]: component "local.file_match.nope.targets" does not exist or is out of scope (did you mean local.file_match.logs?)
    HOME/config.alloy:9:16: error[AR0201]: component "loki.echo.out.receiver" does not exist or is out of scope (did you mean loki.ecco.out?)
    HOME/config.alloy:12:1: error[AR0200]: cannot find the definition of component name "loki.ecco" (did you mean loki.echo?)
    alloy-rs: could not perform the initial load successfully
    "#);
    assert!(!stderr.contains('\u{1b}'), "no colours in a file: {stderr}");
    assert!(
        !stderr.contains("running one goes on"),
        "nothing runs yet: {stderr}"
    );
}

#[tokio::test]
async fn a_broken_configuration_at_reload_is_answered_in_full_and_the_old_one_goes_on() {
    let home = Home::with(BETTER);
    let mut agent = home.start().await;
    let running_hash = |page: &str| {
        let line = page.lines().find(|line| line.starts_with("alloy_config_hash{"));
        line.map(str::to_owned)
    };
    let before = running_hash(&agent.get("/metrics").await.body).expect("the hash is told");
    assert_eq!(agent.metric(SUCCESSFUL).await, Some(1.0));
    assert_eq!(agent.metric(FAILURES).await, Some(0.0));

    home.write("config.alloy", BROKEN);
    let answer = agent.post("/-/reload").await;
    assert_eq!(answer.status, 400);
    insta::assert_snapshot!(home.anonymous(&answer.body), @r#"
    HOME/config.alloy:4:2: error[AR0100]: unrecognized attribute name "sync_perod" (did you mean `sync_period`?)
    HOME/config.alloy:8:15: error[AR0201]: component "local.file_match.nope.targets" does not exist or is out of scope (did you mean local.file_match.logs?)
    HOME/config.alloy:9:16: error[AR0201]: component "loki.echo.out.receiver" does not exist or is out of scope (did you mean loki.ecco.out?)
    HOME/config.alloy:12:1: error[AR0200]: cannot find the definition of component name "loki.ecco" (did you mean loki.echo?)
    HOME/config.alloy:2:1: warning[AR0252]: local.file_match.logs is unused: nothing refers to what it exports (refer to local.file_match.logs.targets, or take it away)
    "#);
    assert_eq!(agent.get("/-/ready").await.status, 200);
    assert_eq!(
        components(&agent).await,
        ["local.file_match.logs", "loki.echo.out"]
    );
    assert_eq!(agent.metric(SUCCESSFUL).await, Some(0.0));
    assert_eq!(agent.metric(FAILURES).await, Some(1.0));
    let page = agent.get("/metrics").await.body;
    assert_eq!(running_hash(&page).as_ref(), Some(&before));
    assert!(
        agent.stderr().contains("level=error"),
        "the log tells it: {}",
        agent.stderr()
    );

    // Programs get the same as JSON.
    let answer = agent.post_accepting("/-/reload", "application/json").await;
    assert_eq!(answer.status, 400);
    let findings = answer.json();
    let findings = findings["diagnostics"].as_array().unwrap();
    assert_eq!(findings.len(), 5, "{findings:?}");
    let first_error = findings.iter().find(|finding| finding["severity"] == "error");
    let first_error = first_error.unwrap();
    assert_eq!(
        (first_error["line"].as_u64(), first_error["column"].as_u64()),
        (Some(4), Some(2))
    );

    // By a signal, the log is the only place.
    agent.signal(Signal::SIGHUP);
    until("the failure is counted", async || {
        (agent.metric(FAILURES).await == Some(3.0)).then_some(())
    })
    .await;

    home.write("config.alloy", GOOD);
    assert_eq!(agent.post("/-/reload").await.status, 200);
    assert_eq!(agent.metric(SUCCESSFUL).await, Some(1.0));
    assert_eq!(agent.metric(FAILURES).await, Some(3.0));
    assert_ne!(
        running_hash(&agent.get("/metrics").await.body).as_ref(),
        Some(&before)
    );
    agent.stop().await;
}

#[tokio::test]
async fn a_configuration_that_vanishes_is_told_at_reload() {
    let home = Home::with(GOOD);
    let agent = home.start().await;
    std::fs::remove_file(home.path("config.alloy")).unwrap();
    let answer = agent.post("/-/reload").await;
    assert_eq!(answer.status, 400);
    insta::assert_snapshot!(home.anonymous(&answer.body), @"cannot read HOME/config.alloy: No such file or directory (os error 2)");
    assert_eq!(agent.metric(SUCCESSFUL).await, Some(0.0));
    assert_eq!(components(&agent).await, ["loki.echo.out"]);
}

#[tokio::test]
async fn terminated_while_a_load_waits_for_a_peer_it_ends_at_once() {
    // Takes connections, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let import = format!(
        "import.http \"lib\" {{\n\turl            = \"http://{}/lib\"\n\tpoll_frequency = \"10m\"\n\tpoll_timeout   = \"9m\"\n}}\n",
        silent.local_addr().unwrap()
    );
    let ends = async |mut agent: Agent| {
        let asked = silent.try_clone().unwrap();
        let _held = tokio::task::spawn_blocking(move || asked.accept().unwrap())
            .await
            .unwrap();
        agent.signal(Signal::SIGTERM);
        let ended = tokio::time::timeout(Duration::from_secs(10), agent.ended()).await;
        assert!(ended.expect("it ends").success(), "{}", agent.stderr());
    };
    // The first load.
    let home = Home::with(&import);
    let mut agent = home.spawn("config.alloy", &[], &[]);
    agent.listening().await;
    assert_eq!(agent.get("/-/ready").await.status, 503);
    ends(agent).await;
    // A reload by a signal.
    home.write("config.alloy", "");
    let agent = home.start().await;
    home.write("config.alloy", &import);
    agent.signal(Signal::SIGHUP);
    ends(agent).await;
}

#[tokio::test]
async fn terminated_it_ends_with_0_in_time() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let home = Home::with(BETTER);
        let mut agent = home
            .start_with("config.alloy", &["--shutdown.timeout=2"], &[])
            .await;
        let began = Instant::now();
        agent.signal(signal);
        assert_eq!(agent.ended().await.code(), Some(0), "{}", agent.stderr());
        // The bound plus the grace for connections, and room for a busy machine.
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_port_in_use_is_told() {
    let home = Home::with(GOOD);
    let agent = home.start().await;
    let other = Home::with(GOOD);
    let flag = format!("--server.http.listen-addr={}", agent.address());
    let mut second = other.spawn("config.alloy", &[&flag], &[]);
    assert_eq!(second.ended().await.code(), Some(1));
    let told = second.stderr().replace(&agent.address().to_string(), "ADDRESS");
    insta::assert_snapshot!(told, @"alloy-rs: cannot listen on ADDRESS: Address already in use (os error 98); stop what uses the port, or choose another with --server.http.listen-addr");
    assert_eq!(agent.get("/-/ready").await.status, 200);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_ends_with_2() {
    let home = Home::new();
    let mut agent = home.spawn("nowhere.alloy", &[], &[]);
    assert_eq!(agent.ended().await.code(), Some(2));
    insta::assert_snapshot!(home.anonymous(&agent.stderr()), @"alloy-rs: cannot read HOME/nowhere.alloy: No such file or directory (os error 2)");

    // It was read, and what is wrong stands at a place in it.
    std::fs::write(home.path("latin1.alloy"), b"// caf\xe9\n").unwrap();
    let mut agent = home.spawn("latin1.alloy", &[], &[]);
    assert_eq!(agent.ended().await.code(), Some(1));
    let told = home.anonymous(&agent.stderr());
    assert!(
        told.contains(
            "\nHOME/latin1.alloy:1:7: error[AR0014]: these bytes are no UTF-8 (save the file as UTF-8)\n"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn the_files_of_a_folder_are_one_configuration_and_keep_their_names() {
    let home = Home::new();
    home.write(
        "conf/a.alloy",
        "local.file_match \"logs\" {\n\tpath_targets = []\n}\n",
    );
    home.write(
        "conf/b.alloy",
        "loki.source.file \"app\" {\n\ttargets    = local.file_match.logs.targets\n\tforward_to = [loki.echo.out.receiver]\n}\n",
    );
    home.write("conf/c.alloy", GOOD);
    home.write("conf/notes.txt", "this is no configuration\n");
    let agent = home.start_with("conf", &[], &[]).await;
    assert_eq!(
        components(&agent).await,
        ["local.file_match.logs", "loki.echo.out", "loki.source.file.app"]
    );

    home.write("conf/c.alloy", "loki.echo \"out\" {\n\tnonsense = 1\n}\n");
    home.write(
        "conf/d.alloy",
        "local.file_match \"logs\" {\n\tpath_targets = []\n}\n",
    );
    let answer = agent.post("/-/reload").await;
    assert_eq!(answer.status, 400);
    insta::assert_snapshot!(home.anonymous(&answer.body), @r#"
    HOME/conf/c.alloy:2:2: error[AR0100]: unrecognized attribute name "nonsense" (nothing of the kind may stand here)
    HOME/conf/d.alloy:1:1: error[AR0202]: component "local.file_match.logs" is already declared (give one of them another label)
    "#);
}

#[tokio::test]
async fn the_log_follows_the_logging_block() {
    let home = Home::with("logging {\n\tlevel  = \"debug\"\n\tformat = \"json\"\n}\n");
    let mut agent = home.start().await;
    // The log follows a moment after the load; each reload writes a line.
    let json = until("lines as JSON", async || {
        assert_eq!(agent.post("/-/reload").await.status, 200);
        let told = agent.stderr();
        let lines = told.lines().filter_map(|line| serde_json::from_str(line).ok());
        let lines: Vec<serde_json::Value> = lines.collect();
        (!lines.is_empty()).then_some(lines)
    })
    .await;
    for line in json {
        for key in ["ts", "level", "msg"] {
            assert!(line[key].is_string(), "{line}");
        }
    }
    home.write("config.alloy", "logging {\n\tlevel = \"error\"\n}\n");
    assert_eq!(agent.post("/-/reload").await.status, 200);
    // From the time the level is error, a reload and a stop say nothing.
    until("the level is error", async || {
        let before = agent.stderr();
        agent.post("/-/reload").await;
        (agent.stderr() == before).then_some(())
    })
    .await;
    let quiet = agent.stderr();
    agent.stop().await;
    assert_eq!(agent.stderr(), quiet);
}
