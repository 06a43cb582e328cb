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

#[test]
fn more_of_sprig() {
    for (template, expected) in [
        // Words.
        (
            "{{ abbrev 5 \"hello world\" }}|{{ abbrev 3 \"hello\" }}|{{ abbrev 20 \"short\" }}",
            "he...|hello|short",
        ),
        ("{{ abbrevboth 5 10 \"1234 5678 9123\" }}", "...5678..."),
        (
            "{{ initials \"First Try\" }}{{ swapcase \"This Is\" }}",
            "FTtHIS iS",
        ),
        (
            "{{ camelcase \"http_server\" }} {{ camelcase \"GOLANG_IS_GREAT\" }} {{ camelcase \"_x y_\" }}",
            "HttpServer GolangIsGreat _XY_",
        ),
        (
            "{{ range list \"FirstName\" \"HTTPServer\" \"NoHTTPS\" \"GO_PATH\" \"GO PATH\" \"http2xx\" \"HTTP20xOK\" \"Duration2m3s\" \"Bld4Floor3rd\" }}{{ snakecase . }} {{ end }}",
            "first_name http_server no_https go_path go_path http_2xx http_20x_ok duration_2m3s bld4_floor_3rd ",
        ),
        (
            "{{ kebabcase \"FirstName\" }} {{ plural \"one\" \"many\" (len .level) }} {{ plural \"one\" \"many\" 1 }}",
            "first-name many one",
        ),
        (
            "{{ wrap 5 \"ab cd ef longword x\" }}|{{ wrapWith 5 \"/\" \"HelloWorld\" }}",
            "ab cd\nef\nlongword\nx|Hello/World",
        ),
        // Paths and URLs.
        (
            "{{ base \"foo/bar/baz\" }} {{ dir \"foo/bar/baz\" }} {{ ext \"foo.bar\" }} {{ clean \"foo/bar/../baz//x/.\" }} {{ isAbs \"/a\" }}",
            "baz foo/bar .bar foo/baz/x true",
        ),
        (
            "{{ base \"\" }} {{ base \"//\" }} {{ dir \"x\" }} {{ clean \"/../a\" }} {{ osBase \"/a/b\" }}",
            ". / . /a b",
        ),
        (
            "{{ $u := urlParse \"http://admin:secret@server.com:8080/api%20x?list=false#anchor\" }}{{ $u.host }} {{ $u.hostname }} {{ $u.path }} {{ $u.query }} {{ $u.fragment }} {{ $u.userinfo }}|{{ urlJoin $u }}",
            "server.com:8080 server.com /api x list=false anchor admin:secret|http://admin:secret@server.com:8080/api%20x?list=false#anchor",
        ),
        (
            "{{ urlParse \"mailto:a@b\" | toJson }}",
            r#"{"fragment":"","host":"","hostname":"","opaque":"a@b","path":"","query":"","scheme":"mailto","userinfo":""}"#,
        ),
        (
            "{{ urlquery \"a b/é\" }} {{ html \"<a href='x'>\" }} {{ js \"it's <b>\" }}",
            "a+b%2F%C3%A9 &lt;a href=&#39;x&#39;&gt; it\\'s \\u003Cb\\u003E",
        ),
        // Codes and sums.
        (
            "{{ b32enc \"foobar\" }} {{ b32enc \"f\" }} {{ b32dec \"MZXW6YTBOI======\" }} {{ b32dec \"MY======\" }} {{ b32dec \"1\" }}",
            "MZXW6YTBOI====== MY====== foobar f illegal base32 data at input byte 1",
        ),
        (
            "{{ sha1sum \"Hello world!\" }} {{ adler32sum \"Hello world!\" }}",
            "d3486ae9136e7856bc42212385ea797094475802 487130206",
        ),
        // Lists and maps.
        (
            "{{ chunk 3 (list 1 2 3 4 5 6 7 8) }} {{ untilStep 3 6 2 }} {{ seq 5 }}|{{ seq -3 }}|{{ seq 0 2 }}|{{ seq 2 -2 }}|{{ seq 0 2 10 }}|{{ seq 0 -2 -5 }}",
            "[[1 2 3] [4 5 6] [7 8]] [3 5] 1 2 3 4 5|1 0 -1 -2 -3|0 1 2|2 1 0 -1 -2|0 2 4 6 8 10|0 -2 -4",
        ),
        (
            "{{ $d := dict \"a\" (dict \"b\" 1) \"c\" 2 }}{{ dig \"a\" \"b\" 0 $d }}{{ dig \"a\" \"x\" 0 $d }}{{ pick $d \"c\" }}{{ omit $d \"c\" }}{{ pluck \"c\" $d (dict) $d }}",
            "10map[c:2]map[a:map[b:1]][2 2]",
        ),
        (
            "{{ deepEqual (list 1 2) (list 1 2) }} {{ deepCopy (list 1) }} {{ mustFirst (list 7 8) }} {{ mustRegexMatch \"a+\" \"caab\" }}",
            "true [1] 7 true",
        ),
        (
            "{{ dict \"a\" (list 1 \"<\") | toPrettyJson }}",
            "{\n  \"a\": [\n    1,\n    \"\\u003c\"\n  ]\n}",
        ),
        (
            "{{ toDecimal \"777\" }} {{ typeIsLike \"*string\" .level }} {{ hello }}",
            "511 true Hello!",
        ),
        // Times.
        (
            "{{ dateInZone \"2006-01-02 15:04 MST\" 1700000000 \"Europe/Berlin\" }} {{ htmlDateInZone 0 \"UTC\" }}",
            "2023-11-14 23:13 CET 1970-01-01",
        ),
        (
            "{{ $t := toDate \"2006-01-02T15:04:05Z07:00\" \"2026-11-21T10:00:00Z\" }}{{ unixEpoch $t }} {{ dateInZone \"15:04\" (dateModify \"-1.5h\" $t) \"UTC\" }} {{ kindOf $t }}",
            "1795255200 08:30 struct",
        ),
        (
            "{{ duration 95 }} {{ duration \"3600\" }} {{ durationRound \"2h10m5s\" }} {{ durationRound \"2400h10m5s\" }}",
            "1m35s 1h0m0s 2h 3mo",
        ),
        (
            "{{ if gt (now | unixEpoch | int64) 1700000000 }}later{{ end }}",
            "later",
        ),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
}

#[test]
fn what_is_not_here_says_what_else_to_do() {
    for name in [
        "getHostByName",
        "genCA",
        "bcrypt",
        "derivePassword",
        "encryptAES",
        "call",
    ] {
        assert!(
            made(&format!("{{{{ {name} }}}}")).starts_with("refused"),
            "{name}"
        );
    }
    assert_eq!(
        made("{{ mustToDate \"2006\" \"x\" }}").split(':').next(),
        Some("failed")
    );
    assert_eq!(
        made("{{ untilStep 0 100000 1 }}"),
        "failed: untilStep: more than 10000 items"
    );
    assert_eq!(
        made("{{ chunk 0 (list 1) }}"),
        "failed: chunk: a chunk needs at least one item"
    );
}

#[test]
fn maps_change_for_all_their_names() {
    for (template, expected) in [
        (
            "{{ $d := dict \"a\" 1 }}{{ $_ := set $d \"b\" 2 }}{{ $d }}",
            "map[a:1 b:2]",
        ),
        (
            "{{ $d := dict \"a\" 1 \"b\" 2 }}{{ unset $d \"a\" }}{{ $d }}",
            "map[b:2]map[b:2]",
        ),
        (
            "{{ $d := dict }}{{ $e := $d }}{{ $_ := set $e \"x\" 1 }}{{ $d.x }}",
            "1",
        ),
        (
            "{{ $d := dict \"in\" (dict) }}{{ range list \"x\" \"y\" }}{{ $_ := set $d.in . true }}{{ end }}{{ $d }}",
            "map[in:map[x:true y:true]]",
        ),
        (
            "{{ $d := dict \"in\" (dict) }}{{ $c := deepCopy $d }}{{ $_ := set $c.in \"x\" 1 }}{{ $d }}{{ $c }}",
            "map[in:map[]]map[in:map[x:1]]",
        ),
        (
            "{{ $d := dict \"in\" (dict) }}{{ $p := pick $d \"in\" }}{{ $_ := set $p.in \"x\" 1 }}{{ $d }}",
            "map[in:map[x:1]]",
        ),
        (
            "{{ $_ := set . \"more\" \"x\" }}{{ .more }}{{ $.more }}{{ .level }}",
            "xxwarn",
        ),
        (
            "{{ merge (dict \"a\" 1 \"e\" \"\" \"m\" (dict \"x\" 1)) (dict \"a\" 2 \"b\" 3 \"e\" 4 \"m\" (dict \"x\" 2 \"y\" 2)) (dict \"b\" 5 \"c\" 6) }}",
            "map[a:1 b:3 c:6 e:4 m:map[x:1 y:2]]",
        ),
        (
            "{{ mergeOverwrite (dict \"a\" 1 \"l\" (list 1) \"m\" (dict \"x\" 1 \"z\" 1)) (dict \"a\" \"\" \"l\" (list 2) \"m\" (dict \"x\" 2)) | toJson }}",
            r#"{"a":"","l":[2],"m":{"x":2,"z":1}}"#,
        ),
        ("{{ mustMerge (dict) (dict \"a\" nil) }}", "map[]"),
        ("{{ merge . (dict \"new\" \"n\") | keys | len }}", "5"),
        (
            "{{ $d := dict \"a\" (dict \"b\" 1) }}{{ deepEqual $d (deepCopy $d) }}{{ deepEqual $d $d.a }}",
            "truefalse",
        ),
        ("{{ push (list 1) 2 }}{{ mustPush (list) \"a\" }}", "[1 2][a]"),
        // What never ends.
        (
            "{{ $d := dict }}{{ set $d \"a\" $d }}",
            "failed: set: a map cannot hold itself",
        ),
        (
            "{{ $d := dict }}{{ $e := dict \"d\" $d }}{{ set $d \"a\" (list $e) }}",
            "failed: set: a map cannot hold itself",
        ),
        (
            "{{ $d := dict \"a\" 1 }}{{ merge $d (dict \"b\" $d) }}",
            "failed: merge: a map cannot hold itself",
        ),
        (
            "{{ $d := dict }}{{ range until 200 }}{{ $d = dict \"a\" $d }}{{ end }}",
            "failed: dict: more than 150 lists and maps in one another",
        ),
        (
            "{{ $d := dict }}{{ $in := $d }}{{ range until 200 }}{{ $e := dict }}{{ $_ := set $in \"a\" $e }}{{ $in = $e }}{{ end }}",
            "failed: set: more than 150 lists and maps in one another",
        ),
        (
            "{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}",
            "failed: list: more than 100000 values in one",
        ),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
}

#[test]
fn versions_and_methods() {
    for (template, expected) in [
        (
            "{{ semver \"v1.2\" }} {{ (semver \"1.2.3-rc.1+b\").Prerelease }}",
            "1.2.0 rc.1",
        ),
        (
            "{{ $v := semver \"3.2.1\" }}{{ $v.Major }}.{{ $v.Minor }}.{{ $v.Patch }} {{ $v.Original }} {{ $v.IncMinor }}",
            "3.2.1 3.2.1 3.3.0",
        ),
        (
            "{{ (semver \"1.2.3\").Compare (semver \"1.3.0\") }} {{ semver \"2.0\" | (semver \"1.0\").LessThan }}",
            "-1 true",
        ),
        (
            "{{ semverCompare \"^1.2.0\" \"1.3.0\" }} {{ \"1.3.0-rc\" | semverCompare \">=1.2\" }}",
            "true false",
        ),
        (
            "{{ if semverCompare \">=1.2, <2 || 4.x\" \"v4.7\" }}new{{ end }}",
            "new",
        ),
        ("{{ semver \"x\" }}", "failed: semver: invalid semantic version"),
        (
            "{{ semverCompare \">\" \"1.0\" }}",
            "failed: semverCompare: improper constraint: \">\"",
        ),
        (
            "{{ $t := toDate \"2006-01-02T15:04:05Z07:00\" \"2026-11-21T10:00:00.5Z\" }}{{ $t.UTC.Format \"02 Jan 15:04\" }} {{ $t.Year }} {{ $t.Unix }} {{ $t.UTC.Weekday }}",
            "21 Nov 10:00 2026 1795255200 Saturday",
        ),
        ("{{ now.UTC.Year | int64 | lt 2000 }}", "true"),
        (
            "{{ now.Tomorrow }}",
            "failed: a time.Time has no Tomorrow of such arguments",
        ),
        (
            "{{ .level.Format \"x\" }}",
            "failed: what is no function got arguments",
        ),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
}

#[test]
fn random_values_have_their_forms() {
    for (template, pattern) in [
        (
            "{{ uuidv4 }}",
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        ),
        ("{{ randAlphaNum 9 }}", "^[0-9A-Za-z]{9}$"),
        ("{{ randAlpha 9 }}", "^[A-Za-z]{9}$"),
        ("{{ randAscii 9 }}", "^[ -~]{9}$"),
        ("{{ randNumeric 9 }}", "^[0-9]{9}$"),
        ("{{ randBytes 4 }}", "^[0-9A-Za-z+/]{6}==$"),
        ("{{ randInt 5 7 }}", "^[56]$"),
        ("{{ shuffle \"aab\" }}", "^(aab|aba|baa)$"),
        ("{{ randAlpha -1 }}", "^$"),
        (
            "{{ randInt 1 1 }}",
            "^failed: randInt: the second number has to be above the first$",
        ),
        (
            "{{ randAlpha 9999999 }}",
            "^failed: randAlpha: the text gets too long$",
        ),
    ] {
        let made = made(template);
        assert!(
            regex::Regex::new(pattern).unwrap().is_match(&made),
            "{template}: {made}"
        );
    }
}

#[test]
fn variables_of_the_environment() {
    let home = std::env::var("PATH").unwrap();
    for (template, expected) in [
        ("{{ expandenv \"<$PATH>\" }}", format!("<{home}>")),
        ("{{ expandenv \"${PATH}x\" }}", format!("{home}x")),
        ("{{ expandenv \"a$-b$ c${}d$\" }}", "ab$ cd$".to_owned()),
        (
            "{{ expandenv \"$NOT_THERE_AT_ALL.x${open\" }}",
            ".xopen".to_owned(),
        ),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
}
