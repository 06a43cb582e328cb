//! Bodies and values in the JSON form that the reference's API and UI use: `{"type": "attr", "value": {"type": "string", …}}`.
//!
//! Secrets come out as `(secret)`, capsules and functions as the text that stands for them.

use crate::body::BodyValue;
use crate::serialize::HIDDEN;
use crate::value::{Object, Value};
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

/// A body as a list of attributes and blocks.
#[derive(Clone, Copy, Debug)]
pub struct UiBody<'a>(pub &'a BodyValue);

/// An object, such as a component's exports, as a list of attributes.
#[derive(Clone, Copy, Debug)]
pub struct UiObject<'a>(pub &'a Value);

/// A value with its type.
#[derive(Clone, Copy, Debug)]
pub struct UiValue<'a>(pub &'a Value);

#[derive(Serialize)]
struct Attribute<'a> {
    name: &'a str,
    r#type: &'static str,
    value: UiValue<'a>,
}

#[derive(Serialize)]
struct Block<'a> {
    name: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    body: UiBody<'a>,
}

#[derive(Serialize)]
struct Typed<T> {
    r#type: &'static str,
    value: T,
}

#[derive(Serialize)]
struct Field<'a> {
    key: &'a str,
    value: UiValue<'a>,
}

impl Serialize for UiBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.attributes.len() + self.0.blocks.len()))?;
        for attribute in &self.0.attributes {
            list.serialize_element(&Attribute {
                name: &attribute.name,
                r#type: "attr",
                value: UiValue(&attribute.value),
            })?;
        }
        for block in &self.0.blocks {
            list.serialize_element(&Block {
                name: &block.name,
                r#type: "block",
                label: block.label.as_ref().map(|(label, _)| label.as_ref()),
                body: UiBody(&block.body),
            })?;
        }
        list.end()
    }
}

impl Serialize for UiObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(fields) = self.0 else {
            return serializer.serialize_seq(Some(0))?.end();
        };
        serializer.collect_seq(fields.iter().map(|(name, value)| Attribute {
            name,
            r#type: "attr",
            value: UiValue(value),
        }))
    }
}

struct Fields<'a>(&'a Object);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| Field {
            key,
            value: UiValue(value),
        }))
    }
}

struct Items<'a>(&'a [Value]);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(UiValue))
    }
}

impl Serialize for UiValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn typed<S: Serializer, T: Serialize>(
            r#type: &'static str,
            value: T,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            Typed { r#type, value }.serialize(serializer)
        }
        match self.0 {
            Value::Null => typed("null", (), serializer),
            Value::Bool(value) => typed("bool", value, serializer),
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => typed("number", self.0, serializer),
            Value::String(text) => typed("string", text, serializer),
            Value::List(items) => typed("array", Items(items), serializer),
            Value::Bytes(bytes) => {
                let items: Vec<Value> = bytes.iter().map(|&byte| Value::Int(byte.into())).collect();
                typed("array", Items(&items), serializer)
            }
            Value::Object(fields) => typed("object", Fields(fields), serializer),
            Value::Function(function) => typed(
                "function",
                format_args!("function({})", function.name),
                serializer,
            ),
            Value::Capsule(capsule) => typed("capsule", capsule.display(), serializer),
            Value::Secret(_) => typed("capsule", HIDDEN, serializer),
            Value::OptionalSecret(secret) if secret.is_secret() => typed("capsule", HIDDEN, serializer),
            Value::OptionalSecret(secret) => typed("string", secret.reveal(), serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Secret, Str};

    #[test]
    fn the_shape_is_the_references() {
        let mut endpoint = BodyValue::default();
        endpoint.attribute("url", Str::from("http://a"));
        let mut body = BodyValue::default();
        body.attribute("targets", Value::list([Value::object([("a", Value::Int(1))])]));
        body.attribute("key", Value::Secret(Secret::new("hush")));
        body.block("endpoint", endpoint);
        insta::assert_snapshot!(serde_json::to_string(&UiBody(&body)).unwrap(), @r#"[{"name":"targets","type":"attr","value":{"type":"array","value":[{"type":"object","value":[{"key":"a","value":{"type":"number","value":1}}]}]}},{"name":"key","type":"attr","value":{"type":"capsule","value":"(secret)"}},{"name":"endpoint","type":"block","body":[{"name":"url","type":"attr","value":{"type":"string","value":"http://a"}}]}]"#);
    }
}
