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
        Value::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into()),
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
            // Rust reads what is too large as infinite; Go refuses it.
            text.parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(Value::Float)
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
        Value::Float(number) => Err(ConvertError::new(format!(
            "{number} is out of range: a whole number is expected"
        ))),
        other => Err(ConvertError::expected("number", &other)),
    }
}

macro_rules! integers {
    ($($type:ident $name:literal),*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, ConvertError> {
                let whole = whole(value)?;
                $type::try_from(whole).map_err(|_| {
                    let what = if $type::MIN == 0 && whole < 0 { "negative" } else { "out of range" };
                    ConvertError::new(format!("{whole} is {what}: a number from {} to {} is expected", $type::MIN, $type::MAX))
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

impl FromValue for f32 {
    /// Rounds to the nearest; what is beyond a 32-bit float's range is an error.
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        let wide = f64::from_value(value)?;
        let narrow = wide as f32;
        if wide.is_finite() && narrow.is_infinite() {
            return Err(ConvertError::new(format!(
                "{wide:e} is out of range: a 32-bit floating-point number is expected"
            )));
        }
        Ok(narrow)
    }

    fn schema() -> Type {
        Type::Number("float32")
    }
}

impl FromValue for Secret {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Secret(secret) => Ok(secret.clone()),
            Value::OptionalSecret(text) => Ok(Secret::new(text.reveal().clone())),
            Value::String(text) => Ok(Secret::new(text.clone())),
            Value::Bytes(bytes) => Ok(Secret::new(String::from_utf8_lossy(bytes))),
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
            Value::Bytes(bytes) => Ok(OptionalSecret::plain(String::from_utf8_lossy(bytes))),
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
    f32, value => Value::Float(value.into());
    f64, value => Value::Float(value);
    &str, text => Value::string(text);
    String, text => Value::string(text);
    Str, text => Value::String(text);
    Secret, secret => Value::Secret(secret);
    OptionalSecret, text => Value::OptionalSecret(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T: FromValue + std::fmt::Debug>(value: &Value) -> String {
        let error = T::from_value(value).unwrap_err();
        match error.help {
            Some(help) => format!("{} ({help})", error.message),
            None => error.message,
        }
    }

    #[test]
    fn numbers_and_strings_turn_into_one_another() {
        assert_eq!(u16::from_value(&Value::string("10")), Ok(10));
        assert_eq!(i64::from_value(&Value::string("-10")), Ok(-10));
        assert_eq!(f64::from_value(&Value::string("1.5e3")), Ok(1500.0));
        assert_eq!(u8::from_value(&Value::Float(7.9)), Ok(7));
        assert_eq!(String::from_value(&Value::Int(-3)).unwrap(), "-3");
        assert_eq!(
            String::from_value(&Value::Uint(u64::MAX)).unwrap(),
            "18446744073709551615"
        );
        assert_eq!(
            String::from_value(&Value::Float(1e21)).unwrap(),
            "1000000000000000000000"
        );
        assert_eq!(String::from_value(&Value::Float(0.5)).unwrap(), "0.5");
        assert_eq!(
            String::from_value(&Value::Bytes(std::sync::Arc::from(*b"hi"))).unwrap(),
            "hi"
        );
    }

    #[test]
    fn null_is_the_zero_value() {
        assert_eq!(String::from_value(&Value::Null).unwrap(), "");
        assert_eq!(u8::from_value(&Value::Null), Ok(0));
        assert_eq!(bool::from_value(&Value::Null), Ok(false));
        assert_eq!(
            OptionalSecret::from_value(&Value::Null),
            Ok(OptionalSecret::default())
        );
    }

    #[test]
    fn what_does_not_fit_is_told() {
        insta::assert_snapshot!(told::<u8>(&Value::Int(256)), @"256 is out of range: a number from 0 to 255 is expected");
        insta::assert_snapshot!(told::<u64>(&Value::Int(-1)), @"-1 is negative: a number from 0 to 18446744073709551615 is expected");
        insta::assert_snapshot!(told::<i32>(&Value::string("ten")), @"expected number, got string");
        insta::assert_snapshot!(told::<f64>(&Value::string("1e999")), @"expected number, got string");
        insta::assert_snapshot!(told::<f32>(&Value::Float(1e300)), @"1e300 is out of range: a 32-bit floating-point number is expected");
        insta::assert_snapshot!(told::<i64>(&Value::Float(f64::NAN)), @"NaN is out of range: a whole number is expected");
        insta::assert_snapshot!(told::<bool>(&Value::string("true")), @"expected bool, got string (write true without quotes)");
        insta::assert_snapshot!(told::<String>(&Value::Bool(true)), @"expected string, got bool");
        insta::assert_snapshot!(told::<Secret>(&Value::Int(1)), @"expected secret, got number");
    }

    #[test]
    fn a_secret_never_becomes_plain() {
        for hidden in [
            Value::Secret(Secret::new("hush")),
            Value::OptionalSecret(OptionalSecret::secret("hush")),
        ] {
            for told in [
                told::<String>(&hidden),
                told::<f64>(&hidden),
                told::<bool>(&hidden),
            ] {
                assert!(!told.contains("hush"), "{told}");
            }
            assert_eq!(Secret::from_value(&hidden), Ok(Secret::new("hush")));
            assert!(OptionalSecret::from_value(&hidden).unwrap().is_secret());
        }
        let open = Value::OptionalSecret(OptionalSecret::plain("5"));
        assert_eq!(String::from_value(&open).unwrap(), "5");
        assert_eq!(u8::from_value(&open), Ok(5));
    }
}
