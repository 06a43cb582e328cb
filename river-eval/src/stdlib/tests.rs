use crate::eval::{Constants, Context, Stability, WithContext, evaluate};
use crate::value::{Object, OptionalSecret, Secret, Value};
use crate::{lower, stdlib};
use river_syntax::{Diagnostic, FileId};

/// The value of an expression as JSON, or its first error; and its warnings.
fn run_in(context: &Context, text: &str) -> (String, Vec<Diagnostic>) {
    let expr = match lower::expression(FileId(0), text) {
        Ok(expr) => expr,
        Err(errors) => return (format!("syntax error: {}", errors[0].message), Vec::new()),
    };
    let mut scope = Object::new();
    scope.insert("sec".into(), Value::Secret(Secret::new("hush")));
    scope.insert("opt".into(), Value::OptionalSecret(OptionalSecret::plain("open")));
    let scope = WithContext {
        scope: &scope,
        context,
    };
    let shown = match evaluate(&expr, &scope) {
        Ok(value) => crate::vectors_json::to_json(&value, true).to_string(),
        Err(error) => {
            let span = error.0.primary.span.range();
            format!("{} at {:?}: {}", error.0.code.id, &text[span], error.0.message)
        }
    };
    (shown, context.take_warnings())
}

fn run(text: &str) -> String {
    run_in(&Context::new(), text).0
}

#[test]
fn every_example_in_the_table_holds() {
    for info in stdlib::functions() {
        let (expression, value) = info.example;
        if !expression.is_empty() {
            // Compared by the language, so that `1` may stand for a floating-point number.
            assert_eq!(
                run(&format!("({expression}) == ({value})")),
                r#"{"bool":true}"#,
                "{expression}"
            );
        }
    }
}

#[test]
fn every_function_answers_whatever_it_is_given() {
    let arguments = [
        "null",
        "true",
        "-1",
        "1e300",
        "\"a\"",
        "\"%s\"",
        "[]",
        "[[null]]",
        "{}",
        "{a = {b = 1}}",
        "sec",
        "opt",
        "coalesce",
        "encoding.from_base64(\"/w==\")",
    ];
    for info in stdlib::functions() {
        run(&format!("{}()", info.name));
        for a in arguments {
            run(&format!("{}({a})", info.name));
            for b in arguments {
                run(&format!("{}({a}, {b})", info.name));
                run(&format!("{}({a}, {b}, {b}, {a})", info.name));
            }
        }
    }
}

#[test]
fn deprecated_names_work_and_warn_once_for_each_place() {
    let context = Context::new();
    let (shown, warnings) = run_in(&context, "to_upper(\"a\") + to_upper(\"b\")");
    assert_eq!(shown, r#"{"string":"AB"}"#);
    let told: Vec<_> = warnings
        .iter()
        .map(|warning| {
            (
                warning.code.id,
                warning.primary.span.start,
                warning.message.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("AR0165", 0, "to_upper is deprecated, use string.to_upper"),
            ("AR0165", 16, "to_upper is deprecated, use string.to_upper")
        ]
    );
    assert!(
        warnings
            .iter()
            .all(|warning| warning.fix.as_ref().is_some_and(|fix| fix.safe))
    );
    assert!(run_in(&context, "to_upper(\"a\") + to_upper(\"b\")").1.is_empty());
    context.reset_warnings();
    assert_eq!(run_in(&context, "to_upper(\"a\")").1.len(), 1);
}

#[test]
fn every_deprecated_name_has_a_new_one_of_the_same_function() {
    for info in stdlib::functions() {
        if let Some(new_name) = info.renamed_to {
            assert!(
                stdlib::function(new_name).is_some_and(|new| new.renamed_to.is_none()),
                "{}",
                info.name
            );
            assert!(stdlib::is_name(info.name));
        }
    }
}

#[test]
fn experimental_functions_need_their_stability_level() {
    let context = Context::new().with_stability(Stability::GenerallyAvailable);
    let (shown, _) = run_in(&context, "array.group_by([], \"t\", true)");
    assert_eq!(
        shown,
        r#"AR0166 at "array.group_by": array.group_by is at stability level "experimental", which is below the minimum allowed stability level "generally-available""#
    );
    assert_eq!(run("array.group_by([], \"t\", true)"), r#"{"list":[]}"#);
}

#[test]
fn names_can_be_checked_before_anything_is_evaluated() {
    let expr = lower::expression(
        FileId(0),
        "[env(\"A\"), array.group_by, array.concat, sys.env, other.env]",
    )
    .unwrap();
    let found = |level| -> Vec<String> {
        expr.references()
            .iter()
            .filter_map(|reference| stdlib::check(reference, level))
            .map(|found| format!("{} {:?}", found.code.id, found.primary.span.range()))
            .collect()
    };
    assert_eq!(found(Stability::Experimental), ["AR0165 1..4"]);
    assert_eq!(found(Stability::PublicPreview), ["AR0165 1..4", "AR0166 11..25"]);
}

#[test]
fn the_environment_and_the_constants_are_those_of_the_context() {
    let context = Context::new()
        .with_environment(|name: &str| (name == "HOME").then(|| "/home/me".to_owned()))
        .with_constants(&Constants {
            hostname: "box".to_owned(),
            ..Constants::default()
        });
    assert_eq!(
        run_in(
            &context,
            "sys.env(\"HOME\") + sys.env(\"NOPE\") + constants.hostname"
        )
        .0,
        r#"{"string":"/home/mebox"}"#
    );
}

#[test]
fn objects_are_combined_by_key() {
    for (text, expected) in [
        (
            r#"array.combine_maps([{a = "1", x = "l"}], [{a = "1", x = "r"}, {a = "2"}], ["a"])"#,
            r#"{"list":[{"object":{"a":{"string":"1"},"x":{"string":"r"}}}]}"#,
        ),
        (
            r#"array.combine_maps([{a = "1"}, {b = "2"}], [{a = "3"}], ["a"], true)"#,
            r#"{"list":[{"object":{"a":{"string":"1"}}},{"object":{"b":{"string":"2"}}}]}"#,
        ),
        (
            r#"array.combine_maps([{a = "1"}], [{a = 1}, {a = "1", c = true}], ["a"])"#,
            r#"{"list":[{"object":{"a":{"string":"1"},"c":{"bool":true}}}]}"#,
        ),
        (
            r#"array.combine_maps([{a = "1"}], [{a = "1"}], [])"#,
            "AR0161 at \"[]\": array.combine_maps: merge conditions must not be empty",
        ),
        (
            r#"array.combine_maps([{a = "1"}, 2], [], ["a"])"#,
            "AR0161 at \"2\": should be object, got number",
        ),
        (
            r#"array.combine_maps([], [], [1])"#,
            "AR0161 at \"1\": should be string, got number",
        ),
        (
            r#"array.combine_maps([])"#,
            "AR0160 at \"array.combine_maps\": array.combine_maps expected 3 or 4 args, got 1",
        ),
        (
            r#"array.group_by([{t = 1}], "t", true)"#,
            "AR0161 at \"{t = 1}\": should be string, got number",
        ),
        (r#"array.group_by([{u = "1"}], "t", true)"#, r#"{"list":[]}"#),
    ] {
        assert_eq!(run(text), expected, "{text}");
    }
}

#[test]
fn text_functions_follow_go() {
    for (text, expected) in [
        (r#"string.split("", "")"#, r#"{"list":[]}"#),
        (
            r#"string.to_upper("straße ﬁ ᾳ ŉ")"#,
            r#"{"string":"STRAßE ﬁ ᾼ ŉ"}"#,
        ),
        (r#"string.to_lower("İΣ")"#, r#"{"string":"iσ"}"#),
        (r#"string.trim_space("\u3000 a\u0085")"#, r#"{"string":"a"}"#),
        (r#"string.join(null, ",")"#, r#"{"string":""}"#),
        (
            r#"string.join([1, 2.5, "x", null], "-")"#,
            r#"{"string":"1-2.5-x-"}"#,
        ),
        (
            r#"string.join(["a", ["b"]], ",")"#,
            "AR0161 at \"[\\\"b\\\"]\": should be string, got array",
        ),
        (
            r#"string.to_upper(1e21)"#,
            r#"{"string":"1000000000000000000000"}"#,
        ),
        (
            r#"string.to_upper(encoding.from_base64("aGk="))"#,
            r#"{"string":"HI"}"#,
        ),
        (
            r#"encoding.to_base64(encoding.from_base64("/w=="))"#,
            r#"{"string":"/w=="}"#,
        ),
        (r#"encoding.from_base64("aGk=")[1] + 1"#, r#"{"int":"106"}"#),
        (
            r#"encoding.from_base64("aGk=") == [104, 105]"#,
            r#"{"bool":true}"#,
        ),
        (
            "encoding.from_base64(\"aG\\nk=\")",
            r#"{"list":[{"int":"104"},{"int":"105"}]}"#,
        ),
        (
            r#"encoding.to_json({f = coalesce})"#,
            "AR0163 at \"encoding.to_json\": encoding.to_json: JSON has no form for a function",
        ),
        (r#"file.path_join("a", "", 1)"#, r#"{"string":"a/1"}"#),
        (r#"coalesce(-0.0, 1)"#, r#"{"float":"-0"}"#),
        (
            r#"convert.nonsensitive(1)"#,
            "AR0161 at \"1\": should be capsule, got number",
        ),
    ] {
        assert_eq!(run(text), expected, "{text}");
    }
}

#[test]
fn a_wrong_format_verb_is_an_error_that_names_it() {
    assert_eq!(
        run(r#"string.format("%z", 1)"#),
        r#"AR0164 at "\"%z\"": string.format: there is no verb %z"#
    );
    assert_eq!(
        run(r#"string.format("%s", "a", "b")"#),
        r#"AR0164 at "\"b\"": string.format: one argument more than the format has verbs"#
    );
    let (shown, warnings) = run_in(&Context::new(), r#"string.format("%d", "a")"#);
    assert_eq!(shown, r#"{"string":"%!d(string=a)"}"#);
    assert_eq!(warnings[0].code.id, "AR0172");
    assert_eq!(warnings[0].message, "the verb %d does not fit a string");
}

#[test]
fn secrets_that_become_plain_text_are_told() {
    let (shown, warnings) = run_in(&Context::new(), r#"string.format("%s", sec)"#);
    assert_eq!(shown, r#"{"string":"hush"}"#);
    assert_eq!(warnings[0].code.id, "AR0171");
    assert!(!format!("{warnings:?}").contains("hush"));
    let (_, warnings) = run_in(&Context::new(), r#"string.format("%s", opt)"#);
    assert!(warnings.is_empty());
    assert_eq!(
        run("encoding.to_json({a = [sec]})"),
        r#"{"secret":"{\"a\":[\"hush\"]}"}"#
    );
    assert_eq!(
        run("encoding.to_json({a = opt})"),
        r#"{"string":"{\"a\":\"open\"}"}"#
    );
}

#[test]
fn what_would_be_too_big_is_refused_at_once() {
    let mut text = String::from("\"aaaaaaaaaaaaaaaa\"");
    for _ in 0..8 {
        text = format!("string.replace({text}, \"a\", \"{}\")", "a".repeat(64));
    }
    assert!(run(&text).contains("AR0168"), "{}", run(&text));
    let mut list = String::from("[0, 0, 0, 0, 0, 0, 0, 0]");
    for _ in 0..8 {
        list = format!("array.concat({})", vec![list; 4].join(", "));
    }
    // Millions of items, written out in the text: either the parser or the bound answers.
    run(&list[..list.len().min(1 << 16)]);
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/stdlib.md");
    let page = stdlib::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page,
        "docs/stdlib.md is stale: run UPDATE_DOCS=1 cargo test -p river-eval stdlib"
    );
}
