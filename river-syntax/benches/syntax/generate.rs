//! A large valid configuration, in the manner of a fleet's: copies of a pipeline with logs and metrics.

use std::fmt::Write;

/// About 1.4 kB a copy.
pub(crate) fn configuration(copies: usize) -> String {
    let mut text = String::with_capacity(copies * 1500);
    for team in 0..copies {
        write!(
            text,
            r#"// What team {team} runs: its targets, its metrics and its logs.
discovery.relabel "team_{team}" {{
	targets = [{{"__address__" = "10.1.{a}.{b}:8080", "team" = "team-{team}", "__path__" = "/var/log/team-{team}/*.log"}}]

	rule {{
		source_labels = ["__address__", "team"]
		regex         = "([^:]+)(?::\\d+)?;(.+)"
		replacement   = "$1:{port}"
		target_label  = "__address__"
	}}

	rule {{
		action = "labelmap"
		regex  = "__meta_kubernetes_pod_label_(.+)"
	}}
}}

prometheus.scrape "team_{team}" {{
	targets         = discovery.relabel.team_{team}.output
	forward_to      = [prometheus.remote_write.team_{team}.receiver]
	scrape_interval = "{interval}s" // as agreed
}}

prometheus.remote_write "team_{team}" {{
	endpoint {{
		url = "http://" + coalesce(sys.env("METRICS_HOST"), "127.0.0.1:1") + "/api/v1/write"

		queue_config {{
			capacity = {capacity} * 2 // small on purpose
		}}
	}}
	external_labels = {{"cluster" = string.format("c-%d", {team})}}
}}

loki.process "team_{team}" {{
	forward_to = [loki.write.team_{team}.receiver]

	stage.cri {{ }}

	stage.json {{
		expressions = {{"level" = "lvl", "msg" = ""}}
	}}
}}

loki.write "team_{team}" {{
	endpoint {{
		url       = "http://127.0.0.1:1/loki/api/v1/push"
		tenant_id = "team-{team}"
	}}
}}

"#,
            a = team % 250,
            b = team % 199,
            port = 9000 + team % 1000,
            interval = 15 + team % 45,
            capacity = 1000 + team,
        )
        .unwrap();
    }
    text
}
