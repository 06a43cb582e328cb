//! The parts of the HTTP API that are streams, bundles or answers for the page, and that no secret leaves through any of them.

use crate::harness::{Home, until};
use crate::http_api::{recorded, shape};
use serde_json::Value;
use std::io::Read;

const SECRET: &str = "canary-of-the-mine-7731";

fn config(home: &Home) -> String {
    format!(
        r#"livedebugging {{ enabled = true }}

declare "pipeline" {{
	argument "to" {{ }}

	argument "token" {{
		optional = true
		default  = "{SECRET}"
	}}

	argument "settings" {{
		optional = true
	}}

	export "shown" {{
		value = {{"what" = argument.token.value}}
	}}

	loki.source.file "inner" {{
		targets    = [{{"__path__" = "{log}"}}]
		forward_to = argument.to.value
	}}
}}

pipeline "one" {{
	to       = [loki.relabel.all.receiver]
	token    = "{SECRET}"
	settings = {{"name" = "kept", "inner" = [{{"password" = "{SECRET}"}}]}}
}}

prometheus.scrape "param" {{
	targets    = [{{"__address__" = "127.0.0.1:9", "__param_token" = "{SECRET}"}}]
	forward_to = []
	params     = {{"api_key" = ["{SECRET}"]}}

	scrape_interval = "1s"
	scrape_timeout  = "1s"
}}

loki.relabel "all" {{
	forward_to = [loki.echo.out.receiver, loki.write.away.receiver]

	rule {{
		target_label = "env"
		replacement  = "test"
	}}
}}

loki.echo "out" {{ }}

loki.write "away" {{
	endpoint {{
		url = "http://user:{SECRET}@127.0.0.1:9/loki/api/v1/push"

		headers = {{"X-Token" = "{SECRET}", "X-Key" = "{SECRET}"}}
	}}

	endpoint {{
		url = "http://127.0.0.1:9/loki/api/v1/push?access_token={SECRET}"

		basic_auth {{
			username = "user"
			password = "{SECRET}"
		}}
	}}
}}
"#,
        log = home.path("app.log").display(),
    )
}

fn home() -> Home {
    let home = Home::new();
    home.write("app.log", "");
    home.write("config.alloy", &config(&home));
    home
}

fn append(home: &Home, text: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(home.path("app.log"))
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Reads a stream until it holds `count` items.
async fn items(answer: &mut reqwest::Response, rest: &mut String, count: usize) -> Vec<String> {
    let mut items = Vec::new();
    while items.len() < count {
        match rest.split_once("|;|") {
            Some((item, more)) => {
                items.push(item.to_owned());
                *rest = more.to_owned();
            }
            None => {
                let chunk = tokio::time::timeout(crate::harness::PATIENCE, answer.chunk())
                    .await
                    .expect("the stream goes on")
                    .unwrap()
                    .expect("the stream is open");
                rest.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        }
    }
    items
}

#[tokio::test]
async fn live_debugging_streams_what_passes_and_can_be_forbidden() {
    let home = home();
    let agent = home.start().await;
    let client = crate::harness::client();
    let mut stream = client
        .get(agent.url("/api/v0/web/debug/loki.relabel.all?sampleProb=1"))
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let mut inner = client
        .get(agent.url("/api/v0/web/debug/pipeline.one/loki.source.file.inner"))
        .send()
        .await
        .unwrap();
    assert_eq!(inner.status(), 200);
    append(&home, "hello\n");
    let (mut rest, mut inner_rest) = (String::new(), String::new());
    let log = home.path("app.log");
    assert_eq!(
        items(&mut stream, &mut rest, 1).await,
        [format!(
            "entry: hello, labels: {{filename=\"{0}\"}} => {{env=\"test\", filename=\"{0}\"}}",
            log.display()
        )]
    );
    let item = items(&mut inner, &mut inner_rest, 1).await;
    assert!(
        item[0].starts_with("[OUT]: timestamp: 2") && item[0].contains(", entry: hello, labels: {"),
        "{item:?}"
    );

    for (path, status, words) in [
        ("loki.relabel.all?sampleProb=2", 400, "Invalid sample probability"),
        ("loki.relabel.none", 404, "component not found"),
    ] {
        let answer = agent.get(&format!("/api/v0/web/debug/{path}")).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains(words), "{}", answer.body);
    }
    home.write(
        "config.alloy",
        &config(&home).replace("enabled = true", "enabled = false"),
    );
    assert_eq!(agent.post("/-/reload").await.status, 200);
    assert_eq!(stream.chunk().await.unwrap(), None, "the stream ends");
    let forbidden = agent.get("/api/v0/web/debug/loki.relabel.all").await;
    assert_eq!(forbidden.status, 500);
    assert!(
        forbidden.body.contains("live debugging service is disabled"),
        "{}",
        forbidden.body
    );
}

#[tokio::test]
async fn the_graph_streams_rates_in_the_references_shape() {
    let home = home();
    let agent = home.start().await;
    let mut stream = crate::harness::client()
        .get(agent.url("/api/v0/web/graph?window=1"))
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let mut rest = String::new();
    let edge = until("a rate is told", async || {
        append(&home, "hello\n");
        let item = items(&mut stream, &mut rest, 1).await.remove(0);
        let edges: Value = serde_json::from_str(&item).unwrap();
        // What is sent inside of the module's component counts as the component's.
        let mut edges = edges.as_array().unwrap().clone().into_iter();
        edges.find(|edge| edge["componentID"] == "pipeline.one")
    })
    .await;
    assert_eq!(
        edge["targetComponentIDs"],
        serde_json::json!(["loki.relabel.all"])
    );
    assert_eq!(edge["type"], "loki_log");
    assert!(edge["rate"].as_f64().unwrap() >= 1.0, "{edge}");
    assert_eq!(agent.get("/api/v0/web/graph?window=61").await.status, 400);
    assert_eq!(agent.get("/api/v0/web/graph/none.such").await.status, 500);
}

#[tokio::test]
async fn modules_have_lists_graphs_and_components_of_their_own() {
    let home = home();
    let agent = home.start().await;
    let list = agent
        .get("/api/v0/web/modules/pipeline.one/components")
        .await
        .json();
    assert_eq!(list[0]["localID"], "loki.source.file.inner");
    assert_eq!(list[0]["moduleID"], "pipeline.one");
    assert_eq!(
        agent.get("/api/v0/web/modules/none.such/components").await.status,
        500
    );
    assert_eq!(agent.get("/api/v0/web/modules/pipeline.one").await.status, 404);
    let custom = agent.get("/api/v0/web/components/pipeline.one").await.json();
    assert_eq!(custom["createdModuleIDs"], serde_json::json!(["pipeline.one"]));
    for (ours, name) in [
        (&custom, "component-custom.json"),
        (&list[0], "module-components.json"),
    ] {
        if let Some(theirs) = recorded(name) {
            let theirs = if theirs.is_array() { &theirs[0] } else { &theirs };
            assert_eq!(shape(ours), shape(theirs), "{name}");
        }
    }

    let graph = agent.get("/api/v0/ui/graph").await.json();
    let node = graph["nodes"].as_array().unwrap().iter();
    let node = node.clone().find(|node| node["id"] == "pipeline.one").unwrap();
    assert_eq!(node["module"], "pipeline.one");
    let edges = graph["edges"].as_array().unwrap();
    let edge = edges.iter().find(|edge| edge["from"] == "pipeline.one").unwrap();
    assert_eq!(
        (edge["to"].as_str(), edge["kind"].as_str()),
        (Some("loki.relabel.all"), Some("loki_log"))
    );
    let inside = agent.get("/api/v0/ui/graph?module=pipeline.one").await.json();
    assert_eq!(inside["nodes"][0]["id"], "loki.source.file.inner");
    assert_eq!(agent.get("/api/v0/ui/graph?module=none.such").await.status, 404);

    let known = agent
        .get("/api/v0/ui/component/pipeline.one/loki.source.file.inner")
        .await
        .json();
    assert!(
        known["source"]["text"]
            .as_str()
            .unwrap()
            .contains("loki.source.file \"inner\""),
        "{known}"
    );
    assert_eq!(known["history"][0]["state"], "healthy");
}

#[tokio::test]
async fn no_secret_leaves() {
    let home = home();
    let agent = home.start().await;
    append(&home, "hello\n");
    until("the scrape has failed, which names its URL", async || {
        let scrape = agent.get("/api/v0/web/components/prometheus.scrape.param").await;
        scrape.body.contains("cannot be scraped").then_some(())
    })
    .await;
    let broken = config(&home).replace("rule {", "rul {");
    home.write("config.alloy", &broken);
    let mut answers = vec![
        agent.post("/-/reload").await.body,
        agent.post_accepting("/-/reload", "application/json").await.body,
    ];
    assert!(answers[0].contains("rul"), "{}", answers[0]);
    for path in [
        "/api/v0/web/components",
        "/api/v0/web/components/loki.write.away",
        "/api/v0/web/components/pipeline.one",
        "/api/v0/web/components/prometheus.scrape.param",
        "/api/v0/ui/state",
        "/api/v0/ui/config",
        "/api/v0/ui/graph",
        "/api/v0/ui/component/loki.write.away",
        "/metrics",
        "/-/healthy",
    ] {
        answers.push(agent.get(path).await.body);
    }
    let shown = agent.get("/api/v0/ui/config").await.json();
    assert!(
        shown["refused"]["files"][0]["text"]
            .as_str()
            .unwrap()
            .contains("(secret)"),
        "{shown}"
    );
    let bundle = crate::harness::client()
        .get(agent.url("/-/support?duration=1"))
        .send()
        .await
        .unwrap();
    assert_eq!(bundle.status(), 200);
    let bytes = bundle.bytes().await.unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut names = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        names.push(file.name().unwrap().to_string());
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        answers.push(String::from_utf8_lossy(&content).into_owned());
    }
    names.sort();
    insta::assert_debug_snapshot!(names, @r#"
    [
        "alloy-support-bundle/alloy-components.json",
        "alloy-support-bundle/alloy-environment.txt",
        "alloy-support-bundle/alloy-logs.txt",
        "alloy-support-bundle/alloy-metadata.yaml",
        "alloy-support-bundle/alloy-metrics-sample-end.txt",
        "alloy-support-bundle/alloy-metrics-sample-start.txt",
        "alloy-support-bundle/alloy-peers.json",
        "alloy-support-bundle/alloy-runtime-flags.txt",
        "alloy-support-bundle/pprof/cpu.txt",
        "alloy-support-bundle/sources-refused/config.alloy",
        "alloy-support-bundle/sources-refused/reasons.txt",
        "alloy-support-bundle/sources/config.alloy",
    ]
    "#);
    answers.push(agent.stderr());
    for answer in answers {
        let at = answer.find(SECRET);
        assert!(
            at.is_none(),
            "{:?}",
            answer.get(at.unwrap_or(0).saturating_sub(200)..)
        );
    }
}

#[tokio::test]
async fn profiles_and_bundles_can_be_forbidden() {
    let home = Home::with("loki.echo \"out\" { }\n");
    let forbidding = [
        "--server.http.enable-pprof=false",
        "--server.http.disable-support-bundle",
        // Without a meaning here, and given all the same.
        "--server.http.memory-addr=alloy.internal:12345",
        "--disable-reporting",
        "--feature.community-components.enabled",
        "--feature.prometheus.direct-fanout.enabled=true",
        "--feature.component-shutdown-deadline=1m30s",
    ];
    let agent = home.start_with("config.alloy", &forbidding, &[]).await;
    for path in [
        "/debug/pprof/",
        "/debug/pprof/profile?seconds=1",
        "/debug/pprof/heap",
    ] {
        assert_eq!(agent.get(path).await.status, 404, "{path}");
    }
    let bundle = agent.get("/-/support").await;
    assert_eq!(bundle.status, 403);
    assert!(
        bundle.body.contains("--server.http.disable-support-bundle"),
        "{}",
        bundle.body
    );
}

#[tokio::test]
async fn requests_are_bounded_and_what_is_missing_says_so() {
    let home = Home::with("loki.echo \"out\" { }\n");
    let agent = home.start().await;
    let heap = agent.get("/debug/pprof/heap").await;
    assert_eq!(heap.status, 501);
    assert!(heap.body.contains("another allocator"), "{}", heap.body);
    assert_eq!(agent.get("/api/v0/web/remotecfg/components").await.status, 501);
    assert_eq!(agent.get("/-/support?duration=0").await.status, 400);
    let long = format!("/?{}", "a".repeat(100 * 1024));
    let answer = crate::harness::client().get(agent.url(&long)).send().await;
    assert!(
        answer.map_or(true, |answer| answer.status().is_client_error()),
        "a head of 100 KiB is refused"
    );
}

#[tokio::test]
async fn the_page_is_served_below_its_prefix_and_loads_nothing_from_elsewhere() {
    let home = Home::with("loki.echo \"out\" { }\n");
    let agent = home
        .start_with("config.alloy", &["--server.http.ui-path-prefix=/agent"], &[])
        .await;
    let client = crate::harness::client();
    let page = client.get(agent.url("/agent/graph")).send().await.unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("<base href=\"/agent/\">"), "{html}");
    assert!(
        !html.contains("{{") && !html.contains("//unpkg") && !html.contains("https://"),
        "{html}"
    );
    let script = client.get(agent.url("/agent/ui/app.js")).send().await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    let etag = script.headers()["etag"].clone();
    let again = client
        .get(agent.url("/agent/ui/app.js"))
        .header("if-none-match", etag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(agent.get("/ui/app.js").await.status, 404);
}
