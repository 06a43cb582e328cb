//! What is proposed, and what it writes.

use super::Fixture;
use crate::lsp::features::completion::{self, Asked};
use crate::lsp::features::signature;
use alloy_check::catalog::Target;
use lsp_types::{CompletionItem, CompletionTextEdit};
use proptest::prelude::*;
use river_eval::eval::Stability;

fn items(fixture: &Fixture) -> Vec<CompletionItem> {
    let view = fixture.view();
    let asked = Asked {
        view: &view,
        catalog: Target::newest().catalog(),
        stability: Stability::GenerallyAvailable,
        snippets: true,
    };
    let mut items = completion::at(&asked, fixture.position).items;
    items.sort_by(|a, b| a.sort_text.cmp(&b.sort_text));
    items
}

fn labels(marked: &str) -> Vec<String> {
    items(&Fixture::new(marked))
        .into_iter()
        .map(|item| item.label)
        .collect()
}

/// The text after the proposal with this label is taken.
fn taken(marked: &str, label: &str) -> String {
    let fixture = Fixture::new(marked);
    let items = items(&fixture);
    let item = items.iter().find(|item| item.label == label);
    let Some(CompletionTextEdit::Edit(edit)) = item.and_then(|item| item.text_edit.clone()) else {
        panic!(
            "no {label} among {:?}",
            items.iter().map(|item| &item.label).collect::<Vec<_>>()
        );
    };
    let bytes = fixture.document.index.bytes(edit.range);
    let mut text = fixture.document.text().to_owned();
    text.replace_range(bytes.start as usize..bytes.end as usize, &edit.new_text);
    text
}

const RECEIVERS: &str = "loki.write \"logs\" { }\n\nprometheus.remote_write \"metrics\" { }\n\nloki.process \"p\" {\n\tforward_to = []\n}\n\n";

#[test]
fn only_receivers_of_the_right_kind_are_proposed() {
    let within = |text: &str| labels(&format!("{RECEIVERS}{text}"));
    assert_eq!(
        within("loki.source.file \"f\" {\n\tforward_to = [$0]\n}\n"),
        ["loki.process.p.receiver", "loki.write.logs.receiver"]
    );
    assert_eq!(
        within("loki.source.file \"f\" {\n\tforward_to = [loki.write.logs.receiver, lo$0]\n}\n"),
        ["loki.process.p.receiver"]
    );
    assert_eq!(
        within("prometheus.scrape \"f\" {\n\tforward_to = [$0"),
        ["prometheus.remote_write.metrics.receiver"]
    );
    // Without the brackets they are written, too.
    let text = taken(
        "loki.write \"a\" { }\nloki.source.file \"f\" {\n\tforward_to = lo$0\n}\n",
        "loki.write.a.receiver",
    );
    assert!(text.contains("forward_to = [loki.write.a.receiver]"), "{text}");
    let text = taken(
        "loki.write \"a\" { }\nloki.source.file \"f\" {\n\tforward_to =$0\n}\n",
        "loki.write.a.receiver",
    );
    assert!(text.contains("forward_to = [loki.write.a.receiver]"), "{text}");
    // A component does not refer to itself.
    assert_eq!(labels("loki.process \"p\" {\n\tforward_to = [$0]\n}\n"), [""; 0]);
}

#[test]
fn exports_of_custom_components_have_types() {
    let text = "declare \"wrap\" {\n\texport \"receiver\" {\n\t\tvalue = loki.write.w.receiver\n\t}\n\n\tloki.write \"w\" { }\n}\n\nwrap \"x\" { }\n\nloki.source.file \"f\" {\n\tforward_to = [$0]\n}\n\nprometheus.scrape \"s\" {\n\tforward_to = []\n}\n";
    assert_eq!(labels(text), ["wrap.x.receiver"]);
    let other = text
        .replacen("$0", "", 1)
        .replacen("forward_to = []\n}\n", "forward_to = [$0]\n}\n", 2);
    let other = other.replacen("[$0]", "[]", 1);
    assert_eq!(labels(&other), [""; 0]);
}

#[test]
fn components_come_with_what_they_require() {
    insta::assert_snapshot!(taken("loki.source.fi$0", "loki.source.file"), @r#"
    loki.source.file "${1:default}" {
    	targets    = $2
    	forward_to = [$3]
    }
    "#);
    insta::assert_snapshot!(taken("loki.wr$0", "loki.write"), @r#"
    loki.write "${1:default}" {
    	$0
    }
    "#);
    // A block that is there already keeps its label and body.
    insta::assert_snapshot!(taken("loki.wr$0 \"x\" { }\n", "loki.write"), @r#"loki.write "x" { }"#);
    let top = labels("$0");
    for name in ["declare", "logging", "import.file", "loki.write", "foreach"] {
        assert!(top.iter().any(|label| label == name), "{name}");
    }
    assert!(!top.iter().any(|label| label == "argument"));
    assert!(labels("declare \"d\" {\n\targ$0\n}\n").contains(&"argument".to_owned()));
}

#[test]
fn a_body_is_asked_for_what_it_misses() {
    let body = "loki.write \"w\" {\n\tmax_streams = 1\n\tendpoint {\n\t\turl = \"x\"\n\t\t$0\n\t}\n}\n";
    let proposed = labels(body);
    assert!(!proposed.iter().any(|label| label == "url"), "it is there");
    for name in ["tenant_id", "basic_auth", "tls_config"] {
        assert!(
            proposed.iter().any(|label| label == name),
            "{name} of {proposed:?}"
        );
    }
    let outer = labels("loki.write \"w\" {\n\tmax_streams = 1\n\t$0\n\tendpoint { }\n}\n");
    assert!(
        outer.iter().any(|label| label == "endpoint"),
        "may be repeated: {outer:?}"
    );
    assert!(!outer.iter().any(|label| label == "max_streams"));
    let first = labels("loki.source.file \"f\" {\n\t$0\n}\n");
    assert_eq!(
        &first[..2],
        ["forward_to", "targets"],
        "what is required comes first"
    );
}

#[test]
fn words_of_a_closed_set_are_proposed_with_and_without_quotes() {
    assert_eq!(
        labels("logging {\n\tlevel = \"$0\"\n}\n"),
        ["debug", "error", "info", "warn"]
    );
    assert!(labels("logging {\n\tlevel = $0\n}\n").starts_with(&["\"debug\"".to_owned()]));
    assert_eq!(
        taken("logging {\n\tlevel = \"de$0bu\"\n}\n", "debug"),
        "logging {\n\tlevel = \"debug\"\n}\n"
    );
}

#[test]
fn arguments_and_variables_are_seen_where_they_are() {
    let declare = "declare \"d\" {\n\targument \"url\" { }\n\n\tloki.write \"w\" {\n\t\tendpoint {\n\t\t\turl = arg$0\n\t\t}\n\t}\n}\n";
    assert_eq!(labels(declare)[0], "argument.url.value");
    let custom = "declare \"d\" {\n\targument \"url\" { }\n\n\targument \"more\" {\n\t\toptional = true\n\t}\n}\n\nd \"x\" {\n\t$0\n}\n";
    assert_eq!(labels(custom), ["url", "more"]);
    insta::assert_snapshot!(taken(&custom.replacen("d \"x\" {\n\t$0\n}\n", "d$0", 1), "d"), @r#"
    declare "d" {
    	argument "url" { }

    	argument "more" {
    		optional = true
    	}
    }

    d "${1:default}" {
    	url = $2
    }
    "#);
}

#[test]
fn functions_tell_their_signature_while_they_are_written() {
    let help = |marked: &str| {
        let fixture = Fixture::new(marked);
        let help = signature::at(&fixture.document, fixture.position)?;
        Some((help.signatures[0].label.clone(), help.active_parameter.unwrap()))
    };
    let format = "string.format(format, value...)".to_owned();
    assert_eq!(
        help("a \"b\" {\n\tx = string.format($0"),
        Some((format.clone(), 0))
    );
    assert_eq!(
        help("a \"b\" {\n\tx = string.format(\"%s%s\", f(1, 2), $0)"),
        Some((format.clone(), 1))
    );
    assert_eq!(
        help("a \"b\" {\n\tx = [string.format(\"%$0\")]"),
        Some((format, 0))
    );
    assert_eq!(help("a \"b\" {\n\tx = 1$0"), None);
}

proptest! {
    #[test]
    fn any_text_can_be_completed(
        before in "(loki\\.|write|declare \"d\" \\{\n|foreach \"x\" \\{\n|template \\{\n|\\}|=|\"|\\[|\\(|,|\n|endpoint \\{|import\\.file \"i\" \\{ filename = \"main.alloy\" \\}\n| ){0,20}",
        after in "(\\}|\\]|\\)|\"|\n|x = 1|loki\\.write \"a\" \\{ \\}){0,6}",
    ) {
        let fixture = Fixture::new(&format!("{before}$0{after}"));
        for item in items(&fixture) {
            prop_assert!(!item.label.is_empty());
        }
        signature::at(&fixture.document, fixture.position);
    }
}
