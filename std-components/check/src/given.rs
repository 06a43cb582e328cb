//! What was written in a body, as rules ask for it.

use river_eval::check::Checked;
use river_eval::schema::Type;
use river_eval::{ByteSize, FromValue, SignedDuration, Value};
use river_syntax::Span;

/// Whether something is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Given {
    /// Not written, or written empty.
    No,
    /// Written, but its value is known only at run time.
    Perhaps,
    /// Written, with a value or as a block.
    Yes,
}

/// Whether an attribute or a block is given.
pub(crate) fn given(block: &Checked<'_>, name: &str) -> Given {
    if block.blocks_named(name).next().is_some() {
        return Given::Yes;
    }
    match block.attribute(name) {
        None => Given::No,
        Some(attribute) => match &attribute.inferred.value {
            None => Given::Perhaps,
            Some(value) if is_empty(value) => Given::No,
            Some(_) => Given::Yes,
        },
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Secret(text) => text.reveal().is_empty(),
        Value::OptionalSecret(text) => text.reveal().is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The place of an attribute's name or of a block's; the head of the body where there is neither.
pub(crate) fn place(block: &Checked<'_>, name: &str) -> Span {
    match block.attribute(name) {
        Some(attribute) => attribute.attribute.name_span,
        None => block
            .blocks_named(name)
            .next()
            .map_or(block.head, |inner| inner.head),
    }
}

/// The known or default text of an attribute.
pub(crate) fn text<'a>(block: &'a Checked<'_>, name: &str) -> Option<&'a str> {
    match block.value(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The known or default truth of an attribute.
pub(crate) fn flag(block: &Checked<'_>, name: &str) -> Option<bool> {
    match block.value(name)? {
        Value::Bool(flag) => Some(*flag),
        _ => None,
    }
}

/// The known or default number of an attribute.
pub(crate) fn number(block: &Checked<'_>, name: &str) -> Option<f64> {
    match block.value(name)? {
        value @ (Value::Int(_) | Value::Uint(_) | Value::Float(_)) => f64::from_value(value).ok(),
        _ => None,
    }
}

/// The known or default duration of an attribute, in nanoseconds.
pub(crate) fn nanoseconds(block: &Checked<'_>, name: &str) -> Option<i64> {
    match block.value(name)? {
        value @ Value::String(_) => SignedDuration::from_value(value).ok().map(|duration| duration.0),
        _ => None,
    }
}

/// The known or default size of an attribute, in bytes.
pub(crate) fn bytes(block: &Checked<'_>, name: &str) -> Option<u64> {
    match block.value(name)? {
        value @ (Value::String(_) | Value::Int(_) | Value::Uint(_)) => {
            ByteSize::from_value(value).ok().map(|size| size.0)
        }
        _ => None,
    }
}

/// Nanoseconds as people write them.
pub(crate) fn shown(nanoseconds: i64) -> String {
    SignedDuration(nanoseconds).to_string()
}

/// Whether a body is one of the component, or of the components whose names begin so where it ends with a dot, and the block has this
/// name; an empty text stands for any.
pub(crate) fn is_at(block: &Checked<'_>, component: &str, name: &str) -> bool {
    // The block first: it tells most of them apart.
    let block_fits = match name {
        "" => true,
        // The component's own body.
        "." => !block.is_nested(),
        name => block.is_nested() && block.name() == name,
    };
    if !block_fits || component.is_empty() {
        return block_fits;
    }
    let known = block.component();
    known == component || (component.ends_with('.') && known.starts_with(component))
}

/// Whether values of a type may hold texts that rules look at: not numbers, switches and references.
pub(crate) fn holds_text(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Number(_) | Type::Duration | Type::Function => false,
        Type::Text { words, .. } => words.is_empty(),
        Type::List(of) | Type::Map(of) => holds_text(of),
        // A target is a map of texts.
        Type::Capsule(name) => *name == "discovery.Target",
        Type::String | Type::Secret | Type::OptionalSecret | Type::Any | Type::Object(_) => true,
    }
}
