//! Names, fields and brackets, with a guess at what was meant where something is not there.

use super::{EvalError, Evaluator, Scope};
use crate::codes::eval as codes;
use crate::ir::{Expr, ExprKind};
use crate::stdlib;
use crate::suggest::nearest;
use crate::value::Value;
use river_syntax::{Diagnostic, Edit, Fix, Span};

/// Field names that a message lists before it says how many more there are.
const LISTED_FIELDS: usize = 12;

impl Evaluator<'_> {
    /// `value.name`.
    #[inline(never)]
    pub(super) fn field(
        &self,
        value: Value,
        name: &str,
        base: &Expr,
        span: Span,
    ) -> Result<Value, EvalError> {
        match &value {
            Value::Object(object) => match object.get(name) {
                Some(field) => Ok(field.clone()),
                None => Err(EvalError::new(unknown_field(
                    name,
                    span,
                    base,
                    object.keys().map(AsRef::as_ref),
                ))),
            },
            other => Err(EvalError::new(no_fields(other, name, base.span))),
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
                        format!("an object is indexed with a string, got {}", other.type_name()),
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
                    format!("a list is indexed with a number, got {}", other.type_name()),
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

/// The type of a value as a message tells it, secrets by their own name.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Secret(_) | Value::OptionalSecret(_) => "secret",
        other => other.type_name(),
    }
}

/// The type of a value with its article, as a message tells it.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Secret(_) | Value::OptionalSecret(_) => "a secret".to_owned(),
        Value::Capsule(capsule) => format!("a capsule({:?})", capsule.type_name()),
        Value::List(_) | Value::Bytes(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => format!("a {}", other.type_name()),
    }
}

fn no_fields(value: &Value, name: &str, base: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &codes::NO_FIELDS,
        base,
        format!("cannot access field {name:?} on {}", describe(value)),
    );
    match value {
        Value::List(_) => {
            diagnostic.with_help("take an item of the list first, such as the first one with [0]")
        }
        Value::Null => diagnostic.with_help("give a default with coalesce(value, {})"),
        _ => diagnostic,
    }
}

fn unknown_field<'a>(
    name: &str,
    span: Span,
    base: &Expr,
    fields: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        &codes::UNKNOWN_FIELD,
        span,
        format!("field {name:?} does not exist"),
    );
    if let Some(near) = meant(name, fields.clone()) {
        let diagnostic = with_replacement(diagnostic, span, near);
        return match &base.kind {
            ExprKind::Ident(base) => diagnostic.with_help(format!("did you mean {base}.{near}?")),
            _ => diagnostic,
        };
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
    if let Some(near) = meant(name, candidates) {
        return with_replacement(diagnostic, span, near);
    }
    diagnostic.with_help(format!("if text is meant, write it in double quotes: {name:?}"))
}

/// The known name that was probably meant: one that differs by a typing mistake, or one with a word that does
/// (`to_upper` for `uper`).
fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    // A single letter is near every other one.
    if name.chars().count() < 2 {
        return None;
    }
    nearest(name, known.clone()).or_else(|| {
        known.into_iter().find(|known| {
            known.contains('_')
                && known
                    .split('_')
                    .any(|word| word == name || nearest(name, [word]).is_some())
        })
    })
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
