//! From the text of a filter to its expression.

use super::filter::{Filter, Function, Op, anchored};
use super::parse::Reader;
use crate::value::Value;
use regex::Regex;

/// Parentheses, negations and filters inside each other.
const MAX_DEPTH: u32 = 64;

/// Longest first where one begins another. The number tells how loosely the operator binds; `&&` and `||` bind alike, from
/// left to right, as in the reference.
const OPERATORS: &[(&str, Op, u8)] = &[
    ("==", Op::Eq, 3),
    ("=~", Op::Matches, 3),
    ("~=", Op::Matches, 3),
    ("!=", Op::Ne, 3),
    ("<=", Op::Le, 3),
    (">=", Op::Ge, 3),
    ("<", Op::Lt, 3),
    (">", Op::Gt, 3),
    ("||", Op::Or, 4),
    ("&&", Op::And, 4),
    ("+", Op::Add, 2),
    ("-", Op::Sub, 2),
    ("*", Op::Mul, 1),
    ("/", Op::Div, 1),
    ("in", Op::In, 3),
    ("empty", Op::Empty, 3),
    ("has", Op::Has, 3),
    ("exists", Op::Has, 3),
];

/// Reads the expression of a filter, up to its bracket.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Filter, String> {
    binary(reader, 4)
}

/// An expression of operators that bind at least as tightly as `loosest`.
fn binary(reader: &mut Reader<'_>, loosest: u8) -> Result<Filter, String> {
    if loosest == 0 {
        return operand(reader);
    }
    let mut left = binary(reader, loosest - 1)?;
    loop {
        reader.skip_space();
        let before = reader.at;
        let Some(&(_, op, binds)) = OPERATORS.iter().find(|&&(text, ..)| reader.take(text)) else {
            return Ok(left);
        };
        if binds != loosest {
            reader.at = before;
            return Ok(left);
        }
        let mut right = binary(reader, loosest - 1)?;
        if op == Op::Matches {
            right = compiled(right, Function::Search);
        }
        left = Filter::Binary(op, Box::new(left), Box::new(right));
    }
}

fn operand(reader: &mut Reader<'_>) -> Result<Filter, String> {
    reader.skip_space();
    if reader.depth >= MAX_DEPTH {
        return reader.fail(format!("nested more than {MAX_DEPTH} deep"));
    }
    reader.depth += 1;
    let filter = match reader.peek() {
        Some('!') => {
            reader.next();
            // The reference negates all that follows.
            Filter::Not(Box::new(read(reader)?))
        }
        Some('(') => {
            reader.next();
            let inner = read(reader)?;
            reader.skip_space();
            if !reader.take(")") {
                return reader.fail("expected )");
            }
            inner
        }
        Some('@' | '$') => Filter::Path(reader.steps()?),
        Some('/') => {
            reader.next();
            Filter::Pattern(Box::new(pattern(reader)?))
        }
        Some('[') => {
            reader.next();
            Filter::List(list(reader)?)
        }
        Some(quote @ ('\'' | '"')) => {
            reader.next();
            Filter::Value(Value::string(reader.quoted(quote)?))
        }
        Some('-' | '0'..='9') => Filter::Value(number(reader)?),
        _ => word(reader)?,
    };
    reader.depth -= 1;
    Ok(filter)
}

fn word(reader: &mut Reader<'_>) -> Result<Filter, String> {
    if reader.take("Nothing") {
        return Ok(Filter::Nothing);
    }
    let start = reader.at;
    while matches!(reader.peek(), Some('a'..='z')) {
        reader.next();
    }
    let function = match &reader.text[start..reader.at] {
        "true" => return Ok(Filter::Value(Value::Bool(true))),
        "false" => return Ok(Filter::Value(Value::Bool(false))),
        "null" => return Ok(Filter::Value(Value::Null)),
        "length" => Function::Length,
        "count" => Function::Count,
        "match" => Function::Match,
        "search" => Function::Search,
        other => {
            let message = format!("{other:?} is not a value or function");
            reader.at = start;
            return reader.fail(message);
        }
    };
    if !reader.take("(") {
        return reader.fail("expected (");
    }
    let first = read(reader)?;
    reader.skip_space();
    let second = if reader.take(",") {
        Some(read(reader)?)
    } else {
        None
    };
    reader.skip_space();
    if !reader.take(")") {
        return reader.fail("expected )");
    }
    let second = match function {
        Function::Match | Function::Search => second.map(|second| compiled(second, function)),
        _ => second,
    }
    .map(Box::new);
    Ok(Filter::Function(function, Box::new(first), second))
}

/// A text that is used as a pattern, compiled once where it is one.
fn compiled(filter: Filter, function: Function) -> Filter {
    match filter {
        Filter::Value(Value::String(text)) => match Regex::new(&anchored(function, &text)) {
            Ok(pattern) => Filter::Pattern(Box::new(pattern)),
            Err(_) => Filter::Nothing,
        },
        other => other,
    }
}

fn pattern(reader: &mut Reader<'_>) -> Result<Regex, String> {
    let start = reader.at;
    loop {
        match reader.next() {
            None => return reader.fail("the pattern is not terminated"),
            Some('/') => break,
            Some('\\') => {
                reader.next();
            }
            Some(_) => {}
        }
    }
    let text = &reader.text[start..reader.at - 1];
    Regex::new(text).or_else(|error| reader.fail(format!("the pattern is wrong: {error}")))
}

fn list(reader: &mut Reader<'_>) -> Result<Vec<Value>, String> {
    let mut items = Vec::new();
    loop {
        reader.skip_space();
        if reader.take("]") {
            return Ok(items);
        }
        items.push(match operand(reader)? {
            Filter::Value(value) => value,
            _ => return reader.fail("a list holds numbers, texts, true, false and null"),
        });
        reader.skip_space();
        if !reader.take(",") && reader.peek() != Some(']') {
            return reader.fail("expected a comma or ]");
        }
    }
}

fn number(reader: &mut Reader<'_>) -> Result<Value, String> {
    let start = reader.at;
    reader.take("-");
    let mut whole = true;
    loop {
        match reader.peek() {
            Some('0'..='9') => {}
            Some('.') => whole = false,
            Some('e' | 'E') => {
                whole = false;
                reader.next();
                let _ = reader.take("+") || reader.take("-");
                continue;
            }
            _ => break,
        }
        reader.next();
    }
    let text = &reader.text[start..reader.at];
    let value = match whole {
        true => text.parse().map(Value::Int).ok(),
        false => text.parse().map(Value::Float).ok(),
    };
    value.map_or_else(|| reader.fail("expected a number"), Ok)
}
