//! Whether what is known of a value fits what an attribute takes. The conversions are those of the decoder.

use super::types::{Inferred, Ty};
use crate::convert::{ByteSize, ConvertError, FromValue, SignedDuration};
use crate::schema::Type;
use crate::value::{Secret, Str, Value};

/// Why a value does not fit.
pub(super) enum Misfit {
    /// It is of another type or form.
    Wrong(ConvertError),
    /// A secret would become text.
    SecretToText,
    /// A capsule of another type: what was given, what is wanted.
    Capsule(&'static str, &'static str),
}

/// What the catalog calls its byte sizes.
const BYTE_SIZE: &str = "byte size";

/// Tells why a value cannot be used where `wanted` is; `None` where it can, or where nobody can know before it runs.
pub(super) fn misfit(found: &Inferred, wanted: &Type) -> Option<Misfit> {
    if let Some(value) = &found.value
        && let Some(checked) = known(value, wanted)
    {
        return checked.err().map(Misfit::Wrong);
    }
    types(&found.ty, wanted)
}

/// Decodes a known value, where the wanted type is simple enough to have one Rust type.
fn known(value: &Value, wanted: &Type) -> Option<Result<(), ConvertError>> {
    fn as_<T: FromValue>(value: &Value) -> Option<Result<(), ConvertError>> {
        Some(T::from_value(value).map(drop))
    }
    match wanted {
        Type::Number(kind) => match *kind {
            "int8" => as_::<i8>(value),
            "int16" => as_::<i16>(value),
            "int32" => as_::<i32>(value),
            "int64" => as_::<i64>(value),
            "int" => as_::<isize>(value),
            "uint8" => as_::<u8>(value),
            "uint16" => as_::<u16>(value),
            "uint32" => as_::<u32>(value),
            "uint64" => as_::<u64>(value),
            "uint" => as_::<usize>(value),
            _ => as_::<f64>(value),
        },
        Type::Bool => as_::<bool>(value),
        Type::Duration => as_::<SignedDuration>(value),
        Type::Text { name, .. } if name.starts_with(BYTE_SIZE) => as_::<ByteSize>(value),
        Type::Text { name, words } => Some(match Str::from_value(value) {
            Ok(text) if words.is_empty() || text.is_empty() || words.contains(&&*text) => Ok(()),
            Ok(text) => Err(ConvertError::unknown_word(name, &text, words)),
            Err(error) => Err(error),
        }),
        Type::String => match value {
            Value::Secret(_) | Value::OptionalSecret(_) => None,
            value => as_::<Str>(value),
        },
        Type::Secret | Type::OptionalSecret => match value {
            Value::OptionalSecret(_) => None,
            value => as_::<Secret>(value),
        },
        _ => None,
    }
}

fn types(found: &Ty, wanted: &Type) -> Option<Misfit> {
    let wrong = |what: &str| {
        Some(Misfit::Wrong(ConvertError::new(format!(
            "expected {what}, got {}",
            described(found)
        ))))
    };
    match (wanted, found) {
        (Type::Any, _) | (_, Ty::Unknown | Ty::Null) => None,
        (Type::String | Type::Duration | Type::Text { .. }, Ty::String | Ty::OptionalSecret | Ty::Number) => {
            None
        }
        // What a function decoded is a list of bytes.
        (Type::String | Type::Secret | Type::OptionalSecret, Ty::List(item)) if **item == Ty::Number => None,
        (Type::String | Type::Duration | Type::Text { .. }, Ty::Secret) => Some(Misfit::SecretToText),
        (Type::String | Type::Text { .. }, _) => wrong("string"),
        (Type::Duration, _) => wrong("a duration such as \"15s\""),
        (Type::Bool, Ty::Bool) => None,
        (Type::Bool, _) => wrong("bool"),
        (Type::Number(_), Ty::Number | Ty::String | Ty::OptionalSecret) => None,
        (Type::Number(_), _) => wrong("number"),
        (Type::Secret | Type::OptionalSecret, Ty::Secret | Ty::OptionalSecret | Ty::String | Ty::Number) => {
            None
        }
        (Type::Secret | Type::OptionalSecret, _) => wrong("secret or string"),
        (Type::Function, Ty::Function(_)) => None,
        (Type::Function, _) => wrong("function"),
        (Type::List(wanted), Ty::List(found)) => types(found, wanted),
        (Type::List(_), _) => {
            let error = ConvertError::new(format!("expected array, got {}", described(found)));
            Some(Misfit::Wrong(error.with_help("put the value in brackets: [ … ]")))
        }
        (Type::Map(wanted), Ty::Map(found)) => types(found, wanted),
        (Type::Map(wanted), Ty::Object(fields)) => fields.iter().find_map(|(_, found)| types(found, wanted)),
        // A target is a map of texts, and a map of texts is a target.
        (Type::Map(wanted), Ty::Capsule(TARGET)) => types(&Ty::String, wanted),
        (Type::Capsule(TARGET), Ty::Object(fields)) => {
            fields.iter().find_map(|(_, found)| types(found, &Type::String))
        }
        (Type::Capsule(TARGET), Ty::Map(found)) => types(found, &Type::String),
        (Type::Object(_), Ty::Object(_) | Ty::Map(_) | Ty::Capsule(TARGET)) => None,
        (Type::Map(_) | Type::Object(_), _) => wrong("object"),
        (Type::Capsule(OPTIONAL_SECRET), Ty::String | Ty::Secret | Ty::OptionalSecret) => None,
        (Type::Capsule(wanted), Ty::Capsule(found)) if same_capsule(found, wanted) => None,
        (Type::Capsule(wanted), Ty::Capsule(found)) => Some(Misfit::Capsule(found, wanted)),
        (Type::Capsule(wanted), _) => wrong(&format!("a {wanted}")),
    }
}

/// A target of discovery, which converts from and to a map of texts.
pub(super) const TARGET: &str = "discovery.Target";
/// The catalog's name for an optional secret where it stands among capsules.
const OPTIONAL_SECRET: &str = "alloytypes.OptionalSecret";

fn same_capsule(found: &str, wanted: &str) -> bool {
    found == wanted
}

fn described(found: &Ty) -> String {
    match found {
        Ty::Capsule(name) => format!("a {name}"),
        Ty::Function(name) => format!("the function {name} (call it with parentheses)"),
        other => other.name().to_owned(),
    }
}
