//! `convert`: from one type to another.

use crate::eval::{Call, EvalError};
use crate::value::Value;

/// `convert.nonsensitive(secret)`. Plain text is taken too, numbers are not.
pub(super) fn nonsensitive(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    match call.arguments.first() {
        Some(Value::Secret(secret)) => Ok(Value::String(secret.reveal().clone())),
        Some(Value::OptionalSecret(secret)) => Ok(Value::String(secret.reveal().clone())),
        Some(Value::String(text)) => Ok(Value::String(text.clone())),
        None | Some(Value::Null) => Ok(Value::string("")),
        Some(other) => Err(call.wrong_type("capsule", other, call.span_of(0))),
    }
}
