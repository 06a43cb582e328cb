//! `json_path`: JSONPath in the dialect of ohler55/ojg, which the reference uses. It takes paths without `$`, compares
//! loosely and visits what is deepest first after `..`; the crates for RFC 9535 do neither.

mod filter;
mod filter_text;
mod parse;

use super::json;
use crate::eval::{Call, EvalError, limits};
use crate::value::Value;
use filter::Filter;
use std::cell::Cell;

/// Steps that one evaluation of a path may take, so that `$..*..*..*` ends.
const MAX_STEPS: usize = 10_000_000;

/// `json_path(json, path)`.
pub(super) fn json_path(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(2)?;
    let (text, path) = (call.text(0)?, call.text(1)?);
    let path = parse::path(&path).map_err(|why| call.failed(why))?;
    let root = json::parse_with(&text, json::Numbers::Kinds)
        .map_err(|why| call.failed(format!("the first argument is no JSON: {why}")))?;
    let found = find(&path, &root, &Budget(Cell::new(MAX_STEPS))).map_err(|why| call.failed(why))?;
    call.allow_items(found.len())?;
    Ok(Value::List(found.into()))
}

/// A piece of a path.
#[derive(Debug)]
enum Step {
    /// `$`.
    Root,
    /// `@`.
    Here,
    /// `.name`.
    Child(String),
    /// `*`.
    All,
    /// `..`.
    Descend,
    /// `[1]`, from the end where negative.
    Item(i64),
    /// `[first:end:step]`.
    Slice(i64, i64, i64),
    /// `[1,'a']`.
    Union(Vec<Choice>),
    /// `[?(…)]`.
    Filter(Box<Filter>),
}

#[derive(Debug)]
enum Choice {
    Name(String),
    Item(i64),
}

/// What is left of [`MAX_STEPS`], for a path and the paths in its filters together.
struct Budget(Cell<usize>);

impl Budget {
    fn spend(&self, steps: usize) -> Result<(), String> {
        match self.0.get().checked_sub(steps) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(format!("the path takes more than {MAX_STEPS} steps")),
        }
    }
}

/// All values that a path finds.
fn find(path: &[Step], root: &Value, budget: &Budget) -> Result<Vec<Value>, String> {
    let mut finder = Finder {
        root,
        found: Vec::new(),
        budget,
    };
    if !path.is_empty() {
        finder.walk(path, root)?;
    }
    Ok(finder.found)
}

struct Finder<'v> {
    root: &'v Value,
    found: Vec<Value>,
    budget: &'v Budget,
}

impl Finder<'_> {
    fn walk(&mut self, path: &[Step], value: &Value) -> Result<(), String> {
        self.budget.spend(1)?;
        if !path.is_empty() && !is_container(value) {
            // Nothing is below; only a path that says no more than `$` or `@` finds it.
            return match path {
                [Step::Root | Step::Here] => self.walk(&[], value),
                _ => Ok(()),
            };
        }
        let Some((step, rest)) = path.split_first() else {
            if self.found.len() >= limits::MAX_LIST_ITEMS {
                return Err(format!(
                    "the path finds more than {} values",
                    limits::MAX_LIST_ITEMS
                ));
            }
            self.found.push(value.clone());
            return Ok(());
        };
        match step {
            Step::Root => {
                let root = self.root;
                self.walk(rest, root)
            }
            Step::Here => self.walk(rest, value),
            Step::Child(name) => match value {
                Value::Object(fields) => fields
                    .get(name.as_str())
                    .map_or(Ok(()), |child| self.walk(rest, child)),
                _ => Ok(()),
            },
            Step::Item(at) => match value {
                Value::List(items) => item(items, *at).map_or(Ok(()), |child| self.walk(rest, child)),
                _ => Ok(()),
            },
            Step::All => children(value).try_for_each(|child| self.walk(rest, child)),
            Step::Slice(first, end, step) => match value {
                Value::List(items) => {
                    sliced(items, *first, *end, *step).try_for_each(|child| self.walk(rest, child))
                }
                _ => Ok(()),
            },
            Step::Union(choices) => choices.iter().try_for_each(|choice| {
                let child = match (choice, value) {
                    (Choice::Name(name), Value::Object(fields)) => fields.get(name.as_str()),
                    (Choice::Item(at), Value::List(items)) => item(items, *at),
                    _ => None,
                };
                child.map_or(Ok(()), |child| self.walk(rest, child))
            }),
            Step::Filter(filter) => {
                let root = self.root;
                for child in children(value) {
                    if filter.matches(child, root, self.budget)? {
                        self.walk(rest, child)?;
                    }
                }
                Ok(())
            }
            Step::Descend if rest.is_empty() => self.collect(value, true),
            Step::Descend => self.descend(rest, value),
        }
    }

    /// Goes on with the rest of the path from everything below, and then from the value itself.
    fn descend(&mut self, rest: &[Step], value: &Value) -> Result<(), String> {
        match value {
            // The reference takes the fields of an object in no order; here the last comes first.
            Value::Object(fields) => fields
                .values()
                .rev()
                .filter(|child| is_container(child))
                .try_for_each(|child| self.descend(rest, child))?,
            Value::List(items) => items
                .iter()
                .filter(|child| is_container(child))
                .try_for_each(|child| self.descend(rest, child))?,
            _ => {}
        }
        self.walk(rest, value)
    }

    /// `..` at the end of a path: everything below, and the value itself at last.
    fn collect(&mut self, value: &Value, top: bool) -> Result<(), String> {
        children(value).try_for_each(|child| self.walk(&[], child))?;
        children(value)
            .filter(|child| is_container(child))
            .try_for_each(|child| self.collect(child, false))?;
        if top { self.walk(&[], value) } else { Ok(()) }
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Object(_))
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(fields) => Box::new(fields.values()),
        Value::List(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

fn item(items: &[Value], at: i64) -> Option<&Value> {
    let at = if at < 0 {
        at.checked_add(items.len() as i64)?
    } else {
        at
    };
    items.get(usize::try_from(at).ok()?)
}

/// The items from `first` until before `end`, every `step`th; backwards with a negative step.
fn sliced(items: &[Value], first: i64, end: i64, step: i64) -> Box<dyn Iterator<Item = &Value> + '_> {
    let len = items.len() as i64;
    let first = if first < 0 { (len + first).max(0) } else { first };
    if step == 0 || first >= len {
        return Box::new(std::iter::empty());
    }
    let end = if end < 0 { len.saturating_add(end) } else { end }.min(len);
    let every = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
    let range = |from: i64, to: i64| {
        items
            .get(from.max(0) as usize..to.max(0) as usize)
            .unwrap_or_default()
    };
    if step > 0 {
        Box::new(range(first, end).iter().step_by(every))
    } else {
        Box::new(range(end.max(-1) + 1, first + 1).iter().rev().step_by(every))
    }
}

#[cfg(test)]
mod tests;
