//! Arguments for tests, from the text that a user would write.

use river_eval::{Arguments, Object};
use river_syntax::{Diagnostic, FileId, parse_file};

/// Decodes a block's body.
pub(crate) fn decode<A: Arguments>(body: &str) -> Result<A, Vec<Diagnostic>> {
    let parse = parse_file(FileId(0), body);
    if !parse.errors.is_empty() {
        return Err(parse.errors);
    }
    let (body, mistakes) = river_eval::lower::file(&parse);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    A::decode(&river_eval::evaluate_body(&body, &Object::new())?)
}

/// Decodes a body that has to be right.
pub(crate) fn arguments<A: Arguments>(body: &str) -> A {
    decode(body).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// What is wrong with a body, a line each.
pub(crate) fn mistakes<A: Arguments>(body: &str) -> String {
    let mistakes = decode::<A>(body).err().unwrap_or_default();
    let line = |mistake: &Diagnostic| match &mistake.help {
        Some(help) => format!("{} ({help})", mistake.message),
        None => mistake.message.clone(),
    };
    mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
}
