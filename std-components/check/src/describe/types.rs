//! Types and defaults as people read them.

use river_eval::schema::{AttributeSchema, Type};
use river_eval::{Value, show};

/// A type: `list(capsule("loki.LogsReceiver"))`, `number (uint64)`, `string (TLS version)`.
pub fn type_text(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Secret => "secret".to_owned(),
        Type::OptionalSecret => "secret or string".to_owned(),
        Type::Any => "any".to_owned(),
        Type::Function => "function".to_owned(),
        Type::Number(kind) => format!("number ({kind})"),
        Type::List(item) => format!("list({})", type_text(item)),
        Type::Map(value) => format!("map({})", type_text(value)),
        Type::Object(body) => {
            let fields: Vec<String> = body
                .attributes
                .iter()
                .map(|field| format!("{}: {}", field.name, type_text(&field.ty)))
                .collect();
            format!("object({{{}}})", fields.join(", "))
        }
        Type::Capsule(name) => format!("capsule({name:?})"),
        Type::Text { name, .. } => format!("string ({name})"),
    }
}

/// What an attribute is when it is left out, in the language's syntax on one line; `None` where nothing stands for it.
pub fn default_text(attribute: &AttributeSchema) -> Option<String> {
    match &attribute.default {
        None | Some(Value::Null) => None,
        // A list that is too long for a line is broken into several.
        Some(value) => Some(
            show::text(value)
                .lines()
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" "),
        ),
    }
}
