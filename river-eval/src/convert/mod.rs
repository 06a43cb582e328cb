//! Between values and Rust types.

mod collections;
mod scalars;
mod texts;

pub use texts::{ByteSize, SignedDuration};

use crate::schema::Type;
use crate::value::{Capsule, CapsuleType, Value};
use std::sync::Arc;

/// A value that does not fit a type. Never holds a secret's text.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertError {
    /// What is wrong: `expected number, got string`.
    pub message: String,
    /// The way from the value to the part that is wrong, outermost first.
    pub path: Vec<PathStep>,
    /// The way out, where there is one.
    pub help: Option<String>,
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq)]
pub enum PathStep {
    /// An item of a list.
    Item(usize),
    /// A field of an object.
    Field(String),
}

impl std::fmt::Display for PathStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Item(at) => write!(f, "[{at}]"),
            Self::Field(name) => write!(f, ".{name}"),
        }
    }
}

impl ConvertError {
    /// An error of the value itself.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            path: Vec::new(),
            help: None,
        }
    }

    /// The value is of another type.
    pub fn expected(what: &str, value: &Value) -> Self {
        Self::new(format!("expected {what}, got {}", value.type_name()))
    }

    /// The text is none of a closed set of words.
    pub fn unknown_word(kind: &str, written: &str, words: &[&str]) -> Self {
        let help = match crate::suggest::nearest(written, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of {}", words.join(", ")),
        };
        Self::new(format!("{written:?} is no {kind}")).with_help(help)
    }

    /// The way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error seen from one level further out.
    #[must_use]
    pub fn within(mut self, step: PathStep) -> Self {
        self.path.insert(0, step);
        self
    }
}

/// A Rust type that an attribute can be decoded into.
pub trait FromValue: Sized {
    /// Decodes a value, following the reference's conversions.
    fn from_value(value: &Value) -> Result<Self, ConvertError>;
    /// The catalog's name of the type.
    fn schema() -> Type;
}

/// A Rust type that can be exported.
pub trait IntoValue {
    /// The value of it.
    fn into_value(self) -> Value;
}

/// A capsule by its type: what an attribute such as `forward_to` holds.
#[derive(Debug)]
pub struct Shared<T: CapsuleType> {
    /// What the UI prints for it.
    pub display: crate::value::Str,
    /// The thing itself.
    pub inner: Arc<T>,
}

impl<T: CapsuleType> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self {
            display: self.display.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<T: CapsuleType> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl<T: CapsuleType> FromValue for Shared<T> {
    fn from_value(value: &Value) -> Result<Self, ConvertError> {
        match value {
            Value::Capsule(capsule) => match capsule.downcast::<T>() {
                Some(inner) => Ok(Self {
                    display: capsule.display().into(),
                    inner,
                }),
                None => Err(ConvertError::new(format!(
                    "expected a {}, got a {}",
                    T::TYPE_NAME,
                    capsule.type_name()
                ))),
            },
            other => Err(ConvertError::expected(&format!("a {}", T::TYPE_NAME), other)),
        }
    }

    fn schema() -> Type {
        Type::Capsule(T::TYPE_NAME)
    }
}

impl<T: CapsuleType> IntoValue for Shared<T> {
    fn into_value(self) -> Value {
        Value::Capsule(Capsule::new(self.display, self.inner))
    }
}
