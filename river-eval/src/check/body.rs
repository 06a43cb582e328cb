//! Checks a body against what its schema allows: names, counts, types.

use super::analyzer::Analyzer;
use super::checked::{Checked, CheckedAttribute};
use super::fits::{self, Misfit};
use super::infer;
use super::types::Inferred;
use crate::codes::check as codes;
use crate::codes::eval as eval_codes;
use crate::convert::{ConvertError, PathStep};
use crate::decode::messages;
use crate::eval::Stability;
use crate::ir::{self, Expr, ExprKind, Statement};
use crate::schema::{BodySchema, Type};
use crate::value::Str;
use river_syntax::{Diagnostic, Span};
use std::collections::HashMap;

/// Where a body stands.
pub(super) struct Place<'a> {
    /// The room of names.
    pub(super) scope: usize,
    /// The names from the component inwards.
    pub(super) path: Vec<&'a str>,
    /// The label of the block itself.
    pub(super) label: Option<&'a (Str, Span)>,
    /// Where something missing is reported.
    pub(super) head: Span,
}

impl Analyzer<'_, '_> {
    /// Checks a body with all that is inside of it.
    pub(super) fn body<'a>(
        &mut self,
        place: Place<'a>,
        body: &'a ir::Body,
        schema: &'a BodySchema,
    ) -> Checked<'a> {
        let mut attributes: Vec<CheckedAttribute<'a>> = Vec::new();
        let mut blocks: Vec<Checked<'a>> = Vec::new();
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for statement in &body.statements {
            match statement {
                Statement::Attribute(attribute) => {
                    let name = &*attribute.name;
                    let Some(known) = schema.attribute(name) else {
                        self.infer(place.scope, &attribute.value);
                        self.tell(match schema.block(name) {
                            Some(_) => {
                                seen.insert(name, attribute.name_span);
                                messages::attribute_for_block(name, attribute.name_span)
                            }
                            None => messages::unknown_attribute(
                                name,
                                attribute.name_span,
                                &schema
                                    .attributes
                                    .iter()
                                    .map(|known| known.name)
                                    .collect::<Vec<_>>(),
                            ),
                        });
                        continue;
                    };
                    if let Some(first) = seen.insert(name, attribute.name_span) {
                        self.tell(messages::duplicate_attribute(name, attribute.name_span, first));
                        self.infer(place.scope, &attribute.value);
                        continue;
                    }
                    let inferred =
                        self.value(place.scope, &attribute.value, &known.ty, name, &mut Vec::new());
                    if self.options.min_stability > Stability::Experimental
                        && let Some(value) = &inferred.value
                        && known.is_experimental(value)
                    {
                        let place = attribute.value.span;
                        let allowed = self.options.min_stability;
                        self.tell(messages::experimental("attribute", name, place, allowed));
                    }
                    attributes.push(CheckedAttribute {
                        attribute,
                        schema: known,
                        inferred,
                    });
                }
                Statement::Block(block) => {
                    let name = &*block.name;
                    let Some(known) = schema.block(name) else {
                        self.tell(match schema.attribute(name) {
                            Some(_) => {
                                seen.insert(name, block.name_span);
                                messages::block_for_attribute(name, block.name_span)
                            }
                            None => self.unknown_block(&place, name, block.name_span, schema),
                        });
                        continue;
                    };
                    if let Some(first) = seen.insert(name, block.name_span)
                        && !known.repeated
                    {
                        self.tell(messages::duplicate_block(name, block.name_span, first));
                        continue;
                    }
                    if known.experimental && self.options.min_stability > Stability::Experimental {
                        let (place, allowed) = (block.name_span, self.options.min_stability);
                        self.tell(messages::experimental("block", name, place, allowed));
                    }
                    match &block.label {
                        None if known.label => self.tell(messages::missing_label(block.name_span)),
                        Some((_, span)) if !known.label => self.tell(messages::unexpected_label(*span)),
                        _ => {}
                    }
                    let mut path = place.path.clone();
                    path.push(name);
                    let inner = Place {
                        scope: place.scope,
                        path,
                        label: block.label.as_ref(),
                        head: block.name_span,
                    };
                    blocks.push(self.body(inner, &block.body, known.body.get()));
                }
            }
        }
        if !self.partial {
            for missing in &schema.attributes {
                if missing.required && !seen.contains_key(missing.name) {
                    self.tell(messages::missing_attribute(missing.name, place.head));
                }
            }
            for missing in &schema.blocks {
                if missing.required && !seen.contains_key(missing.name.as_str()) {
                    self.tell(messages::missing_block(&missing.name, place.head));
                }
            }
        }
        Checked {
            path: place.path,
            label: place.label,
            head: place.head,
            body,
            schema,
            attributes,
            blocks,
        }
    }

    fn unknown_block(&self, place: &Place<'_>, name: &str, span: Span, schema: &BodySchema) -> Diagnostic {
        let finding = messages::unknown_block(
            name,
            span,
            &schema
                .blocks
                .iter()
                .map(|known| known.name.as_str())
                .collect::<Vec<_>>(),
        );
        // A component inside of a component is a brace in the wrong place.
        if place.path.len() == 1 && self.options.catalog.component(name).is_some() {
            return finding.with_help(format!(
                "{name} is a component: it stands by itself, after the closing brace of this block"
            ));
        }
        finding
    }

    /// Checks a value against the type that is wanted, literal lists and objects item by item.
    pub(super) fn value(
        &mut self,
        scope: usize,
        expr: &Expr,
        wanted: &Type,
        name: &str,
        path: &mut Vec<PathStep>,
    ) -> Inferred {
        match (&expr.kind, wanted) {
            (ExprKind::Paren(inner), _) => self.value(scope, inner, wanted, name, path),
            (ExprKind::List(items), Type::List(wanted)) => {
                let mut found = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    path.push(PathStep::Item(at));
                    found.push(self.value(scope, item, wanted, name, path));
                    path.pop();
                }
                infer::list(&found)
            }
            (ExprKind::Object(fields), Type::Map(_) | Type::Capsule(fits::TARGET) | Type::Object(_)) => {
                let text = Type::String;
                let mut found = Vec::with_capacity(fields.len());
                for field in fields.iter() {
                    path.push(PathStep::Field(field.key.to_string()));
                    let known = match wanted {
                        Type::Map(value) => Some(&**value),
                        Type::Object(body) => body.attribute(&field.key).map(|known| &known.ty),
                        _ => Some(&text),
                    };
                    let value = match (known, wanted) {
                        (Some(known), _) => self.value(scope, &field.value, known, name, path),
                        (None, Type::Object(body)) => {
                            self.infer(scope, &field.value);
                            let known: Vec<&str> = body.attributes.iter().map(|known| known.name).collect();
                            self.tell(messages::unknown_attribute(&field.key, field.key_span, &known));
                            Inferred::unknown()
                        }
                        (None, _) => self.infer(scope, &field.value),
                    };
                    found.push((field.key.clone(), value));
                    path.pop();
                }
                infer::object(found)
            }
            _ => {
                let found = self.infer(scope, expr);
                match fits::misfit(&found, wanted) {
                    None => found,
                    Some(misfit) => {
                        self.tell_misfit(misfit, expr.span, name, path);
                        Inferred::unknown()
                    }
                }
            }
        }
    }

    fn tell_misfit(&mut self, misfit: Misfit, span: Span, name: &str, path: &[PathStep]) {
        let within = |mut error: ConvertError| {
            error.path.splice(0..0, path.iter().cloned());
            error
        };
        let finding = match misfit {
            Misfit::Wrong(error) => messages::wrong_type(name, span, within(error)),
            Misfit::SecretToText => {
                let error = within(ConvertError::new("secrets may not be converted into strings"));
                let mut finding = messages::wrong_type(name, span, error);
                finding.code = &eval_codes::SECRET_TO_TEXT;
                finding.with_help("if the value is not sensitive, open it with convert.nonsensitive(…)")
            }
            Misfit::Capsule(found, wanted) => {
                let error = within(ConvertError::new(format!(
                    "expected {}, got {}",
                    self.capsule(wanted),
                    self.capsule(found)
                )));
                let mut finding = messages::wrong_type(name, span, error);
                finding.code = &codes::WRONG_CAPSULE;
                finding.with_help(self.adapters(found, wanted))
            }
        };
        self.tell(finding);
    }

    /// A capsule in words.
    pub(super) fn capsule(&self, name: &str) -> String {
        match self.options.catalog.capsule(name) {
            Some(words) => format!("{words} ({name})"),
            None => format!("a {name}"),
        }
    }

    /// Which components stand between what is given and what is wanted, or give what is wanted.
    fn adapters(&self, given: &str, wanted: &str) -> String {
        let catalog = self.options.catalog;
        let mut between = Vec::new();
        let mut giving = Vec::new();
        for name in catalog.component_names() {
            let Some(schema) = catalog.component(name) else {
                continue;
            };
            if !schema.exports.iter().any(|export| mentions(&export.ty, wanted)) {
                continue;
            }
            giving.push(name);
            if body_mentions(&schema.arguments, given, 0) {
                between.push(name);
            }
        }
        match (between.as_slice(), giving.as_slice()) {
            ([], []) => format!("no component exports {}", self.capsule(wanted)),
            ([], giving) => format!("{} is exported by {}", self.capsule(wanted), listed(giving)),
            (between, _) => format!("put {} between", listed(between)),
        }
    }
}

/// Names that a help line lists at the most.
const LISTED: usize = 6;

fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(" …");
    }
    text
}

fn mentions(ty: &Type, capsule: &str) -> bool {
    match ty {
        Type::List(inner) | Type::Map(inner) => mentions(inner, capsule),
        Type::Capsule(name) => *name == capsule,
        _ => false,
    }
}

/// Blocks inside of blocks that are searched for a capsule: bodies may recur.
const SEARCH_DEPTH: usize = 3;

fn body_mentions(body: &BodySchema, capsule: &str, depth: usize) -> bool {
    body.attributes
        .iter()
        .any(|attribute| mentions(&attribute.ty, capsule))
        || depth < SEARCH_DEPTH
            && body
                .blocks
                .iter()
                .any(|block| body_mentions(block.body.get(), capsule, depth + 1))
}
