//! `coalesce`.

use crate::eval::{Call, EvalError};
use crate::value::Value;

/// `coalesce(value...)`. All arguments are evaluated, as in the reference.
pub(super) fn coalesce(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(call
        .arguments
        .iter()
        .find(|value| !is_empty(value))
        .or(call.arguments.last())
        .cloned()
        .unwrap_or_default())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        // -0.0 has a bit set and counts as given.
        Value::Float(number) => number.to_bits() == 0,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Secret(secret) => secret.reveal().is_empty(),
        Value::OptionalSecret(secret) => secret.reveal().is_empty() && !secret.is_secret(),
        Value::Function(_) | Value::Capsule(_) => false,
    }
}
