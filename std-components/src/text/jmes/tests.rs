use super::*;

const DATA: &str = r#"{
    "s": " a,b,,c ", "n": 10, "f": 2.5, "t": true, "z": null, "é": "aébé", "a-b": {"c": 1},
    "o": {"x": 1, "y": "z"},
    "l": [{"n": "Bob", "age": 3, "g": "x"}, {"n": "al", "age": 5, "g": "y"}, {"n": "Cy", "age": 4, "g": "x"}],
    "e": [["k", "v"]],
    "m": [[0, 1], [2, 3], [4, [5]]],
    "i": [0, 1, 2, 3, 4, 5],
    "let": "word", "in": "other"
}"#;

fn found(expression: &str) -> String {
    let document: Value = serde_json::from_str(DATA).unwrap();
    match Expression::new(expression) {
        Err(mistake) => format!("refused: {}", mistake.message),
        Ok(parsed) => match parsed.search(&document) {
            Ok(value) => value.to_string(),
            Err(reason) => format!("failed: {reason}"),
        },
    }
}

fn find(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(found(expression), *expected, "{expression}");
    }
}

#[test]
fn paths() {
    find(&[
        ("o.x", "1"),
        ("o.missing.deeper", "null"),
        ("\"a-b\".c", "1"),
        ("\"\\u00e9\"", "\"aébé\""),
        ("l[1].n", "\"al\""),
        ("l[-1].n", "\"Cy\""),
        ("l[9]", "null"),
        ("l[-9]", "null"),
        ("s[0]", "null"),
        ("@.o.y", "\"z\""),
        ("$.o.y", "\"z\""),
        ("o | $.n", "10"),
        ("l[*].[n, $.n] | [0]", r#"["Bob",10]"#),
        (" o . x ", "1"),
        ("o.let", "null"),
        ("[let, in]", r#"["word","other"]"#),
    ]);
}

#[test]
fn projections() {
    find(&[
        ("l[*].age", "[3,5,4]"),
        ("l[*].missing", "[]"),
        ("o[*]", "null"),
        ("o.*", r#"[1,"z"]"#),
        ("l.*", "null"),
        ("*.y", r#"["z"]"#),
        ("m[]", "[0,1,2,3,4,[5]]"),
        ("m[][]", "[0,1,2,3,4,5]"),
        ("m[*][0]", "[0,2,4]"),
        ("m[*] | [0]", "[0,1]"),
        ("(m[*])[0]", "[0,1]"),
        ("[m[*]][0]", "[[0,1],[2,3],[4,[5]]]"),
        ("l[?age > `3`].n", r#"["al","Cy"]"#),
        ("l[?age > `3` && g == 'x'].n | [0]", "\"Cy\""),
        ("l[?!(g == 'x')].n", r#"["al"]"#),
        ("l[?g == 'x' || age == `5`].age", "[3,5,4]"),
        ("l[?missing]", "[]"),
        ("l[?n][0]", "[]"),
        ("o[?x]", "null"),
        ("l[].{who: n, old: age}[0]", r#"{"who":"Bob","old":3}"#),
        (
            "l[:1].{who: n, \"how old\": age}",
            r#"[{"who":"Bob","how old":3}]"#,
        ),
    ]);
}

#[test]
fn slices_of_lists_and_texts() {
    find(&[
        ("i[1:3]", "[1,2]"),
        ("i[:2]", "[0,1]"),
        ("i[4:]", "[4,5]"),
        ("i[::2]", "[0,2,4]"),
        ("i[::-1]", "[5,4,3,2,1,0]"),
        ("i[-2:]", "[4,5]"),
        ("i[:-4]", "[0,1]"),
        ("i[10:]", "[]"),
        ("i[-10:2]", "[0,1]"),
        ("i[4:1:-2]", "[4,2]"),
        ("i[99:-99:-3]", "[5,2]"),
        ("i[::9223372036854775807]", "[0]"),
        ("l[:2].n", r#"["Bob","al"]"#),
        ("o[1:]", "null"),
        ("'abcdef'[1:3]", "\"bc\""),
        ("\"é\"[::-1]", "\"ébéa\""),
        ("'abc'[5:]", "\"\""),
        ("l[*].n[:1]", r#"["B","a","C"]"#),
        ("i[::0]", "refused: the step of a slice cannot be 0"),
        ("i[1:2:3:4]", "refused: a number, `:` or `]` expected, not `:`"),
    ]);
}

#[test]
fn conditions() {
    find(&[
        ("t && n", "10"),
        ("z && n", "null"),
        ("z || n", "10"),
        ("missing || 'none'", "\"none\""),
        ("t || z && z", "true"),
        ("(t || z) && z", "null"),
        ("!z", "true"),
        ("!n", "false"),
        ("!`[]`", "true"),
        ("!`0`", "false"),
        ("n == `10.0`", "true"),
        ("n != `10`", "false"),
        ("o == `{\"y\": \"z\", \"x\": 1}`", "true"),
        ("n >= `10`", "true"),
        ("n <= f", "false"),
        ("'a' < 'b'", "null"),
        ("z > n", "null"),
        ("n > f == `true`", "true"),
    ]);
}

#[test]
fn literals() {
    find(&[
        ("`{\"a\": [1, null]}`.a", "[1,null]"),
        ("`\"\\`\"`", "\"`\""),
        ("'it\\'s'", "\"it's\""),
        ("'a\\\\b'", r#""a\\b""#),
        ("'a\\nb'", r#""a\\nb""#),
        ("`1`", "1"),
    ]);
}

#[test]
fn arithmetic() {
    find(&[
        ("`1` + `2`", "3"),
        ("n - f", "7.5"),
        ("n * f", "25"),
        ("n \u{d7} f", "25"),
        ("`1` / `4`", "0.25"),
        ("n \u{f7} f", "4"),
        ("n \u{2212} `1`", "9"),
        ("n % `4`", "2"),
        ("-`7` // `2`", "-3"),
        ("(-`7`) // `2`", "-4"),
        ("-n", "-10"),
        ("+n", "10"),
        ("-`1` - +`2`", "-3"),
        ("`2` + `3` * `4`", "14"),
        ("(`2` + `3`) * `4`", "20"),
        ("`8` / `2` * `4`", "16"),
        ("`10` - `3` - `2`", "5"),
        ("n + `1` > n", "true"),
        ("l[0].age + l[1].age", "8"),
        ("l[*].age * `2`", "null"),
        ("map(&(age * `2`), l)", "[6,10,8]"),
        ("l[?age * `2` > `7`].n", r#"["al","Cy"]"#),
        ("n + s", "null"),
        ("n + missing", "null"),
        ("n / `0`", "failed: the result is no number"),
        ("sum(l[*].age) / length(l)", "4"),
        ("{a: n, b: f} | a + b", "12.5"),
    ]);
}

#[test]
fn variables() {
    find(&[
        ("let $a = n in $a", "10"),
        ("let $a = n, $b = f in [$a, $b]", "[10,2.5]"),
        ("let $a = m[*] in $a[0]", "[0,1]"),
        ("let $g = 'y' in l[?g == $g].n | [0]", "\"al\""),
        ("let $all = length(l) in l[*].[n, $all] | [0]", r#"["Bob",3]"#),
        (
            "let $a = n in [$a, let $a = 'inner' in $a, $a]",
            r#"[10,"inner",10]"#,
        ),
        ("let $a = n in let $b = $a + `1` in $b", "11"),
        ("let $a = o in l[*].{n: n, x: $a.x} | [1]", r#"{"n":"al","x":1}"#),
        ("sort_by(l, &age)[*].n | let $first = [0] in $first", "\"Bob\""),
        ("let $top = n in max_by(l, &(age + $top)).n", "\"al\""),
        ("$a", "refused: there is no variable $a"),
        ("let $a = n, $b = $a in $b", "refused: there is no variable $a"),
        ("[let $a = n in $a, $a]", "refused: there is no variable $a"),
        ("let $a = n", "refused: `,` or `in` is missing at the end"),
        ("let $a n in $a", "refused: `=` expected, not `n`"),
    ]);
}

#[test]
fn functions_of_numbers_and_types() {
    find(&[
        ("abs(`-2.5`)", "2.5"),
        ("ceil(f)", "3"),
        ("floor(f)", "2"),
        ("sum(i)", "15"),
        ("sum(`[]`)", "0"),
        ("avg(l[*].age)", "4"),
        ("avg(`[]`)", "null"),
        ("not_null(z, missing, f)", "2.5"),
        ("not_null(z)", "null"),
        ("to_array(n)", "[10]"),
        ("to_array(i)", "[0,1,2,3,4,5]"),
        ("to_number('2.50')", "2.5"),
        ("to_number('a')", "null"),
        ("to_number(t)", "null"),
        ("to_string(n)", "\"10\""),
        ("to_string(s)", "\" a,b,,c \""),
        (
            "to_string(`{\"b\": 1.0, \"a\": [\"<\", null]}`)",
            r#""{\"a\":[\"\\u003c\",null],\"b\":1}""#,
        ),
        (
            "[type(n), type(s), type(t), type(z), type(o), type(l)]",
            r#"["number","string","boolean","null","object","array"]"#,
        ),
        (
            "sum(s)",
            "failed: a function got a value of another type than it takes",
        ),
        (
            "sum(`[1, \"a\"]`)",
            "failed: a function got a value of another type than it takes",
        ),
    ]);
}

#[test]
fn functions_of_texts() {
    find(&[
        ("starts_with('abc', 'ab')", "true"),
        ("ends_with('abc', 'ab')", "false"),
        ("upper(o.y)", "\"Z\""),
        ("l[*].lower(n)", r#"["bob","al","cy"]"#),
        ("trim(s)", "\"a,b,,c\""),
        ("trim('xxaxx', 'x')", "\"a\""),
        ("trim(' a ', '')", "\"a\""),
        ("trim_left('xxa', 'x')", "\"a\""),
        ("trim_right('a ')", "\"a\""),
        ("join('-', l[*].n)", "\"Bob-al-Cy\""),
        ("split(trim(s), ',')", r#"["a","b","","c"]"#),
        ("split(trim(s), ',', `1`)", r#"["a","b,,c"]"#),
        ("split(trim(s), ',', `0`)", r#"["a,b,,c"]"#),
        ("split('abc', '', `1`)", r#"["a","bc"]"#),
        ("split('abc', '')", r#"["a","b","c"]"#),
        ("split('', ',')", "[]"),
        ("split('a', ',', `-1`)", "failed: a number from 0 on is expected"),
        ("replace(trim(s), ',', '-')", "\"a-b--c\""),
        ("replace(trim(s), ',', '-', `1`)", "\"a-b,,c\""),
        ("find_first(\"é\", 'é')", "1"),
        ("find_last(\"é\", 'é')", "3"),
        ("find_first(\"é\", 'é', `2`)", "3"),
        ("find_first(\"é\", 'é', `-99`, `99`)", "1"),
        ("find_first(\"é\", 'é', `2`, `3`)", "null"),
        ("find_first(\"é\", 'q')", "null"),
        ("find_first(\"é\", '')", "null"),
        ("pad_left('7', `3`, '0')", "\"007\""),
        ("pad_right('7', `3`)", "\"7  \""),
        ("pad_left('long', `3`)", "\"long\""),
        (
            "pad_left('7', `3`, '00')",
            "failed: one character to pad with is expected",
        ),
        ("pad_left('7', `1.5`)", "failed: a whole number is expected"),
        (
            "lower(o)",
            "failed: a function got a value of another type than it takes",
        ),
    ]);
}

#[test]
fn functions_of_lists_and_objects() {
    find(&[
        ("length(\"é\")", "4"),
        ("length(o)", "2"),
        ("length(i)", "6"),
        ("contains(i, `3`)", "true"),
        ("contains(s, 'b,')", "true"),
        ("contains(s, `1`)", "false"),
        ("reverse(i)", "[5,4,3,2,1,0]"),
        ("reverse(\"é\")", "\"ébéa\""),
        ("map(&n, l)", r#"["Bob","al","Cy"]"#),
        ("map(&missing, l)", "[null,null,null]"),
        ("sort(l[*].n)", r#"["Bob","Cy","al"]"#),
        ("sort(reverse(i))", "[0,1,2,3,4,5]"),
        ("sort_by(l, &age)[*].n", r#"["Bob","Cy","al"]"#),
        (
            "sort_by(l, &missing)",
            "failed: the expression has to find numbers only, or strings only",
        ),
        ("sort_by(`[]`, &a)", "[]"),
        ("max(i)", "5"),
        ("min(l[*].n)", "\"Bob\""),
        ("max(`[]`)", "null"),
        ("max_by(l, &age).n", "\"al\""),
        ("min_by(l, &n).age", "3"),
        ("zip(l[*].n, l[:2].age)", r#"[["Bob",3],["al",5]]"#),
        ("keys(o)", r#"["x","y"]"#),
        ("values(o)", r#"[1,"z"]"#),
        ("merge(o, `{\"x\": 2, \"w\": 3}`)", r#"{"x":2,"y":"z","w":3}"#),
        ("items(o)", r#"[["x",1],["y","z"]]"#),
        ("from_items(e)", r#"{"k":"v"}"#),
        ("from_items(items(o)) == o", "true"),
        (
            "from_items(i)",
            "failed: a list of pairs of a name and a value is expected",
        ),
        ("map(&length(@), values(group_by(l, &g)))", "[2,1]"),
        ("group_by(l, &g).y[0].n", "\"al\""),
        ("group_by(l, &missing)", "{}"),
        ("group_by(l, &age)", "failed: the expression has to find strings"),
        (
            "items(group_by(l, &g))[*].{g: [0], n: length([1])}",
            r#"[{"g":"x","n":2},{"g":"y","n":1}]"#,
        ),
    ]);
}

#[test]
fn mistakes_have_their_place_and_a_way_out() {
    let mut out = String::new();
    for expression in [
        "",
        "a[",
        "a.",
        "a..b",
        "a[b]",
        "a b",
        "a -1",
        "4xx",
        "http-request.4xx",
        "'a",
        "\"a",
        "`a`",
        "`a",
        "a.b@c",
        "a ? b : c",
        "(a",
        "a)",
        "[a",
        "{a}",
        "{a: b",
        "lenght(a)",
        "env('A')",
        "length()",
        "length(a, b)",
        "split(a)",
        "merge()",
        "sort_by(a, b)",
        "length(&a)",
        "&a",
        "\"a\"(b)",
        "a = b",
        "a.$b",
        "a[*]{",
        "#",
    ] {
        let mistake = Expression::new(expression).unwrap_err();
        let place = expression.get(mistake.range.clone()).unwrap();
        out += &format!(
            "{expression}: {} at {place:?} ({})\n",
            mistake.message,
            mistake.help.unwrap()
        );
    }
    insta::assert_snapshot!(out, @r##"
    : the expression ends too early at "" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a[: a number, `*` or `:` is missing at the end at "" (several names of a value are `a.[b, c]`; a name is `a."b"`)
    a.: a name, `*`, `[` or `{` is missing at the end at "" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a..b: a name, `*`, `[` or `{` expected, not `.` at "." (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a[b]: a number, `*` or `:` expected, not `b` at "b" (several names of a value are `a.[b, c]`; a name is `a."b"`)
    a b: unexpected `b` at "b" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a -1: unexpected number -1 at "-1" (numbers stand between backticks: `-1`)
    4xx: unexpected number 4 at "4" (names with other characters than letters, digits and _ stand in double quotes: `"4xx"` between backticks)
    http-request.4xx: a name, `*`, `[` or `{` expected, not `4` at "4" (names with other characters than letters, digits and _ stand in double quotes: `"http-request"."4xx"` between backticks)
    'a: the string is never closed at "'a" (end it with ')
    "a: the name is never closed at "\"a" (end it with ")
    `a`: what stands between backticks is no JSON at "`a`" (strings are 'text', or `"text"` between backticks)
    `a: the literal is never closed at "`a" (end it with `)
    a.b@c: unexpected `@` at "@" (names with other characters than letters, digits and _ stand in double quotes: `a."b@c"` between backticks)
    a ? b : c: unexpected character '?' at "?" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    (a: `)` is missing at the end at "" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a): unexpected `)` at ")" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    [a: `,` or `]` is missing at the end at "" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    {a}: `:` expected, not `}` at "}" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    {a: b: `,` or `}` is missing at the end at "" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    lenght(a): there is no function lenght at "lenght" (did you mean length?)
    env('A'): there is no function env at "env" (the functions are abs, avg, ceil, contains, ends_with, find_first, find_last, floor, from_items, group_by, items, join, keys, length, lower, map, max, max_by, merge, min, min_by, not_null, pad_left, pad_right, replace, reverse, sort, sort_by, split, starts_with, sum, to_array, to_number, to_string, trim, trim_left, trim_right, type, upper, values, zip)
    length(): length takes 1 argument, not 0 at "length" (write length(value))
    length(a, b): length takes 1 argument, not 2 at "length" (write length(value))
    split(a): split takes 2 to 3 arguments, not 1 at "split" (write split(string, string[, number]))
    merge(): merge takes at least 1, not 0 at "merge" (write merge(object, …))
    sort_by(a, b): sort_by takes an expression here, not a value at "b" (an expression for each item begins with `&`: `sort_by(list, &name)`)
    length(&a): length takes a value here, not an expression at "&" (take the `&` away)
    &a: `&` stands only before an argument of a function at "&" (such as `sort_by(list, &name)`; and is `&&`)
    "a"(b): the name of a function stands without quotes at "\"a\"" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a = b: unexpected `=` at "=" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a.$b: a name, `*`, `[` or `{` expected, not `$b` at "$b" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    a[*]{: unexpected `{` at "{" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    #: unexpected character '#' at "#" (a path is names with dots between, `a.b`; items of a list are `a[0]`; strings stand in single quotes, numbers between backticks)
    "##);
}

#[test]
fn names_with_other_characters_are_told() {
    let joined =
        |expression: &str| joined_names(expression).map(|mistake| (mistake.message, mistake.help.unwrap()));
    insta::assert_debug_snapshot!([joined("http-request.id"), joined("x.app/name | a"), joined("a - b"), joined("`1`-a"), joined("\"a-b\"")], @r#"
    [
        Some(
            (
                "\"http-request\" subtracts the values of two names",
                "names with other characters than letters, digits and _ stand in double quotes: `\"http-request\".id` between backticks",
            ),
        ),
        Some(
            (
                "\"app/name\" divides the values of two names",
                "names with other characters than letters, digits and _ stand in double quotes: `\"app/name\"` between backticks",
            ),
        ),
        None,
        None,
        None,
    ]
    "#);
}

#[test]
fn the_depth_is_bounded() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("!", ""),
        ("a.", "a"),
        ("a | ", "a"),
        ("abs(", ")"),
    ] {
        let nested = |times: usize| format!("{}a{}", open.repeat(times), close.repeat(times));
        let refused = Expression::new(&nested(10_000)).unwrap_err();
        assert_eq!(
            refused.message, "the expression is too long or too deep",
            "{open}"
        );
    }
    let deep = format!("{}a{}", "[".repeat(140), "]".repeat(140));
    assert!(
        Expression::new(&deep)
            .unwrap()
            .search(&Value::Null)
            .unwrap()
            .is_array()
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "[a-c$.|()'`\"\\[\\]{}:,?*&@!=<>+/%0-9 é-]{0,30}") {
        match Expression::new(&text) {
            Ok(expression) => drop(expression.search(&serde_json::json!({"a": [1, {"b": "c"}], "b": "c"}))),
            Err(mistake) => assert!(text.get(mistake.range).is_some()),
        }
    }
}
