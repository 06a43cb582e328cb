//! Number literals, as Go's `strconv` reads them.

use crate::value::Value;

/// A whole number with an optional sign and an optional base: `0x1F`, `0o17`, `017`, `0b11`, `42`. `None` where the text is
/// none, or is too big for 64 bits.
pub(crate) fn whole_literal(text: &str) -> Option<Value> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, base) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&unsigned[2..], 16),
        [b'0', b'o' | b'O', ..] => (&unsigned[2..], 8),
        [b'0', b'b' | b'B', ..] => (&unsigned[2..], 2),
        [b'0', _, ..] => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    // Rust's own parser takes a sign, which must not stand here a second time.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(number)) => Some(Value::Int(number)),
        (false, Err(_)) => (text.as_bytes().first() != Some(&b'+')).then_some(Value::Uint(size)),
        (true, _) if size <= i64::MIN.unsigned_abs() => Some(Value::Int(size.wrapping_neg().cast_signed())),
        (true, _) => None,
    }
}

/// A number literal of a configuration: a whole number if it can be one, a floating-point one otherwise. `None` where it
/// is too big for that, too.
pub(crate) fn number_literal(text: &str) -> Option<Value> {
    let whole = !text.contains(['.', 'e', 'E']);
    if whole && let Some(value) = whole_literal(text) {
        return Some(value);
    }
    text.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_read_as_in_go() {
        for (text, expected) in [
            ("0", Some(Value::Int(0))),
            ("007", Some(Value::Int(7))),
            ("010", Some(Value::Int(8))),
            ("08", Some(Value::Float(8.0))),
            ("18446744073709551615", Some(Value::Uint(u64::MAX))),
            (
                "18446744073709551616",
                Some(Value::Float(18_446_744_073_709_552_000.0)),
            ),
            (".5", Some(Value::Float(0.5))),
            ("1e3", Some(Value::Float(1000.0))),
            ("1e400", None),
            ("1e-400", Some(Value::Float(0.0))),
        ] {
            assert_eq!(number_literal(text), expected, "{text}");
        }
        assert_eq!(whole_literal("-0x8000000000000000"), Some(Value::Int(i64::MIN)));
        assert_eq!(whole_literal("--1"), None);
        assert_eq!(whole_literal("0x"), None);
        assert_eq!(whole_literal("0x-1"), None);
    }
}
