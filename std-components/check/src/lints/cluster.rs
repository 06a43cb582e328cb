//! An agent on every node that watches the whole cluster.

use crate::codes::lints::CLUSTER_WATCH;
use crate::given::{Given, given, holds_text, text};
use river_eval::check::{Checked, Fact, Findings, Rule};
use river_syntax::{Diagnostic, Span};

/// [`CLUSTER_WATCH`].
#[derive(Debug)]
pub struct ClusterLint;

/// What is remembered of blocks.
const WATCHES_ALL: &str = "watches all pods";
const NODE_FILES: &str = "reads files of its node";

impl Rule for ClusterLint {
    fn check(&self, block: &Checked<'_>, findings: &mut Findings<'_>) {
        if let Some(place) = node_files(block) {
            findings.remember(NODE_FILES, place);
        }
        if block.component() == "discovery.kubernetes"
            && text(block, "role") == Some("pod")
            && !selects_node(block)
            && given(block, "namespaces") == Given::No
        {
            findings.remember(WATCHES_ALL, block.head);
        }
    }

    fn conclude(&self, facts: &[Fact], findings: &mut Findings<'_>) {
        let Some(local) = facts.iter().find(|fact| fact.what == NODE_FILES) else {
            return;
        };
        for watch in facts.iter().filter(|fact| fact.what == WATCHES_ALL) {
            findings.push(
                Diagnostic::warning(
                    &CLUSTER_WATCH,
                    watch.span,
                    "every agent watches all pods of the cluster, though the configuration reads files of its own node",
                )
                .with_secondary(local.span, "files of the node")
                .with_help("add a block `selectors` with `role = \"pod\"` and `field = \"spec.nodeName=\" + sys.env(\"HOSTNAME\")`, or use discovery.kubelet"),
            );
        }
    }
}

/// Where a block shows that the agent runs on each node.
fn node_files(block: &Checked<'_>) -> Option<Span> {
    let is_pods = |text: &str| text.contains("/var/log/pods") || text.contains("/var/log/containers");
    let mut found = None;
    block.visit(&mut |block| {
        for attribute in block
            .attributes
            .iter()
            .filter(|attribute| holds_text(&attribute.schema.ty))
        {
            let texts = attribute.texts();
            if let Some((_, text)) = texts.iter().find(|(_, text)| is_pods(&text.text)) {
                found = found.or(Some(text.span));
            }
        }
    });
    found.or_else(|| (block.component() == "loki.source.journal").then_some(block.head))
}

fn selects_node(block: &Checked<'_>) -> bool {
    block
        .blocks_named("selectors")
        .any(|selector| match selector.attribute("field") {
            // A field that is put together at run time is the node's name, as good as always.
            Some(field) => field.text().is_none_or(|text| text.text.contains("nodeName")),
            None => false,
        })
}

#[cfg(test)]
mod tests {
    use super::ClusterLint;
    use crate::testing::said;

    #[test]
    fn one_node_or_one_agent_pass() {
        let text = "discovery.kubernetes \"a\" {
	role = \"pod\"
	selectors {
		role  = \"pod\"
		field = \"spec.nodeName=\" + sys.env(\"HOSTNAME\")
	}
}
local.file_match \"b\" {
	path_targets = [{__path__ = \"/var/log/pods/*/*.log\"}]
}
";
        insta::assert_snapshot!(said(&ClusterLint, text), @"");
        insta::assert_snapshot!(said(&ClusterLint, "discovery.kubernetes \"a\" {\n\trole = \"pod\"\n}\n"), @"");
    }

    #[test]
    fn a_daemon_set_that_watches_everything_is_told() {
        let text = "discovery.kubernetes \"a\" {
	role = \"pod\"
}
discovery.relabel \"b\" {
	targets = discovery.kubernetes.a.targets
	rule {
		source_labels = [\"__meta_kubernetes_pod_uid\"]
		target_label  = \"__path__\"
		replacement   = \"/var/log/pods/*$1/*.log\"
	}
}
";
        insta::assert_snapshot!(said(&ClusterLint, text), @r#"1:1: warning[AR0408]: every agent watches all pods of the cluster, though the configuration reads files of its own node (add a block `selectors` with `role = "pod"` and `field = "spec.nodeName=" + sys.env("HOSTNAME")`, or use discovery.kubelet)"#);
    }
}
