//! Values as serde sees them: plain data, secrets as `(secret)`.

use crate::value::Value;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// What stands for a hidden text.
pub const HIDDEN: &str = "(secret)";

impl Serialize for Value {
    /// Functions and capsules are written as the text that the user interface shows for them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Uint(number) => serializer.serialize_u64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Value::Bytes(bytes) => serializer.collect_seq(bytes.iter()),
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields.iter() {
                    map.serialize_entry(key.as_ref(), value)?;
                }
                map.end()
            }
            Value::Function(function) => serializer.collect_str(&format_args!("function({})", function.name)),
            Value::Capsule(capsule) => serializer.serialize_str(capsule.display()),
            Value::Secret(_) => serializer.serialize_str(HIDDEN),
            Value::OptionalSecret(secret) if secret.is_secret() => serializer.serialize_str(HIDDEN),
            Value::OptionalSecret(secret) => serializer.serialize_str(secret.reveal()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::value::{OptionalSecret, Secret, Value};

    #[test]
    fn secrets_never_come_out() {
        let value = Value::object([
            ("a", Value::Secret(Secret::new("hush"))),
            ("b", Value::OptionalSecret(OptionalSecret::secret("hush"))),
            ("c", Value::OptionalSecret(OptionalSecret::plain("open"))),
            (
                "d",
                Value::list([Value::Null, Value::Uint(u64::MAX), Value::Float(1.5)]),
            ),
        ]);
        assert_eq!(
            serde_json::to_string(&value).unwrap(),
            r#"{"a":"(secret)","b":"(secret)","c":"open","d":[null,18446744073709551615,1.5]}"#
        );
    }
}
