//! Values as people read them: in the language's own syntax, secrets as `(secret)`. What `alloy-rs eval` prints.

use crate::stdlib::{quoted, shortest};
use crate::value::Value;
use std::fmt::Write;

/// Columns up to which a list or object stays on one line.
const LINE_COLUMNS: usize = 80;

/// A value in the language's syntax. Lists and objects that are short stand on one line, others have a line for each item.
/// Without secrets, functions, capsules and numbers that are none, evaluating the text gives the value again.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    show(value, 0, &mut out);
    out
}

fn show(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        // Writing to a String cannot fail.
        Value::Int(number) => drop(write!(out, "{number}")),
        Value::Uint(number) => drop(write!(out, "{number}")),
        Value::Float(number) => {
            let text = shortest(*number, 'g');
            out.push_str(&text);
            // So that it reads as the kind that it is.
            if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                out.push_str(".0");
            }
        }
        Value::String(text) => out.push_str(&quoted(text)),
        Value::List(_) | Value::Bytes(_) => {
            let items = value.items().unwrap_or_default();
            items_of(('[', ']'), items.iter().map(|item| (None, item)), indent, out);
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (Some(&**key), value));
            items_of(('{', '}'), fields, indent, out);
        }
        Value::Function(function) => drop(write!(out, "function({})", function.name)),
        Value::Capsule(capsule) => drop(write!(out, "capsule({:?})", capsule.type_name())),
        Value::Secret(_) => out.push_str(crate::serialize::HIDDEN),
        Value::OptionalSecret(secret) if secret.is_secret() => out.push_str(crate::serialize::HIDDEN),
        Value::OptionalSecret(secret) => out.push_str(&quoted(secret.reveal())),
    }
}

fn items_of<'v>(
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    indent: usize,
    out: &mut String,
) {
    let shown: Vec<String> = items
        .map(|(key, value)| {
            let mut item = String::new();
            if let Some(key) = key {
                let keyword = matches!(key, "null" | "true" | "false");
                match river_syntax::is_identifier(key) && !keyword {
                    true => item.push_str(key),
                    false => item.push_str(&quoted(key)),
                }
                item.push_str(" = ");
            }
            show(value, indent + 1, &mut item);
            item
        })
        .collect();
    let columns: usize = indent * 4 + shown.iter().map(|item| item.chars().count() + 2).sum::<usize>();
    out.push(open);
    if columns <= LINE_COLUMNS && !shown.iter().any(|item| item.contains('\n')) {
        out.push_str(&shown.join(", "));
    } else {
        for item in shown {
            out.push('\n');
            out.extend(std::iter::repeat_n('\t', indent + 1));
            out.push_str(&item);
            out.push(',');
        }
        out.push('\n');
        out.extend(std::iter::repeat_n('\t', indent));
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::value::{Object, OptionalSecret, Secret, Value};
    use crate::{evaluate, lower};
    use proptest::prelude::*;
    use river_syntax::FileId;

    #[test]
    fn values_read_as_they_are_written() {
        let value = Value::object([
            ("name", Value::string("a \"b\"\n")),
            (
                "a b",
                Value::list([Value::Int(1), Value::Float(2.0), Value::Float(1e21)]),
            ),
            (
                "secrets",
                Value::list([
                    Value::Secret(Secret::new("hush")),
                    Value::OptionalSecret(OptionalSecret::secret("hush")),
                ]),
            ),
            ("plain", Value::OptionalSecret(OptionalSecret::plain("open"))),
        ]);
        insta::assert_snapshot!(text(&value), @r#"
        {
        	name = "a \"b\"\n",
        	"a b" = [1, 2.0, 1e+21],
        	secrets = [(secret), (secret)],
        	plain = "open",
        }
        "#);
        assert_eq!(text(&Value::list([])), "[]");
        assert_eq!(
            text(&Value::object([("null", Value::Null)])),
            r#"{"null" = null}"#
        );
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            (0.0_f64..1e30).prop_map(Value::Float),
            any::<String>().prop_map(Value::string),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
                proptest::collection::vec(("[a-z_][a-z0-9_ .]{0,30}", inner), 0..4).prop_map(|fields| {
                    Value::object(
                        fields
                            .into_iter()
                            .map(|(key, value)| (key.as_str().into(), value))
                            .collect::<Vec<(crate::Str, _)>>(),
                    )
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_shown_evaluates_to_the_same(value in values()) {
            let shown = text(&value);
            let expr = lower::expression(FileId(0), shown.as_str());
            prop_assert!(expr.is_ok(), "{}: {:?}", shown, expr);
            if let Ok(expr) = expr {
                prop_assert_eq!(evaluate(&expr, &Object::new()).ok(), Some(value), "{}", shown);
            }
        }
    }
}
