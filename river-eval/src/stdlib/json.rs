//! JSON as Go's `encoding/json` reads and writes it: all numbers floating-point, sorted keys, `<`, `>` and `&` escaped.

use crate::eval::limits;
use crate::stdlib::printf::shortest;
use crate::value::{Object, Str, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::fmt::Write;
use std::sync::Arc;

/// Which kinds numbers become.
#[derive(Clone, Copy)]
pub(super) enum Numbers {
    /// All floating-point, as `encoding.from_json` gives them.
    Float,
    /// Whole numbers stay whole, as `json_path` gives them.
    Kinds,
}

/// Reads JSON text with all numbers as floating-point numbers.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    parse_with(text, Numbers::Float)
}

/// Reads JSON text. Nesting is bounded by serde_json's own limit of 128.
pub(super) fn parse_with(text: &str, numbers: Numbers) -> Result<Value, String> {
    let read = |text: &str| {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Reader(numbers).deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    };
    read(text)
        .or_else(|error: serde_json::Error| match replace_lone_surrogates(text) {
            Some(mended) => read(&mended),
            None => Err(error),
        })
        .map_err(|error| explain(&error))
}

/// The text with every half of a surrogate pair that stands alone (`\ud800`) as U+FFFD, which is what Go reads for it;
/// `None` where there is none.
fn replace_lone_surrogates(text: &str) -> Option<String> {
    let escape_at = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::with_capacity(text.len());
    let mut kept = 0;
    let mut at = 0;
    while let Some(backslash) = text
        .get(at..)
        .and_then(|rest| rest.find('\\'))
        .map(|found| at + found)
    {
        at = match escape_at(backslash) {
            Some(0xD800..=0xDBFF) if matches!(escape_at(backslash + 6), Some(0xDC00..=0xDFFF)) => {
                backslash + 12
            }
            Some(0xD800..=0xDFFF) => {
                mended.push_str(&text[kept..backslash]);
                mended.push_str("\\ufffd");
                kept = backslash + 6;
                kept
            }
            Some(_) => backslash + 6,
            None => backslash + 2,
        };
    }
    (kept > 0).then(|| {
        mended.push_str(&text[kept..]);
        mended
    })
}

fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.as_str() {
        "EOF while parsing a value at line 1 column 0" => {
            "unexpected end of JSON input: the text is empty".to_owned()
        }
        _ => text,
    }
}

#[derive(Clone, Copy)]
struct Reader(Numbers);

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(match self.0 {
            Numbers::Float => Value::Float(value as f64),
            Numbers::Kinds => Value::Int(value),
        })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(match self.0 {
            Numbers::Float => Value::Float(value as f64),
            Numbers::Kinds => i64::try_from(value).map_or(Value::Uint(value), Value::Int),
        })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::string(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(key) = fields.next_key::<Str>()? {
            object.insert(key, fields.next_value_seed(self)?);
        }
        Ok(Value::Object(Arc::new(object)))
    }
}

/// Writes values as JSON text.
pub(super) struct Writer {
    /// What is written so far.
    pub(super) text: String,
    /// Whether a secret's text is in it.
    pub(super) wrote_secret: bool,
    bound: usize,
    depth: u32,
}

impl Writer {
    /// A writer of at most about `bound` bytes.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            text: String::new(),
            wrote_secret: false,
            bound,
            depth: 0,
        }
    }

    /// Writes a value. What JSON has no form for is an error.
    pub(super) fn value(&mut self, value: &Value) -> Result<(), String> {
        if self.text.len() > self.bound {
            return Err(format!("the text would be longer than {} bytes", self.bound));
        }
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Int(number) => self.display(number),
            Value::Uint(number) => self.display(number),
            Value::Float(number) => self.float(*number)?,
            Value::String(text) => self.string(text),
            Value::Secret(secret) => {
                self.wrote_secret = true;
                self.string(secret.reveal());
            }
            Value::OptionalSecret(secret) => {
                self.wrote_secret |= secret.is_secret();
                self.string(secret.reveal());
            }
            Value::List(items) => {
                self.enter()?;
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.value(item)?;
                }
                self.text.push(']');
                self.depth -= 1;
            }
            // As Go writes a slice of bytes.
            Value::Bytes(bytes) => {
                let text = super::base64::encode(bytes, super::base64::Alphabet::Standard);
                self.string(&text);
            }
            Value::Object(fields) => {
                self.enter()?;
                let mut sorted: Vec<(&Str, &Value)> = fields.iter().collect();
                sorted.sort_unstable_by_key(|&(key, _)| key);
                self.text.push('{');
                for (at, (key, value)) in sorted.into_iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.string(key);
                    self.text.push(':');
                    self.value(value)?;
                }
                self.text.push('}');
                self.depth -= 1;
            }
            Value::Function(_) | Value::Capsule(_) => {
                return Err(format!("JSON has no form for a {}", value.type_name()));
            }
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > limits::MAX_VALUE_DEPTH {
            return Err(format!(
                "the value is nested more than {} deep",
                limits::MAX_VALUE_DEPTH
            ));
        }
        Ok(())
    }

    fn display(&mut self, number: impl fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{number}");
    }

    /// As JavaScript prints numbers: an exponent below 1e-6 and from 1e21.
    fn float(&mut self, number: f64) -> Result<(), String> {
        if !number.is_finite() {
            return Err(format!(
                "JSON has no form for the number {}",
                shortest(number, 'g')
            ));
        }
        let size = number.abs();
        if size != 0.0 && !(1e-6..1e21).contains(&size) {
            let text = shortest(number, 'e');
            self.text.push_str(&text.replacen("e-0", "e-", 1));
        } else {
            self.text.push_str(&shortest(number, 'f'));
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '<' | '>' | '&' | '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(character));
                }
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value) -> Result<String, String> {
        let mut writer = Writer::new(1 << 20);
        writer.value(value)?;
        Ok(writer.text)
    }

    #[test]
    fn floats_are_written_as_javascript_does() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (1e-6, "0.000001"),
            (2.5e-20, "2.5e-20"),
        ] {
            assert_eq!(written(&Value::Float(number)).as_deref(), Ok(text));
        }
        assert!(written(&Value::Float(f64::NAN)).is_err());
    }

    #[test]
    fn numbers_are_read_to_the_last_bit() {
        assert_eq!(parse("0.1"), Ok(Value::Float(0.1)));
        assert_eq!(
            parse("123456789.12345679"),
            Ok(Value::Float(123_456_789.123_456_79))
        );
        assert_eq!(
            parse("9007199254740993"),
            Ok(Value::Float(9_007_199_254_740_992.0))
        );
        assert_eq!(
            parse_with("18446744073709551615", Numbers::Kinds),
            Ok(Value::Uint(u64::MAX))
        );
        assert!(parse("1e999").is_err());
    }

    #[test]
    fn halves_of_surrogate_pairs_become_replacement_characters() {
        for (text, expected) in [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""a\ud800\u0041\udc00""#, "a\u{fffd}A\u{fffd}"),
            (r#""\ud83d\ude00\ud83d""#, "😀\u{fffd}"),
            (r#""\\ud800 \udc00é""#, "\\ud800 \u{fffd}é"),
        ] {
            assert_eq!(parse(text), Ok(Value::string(expected)), "{text}");
        }
        assert!(parse(r#""\ud800"#).is_err());
        assert!(parse(r#""\ud8é""#).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn text_is_escaped_for_html_too() {
        assert_eq!(
            written(&Value::string("<a href=\"x\">&\u{1}\u{2028}é</a>")).as_deref(),
            Ok("\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u0001\\u2028é\\u003c/a\\u003e\"")
        );
    }
}
