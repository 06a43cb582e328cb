//! `string`: text, character by character as Unicode's simple mappings have it.

use crate::eval::{Call, EvalError};
use crate::value::Value;

/// `string.join(list, separator)`.
pub(super) fn join(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(2)?;
    let items = call.list(0)?;
    let separator = call.text(1)?;
    let mut texts = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        texts.push(call.to_text(item, || call.span_of_item(0, at))?);
    }
    let bytes = texts.iter().map(|text| text.len()).sum::<usize>()
        + separator.len().saturating_mul(texts.len().saturating_sub(1));
    call.allow_text(bytes)?;
    let mut joined = String::with_capacity(bytes);
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(text);
    }
    Ok(Value::string(joined))
}

/// `string.replace(text, old, new)`. An empty `old` stands before every character and at the end.
pub(super) fn replace(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(3)?;
    let (text, old, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let count = text.matches(old.as_ref()).count();
    // Counted before anything is made: three arguments of a megabyte could ask for a terabyte.
    let bytes = (text.len() - count * old.len()).saturating_add(count.saturating_mul(new.len()));
    call.allow_text(bytes)?;
    Ok(Value::string(text.replace(old.as_ref(), &new)))
}

/// `string.split(text, separator)`.
pub(super) fn split(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(2)?;
    let (text, separator) = (call.text(0)?, call.text(1)?);
    if separator.is_empty() {
        call.allow_items(text.chars().count())?;
        let mut buffer = [0; 4];
        return Ok(Value::list(
            text.chars()
                .map(|character| Value::string(&*character.encode_utf8(&mut buffer))),
        ));
    }
    call.allow_items(text.matches(separator.as_ref()).count() + 1)?;
    Ok(Value::list(text.split(separator.as_ref()).map(Value::string)))
}

/// `string.to_lower(text)`.
pub(super) fn to_lower(call: &mut Call<'_>) -> Result<Value, EvalError> {
    mapped(call, |character| match character {
        // The only character whose full mapping is longer than its simple one.
        'İ' => 'i',
        other => single(other.to_lowercase()).unwrap_or(other),
    })
}

/// `string.to_upper(text)`.
pub(super) fn to_upper(call: &mut Call<'_>) -> Result<Value, EvalError> {
    mapped(call, upper)
}

fn mapped(call: &mut Call<'_>, map: fn(char) -> char) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    call.give_text(text.chars().map(map).collect::<String>())
}

/// The simple upper-case mapping: one character for one character. `ß` has none and stays.
fn upper(character: char) -> char {
    let code = u32::from(character);
    let greek_with_iota = match code {
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => Some(code + 8),
        0x1FB3 | 0x1FC3 | 0x1FF3 => Some(code + 9),
        _ => None,
    };
    greek_with_iota
        .and_then(char::from_u32)
        .or_else(|| single(character.to_uppercase()))
        .unwrap_or(character)
}

fn single(mut mapping: impl Iterator<Item = char>) -> Option<char> {
    let first = mapping.next()?;
    mapping.next().is_none().then_some(first)
}

/// `string.trim(text, characters)`.
pub(super) fn trim(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(2)?;
    let (text, characters) = (call.text(0)?, call.text(1)?);
    call.give_text(text.trim_matches(|character| characters.contains(character)))
}

/// `string.trim_prefix(text, prefix)`.
pub(super) fn trim_prefix(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(2)?;
    let (text, prefix) = (call.text(0)?, call.text(1)?);
    call.give_text(text.strip_prefix(prefix.as_ref()).unwrap_or(&text))
}

/// `string.trim_suffix(text, suffix)`.
pub(super) fn trim_suffix(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(2)?;
    let (text, suffix) = (call.text(0)?, call.text(1)?);
    call.give_text(text.strip_suffix(suffix.as_ref()).unwrap_or(&text))
}

/// `string.trim_space(text)`.
pub(super) fn trim_space(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    call.give_text(text.trim())
}
