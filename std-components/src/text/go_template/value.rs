//! The values of templates.

use super::map::Map;
use super::version::Version;
use crate::text::go_time::Layout;
use bytestring::ByteString;
use std::fmt::Write;
use std::sync::Arc;

/// How Go prints a time.
const TIME: &str = "2006-01-02 15:04:05.999999999 -0700 MST";

/// A value while a template runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: a name that is not there, or `nil`.
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A fraction.
    Float(f64),
    /// A text; a clone is a reference count.
    Text(ByteString),
    /// A list.
    List(Vec<Value>),
    /// Values by name.
    Map(Map),
    /// A time.
    Time(Box<jiff::Zoned>),
    /// A version, of `semver`.
    Version(Arc<Version>),
    /// All the data that the template was run with.
    Data,
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned().into())
    }

    pub(super) fn of(text: String) -> Self {
        Self::Text(text.into())
    }

    /// Whether `if` takes it for true: not zero and not empty.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(items) => items.len() > 0,
            Self::Data | Self::Time(_) | Self::Version(_) => true,
        }
    }

    /// The name of its Go type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "[]interface {}",
            Self::Map(_) | Self::Data => "map[string]interface {}",
            Self::Time(_) => "time.Time",
            Self::Version(_) => "*semver.Version",
        }
    }

    /// Appends it as `{{ . }}` prints it.
    pub(super) fn print(&self, out: &mut String) {
        match self {
            Self::Nil => out.push_str("<no value>"),
            _ => self.print_inner(out),
        }
    }

    /// Appends it as Go's `%v` prints it.
    pub(super) fn print_inner(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Nil => out.write_str("<nil>"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(value) => write!(out, "{value}"),
            Self::Float(value) => {
                push_float(out, *value);
                Ok(())
            }
            Self::Text(text) => out.write_str(text),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    item.print_inner(out);
                }
                out.write_char(']')
            }
            Self::Map(items) => {
                out.push_str("map[");
                for (at, (name, item)) in items.items().iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    let _ = write!(out, "{name}:");
                    item.print_inner(out);
                }
                out.write_char(']')
            }
            Self::Time(time) => out.write_str(&Layout::new(TIME).format(time)),
            Self::Version(version) => write!(out, "{version}"),
            Self::Data => Ok(()),
        };
    }

    /// The text of it, as sprig's `toString`.
    pub(super) fn to_text(&self) -> ByteString {
        match self {
            Self::Text(text) => text.clone(),
            other => {
                let mut out = String::new();
                other.print_inner(&mut out);
                out.into()
            }
        }
    }

    pub(super) fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Self::text(text),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(items) => Self::Map(
                items
                    .iter()
                    .map(|(name, item)| (name.clone(), Self::from_json(item)))
                    .collect(),
            ),
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Nil | Self::Data => Json::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            // As Go writes them: whole ones without a fraction.
            Self::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => (*value as i64).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(text) => (&**text).into(),
            Self::Time(time) => Layout::new("2006-01-02T15:04:05.999999999Z07:00")
                .format(time)
                .into(),
            Self::Version(version) => version.to_string().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(items) => items
                .items()
                .iter()
                .map(|(name, item)| (name.clone(), item.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

/// A fraction as `%v` prints it: an exponent below 1e-4 and from 1e+21 on.
fn push_float(out: &mut String, value: f64) {
    let size = value.abs();
    if value.is_finite() && (size == 0.0 || (1e-4..1e21).contains(&size)) {
        let _ = write!(out, "{value}");
    } else {
        crate::text::go_float::push_float(out, value);
    }
}
