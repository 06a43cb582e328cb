//! The names of the modules that a `foreach` makes, as the reference makes them: told from the items, so that a changed list keeps what it keeps.

use super::blocks::Foreach;
use crate::value::{Str, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// The name of each item's module, `foreach_web_1`, in order.
pub(super) fn names(arguments: &Foreach) -> Vec<Str> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let name = |item: &Value| {
        let fingerprint = format!("foreach_{}", fingerprint(key(item, &arguments.id), arguments));
        let count = seen.entry(fingerprint.clone()).or_default();
        *count += 1;
        Str::from(format!("{fingerprint}_{count}"))
    };
    arguments.collection.iter().map(name).collect()
}

/// The field of the item that names it, or the item itself.
fn key<'v>(item: &'v Value, field: &str) -> &'v Value {
    match item {
        Value::Object(fields) if !field.is_empty() => fields.get(field).unwrap_or(item),
        _ => item,
    }
}

fn fingerprint(key: &Value, arguments: &Foreach) -> String {
    match key {
        Value::String(text) if arguments.hash_string_id => hash(text),
        Value::String(text) => text
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter } else { '_' })
            .collect(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string().replace('-', "_"),
        Value::Uint(value) => value.to_string(),
        Value::Float(value) => format!("{value:.6}").replace(['.', '-'], "_"),
        other => {
            let mut text = String::new();
            // Writing to a String cannot fail.
            let _ = go_syntax(other, &mut text);
            hash(&text)
        }
    }
}

fn hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Writes a value as Go's `%#v` does, which the reference hashes. What is secret counts by its hash.
fn go_syntax(value: &Value, out: &mut String) -> std::fmt::Result {
    match value {
        Value::Null => out.write_str("interface {}(nil)"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Int(value) => write!(out, "{value}"),
        Value::Uint(value) => write!(out, "0x{value:x}"),
        Value::Float(value) => write!(out, "{value}"),
        Value::String(text) => write!(out, "{text:?}"),
        Value::List(items) => {
            out.write_str("[]interface {}{")?;
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.write_str(", ")?;
                }
                go_syntax(item, out)?;
            }
            out.write_char('}')
        }
        Value::Bytes(bytes) => write!(out, "{bytes:?}"),
        Value::Object(fields) => {
            let mut keys: Vec<&Str> = fields.keys().collect();
            keys.sort_unstable();
            out.write_str("map[string]interface {}{")?;
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.write_str(", ")?;
                }
                write!(out, "{key:?}:")?;
                go_syntax(fields.get(key).unwrap_or(&Value::Null), out)?;
            }
            out.write_char('}')
        }
        Value::Function(function) => out.write_str(function.name),
        Value::Capsule(capsule) => out.write_str(capsule.display()),
        Value::Secret(secret) => out.write_str(&hash(secret.reveal())),
        Value::OptionalSecret(secret) => out.write_str(&hash(secret.reveal())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(collection: Vec<Value>, id: &str, hash_string_id: bool) -> Vec<String> {
        let arguments = Foreach {
            collection,
            var: "each".into(),
            id: id.into(),
            hash_string_id,
            enable_metrics: false,
        };
        names(&arguments).iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn items_are_named_as_in_the_reference() {
        let items = vec![
            Value::string("app-1"),
            Value::string("app-1"),
            Value::Int(1),
            Value::Int(1),
            Value::Bool(true),
            Value::Float(2.25),
        ];
        assert_eq!(
            of(items, "", false),
            [
                "foreach_app_1_1",
                "foreach_app_1_2",
                "foreach_1_1",
                "foreach_1_2",
                "foreach_true_1",
                "foreach_2_250000_1"
            ]
        );
        let object = |name: &str| Value::object([("name", Value::string(name)), ("port", Value::Int(1))]);
        assert_eq!(
            of(vec![object("a"), object("b"), Value::string("a")], "name", false),
            ["foreach_a_1", "foreach_b_1", "foreach_a_2"]
        );
        // SHA-256 of "abc".
        let hashed = "foreach_ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad_1";
        assert_eq!(of(vec![Value::string("abc")], "", true), [hashed]);
        // Without a field to go by an object is told by all of it, whatever the order of its keys.
        let turned = Value::object([("port", Value::Int(1)), ("name", Value::string("a"))]);
        let names = of(vec![object("a"), turned], "", false);
        assert!(names[0].ends_with("_1") && names[1].ends_with("_2"), "{names:?}");
        assert_eq!(names[0].len(), "foreach__1".len() + 64);
    }
}
