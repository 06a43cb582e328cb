//! Filters, `[?(@.size > 3 && @.name in ['a', 'b'])]`.

use super::{Budget, Step, find};
use crate::value::Value;
use regex::Regex;
use std::cmp::Ordering;

/// Combinations of values that are tried where paths in a filter find more than one.
const MAX_COMBINATIONS: usize = 10_000;
/// What compiling a pattern that comes from the data counts as.
const STEPS_OF_A_PATTERN: usize = 10_000;

/// A filter's expression.
#[derive(Debug)]
pub(super) enum Filter {
    Value(Value),
    Nothing,
    Pattern(Box<Regex>),
    Path(Vec<Step>),
    List(Vec<Value>),
    Not(Box<Filter>),
    Binary(Op, Box<Filter>, Box<Filter>),
    Function(Function, Box<Filter>, Option<Box<Filter>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    And,
    Or,
    Add,
    Sub,
    Mul,
    Div,
    In,
    Empty,
    Has,
    Matches,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Length,
    Count,
    Match,
    Search,
}

/// What a piece of a filter comes to.
#[derive(Clone)]
enum Outcome<'f> {
    Nothing,
    Value(Value),
    /// What a path found: true by being there.
    Found(Value),
    Pattern(&'f Regex),
}

impl Outcome<'_> {
    fn holds(&self) -> bool {
        matches!(self, Outcome::Found(_) | Outcome::Value(Value::Bool(true)))
    }

    fn value(&self) -> Option<&Value> {
        match self {
            Outcome::Value(value) | Outcome::Found(value) => Some(value),
            _ => None,
        }
    }
}

/// What the paths of a filter found, in the order in which they stand.
struct Found {
    values: Vec<Vec<Value>>,
    /// Which of its values each path stands for at the moment.
    chosen: Vec<usize>,
    next: usize,
    /// How many patterns had to be compiled that are not written in the filter.
    compiled: usize,
}

impl Filter {
    /// Whether the filter holds for a value. Where a path finds several, it holds if it does for any of them.
    pub(super) fn matches(&self, value: &Value, root: &Value, budget: &Budget) -> Result<bool, String> {
        let mut found = Found {
            values: Vec::new(),
            chosen: Vec::new(),
            next: 0,
            compiled: 0,
        };
        self.collect(value, root, false, &mut found, budget)?;
        found.chosen = vec![0; found.values.len()];
        for _ in 0..MAX_COMBINATIONS {
            found.next = 0;
            let holds = self.outcome(&mut found).holds();
            budget.spend(1 + std::mem::take(&mut found.compiled) * STEPS_OF_A_PATTERN)?;
            if holds {
                return Ok(true);
            }
            // The next combination, the first path's value changing fastest.
            let more = found
                .values
                .iter()
                .zip(&mut found.chosen)
                .any(|(values, chosen)| {
                    *chosen += 1;
                    let fits = *chosen < values.len();
                    if !fits {
                        *chosen = 0;
                    }
                    fits
                });
            if !more {
                return Ok(false);
            }
        }
        Err(format!(
            "the paths in a filter find more than {MAX_COMBINATIONS} combinations of values"
        ))
    }

    /// Evaluates the paths.
    fn collect(
        &self,
        value: &Value,
        root: &Value,
        count: bool,
        found: &mut Found,
        budget: &Budget,
    ) -> Result<(), String> {
        match self {
            Filter::Path(path) => {
                // A path that starts at the root is found there, whatever the filter looks at.
                let from = if matches!(path.first(), Some(Step::Root)) {
                    root
                } else {
                    value
                };
                let values = find(path, from, budget)?;
                found.values.push(if count {
                    vec![Value::List(values.into())]
                } else {
                    values
                });
                Ok(())
            }
            Filter::Binary(_, left, right) => {
                left.collect(value, root, false, found, budget)?;
                right.collect(value, root, false, found, budget)
            }
            Filter::Not(inner) => inner.collect(value, root, false, found, budget),
            Filter::Function(function, first, second) => {
                first.collect(value, root, matches!(function, Function::Count), found, budget)?;
                match second {
                    Some(second) => second.collect(value, root, false, found, budget),
                    None => Ok(()),
                }
            }
            Filter::Value(_) | Filter::Nothing | Filter::Pattern(_) | Filter::List(_) => Ok(()),
        }
    }

    fn outcome(&self, found: &mut Found) -> Outcome<'_> {
        match self {
            Filter::Value(value) => Outcome::Value(value.clone()),
            Filter::Nothing => Outcome::Nothing,
            Filter::Pattern(pattern) => Outcome::Pattern(pattern),
            Filter::List(items) => Outcome::Value(Value::list(items.iter().cloned())),
            Filter::Path(_) => {
                let at = found.next;
                found.next += 1;
                let chosen = found.chosen.get(at).copied().unwrap_or(0);
                match found.values.get(at).and_then(|values| values.get(chosen)) {
                    Some(value) => Outcome::Found(value.clone()),
                    None => Outcome::Nothing,
                }
            }
            Filter::Not(inner) => Outcome::Value(Value::Bool(!inner.outcome(found).holds())),
            Filter::Binary(op, left, right) => {
                let left = left.outcome(found);
                let right = right.outcome(found);
                apply(*op, &left, &right, found)
            }
            Filter::Function(function, first, second) => {
                let first = first.outcome(found);
                let second = second.as_ref().map(|second| second.outcome(found));
                call(*function, &first, second.as_ref(), found)
            }
        }
    }
}

fn apply<'f>(op: Op, left: &Outcome<'f>, right: &Outcome<'f>, found: &mut Found) -> Outcome<'f> {
    let truth = |truth: bool| Outcome::Value(Value::Bool(truth));
    match op {
        Op::And => truth(left.holds() && right.holds()),
        Op::Or => truth(left.holds() || right.holds()),
        Op::Eq => truth(same(left, right)),
        Op::Ne => truth(!same(left, right)),
        Op::Lt => truth(order(left, right) == Some(Ordering::Less)),
        Op::Gt => truth(order(left, right) == Some(Ordering::Greater)),
        Op::Le => truth(matches!(
            order(left, right),
            Some(Ordering::Less | Ordering::Equal)
        )),
        Op::Ge => truth(matches!(
            order(left, right),
            Some(Ordering::Greater | Ordering::Equal)
        )),
        Op::In => truth(match (left.value(), right.value()) {
            (Some(item), Some(Value::List(items))) => items.iter().any(|other| other == item),
            _ => false,
        }),
        Op::Empty => truth(match (left.value(), right.value()) {
            (Some(Value::String(text)), Some(Value::Bool(wanted))) => text.is_empty() == *wanted,
            (Some(Value::List(items)), Some(Value::Bool(wanted))) => items.is_empty() == *wanted,
            (Some(Value::Object(fields)), Some(Value::Bool(wanted))) => fields.is_empty() == *wanted,
            _ => false,
        }),
        Op::Has => truth(match right.value() {
            Some(Value::Bool(wanted)) => !matches!(left, Outcome::Nothing) == *wanted,
            _ => false,
        }),
        Op::Matches => truth(match (left.value(), right) {
            (Some(Value::String(text)), Outcome::Pattern(pattern)) => pattern.is_match(text),
            (
                Some(Value::String(text)),
                Outcome::Value(Value::String(pattern)) | Outcome::Found(Value::String(pattern)),
            ) => {
                found.compiled += 1;
                Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
            }
            _ => false,
        }),
        Op::Add | Op::Sub | Op::Mul | Op::Div => {
            calculate(op, left.value(), right.value()).map_or(Outcome::Nothing, Outcome::Value)
        }
    }
}

fn same(left: &Outcome<'_>, right: &Outcome<'_>) -> bool {
    match (left.value(), right.value()) {
        (None, None) => matches!((left, right), (Outcome::Nothing, Outcome::Nothing)),
        // Lists and objects cannot be compared in the reference.
        (Some(Value::List(_) | Value::Object(_)), _) => false,
        (Some(a), Some(b)) => crate::eval::equal_within(a, b, 2).unwrap_or(false),
        _ => false,
    }
}

fn order(left: &Outcome<'_>, right: &Outcome<'_>) -> Option<Ordering> {
    match (left.value()?, right.value()?) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (a, b) => float(a)?.partial_cmp(&float(b)?),
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Uint(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn calculate(op: Op, left: Option<&Value>, right: Option<&Value>) -> Option<Value> {
    match (left?, right?) {
        (Value::Int(a), Value::Int(b)) => match op {
            Op::Add => a.checked_add(*b),
            Op::Sub => a.checked_sub(*b),
            Op::Mul => a.checked_mul(*b),
            _ => a.checked_div(*b),
        }
        .map(Value::Int),
        (Value::String(a), Value::String(b)) if op == Op::Add => Some(Value::string(format!("{a}{b}"))),
        (a, b) => {
            let (a, b) = (float(a)?, float(b)?);
            match op {
                Op::Add => Some(a + b),
                Op::Sub => Some(a - b),
                Op::Mul => Some(a * b),
                _ => (b != 0.0).then(|| a / b),
            }
            .map(Value::Float)
        }
    }
}

fn call<'f>(
    function: Function,
    first: &Outcome<'f>,
    second: Option<&Outcome<'f>>,
    found: &mut Found,
) -> Outcome<'f> {
    let whole = |number: usize| Outcome::Value(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
    match (function, first.value()) {
        (Function::Length, Some(Value::String(text))) => whole(text.len()),
        (Function::Length | Function::Count, Some(Value::List(items))) => whole(items.len()),
        (Function::Length, Some(Value::Object(fields))) => whole(fields.len()),
        (Function::Match | Function::Search, Some(Value::String(text))) => {
            let pattern = match second {
                Some(Outcome::Pattern(pattern)) => {
                    return Outcome::Value(Value::Bool(pattern.is_match(text)));
                }
                Some(Outcome::Value(Value::String(pattern)) | Outcome::Found(Value::String(pattern))) => {
                    pattern
                }
                _ => return Outcome::Nothing,
            };
            found.compiled += 1;
            Regex::new(&anchored(function, pattern)).map_or(Outcome::Nothing, |pattern| {
                Outcome::Value(Value::Bool(pattern.is_match(text)))
            })
        }
        _ => Outcome::Nothing,
    }
}

/// A pattern as the function takes it.
pub(super) fn anchored(function: Function, pattern: &str) -> String {
    match function {
        Function::Match => format!("^(?:{pattern})$"),
        _ => pattern.to_owned(),
    }
}
