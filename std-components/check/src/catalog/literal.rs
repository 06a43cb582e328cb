//! Defaults: JSON, read where it stands. All but a handful are plain scalars, which need no parser.

use river_eval::Value;
use river_eval::schema::Type;
use std::sync::Arc;

/// A default as a value of its type.
pub(super) fn value(text: &'static str, ty: &Type) -> Option<Value> {
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .filter(|inside| !inside.contains('\\'));
    if let Some(inside) = inside {
        return Some(Value::string(inside));
    }
    match text {
        "null" => return Some(Value::Null),
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "[]" => return Some(Value::list([])),
        "{}" => return Some(Value::object::<Arc<str>>([])),
        _ => {}
    }
    let json = serde_json::from_str(text).ok()?;
    Some(of_json(&json, ty))
}

fn of_json(json: &serde_json::Value, ty: &Type) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(bool) => Value::Bool(*bool),
        serde_json::Value::Number(number) => of_number(number, ty),
        serde_json::Value::String(text) => Value::string(text.as_str()),
        serde_json::Value::Array(items) => {
            let of = match ty {
                Type::List(of) => of,
                other => other,
            };
            Value::list(items.iter().map(|item| of_json(item, of)))
        }
        serde_json::Value::Object(fields) => Value::object(fields.iter().map(|(key, field)| {
            let of = match ty {
                Type::Map(of) => of,
                Type::Object(body) => body.attribute(key).map_or(&Type::Any, |attribute| &attribute.ty),
                other => other,
            };
            (key.as_str(), of_json(field, of))
        })),
    }
}

/// JSON does not tell `1` of a float from `1` of an int; the type does.
fn of_number(number: &serde_json::Number, ty: &Type) -> Value {
    let float = matches!(ty, Type::Number(kind) if kind.starts_with("float"));
    match (number.as_i64(), number.as_u64()) {
        (Some(int), _) if !float => Value::Int(int),
        (None, Some(uint)) if !float => Value::Uint(uint),
        _ => Value::Float(number.as_f64().unwrap_or_default()),
    }
}
