//! Numbers of JSON as the reference has them: all are floating, and whole ones print without a fraction.

use super::run::Failed;
use crate::text::go_json::for_html;
use serde_json::Value;

/// From here on a floating number does not tell whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number as a value.
pub(super) fn number(number: f64) -> Result<Value, Failed> {
    // Beyond that there are whole numbers that the other form would make of others.
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Ok(Value::from(number as i64));
    }
    serde_json::Number::from_f64(number)
        .map(Value::Number)
        .ok_or("the result is no number")
}

/// A count as a value.
pub(super) fn count(count: usize) -> Value {
    Value::from(count)
}

/// Whether two values are equal: 1 and 1.0 are.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same =
                |(name, value): (&String, &Value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        (left, right) => left == right,
    }
}

/// Appends a value as Go's `encoding/json` writes it: names sorted, `<`, `>` and `&` escaped, whole numbers without a fraction.
pub(super) fn push_json(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_json(out, item);
            }
            out.push(']');
        }
        Value::Object(pairs) => {
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, value)) in pairs.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_text(out, name);
                out.push(':');
                push_json(out, value);
            }
            out.push('}');
        }
        Value::String(text) => push_text(out, text),
        Value::Number(given) => {
            let whole = given.as_f64().and_then(|given| number(given).ok());
            out.push_str(&whole.as_ref().unwrap_or(value).to_string());
        }
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push_str(&for_html(Value::from(text).to_string()));
}
