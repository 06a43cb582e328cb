//! Functions of numbers and types.

use super::super::numbers::{number, push_json};
use super::{ANY, Function, NUMBER, NUMBERS, function, made};
use serde_json::Value;

pub(super) const ALL: &[Function] = &[
    function("abs", &[NUMBER], |_, all| made(number(all.number(0).abs())?)),
    function("ceil", &[NUMBER], |_, all| made(number(all.number(0).ceil())?)),
    function("floor", &[NUMBER], |_, all| made(number(all.number(0).floor())?)),
    function("sum", &[NUMBERS], |_, all| made(number(sum(all.list(0)))?)),
    function("avg", &[NUMBERS], |_, all| {
        let list = all.list(0);
        if list.is_empty() {
            return made(Value::Null);
        }
        made(number(sum(list) / list.len() as f64)?)
    }),
    function("not_null", &[ANY], |_, mut all| {
        let first = (0..all.count()).find(|at| !all.value(*at).is_null());
        Ok(all.take(first.unwrap_or(0)))
    })
    .repeats(),
    function("to_array", &[ANY], |_, mut all| {
        let value = all.take(0);
        if value.is_array() {
            return Ok(value);
        }
        made(vec![value.into_owned()])
    }),
    function("to_number", &[ANY], |_, mut all| {
        let value = all.take(0);
        if value.is_number() {
            return Ok(value);
        }
        let parsed = value.as_str().and_then(|text| text.parse::<f64>().ok());
        made(parsed.and_then(|parsed| number(parsed).ok()).unwrap_or_default())
    }),
    function("to_string", &[ANY], |_, mut all| {
        let value = all.take(0);
        if value.is_string() {
            return Ok(value);
        }
        let mut out = String::new();
        push_json(&mut out, &value);
        made(out)
    }),
    function("type", &[ANY], |_, all| {
        made(match all.value(0) {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        })
    }),
];

fn sum(list: &[Value]) -> f64 {
    list.iter().filter_map(Value::as_f64).sum()
}
