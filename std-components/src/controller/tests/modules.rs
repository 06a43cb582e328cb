//! Modules that run: their places in the API and metrics, and imports that are watched and polled.

use super::*;
use axum::extract::State;
use axum::http::StatusCode;
use std::fs;
use std::path::Path;

/// Waits until something has come about.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(20), wait).await.is_err() {
        panic!("not in time: {what}");
    }
}

impl Test {
    fn value(&self, id: &str) -> i64 {
        let Some(info) = self.controller.component(id) else {
            return -1;
        };
        let value = info
            .exports
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["name"] == "value");
        value
            .and_then(|field| field["value"]["value"].as_i64())
            .unwrap_or(-2)
    }

    fn with_stability(name: &str, min_stability: river_eval::eval::Stability) -> Self {
        let storage = PathBuf::from(name);
        let options = Options {
            services: Services {
                storage: storage.clone(),
                ..Services::default()
            },
            components: vec![&NODE],
            min_stability,
            ..Options::default()
        };
        Self {
            controller: Controller::new(options).unwrap(),
            storage,
        }
    }
}

const DEFINITION: &str = r#"
declare "d" {
	argument "value" { }
	test.node "in" { value = argument.value.value + 1 }
	test.node "next" { value = test.node.in.value * 10 }
	export "value" { value = test.node.next.value }
}
"#;

fn rejected(error: &LoadError) -> String {
    let lines = error.diagnostics.iter().map(|finding| {
        let mut line = river_syntax::render::concise(&error.sources, finding);
        for label in &finding.secondary {
            let file = error.sources.get(label.span.file).unwrap();
            let at = file.line_column(label.span.start);
            line += &format!("\n  {}:{}: {}", file.name(), at.line, label.text);
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn a_module_is_told_as_the_reference_tells_it() {
    let test = Test::new("modules-info");
    let text = format!(
        "{DEFINITION}\nd \"one\" {{ value = test.node.src.value }}\ntest.node \"src\" {{ value = 4 }}\n"
    );
    test.load(&text).await.unwrap();
    settle().await;
    assert_eq!(test.controller.modules(), [Str::from("d.one")]);
    let mut info = test.controller.component("d.one").unwrap();
    assert!(
        info.health.message.starts_with("started custom component"),
        "{info:?}"
    );
    info.health.updated_time.clear();
    insta::assert_snapshot!(serde_json::to_string(&info).unwrap(), @r#"{"name":"d","type":"block","localID":"d.one","moduleID":"","label":"one","referencesTo":["test.node.src"],"referencedBy":[],"dataFlowEdgesTo":[],"health":{"state":"healthy","message":"started custom component","updatedTime":""},"original":"","arguments":[{"name":"value","type":"attr","value":{"type":"number","value":4}}],"exports":[{"name":"value","type":"attr","value":{"type":"number","value":50}}],"debugInfo":[],"createdModuleIDs":["d.one"],"liveDebuggingEnabled":false}"#);
    let inside = test.controller.component("d.one/test.node.next").unwrap();
    assert_eq!(
        (&*inside.local_id, &*inside.module_id),
        ("test.node.next", "d.one")
    );
    assert_eq!(inside.references_to, [Str::from("test.node.in")]);
    let locals = |components: Vec<ComponentInfo>| -> Vec<String> {
        components.iter().map(|info| info.local_id.to_string()).collect()
    };
    assert_eq!(locals(test.controller.components()), ["d.one", "test.node.src"]);
    assert_eq!(
        locals(test.controller.components_of("d.one").unwrap()),
        ["test.node.in", "test.node.next"]
    );
    assert!(test.controller.components_of("d.two").is_none());
    assert_eq!(test.health("d.one/test.node.in"), "healthy: started component");
    let metrics = test.metrics();
    for line in [
        "alloy_component_controller_running_components{controller_id=\"\",controller_path=\"/\",health_type=\"healthy\"} 2",
        "alloy_component_controller_running_components{controller_id=\"d.one\",controller_path=\"/\",health_type=\"healthy\"} 2",
        "test_total{component_id=\"test.node.in\",component_path=\"/d.one\"} 0",
        "alloy_component_evaluation_seconds_count{controller_id=\"d.one\",controller_path=\"/\"} 4",
        "alloy_component_evaluation_seconds_count{controller_id=\"\",controller_path=\"/\"} 2",
        "alloy_component_controller_evaluating{controller_id=\"d.one\",controller_path=\"/\"} 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    // What was only tried leaves nothing behind.
    let wrong = format!("{text}d \"two\" {{ value = test.node.gone.value }}\nd \"three\" {{ value = 1 }}\n");
    test.load(&wrong).await.unwrap_err();
    assert!(!test.metrics().contains("d.three"), "{}", test.metrics());
    // What was inside is gone with the instance.
    test.load(DEFINITION).await.unwrap();
    settle().await;
    assert!(test.controller.modules().is_empty());
    assert!(!test.metrics().contains("d.one"), "{}", test.metrics());
    test.controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_flows_through_a_module_drains_in_order() {
    let begun = Instant::now();
    let test = Test::new("modules-drain");
    let text = r#"
declare "pass" {
	argument "to" { }
	test.node "a" { forward_to = [test.node.b.receiver] }
	test.node "b" { forward_to = argument.to.value }
	export "receiver" { value = test.node.a.receiver }
}
test.node "source" {
	forward_to = [pass.it.receiver]
	mode       = "last_words"
}
pass "it" { to = [test.node.sink.receiver] }
test.node "sink" { }
"#;
    test.load(text).await.unwrap();
    settle().await;
    test.done(begun);
    test.controller.shutdown().await;
    let done = test.done(begun);
    let at = |what: &str| {
        let place = done.iter().position(|done| done == what);
        place.unwrap_or_else(|| panic!("{what} in {done:?}"))
    };
    let order = [
        "test.node.source",
        "pass.it/test.node.a",
        "pass.it/test.node.b",
        "test.node.sink",
    ];
    let ends: Vec<usize> = order.iter().map(|id| at(&format!("0s end {id}"))).collect();
    assert!(ends.is_sorted(), "{done:?}");
    assert!(
        done.iter()
            .any(|done| done == "0s take test.node.sink" || done == "0s drain test.node.sink"),
        "{done:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_foreach_runs_a_module_for_each_item_and_shows_metrics_where_it_is_asked_to() {
    let test = Test::with_stability("modules-foreach", river_eval::eval::Stability::Experimental);
    let text = |metrics: bool, items: &str| {
        format!(
            "foreach \"f\" {{\n\tcollection     = {items}\n\tvar            = \"each\"\n\tenable_metrics = {metrics}\n\ttemplate {{\n\t\ttest.node \"n\" {{ value = each }}\n\t}}\n}}\n"
        )
    };
    test.load(&text(false, "[1, 2]")).await.unwrap();
    settle().await;
    assert_eq!(
        test.controller.modules(),
        [
            Str::from("foreach.f/foreach_1_1"),
            Str::from("foreach.f/foreach_2_1")
        ]
    );
    assert_eq!(test.value("foreach.f/foreach_2_1/test.node.n"), 2);
    assert_eq!(test.health("foreach.f"), "healthy: started foreach");
    assert!(!test.metrics().contains("test_total"));
    // Built again under the same ids, once the old ones are gone.
    test.load(&text(true, "[1, 2]")).await.unwrap();
    settle().await;
    assert!(
        test.metrics()
            .contains("test_total{component_id=\"test.node.n\",component_path=\"/foreach.f/foreach_2_1\"} 0")
    );
    let report = test.load(&text(true, "[2, 3]")).await.unwrap();
    assert_eq!(report.stopped, [Str::from("foreach.f/foreach_1_1/test.node.n")]);
    assert_eq!(report.started, [Str::from("foreach.f/foreach_3_1/test.node.n")]);
    test.controller.shutdown().await;
}

#[tokio::test]
async fn a_watched_module_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lib");
    fs::create_dir(&path).unwrap();
    let write = |text: &str| {
        fs::write(folder.path().join("new"), text).unwrap();
        fs::rename(folder.path().join("new"), path.join("d.alloy")).unwrap();
    };
    write(DEFINITION);
    fs::write(path.join("notes.txt"), "no module").unwrap();
    let test = Test::new("modules-file");
    let text = format!(
        "import.file \"lib\" {{ filename = {:?} }}\nlib.d \"one\" {{ value = 1 }}\ntest.node \"end\" {{ value = lib.d.one.value }}\n",
        path.display().to_string()
    );
    test.load(&text).await.unwrap();
    assert_eq!(test.value("test.node.end"), 20);
    write(&DEFINITION.replace("+ 1", "+ 2"));
    until("the new text is used", || test.value("test.node.end") == 30).await;
    write("declare \"d\" {");
    until("the bad text is told", || {
        test.health("import.file.lib")
            .contains("lib/d.alloy:1:14: error[AR00")
    })
    .await;
    assert_eq!(test.value("test.node.end"), 30);
    assert!(
        test.controller
            .unhealthy()
            .iter()
            .any(|(id, _)| **id == *"import.file.lib")
    );
    // A second file of the folder is of the same module.
    fs::write(
        path.join("e.alloy"),
        "declare \"e\" {\n\tdeclare \"unused\" { }\n}",
    )
    .unwrap();
    write(&DEFINITION.replace("+ 1", "+ 3"));
    until("the mended text is used", || test.value("test.node.end") == 40).await;
    until("it is well again", || {
        test.health("import.file.lib").starts_with("healthy")
    })
    .await;
    test.load(&format!("{text}\nlib.e \"two\" {{ }}")).await.unwrap();
    fs::remove_dir_all(&path).unwrap();
    until("the missing folder is told", || {
        test.health("import.file.lib").contains("failed to read module")
    })
    .await;
    assert_eq!(test.value("test.node.end"), 40);
    test.controller.shutdown().await;
}

#[tokio::test]
async fn a_module_that_cannot_be_imported_is_told() {
    let test = Test::new("modules-missing");
    let error = test
        .load("import.file \"lib\" { filename = \"/does/not/exist\" }\nlib.d \"one\" { value = 1 }\n")
        .await
        .unwrap_err();
    insta::assert_snapshot!(rejected(&error), @r#"test.alloy:1:32: error[AR0222]: failed to import "import.file.lib": failed to read module /does/not/exist: No such file or directory (os error 2)"#);
    let error = test
        .load("import.http \"lib\" { url = \"http://127.0.0.1:1/d.alloy\" }\nlib.d \"one\" { value = 1 }\n")
        .await
        .unwrap_err();
    let told = rejected(&error);
    assert!(
        told.starts_with("test.alloy:1:27: error[AR0222]: failed to import \"import.http.lib\": failed to fetch module http://127.0.0.1:1/d.alloy: "),
        "{told}"
    );
    let options = test.controller.shared.options.clone();
    let warnings = check(
        &options,
        sources(
            "import.http \"lib\" { url = \"http://127.0.0.1:1/d.alloy\" }\nlib.d \"one\" { value = 1 }\n",
        ),
    );
    assert_eq!(warnings.unwrap()[0].code.id, "AR0222");
    test.controller.shutdown().await;
}

/// A server that answers with whatever text it holds.
async fn serve(text: Arc<Mutex<Option<String>>>) -> String {
    async fn answer(State(text): State<Arc<Mutex<Option<String>>>>) -> Result<String, StatusCode> {
        let text = text.lock().clone();
        text.ok_or(StatusCode::SERVICE_UNAVAILABLE)
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(answer).with_state(text);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

#[tokio::test]
async fn a_polled_module_follows_its_server() {
    let text = Arc::new(Mutex::new(Some(DEFINITION.to_owned())));
    let url = serve(text.clone()).await;
    let storage = tempfile::tempdir().unwrap();
    let test = Test::with_stability(
        storage.path().to_str().unwrap(),
        river_eval::eval::Stability::GenerallyAvailable,
    );
    let load = format!(
        "import.http \"lib\" {{\n\turl            = \"{url}/mods/d.alloy\"\n\tpoll_frequency = \"50ms\"\n\tpoll_timeout   = \"40ms\"\n}}\nlib.d \"one\" {{ value = 1 }}\n"
    );
    test.load(&load).await.unwrap();
    assert_eq!(test.value("lib.d.one/test.node.next"), 20);
    *text.lock() = Some(DEFINITION.replace("+ 1", "+ 5"));
    until("the new text is used", || {
        test.value("lib.d.one/test.node.next") == 60
    })
    .await;
    *text.lock() = None;
    until("the failure is told", || {
        test.health("import.http.lib")
            .contains("unexpected status code 503")
    })
    .await;
    assert_eq!(test.value("lib.d.one/test.node.next"), 60);
    // A module may fetch further ones; nothing waits for them but what needs them.
    let inner = Arc::new(Mutex::new(Some(DEFINITION.to_owned())));
    let inner_url = serve(inner).await;
    *text.lock() = Some(format!(
        "import.http \"inner\" {{ url = \"{inner_url}/d.alloy\" }}\ndeclare \"d\" {{\n\targument \"value\" {{ }}\n\tinner.d \"x\" {{ value = argument.value.value + 100 }}\n}}\n"
    ));
    until("the inner module is fetched", || {
        test.value("lib.d.one/inner.d.x/test.node.next") == 1020
    })
    .await;
    until("it is well again", || {
        test.health("import.http.lib").starts_with("healthy")
    })
    .await;
    *text.lock() = Some("import.file \"x\" { filename = \"/etc/passwd\" }".to_owned());
    until("files of this machine are refused", || {
        test.health("import.http.lib").contains("AR0209")
    })
    .await;
    test.controller.shutdown().await;
}

#[tokio::test]
async fn a_module_is_there_at_a_start_without_its_server() {
    let storage = tempfile::tempdir().unwrap();
    let text = Arc::new(Mutex::new(Some(
        "declare \"d\" {\n\texport \"value\" { value = 7 }\n}".to_owned(),
    )));
    let url = serve(text.clone()).await;
    let load = format!("import.http \"lib\" {{ url = \"{url}/d.alloy\" }}\nlib.d \"one\" {{ }}\n");
    let first = Test::with(storage.path());
    first.load(&load).await.unwrap();
    first.controller.shutdown().await;
    *text.lock() = None;
    let second = Test::with(storage.path());
    second.load(&load).await.unwrap();
    assert_eq!(second.value("lib.d.one"), 7);
    let health = second.health("import.http.lib");
    assert!(
        health.starts_with("unhealthy: failed to fetch module http://127.0.0.1:")
            && health.ends_with(
                "unexpected status code 503 Service Unavailable; the copy of an earlier fetch is used"
            ),
        "{health}"
    );
    // Another address has no copy.
    second
        .load(&load.replace("/d.alloy", "/e.alloy"))
        .await
        .unwrap_err();
    second.controller.shutdown().await;
}

#[tokio::test]
async fn a_secret_text_is_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "declare \"hidden_name\" { oops }").unwrap();
    let test = Test::with(&path);
    let text = format!(
        "local.file \"text\" {{\n\tfilename  = {:?}\n\tis_secret = true\n}}\nimport.string \"lib\" {{ content = local.file.text.content }}\n",
        path.display().to_string()
    );
    let error = test.load(&text).await.unwrap_err();
    let told = rejected(&error);
    assert!(
        told.contains("the secret content is wrong at line 1, column"),
        "{told}"
    );
    assert!(!told.contains("hidden_name") && !told.contains("oops"), "{told}");
    test.controller.shutdown().await;
}

impl Test {
    fn with(storage: &Path) -> Self {
        let options = Options {
            services: Services {
                storage: storage.into(),
                ..Services::default()
            },
            ..Options::default()
        };
        Self {
            controller: Controller::new(options).unwrap(),
            storage: storage.into(),
        }
    }
}

#[cfg(feature = "loki")]
#[tokio::test]
async fn experimental_arguments_are_refused_below_their_level() {
    use river_eval::eval::Stability;
    let text = |format: &str| {
        format!(
            "loki.echo \"a\" {{ }}\nloki.source.syslog \"s\" {{\n\tforward_to = [loki.echo.a.receiver]\n\tlistener {{\n\t\taddress       = \"127.0.0.1:0\"\n\t\tsyslog_format = {format}\n\t}}\n}}\n"
        )
    };
    let storage = tempfile::tempdir().unwrap();
    let controller = |min_stability: Stability| {
        let services = Services {
            storage: storage.path().to_owned(),
            ..Services::default()
        };
        Controller::new(Options {
            services,
            min_stability,
            ..Options::default()
        })
        .unwrap()
    };
    let settled = controller(Stability::GenerallyAvailable);
    let error = settled.load(sources(&text("\"raw\""))).await.unwrap_err();
    insta::assert_snapshot!(rejected(&error), @r#"test.alloy:6:19: error[AR0210]: attribute "syslog_format" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; it is generally-available (--stability.level=experimental allows it)"#);
    settled.load(sources(&text("\"rfc3164\""))).await.unwrap();
    // Neither does it get in with a reload.
    settled
        .load(sources(&text("string.join([\"r\", \"w\"], \"a\")")))
        .await
        .unwrap_err();
    settled.shutdown().await;
    let experimental = controller(Stability::Experimental);
    experimental.load(sources(&text("\"raw\""))).await.unwrap();
    experimental.shutdown().await;
}
