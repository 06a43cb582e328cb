//! The table of all functions.

use super::{FunctionInfo, array, choose, convert, encoding, file, format, json_path, string, sys};
use crate::eval::Stability;
use crate::value::NativeFunction;

const fn row(
    name: &'static str,
    signature: &'static str,
    run: NativeFunction,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    FunctionInfo {
        name,
        signature,
        doc,
        example,
        stability: Stability::GenerallyAvailable,
        renamed_to: None,
        run,
    }
}

const fn experimental(info: FunctionInfo) -> FunctionInfo {
    FunctionInfo {
        stability: Stability::Experimental,
        ..info
    }
}

const fn renamed(
    name: &'static str,
    signature: &'static str,
    to: &'static str,
    run: NativeFunction,
) -> FunctionInfo {
    FunctionInfo {
        name,
        signature,
        doc: "Deprecated name.",
        example: ("", ""),
        stability: Stability::GenerallyAvailable,
        renamed_to: Some(to),
        run,
    }
}

/// What `constants` holds.
pub(super) static CONSTANTS: &[(&str, &str)] = &[
    ("constants.hostname", "The machine's name."),
    (
        "constants.os",
        "The operating system: `linux`, `darwin`, `windows` …",
    ),
    ("constants.arch", "The architecture: `amd64`, `arm64` …"),
    (
        "constants.version",
        "The version of the agent, with a `v` before it.",
    ),
];

/// All functions; deprecated names last.
pub(super) static FUNCTIONS: &[FunctionInfo] = &[
    experimental(row(
        "array.combine_maps",
        "array.combine_maps(left, right, keys, keep_unmatched?)",
        array::combine_maps,
        "Joins each object of one list with each object of another that has the same values under the given keys; \
         where both have a field, the right one counts. With `true` as fourth argument, objects of the left list \
         that match nothing are kept.",
        (
            r#"array.combine_maps([{"pod" = "a"}], [{"pod" = "a", "node" = "n1"}], ["pod"])"#,
            r#"[{"pod" = "a", "node" = "n1"}]"#,
        ),
    )),
    row(
        "array.concat",
        "array.concat(list...)",
        array::concat,
        "Joins lists into one.",
        ("array.concat([1, 2], [3])", "[1, 2, 3]"),
    ),
    experimental(row(
        "array.group_by",
        "array.group_by(objects, key, drop_missing)",
        array::group_by,
        "Groups objects by the text under a key. Objects without the key are dropped, or come under the empty text.",
        (
            r#"array.group_by([{"t" = "x"}, {"t" = "y"}], "t", true)"#,
            r#"[{"t" = "x", "items" = [{"t" = "x"}]}, {"t" = "y", "items" = [{"t" = "y"}]}]"#,
        ),
    )),
    row(
        "coalesce",
        "coalesce(value...)",
        choose::coalesce,
        "The first argument that is neither null, nor empty, nor zero, nor false; the last one if all are.",
        (r#"coalesce("", "default")"#, r#""default""#),
    ),
    row(
        "convert.nonsensitive",
        "convert.nonsensitive(secret)",
        convert::nonsensitive,
        "The text of a secret, as plain text that may be shown.",
        (r#"convert.nonsensitive("open")"#, r#""open""#),
    ),
    row(
        "encoding.from_URLbase64",
        "encoding.from_URLbase64(text)",
        encoding::from_url_base64,
        "Decodes Base64 in the alphabet for URLs.",
        (r#"string.trim(encoding.from_URLbase64("aGk="), "")"#, r#""hi""#),
    ),
    row(
        "encoding.from_base64",
        "encoding.from_base64(text)",
        encoding::from_base64,
        "Decodes Base64.",
        (r#"string.trim(encoding.from_base64("aGk="), "")"#, r#""hi""#),
    ),
    row(
        "encoding.from_json",
        "encoding.from_json(text)",
        encoding::from_json,
        "Reads JSON. All numbers become floating-point numbers.",
        (r#"encoding.from_json(`{"a": [1, 2]}`)"#, r#"{"a" = [1, 2]}"#),
    ),
    row(
        "encoding.from_yaml",
        "encoding.from_yaml(text)",
        encoding::from_yaml,
        "Reads YAML.",
        (r#"encoding.from_yaml("a: [1, x]")"#, r#"{"a" = [1, "x"]}"#),
    ),
    row(
        "encoding.to_URLbase64",
        "encoding.to_URLbase64(text)",
        encoding::to_url_base64,
        "Encodes text as Base64 in the alphabet for URLs.",
        (r#"encoding.to_URLbase64("hi?>")"#, r#""aGk_Pg==""#),
    ),
    row(
        "encoding.to_base64",
        "encoding.to_base64(text)",
        encoding::to_base64,
        "Encodes text as Base64.",
        (r#"encoding.to_base64("hi")"#, r#""aGk=""#),
    ),
    row(
        "encoding.to_json",
        "encoding.to_json(object)",
        encoding::to_json,
        "Writes an object as JSON, with sorted keys. With a secret in it the text is a secret.",
        (
            "encoding.to_json({b = 1, a = [true]})",
            r#""{\"a\":[true],\"b\":1}""#,
        ),
    ),
    row(
        "encoding.url_decode",
        "encoding.url_decode(text)",
        encoding::url_decode,
        "Decodes the percent encoding of a URL's query.",
        (r#"encoding.url_decode("a+b%26c")"#, r#""a b&c""#),
    ),
    row(
        "encoding.url_encode",
        "encoding.url_encode(text)",
        encoding::url_encode,
        "Encodes text for a URL's query.",
        (r#"encoding.url_encode("a b&c")"#, r#""a+b%26c""#),
    ),
    row(
        "file.path_join",
        "file.path_join(part...)",
        file::path_join,
        "Joins parts of a path and tidies it.",
        (r#"file.path_join("/var", "log/", "../run")"#, r#""/var/run""#),
    ),
    row(
        "json_path",
        "json_path(json, path)",
        json_path::json_path,
        "All values in a JSON text that a JSONPath expression finds.",
        (
            r#"json_path(`{"a": [{"b": 1}, {"b": 2}]}`, "$.a[*].b")"#,
            "[1, 2]",
        ),
    ),
    row(
        "string.format",
        "string.format(format, value...)",
        format::format,
        "Fills the verbs of a format (`%s`, `%d`, `%v`, `%.2f` …) from the values.",
        (r#"string.format("%s:%d", "host", 80)"#, r#""host:80""#),
    ),
    row(
        "string.join",
        "string.join(list, separator)",
        string::join,
        "Joins a list of texts into one, with a separator between them.",
        (r#"string.join(["a", "b"], "-")"#, r#""a-b""#),
    ),
    row(
        "string.replace",
        "string.replace(text, old, new)",
        string::replace,
        "Replaces all occurrences of a text by another.",
        (r#"string.replace("1 + 2", "+", "-")"#, r#""1 - 2""#),
    ),
    row(
        "string.split",
        "string.split(text, separator)",
        string::split,
        "The parts of a text between separators; its characters if the separator is empty.",
        (r#"string.split("a,b", ",")"#, r#"["a", "b"]"#),
    ),
    row(
        "string.to_lower",
        "string.to_lower(text)",
        string::to_lower,
        "The text in lower case.",
        (r#"string.to_lower("HELLO")"#, r#""hello""#),
    ),
    row(
        "string.to_upper",
        "string.to_upper(text)",
        string::to_upper,
        "The text in upper case.",
        (r#"string.to_upper("hello")"#, r#""HELLO""#),
    ),
    row(
        "string.trim",
        "string.trim(text, characters)",
        string::trim,
        "The text without any of the given characters at its start and end.",
        (r#"string.trim("?!hello?!", "!?")"#, r#""hello""#),
    ),
    row(
        "string.trim_prefix",
        "string.trim_prefix(text, prefix)",
        string::trim_prefix,
        "The text without a prefix, if it has it.",
        (r#"string.trim_prefix("helloworld", "hello")"#, r#""world""#),
    ),
    row(
        "string.trim_space",
        "string.trim_space(text)",
        string::trim_space,
        "The text without white space at its start and end.",
        (r#"string.trim_space("  hello\n")"#, r#""hello""#),
    ),
    row(
        "string.trim_suffix",
        "string.trim_suffix(text, suffix)",
        string::trim_suffix,
        "The text without a suffix, if it has it.",
        (r#"string.trim_suffix("helloworld", "world")"#, r#""hello""#),
    ),
    row(
        "sys.env",
        "sys.env(name)",
        sys::env,
        "The value of an environment variable; empty where it is not set.",
        ("", ""),
    ),
    renamed(
        "base64_decode",
        "base64_decode(text)",
        "encoding.from_base64",
        encoding::from_base64,
    ),
    renamed("concat", "concat(list...)", "array.concat", array::concat),
    renamed("env", "env(name)", "sys.env", sys::env),
    renamed(
        "format",
        "format(format, value...)",
        "string.format",
        format::format,
    ),
    renamed("join", "join(list, separator)", "string.join", string::join),
    renamed(
        "json_decode",
        "json_decode(text)",
        "encoding.from_json",
        encoding::from_json,
    ),
    renamed(
        "nonsensitive",
        "nonsensitive(secret)",
        "convert.nonsensitive",
        convert::nonsensitive,
    ),
    renamed(
        "replace",
        "replace(text, old, new)",
        "string.replace",
        string::replace,
    ),
    renamed("split", "split(text, separator)", "string.split", string::split),
    renamed("to_lower", "to_lower(text)", "string.to_lower", string::to_lower),
    renamed("to_upper", "to_upper(text)", "string.to_upper", string::to_upper),
    renamed("trim", "trim(text, characters)", "string.trim", string::trim),
    renamed(
        "trim_prefix",
        "trim_prefix(text, prefix)",
        "string.trim_prefix",
        string::trim_prefix,
    ),
    renamed(
        "trim_space",
        "trim_space(text)",
        "string.trim_space",
        string::trim_space,
    ),
    renamed(
        "trim_suffix",
        "trim_suffix(text, suffix)",
        "string.trim_suffix",
        string::trim_suffix,
    ),
    renamed(
        "yaml_decode",
        "yaml_decode(text)",
        "encoding.from_yaml",
        encoding::from_yaml,
    ),
];
