//! Checks the use of a `declare` against its arguments.

use super::analyzer::Analyzer;
use super::resolve::value_of;
use super::scope::inner_blocks;
use crate::codes::decode as codes;
use crate::decode::messages;
use crate::ir::{Block, ExprKind, Statement};
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Span};
use std::collections::HashMap;

/// An argument of a `declare`.
struct Argument<'b> {
    name: &'b Str,
    optional: bool,
    place: Span,
}

impl Analyzer<'_, '_> {
    pub(super) fn check_custom(&mut self, scope: usize, block: &Block, declare: usize) {
        let Some(declare) = self.rooms.declares.get(declare).map(|declare| declare.block) else {
            return;
        };
        let arguments: Vec<Argument<'_>> = inner_blocks(declare)
            .into_iter()
            .filter(|inner| &*inner.name == "argument")
            .filter_map(|inner| {
                let (name, place) = inner.label.as_ref()?;
                Some(Argument {
                    name,
                    optional: is_optional(inner),
                    place: *place,
                })
            })
            .collect();
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for statement in &block.body.statements {
            match statement {
                Statement::Attribute(attribute) => {
                    self.infer(scope, &attribute.value);
                    let name = &*attribute.name;
                    if !arguments.iter().any(|argument| &**argument.name == name) {
                        let known: Vec<&str> =
                            arguments.iter().map(|argument| argument.name.as_ref()).collect();
                        self.tell(messages::unknown_attribute(name, attribute.name_span, &known));
                    } else if let Some(first) = seen.insert(name, attribute.name_span) {
                        self.tell(messages::duplicate_attribute(name, attribute.name_span, first));
                    }
                }
                Statement::Block(inner) => {
                    self.tell(
                        Diagnostic::error(
                            &codes::UNKNOWN_BLOCK,
                            inner.name_span,
                            format!("unrecognized block name \"{}\"", inner.name),
                        )
                        .with_help(
                            "a custom component takes attributes only: the arguments that it declares",
                        ),
                    );
                }
            }
        }
        for missing in &arguments {
            if !missing.optional && !seen.contains_key(&**missing.name) && !self.partial {
                self.tell(
                    messages::missing_attribute(missing.name, block.name_span)
                        .with_secondary(missing.place, "declared here without optional = true"),
                );
            }
        }
    }
}

fn is_optional(argument: &Block) -> bool {
    value_of(argument, "optional")
        .is_some_and(|optional| !matches!(optional.kind, ExprKind::Literal(Value::Bool(false) | Value::Null)))
}
