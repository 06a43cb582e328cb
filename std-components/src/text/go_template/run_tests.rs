//! What templates make, compared with what Go's package makes of the same.

use super::{Data, Template, Value};
use std::collections::BTreeMap;

struct Values(BTreeMap<String, Value>);

impl Data for Values {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn all(&self) -> BTreeMap<String, Value> {
        self.0.clone()
    }
}

fn made(text: &str) -> String {
    let pairs = [
        ("Value", "Some VALUE"),
        ("level", "warn"),
        ("empty", ""),
        ("Entry", "a line"),
    ];
    let values = pairs.map(|(name, value)| (name.to_owned(), Value::text(value)));
    let template = match Template::new(text) {
        Ok(template) => template,
        Err(mistake) => return format!("refused: {}", mistake.message),
    };
    let mut out = String::new();
    match template.run(&Values(values.into()), &mut out) {
        Ok(()) => out,
        Err(reason) => format!("failed: {reason}"),
    }
}

#[test]
fn values_and_blocks() {
    for (template, expected) in [
        ("a {{ .Value }} b", "a Some VALUE b"),
        ("{{ .missing }}{{ .missing.more }}", "<no value><no value>"),
        ("a  {{- .level -}}  b", "awarnb"),
        ("a {{- /* no */ -}} b {{/* c */}}c", "ab c"),
        (
            "{{if .empty}}x{{else if eq .level \"warn\" \"error\"}}y{{else}}z{{end}}",
            "y",
        ),
        (
            "{{if and .level (not .empty)}}1{{end}}{{if or .empty .missing}}2{{end}}",
            "1",
        ),
        (
            "{{with .level}}<{{.}}>{{else}}none{{end}}{{with .empty}}x{{else}}{{.level}}{{end}}",
            "<warn>warn",
        ),
        (
            "{{range $i, $w := splitList \" \" .Value}}{{if $i}},{{end}}{{$w}}{{end}}",
            "Some,VALUE",
        ),
        (
            "{{range list 1 2 3 4}}{{if eq . 2}}{{continue}}{{end}}{{if eq . 4}}{{break}}{{end}}{{.}}{{end}}",
            "13",
        ),
        (
            "{{$x := \"a\"}}{{if .level}}{{$x = \"b\"}}{{$y := 1}}{{end}}{{$x}}{{$.level}}",
            "bwarn",
        ),
        (
            "{{define \"t\"}}[{{.}}]{{end}}{{template \"t\" .level}}{{block \"u\" .Entry}}({{.}}){{end}}",
            "[warn](a line)",
        ),
        ("{{range list}}x{{else}}none{{end}}", "none"),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
}

#[test]
fn functions() {
    for (template, expected) in [
        (
            "{{ ToLower .Value }}|{{ .Value | ToUpper | TrimPrefix \"x\" }}",
            "some value|x",
        ),
        (
            "{{ Replace .Value \" \" \"_\" -1 }}{{ Replace \"aaa\" \"a\" \"b\" 2 }}",
            "Some_VALUEbba",
        ),
        (
            "{{ TrimLeft \"xxax\" \"x\" }}{{ Trim \"xax\" \"x\" }}{{ TrimSuffix \"abc\" \"c\" }}{{ TrimSpace \" b \" }}",
            "axaabb",
        ),
        (
            "{{ regexReplaceAll \"(S)(o)\" .Value \"${2}$1\" }}{{ regexReplaceAllLiteral \"a+\" \"baac\" \"$1\" }}",
            "oSme VALUEb$1c",
        ),
        ("{{ Sha2Hash \"salt\" \"x\" | trunc 8 }}", "c9ef43a0"),
        (
            "{{ .missing | default \"none\" | quote }}{{ .level | default \"x\" }}",
            "\"none\"warn",
        ),
        (
            "{{ printf \"%s-%d-%5.2f|%-5s|%05d|%q|%v|%x|%t\" .level 7 1.5 \"a\" -42 \"q\\n\" true \"hi\" false }}",
            "warn-7- 1.50|a    |-0042|\"q\\n\"|true|6869|false",
        ),
        (
            "{{ printf \"%d %s %z\" \"a\" 1 }}",
            "%!d(string=a) %!s(int=1) %!z(MISSING)",
        ),
        (
            "{{ print \"a\" 1 2 \"b\" 3 }}|{{ len .level }}|{{ index (splitList \"e\" .level) 0 }}",
            "a1 2b3|4|warn",
        ),
        (
            "{{ add 1 \"2\" 3.9 }} {{ sub 5 7 }} {{ div 7 2 }} {{ mod 7 4 }} {{ max 1 5 3 }} {{ round 2.346 2 }} {{ mulf 1.5 2 }}",
            "6 -2 3 3 5 2.35 3",
        ),
        (
            "{{ lt 1 2 }}{{ ge \"b\" \"a\" }}{{ ne .level \"warn\" }}",
            "truetruefalse",
        ),
        (
            "{{ $j := fromJson `{\"a\":{\"b\":[1,\"x\"]}}` }}{{ index $j.a.b 1 }}{{ $j.a.b }}{{ toJson $j }}",
            "x[1 x]{\"a\":{\"b\":[1,\"x\"]}}",
        ),
        (
            "{{ trunc -3 \"abcde\" }}{{ substr 1 3 \"abcde\" }}{{ \"a-b\" | contains \"-\" }}{{ join \",\" (list 1 \"b\") }}",
            "cdebctrue1,b",
        ),
        (
            "{{ ternary \"yes\" \"no\" true }}{{ coalesce .empty .level }}{{ b64dec (b64enc \"é\") }}",
            "yeswarné",
        ),
        (
            "{{ title \"two words\" }}|{{ repeat 2 \"ab\" }}|{{ indent 2 \"a\\nb\" }}|{{ (splitn \":\" 2 \"a:b:c\")._1 }}",
            "Two Words|abab|  a\n  b|b:c",
        ),
        (
            "{{ regexFind \"V.\" .Value }}{{ regexMatch \"^S\" .Value }}{{ regexFindAll \"[aeiou]\" .Value -1 | len }}",
            "VAtrue2",
        ),
        (
            "{{ 0x10 }} {{ 1e3 }} {{ 1e21 }} {{ 'a' }} {{ 1_000 }} {{ `raw\\n` }}",
            "16 1000 1e+21 97 1000 raw\\n",
        ),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
}

#[test]
fn what_goes_wrong_is_told() {
    insta::assert_snapshot!(made("{{ ToLower .missing }}"), @"failed: ToLower: invalid value; expected string");
    insta::assert_snapshot!(made("{{ ToLower .level .level }}"), @"failed: ToLower got 2 arguments");
    insta::assert_snapshot!(made("{{ lt 1 \"a\" }}"), @"failed: lt: incompatible types for comparison: int and string");
    insta::assert_snapshot!(made("{{ .level.more }}"), @"failed: a string has no field more");
    insta::assert_snapshot!(made("{{ div 1 0 }}"), @"failed: div: division by zero");
    insta::assert_snapshot!(made("{{ genCA \"x\" 1 }}"), @"refused: the function genCA is not supported by this agent");
    insta::assert_snapshot!(made("{{ repeat 100000000 \"x\" }}"), @"failed: repeat: the text gets too long");
    insta::assert_snapshot!(made("{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}"), @r#"failed: the template "t" calls itself without an end"#);
}

proptest::proptest! {
    #[test]
    fn no_template_panics(text in "([{]{2}-? ?|-?[}]{2}|if|end|range|else|\\.level|printf|trunc|slice|-?[0-9]| |\"%[a-z]?é\"|\\||\\(|\\)|[$]x|:=){0,16}") {
        made(&text);
    }

    #[test]
    fn no_format_panics(format in "[%a-z0-9.*+# é-]{0,16}", number in proptest::num::i64::ANY, fraction in proptest::num::f64::ANY) {
        super::printf::printf(&format, &[Value::Int(number), Value::Float(fraction), Value::text("é"), Value::Nil]);
    }
}
