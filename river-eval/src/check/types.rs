//! Inferred types, and what is known of a value from the text alone.

use crate::schema::Type;
use crate::value::{Str, Value};
use std::fmt;

/// What is known of the type of an expression.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Ty {
    /// Nothing is known: every use is allowed.
    #[default]
    Unknown,
    /// `null`.
    Null,
    /// A boolean.
    Bool,
    /// A number of any kind.
    Number,
    /// Text.
    String,
    /// A list; the type that all items have, or `Unknown`.
    List(Box<Ty>),
    /// An object whose fields are all known.
    Object(Vec<(Str, Ty)>),
    /// An object with any keys, all values of one type.
    Map(Box<Ty>),
    /// A function of the standard library, by its full name.
    Function(&'static str),
    /// Something that only components understand, by its name in the catalog.
    Capsule(&'static str),
    /// Text that must not be shown.
    Secret,
    /// Text that may have to be hidden.
    OptionalSecret,
}

impl Ty {
    /// The type of what the catalog describes.
    pub fn of_schema(ty: &Type) -> Self {
        match ty {
            Type::String | Type::Duration | Type::Text { .. } => Ty::String,
            Type::Bool => Ty::Bool,
            Type::Secret => Ty::Secret,
            Type::OptionalSecret => Ty::OptionalSecret,
            Type::Any => Ty::Unknown,
            Type::Function => Ty::Function("function"),
            Type::Number(_) => Ty::Number,
            Type::List(item) => Ty::List(Box::new(Ty::of_schema(item))),
            Type::Map(value) => Ty::Map(Box::new(Ty::of_schema(value))),
            Type::Object(body) => Ty::Object(
                body.attributes
                    .iter()
                    .map(|attribute| (attribute.name.into(), Ty::of_schema(&attribute.ty)))
                    .collect(),
            ),
            Type::Capsule(name) => Ty::Capsule(name),
        }
    }

    /// The type of a value.
    pub fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Ty::Null,
            Value::Bool(_) => Ty::Bool,
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => Ty::Number,
            Value::String(_) => Ty::String,
            Value::List(items) => Ty::List(Box::new(Ty::common(items.iter().map(Ty::of_value)))),
            Value::Bytes(_) => Ty::List(Box::new(Ty::Number)),
            Value::Object(fields) => Ty::Object(
                fields
                    .iter()
                    .map(|(key, value)| (key.clone(), Ty::of_value(value)))
                    .collect(),
            ),
            Value::Function(function) => Ty::Function(function.name),
            Value::Capsule(capsule) => Ty::Capsule(capsule.type_name()),
            Value::Secret(_) => Ty::Secret,
            Value::OptionalSecret(_) => Ty::OptionalSecret,
        }
    }

    /// The type that all of them have; `Unknown` where they differ or there are none.
    pub fn common(mut types: impl Iterator<Item = Ty>) -> Ty {
        match types.next() {
            Some(first) if types.all(|other| other == first) => first,
            _ => Ty::Unknown,
        }
    }

    /// The language's name of the type, as its messages print it: `array`, `capsule("loki.LogsReceiver")`.
    pub fn name(&self) -> &'static str {
        match self {
            Ty::Unknown => "any",
            Ty::Null => "null",
            Ty::Bool => "bool",
            Ty::Number => "number",
            Ty::String => "string",
            Ty::List(_) => "array",
            Ty::Object(_) | Ty::Map(_) => "object",
            Ty::Function(_) => "function",
            Ty::Capsule(_) => "capsule",
            Ty::Secret => "secret",
            Ty::OptionalSecret => "optional secret",
        }
    }
}

/// `list(capsule("loki.LogsReceiver"))`, for hovers and inlay hints.
impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::List(item) => write!(f, "list({item})"),
            Ty::Map(value) => write!(f, "map({value})"),
            Ty::Object(fields) => {
                f.write_str("object({")?;
                for (at, (name, ty)) in fields.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {ty}")?;
                }
                f.write_str("})")
            }
            Ty::Capsule(name) => write!(f, "capsule({name:?})"),
            other => f.write_str(other.name()),
        }
    }
}

/// What is known of an expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inferred {
    /// Its type.
    pub ty: Ty,
    /// Its value, where the text alone gives it.
    pub value: Option<Value>,
}

impl Inferred {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The type only.
    pub fn of(ty: Ty) -> Self {
        Self { ty, value: None }
    }

    /// A value that the text gives.
    pub fn known(value: Value) -> Self {
        Self {
            ty: Ty::of_value(&value),
            value: Some(value),
        }
    }
}
