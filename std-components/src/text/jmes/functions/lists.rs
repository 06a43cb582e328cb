//! Functions of lists, and those of lists and texts alike.

use super::super::numbers::{count, equal};
use super::super::run::{Failed, Found, Run};
use super::{ANY, All, EXPRESSION, Function, LIST, NUMBERS, OBJECT, TEXT, TEXTS, function, made};
use serde_json::Value;
use std::cmp::Ordering;

pub(super) const ALL: &[Function] = &[
    function("length", &[TEXT | LIST | OBJECT], |_, all| {
        made(count(match all.value(0) {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(pairs) => pairs.len(),
            _ => 0,
        }))
    }),
    function("contains", &[LIST | TEXT, ANY], |_, all| {
        made(match (all.value(0), all.value(1)) {
            (Value::String(whole), Value::String(part)) => whole.contains(part.as_str()),
            (Value::Array(items), part) => items.iter().any(|item| equal(item, part)),
            _ => false,
        })
    }),
    function("reverse", &[LIST | TEXT], |_, mut all| {
        match all.take(0).into_owned() {
            Value::Array(mut items) => {
                items.reverse();
                made(items)
            }
            other => made(
                other
                    .as_str()
                    .unwrap_or_default()
                    .chars()
                    .rev()
                    .collect::<String>(),
            ),
        }
    }),
    function("map", &[EXPRESSION, LIST], |run, mut all| {
        let each = all.expression(0)?;
        let mut out = Vec::new();
        for item in all.take_list(1) {
            out.push(run.find(each, &item)?.into_owned());
        }
        made(out)
    }),
    function("sort", &[TEXTS | NUMBERS], |_, mut all| {
        let mut list = all.take_list(0);
        list.sort_by(|left, right| order(left, right));
        made(list.into_iter().map(Found::into_owned).collect::<Vec<_>>())
    }),
    function("sort_by", &[LIST, EXPRESSION], |run, all| {
        let mut list = with_keys(run, all)?;
        list.sort_by(|(left, _), (right, _)| order(left, right));
        made(
            list.into_iter()
                .map(|(_, item)| item.into_owned())
                .collect::<Vec<_>>(),
        )
    }),
    function("max", &[NUMBERS | TEXTS], |_, mut all| {
        Ok(best(all.take_list(0), Ordering::Greater))
    }),
    function("min", &[NUMBERS | TEXTS], |_, mut all| {
        Ok(best(all.take_list(0), Ordering::Less))
    }),
    function("max_by", &[LIST, EXPRESSION], |run, all| {
        best_by(run, all, Ordering::Greater)
    }),
    function("min_by", &[LIST, EXPRESSION], |run, all| {
        best_by(run, all, Ordering::Less)
    }),
    function("zip", &[LIST], |_, mut all| {
        let mut lists: Vec<_> = (0..all.count()).map(|at| all.take_list(at).into_iter()).collect();
        let mut out: Vec<Value> = Vec::new();
        loop {
            let row: Vec<Value> = lists
                .iter_mut()
                .map_while(|list| list.next().map(Found::into_owned))
                .collect();
            if row.len() < lists.len() {
                return made(out);
            }
            out.push(row.into());
        }
    })
    .repeats(),
];

/// Numbers by size, texts by bytes.
fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (left, right) => {
            let pair = left.as_f64().zip(right.as_f64());
            pair.and_then(|(left, right)| left.partial_cmp(&right))
                .unwrap_or(Ordering::Equal)
        }
    }
}

/// Each item with what the expression finds in it: all numbers, or all texts.
fn with_keys<'a>(run: &mut Run<'a>, mut all: All<'a>) -> Result<Vec<(Found<'a>, Found<'a>)>, Failed> {
    let by = all.expression(1)?;
    let mut out = Vec::new();
    for item in all.take_list(0) {
        out.push((run.find(by, &item)?, item));
    }
    let keys = |of: fn(&Value) -> bool| out.iter().all(|(key, _)| of(key));
    // A single item needs no order.
    if out.len() > 1 && !keys(Value::is_number) && !keys(Value::is_string) {
        return Err("the expression has to find numbers only, or strings only");
    }
    Ok(out)
}

fn best(list: Vec<Found<'_>>, wanted: Ordering) -> Found<'_> {
    list.into_iter()
        .reduce(|best, item| if order(&item, &best) == wanted { item } else { best })
        .unwrap_or(Found::Owned(Value::Null))
}

fn best_by<'a>(run: &mut Run<'a>, all: All<'a>, wanted: Ordering) -> Result<Found<'a>, Failed> {
    let list = with_keys(run, all)?;
    let best = list.into_iter().reduce(|best, item| {
        if order(&item.0, &best.0) == wanted {
            item
        } else {
            best
        }
    });
    Ok(best.map_or(Found::Owned(Value::Null), |(_, item)| item))
}
