//! `seen = delivered + queued + dropped{reason}`: for each source and each endpoint, over drops of the configuration and refusals of Loki; and memory that
//! does not grow with files that come and go.

use crate::harness::{Agent, Home, client, until};
use crate::logs::append;
use crate::loki_endpoint::{LokiEndpoint, Mood};
use std::ops::Range;
use std::path::Path;

/// Seen, delivered, queued, dropped.
type Account = [u32; 4];

/// What an account says: the metrics of a prefix, in a unit.
async fn account(agent: &Agent, prefix: &str, unit: &str) -> Account {
    let name = |what: &str, suffix: &str| format!("{prefix}_ledger_{what}_{unit}{suffix}");
    let [seen, delivered, queued, dropped] = [
        name("seen", "_total"),
        name("delivered", "_total"),
        name("queued", ""),
        name("dropped", "_total"),
    ];
    let mut account = [0; 4];
    for (number, name) in account.iter_mut().zip([&seen, &delivered, &queued, &dropped]) {
        *number = agent.metric_sum(name, "").await as u32;
    }
    account
}

/// Waits until the accounts of the file source, the API source and the endpoint are these. Each has to be right by itself.
async fn are(agent: &Agent, wanted: [Account; 3]) {
    for [seen, delivered, queued, dropped] in wanted {
        assert_eq!(seen, delivered + queued + dropped, "what the test wants");
    }
    until(&format!("the accounts are {wanted:?}"), async || {
        let now = [
            account(agent, "loki_source_file", "lines").await,
            account(agent, "loki_source_api", "lines").await,
            account(agent, "loki_write", "entries").await,
        ];
        (now == wanted).then_some(())
    })
    .await;
}

fn write(log: &Path, numbers: Range<u32>, level: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .unwrap();
    let lines: String = numbers
        .map(|number| format!("level={level} n={number}\n"))
        .collect();
    file.write_all(lines.as_bytes()).unwrap();
}

#[tokio::test]
async fn every_line_is_accounted_for_at_every_step() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let log = home.path("app.log");
    home.write(
        "config.alloy",
        &format!(
            r#"
loki.source.file "logs" {{
	targets    = [{{"__path__" = "{log}", "job" = "app"}}]
	forward_to = [loki.process.logs.receiver]
}}

loki.source.api "in" {{
	forward_to = [loki.process.logs.receiver]

	http {{
		listen_address = "127.0.0.1"
		listen_port    = 0
	}}
}}

loki.process "logs" {{
	forward_to = [loki.write.out.receiver]

	stage.drop {{
		expression          = "level=debug"
		drop_counter_reason = "chatty"
	}}
}}

loki.write "out" {{
	endpoint {{
		url                = "{url}"
		batch_wait         = "30ms"
		min_backoff_period = "20ms"
		max_backoff_period = "100ms"
		remote_timeout     = "300ms"
	}}
}}
"#,
            log = log.display(),
            url = endpoint.url(),
        ),
    );
    let agent = home.start().await;

    // On their way: what the configuration drops comes back with the rest of its batch.
    endpoint.answers(Mood::Hangs);
    write(&log, 0..40, "info");
    write(&log, 40..60, "debug");
    are(&agent, [[60, 0, 60, 0], [0; 4], [40, 0, 40, 0]]).await;
    endpoint.answers(Mood::Takes);
    are(&agent, [[60, 60, 0, 0], [0; 4], [40, 40, 0, 0]]).await;

    // Refused for good: the endpoint drops, the source is done with it.
    endpoint.answers(Mood::Refuses(400, "entry too far behind"));
    write(&log, 60..80, "warn");
    are(&agent, [[80, 80, 0, 0], [0; 4], [60, 40, 0, 20]]).await;

    // Not even sent.
    endpoint.answers(Mood::Takes);
    write(&log, 80..90, "debug");
    are(&agent, [[90, 90, 0, 0], [0; 4], [60, 40, 0, 20]]).await;
    let chatty = agent
        .metric_sum("loki_process_dropped_lines_total", "reason=\"chatty\"")
        .await;
    assert_eq!(chatty, 30.0);

    // Pushed: the request waits as the lines do.
    let page = agent.get("/api/v0/web/components/loki.source.api.in").await.body;
    let at = page.find("127.0.0.1:").expect("the page tells the address");
    let address = page[at..].split('"').next().unwrap();
    endpoint.answers(Mood::Hangs);
    let request = client()
        .post(format!("http://{address}/loki/api/v1/push"))
        .header("Content-Type", "application/json")
        .body(r#"{"streams":[{"stream":{"a":"b"},"values":[["1","level=info"],["2","level=debug"],["3","level=warn"]]}]}"#)
        .send();
    let request = tokio::spawn(request);
    are(&agent, [[90, 90, 0, 0], [3, 0, 3, 0], [62, 40, 2, 20]]).await;
    endpoint.answers(Mood::Takes);
    assert_eq!(request.await.unwrap().unwrap().status().as_u16(), 204);
    are(&agent, [[90, 90, 0, 0], [3, 3, 0, 0], [62, 42, 0, 20]]).await;

    for (component, words) in [
        (
            "loki.source.file.logs",
            ["seen_lines", "delivered_lines", "queued_lines"],
        ),
        (
            "loki.source.api.in",
            ["seen_lines", "delivered_lines", "queued_lines"],
        ),
        (
            "loki.write.out",
            ["seen_entries", "delivered_entries", "dropped_entries"],
        ),
    ] {
        let page = agent
            .get(&format!("/api/v0/web/components/{component}"))
            .await
            .body;
        for word in words {
            assert!(page.contains(word), "{component} does not show {word}: {page}");
        }
    }
}

/// `agent/benches/files.py` does the same with 10,000 files.
#[tokio::test]
async fn files_that_come_and_go_leave_no_memory_behind() {
    const AT_ONCE: u32 = 100;
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let folder = home.path("logs");
    std::fs::create_dir_all(&folder).unwrap();
    home.write(
        "config.alloy",
        &crate::logs::pipeline(&folder.join("*.log"), &endpoint.url(), ""),
    );
    let agent = home.start().await;
    let mut written = 0;
    let mut resident = Vec::new();
    for _ in 0..3 {
        for _ in 0..3 {
            let names = written..written + AT_ONCE;
            let paths: Vec<_> = names
                .map(|number| {
                    folder.join(format!(
                        "app-{number:05}-{:08x}.log",
                        number.wrapping_mul(2_654_435_761)
                    ))
                })
                .collect();
            for (number, path) in (written..).zip(&paths) {
                append(path, number * 20..number * 20 + 20);
            }
            written += AT_ONCE;
            endpoint.takes(written as usize * 20).await;
            for path in paths {
                std::fs::remove_file(path).unwrap();
            }
        }
        until("no file is followed any more", async || {
            let active = agent.metric_sum("loki_source_file_files_active_total", "").await;
            (active == 0.0).then_some(())
        })
        .await;
        let series = agent.metric_sum("loki_source_file_read_lines_total", "").await;
        assert_eq!(series, 0.0, "the series of files that are gone are gone");
        resident.push(agent.resident_kibibytes());
    }
    assert_eq!(
        crate::logs::counts(&endpoint.taken()).len(),
        written as usize * 20
    );
    let (first, last) = (resident[0], resident[2]);
    // So few files tell gross leaks only; what ten thousand cost is measured by `agent/benches/files.py`.
    assert!(last <= first + first / 5, "{resident:?} KiB");
}
