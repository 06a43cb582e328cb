//! Values as JSON that loses nothing, kinds of numbers included: `{"int": "1"}`, `{"list": […]}`. What
//! `alloy-rs eval --json` prints.

use crate::stdlib::shortest;
use crate::value::Value;
use serde_json::{Map, Value as Json, json};

/// A value in this format. Numbers are text, so that no reader rounds them; secrets are `(secret)` unless `reveal` holds,
/// which is for tests.
pub fn to_json(value: &Value, reveal: bool) -> Json {
    let hidden = |text: &str| {
        if reveal {
            text.to_owned()
        } else {
            crate::serialize::HIDDEN.to_owned()
        }
    };
    match value {
        Value::Null => json!({"null": true}),
        Value::Bool(value) => json!({"bool": value}),
        Value::Int(number) => json!({"int": number.to_string()}),
        // An unsigned number in the signed range is the same number to the language.
        Value::Uint(number) if i64::try_from(*number).is_ok() => json!({"int": number.to_string()}),
        Value::Uint(number) => json!({"uint": number.to_string()}),
        Value::Float(number) => json!({"float": shortest(*number, 'g')}),
        Value::String(text) => json!({"string": &**text}),
        Value::List(items) => {
            json!({"list": items.iter().map(|item| to_json(item, reveal)).collect::<Vec<_>>()})
        }
        Value::Bytes(bytes) => {
            json!({"list": bytes.iter().map(|byte| json!({"int": byte.to_string()})).collect::<Vec<_>>()})
        }
        Value::Object(fields) => {
            let fields: Map<String, Json> = fields
                .iter()
                .map(|(key, value)| (key.to_string(), to_json(value, reveal)))
                .collect();
            json!({"object": fields})
        }
        Value::Function(_) => json!({"function": true}),
        Value::Capsule(capsule) => json!({"capsule": capsule.type_name()}),
        Value::Secret(secret) => json!({"secret": hidden(secret.reveal())}),
        Value::OptionalSecret(secret) => json!({
            "optional_secret": if secret.is_secret() { hidden(secret.reveal()) } else { secret.reveal().to_string() },
            "is_secret": secret.is_secret(),
        }),
    }
}

/// A value from plain JSON, as in a file of variables: all numbers are floating-point ones, as Go reads them.
pub fn from_plain_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(from_plain_json)),
        Json::Object(fields) => Value::object(
            fields
                .iter()
                .map(|(key, value)| (key.as_str(), from_plain_json(value))),
        ),
    }
}
