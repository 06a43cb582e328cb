//! What a scalar stands for.

use crate::eval::whole_literal;
use crate::stdlib::base64;
use crate::value::Value;
use std::fmt::Write;

/// The value of a scalar. `tag` is the name of one of YAML's own tags, empty for any other tag.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    match tag {
        None if plain => Ok(implicit(text, true)),
        None | Some("str" | "") => Ok(Value::string(text)),
        Some("binary") => base64::decode(text, base64::Alphabet::Standard)
            .map(|bytes| Value::string(String::from_utf8_lossy(&bytes)))
            .map_err(|why| format!("!!binary value contains invalid base64 data: {why}")),
        Some(tag @ ("int" | "float" | "bool" | "null" | "timestamp")) => {
            let value = implicit(text, tag == "timestamp");
            let fits = match (tag, &value) {
                ("int", Value::Int(_) | Value::Uint(_))
                | ("float", Value::Float(_))
                | ("bool", Value::Bool(_))
                | ("null", Value::Null) => true,
                ("float", Value::Int(number)) => return Ok(Value::Float(*number as f64)),
                ("timestamp", Value::String(stamp)) => timestamp(text).as_deref() == Some(stamp),
                _ => false,
            };
            if fits {
                Ok(value)
            } else {
                Err(format!("cannot decode {text:?} as a !!{tag}"))
            }
        }
        Some(_) => Ok(Value::string(text)),
    }
}

fn implicit(text: &str, timestamps: bool) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes().first() {
        Some(b'.') => match text.replace('_', "") {
            digits if is_decimal(&digits) && !text.ends_with('_') => {
                digits.parse().map_or_else(|_| Value::string(text), Value::Float)
            }
            _ => Value::string(text),
        },
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if timestamps && let Some(stamp) = timestamp(text) {
                return Value::string(stamp);
            }
            let digits = text.replace('_', "");
            if let Some(value) = whole_literal(&digits) {
                return value;
            }
            if is_decimal(&digits)
                && let Ok(number) = digits.parse::<f64>()
                && number.is_finite()
            {
                return Value::Float(number);
            }
            Value::string(text)
        }
        _ => Value::string(text),
    }
}

/// A decimal number with or without point and exponent.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = match mantissa.split_once('.') {
        Some(("", after)) => digits(after),
        Some((before, after)) => digits(before) && (after.is_empty() || digits(after)),
        None => digits(mantissa),
    };
    whole && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// A date or time in the forms that Go's YAML takes, as RFC 3339; `None` for anything else.
pub(super) fn timestamp(text: &str) -> Option<String> {
    let mut rest = Digits(text);
    if text.len() < 5 || !text.as_bytes().get(..4)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year = rest.number(4, 4)?;
    rest.expect('-')?;
    let month = rest.number(1, 2).filter(|month| (1..=12).contains(month))?;
    rest.expect('-')?;
    let day = rest
        .number(1, 2)
        .filter(|&day| (1..=days(year, month)).contains(&day))?;
    let mut stamp = format!("{year:04}-{month:02}-{day:02}T");
    if rest.0.is_empty() {
        stamp.push_str("00:00:00Z");
        return Some(stamp);
    }
    let zoned = match rest.next()? {
        'T' | 't' => true,
        ' ' => false,
        _ => return None,
    };
    let hour = rest.number(1, 2).filter(|&hour| hour < 24)?;
    rest.expect(':')?;
    let minute = rest.number(1, 2).filter(|&minute| minute < 60)?;
    rest.expect(':')?;
    let second = rest.number(1, 2).filter(|&second| second < 60)?;
    let _ = write!(stamp, "{hour:02}:{minute:02}:{second:02}");
    if rest.0.starts_with(['.', ',']) {
        let digits = rest.0[1..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        // Beyond nanoseconds nothing counts.
        let fraction = rest.0[1..=digits.min(9)].trim_end_matches('0');
        if !fraction.is_empty() {
            let _ = write!(stamp, ".{fraction}");
        }
        rest.0 = &rest.0[digits + 1..];
    }
    match (zoned, rest.0) {
        (false, "") | (true, "Z") => stamp.push('Z'),
        (true, zone) => {
            let mut zone = Digits(zone);
            let sign = zone.next().filter(|sign| matches!(sign, '+' | '-'))?;
            let hours = zone.number(2, 2).filter(|&hours| hours <= 24)?;
            zone.expect(':')?;
            let minutes = zone.number(2, 2).filter(|&minutes| minutes < 60)?;
            if !zone.0.is_empty() {
                return None;
            }
            if hours == 0 && minutes == 0 {
                stamp.push('Z');
            } else {
                let _ = write!(stamp, "{sign}{hours:02}:{minutes:02}");
            }
        }
        _ => return None,
    }
    Some(stamp)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Digits<'t>(&'t str);

impl Digits<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.0.chars();
        let first = chars.next()?;
        self.0 = chars.as_str();
        Some(first)
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.0 = self.0.strip_prefix(wanted)?;
        Some(())
    }

    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count().min(most);
        if digits < least {
            return None;
        }
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        number.parse().ok()
    }
}
