use super::*;
use crate::cli::graph::{dot, mermaid, svg};

fn source(number: u32, name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        path: None,
        text: text.to_owned(),
        not_text: river_syntax::decode(FileId(number), text.as_bytes()).1,
    }
}

const PIPELINE: &str = r#"
logging {
	write_to = [loki.process.own.receiver]
}

discovery.kubernetes "pods" {
	role = "pod"
}

prometheus.scrape "pods" {
	targets    = concat(discovery.kubernetes.pods.targets, [{__address__ = "a:1"}])
	forward_to = [prometheus.remote_write.out.receiver]
}

prometheus.remote_write "out" {
	endpoint {
		url = "http://localhost"

		basic_auth {
			password = local.file.token.content
		}
	}
}

local.file "token" {
	filename = "/token"
}

loki.process "own" {
	forward_to = []
}

otelcol.receiver.otlp "in" {
	output {
		traces = [otelcol.exporter.otlp.out.input]
	}
}

otelcol.exporter.otlp "out" { }
"#;

const MODULE: &str = r#"
declare "pipe<line>" {
	argument "to" { }

	loki.process "inner" {
		forward_to = argument.to.value
	}

	export "receiver" {
		value = loki.process.inner.receiver
	}
}

foreach "each" {
	collection = loki.process.own.list
	var        = "item"

	template {
		loki.echo "x" {
			a = item.name
		}

		loki.relabel "y" {
			forward_to = [loki.echo.x.receiver, loki.process.own.receiver]
		}
	}
}

import.file "lib" {
	filename = "lib.alloy"
}

broken.thing "a" {
	x = broken.thing.a.y
	forward_to = [nowhere.at.all.receiver, loki.process.own.receiver]
}

not closed {
"#;

fn drawing() -> Drawing {
    Drawing::of(&[source(0, "a.alloy", PIPELINE), source(1, "b \"2\".alloy", MODULE)])
}

#[test]
fn arrows_show_the_way_of_the_data() {
    let only = Drawing::of(&[source(0, "a.alloy", PIPELINE)]);
    assert_eq!((only.mistakes, only.groups.len()), (0, 0));
    insta::assert_snapshot!(mermaid::text(&only), @r#"
    flowchart LR
      n0["logging"]:::config
      n1["discovery.kubernetes<br/><b>pods</b>"]:::discovery
      n2["prometheus.scrape<br/><b>pods</b>"]:::prometheus
      n3["prometheus.remote_write<br/><b>out</b>"]:::prometheus
      n4["local.file<br/><b>token</b>"]:::other
      n5["loki.process<br/><b>own</b>"]:::loki
      n6["otelcol.receiver.otlp<br/><b>in</b>"]:::otelcol
      n7["otelcol.exporter.otlp<br/><b>out</b>"]:::otelcol
      n0 --> n5
      n1 --> n2
      n2 --> n3
      n4 -. "content" .-> n3
      n6 --> n7
      classDef config fill:#f1f3f5,stroke:#868e96,color:#212529
      classDef discovery fill:#e6fcf5,stroke:#099268,color:#212529
      classDef loki fill:#fff9db,stroke:#e67700,color:#212529
      classDef other fill:#f8f9fa,stroke:#495057,color:#212529
      classDef otelcol fill:#e7f5ff,stroke:#1971c2,color:#212529
      classDef prometheus fill:#fff5f5,stroke:#e03131,color:#212529
    "#);
}

#[test]
fn what_has_mistakes_is_drawn_as_far_as_it_can_be_read() {
    let drawing = drawing();
    assert!(drawing.mistakes > 0);
    insta::assert_snapshot!(mermaid::text(&drawing), @r#"
    flowchart LR
      subgraph g0["a.alloy"]
        n0["logging"]:::config
        n1["discovery.kubernetes<br/><b>pods</b>"]:::discovery
        n2["prometheus.scrape<br/><b>pods</b>"]:::prometheus
        n3["prometheus.remote_write<br/><b>out</b>"]:::prometheus
        n4["local.file<br/><b>token</b>"]:::other
        n5["loki.process<br/><b>own</b>"]:::loki
        n6["otelcol.receiver.otlp<br/><b>in</b>"]:::otelcol
        n7["otelcol.exporter.otlp<br/><b>out</b>"]:::otelcol
      end
      subgraph g1["b #34;2#34;.alloy"]
        n8["foreach<br/><b>each</b>"]:::config
        n9["import.file<br/><b>lib</b>"]:::config
        n10["broken.thing<br/><b>a</b>"]:::other
        subgraph g2["declare pipe#60;line#62;"]
          n11["argument<br/><b>to</b>"]:::config
          n12["loki.process<br/><b>inner</b>"]:::loki
          n13["export<br/><b>receiver</b>"]:::config
        end
        subgraph g3["foreach each"]
          n14["loki.echo<br/><b>x</b>"]:::loki
          n15["loki.relabel<br/><b>y</b>"]:::loki
        end
      end
      n0 --> n5
      n1 --> n2
      n2 --> n3
      n4 -. "content" .-> n3
      n5 -. "list" .-> n8
      n6 --> n7
      n10 --> n5
      n12 --> n11
      n13 --> n12
      n15 --> n5
      n15 --> n14
      classDef config fill:#f1f3f5,stroke:#868e96,color:#212529
      classDef discovery fill:#e6fcf5,stroke:#099268,color:#212529
      classDef loki fill:#fff9db,stroke:#e67700,color:#212529
      classDef other fill:#f8f9fa,stroke:#495057,color:#212529
      classDef otelcol fill:#e7f5ff,stroke:#1971c2,color:#212529
      classDef prometheus fill:#fff5f5,stroke:#e03131,color:#212529
      classDef broken stroke:#c92a2a,stroke-width:3px,stroke-dasharray:6 3
      class n10 broken
    "#);
    insta::assert_snapshot!(dot::text(&drawing), @r##"
    digraph alloy {
      rankdir=LR
      node [shape=box style="rounded,filled" fontname="sans-serif" fillcolor=white]
      subgraph cluster_0 {
        label="a.alloy"
        n0 [label="logging" tooltip="a.alloy:2" fillcolor="#f1f3f5"]
        n1 [label="discovery.kubernetes\npods" tooltip="a.alloy:6" fillcolor="#e6fcf5"]
        n2 [label="prometheus.scrape\npods" tooltip="a.alloy:10" fillcolor="#fff5f5"]
        n3 [label="prometheus.remote_write\nout" tooltip="a.alloy:15" fillcolor="#fff5f5"]
        n4 [label="local.file\ntoken" tooltip="a.alloy:25" fillcolor="#f8f9fa"]
        n5 [label="loki.process\nown" tooltip="a.alloy:29" fillcolor="#fff9db"]
        n6 [label="otelcol.receiver.otlp\nin" tooltip="a.alloy:33" fillcolor="#e7f5ff"]
        n7 [label="otelcol.exporter.otlp\nout" tooltip="a.alloy:39" fillcolor="#e7f5ff"]
      }
      subgraph cluster_1 {
        label="b \"2\".alloy"
        n8 [label="foreach\neach" tooltip="b \"2\".alloy:14" fillcolor="#f1f3f5"]
        n9 [label="import.file\nlib" tooltip="b \"2\".alloy:29" fillcolor="#f1f3f5"]
        n10 [label="broken.thing\na" tooltip="b \"2\".alloy:33" fillcolor="#f8f9fa" color="#c92a2a" penwidth=2]
        subgraph cluster_2 {
          label="declare pipe<line>"
          n11 [label="argument\nto" tooltip="b \"2\".alloy:3" fillcolor="#f1f3f5"]
          n12 [label="loki.process\ninner" tooltip="b \"2\".alloy:5" fillcolor="#fff9db"]
          n13 [label="export\nreceiver" tooltip="b \"2\".alloy:9" fillcolor="#f1f3f5"]
        }
        subgraph cluster_3 {
          label="foreach each"
          n14 [label="loki.echo\nx" tooltip="b \"2\".alloy:19" fillcolor="#fff9db"]
          n15 [label="loki.relabel\ny" tooltip="b \"2\".alloy:23" fillcolor="#fff9db"]
        }
      }
      n0 -> n5
      n1 -> n2
      n2 -> n3
      n4 -> n3 [style=dotted label="content"]
      n5 -> n8 [style=dotted label="list"]
      n6 -> n7
      n10 -> n5
      n12 -> n11
      n13 -> n12
      n15 -> n5
      n15 -> n14
    }
    "##);
}

#[test]
fn programs_read_nodes_and_edges() {
    let drawing = serde_json::to_value(drawing()).unwrap();
    assert_eq!(drawing["version"], 1);
    insta::assert_snapshot!(drawing["nodes"][0], @r#"{"id":"logging","name":"logging","label":null,"kind":"config","group":0,"broken":false,"file":"a.alloy","line":2}"#);
    insta::assert_snapshot!(drawing["edges"][0], @r#"{"from":0,"to":5,"data":true,"attribute":"write_to","field":"receiver"}"#);
    insta::assert_snapshot!(drawing["groups"][2], @r#"{"title":"declare pipe<line>","parent":1,"module":true}"#);
}

#[test]
fn a_picture_has_all_boxes_and_lines() {
    let drawing = drawing();
    let picture = svg::text(&drawing);
    assert_eq!(picture.matches("class=\"node ").count(), drawing.nodes.len());
    assert_eq!(picture.matches("class=\"tip\"").count(), drawing.edges.len());
    assert!(picture.contains("declare pipe&lt;line&gt;"), "{picture}");
    let small = svg::text(&Drawing::of(&[source(0, "a.alloy", "loki.echo \"a\" { }\n")]));
    insta::assert_snapshot!(small, @r#"
    <svg xmlns="http://www.w3.org/2000/svg" width="169.7" height="104" viewBox="0 0 169.7 104" role="img">
      <title>pipeline</title>
      <style>.frame{fill:none;stroke:#adb5bd;stroke-dasharray:4 3}.title{font:600 13px sans-serif;fill:#868e96}.name{font:12px monospace;fill:#212529}.label{font:600 12px monospace;fill:#212529}.value{font:10px sans-serif;fill:#868e96}rect.node{stroke:#495057;fill:#f8f9fa}.loki{stroke:#e67700!important;fill:#fff9db!important}.prometheus{stroke:#e03131!important;fill:#fff5f5!important}.otelcol{stroke:#1971c2!important;fill:#e7f5ff!important}.pyroscope{stroke:#6741d9!important;fill:#f3f0ff!important}.discovery{stroke:#099268!important;fill:#e6fcf5!important}.config{stroke:#868e96!important;fill:#f1f3f5!important}.broken{stroke:#c92a2a!important;stroke-width:3;stroke-dasharray:6 3}path{fill:none;stroke:#868e96;stroke-width:1.5}path.other{stroke-dasharray:2 4}path.tip{fill:#868e96;stroke:none}</style>
      <g transform="translate(40 20)">
        <g>
          <title>loki.echo.a (a.alloy:1)</title>
          <rect class="node loki" x="0" y="0" width="89.7" height="44" rx="6"/>
          <text class="name" x="44.9" y="18" text-anchor="middle">loki.echo</text>
          <text class="label" x="44.9" y="34" text-anchor="middle">a</text>
        </g>
      </g>
    </svg>
    "#);
}

#[test]
fn nothing_is_drawn_of_nothing() {
    let nothing = Drawing::of(&[source(0, "a.alloy", "")]);
    assert_eq!(mermaid::text(&nothing), "flowchart LR\n");
    assert!(svg::text(&nothing).ends_with("</svg>\n"));
}

#[test]
fn modules_are_no_mistakes() {
    let text = MODULE.split("broken.thing").next().unwrap();
    let drawing = Drawing::of(&[source(0, "a.alloy", &format!("{PIPELINE}{text}"))]);
    let broken: Vec<&Drawn> = drawing.nodes.iter().filter(|node| node.broken).collect();
    assert_eq!(
        (drawing.mistakes, broken),
        (1, Vec::new()),
        "the label of the declare is no name"
    );
}
