//! Conversions of booleans, numbers, text and secrets, as the reference's decoder makes them: numbers and strings turn into one another where
//! their text allows it, null is the zero value, a secret never becomes a string.

use super::{ConvertError, FromValue, IntoValue};
use crate::schema::Type;
use crate::value::{OptionalSecret, Secret, Str, Value};

impl FromValue for Value {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        Ok(value.clone())
    }

    fn schema() -> Type {
        Type::Any
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Bool(value) => Ok(*value),
            Value::Null => Ok(false),
            other => {
                let error = ConvertError::expected("bool", other);
                Err(match other {
                    Value::String(text) if matches!(&**text, "true" | "false") => {
                        error.with_help(format!("write {text} without quotes"))
                    }
                    _ => error,
                })
            }
        }
    }

    fn schema() -> Type {
        Type::Bool
    }
}

/// The text of a value that is text or may become it.
pub(crate) fn text(value: &Value) -> Result<Str, ConvertError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok("".into()),
        Value::Int(number) => Ok(number.to_string().into()),
        Value::Uint(number) => Ok(number.to_string().into()),
        Value::Float(number) => Ok(go_float(*number).into()),
        Value::OptionalSecret(text) if !text.is_secret() => Ok(text.reveal().clone()),
        Value::Secret(_) | Value::OptionalSecret(_) => {
            Err(ConvertError::new("secrets may not be converted into strings")
                .with_help("if the value is not sensitive, open it with convert.nonsensitive(…)"))
        }
        other => Err(ConvertError::expected("string", other)),
    }
}

/// A float as the reference prints it when it becomes a string (the shortest text that reads back, never an exponent).
fn go_float(number: f64) -> String {
    format!("{number}")
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        text(value).map(|text| text.to_string())
    }

    fn schema() -> Type {
        Type::String
    }
}

impl FromValue for Str {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        text(value)
    }

    fn schema() -> Type {
        Type::String
    }
}

/// A number of any kind; text that is a number counts, as in the reference.
fn number(value: &Value) -> Result<Value, ConvertError> {
    let of_text = |text: &str| {
        let parsed = if text.starts_with('-') && !text.contains(['.', 'e', 'E']) {
            text.parse().ok().map(Value::Int)
        } else if text.contains(['.', 'e', 'E']) {
            text.parse().ok().map(Value::Float)
        } else {
            text.parse().ok().map(Value::Uint)
        };
        parsed.ok_or_else(|| ConvertError::expected("number", value))
    };
    match value {
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => Ok(value.clone()),
        Value::Null => Ok(Value::Int(0)),
        Value::String(text) => of_text(text),
        Value::OptionalSecret(text) if !text.is_secret() => of_text(text.reveal()),
        other => Err(ConvertError::expected("number", other)),
    }
}

/// A whole number; a fraction is cut off, as the reference does.
fn whole(value: &Value) -> Result<i128, ConvertError> {
    match number(value)? {
        Value::Int(number) => Ok(number.into()),
        Value::Uint(number) => Ok(number.into()),
        Value::Float(number) if number.is_finite() => Ok(number as i128),
        other => Err(ConvertError::expected("number", &other)),
    }
}

macro_rules! integers {
    ($($type:ident $name:literal),*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, ConvertError> {
                let whole = whole(value)?;
                $type::try_from(whole).map_err(|_| {
                    ConvertError::new(format!("{whole} is out of range: a number from {} to {} is expected", $type::MIN, $type::MAX))
                })
            }

            fn schema() -> Type {
                Type::Number($name)
            }
        }
    )*};
}

integers!(i8 "int8", i16 "int16", i32 "int32", i64 "int64", isize "int", u8 "uint8", u16 "uint16", u32 "uint32", u64 "uint64", usize "uint");

impl FromValue for f64 {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match number(value)? {
            Value::Int(number) => Ok(number as f64),
            Value::Uint(number) => Ok(number as f64),
            Value::Float(number) => Ok(number),
            other => Err(ConvertError::expected("number", &other)),
        }
    }

    fn schema() -> Type {
        Type::Number("float64")
    }
}

impl FromValue for Secret {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Secret(secret) => Ok(secret.clone()),
            Value::OptionalSecret(text) => Ok(Secret::new(text.reveal().clone())),
            Value::String(text) => Ok(Secret::new(text.clone())),
            Value::Null => Ok(Secret::default()),
            other => Err(ConvertError::expected("secret", other)),
        }
    }

    fn schema() -> Type {
        Type::Secret
    }
}

impl FromValue for OptionalSecret {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::OptionalSecret(text) => Ok(text.clone()),
            Value::Secret(secret) => Ok(OptionalSecret::secret(secret.reveal().clone())),
            Value::String(text) => Ok(OptionalSecret::plain(text.clone())),
            Value::Null => Ok(OptionalSecret::default()),
            other => Err(ConvertError::expected("secret or string", other)),
        }
    }

    fn schema() -> Type {
        Type::OptionalSecret
    }
}

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

macro_rules! into_values {
    ($($type:ty, $pattern:pat => $value:expr;)*) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Value {
                let $pattern = self;
                $value
            }
        }
    )*};
}

into_values! {
    bool, value => Value::Bool(value);
    i8, value => Value::Int(value.into());
    i16, value => Value::Int(value.into());
    i32, value => Value::Int(value.into());
    i64, value => Value::Int(value);
    isize, value => Value::Int(value as i64);
    u8, value => Value::Uint(value.into());
    u16, value => Value::Uint(value.into());
    u32, value => Value::Uint(value.into());
    u64, value => Value::Uint(value);
    usize, value => Value::Uint(value as u64);
    f64, value => Value::Float(value);
    &str, text => Value::string(text);
    String, text => Value::string(text);
    Str, text => Value::String(text);
    Secret, secret => Value::Secret(secret);
    OptionalSecret, text => Value::OptionalSecret(text);
}
