//! `encoding`: from text to values and back.

use super::{base64, json, url, yaml};
use crate::eval::{Call, EvalError, limits};
use crate::value::{Secret, Value};

/// `encoding.from_json(text)`.
pub(super) fn from_json(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    json::parse(&text).map_err(|why| call.failed(why))
}

/// `encoding.from_yaml(text)`.
pub(super) fn from_yaml(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    yaml::parse(&text).map_err(|why| call.failed(why))
}

/// `encoding.to_json(object)`.
pub(super) fn to_json(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let Some(value @ Value::Object(_)) = call.arguments.first() else {
        return Err(call.failed("only an object can be encoded, such as {key = value}"));
    };
    let mut writer = json::Writer::new(limits::MAX_TEXT_BYTES);
    writer.value(value).map_err(|why| call.failed(why))?;
    call.allow_text(writer.text.len())?;
    // What holds a secret is one.
    Ok(if writer.wrote_secret {
        Value::Secret(Secret::new(writer.text))
    } else {
        Value::string(writer.text)
    })
}

/// `encoding.from_base64(text)`.
pub(super) fn from_base64(call: &mut Call<'_>) -> Result<Value, EvalError> {
    decoded(call, base64::Alphabet::Standard)
}

/// `encoding.from_URLbase64(text)`.
pub(super) fn from_url_base64(call: &mut Call<'_>) -> Result<Value, EvalError> {
    decoded(call, base64::Alphabet::Url)
}

fn decoded(call: &mut Call<'_>, alphabet: base64::Alphabet) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    base64::decode(&text, alphabet)
        .map(|bytes| Value::Bytes(bytes.into()))
        .map_err(|why| call.failed(why))
}

/// `encoding.to_base64(text)`.
pub(super) fn to_base64(call: &mut Call<'_>) -> Result<Value, EvalError> {
    encoded(call, base64::Alphabet::Standard)
}

/// `encoding.to_URLbase64(text)`.
pub(super) fn to_url_base64(call: &mut Call<'_>) -> Result<Value, EvalError> {
    encoded(call, base64::Alphabet::Url)
}

fn encoded(call: &mut Call<'_>, alphabet: base64::Alphabet) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    // Bytes are encoded as they are; going through text would lose those that are not UTF-8.
    if let Some(Value::Bytes(bytes)) = call.arguments.first() {
        return call.give_text(base64::encode(bytes, alphabet));
    }
    let text = call.text(0)?;
    call.give_text(base64::encode(text.as_bytes(), alphabet))
}

/// `encoding.url_encode(text)`.
pub(super) fn url_encode(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    call.give_text(url::encode(&text))
}

/// `encoding.url_decode(text)`.
pub(super) fn url_decode(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let text = call.text(0)?;
    let decoded = url::decode(&text).map_err(|why| call.failed(why))?;
    call.give_text(decoded)
}
