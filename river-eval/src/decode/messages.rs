//! What is said of mistakes in a block, by the decoder and by the checker alike.

use crate::codes::decode as codes;
use crate::codes::graph::BELOW_STABILITY;
use crate::convert::ConvertError;
use crate::eval::Stability;
use crate::suggest;
use river_syntax::{Diagnostic, Edit, Fix, Span};

/// What is written needs another `--stability.level`.
pub(crate) fn experimental(what: &str, name: &str, place: Span, allowed: Stability) -> Diagnostic {
    Diagnostic::error(
        &BELOW_STABILITY,
        place,
        format!(
            "{what} \"{name}\" is an experimental feature, and must be enabled by setting the stability.level flag to experimental; \
             it is {allowed}"
        ),
    )
    .with_help("--stability.level=experimental allows it")
}

pub(crate) fn duplicate_attribute(name: &str, place: Span, first: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::DUPLICATE_ATTRIBUTE,
        place,
        format!("attribute \"{name}\" may only be provided once"),
    )
    .with_secondary(first, "first set here")
    .with_help("keep one of the two")
}

pub(crate) fn duplicate_block(name: &str, place: Span, first: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::DUPLICATE_BLOCK,
        place,
        format!("block \"{name}\" may only be provided once"),
    )
    .with_secondary(first, "first given here")
    .with_help("join the two, or keep one of them")
}

pub(crate) fn block_for_attribute(name: &str, place: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::BLOCK_FOR_ATTRIBUTE,
        place,
        format!("\"{name}\" must be an attribute, not a block"),
    )
    .with_help(format!("write `{name} = …`"))
}

pub(crate) fn attribute_for_block(name: &str, place: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::ATTRIBUTE_FOR_BLOCK,
        place,
        format!("\"{name}\" must be a block, not an attribute"),
    )
    .with_help(format!("write `{name} {{ … }}`, without `=`"))
}

pub(crate) fn missing_attribute(name: &str, place: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::MISSING_ATTRIBUTE,
        place,
        format!("missing required attribute \"{name}\""),
    )
    .with_help(format!("add `{name} = …` to this block"))
}

pub(crate) fn missing_block(name: &str, place: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::MISSING_BLOCK,
        place,
        format!("missing required block \"{name}\""),
    )
    .with_help(format!("add `{name} {{ … }}` to this block"))
}

pub(crate) fn missing_label(place: Span) -> Diagnostic {
    Diagnostic::error(&codes::MISSING_LABEL, place, "this block must have a label")
        .with_help("write a name in quotes before the brace")
}

pub(crate) fn unexpected_label(place: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::UNEXPECTED_LABEL,
        place,
        "this block does not take a label",
    )
    .with_help("take the quoted text before the brace away")
}

/// A value that does not fit the attribute of this name.
pub(crate) fn wrong_type(name: &str, place: Span, error: ConvertError) -> Diagnostic {
    let mut path = name.to_owned();
    for step in &error.path {
        path.push_str(&step.to_string());
    }
    let mut mistake = Diagnostic::error(&codes::WRONG_TYPE, place, format!("{path}: {}", error.message));
    mistake.help = error.help;
    mistake
}

pub(crate) fn unknown_attribute(name: &str, place: Span, known: &[&str]) -> Diagnostic {
    unknown(
        &codes::UNKNOWN_ATTRIBUTE,
        format!("unrecognized attribute name \"{name}\""),
        (name, place),
        known,
    )
}

pub(crate) fn unknown_block(name: &str, place: Span, known: &[&str]) -> Diagnostic {
    unknown(
        &codes::UNKNOWN_BLOCK,
        format!("unrecognized block name \"{name}\""),
        (name, place),
        known,
    )
}

/// Known names that a help line lists at the most.
const LISTED_NAMES: usize = 20;

fn unknown(
    code: &'static river_syntax::Code,
    message: String,
    (written, span): (&str, Span),
    known: &[&str],
) -> Diagnostic {
    let mistake = Diagnostic::error(code, span, message);
    match suggest::nearest(written, known.iter().copied()) {
        Some(name) => mistake
            .with_help(format!("did you mean `{name}`?"))
            .with_fix(Fix {
                title: format!("change to `{name}`"),
                edits: vec![Edit {
                    span,
                    replacement: name.to_owned(),
                }],
                safe: false,
            }),
        None if known.is_empty() => mistake.with_help("nothing of the kind may stand here"),
        None => {
            let mut names: Vec<&str> = known.to_vec();
            names.sort_unstable();
            names.dedup();
            let more = names.len().saturating_sub(LISTED_NAMES);
            names.truncate(LISTED_NAMES);
            let mut list = names.join(", ");
            if more > 0 {
                list.push_str(&format!(" and {more} more"));
            }
            mistake.with_help(format!("this block takes: {list}"))
        }
    }
}
