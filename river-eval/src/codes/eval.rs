//! What evaluating an expression can find.

river_syntax::codes! {
    UNKNOWN_NAME = "AR0150", "a name that nothing defines", r#"An expression uses a name that is neither a component, nor a variable of its scope, nor part of the
standard library.

```alloy
logging {
  level = levle   // nothing is called `levle`
}
```

Write text in double quotes (`"debug"`), or check the spelling. Components are named in full:
`loki.write.default.receiver`. Names count upper and lower case: it is `true`, not `True`.
"#;
    UNKNOWN_FIELD = "AR0151", "a field that the object does not have", r#"`object.field` needs the field to be there.

```alloy
port = {port = 80}.prot // no field `prot`
```

Check the spelling; the help line lists what the object has. Where a field may be missing, ask with brackets:
`object["field"]` is `null` then, and `coalesce(object["field"], "default")` gives a default.
"#;
    WRONG_OPERAND = "AR0152", "an operator that does not work on such a value", r#"Every operator works on some types only: `||`, `&&` and `!` on bools; `-`, `*`, `/`, `%` and `^` on numbers;
`+` on numbers, on texts and on secrets; `<`, `<=`, `>` and `>=` on numbers and texts. `==` and `!=` work on everything.

```alloy
all = [1] + [2]      // + does not join lists
```

Join lists with `array.concat([1], [2])`, make text of numbers with `string.format("%d", 3)`.
"#;
    MIXED_OPERANDS = "AR0153", "two operands of different types", r#"Both sides of an operator must be of one type; only `==` and `!=` compare anything with anything.

```alloy
address = "host:" + 80   // text + number
```

Make text of the number first: `string.format("host:%d", 80)`.
"#;
    OVERFLOW = "AR0154", "a whole number out of range", r#"Whole numbers are signed 64-bit numbers, from -9223372036854775808 to 9223372036854775807; literals above that, up to
18446744073709551615, are unsigned ones. A result outside is an error and never wraps around.

```alloy
size = 10000000000 ^ 2
```

Calculate with a floating-point number where its precision will do: `10000000000.0 ^ 2`.
"#;
    DIVISION_BY_ZERO = "AR0155", "division by zero", r#"The right side of `/` or `%` is zero.

```alloy
share = 100 / 0
```

Mind that `/` of two whole numbers gives a whole number: `(1 / 2)` is `0`, and dividing by it fails. Write `1.0 / 2`
for a half.
"#;
    OUT_OF_RANGE = "AR0156", "an index past the end of a list", r#"The first item of a list has index 0, the last one has the list's length minus one.

```alloy
last = [1, 2, 3][3]   // the last is [2]
```
"#;
    WRONG_INDEX = "AR0157", "brackets that do not fit the value", r#"`value[index]` takes an item of a list by its number or a field of an object by its name.

```alloy
a = {port = 80}[0]      // an object takes a text: {port = 80}["port"]
b = [1, 2]["first"]     // a list takes a number: [1, 2][0]
c = "text"[0]           // a text has no items: string.split("text", "")[0]
```
"#;
    NO_FIELDS = "AR0158", "a field of something that has none", r#"Only objects have fields.

```alloy
a = [{port = 80}].port     // the list's first item has it: [{port = 80}][0].port
```
"#;
    NOT_A_FUNCTION = "AR0159", "a call of something that is no function", r#"Only functions of the standard library can be called.

```alloy
level = "debug"()
home  = constants.os()     // a text, not a function: constants.os
```
"#;
    ARGUMENT_COUNT = "AR0160", "a call with too few or too many arguments", r#"A function was called with another number of arguments than it takes.

```alloy
a = string.trim(" a ")          // takes the text and the characters to trim
b = string.trim_space(" a ")    // this one takes the text only
```
"#;
    WRONG_ARGUMENT = "AR0161", "an argument of the wrong type", r#"A function was called with an argument that it cannot use. Numbers become text by themselves where a text is wanted,
and `null` becomes an empty text; nothing else converts.

```alloy
a = string.join("a,b", ",")      // the first argument is a list: ["a", "b"]
```
"#;
    SECRET_TO_TEXT = "AR0162", "a secret where text is wanted", r#"A secret does not become text by itself, as text is shown in the user interface and in logs.

```alloy
name = string.to_upper(local.file.password.content)
```

Keep it a secret where you can: `"user:" + local.file.password.content` is a secret again. If it really may be seen,
say so: `convert.nonsensitive(local.file.password.content)`.
"#;
    FUNCTION_FAILED = "AR0163", "a function that could not do its work", r#"A function of the standard library was given something that it cannot read, such as text that is no JSON.

```alloy
a = encoding.from_json("{\"a\": }")
```

The message says what is wrong with the text and where in it. In a raw string (between backticks) quotes need no backslash:

```alloy
a = encoding.from_json(`{"a": 1}`)
```
"#;
    BAD_FORMAT = "AR0164", "a format that does not fit its arguments", r#"`string.format` fills each verb of its first argument (`%s`, `%d`, `%v` …) from the arguments after it.

```alloy
a = string.format("%z", 1)            // there is no verb %z
b = string.format("%s", "a", "b")     // the second argument is never used
```

`%s` is for text, `%d` for whole numbers, `%f` for floating-point numbers, `%t` for bools and `%v` for anything. A percent
sign by itself is `%%`.
"#;
    DEPRECATED_NAME = "AR0165", "a deprecated name of a function", r#"The functions without a namespace have new names. The old ones keep working.

```alloy
home = env("HOME")       // now sys.env("HOME")
```

| old | new |
|---|---|
| `env` | `sys.env` |
| `nonsensitive` | `convert.nonsensitive` |
| `concat` | `array.concat` |
| `json_decode`, `yaml_decode`, `base64_decode` | `encoding.from_json`, `encoding.from_yaml`, `encoding.from_base64` |
| `format`, `join`, `replace`, `split`, `to_lower`, `to_upper`, `trim`, `trim_prefix`, `trim_suffix`, `trim_space` | `string.` before the name |
"#;
    UNSTABLE_FUNCTION = "AR0166", "a function below the stability level", r#"Experimental functions have to be allowed.

```alloy
groups = array.group_by([{team = "a"}], "team", true)
```

Start with `--stability.level=experimental`, and expect that the function may change.
"#;
    TOO_DEEP = "AR0167", "nesting that is too deep", r#"Expressions and values may be nested up to a bound, far above what people write, so that no configuration can
exhaust the stack.

```alloy
a = [[[[[[[[1]]]]]]]] // … 256 times
```

Build the value from named parts: an attribute or an `argument` for the inner part, and a reference to it in the outer one.
"#;
    TOO_BIG = "AR0168", "a value that is too big", r#"What one expression builds is bounded, so that no configuration can exhaust the memory.

```alloy
a = string.replace(string.replace("aaaaaaaa…", "a", "aaaaaaaa…"), "a", "aaaaaaaa…")
```

Data of that size belongs into a file that a component reads.
"#;
    BAD_NUMBER = "AR0169", "a number that cannot be represented", r#"A floating-point number reaches up to about 1.8e308.

```alloy
a = 1e400
```
"#;
    SURPRISING_NUMBER = "AR0170", "whole-number arithmetic that surprises", r#"For the sake of configurations that exist, two results are what the reference implementation gives and not what
arithmetic gives:

```alloy
a = 2 ^ -1                   // 2: the negative power of a whole number is the number itself
b = -9223372036854775809     // 9223372036854775807: the negative of a number too big for the signed range wraps around
```

Write `2.0 ^ -1` or `-9223372036854775809.0` to calculate with floating-point numbers.
"#;
    SECRET_SHOWN = "AR0171", "a secret that becomes plain text", r#"`string.format` writes a secret into the text as it is, and the text is then shown in the user interface.

```alloy
url = string.format("https://user:%s@host/", local.file.password.content)
```

Join with `+`, which keeps the result secret: `"https://user:" + local.file.password.content + "@host/"`. If it may be
seen, say so with `convert.nonsensitive`.
"#;
    FORMAT_MARKER = "AR0172", "a verb that does not fit its argument", r#"The verb does not fit the type of its argument, or has none. The text then holds a marker, as the reference
implementation writes it.

```alloy
a = string.format("%d", "a")    // %!d(string=a)
b = string.format("%s")         // %!s(MISSING)
```

Use `%s` for text, `%d` for whole numbers, `%f` for floating-point numbers, `%v` for anything.
"#;
}

#[cfg(test)]
mod tests;
