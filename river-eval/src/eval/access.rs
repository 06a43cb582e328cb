//! Names, fields and brackets, with a guess at what was meant where something is not there.

use super::{EvalError, Evaluator, Scope};
use crate::codes::eval as codes;
use crate::stdlib;
use crate::suggest::nearest;
use crate::value::Value;
use river_syntax::{Diagnostic, Edit, Fix, Span};

/// Field names that a message lists before it says how many more there are.
const LISTED_FIELDS: usize = 12;

impl Evaluator<'_> {
    /// `value.name`.
    #[inline(never)]
    pub(super) fn field(&self, value: Value, name: &str, base: Span, span: Span) -> Result<Value, EvalError> {
        match &value {
            Value::Object(object) => match object.get(name) {
                Some(field) => Ok(field.clone()),
                None => Err(EvalError::new(unknown_field(
                    name,
                    span,
                    object.keys().map(AsRef::as_ref),
                ))),
            },
            other => Err(EvalError::new(no_fields(other, name, base))),
        }
    }

    /// `value[index]`.
    #[inline(never)]
    pub(super) fn index(
        &self,
        value: Value,
        index: &Value,
        base: Span,
        span: Span,
    ) -> Result<Value, EvalError> {
        match &value {
            Value::List(items) => match list_index(index, items.len(), span)? {
                Some(at) => Ok(items.get(at).cloned().unwrap_or_default()),
                None => Err(out_of_range(index, items.len(), span)),
            },
            Value::Bytes(bytes) => match list_index(index, bytes.len(), span)? {
                Some(at) => Ok(bytes
                    .get(at)
                    .map(|&byte| Value::Int(byte.into()))
                    .unwrap_or_default()),
                None => Err(out_of_range(index, bytes.len(), span)),
            },
            Value::Object(object) => match index {
                Value::String(name) => Ok(object.get(name).cloned().unwrap_or_default()),
                other => Err(EvalError::new(
                    Diagnostic::error(
                        &codes::WRONG_INDEX,
                        span,
                        format!("should be string, got {}", other.type_name()),
                    )
                    .with_label("an object's fields have names")
                    .with_secondary(base, "an object"),
                )),
            },
            other => Err(EvalError::new(
                Diagnostic::error(
                    &codes::WRONG_INDEX,
                    base,
                    format!("expected object or array, got {}", describe(other)),
                )
                .with_label("has neither items nor fields"),
            )),
        }
    }
}

/// The index that a number means; `None` where there is no such item. Fractions are cut off, as in the reference.
fn list_index(index: &Value, len: usize, span: Span) -> Result<Option<usize>, EvalError> {
    let at = match index {
        Value::Int(number) => usize::try_from(*number).ok(),
        Value::Uint(number) => usize::try_from(*number).ok(),
        Value::Float(number) if *number > -1.0 && *number < len as f64 => {
            Some(number.trunc().max(0.0) as usize)
        }
        Value::Float(_) => None,
        other => {
            return Err(EvalError::new(
                Diagnostic::error(
                    &codes::WRONG_INDEX,
                    span,
                    format!("should be number, got {}", other.type_name()),
                )
                .with_label("a list's items have numbers, the first one is 0"),
            ));
        }
    };
    Ok(at.filter(|&at| at < len))
}

fn out_of_range(index: &Value, len: usize, span: Span) -> EvalError {
    let index = super::plain_text(index).unwrap_or_default();
    let diagnostic = Diagnostic::error(
        &codes::OUT_OF_RANGE,
        span,
        format!("index {index} is out of range of array with length {len}"),
    );
    EvalError::new(match len {
        0 => diagnostic.with_label("the list is empty"),
        len => diagnostic.with_label(format!("the last item is {}", len - 1)),
    })
}

pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Secret(_) | Value::OptionalSecret(_) => "a secret (capsule)".to_owned(),
        Value::Capsule(capsule) => format!("capsule({:?})", capsule.type_name()),
        other => other.type_name().to_owned(),
    }
}

fn no_fields(value: &Value, name: &str, base: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &codes::NO_FIELDS,
        base,
        format!(
            "cannot access field {name:?} on value of type {}",
            describe(value)
        ),
    );
    match value {
        Value::List(_) => {
            diagnostic.with_help("take an item of the list first, such as the first one with [0]")
        }
        Value::Null => diagnostic.with_help("give a default with coalesce(value, {})"),
        _ => diagnostic,
    }
}

fn unknown_field<'a>(name: &str, span: Span, fields: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_FIELD,
        span,
        format!("field {name:?} does not exist"),
    );
    if let Some(near) = nearest(name, fields.clone()) {
        return with_replacement(diagnostic, span, near);
    }
    let mut names: Vec<&str> = fields.clone().take(LISTED_FIELDS).collect();
    let more = fields.count() - names.len();
    names.sort_unstable();
    match (names.is_empty(), more) {
        (true, _) => diagnostic.with_help("the object is empty"),
        (false, 0) => diagnostic.with_help(format!("the object has {}", names.join(", "))),
        (false, more) => diagnostic.with_help(format!("the object has {} and {more} more", names.join(", "))),
    }
}

/// The finding for a name that nothing defines.
pub(super) fn unknown_name(name: &str, span: Span, scope: &dyn Scope) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_NAME,
        span,
        format!("identifier {name:?} does not exist"),
    );
    match name {
        "True" | "TRUE" => return with_replacement(diagnostic, span, "true"),
        "False" | "FALSE" => return with_replacement(diagnostic, span, "false"),
        "nil" | "None" | "NULL" | "Null" => return with_replacement(diagnostic, span, "null"),
        _ => {}
    }
    let known = scope.names();
    let mut candidates: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    stdlib::roots().for_each(|root| candidates.push(root));
    candidates.extend(["true", "false", "null"]);
    if let Some(near) = nearest(name, candidates) {
        return with_replacement(diagnostic, span, near);
    }
    diagnostic.with_help(format!("if text is meant, write it in double quotes: {name:?}"))
}

fn with_replacement(diagnostic: Diagnostic, span: Span, near: &str) -> Diagnostic {
    diagnostic
        .with_help(format!("did you mean {near}?"))
        .with_fix(Fix {
            title: format!("replace it by {near}"),
            edits: vec![Edit {
                span,
                replacement: near.to_owned(),
            }],
            safe: false,
        })
}
