//! `sys`: the world around the process, through the context.

use crate::eval::{Call, EvalError};
use crate::value::Value;

/// `sys.env(name)`.
pub(super) fn env(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.expect_arguments(1)?;
    let name = call.text(0)?;
    call.give_text(call.context().variable(&name))
}
