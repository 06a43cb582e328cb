use super::*;
use proptest::prelude::*;

fn printed(format: &str, values: &[Value]) -> String {
    match print(format, values, 1 << 20) {
        Ok(printed) => printed.text,
        Err(trouble) => format!("error: {}", trouble.message),
    }
}

#[test]
fn numbers_take_flags_width_and_precision() {
    let int = |number| vec![Value::Int(number)];
    for (format, values, expected) in [
        ("%5d|", int(42), "   42|"),
        ("%-5d|", int(42), "42   |"),
        ("%05d", int(-42), "-0042"),
        ("%+d", int(42), "+42"),
        ("% d", int(42), " 42"),
        ("%.5d", int(42), "00042"),
        ("%8.5d", int(42), "   00042"),
        ("%.0d|", int(0), "|"),
        ("%x", int(-255), "-ff"),
        ("%#X", int(255), "0XFF"),
        ("%#o", int(8), "010"),
        ("%O", int(8), "0o10"),
        ("%#b", int(5), "0b101"),
        ("%c", int(0x1F600), "😀"),
        ("%q", int(10), r"'\n'"),
        ("%U", int(0x1F600), "U+1F600"),
        ("%#U", int(0xE9), "U+00E9 'é'"),
        ("%d", int(i64::MIN), "-9223372036854775808"),
    ] {
        assert_eq!(printed(format, &values), expected, "{format}");
    }
}

#[test]
fn floats_print_as_in_go() {
    for (format, number, expected) in [
        ("%v", 1.0, "1"),
        ("%v", 100_000.0, "100000"),
        ("%v", 1_000_000.0, "1e+06"),
        ("%v", 0.0001, "0.0001"),
        ("%v", 0.00001, "1e-05"),
        ("%f", 2.5, "2.500000"),
        ("%.0f", 2.5, "2"),
        ("%.0f", 3.5, "4"),
        ("%8.2f|", -3.14259, "   -3.14|"),
        ("%08.2f|", -3.14259, "-0003.14|"),
        ("%+.1e", 12_345.678, "+1.2e+04"),
        ("%G", 1e-10, "1E-10"),
        ("%.3g", 1234.5, "1.23e+03"),
        ("%#.3g", 1.0, "1.00"),
        ("%g", f64::INFINITY, "+Inf"),
        ("%6.1f", f64::NAN, "   NaN"),
        ("%b", 1.0, "4503599627370496p-52"),
        ("%x", 1.5, "0x1.8p+00"),
        ("%.1x", 1.96875, "0x1.0p+01"),
    ] {
        assert_eq!(
            printed(format, &[Value::Float(number)]),
            expected,
            "{format} {number}"
        );
    }
}

#[test]
fn text_is_cut_padded_and_quoted() {
    let text = |text: &str| [Value::string(text)];
    assert_eq!(printed("%6.2s|", &text("héllo")), "    hé|");
    assert_eq!(printed("%-6s|", &text("日本")), "日本    |");
    assert_eq!(
        printed("%q", &text("a\"b\\\n\u{7}\u{200b}é")),
        r#""a\"b\\\n\a\u200bé""#
    );
    assert_eq!(printed("%+q", &text("é")), r#""\u00e9""#);
    assert_eq!(printed("%#q", &text("a b")), "`a b`");
    assert_eq!(printed("%x", &text("hi")), "6869");
    assert_eq!(printed("% #X", &text("hi")), "0X68 0X69");
}

#[test]
fn lists_and_objects_print_their_parts() {
    let value = Value::object([
        ("b", Value::list([Value::Int(1), Value::Null, Value::string("x")])),
        ("a", Value::Bool(true)),
    ]);
    assert_eq!(
        printed("%v", std::slice::from_ref(&value)),
        "map[a:true b:[1 <nil> x]]"
    );
    assert_eq!(
        printed("%#v", &[value]),
        r#"map[string]interface {}{"a":true, "b":[]interface {}{1, interface {}(nil), "x"}}"#
    );
}

#[test]
fn arguments_can_be_chosen_and_widths_be_arguments() {
    let values = [Value::Int(3), Value::Int(7)];
    assert_eq!(printed("%[2]d %[1]d", &values), "7 3");
    assert_eq!(printed("%*d|", &values), "  7|");
    assert_eq!(printed("%-*d|", &values), "7  |");
    assert_eq!(printed("%[1]d %d", &values), "3 7");
    assert_eq!(printed("%%", &[]), "%");
}

#[test]
fn a_wrong_verb_is_named() {
    for (format, values, named) in [
        ("%z", vec![Value::Int(1)], "%z"),
        ("%!", vec![], "%!"),
        ("%", vec![], "without a verb"),
        ("%s", vec![Value::Int(1), Value::Int(2)], "one argument more"),
        ("%[3]d", vec![Value::Int(1)], "[3]"),
        ("%[x]d", vec![Value::Int(1)], "[x]"),
        ("%[1", vec![Value::Int(1)], "not closed"),
        ("%*d", vec![Value::string("a"), Value::Int(1)], "width *"),
        ("%9999999d", vec![Value::Int(1)], "9999999"),
        ("%p", vec![Value::Int(1)], "%p"),
    ] {
        let shown = printed(format, &values);
        assert!(
            shown.starts_with("error: ") && shown.contains(named),
            "{format}: {shown}"
        );
    }
}

#[test]
fn verbs_of_the_wrong_type_leave_the_marker_of_go_and_are_told() {
    for (format, values, expected) in [
        ("%d", vec![Value::string("a")], "%!d(string=a)"),
        ("%f", vec![Value::Int(1)], "%!f(int=1)"),
        ("%s", vec![], "%!s(MISSING)"),
        ("%s", vec![Value::Null], "%!s(<nil>)"),
        ("%t", vec![Value::list([Value::Int(1)])], "[%!t(int=1)]"),
    ] {
        let printed = print(format, &values, 100).unwrap();
        assert_eq!(printed.text, expected);
        assert_eq!(printed.markers.len(), 1, "{format}");
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_made() {
    let many = Value::list(std::iter::repeat_n(Value::Int(1), 100_000));
    assert!(printed("%1000000d", &[many]).starts_with("error: the text would be longer"));
}

proptest! {
    #[test]
    fn no_format_panics(format in "(%[-+# 0]{0,3}[0-9*]{0,3}(\\.[0-9*]{0,3})?(\\[[0-9]?\\])?[a-zA-Z%]|.){0,6}", number: i64, float: f64, text: String) {
        let values = [Value::Int(number), Value::Float(float), Value::string(text), Value::Null];
        let _ = print(&format, &values, 10_000);
    }
}
