use super::*;
use crate::lower;
use crate::value::{OptionalSecret, Secret};
use proptest::prelude::*;
use river_syntax::FileId;

fn scope() -> Object {
    let mut scope = Object::new();
    scope.insert("port".into(), Value::Int(80));
    scope.insert("ratio".into(), Value::Float(0.5));
    scope.insert("name".into(), Value::string("alice"));
    scope.insert(
        "items".into(),
        Value::list([Value::Int(1), Value::string("x"), Value::Null]),
    );
    scope.insert(
        "obj".into(),
        Value::object([
            ("field", Value::Int(1)),
            ("deep", Value::object([("a", Value::Null)])),
        ]),
    );
    scope.insert("sec".into(), Value::Secret(Secret::new("hush")));
    scope.insert("opt".into(), Value::OptionalSecret(OptionalSecret::plain("open")));
    scope.insert(
        "hid".into(),
        Value::OptionalSecret(OptionalSecret::secret("hush")),
    );
    scope
}

/// `CODE at "text": message; help` for an error, the value otherwise.
fn run(text: &str) -> String {
    let expr = match lower::expression(FileId(0), text) {
        Ok(expr) => expr,
        Err(errors) => return format!("syntax: {}", errors[0].message),
    };
    match evaluate(&expr, &scope()) {
        Ok(value) => format!("{value:?}"),
        Err(error) => {
            let help = error.0.help.as_deref().unwrap_or("-");
            format!(
                "{} at {:?}: {}; {help}",
                error.0.code.id,
                &text[error.0.primary.span.range()],
                error.0.message
            )
        }
    }
}

#[test]
fn errors_say_what_is_wrong_where_and_what_to_do() {
    let shown: Vec<String> = [
        "nmae",
        "True",
        "obj.feild",
        "obj.nothing",
        "obj.deep.b",
        "string.uper(\"a\")",
        "[1][3]",
        "[][0]",
        "[1][\"a\"]",
        "{}[1]",
        "name.x",
        "items.x",
        "null.x",
        "port()",
        "port + name",
        "\"a\" + 1",
        "[1] + [2]",
        "1 + null",
        "!1",
        "-name",
        "sec - 1",
        "1 / 0",
        "9223372036854775807 + 1",
        "string.trim(\"a\")",
        "string.trim(\"a\", [])",
        "string.to_upper(sec)",
        "string.to_uper(\"a\")",
    ]
    .iter()
    .map(|text| run(text))
    .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    AR0150 at "nmae": identifier "nmae" does not exist; did you mean name?
    AR0150 at "True": identifier "True" does not exist; did you mean true?
    AR0151 at "feild": field "feild" does not exist; did you mean obj.field?
    AR0151 at "nothing": field "nothing" does not exist; the object has deep, field
    AR0151 at "b": field "b" does not exist; the object has a
    AR0151 at "uper": field "uper" does not exist; did you mean string.to_upper?
    AR0156 at "3": index 3 is out of range of array with length 1; -
    AR0156 at "0": index 0 is out of range of array with length 0; -
    AR0157 at "\"a\"": a list is indexed with a number, got string; -
    AR0157 at "1": an object is indexed with a string, got number; -
    AR0158 at "name": cannot access field "x" on a string; -
    AR0158 at "items": cannot access field "x" on an array; take an item of the list first, such as the first one with [0]
    AR0158 at "null": cannot access field "x" on null; give a default with coalesce(value, {})
    AR0159 at "port": only functions can be called, this is a number; -
    AR0153 at "name": both sides of + must be of one type, got a number and a string; make text of the other value: string.format("%v", value)
    AR0153 at "1": both sides of + must be of one type, got a string and a number; make text of the other value: string.format("%v", value)
    AR0152 at "[1]": + takes numbers, strings and secrets, not an array; join lists with array.concat
    AR0152 at "null": + takes numbers, strings and secrets, not null; give a default with coalesce(value, default)
    AR0152 at "1": ! takes a bool, not a number; -
    AR0152 at "name": - takes a number, not a string; -
    AR0152 at "sec": - takes numbers, not a secret; secrets can only be joined with + and compared with == and !=
    AR0155 at "0": divide by zero error; -
    AR0154 at "9223372036854775807 + 1": integer overflow: the result of + does not fit 64 bits; write one of the numbers with a point, such as 2.0, to calculate with floating-point numbers
    AR0160 at "string.trim": string.trim expected 2 args, got 1; it is called as string.trim(text, characters)
    AR0161 at "[]": should be string, got array; it is called as string.trim(text, characters)
    AR0162 at "sec": secrets may not be converted into strings; if it may be seen, say so with convert.nonsensitive(...)
    AR0151 at "to_uper": field "to_uper" does not exist; did you mean string.to_upper?
    "#);
}

#[test]
fn secrets_stay_secret() {
    assert_eq!(run("sec + \"x\""), "Secret((secret))");
    assert_eq!(run("\"x\" + hid"), "OptionalSecret((secret))");
    assert_eq!(run("opt + \"x\""), "String(\"openx\")");
    assert_eq!(run("opt + opt"), "OptionalSecret(\"openopen\")");
    assert_eq!(run("opt + hid"), "OptionalSecret((secret))");
    assert_eq!(run("hid + sec"), "Secret((secret))");
    assert_eq!(run("sec == \"hush\""), "Bool(true)");
    assert_eq!(run("sec == hid"), "Bool(true)");
    assert_eq!(run("[sec] == [\"hush\"]"), "Bool(true)");
    for text in [
        "sec < \"x\"",
        "sec && true",
        "sec.a",
        "sec[0]",
        "-sec",
        "sec()",
        "string.join([sec], \",\")",
    ] {
        assert!(!run(text).contains("hush"), "{text}");
    }
}

#[test]
fn numbers_compare_by_value_whatever_their_kind() {
    for (text, expected) in [
        ("1 == 1.0", true),
        ("18446744073709551615 == -1", false),
        ("18446744073709551615 > 9223372036854775807", true),
        ("{a = [1]} == {a = [1.0]}", true),
        ("null == null", true),
        ("coalesce == coalesce", false),
        ("\"1\" == 1", false),
    ] {
        assert_eq!(run(text), format!("Bool({expected})"), "{text}");
    }
}

#[test]
fn both_sides_of_a_logical_operator_are_evaluated() {
    // As in the reference: `false && broken` is an error.
    assert!(run("false && nope").starts_with("AR0150"));
}

#[test]
fn results_that_surprise_are_told() {
    let context = Context::new();
    let scope = scope();
    let scope = WithContext {
        scope: &scope,
        context: &context,
    };
    for text in ["2 ^ -1", "-9223372036854775809"] {
        evaluate(&lower::expression(FileId(0), text).unwrap(), &scope).unwrap();
        assert_eq!(context.take_warnings()[0].code.id, "AR0170", "{text}");
        context.reset_warnings();
    }
    for text in ["2 ^ 1", "1 ^ -1", "-9223372036854775808", "2.0 ^ -1"] {
        evaluate(&lower::expression(FileId(0), text).unwrap(), &scope).unwrap();
        assert!(context.take_warnings().is_empty(), "{text}");
    }
}

#[test]
fn a_scope_shadows_the_standard_library() {
    let mut scope = Object::new();
    scope.insert("string".into(), Value::Int(1));
    let value = evaluate(&lower::expression(FileId(0), "string").unwrap(), &scope).unwrap();
    assert_eq!(value, Value::Int(1));
}

#[test]
fn a_body_tells_all_its_errors() {
    let parse = river_syntax::parse_file(
        FileId(0),
        "a = nope\nb = 1\nc \"l\" {\n  d = 1 / 0\n  e = name\n}\n",
    );
    let (body, errors) = lower::file(&parse);
    assert!(parse.errors.is_empty() && errors.is_empty());
    let errors = evaluate_body(&body, &scope()).unwrap_err();
    let told: Vec<&str> = errors.iter().map(|error| error.code.id).collect();
    assert_eq!(told, ["AR0150", "AR0155"]);

    let parse = river_syntax::parse_file(FileId(0), "b = port + 1\nc \"l\" {\n  e = name\n}\n");
    let value = evaluate_body(&lower::file(&parse).0, &scope()).unwrap();
    assert_eq!(value.attributes[0].value, Value::Int(81));
    assert_eq!(
        value.blocks[0].label.as_ref().map(|(label, _)| &**label),
        Some("l")
    );
    assert_eq!(value.blocks[0].body.attributes[0].value, Value::string("alice"));
}

#[test]
fn the_deepest_expression_leaves_room_on_a_thread_of_two_mebibytes() {
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let work = move || {
        for (open, close) in [
            ("[", "]"),
            ("(", ")"),
            ("{a=", "}"),
            ("coalesce(", ")"),
            ("-", ""),
            ("1+(", ")"),
            ("items[", "]"),
        ] {
            for depth in [limits::MAX_EXPRESSION_DEPTH as usize - 5, 5_000] {
                let _ = run(&nested(open, close, depth));
            }
        }
    };
    std::thread::Builder::new()
        .stack_size(3 << 19)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn values_cannot_grow_deeper_from_component_to_component() {
    let wrap = lower::expression(FileId(0), "[{inner = value}]").unwrap();
    let group = lower::expression(FileId(0), "array.group_by(value, \"t\", false)").unwrap();
    for (start, expr) in [
        (Value::Int(1), wrap),
        (Value::list([Value::object([("t", Value::string("x"))])]), group),
    ] {
        let mut scope = Object::new();
        scope.insert("value".into(), start);
        let error = (0..1_000)
            .find_map(|_| match evaluate(&expr, &scope) {
                Ok(value) => {
                    scope.insert("value".into(), value);
                    None
                }
                Err(error) => Some(error),
            })
            .unwrap();
        assert_eq!(error.0.code.id, "AR0167");
    }
}

#[test]
fn long_chains_evaluate() {
    // The parser bounds how long one may be.
    let terms = river_syntax::MAX_HEIGHT as usize - 1;
    assert_eq!(run(&vec!["1"; terms].join(" + ")), format!("Int({terms})"));
}

#[test]
fn warnings_are_bounded() {
    let context = Context::new();
    for at in 0..limits::MAX_WARNINGS as u32 + 10 {
        let span = Span::new(FileId(0), at, at + 1);
        context.warn(
            || Diagnostic::warning(&codes::DEPRECATED_NAME, span, "x"),
            &codes::DEPRECATED_NAME,
            span,
        );
    }
    assert_eq!(context.take_warnings().len(), limits::MAX_WARNINGS);
    assert_eq!(context.dropped_warnings(), 10);
}

/// Texts of expressions, most of them with errors in types.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| format!("{}", number.unsigned_abs())),
        any::<u64>().prop_map(|number| number.to_string()),
        (0.0_f64..1e300).prop_map(|number| format!("{number:e}")),
        "[a-z%\\[\\]{}$.*:0-9 -]{0,8}".prop_map(|text| format!("{text:?}")),
        proptest::sample::select(vec![
            "port",
            "ratio",
            "name",
            "items",
            "obj",
            "sec",
            "opt",
            "hid",
            "nope",
            "constants"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let operators = vec![
            "||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^",
        ];
        let functions: Vec<&'static str> = stdlib::functions().iter().map(|info| info.name).collect();
        prop_oneof![
            (inner.clone(), proptest::sample::select(operators), inner.clone())
                .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            inner.clone().prop_map(|a| format!("({a}).field")),
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(|values| {
                let fields: Vec<String> = values
                    .iter()
                    .enumerate()
                    .map(|(at, value)| format!("k{at} = {value}"))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }),
            (
                proptest::sample::select(functions),
                proptest::collection::vec(inner, 0..4)
            )
                .prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", "))),
        ]
    })
}

proptest! {
    #[test]
    fn no_expression_panics_and_no_secret_escapes_an_error(text in expressions()) {
        let expr = lower::expression(FileId(0), text.as_str());
        prop_assert!(expr.is_ok(), "{:?}", expr);
        if let Ok(expr) = expr {
            match evaluate(&expr, &scope()) {
                Ok(value) => { let _ = serde_json::to_string(&value); }
                Err(error) => {
                    prop_assert!(text.contains("format") || !error.0.message.contains("hush"));
                    prop_assert!((error.0.primary.span.end as usize) <= text.len());
                }
            }
        }
    }

    #[test]
    fn evaluating_twice_gives_the_same(text in expressions()) {
        prop_assert_eq!(run(&text), run(&text));
    }
}
