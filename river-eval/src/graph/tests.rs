//! Mistakes in how blocks stand together, as people read them.

use super::*;
use river_syntax::{FileId, Sources};

struct Known;

impl Blocks for Known {
    fn spec(&self, name: &str) -> Option<BlockSpec> {
        let stability = match name {
            "loki.secretfilter" => Stability::Experimental,
            "local.file" | "discovery.relabel" | "loki.write" | "logging" | "import.file" => {
                Stability::GenerallyAvailable
            }
            _ => return None,
        };
        let config = name == "logging";
        Some(BlockSpec {
            kind: if config {
                NodeKind::Config
            } else if name == "import.file" {
                NodeKind::Import
            } else {
                NodeKind::Component
            },
            labelled: !config,
            stability,
        })
    }

    fn names(&self) -> Vec<&str> {
        vec![
            "local.file",
            "discovery.relabel",
            "loki.write",
            "loki.secretfilter",
            "logging",
        ]
    }

    fn min_stability(&self) -> Stability {
        Stability::GenerallyAvailable
    }
}

/// Everything that is found, a line each, with the further places behind it.
fn found(text: &str) -> String {
    let mut sources = Sources::new();
    let file = sources.add("a", text);
    let (_, diagnostics) = Graph::build(&[Arc::new(ParsedFile::parse(file, &text.into()))], &Known);
    let mut lines = String::new();
    for diagnostic in diagnostics {
        lines += &river_syntax::render::concise(&sources, &diagnostic);
        lines.push('\n');
        for label in std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary) {
            if !label.text.is_empty() {
                lines += &format!("  {:?}: {}\n", sources.slice(label.span), label.text);
            }
        }
    }
    lines
}

#[test]
fn all_unknown_names_are_told_at_once() {
    insta::assert_snapshot!(found(r#"
loki.wirte "a" { }
local.fil "b" { }
loki.write "c" {
	x = local.file.d.content
	y = loki.write.f.receiver
	z = warn
	w = loki.wirte.a.receiver
}
local.file "e" { }
locals { }
"#), @r#"
    a:2:1: error[AR0200]: cannot find the definition of component name "loki.wirte" (did you mean loki.write?)
    a:3:1: error[AR0200]: cannot find the definition of component name "local.fil" (did you mean local.file?)
    a:11:1: error[AR0200]: cannot find the definition of component name "locals" (docs/components lists the components that this agent has)
    a:5:6: error[AR0201]: component "local.file.d.content" does not exist or is out of scope (did you mean local.file.e?)
    a:6:6: error[AR0201]: component "loki.write.f.receiver" does not exist or is out of scope (did you mean loki.write.c?)
    a:7:6: error[AR0201]: component "warn" does not exist or is out of scope (write "warn" in double quotes if text was meant)
    "#);
}

#[test]
fn ids_and_labels() {
    insta::assert_snapshot!(found(r#"
local.file "a" { }
local.file "a" { }
local.file { }
logging "x" { }
logging { }
logging { }
level = "debug"
declare "d" { }
d "one" { }
import.file "lib" { }
lib.pipeline "two" { }
local.file "b" { filename = d.one.out }
loki.secretfilter "s" { }
"#), @r#"
    a:8:1: error[AR0207]: attribute "level" stands outside of any block (it belongs into a logging block: logging { level = … })
    a:3:1: error[AR0202]: component "local.file.a" is already declared (give one of them another label)
      "local.file \"a\"": declared here first
    a:4:1: error[AR0203]: component "local.file" must have a label (write one in double quotes: local.file "default" {)
    a:5:9: error[AR0204]: block "logging" does not take a label (take the label away)
    a:6:1: error[AR0208]: block "logging" is given twice (join the two blocks)
      "logging \"x\"": declared here first
    a:7:1: error[AR0208]: block "logging" is given twice (join the two blocks)
      "logging \"x\"": declared here first
    a:14:1: error[AR0210]: component "loki.secretfilter" is at stability level "experimental", which is below the minimum allowed stability level "generally-available". Use --stability.level command-line flag to enable "experimental" features (--stability.level=experimental allows it)
    "#);
}

#[test]
fn a_cycle_is_told_once_hop_by_hop() {
    insta::assert_snapshot!(found(r#"
discovery.relabel "a" {
	targets = discovery.relabel.b.output
}
discovery.relabel "b" {
	targets = discovery.relabel.c.output
}
discovery.relabel "c" {
	targets = discovery.relabel.a.output
}
discovery.relabel "d" {
	targets = discovery.relabel.d.output
}
discovery.relabel "e" {
	targets = discovery.relabel.a.output
}
"#), @r#"
    a:12:12: error[AR0206]: component "discovery.relabel.d" refers to itself (a cycle of one) (its arguments are evaluated before it exports anything; refer to the component that was meant)
    a:3:12: error[AR0205]: cycle detected: discovery.relabel.a, discovery.relabel.b, discovery.relabel.c (none of them can be evaluated first: take one of the references away)
      "discovery.relabel.b.output": discovery.relabel.a refers to discovery.relabel.b
      "discovery.relabel.c.output": discovery.relabel.b refers to discovery.relabel.c
      "discovery.relabel.a.output": discovery.relabel.c refers to discovery.relabel.a
    "#);
}

#[test]
fn ten_thousand_in_a_row_are_ordered() {
    let mut text = String::new();
    for at in 0..10_000 {
        text += &format!(
            "local.file \"f{at}\" {{ filename = local.file.f{}.content }}\n",
            at + 1
        );
    }
    text += "local.file \"f10000\" { filename = \"x\" }\n";
    let file = ParsedFile::parse(FileId(0), &text.as_str().into());
    let (graph, diagnostics) = Graph::build(&[Arc::new(file)], &Known);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(graph.order().first(), graph.find("local.file.f10000").as_ref());
    assert_eq!(graph.order().last(), graph.find("local.file.f0").as_ref());
}
