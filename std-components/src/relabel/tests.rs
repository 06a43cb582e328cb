//! Each action, as Prometheus' documentation describes it.

use super::{Rule, Rules, Scratch};
use crate::component::testing;
use crate::signals::{Labels, Target};

/// A rule written in one line, its statements parted by semicolons.
fn rule(body: &str) -> Rule {
    testing::arguments(&body.replace("; ", "\n"))
}

/// The labels `a="foo" b="bar" c="baz"` after a rule.
fn after(body: &str) -> String {
    let labels = Labels::from_pairs([("a", "foo"), ("b", "bar"), ("c", "baz")]);
    apply(&labels, &[body])
}

fn apply(labels: &Labels, bodies: &[&str]) -> String {
    let rules: Vec<Rule> = bodies.iter().map(|body| rule(body)).collect();
    match Rules::new(&rules).labels(labels, &mut Scratch::default()) {
        Some(labels) => labels.to_string(),
        None => "dropped".into(),
    }
}

#[test]
fn replace() {
    let cases = [
        (
            r#"source_labels = ["a"]; target_label = "d""#,
            r#"{a="foo", b="bar", c="baz", d="foo"}"#,
        ),
        (
            r#"source_labels = ["a", "b"]; separator = "-"; target_label = "d""#,
            r#"{a="foo", b="bar", c="baz", d="foo-bar"}"#,
        ),
        (
            r#"source_labels = ["a"]; regex = "f(.*)"; target_label = "d"; replacement = "ch${1}-ch${1}""#,
            r#"{a="foo", b="bar", c="baz", d="choo-choo"}"#,
        ),
        // `$1x` is the group called 1x, which there is not.
        (
            r#"source_labels = ["a"]; regex = "f(.*)"; target_label = "d"; replacement = "z$1x""#,
            r#"{a="foo", b="bar", c="baz", d="z"}"#,
        ),
        (
            r#"source_labels = ["a"]; regex = "(?P<first>.)(.*)"; target_label = "d"; replacement = "$first|${2}|$$|$|$0""#,
            r#"{a="foo", b="bar", c="baz", d="f|oo|$|$|foo"}"#,
        ),
        // Anchored: no match, no change.
        (
            r#"source_labels = ["a"]; regex = "o"; target_label = "d""#,
            r#"{a="foo", b="bar", c="baz"}"#,
        ),
        (
            r#"source_labels = ["a"]; regex = "o|foo"; target_label = "d"; replacement = "x""#,
            r#"{a="foo", b="bar", c="baz", d="x"}"#,
        ),
        // An empty result takes the label away.
        (
            r#"source_labels = ["a"]; regex = "foo"; target_label = "b"; replacement = """#,
            r#"{a="foo", c="baz"}"#,
        ),
        // A target made of a match.
        (
            r#"source_labels = ["a"]; regex = "(f).*"; target_label = "${1}_x"; replacement = "${1}""#,
            r#"{a="foo", b="bar", c="baz", f_x="f"}"#,
        ),
        (
            r#"source_labels = ["missing"]; regex = ".+"; target_label = "d"; replacement = "x""#,
            r#"{a="foo", b="bar", c="baz"}"#,
        ),
        (
            r#"target_label = "d"; replacement = "x""#,
            r#"{a="foo", b="bar", c="baz", d="x"}"#,
        ),
    ];
    for (body, want) in cases {
        assert_eq!(after(body), want, "{body}");
    }
}

#[test]
fn a_dot_matches_the_end_of_a_line() {
    let labels = Labels::from_pairs([("a", "x\ny")]);
    assert_eq!(
        apply(
            &labels,
            &[r#"source_labels = ["a"]; regex = "x.(.*)"; target_label = "a""#]
        ),
        r#"{a="y"}"#
    );
}

#[test]
fn keep_and_drop() {
    let all = r#"{a="foo", b="bar", c="baz"}"#;
    let cases = [
        (r#"source_labels = ["a"]; regex = "foo"; action = "keep""#, all),
        (
            r#"source_labels = ["a"]; regex = "fo"; action = "keep""#,
            "dropped",
        ),
        (
            r#"source_labels = ["a"]; regex = "f.*"; action = "drop""#,
            "dropped",
        ),
        (r#"source_labels = ["a"]; regex = "no"; action = "drop""#, all),
        (
            r#"source_labels = ["a"]; target_label = "b"; action = "keepequal""#,
            "dropped",
        ),
        (
            r#"source_labels = ["a"]; target_label = "a"; action = "keepequal""#,
            all,
        ),
        (
            r#"source_labels = ["a"]; target_label = "a"; action = "dropequal""#,
            "dropped",
        ),
        (
            r#"source_labels = ["x"]; target_label = "y"; action = "dropequal""#,
            "dropped",
        ),
    ];
    for (body, want) in cases {
        assert_eq!(after(body), want, "{body}");
    }
}

#[test]
fn names_and_cases() {
    let cases = [
        (r#"regex = "[ab]"; action = "labeldrop""#, r#"{c="baz"}"#),
        (r#"regex = "[ab]"; action = "labelkeep""#, r#"{a="foo", b="bar"}"#),
        (
            r#"regex = "(a|b)"; replacement = "x_${1}"; action = "labelmap""#,
            r#"{a="foo", b="bar", c="baz", x_a="foo", x_b="bar"}"#,
        ),
        (
            r#"source_labels = ["a", "b"]; target_label = "d"; action = "uppercase""#,
            r#"{a="foo", b="bar", c="baz", d="FOO;BAR"}"#,
        ),
        (
            r#"source_labels = ["a"]; target_label = "a"; action = "lowercase""#,
            r#"{a="foo", b="bar", c="baz"}"#,
        ),
    ];
    for (body, want) in cases {
        assert_eq!(after(body), want, "{body}");
    }
}

/// md5("foo") is acbd18db4cc2f85cedef654fccc4a4d8.
#[test]
fn hashmod_is_the_remainder_of_the_last_eight_bytes_of_md5() {
    assert_eq!(0xedef_654f_ccc4_a4d8_u64 % 1000, 696);
    assert_eq!(
        after(r#"source_labels = ["a"]; target_label = "d"; action = "hashmod"; modulus = 1000"#),
        r#"{a="foo", b="bar", c="baz", d="696"}"#
    );
}

#[test]
fn rules_work_in_order_and_stop_at_a_drop() {
    let labels = Labels::from_pairs([("a", "foo")]);
    let copy = r#"source_labels = ["a"]; target_label = "b""#;
    let keep = r#"source_labels = ["b"]; regex = "foo"; action = "keep""#;
    let gone = r#"regex = ".*"; action = "labeldrop""#;
    assert_eq!(apply(&labels, &[copy, keep]), r#"{a="foo", b="foo"}"#);
    assert_eq!(apply(&labels, &[keep, copy]), "dropped");
    assert_eq!(apply(&labels, &[gone]), "dropped");
    assert_eq!(apply(&labels, &[]), r#"{a="foo"}"#);
}

#[test]
fn targets_are_changed_too() {
    let rules = Rules::new(&[
        rule(r#"source_labels = ["__meta_name"]; target_label = "name""#),
        rule(r#"regex = "__meta_.*"; action = "labeldrop""#),
    ]);
    let target = Target::new([("__address__", "a:1"), ("__meta_name", "x")]);
    let changed = rules.target(&target, &mut Scratch::default()).unwrap();
    assert_eq!(changed, Target::new([("__address__", "a:1"), ("name", "x")]));
}

#[test]
fn what_the_reference_refuses_is_refused_with_its_place() {
    let bad = [
        r#"action = "hashmod"; target_label = "x""#,
        r#"source_labels = ["a"]"#,
        r#"target_label = "$-"; source_labels = ["a"]"#,
        r#"action = "labelmap"; replacement = "1-""#,
        r#"action = "lowercase"; target_label = "x"; replacement = "y""#,
        r#"action = "labeldrop"; regex = "a"; source_labels = ["a"]"#,
        r#"action = "keepequal"; target_label = "x"; regex = "a""#,
        r#"action = "explode""#,
        r#"target_label = "x"; regex = "(a""#,
    ];
    let told: Vec<String> = bad
        .iter()
        .map(|body| testing::mistakes::<Rule>(&body.replace("; ", "\n")))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    relabel configuration for hashmod requires non-zero modulus (add `modulus = 8` or another number of shards)
    relabel configuration for replace action requires 'target_label' value (name the label that the rule is about: `target_label = "job"`)
    "$-" is invalid 'target_label' for replace action
    "1-" is invalid 'replacement' for labelmap action
    'replacement' can not be set for lowercase action (take the attribute away)
    labeldrop action requires only 'regex', and no other fields (take `source_labels` away)
    keepequal action requires only 'source_labels' and 'target_label', and no other fields (take `regex` away)
    action: "explode" is no relabel action (one of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase)
    regex: "(a" is not a regular expression: unclosed group (expressions are RE2's, without look-around and back references)
    "##);
}

#[test]
fn the_same_rules_are_the_same_capsule() {
    let rules = [rule(r#"target_label = "x""#)];
    let first = Rules::shared("c", &rules, None);
    assert!(Rules::shared("c", &rules, Some(&first)) == first);
    assert!(Rules::shared("c", &[], Some(&first)) != first);
    assert_eq!(&*first.display, "c.rules");
}
