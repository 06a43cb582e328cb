//! The values of the language.

use indexmap::IndexMap;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Shared text.
pub type Str = Arc<str>;

/// An object: keys in the order in which they were written.
pub type Object = IndexMap<Str, Value>;

/// A value. Cloning one is cheap: whatever is large is shared.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A signed whole number.
    Int(i64),
    /// A whole number above the signed range, or one that a component gave as unsigned.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    String(Str),
    /// A list (the reference calls it array).
    List(Arc<[Value]>),
    /// Bytes that a function decoded. To the language a list of numbers, but it converts to text where text is wanted.
    Bytes(Arc<[u8]>),
    /// An object (or map: the language has one syntax for both).
    Object(Arc<Object>),
    /// A function of the standard library.
    Function(Function),
    /// Something that only components understand, such as a receiver of log entries.
    Capsule(Capsule),
    /// Text that must not be shown.
    Secret(Secret),
    /// Text that may have to be hidden: what `convert.nonsensitive` need not open when it is plain.
    OptionalSecret(OptionalSecret),
}

/// Text that prints as `(secret)`.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Secret(Str);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<Str>) -> Self {
        Self(text.into())
    }

    /// The hidden text, for the one place that sends it to its peer.
    pub fn reveal(&self) -> &Str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Text that is hidden when `is_secret` holds.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct OptionalSecret {
    text: Str,
    is_secret: bool,
}

impl OptionalSecret {
    /// Text that anybody may see.
    pub fn plain(text: impl Into<Str>) -> Self {
        Self {
            text: text.into(),
            is_secret: false,
        }
    }

    /// Text to hide.
    pub fn secret(text: impl Into<Str>) -> Self {
        Self {
            text: text.into(),
            is_secret: true,
        }
    }

    /// Whether the text is hidden.
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// The text, hidden or not, for the one place that uses it.
    pub fn reveal(&self) -> &Str {
        &self.text
    }
}

impl fmt::Debug for OptionalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_secret {
            f.write_str("(secret)")
        } else {
            fmt::Debug::fmt(&self.text, f)
        }
    }
}

/// A type of capsule: something Rust that flows through configurations by reference.
pub trait CapsuleType: Any + Send + Sync {
    /// The reference's name of the type, as in the component catalog: `loki.LogsReceiver`.
    const TYPE_NAME: &'static str;
}

/// A shared pointer to something that only components understand.
#[derive(Clone)]
pub struct Capsule {
    type_name: &'static str,
    display: Str,
    inner: Arc<dyn Any + Send + Sync>,
}

impl Capsule {
    /// Wraps a value; `display` is what the UI prints, such as `loki.write.out.receiver`.
    pub fn new<T: CapsuleType>(display: impl Into<Str>, inner: Arc<T>) -> Self {
        Self {
            type_name: T::TYPE_NAME,
            display: display.into(),
            inner,
        }
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// What the UI prints.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The wrapped value, if it is of this type.
    pub fn downcast<T: CapsuleType>(&self) -> Option<Arc<T>> {
        self.inner.clone().downcast().ok()
    }
}

impl PartialEq for Capsule {
    /// Two capsules are equal when they point at the same thing.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for Capsule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "capsule({:?})", self.type_name)
    }
}

/// What a function of the standard library is.
pub type NativeFunction = fn(&mut crate::eval::Call<'_>) -> Result<Value, crate::eval::EvalError>;

/// A function of the standard library.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its full name, `string.format`.
    pub name: &'static str,
    /// What runs.
    pub run: NativeFunction,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function({})", self.name)
    }
}

impl PartialEq for Value {
    /// Identity for change detection: kinds of numbers differ (`1` is not `1.0`), NaN equals NaN of the same bits.
    /// The language's `==` is another relation and lives in the evaluator.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Uint(a), Value::Uint(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::Function(a), Value::Function(b)) => a == b,
            (Value::Capsule(a), Value::Capsule(b)) => a == b,
            (Value::Secret(a), Value::Secret(b)) => a == b,
            (Value::OptionalSecret(a), Value::OptionalSecret(b)) => a == b,
            _ => false,
        }
    }
}

impl Value {
    /// Text.
    pub fn string(text: impl Into<Str>) -> Self {
        Value::String(text.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Value::List(items.into_iter().collect())
    }

    /// An object.
    pub fn object<K: Into<Str>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Object(Arc::new(
            fields
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        ))
    }

    /// The language's name of the value's type, as its messages print it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
            Value::String(_) => "string",
            Value::List(_) | Value::Bytes(_) => "array",
            Value::Object(_) => "object",
            Value::Function(_) => "function",
            Value::Capsule(_) | Value::Secret(_) | Value::OptionalSecret(_) => "capsule",
        }
    }

    /// The items, for whatever the language takes for a list.
    pub fn items(&self) -> Option<Arc<[Value]>> {
        match self {
            Value::List(items) => Some(items.clone()),
            Value::Bytes(bytes) => Some(bytes.iter().map(|&byte| Value::Int(byte.into())).collect()),
            _ => None,
        }
    }

    /// Whether the value is text or converts to text without giving away a secret; numbers are not meant.
    pub fn as_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Value::String(text) => Some(std::borrow::Cow::Borrowed(text)),
            Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
            Value::OptionalSecret(secret) if !secret.is_secret() => {
                Some(std::borrow::Cow::Borrowed(secret.reveal()))
            }
            _ => None,
        }
    }
}
