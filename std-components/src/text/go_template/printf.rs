//! Values put into texts as Go's package `fmt` does it (<https://pkg.go.dev/fmt>).

use super::value::Value;
use std::fmt::Write;

/// Characters that a width or a precision may ask for: a bound on what one verb makes.
const MAX_WIDTH: usize = 10_000;

/// Values one after the other; with spaces between those of which neither is a text.
pub(super) fn print(values: &[Value]) -> String {
    let mut out = String::new();
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Text(_));
        if !after_text && !is_text {
            out.push(' ');
        }
        value.print_inner(&mut out);
        after_text = is_text;
    }
    out
}

/// Values with spaces between and a line end.
pub(super) fn println(values: &[Value]) -> String {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        value.print_inner(&mut out);
    }
    out.push('\n');
    out
}

/// A text in double quotes with escapes, as `%q`.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What stands between `%` and the verb.
#[derive(Default)]
struct Flags {
    minus: bool,
    zero: bool,
    plus: bool,
    space: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// A width or a precision; `*` takes it from the values.
fn number(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    values: &mut std::slice::Iter<'_, Value>,
) -> Option<i64> {
    if chars.next_if_eq(&'*').is_some() {
        return match values.next() {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        };
    }
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        number = Some((number.unwrap_or(0_i64) * 10 + i64::from(digit)).min(MAX_WIDTH as i64));
    }
    number
}

/// `Sprintf`.
pub(super) fn printf(format: &str, values: &[Value]) -> String {
    let mut out = String::with_capacity(format.len());
    let mut values = values.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = Flags::default();
        while let Some(flag) = chars.next_if(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => flags.minus = true,
                '+' => flags.plus = true,
                '#' => flags.sharp = true,
                ' ' => flags.space = true,
                _ => flags.zero = true,
            }
        }
        let size = |number: i64| usize::try_from(number.unsigned_abs()).unwrap_or(0).min(MAX_WIDTH);
        if let Some(width) = number(&mut chars, &mut values) {
            flags.minus |= width < 0;
            flags.width = size(width);
        }
        if chars.next_if_eq(&'.').is_some() {
            flags.precision = Some(size(number(&mut chars, &mut values).unwrap_or(0)));
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match values.next() {
                Some(value) => push(&mut out, verb, value, &flags),
                None => {
                    let _ = write!(out, "%!{verb}(MISSING)");
                }
            },
        }
    }
    let rest = values.as_slice();
    if !rest.is_empty() {
        out.push_str("%!(EXTRA ");
        for (at, value) in rest.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            let _ = write!(out, "{}=", value.type_name());
            value.print_inner(&mut out);
        }
        out.push(')');
    }
    out
}

fn push(out: &mut String, verb: char, value: &Value, flags: &Flags) {
    let mut text = String::new();
    let numeric = match (verb, value) {
        ('T', _) => {
            text.push_str(match value {
                Value::Nil => "<nil>",
                other => other.type_name(),
            });
            false
        }
        ('v', Value::Int(number)) => {
            text = signed(*number < 0, &number.unsigned_abs().to_string(), flags);
            true
        }
        ('v' | 's', Value::Text(_)) | ('v', _) => {
            value.print_inner(&mut text);
            cut(&mut text, flags);
            matches!(value, Value::Float(_))
        }
        ('s', Value::List(_) | Value::Map(_)) => {
            value.print_inner(&mut text);
            false
        }
        ('q', Value::Text(inner)) => {
            let mut inner = inner.to_string();
            cut(&mut inner, flags);
            text = quoted(&inner);
            false
        }
        ('x' | 'X', Value::Text(inner)) => {
            for byte in inner.bytes() {
                let _ = write!(text, "{byte:02x}");
            }
            if verb == 'X' {
                text.make_ascii_uppercase();
            }
            false
        }
        ('t', Value::Bool(_)) => {
            value.print_inner(&mut text);
            false
        }
        ('c', Value::Int(number)) => {
            let c = u32::try_from(*number).ok().and_then(char::from_u32);
            text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            false
        }
        ('d' | 'x' | 'X' | 'o' | 'b', Value::Int(number)) => {
            let size = number.unsigned_abs();
            let (prefix, digits) = match verb {
                'd' => ("", format!("{size}")),
                'x' => ("0x", format!("{size:x}")),
                'X' => ("0X", format!("{size:X}")),
                'o' => ("0", format!("{size:o}")),
                _ => ("0b", format!("{size:b}")),
            };
            let digits = format!("{}{digits}", if flags.sharp { prefix } else { "" });
            text = signed(*number < 0, &digits, flags);
            true
        }
        ('f' | 'F' | 'e' | 'E' | 'g' | 'G', Value::Float(number)) => {
            let size = number.abs();
            let mut digits = match (verb, flags.precision) {
                ('f' | 'F', precision) => format!("{size:.*}", precision.unwrap_or(6)),
                ('e' | 'E', precision) => exponent(&format!("{size:.*e}", precision.unwrap_or(6))),
                (_, None) => {
                    let mut digits = String::new();
                    Value::Float(size).print_inner(&mut digits);
                    digits
                }
                (_, Some(precision)) => general(size, precision.max(1)),
            };
            if verb.is_ascii_uppercase() {
                digits.make_ascii_uppercase();
            }
            text = signed(number.is_sign_negative(), &digits, flags);
            true
        }
        _ => {
            let _ = write!(text, "%!{verb}(");
            match value {
                Value::Nil => text.push_str("<nil>"),
                other => {
                    let _ = write!(text, "{}=", other.type_name());
                    other.print_inner(&mut text);
                }
            }
            text.push(')');
            out.push_str(&text);
            return;
        }
    };
    let missing = flags.width.saturating_sub(text.chars().count());
    if flags.minus {
        out.push_str(&text);
        out.extend(std::iter::repeat_n(' ', missing));
    } else if flags.zero && numeric {
        // Zeros stand after the sign.
        let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+', ' '])));
        out.push_str(sign);
        out.extend(std::iter::repeat_n('0', missing));
        out.push_str(digits);
    } else {
        out.extend(std::iter::repeat_n(' ', missing));
        out.push_str(&text);
    }
}

/// At most as many characters as the precision says.
fn cut(text: &mut String, flags: &Flags) {
    if let Some(precision) = flags.precision
        && let Some((end, _)) = text.char_indices().nth(precision)
    {
        text.truncate(end);
    }
}

fn signed(negative: bool, digits: &str, flags: &Flags) -> String {
    let sign = match (negative, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    format!("{sign}{digits}")
}

/// Rust's `1.5e-7` as Go writes it: `1.5e-07`.
fn exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else {
        return text.to_owned();
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// `%.3g`: as many digits that count, in the shorter of the two forms.
fn general(size: f64, precision: usize) -> String {
    let scientific = format!("{size:.*e}", precision - 1);
    let power: i64 = scientific
        .split_once('e')
        .and_then(|(_, power)| power.parse().ok())
        .unwrap_or(0);
    let strip = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    };
    if power < -4 || power >= precision as i64 {
        let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return exponent(&format!("{}e{power}", strip(digits)));
    }
    let digits = usize::try_from(precision as i64 - 1 - power).unwrap_or(0);
    strip(&format!("{size:.digits$}"))
}
