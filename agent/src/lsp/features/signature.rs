//! The signature of the function whose arguments are being written.

use crate::lsp::context::{self, Inside, Place};
use crate::lsp::documents::Document;
use lsp_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, Position, SignatureHelp,
    SignatureInformation,
};
use river_eval::stdlib;

/// The signature of the innermost call around a place.
pub(crate) fn at(document: &Document, position: Position) -> Option<SignatureHelp> {
    let context = context::at(document.parse(), document.index.offset(position));
    let (Place::Value(_, inside) | Place::Text(_, inside)) = context.place else {
        return None;
    };
    let (name, argument) = inside.iter().rev().find_map(|inside| match inside {
        Inside::Call(name, argument) => Some((name, *argument)),
        _ => None,
    })?;
    let info = stdlib::function(name)?;
    let parameters = parameters(info.signature);
    // The last one may take any number of arguments.
    let last = parameters.len().saturating_sub(1);
    let repeats = parameters
        .last()
        .is_some_and(|parameter| parameter.ends_with("..."));
    let active = if repeats { argument.min(last) } else { argument };
    Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            label: info.signature.to_owned(),
            documentation: Some(Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: info.doc.to_owned(),
            })),
            parameters: Some(
                parameters
                    .into_iter()
                    .map(|parameter| ParameterInformation {
                        label: ParameterLabel::Simple(parameter.to_owned()),
                        documentation: None,
                    })
                    .collect(),
            ),
            active_parameter: None,
        }],
        active_signature: Some(0),
        active_parameter: Some(active as u32),
    })
}

/// `format` and `value...` of `string.format(format, value...)`.
fn parameters(signature: &str) -> Vec<&str> {
    let inner = signature
        .split_once('(')
        .map_or("", |(_, rest)| rest.trim_end_matches(')'));
    inner
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}
