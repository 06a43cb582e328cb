//! Memory that is given back between the work, and that nothing is missing afterwards.

use crate::harness::{Agent, Home, until};
use crate::loki_endpoint::LokiEndpoint;

/// Waits until pages of the program have been let go of: half of what files back is a great deal more than a component takes.
async fn has_let_go(agent: &Agent, before: u64) {
    until("pages of the program are let go of", async || {
        (agent.memory_kibibytes("RssFile") < before / 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_program_works_on_when_its_pages_have_been_let_go_of() {
    let endpoint = LokiEndpoint::start().await;
    let home = Home::new();
    let log = home.write("app.log", "level=info one\n");
    let config = |more: &str| {
        format!(
            r#"loki.source.file "app" {{
	targets       = [{{"__path__" = "{}"}}]
	forward_to    = [loki.process.app.receiver]
}}

loki.process "app" {{
	forward_to = [loki.write.out.receiver]

	stage.regex {{
		expression = "level=(?P<level>\\w+)"
	}}

	stage.labels {{
		values = {{"level" = ""}}
	}}
}}

loki.write "out" {{
	endpoint {{
		url        = "{}"
		batch_wait = "10ms"
	}}
}}
{more}"#,
            log.display(),
            endpoint.url()
        )
    };
    home.write("config.alloy", &config(""));
    let mut agent = home.start().await;
    endpoint.takes(1).await;

    let started = agent.memory_kibibytes("RssFile");
    has_let_go(&agent, started).await;
    assert_eq!(agent.get("/-/healthy").await.status, 200);
    assert!(
        agent
            .get("/metrics")
            .await
            .body
            .contains("loki_source_file_read_lines_total")
    );
    assert_eq!(agent.get("/").await.status, 200);
    append(&log, "level=warn two\n");
    endpoint.takes(2).await;

    // A load needs much of it again, and lets go of it again.
    home.write(
        "config.alloy",
        &config("discovery.relabel \"one\" {\n\ttargets = []\n}\n"),
    );
    assert_eq!(agent.post("/-/reload").await.status, 200);
    has_let_go(&agent, started).await;
    append(&log, "level=error three\n");
    endpoint.takes(3).await;
    assert_eq!(
        endpoint.texts(),
        ["level=info one", "level=warn two", "level=error three"]
    );
    agent.stop().await;
}

/// Components with a rule each.
fn components(count: usize) -> String {
    (0..count)
        .map(|number| {
            format!(
                "discovery.relabel \"r{number}\" {{\n\ttargets = [{{\"__address__\" = \"host-{number}\"}}]\n\n\trule {{\n\t\tsource_labels = [\"__address__\"]\n\t\tregex         = \"host-{number}(.*)\"\n\t\ttarget_label  = \"to\"\n\t}}\n}}\n"
            )
        })
        .collect()
}

#[tokio::test]
async fn what_a_large_configuration_needed_goes_back_when_it_is_gone() {
    let home = Home::with(&components(1));
    let mut agent = home.start().await;
    let small = agent.memory_kibibytes("RssAnon");
    home.write("config.alloy", &components(1000));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let large = agent.memory_kibibytes("RssAnon");
    assert!(large > small + 8 * 1024, "{small} KiB, then {large} KiB");
    home.write("config.alloy", &components(1));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    until("a good part of it goes back", async || {
        (agent.memory_kibibytes("RssAnon") < small + (large - small) * 2 / 3).then_some(())
    })
    .await;
    agent.stop().await;
}

fn append(log: &std::path::Path, text: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().append(true).open(log).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
