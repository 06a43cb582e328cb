//! `array`: lists.

use crate::codes::eval as codes;
use crate::eval::{Call, EvalError, equal_within, limits};
use crate::value::{Object, Str, Value};
use indexmap::IndexMap;
use river_syntax::Diagnostic;
use std::collections::HashMap;
use std::sync::Arc;

/// `array.concat(list...)`. A single list is given back as it is, without a copy.
pub(super) fn concat(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut total = 0_usize;
    for (at, argument) in call.arguments.iter().enumerate() {
        total = total.saturating_add(match argument {
            Value::List(items) => items.len(),
            Value::Bytes(bytes) => bytes.len(),
            other => return Err(call.wrong_type("array", other, call.span_of(at))),
        });
    }
    if let [only] = call.arguments {
        return Ok(only.clone());
    }
    call.allow_items(total)?;
    let mut joined = Vec::with_capacity(total);
    for argument in call.arguments {
        match argument {
            Value::List(items) => joined.extend_from_slice(items),
            other => joined.extend(other.items().iter().flat_map(|items| items.iter().cloned())),
        }
    }
    Ok(Value::List(joined.into()))
}

/// `array.group_by(objects, key, drop_missing)`. Groups stand in the order in which they first come up.
pub(super) fn group_by(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(3)?;
    let objects = objects(call, 0)?;
    let key = match &call.arguments[1] {
        Value::String(key) => key.clone(),
        other => return Err(call.wrong_type("string", other, call.span_of(1))),
    };
    let drop_missing = flag(call, 2)?;

    let mut groups: IndexMap<Str, Vec<Value>> = IndexMap::new();
    for (at, object) in objects.iter().enumerate() {
        let group = match object.get(&key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => return Err(call.wrong_type("string", other, call.span_of_item(0, at))),
            None if drop_missing => continue,
            None => Str::from(""),
        };
        groups
            .entry(group)
            .or_default()
            .push(Value::Object(Arc::clone(object)));
    }
    call.allow_items(objects.len() + groups.len())?;
    call.allow_depth(Value::list(groups.into_iter().map(|(group, items)| {
        Value::object([
            (key.clone(), Value::String(group)),
            (Str::from("items"), Value::List(items.into())),
        ])
    })))
}

/// `array.combine_maps(left, right, keys, keep_unmatched?)`.
pub(super) fn combine_maps(call: &mut Call<'_>) -> Result<Value, EvalError> {
    if !matches!(call.arguments.len(), 3 | 4) {
        return Err(call.wrong_count("3 or 4"));
    }
    let (left, right) = (objects(call, 0)?, objects(call, 1)?);
    let keys = match &call.arguments[2] {
        Value::List(keys) => keys.clone(),
        other => return Err(call.wrong_type("array", other, call.span_of(2))),
    };
    if keys.is_empty() {
        return Err(EvalError::new(
            Diagnostic::error(
                &codes::WRONG_ARGUMENT,
                call.span_of(2),
                format!("{}: merge conditions must not be empty", call.name),
            )
            .with_help("name at least one key under which both sides must have the same value"),
        ));
    }
    let mut names = Vec::with_capacity(keys.len());
    for (at, key) in keys.iter().enumerate() {
        match key {
            Value::String(name) => names.push(name.clone()),
            other => return Err(call.wrong_type("string", other, call.span_of_item(2, at))),
        }
    }
    let keep_unmatched = call.arguments.len() == 4 && flag(call, 3)?;

    let right = Candidates::new(&right, &names);
    let mut combined = Vec::new();
    let mut comparisons = 0_usize;
    for object in &left {
        let candidates = right.of(object);
        comparisons = comparisons.saturating_add(candidates.len());
        if comparisons > limits::MAX_COMPARISONS {
            return Err(call.failed(format!(
                "more than {} pairs would have to be compared; name a key first that tells the objects apart by text",
                limits::MAX_COMPARISONS
            )));
        }
        let mut matched = false;
        for other in candidates {
            if !matches(object, other, &names).ok_or_else(|| crate::eval::too_deep_value(call.span))? {
                continue;
            }
            matched = true;
            call.allow_items(object.len() + other.len())?;
            let mut both = Object::clone(object);
            both.extend(other.iter().map(|(key, value)| (key.clone(), value.clone())));
            combined.push(Value::Object(Arc::new(both)));
        }
        if !matched && keep_unmatched {
            combined.push(Value::Object(Arc::clone(object)));
        }
    }
    call.allow_items(combined.len())?;
    Ok(Value::List(combined.into()))
}

/// The right side, indexed by the text under the first key: two lists of ten thousand targets are joined in the time
/// of ten thousand look-ups instead of a hundred million comparisons.
struct Candidates<'a> {
    first_key: Str,
    /// Those with the first key, in the order of the list.
    all: Vec<&'a Arc<Object>>,
    by_text: HashMap<Str, Vec<&'a Arc<Object>>>,
    only_texts: bool,
}

impl<'a> Candidates<'a> {
    fn new(objects: &'a [Arc<Object>], names: &[Str]) -> Self {
        let first_key = names.first().cloned().unwrap_or_else(|| Str::from(""));
        let mut all = Vec::new();
        let mut by_text: HashMap<Str, Vec<&'a Arc<Object>>> = HashMap::new();
        let mut only_texts = true;
        for object in objects {
            match object.get(&first_key) {
                Some(Value::String(text)) => by_text.entry(text.clone()).or_default().push(object),
                Some(_) => only_texts = false,
                None => continue,
            }
            all.push(object);
        }
        Self {
            first_key,
            all,
            by_text,
            only_texts,
        }
    }

    /// The objects that can match, in the order of the list.
    fn of(&self, object: &Object) -> &[&'a Arc<Object>] {
        match object.get(&self.first_key) {
            Some(Value::String(text)) if self.only_texts => {
                self.by_text.get(text).map(Vec::as_slice).unwrap_or_default()
            }
            Some(_) => &self.all,
            None => &[],
        }
    }
}

fn matches(left: &Object, right: &Object, names: &[Str]) -> Option<bool> {
    for name in names {
        let same = match (left.get(name), right.get(name)) {
            (Some(a), Some(b)) => equal_within(a, b, limits::MAX_VALUE_DEPTH)?,
            _ => false,
        };
        if !same {
            return Some(false);
        }
    }
    Some(true)
}

/// An argument as a list of objects.
fn objects(call: &Call<'_>, argument: usize) -> Result<Vec<Arc<Object>>, EvalError> {
    let Some(Value::List(items)) = call.arguments.get(argument) else {
        let got = call.arguments.get(argument).unwrap_or(&Value::Null);
        return Err(call.wrong_type("array", got, call.span_of(argument)));
    };
    items
        .iter()
        .enumerate()
        .map(|(at, item)| match item {
            Value::Object(object) => Ok(object.clone()),
            other => Err(call.wrong_type("object", other, call.span_of_item(argument, at))),
        })
        .collect()
}

fn flag(call: &Call<'_>, argument: usize) -> Result<bool, EvalError> {
    match call.arguments.get(argument) {
        Some(Value::Bool(flag)) => Ok(*flag),
        other => Err(call.wrong_type("bool", other.unwrap_or(&Value::Null), call.span_of(argument))),
    }
}
