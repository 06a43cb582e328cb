//! Functions of numbers, comparisons and kinds.

use super::super::value::Value;
use super::{ANY, Arguments, Function, function};
use std::cmp::Ordering;

pub(super) const ALL: &[Function] = &[
    // The two are run where arguments are, one after the other.
    function("and", 1, ANY, |arguments| Ok(arguments.last().clone())),
    function("or", 1, ANY, |arguments| Ok(arguments.last().clone())),
    function("not", 1, 1, |arguments| {
        Ok(Value::Bool(!arguments.get(0).is_true()))
    }),
    function("eq", 2, ANY, |arguments| {
        for other in arguments.all().iter().skip(1) {
            if equal(arguments.get(0), other)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }),
    function("ne", 2, 2, |arguments| {
        Ok(Value::Bool(!equal(arguments.get(0), arguments.get(1))?))
    }),
    function("lt", 2, 2, |arguments| order(arguments, Ordering::is_lt)),
    function("le", 2, 2, |arguments| order(arguments, Ordering::is_le)),
    function("gt", 2, 2, |arguments| order(arguments, Ordering::is_gt)),
    function("ge", 2, 2, |arguments| order(arguments, Ordering::is_ge)),
    function("default", 2, 2, |arguments| {
        Ok(first_true(&[arguments.get(1).clone(), arguments.get(0).clone()]))
    }),
    function("empty", 1, 1, |arguments| {
        Ok(Value::Bool(!arguments.get(0).is_true()))
    }),
    function("coalesce", 1, ANY, |arguments| Ok(first_true(arguments.all()))),
    function("all", 0, ANY, |arguments| {
        Ok(Value::Bool(arguments.all().iter().all(Value::is_true)))
    }),
    function("any", 0, ANY, |arguments| {
        Ok(Value::Bool(arguments.all().iter().any(Value::is_true)))
    }),
    function("ternary", 3, 3, |arguments| {
        Ok(arguments.get(usize::from(!arguments.get(2).is_true())).clone())
    }),
    function("fail", 1, 1, |arguments| Err(arguments.text(0)?.to_string())),
    function("kindOf", 1, 1, |arguments| {
        Ok(Value::text(kind(arguments.get(0))))
    }),
    function("kindIs", 2, 2, |arguments| {
        Ok(Value::Bool(&**arguments.text(0)? == kind(arguments.get(1))))
    }),
    function("typeOf", 1, 1, |arguments| {
        Ok(Value::text(arguments.get(0).type_name()))
    }),
    function("typeIs", 2, 2, |arguments| {
        Ok(Value::Bool(&**arguments.text(0)? == arguments.get(1).type_name()))
    }),
    function("typeIsLike", 2, 2, |arguments| {
        let name = arguments.text(0)?;
        let name = name.strip_prefix('*').unwrap_or(name);
        Ok(Value::Bool(name == arguments.get(1).type_name()))
    }),
    function("toDecimal", 1, 1, |arguments| {
        // Of an octal number, as modes of files are written.
        let text = arguments.get(0).to_text();
        Ok(Value::Int(i64::from_str_radix(&text, 8).unwrap_or(0)))
    }),
    function("int", 1, 1, |arguments| Ok(Value::Int(whole(arguments.get(0))))),
    function("int64", 1, 1, |arguments| Ok(Value::Int(whole(arguments.get(0))))),
    function("atoi", 1, 1, |arguments| {
        Ok(Value::Int(arguments.text(0)?.parse().unwrap_or(0)))
    }),
    function("float64", 1, 1, |arguments| {
        Ok(Value::Float(fraction(arguments.get(0))))
    }),
    function("add", 0, ANY, |arguments| {
        Ok(Value::Int(
            arguments
                .all()
                .iter()
                .fold(0, |sum, value| i64::wrapping_add(sum, whole(value))),
        ))
    }),
    function("add1", 1, 1, |arguments| {
        Ok(Value::Int(whole(arguments.get(0)).wrapping_add(1)))
    }),
    function("sub", 2, 2, |arguments| {
        Ok(Value::Int(
            whole(arguments.get(0)).wrapping_sub(whole(arguments.get(1))),
        ))
    }),
    function("mul", 1, ANY, |arguments| {
        Ok(Value::Int(arguments.all().iter().fold(1, |product, value| {
            i64::wrapping_mul(product, whole(value))
        })))
    }),
    function("div", 2, 2, |arguments| {
        let quotient = whole(arguments.get(0)).checked_div(whole(arguments.get(1)));
        quotient
            .map(Value::Int)
            .ok_or_else(|| "division by zero".to_owned())
    }),
    function("mod", 2, 2, |arguments| {
        let rest = whole(arguments.get(0)).checked_rem(whole(arguments.get(1)));
        rest.map(Value::Int).ok_or_else(|| "division by zero".to_owned())
    }),
    function("max", 1, ANY, |arguments| {
        Ok(Value::Int(arguments.all().iter().map(whole).max().unwrap_or(0)))
    }),
    function("biggest", 1, ANY, |arguments| {
        Ok(Value::Int(arguments.all().iter().map(whole).max().unwrap_or(0)))
    }),
    function("min", 1, ANY, |arguments| {
        Ok(Value::Int(arguments.all().iter().map(whole).min().unwrap_or(0)))
    }),
    function("addf", 1, ANY, |arguments| {
        Ok(Value::Float(arguments.all().iter().map(fraction).sum()))
    }),
    function("add1f", 1, 1, |arguments| {
        Ok(Value::Float(fraction(arguments.get(0)) + 1.0))
    }),
    function("subf", 1, ANY, |arguments| {
        let others: f64 = arguments.all().iter().skip(1).map(fraction).sum();
        Ok(Value::Float(fraction(arguments.get(0)) - others))
    }),
    function("mulf", 1, ANY, |arguments| {
        Ok(Value::Float(arguments.all().iter().map(fraction).product()))
    }),
    function("divf", 1, ANY, |arguments| {
        let others: f64 = arguments.all().iter().skip(1).map(fraction).product();
        Ok(Value::Float(fraction(arguments.get(0)) / others))
    }),
    function("maxf", 1, ANY, |arguments| {
        Ok(Value::Float(
            arguments
                .all()
                .iter()
                .map(fraction)
                .fold(f64::NEG_INFINITY, f64::max),
        ))
    }),
    function("minf", 1, ANY, |arguments| {
        Ok(Value::Float(
            arguments.all().iter().map(fraction).fold(f64::INFINITY, f64::min),
        ))
    }),
    function("ceil", 1, 1, |arguments| {
        Ok(Value::Float(fraction(arguments.get(0)).ceil()))
    }),
    function("floor", 1, 1, |arguments| {
        Ok(Value::Float(fraction(arguments.get(0)).floor()))
    }),
    function("round", 2, 3, |arguments| {
        let digits = i32::try_from(arguments.int(1)?.clamp(-300, 300)).unwrap_or(0);
        let scale = 10_f64.powi(digits);
        // As sprig does it: halves go up, and all else down.
        let scaled = fraction(arguments.get(0)) * scale;
        let whole = if scaled.fract() >= 0.5 {
            scaled.ceil()
        } else {
            scaled.floor()
        };
        Ok(Value::Float(whole / scale))
    }),
];

fn first_true(values: &[Value]) -> Value {
    values
        .iter()
        .find(|value| value.is_true())
        .cloned()
        .unwrap_or(Value::Nil)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "invalid",
        Value::List(_) => "slice",
        Value::Map(_) | Value::Data => "map",
        Value::Time(_) => "struct",
        other => other.type_name(),
    }
}

/// A value as sprig's `int64` takes it: what is no number is 0.
pub(super) fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(value) => *value,
        Value::Float(value) => *value as i64,
        Value::Bool(value) => i64::from(*value),
        Value::Text(text) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

fn fraction(value: &Value) -> f64 {
    match value {
        Value::Int(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Text(text) => text.parse().unwrap_or(0.0),
        _ => 0.0,
    }
}

fn equal(one: &Value, other: &Value) -> Result<bool, String> {
    match (one, other) {
        (Value::Nil, other) | (other, Value::Nil) => Ok(*other == Value::Nil),
        (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => {
            Err("lists and maps cannot be compared".to_owned())
        }
        _ if one.type_name() == other.type_name() => Ok(one == other),
        _ => Err(different(one, other)),
    }
}

fn different(one: &Value, other: &Value) -> String {
    format!(
        "incompatible types for comparison: {} and {}",
        one.type_name(),
        other.type_name()
    )
}

fn order(arguments: &Arguments<'_>, fits: fn(Ordering) -> bool) -> Result<Value, String> {
    let order = match (arguments.get(0), arguments.get(1)) {
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Text(one), Value::Text(other)) => Some((**one).cmp(&**other)),
        (one, other) => return Err(different(one, other)),
    };
    Ok(Value::Bool(order.is_some_and(fits)))
}
