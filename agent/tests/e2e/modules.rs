//! Modules in the running program: custom components from files beside the configuration, over the HTTP API, through reloads.

use crate::harness::{Home, until};
use std::path::Path;

/// A library with one custom component that finds files.
fn library(pattern: &str) -> String {
    format!(
        r#"declare "finder" {{
	argument "root" {{ }}

	argument "note" {{
		optional = true
		default  = "none"
	}}

	local.file_match "found" {{
		path_targets = [{{"__path__" = argument.root.value + "/{pattern}", "note" = argument.note.value}}]
	}}

	export "targets" {{
		value = local.file_match.found.targets
	}}
}}
"#
    )
}

#[tokio::test]
async fn a_custom_component_is_shown_reloaded_and_mended() {
    let home = Home::new();
    home.write("lib/finder.alloy", &library("*.log"));
    home.write("logs/a.log", "a\n");
    home.write("logs/b.txt", "b\n");
    let root = home.path("logs");
    let config = |note: &str| {
        format!(
            "import.file \"lib\" {{\n\tfilename = file.path_join(module_path, \"lib\")\n}}\n\nlib.finder \"one\" {{\n\troot = {root:?}\n\tnote = \"{note}\"\n}}\n\nlocal.file_match \"again\" {{\n\tpath_targets = lib.finder.one.targets\n}}\n"
        )
    };
    home.write("config.alloy", &config("first"));
    let agent = home.start().await;
    let list = agent.get("/api/v0/web/components").await.json();
    let ids: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|info| info["localID"].as_str())
        .collect();
    assert_eq!(ids, ["lib.finder.one", "local.file_match.again"]);
    assert_eq!(list[0]["createdModuleIDs"][0], "lib.finder.one");
    let inside = agent
        .get("/api/v0/web/modules/lib.finder.one/components")
        .await
        .json();
    assert_eq!(inside[0]["localID"], "local.file_match.found");
    assert_eq!(inside[0]["moduleID"], "lib.finder.one");
    let shown = agent
        .get("/api/v0/web/components/lib.finder.one/local.file_match.found")
        .await
        .body;
    assert!(shown.contains("a.log") && !shown.contains("b.txt"), "{shown}");
    // An argument changed by a reload reaches what is inside, and what uses its export.
    home.write("config.alloy", &config("second"));
    assert_eq!(agent.post("/-/reload").await.status, 200);
    let shown = agent
        .get("/api/v0/web/components/lib.finder.one/local.file_match.found")
        .await
        .body;
    assert!(shown.contains("second"), "{shown}");
    // The library changes under way.
    home.write("lib/finder.alloy", &library("*.txt"));
    until("the new library is used", async || {
        let body = agent
            .get("/api/v0/web/components/local.file_match.again")
            .await
            .body;
        (body.contains("b.txt") && !body.contains("a.log")).then_some(())
    })
    .await;
    // A mistake in it leaves all as it is, and is told.
    home.write(
        "lib/finder.alloy",
        &library("*.log").replace("argument.root.value", "argument.rot.value"),
    );
    until("the mistake is told", async || {
        let answer = agent.get("/-/healthy").await;
        (answer.status != 200 && answer.body.contains("import.file.lib")).then_some(())
    })
    .await;
    let body = agent
        .get("/api/v0/web/components/local.file_match.again")
        .await
        .body;
    assert!(body.contains("b.txt"), "{body}");
    let log = agent.stderr();
    assert!(log.contains("finder.alloy:10:33: error[AR0201]"), "{log}");
    home.write("lib/finder.alloy", &library("*.log"));
    until("the mended library is used", async || {
        let body = agent
            .get("/api/v0/web/components/local.file_match.again")
            .await
            .body;
        body.contains("a.log").then_some(())
    })
    .await;
    assert_eq!(agent.get("/-/healthy").await.status, 200);
}

/// The fleet of configurations that share a module, loaded as far as this version has its components.
#[tokio::test]
async fn the_fleet_of_configurations_loads() {
    let fleet = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/pipelines/fleet"
    ));
    if !fleet.is_dir() {
        eprintln!("skipped: {} is not on this machine", fleet.display());
        return;
    }
    let home = Home::new();
    for name in [
        "common/metrics.alloy",
        "local/main.alloy",
        "remote/main.alloy",
        "remote/writers.alloy",
    ] {
        home.write(
            &format!("fleet/{name}"),
            &std::fs::read_to_string(fleet.join(name)).unwrap(),
        );
    }
    home.write("password", "secret of the fleet");
    let password = home.path("password");
    let environment = [("REMOTE_PASSWORD_FILE", password.to_str().unwrap())];
    let checked = crate::harness::run_in(
        &home.path("."),
        &[
            "check",
            "--target=alloy-rs",
            home.path("fleet/remote").to_str().unwrap(),
        ],
        b"",
    );
    let checked = format!(
        "{}{}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr)
    );
    assert!(!checked.contains("error["), "{checked}");
    // Without a cluster a discovery of its nodes refuses the load, as in the reference: another source of targets takes its place.
    let text = std::fs::read_to_string(fleet.join("common/metrics.alloy")).unwrap();
    let text = text
        .replace(
            "discovery.kubernetes \"nodes\" {\n\t\trole = \"node\"\n\t}",
            "local.file_match \"nodes\" {\n\t\tpath_targets = []\n\t}",
        )
        .replace("discovery.kubernetes.nodes", "local.file_match.nodes");
    home.write("fleet/common/metrics.alloy", &text);
    for folder in ["fleet/local", "fleet/remote"] {
        let agent = home.start_with(folder, &[], &environment).await;
        let inside = agent
            .get("/api/v0/web/modules/common.node_metrics.here/components")
            .await
            .json();
        let ids: Vec<&str> = inside
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|info| info["localID"].as_str())
            .collect();
        assert!(
            ids.contains(&"discovery.relabel.cadvisor") && ids.contains(&"prometheus.scrape.cadvisor"),
            "{ids:?}"
        );
        let list = agent.get("/api/v0/web/components").await.json();
        let custom = list
            .as_array()
            .unwrap()
            .iter()
            .find(|info| info["localID"] == "common.node_metrics.here")
            .unwrap();
        let edges = if folder.ends_with("remote") {
            serde_json::json!(["prometheus.remote_write.local", "prometheus.remote_write.remote"])
        } else {
            serde_json::json!(["prometheus.remote_write.local"])
        };
        assert_eq!(custom["dataFlowEdgesTo"], edges);
    }
}
