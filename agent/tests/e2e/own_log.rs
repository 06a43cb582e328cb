//! `logging { write_to }`: the agent's own lines reach receivers, in bounds, and do not beget each other.

use crate::harness::{Home, until};
use crate::loki_endpoint::{LokiEndpoint, Mood};

fn config(url: &str, more: &str) -> String {
    format!(
        r#"
logging {{
	level    = "debug"
	write_to = [loki.process.own.receiver]
}}

loki.process "own" {{
	forward_to = [loki.write.out.receiver]

	stage.static_labels {{
		values = {{"job" = "alloy"}}
	}}
}}

loki.write "out" {{
	endpoint {{
		url                = "{url}"
		batch_wait         = "100ms"
		min_backoff_period = "50ms"
		max_backoff_period = "100ms"
	}}
}}

{more}
"#
    )
}

#[tokio::test]
async fn own_lines_arrive_and_those_about_their_way_do_not() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::with(&config(&endpoint.url(), ""));
    let mut agent = home.start().await;
    until("a line of the agent's own log arrives", async || {
        endpoint
            .taken()
            .iter()
            .any(|line| line.text.contains("finished complete graph evaluation"))
            .then_some(())
    })
    .await;
    let first = endpoint.taken().remove(0);
    assert_eq!(first.stream, r#"{component="alloy", job="alloy"}"#);
    assert!(
        first.text.starts_with("ts=") && !first.text.ends_with('\n'),
        "{first:?}"
    );

    // Trouble on the way is told on stderr and not sent the same way.
    endpoint.answers(Mood::Refuses(500, "in trouble"));
    home.write("config.alloy", &config(&endpoint.url(), "loki.echo \"more\" { }"));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    until("the trouble is told", async || {
        let log = agent.stderr();
        let told = log
            .lines()
            .any(|line| line.contains("will retry") && line.contains("component_id=loki.write.out"));
        told.then_some(())
    })
    .await;
    endpoint.answers(Mood::Takes);
    until("the reload is told to the endpoint", async || {
        let taken = endpoint.taken();
        let reloads = taken.iter().filter(|line| line.text.contains("started=1"));
        (reloads.count() == 1).then_some(())
    })
    .await;
    // At debug level every request makes lines of libraries, too. Nothing of it came, or there were no end of it.
    let (before, requests) = (endpoint.taken().len(), endpoint.requests());
    assert_eq!(agent.get("/-/healthy").await.status, 200);
    let taken = endpoint.taken();
    assert!(
        taken
            .iter()
            .all(|line| !line.text.contains("component_id=loki.write.out")),
        "{taken:?}"
    );
    assert!(
        before < 50 && requests < 200,
        "{before} lines, {requests} requests"
    );
    agent.stop().await;
}

#[tokio::test]
async fn receivers_that_take_nothing_hold_nothing_up() {
    let endpoint = LokiEndpoint::start().await;
    endpoint.answers(Mood::Hangs);
    let url = endpoint.url();
    // One component that logs at each reload; a queue that is soon full.
    let text = |turn: u32| {
        let small = "queue_config {\n\t\t\tcapacity = \"1KiB\"\n\t\t}";
        config(&url, &format!("loki.echo \"e{turn}\" {{ }}"))
            .replace("batch_wait ", &format!("{small}\n\t\tbatch_wait "))
    };
    let home = Home::with(&text(0));
    let level = "--stability.level=experimental";
    let agent = home.start_with("config.alloy", &[level], &[]).await;
    let lost = "alloy_logging_write_to_lost_lines_total";
    assert_eq!(agent.metric(lost).await, Some(0.0));
    for turn in 1..20 {
        home.write("config.alloy", &text(turn));
        assert_eq!(agent.post("/-/reload").await.status, 200);
    }
    assert_eq!(agent.get("/-/ready").await.status, 200);
    // Without its receivers the log goes on as ever.
    home.write("config.alloy", "");
    assert_eq!(agent.post("/-/reload").await.status, 200);
}
