//! Metrics made of entries.

use super::super::super::arguments::Arguments;
use super::{bench, mistakes};

const STAGES: &str = "
    stage.regex { expression = `^(?P<level>\\w+) (?P<took>\\S+)` }
    stage.labels { values = {level = \"\"} }
    stage.static_labels { values = {__secret = \"x\"} }
    stage.metrics {
        metric.counter {
            name        = \"lines_total\"
            description = \"all lines\"
            action      = \"inc\"
            match_all   = true
        }
        metric.counter {
            name              = \"bytes_total\"
            prefix            = \"my_\"
            action            = \"add\"
            match_all         = true
            count_entry_bytes = true
        }
        metric.counter {
            name   = \"errors_total\"
            source = \"level\"
            value  = \"error\"
            action = \"inc\"
        }
        metric.gauge {
            name   = \"took\"
            action = \"set\"
        }
        metric.histogram {
            name    = \"took_seconds\"
            source  = \"took\"
            buckets = [0.1, 1]
        }
    }
    stage.label_drop { values = [\"level\", \"__secret\"] }";

#[test]
fn entries_are_counted_by_their_labels() {
    let mut bench = bench(STAGES);
    bench.run(&["info 0.05", "info 50ms", "error 1m0.5s", "?"]);
    let mut page = String::new();
    bench.hub.render(&mut page).unwrap();
    let own: Vec<&str> = page
        .lines()
        .filter(|line| line.contains("loki_process_custom") || line.contains("my_"))
        .collect();
    insta::assert_snapshot!(own.join("\n"), @r#"
    # HELP loki_process_custom_errors_total 
    # TYPE loki_process_custom_errors_total counter
    loki_process_custom_errors_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error"} 1
    # HELP loki_process_custom_lines_total all lines
    # TYPE loki_process_custom_lines_total counter
    loki_process_custom_lines_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j"} 1
    loki_process_custom_lines_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error"} 1
    loki_process_custom_lines_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info"} 2
    # HELP loki_process_custom_took 
    # TYPE loki_process_custom_took gauge
    loki_process_custom_took{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error"} 60.5
    loki_process_custom_took{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info"} 0.05
    # HELP loki_process_custom_took_seconds 
    # TYPE loki_process_custom_took_seconds histogram
    loki_process_custom_took_seconds_bucket{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error",le="0.1"} 0
    loki_process_custom_took_seconds_bucket{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error",le="1"} 0
    loki_process_custom_took_seconds_bucket{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error",le="+Inf"} 1
    loki_process_custom_took_seconds_sum{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error"} 60.5
    loki_process_custom_took_seconds_count{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error"} 1
    loki_process_custom_took_seconds_bucket{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info",le="0.1"} 2
    loki_process_custom_took_seconds_bucket{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info",le="1"} 2
    loki_process_custom_took_seconds_bucket{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info",le="+Inf"} 2
    loki_process_custom_took_seconds_sum{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info"} 0.1
    loki_process_custom_took_seconds_count{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info"} 2
    # HELP my_bytes_total 
    # TYPE my_bytes_total counter
    my_bytes_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j"} 1
    my_bytes_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="error"} 12
    my_bytes_total{component_id="loki.process.t",component_path="/",filename="/f.log",job="j",level="info"} 18
    "#);
    drop(bench.pipeline);
    page.clear();
    bench.hub.render(&mut page).unwrap();
    assert!(
        !page.contains("loki_process_custom"),
        "they go with the pipeline: {page}"
    );
}

#[test]
fn wrong_metrics_say_what_to_do() {
    insta::assert_snapshot!(mistakes::<Arguments>(
        "forward_to = []
         stage.metrics {
            metric.counter {
                name              = \"a\"
                action            = \"set\"
                max_idle_duration = \"1ms\"
            }
            metric.gauge {
                name   = \"a-b\"
                action = \"?\"
            }
            metric.counter {
                name              = \"c\"
                action            = \"inc\"
                count_entry_bytes = true
            }
            metric.histogram {
                name    = \"c\"
                buckets = [1, 1]
            }
         }",
    ), @r#"
    max_idle_duration must be at least 1s
    the action of a counter is "inc" or "add"
    a-b is no valid name of a metric (letters, digits, _ and : only, no digit first)
    the action of a gauge is "set", "inc", "dec", "add" or "sub"
    count_entry_bytes needs match_all = true and action = "add"
    buckets must rise
    "#);
}
