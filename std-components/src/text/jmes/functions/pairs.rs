//! Functions of objects.

use super::{EXPRESSION, Function, LIST, OBJECT, function, made};
use serde_json::{Map, Value};

pub(super) const ALL: &[Function] = &[
    function("keys", &[OBJECT], |_, all| {
        let keys = all.value(0).as_object().into_iter().flat_map(Map::keys);
        made(keys.map(|name| Value::from(name.as_str())).collect::<Vec<_>>())
    }),
    function("values", &[OBJECT], |_, all| {
        let values = all.value(0).as_object().into_iter().flat_map(Map::values);
        made(values.cloned().collect::<Vec<_>>())
    }),
    function("merge", &[OBJECT], |_, mut all| {
        let mut out = Map::new();
        for at in 0..all.count() {
            if let Value::Object(pairs) = all.take(at).into_owned() {
                out.extend(pairs);
            }
        }
        made(out)
    })
    .repeats(),
    function("items", &[OBJECT], |_, all| {
        let pairs = all.value(0).as_object().into_iter().flatten();
        let pair = |(name, value): (&String, &Value)| Value::Array(vec![name.as_str().into(), value.clone()]);
        made(pairs.map(pair).collect::<Vec<_>>())
    }),
    function("from_items", &[LIST], |_, mut all| {
        let mut out = Map::new();
        for item in all.take_list(0) {
            let pair = match item.into_owned() {
                Value::Array(pair) => <[Value; 2]>::try_from(pair).ok(),
                _ => None,
            };
            match pair {
                Some([Value::String(name), value]) => out.insert(name, value),
                _ => return Err("a list of pairs of a name and a value is expected"),
            };
        }
        made(out)
    }),
    function("group_by", &[LIST, EXPRESSION], |run, mut all| {
        let by = all.expression(1)?;
        let list = all.take_list(0);
        // As in the reference.
        if list.is_empty() {
            return made(Value::Null);
        }
        let mut out = Map::new();
        for item in list {
            match run.find(by, &item)?.into_owned() {
                Value::String(name) => {
                    if let Value::Array(group) = out.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                        group.push(item.into_owned());
                    }
                }
                // What belongs to no group is left out.
                Value::Null => {}
                _ => return Err("the expression has to find strings"),
            }
        }
        made(out)
    }),
];
