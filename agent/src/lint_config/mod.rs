//! What a project decides about findings: severities and options in `alloy-rs.toml`, exceptions in comments, both on top of what the checker says.
//!
//! [`apply()`] is pure, so that the editor shows what the command line tells. Reading the file is in [`find`].

pub(crate) mod apply;
pub(crate) mod codes;
pub(crate) mod comments;
pub(crate) mod file;
pub(crate) mod find;
pub(crate) use alloy_check::catalog::Target;
pub(crate) use apply::{Levels, apply};

use river_syntax::Code;

/// What becomes of a code's findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// They are not told.
    Off,
    /// They are warnings, whatever they were.
    Warn,
    /// They are errors, whatever they were.
    Error,
}

/// Whether what becomes of a code's findings may be decided. A text that cannot be parsed has no meaning that could be let pass.
pub(crate) fn may_change(code: &Code) -> bool {
    code.id >= "AR0100"
}

/// A code by its id as a person wrote it.
///
/// # Errors
/// What is wrong with it, in a sentence's end.
pub(crate) fn code(written: &str) -> Result<&'static Code, String> {
    match crate::codes::find(written) {
        Some(code) if may_change(code) => Ok(code),
        Some(code) => Err(format!(
            "{} is a syntax error ({}), which always counts",
            code.id, code.title
        )),
        None => Err(format!("there is no code {written}{}", proposal(written))),
    }
}

/// The code that may have been meant. One of the right length that does not exist is next to many that do, so nothing is guessed then.
fn proposal(written: &str) -> String {
    let upper = written.trim().to_ascii_uppercase();
    let ids = crate::codes::all().into_iter().map(|code| code.id);
    let right_form = upper.len() == 6 && upper.starts_with("AR");
    match river_eval::suggest::nearest(&upper, ids).filter(|_| !right_form) {
        Some(near) => format!("; did you mean {near}?"),
        None => "; `alloy-rs explain` lists all codes".to_owned(),
    }
}
