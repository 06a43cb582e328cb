//! Functions of maps, those that change them too.

use super::super::map::Map;
use super::super::value::Value;
use super::{ANY, Arguments, Function, function};

pub(super) const ALL: &[Function] = &[
    function("dict", 0, ANY, |arguments| {
        let mut items = std::collections::BTreeMap::new();
        for pair in arguments.all().chunks(2) {
            if let Some(name) = pair.first() {
                items.insert(
                    name.to_text().to_string(),
                    pair.get(1).cloned().unwrap_or_else(|| Value::text("")),
                );
            }
        }
        Ok(Value::Map(items.into()))
    }),
    function("get", 2, 2, |arguments| {
        let value = map(arguments, 0)?.get(arguments.text(1)?);
        Ok(value.unwrap_or_else(|| Value::text("")))
    }),
    function("set", 3, 3, |arguments| {
        let map = map(arguments, 0)?;
        map.set(arguments.text(1)?.to_string(), arguments.get(2).clone())?;
        Ok(Value::Map(map.clone()))
    }),
    function("unset", 2, 2, |arguments| {
        let map = map(arguments, 0)?;
        map.unset(arguments.text(1)?);
        Ok(Value::Map(map.clone()))
    }),
    function("merge", 1, ANY, |arguments| merged(arguments, false)),
    function("mergeOverwrite", 1, ANY, |arguments| merged(arguments, true)),
    function("deepCopy", 1, 1, |arguments| Ok(arguments.get(0).deep_copy())),
    function("hasKey", 2, 2, |arguments| {
        Ok(Value::Bool(map(arguments, 0)?.contains(arguments.text(1)?)))
    }),
    function("keys", 1, ANY, |arguments| {
        let mut names = Vec::new();
        for at in 0..arguments.all().len() {
            names.extend(map(arguments, at)?.items().into_keys().map(Value::of));
        }
        Ok(Value::List(names))
    }),
    function("values", 1, 1, |arguments| {
        Ok(Value::List(map(arguments, 0)?.items().into_values().collect()))
    }),
    function("dig", 3, ANY, |arguments| {
        let all = arguments.all();
        let (names, default) = all.split_at(all.len().saturating_sub(2));
        let (default, mut value) = match default {
            [default, value] => (default, value.clone()),
            _ => return Err("a default and a map expected".to_owned()),
        };
        for name in names {
            value = match (&value, name) {
                (Value::Map(items), Value::Text(name)) => match items.get(name) {
                    Some(value) => value,
                    None => return Ok(default.clone()),
                },
                (other, _) => return Err(format!("cannot dig in a {}", other.type_name())),
            };
        }
        Ok(value)
    }),
    function("pick", 1, ANY, |arguments| {
        let names = names(arguments);
        let items = map(arguments, 0)?.items().into_iter();
        Ok(Value::Map(
            items.filter(|(name, _)| names.contains(name)).collect(),
        ))
    }),
    function("omit", 1, ANY, |arguments| {
        let names = names(arguments);
        let items = map(arguments, 0)?.items().into_iter();
        Ok(Value::Map(
            items.filter(|(name, _)| !names.contains(name)).collect(),
        ))
    }),
    function("pluck", 1, ANY, |arguments| {
        let name = arguments.text(0)?;
        let mut found = Vec::new();
        for at in 1..arguments.all().len() {
            found.extend(map(arguments, at)?.get(name));
        }
        Ok(Value::List(found))
    }),
];

fn map<'a>(arguments: &'a Arguments<'_>, at: usize) -> Result<&'a Map, String> {
    match arguments.get(at) {
        Value::Map(items) => Ok(items),
        other => Err(format!("expected a map, got {}", other.type_name())),
    }
}

/// The texts behind the first argument.
fn names(arguments: &Arguments<'_>) -> Vec<String> {
    let names = arguments.all().iter().skip(1);
    names.map(|name| name.to_text().to_string()).collect()
}

fn merged(arguments: &Arguments<'_>, overwrites: bool) -> Result<Value, String> {
    let into = map(arguments, 0)?;
    for at in 1..arguments.all().len() {
        into.merge(map(arguments, at)?, overwrites)?;
    }
    Ok(Value::Map(into.clone()))
}
