//! What formatting does, and what it must not do.

use super::*;

fn formatted(text: &str) -> String {
    format(text).unwrap_or_else(|errors| panic!("{errors:?}"))
}

#[test]
fn blocks_are_parted_and_signs_aligned() {
    insta::assert_snapshot!(formatted("a   { b=1\nlonger = [ 1,2 ] // why\nc { } }\nd \"e\" {\n\n\nf = {x=1,\n\"long key\" = 2,\n}}"), @r#"
    a {
    	b      = 1
    	longer = [1, 2] // why
    	c { }
    }

    d "e" {
    	f = {x       = 1,
    		"long key" = 2,
    	}
    }
    "#);
}

#[test]
fn comments_stay_with_their_statements() {
    insta::assert_snapshot!(formatted("// head\n\na { // open\n// before b\nb = 1 // after b\n\n/* two\nlines */ c = f(1, /* in */ 2)\n// last\n}\n\n\n// end\n"), @"
    // head

    a { // open
    	// before b
    	b = 1 // after b

    	/* two
    lines */ c = f(1, /* in */ 2)
    	// last
    }

    // end
    ");
}

#[test]
fn a_line_comment_never_swallows_code() {
    let text = "a = b. // why\nc + 1\n";
    assert_eq!(formatted(text), "a = b. // why\nc + 1\n");
}

#[test]
fn an_empty_file_stays_empty_but_for_its_end() {
    assert_eq!(formatted(""), "\n");
    assert_eq!(formatted("\n\n// c\n\n\n"), "// c\n");
}

#[test]
fn a_broken_file_is_not_formatted() {
    assert!(format("a = [").is_err());
}

#[test]
fn a_range_changes_only_the_statements_it_touches() {
    let text = "a   = 1\nb { c=2 }\nd   = 3\n";
    let parse = parse_file(FileId(0), text);
    let (span, replacement) = format_range(&parse, Span::new(FileId(0), 10, 12)).unwrap();
    assert_eq!(
        (&text[span.range()], replacement.as_str()),
        ("b { c=2 }", "b {\n\tc = 2\n}")
    );
}

#[test]
fn what_is_turned_off_stays_as_it_is() {
    insta::assert_snapshot!(formatted("a={b=1}\n  // fmt: off\nm =[ 1,0,\n     0,1 ]\n// fmt: on\nc   {d=1\n//fmt:off\nlonger=2\n}\ne=1 // fmt: off\nlonger=2\n"), @"
    a = {b = 1}
    // fmt: off
    m =[ 1,0,
         0,1 ]
    // fmt: on
    c {
    	d = 1
    	//fmt:off
    longer=2
    }
    e      = 1 // fmt: off
    longer = 2
    ");
    let text = "// fmt: off\n\n\n  a=1\r\n\n\nb {c=1}\n\n";
    assert_eq!(formatted(text), text);
}

/// Texts that mostly parse: statements with comments and line ends wherever they may stand.
fn configuration() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let gap = prop_oneof![4 => Just(""), 2 => Just(" "), 1 => Just("\n"), 1 => Just("/* c */"), 1 => Just("// l\n"), 1 => Just("\n\n")];
    let word = prop_oneof![
        Just("a"),
        Just("b.c"),
        Just("1"),
        Just("\"s\""),
        Just("`r\n\tx`"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just("("),
        Just(")"),
        Just(","),
        Just("="),
        Just("+"),
        Just("-"),
        Just("."),
        Just("a = "),
        Just("b \"l\" {\n"),
        Just("}\n"),
        Just("x = [1, 2]\n"),
        Just("y = {a = 1, b = 2}\n"),
        Just("f(a, b)"),
        Just("\n"),
        Just("// c\n"),
        Just("\n// fmt: off\n"),
        Just("\n  // fmt: on\n"),
        Just("z { }\n")
    ];
    prop::collection::vec((word, gap), 0..24)
        .prop_map(|parts| parts.into_iter().flat_map(|(word, gap)| [word, gap]).collect())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 2000, max_global_rejects: 200_000, ..Default::default() })]

    #[test]
    fn formatting_is_stable_and_keeps_the_meaning(text in configuration()) {
        let parse = parse_file(FileId(0), text.as_str());
        if let Some(once) = format_parsed(&parse) {
            let again = parse_file(FileId(0), once.as_str());
            let printed = print(&parse.tree, Placing::Reference);
            if stable::certainly_stable(&parse.tree, &printed) {
                let next = parse_file(FileId(0), printed.as_str());
                proptest::prop_assert!(same::same_meaning(&parse.tree, &next.tree));
                proptest::prop_assert_eq!(&print(&next.tree, Placing::Reference), &printed, "the proof holds for {:?}", text);
            }
            proptest::prop_assert!(again.errors.is_empty(), "{text:?} became {once:?}: {:?}", again.errors);
            proptest::prop_assert!(same::same_meaning(&parse.tree, &again.tree), "{text:?} became {once:?}");
            proptest::prop_assert_eq!(format_parsed(&again), Some(once));
        }
    }
}
