//! Functions of lists and JSON.

use super::super::value::Value;
use super::numbers::whole;
use super::{ANY, Function, function};
use crate::text::go_json::for_html;

/// Items of a list that a function makes at the most.
const MAX_ITEMS: i64 = 10_000;

pub(super) const ALL: &[Function] = &[
    function("len", 1, 1, |arguments| {
        let length = match arguments.get(0) {
            Value::Text(text) => text.len(),
            Value::List(items) => items.len(),
            Value::Map(items) => items.len(),
            other => return Err(format!("a {} has no length", other.type_name())),
        };
        Ok(Value::Int(length as i64))
    }),
    function("index", 1, ANY, |arguments| {
        let mut value = arguments.get(0).clone();
        for key in arguments.all().iter().skip(1) {
            value = match (&value, key) {
                (Value::Map(items), Value::Text(name)) => items.get(name).unwrap_or(Value::Nil),
                (Value::List(items), Value::Int(at)) => usize::try_from(*at)
                    .ok()
                    .and_then(|at| items.get(at).cloned())
                    .ok_or_else(|| format!("index out of range: {at}"))?,
                (Value::Text(text), Value::Int(at)) => usize::try_from(*at)
                    .ok()
                    .and_then(|at| text.as_bytes().get(at))
                    .map(|byte| Value::Int(i64::from(*byte)))
                    .ok_or_else(|| format!("index out of range: {at}"))?,
                (value, key) => {
                    return Err(format!(
                        "cannot index a {} with a {}",
                        value.type_name(),
                        key.type_name()
                    ));
                }
            };
        }
        Ok(value)
    }),
    function("slice", 1, 3, |arguments| {
        let bounds = |length: usize| {
            let at = |at: usize, other: usize| match arguments.all().get(at) {
                Some(value) => usize::try_from(whole(value)).ok(),
                None => Some(other),
            };
            let (from, to) = (at(1, 0)?, at(2, length)?);
            (from <= to && to <= length).then_some(from..to)
        };
        let wrong = || "index out of range".to_owned();
        match arguments.get(0) {
            Value::Text(text) => {
                let range = bounds(text.len()).ok_or_else(wrong)?;
                let part = text.get(range).ok_or("it would cut a character")?;
                Ok(Value::Text(text.slice_ref(part)))
            }
            Value::List(items) => {
                let range = bounds(items.len()).ok_or_else(wrong)?;
                Ok(Value::List(items.get(range).unwrap_or(&[]).to_vec()))
            }
            other => Err(format!("cannot slice a {}", other.type_name())),
        }
    }),
    function("list", 0, ANY, |arguments| {
        Ok(Value::List(arguments.all().to_vec()))
    }),
    function("tuple", 0, ANY, |arguments| {
        Ok(Value::List(arguments.all().to_vec()))
    }),
    function("first", 1, 1, |arguments| {
        Ok(arguments.list(0)?.first().cloned().unwrap_or(Value::Nil))
    }),
    function("last", 1, 1, |arguments| {
        Ok(arguments.list(0)?.last().cloned().unwrap_or(Value::Nil))
    }),
    function("rest", 1, 1, |arguments| {
        Ok(Value::List(arguments.list(0)?.iter().skip(1).cloned().collect()))
    }),
    function("initial", 1, 1, |arguments| {
        let items = arguments.list(0)?;
        Ok(Value::List(
            items
                .iter()
                .take(items.len().saturating_sub(1))
                .cloned()
                .collect(),
        ))
    }),
    function("append", 2, 2, |arguments| {
        let mut items = arguments.list(0)?.to_vec();
        items.push(arguments.get(1).clone());
        Ok(Value::List(items))
    }),
    function("push", 2, 2, |arguments| {
        let mut items = arguments.list(0)?.to_vec();
        items.push(arguments.get(1).clone());
        Ok(Value::List(items))
    }),
    function("prepend", 2, 2, |arguments| {
        let mut items = vec![arguments.get(1).clone()];
        items.extend_from_slice(arguments.list(0)?);
        Ok(Value::List(items))
    }),
    function("concat", 0, ANY, |arguments| {
        let mut items = Vec::new();
        for at in 0..arguments.all().len() {
            items.extend_from_slice(arguments.list(at)?);
        }
        Ok(Value::List(items))
    }),
    function("reverse", 1, 1, |arguments| {
        Ok(Value::List(arguments.list(0)?.iter().rev().cloned().collect()))
    }),
    function("uniq", 1, 1, |arguments| {
        let mut items: Vec<Value> = Vec::new();
        for item in arguments.list(0)? {
            if !items.contains(item) {
                items.push(item.clone());
            }
        }
        Ok(Value::List(items))
    }),
    function("compact", 1, 1, |arguments| {
        let items = arguments.list(0)?.iter().filter(|item| item.is_true());
        Ok(Value::List(items.cloned().collect()))
    }),
    function("without", 1, ANY, |arguments| {
        let without = arguments.all().get(1..).unwrap_or(&[]);
        let items = arguments.list(0)?.iter().filter(|item| !without.contains(item));
        Ok(Value::List(items.cloned().collect()))
    }),
    function("has", 2, 2, |arguments| {
        Ok(Value::Bool(match arguments.get(1) {
            Value::Nil => false,
            _ => arguments.list(1)?.contains(arguments.get(0)),
        }))
    }),
    function("sortAlpha", 1, 1, |arguments| {
        let mut items: Vec<_> = arguments.list(0)?.iter().map(Value::to_text).collect();
        items.sort_unstable();
        Ok(Value::List(items.into_iter().map(Value::Text).collect()))
    }),
    function("until", 1, 1, |arguments| {
        let end = whole(arguments.get(0)).clamp(-MAX_ITEMS, MAX_ITEMS);
        let items: Vec<Value> = if end < 0 {
            (end + 1..=0).rev().map(Value::Int).collect()
        } else {
            (0..end).map(Value::Int).collect()
        };
        Ok(Value::List(items))
    }),
    function("fromJson", 1, 1, |arguments| {
        Ok(serde_json::from_str(arguments.text(0)?).map_or(Value::Nil, |json| Value::from_json(&json)))
    }),
    function("mustFromJson", 1, 1, |arguments| {
        serde_json::from_str(arguments.text(0)?)
            .map(|json| Value::from_json(&json))
            .map_err(|error| error.to_string())
    }),
    function("toJson", 1, 1, |arguments| {
        Ok(Value::of(for_html(arguments.get(0).to_json().to_string())))
    }),
    function("toPrettyJson", 1, 1, |arguments| {
        let json = serde_json::to_string_pretty(&arguments.get(0).to_json());
        Ok(Value::of(for_html(json.map_err(|error| error.to_string())?)))
    }),
    function("chunk", 2, 2, |arguments| {
        let size = usize::try_from(arguments.int(0)?).unwrap_or(0);
        if size == 0 {
            return Err("a chunk needs at least one item".to_owned());
        }
        let chunks = arguments.list(1)?.chunks(size);
        Ok(Value::List(
            chunks.map(|chunk| Value::List(chunk.to_vec())).collect(),
        ))
    }),
    function("untilStep", 3, 3, |arguments| {
        let [start, stop, step] = [0, 1, 2].map(|at| whole(arguments.get(at)));
        let items = steps(start, stop, step)?;
        Ok(Value::List(items.into_iter().map(Value::Int).collect()))
    }),
    function("seq", 0, 3, |arguments| {
        let given: Vec<i64> = arguments.all().iter().map(whole).collect();
        let towards = |start: i64, end: i64| if end < start { -1 } else { 1 };
        let (start, step, end) = match *given.as_slice() {
            [] => return Ok(Value::text("")),
            [end] => (1, towards(1, end), end),
            [start, end] => (start, towards(start, end), end),
            [start, step, end, ..] => (start, step, end),
        };
        if step == 0 || (step > 0) != (towards(start, end) > 0) {
            return Ok(Value::text(""));
        }
        let items = steps(start, end.saturating_add(step.signum()), step)?;
        let items: Vec<String> = items.iter().map(i64::to_string).collect();
        Ok(Value::of(items.join(" ")))
    }),
    function("deepEqual", 2, 2, |arguments| {
        Ok(Value::Bool(arguments.get(0) == arguments.get(1)))
    }),
    function("toRawJson", 1, 1, |arguments| {
        Ok(Value::of(arguments.get(0).to_json().to_string()))
    }),
];

/// Numbers from one to before another.
fn steps(start: i64, stop: i64, step: i64) -> Result<Vec<i64>, String> {
    let mut items = Vec::new();
    let mut at = start;
    while step != 0 && (if step > 0 { at < stop } else { at > stop }) {
        if items.len() as i64 >= MAX_ITEMS {
            return Err(format!("more than {MAX_ITEMS} items"));
        }
        items.push(at);
        at = at.saturating_add(step);
    }
    Ok(items)
}
