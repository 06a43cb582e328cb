//! Sprig's random functions. They are good for sampling and names, not for secrets.

use super::super::value::Value;
use super::{Arguments, Function, function};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a random text at the most.
const MAX_LENGTH: i64 = 1 << 20;

pub(super) const ALL: &[Function] = &[
    function("uuidv4", 0, 0, |_| {
        // RFC 9562, 5.4: the version and the variant stand in fixed bits.
        let bits = fastrand::u128(..) & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
        Ok(Value::of(parts.join("-")))
    }),
    function("randAlphaNum", 1, 1, |arguments| {
        text(arguments, fastrand::alphanumeric)
    }),
    function("randAlpha", 1, 1, |arguments| {
        text(arguments, fastrand::alphabetic)
    }),
    function("randAscii", 1, 1, |arguments| {
        text(arguments, || fastrand::char(' '..='~'))
    }),
    function("randNumeric", 1, 1, |arguments| {
        text(arguments, || fastrand::char('0'..='9'))
    }),
    function("randBytes", 1, 1, |arguments| {
        let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..))
            .take(length(arguments)?)
            .collect();
        Ok(Value::of(STANDARD.encode(bytes)))
    }),
    function("randInt", 2, 2, |arguments| {
        let (from, to) = (arguments.int(0)?, arguments.int(1)?);
        if from >= to {
            return Err("the second number has to be above the first".to_owned());
        }
        Ok(Value::Int(fastrand::i64(from..to)))
    }),
    function("shuffle", 1, 1, |arguments| {
        let mut chars: Vec<char> = arguments.text(0)?.chars().collect();
        fastrand::shuffle(&mut chars);
        Ok(Value::of(chars.into_iter().collect()))
    }),
];

fn length(arguments: &Arguments<'_>) -> Result<usize, String> {
    let length = arguments.int(0)?;
    if length > MAX_LENGTH {
        return Err("the text gets too long".to_owned());
    }
    Ok(usize::try_from(length).unwrap_or(0))
}

fn text(arguments: &Arguments<'_>, char: fn() -> char) -> Result<Value, String> {
    Ok(Value::of(
        std::iter::repeat_with(char).take(length(arguments)?).collect(),
    ))
}
