//! `string.format`: checks and warnings around [`printf`](super::printf).

use super::printf;
use crate::codes::eval as codes;
use crate::eval::{Call, EvalError, limits};
use crate::value::Value;
use river_syntax::Diagnostic;

/// `string.format(format, value...)`.
pub(super) fn format(call: &mut Call<'_>) -> Result<Value, EvalError> {
    if call.arguments.is_empty() {
        return Err(call.wrong_count("at least 1"));
    }
    let format = call.text(0)?;
    let values = &call.arguments[1..];
    let printed = printf::print(&format, values, limits::MAX_TEXT_BYTES).map_err(|trouble| {
        let span = match trouble.argument {
            Some(argument) => call.span_of(argument + 1),
            None => call.span_of(0),
        };
        EvalError::new(
            Diagnostic::error(&codes::BAD_FORMAT, span, format!("{}: {}", call.name, trouble.message))
                .with_help("verbs are %s for text, %d for whole numbers, %f for floating-point numbers, %t for bools, %v for anything"),
        )
    })?;
    for marker in printed.markers {
        let span = match marker.argument {
            Some(argument) => call.span_of(argument + 1),
            None => call.span_of(0),
        };
        call.warn(
            Diagnostic::warning(&codes::FORMAT_MARKER, span, marker.message)
                .with_help("use %v, which prints anything, or a verb for the value's type"),
        );
    }
    if let Some(argument) = printed.secret {
        call.warn(
            Diagnostic::warning(
                &codes::SECRET_SHOWN,
                call.span_of(argument + 1),
                "a secret is written as plain text",
            )
            .with_help("join with + to keep the result secret, or say that it may be seen with convert.nonsensitive(...)"),
        );
    }
    call.give_text(printed.text)
}
