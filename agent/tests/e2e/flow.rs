//! Lines that flow while the agent is reloaded or stopped: none is lost.

use crate::harness::{Home, until};
use crate::logs::{Writer, all_taken, append, assert_each_once, counts, pipeline};
use crate::loki_endpoint::{LokiEndpoint, Mood};
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

#[tokio::test]
async fn reloads_that_change_every_component_lose_and_repeat_nothing() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    let before = pipeline(&log, &endpoint.url(), "");
    let after = before
        .replace("\"20ms\"", "\"25ms\"")
        .replace(
            "values = {\"level\" = \"\"}",
            "values = {\"severity\" = \"level\"}",
        )
        .replace("\"cluster\" = \"test\"", "\"cluster\" = \"other\"");
    home.write("config.alloy", &before);
    let mut agent = home.start().await;
    let writer = Writer::start(&log);
    for round in 0..12 {
        let config = if round % 2 == 0 { &after } else { &before };
        home.write("config.alloy", config);
        let answer = agent.post("/-/reload").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let wanted = if round % 2 == 0 { "severity=" } else { "level=" };
        let told = endpoint.taken().len();
        until("lines come with the new labels", async || {
            let lines = endpoint.taken();
            let mut new = lines.iter().skip(told);
            new.any(|line| line.stream.contains(wanted)).then_some(())
        })
        .await;
    }
    let written = writer.stop();
    all_taken(&endpoint, 0..written).await;
    agent.stop().await;
    assert_each_once(&endpoint, 0..written);
}

#[tokio::test]
async fn reloads_that_take_components_away_lose_nothing() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    let with = pipeline(&log, &endpoint.url(), "");
    // The source sends to the writer itself; the block between is another one.
    let without = with
        .replace("loki.process.logs.receiver", "loki.write.out.receiver")
        .replace("loki.process \"logs\"", "loki.process \"unused\"");
    home.write("config.alloy", &with);
    let mut agent = home.start().await;
    let writer = Writer::start(&log);
    for round in 0..8 {
        home.write("config.alloy", if round % 2 == 0 { &without } else { &with });
        let answer = agent.post("/-/reload").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = endpoint.taken().len();
        until("lines come the new way", async || {
            let lines = endpoint.taken();
            let mut new = lines.iter().skip(told);
            new.any(|line| line.stream.contains("level=") == (round % 2 == 1))
                .then_some(())
        })
        .await;
    }
    let written = writer.stop();
    all_taken(&endpoint, 0..written).await;
    agent.stop().await;
    assert_eq!(counts(&endpoint.taken()).len(), written as usize);
}

#[tokio::test]
async fn a_stop_is_bounded_while_the_endpoint_hangs_and_nothing_is_lost() {
    let endpoint = LokiEndpoint::start().await;
    endpoint.answers(Mood::Hangs);
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    home.write("config.alloy", &pipeline(&log, &endpoint.url(), ""));
    let mut agent = home
        .start_with("config.alloy", &["--shutdown.timeout=2"], &[])
        .await;
    append(&log, 0..100);
    endpoint.is_asked(1).await;
    let began = Instant::now();
    agent.stop().await;
    // Two seconds, the grace for connections, and room for a busy machine.
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());

    endpoint.answers(Mood::Takes);
    let mut agent = home.start().await;
    endpoint.takes(100).await;
    agent.stop().await;
    assert_each_once(&endpoint, 0..100);
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let endpoint = LokiEndpoint::start().await;
    endpoint.answers(Mood::Hangs);
    let home = Home::new();
    std::fs::create_dir_all(home.path("logs")).unwrap();
    let log = home.path("logs/app.log");
    home.write("config.alloy", &pipeline(&log, &endpoint.url(), ""));
    let mut agent = home
        .start_with("config.alloy", &["--shutdown.timeout=600"], &[])
        .await;
    append(&log, 0..10);
    endpoint.is_asked(1).await;
    agent.signal(Signal::SIGTERM);
    until("the stop has begun", async || {
        agent.stderr().contains("shutting down").then_some(())
    })
    .await;
    agent.signal(Signal::SIGTERM);
    let began = Instant::now();
    assert_eq!(agent.ended().await.code(), Some(0));
    // Draining loki.write alone would take 15 seconds.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(
        agent.stderr().contains("stopped at once by a second signal"),
        "{}",
        agent.stderr()
    );
}
