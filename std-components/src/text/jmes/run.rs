//! Runs an expression on a document.

use super::functions::Given;
use super::numbers::{equal, number};
use super::tree::{Argument, Comparison, Node, Operation, Slice};
use serde_json::Value;
use std::borrow::Cow;

/// A part of the document, or something made of it.
pub(super) type Found<'a> = Cow<'a, Value>;

/// Why an expression finds nothing.
pub(super) type Failed = &'static str;

static NULL: Value = Value::Null;

pub(super) struct Run<'a> {
    root: &'a Value,
    /// What is bound, the innermost last.
    variables: Vec<(&'a str, Found<'a>)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self {
            root,
            variables: Vec::new(),
        }
    }

    pub(super) fn run(mut self, node: &'a Node) -> Result<Found<'a>, Failed> {
        let root = Cow::Borrowed(self.root);
        self.find(node, &root)
    }

    /// What a part finds in the current value.
    pub(super) fn find(&mut self, node: &'a Node, at: &Found<'a>) -> Result<Found<'a>, Failed> {
        Ok(match node {
            Node::Current => at.clone(),
            Node::Root => Cow::Borrowed(self.root),
            Node::Literal(value) => Cow::Borrowed(value),
            Node::Variable(name) => {
                let bound = self.variables.iter().rev().find(|(bound, _)| bound == name);
                bound.ok_or("a variable is not bound")?.1.clone()
            }
            Node::Field(name) => part(at, |value| value.get(name.as_str())),
            Node::Index(index) => part(at, |value| {
                let items = value.as_array()?;
                items.get(from_start(*index, items.len())?)
            }),
            Node::Then(left, right) => {
                let left = self.find(left, at)?;
                if left.is_null() {
                    return Ok(left);
                }
                self.find(right, &left)?
            }
            Node::Pipe(left, right) => {
                let left = self.find(left, at)?;
                self.find(right, &left)?
            }
            Node::Items(list, each) => {
                let list = self.find(list, at)?;
                self.each(items(list), each)?
            }
            // As in the reference, what fails left of these is null.
            Node::Values(object, each) => match self.find(object, at) {
                Ok(object) => self.each(values(object), each)?,
                Err(_) => null(),
            },
            Node::Flat(list, each) => {
                let list = self.find(list, at).ok().and_then(items);
                let flat = list.map(|list| list.into_iter().flat_map(flattened).collect());
                self.each(flat, each)?
            }
            Node::Filter(list, condition, each) => {
                let Some(mut list) = self.find(list, at).ok().and_then(items) else {
                    return Ok(null());
                };
                let mut failed = None;
                list.retain(|item| match self.find(condition, item) {
                    Ok(found) => is_true(&found),
                    Err(error) => {
                        failed.get_or_insert(error);
                        false
                    }
                });
                if let Some(failed) = failed {
                    return Err(failed);
                }
                self.each(Some(list), each)?
            }
            Node::Slice(left, slice, each) => {
                let left = self.find(left, at)?;
                if let Value::String(text) = &*left {
                    let chars: Vec<char> = text.chars().collect();
                    let part: String = sliced(chars, *slice).into_iter().collect();
                    return self.find(each, &Cow::Owned(part.into()));
                }
                self.each(items(left).map(|list| sliced(list, *slice)), each)?
            }
            Node::List(nodes) => {
                let mut list = Vec::with_capacity(nodes.len());
                for node in nodes {
                    list.push(self.find(node, at)?.into_owned());
                }
                Cow::Owned(Value::Array(list))
            }
            Node::Hash(pairs) => {
                let mut object = serde_json::Map::new();
                for (name, node) in pairs {
                    object.insert(name.clone(), self.find(node, at)?.into_owned());
                }
                Cow::Owned(Value::Object(object))
            }
            Node::Or(left, right) => {
                let left = self.find(left, at)?;
                if is_true(&left) {
                    left
                } else {
                    self.find(right, at)?
                }
            }
            Node::And(left, right) => {
                let left = self.find(left, at)?;
                if is_true(&left) {
                    self.find(right, at)?
                } else {
                    left
                }
            }
            Node::Not(node) => Cow::Owned(Value::Bool(!is_true(&*self.find(node, at)?))),
            Node::Compare(comparison, left, right) => {
                let (left, right) = (self.find(left, at)?, self.find(right, at)?);
                Cow::Owned(compared(*comparison, &left, &right))
            }
            Node::Arithmetic(operation, left, right) => {
                let (left, right) = (self.find(left, at)?, self.find(right, at)?);
                match (left.as_f64(), right.as_f64()) {
                    (Some(left), Some(right)) => Cow::Owned(number(calculated(*operation, left, right))?),
                    _ => null(),
                }
            }
            Node::Sign(negative, node) => match self.find(node, at)?.as_f64() {
                Some(value) => Cow::Owned(number(if *negative { -value } else { value })?),
                None => null(),
            },
            Node::Let(bound, node) => {
                let before = self.variables.len();
                let mut found = Vec::with_capacity(bound.len());
                for (name, node) in bound {
                    found.push((name.as_str(), self.find(node, at)?));
                }
                self.variables.append(&mut found);
                let found = self.find(node, at);
                self.variables.truncate(before);
                found?
            }
            Node::Call(function, arguments) => {
                let mut given = Vec::with_capacity(arguments.len());
                for (nth, argument) in arguments.iter().enumerate() {
                    given.push(match argument {
                        Argument::Expression(node) => Given::Expression(node),
                        Argument::Value(node) => {
                            let value = self.find(node, at)?;
                            function.check(nth, &value)?;
                            Given::Value(value)
                        }
                    });
                }
                function.call(self, given)?
            }
        })
    }

    /// What a part finds in each item, nulls left out; null without a list.
    fn each(&mut self, list: Option<Vec<Found<'a>>>, each: &'a Node) -> Result<Found<'a>, Failed> {
        let Some(list) = list else { return Ok(null()) };
        let mut out = Vec::with_capacity(list.len());
        for item in list {
            let found = match each {
                Node::Current => item,
                each => self.find(each, &item)?,
            };
            if !found.is_null() {
                out.push(found.into_owned());
            }
        }
        Ok(Cow::Owned(Value::Array(out)))
    }
}

fn null<'a>() -> Found<'a> {
    Cow::Borrowed(&NULL)
}

/// A part of a value, null where it has none.
fn part<'a>(of: &Found<'a>, part: impl Fn(&Value) -> Option<&Value>) -> Found<'a> {
    match of {
        Cow::Borrowed(value) => Cow::Borrowed(part(value).unwrap_or(&NULL)),
        Cow::Owned(value) => Cow::Owned(part(value).cloned().unwrap_or_default()),
    }
}

/// The items of a list.
pub(super) fn items(list: Found<'_>) -> Option<Vec<Found<'_>>> {
    match list {
        Cow::Borrowed(Value::Array(items)) => Some(items.iter().map(Cow::Borrowed).collect()),
        Cow::Owned(Value::Array(items)) => Some(items.into_iter().map(Cow::Owned).collect()),
        _ => None,
    }
}

fn values(object: Found<'_>) -> Option<Vec<Found<'_>>> {
    match object {
        Cow::Borrowed(Value::Object(pairs)) => Some(pairs.values().map(Cow::Borrowed).collect()),
        Cow::Owned(Value::Object(pairs)) => {
            Some(pairs.into_iter().map(|(_, value)| Cow::Owned(value)).collect())
        }
        _ => None,
    }
}

fn flattened(item: Found<'_>) -> Vec<Found<'_>> {
    if item.is_array() {
        items(item).unwrap_or_default()
    } else {
        vec![item]
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(pairs) => !pairs.is_empty(),
    }
}

fn compared(comparison: Comparison, left: &Value, right: &Value) -> Value {
    match comparison {
        Comparison::Equal => return equal(left, right).into(),
        Comparison::Unequal => return (!equal(left, right)).into(),
        _ => {}
    }
    let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) else {
        return Value::Null;
    };
    Value::Bool(match comparison {
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        _ => left >= right,
    })
}

fn calculated(operation: Operation, left: f64, right: f64) -> f64 {
    match operation {
        Operation::Plus => left + right,
        Operation::Minus => left - right,
        Operation::Times => left * right,
        Operation::Divide => left / right,
        Operation::DivideWhole => (left / right).floor(),
        Operation::Modulo => left % right,
    }
}

/// A place from the start; negative ones count from the end.
fn from_start(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 {
        index.checked_add_unsigned(u64::try_from(length).ok()?)?
    } else {
        index
    };
    usize::try_from(index).ok()
}

fn sliced<T>(list: Vec<T>, slice: Slice) -> Vec<T> {
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let step = slice.step.unwrap_or(1);
    // The first and the last place there can be in this direction.
    let (lowest, highest) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let place = |given: Option<i64>, other: i64| {
        given.map_or(other, |given| {
            let given = if given < 0 {
                given.saturating_add(length)
            } else {
                given
            };
            given.clamp(lowest, highest.max(lowest))
        })
    };
    let (start, stop) = if step < 0 {
        (place(slice.start, highest), place(slice.stop, lowest))
    } else {
        (place(slice.start, lowest), place(slice.stop, highest))
    };
    let mut list: Vec<Option<T>> = list.into_iter().map(Some).collect();
    let mut out = Vec::new();
    let mut at = start;
    while if step < 0 { at > stop } else { at < stop } {
        let item = usize::try_from(at).ok().and_then(|at| list.get_mut(at)?.take());
        out.extend(item);
        at = at.saturating_add(step);
    }
    out
}
