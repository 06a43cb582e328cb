//! What is known of the word under the cursor.

use super::completion::path_type;
use super::navigation;
use crate::lsp::check::Outcome;
use crate::lsp::context::Head;
use crate::lsp::names::Kind;
use crate::lsp::resolve::{Target, View};
use crate::lsp::schema::{self, Known};
use crate::lsp::tree::nodes_at;
use crate::lsp::types;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};
use river_eval::check::{Catalog, Ty};
use river_eval::eval::Stability;
use river_eval::schema::{AttributeSchema, ComponentSchema};
use river_eval::stdlib;
use river_syntax::ast::{Attribute, Block, Expr};
use river_syntax::{Node, Span, SyntaxKind};
use std::fmt::Write;

/// Characters of a known value that are shown.
const MAX_VALUE_CHARS: usize = 500;

/// What is known of what stands at a place. `outcome` is the last check of this very text.
pub(crate) fn at(
    catalog: &dyn Catalog,
    view: &View<'_>,
    outcome: Option<&Outcome>,
    position: Position,
) -> Option<Hover> {
    let document = &view.document;
    let offset = document.index.offset(position);
    let nodes = nodes_at(document.parse(), offset);
    let (text, span) = of_function(&nodes, offset)
        .or_else(|| of_block(catalog, view, &nodes, offset))
        .or_else(|| of_attribute(catalog, view, &nodes, offset))
        .or_else(|| of_reference(catalog, view, outcome, offset))
        .or_else(|| of_expression(view, outcome, &nodes, offset))?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value: text,
        }),
        range: Some(document.index.range(span)),
    })
}

fn holds(span: Span, offset: u32) -> bool {
    span.start <= offset && offset <= span.end
}

/// A function or constant of the standard library.
fn of_function(nodes: &[Node<'_>], offset: u32) -> Option<(String, Span)> {
    let node = nodes.iter().rev().find(|node| {
        matches!(node.kind(), SyntaxKind::AccessExpr | SyntaxKind::IdentExpr) && holds(node.span(), offset)
    })?;
    // On `string` of `string.format` the whole is meant.
    let parent = nodes.iter().rev().skip_while(|other| *other != node).nth(1);
    let node = match parent {
        Some(parent) if parent.kind() == SyntaxKind::AccessExpr => parent,
        _ => node,
    };
    let name = node.text();
    if let Some(info) = stdlib::function(name) {
        let mut text = format!("```alloy\n{}\n```\n\n{}", info.signature, info.doc);
        if info.stability != Stability::GenerallyAvailable {
            let _ = write!(text, "\n\nStability: {}", info.stability);
        }
        if let Some(new) = info.renamed_to {
            let _ = write!(text, "\n\nDeprecated: write `{new}`");
        }
        let (expression, value) = info.example;
        if !expression.is_empty() {
            let _ = write!(text, "\n\n```alloy\n> {expression}\n{value}\n```");
        }
        return Some((text, node.span()));
    }
    let (_, _, doc) = stdlib::names().find(|(known, ..)| *known == name)?;
    Some((format!("`{name}`: string\n\n{doc}"), node.span()))
}

/// The blocks around a place as the context has them; outermost first.
fn heads(nodes: &[Node<'_>]) -> Vec<Head> {
    let blocks = nodes.iter().filter_map(|node| Block::cast(*node));
    blocks
        .map(|block| Head {
            name: block.name().into_owned(),
            label: block.label().map(|(label, _)| label.to_owned()),
        })
        .collect()
}

/// The name or label of a block.
fn of_block(
    catalog: &dyn Catalog,
    view: &View<'_>,
    nodes: &[Node<'_>],
    offset: u32,
) -> Option<(String, Span)> {
    let block = nodes.iter().rev().find_map(|node| Block::cast(*node))?;
    let head = block
        .label()
        .map_or(block.name_span(), |(_, label)| block.name_span().to(label));
    if !holds(head, offset) {
        return None;
    }
    let mut around = heads(nodes);
    let own = around.pop()?;
    let scope = view
        .document
        .names()
        .scope_at(block.span().start.saturating_sub(1));
    match schema::of_body(catalog, view, scope, &around) {
        Known::Container => {
            if let Some(schema) = schema::find(catalog, &own.name) {
                return Some((component(catalog, &schema), head));
            }
            let name: Vec<&str> = own.name.split('.').collect();
            Some((custom(&view.declaration(scope, &name)?), head))
        }
        known => {
            let schema = known.body()?.block(&own.name)?;
            let mut text = format!("`{}` block", schema.name);
            for (is, word) in [
                (schema.required, "required"),
                (schema.repeated, "may be repeated"),
            ] {
                if is {
                    let _ = write!(text, ", {word}");
                }
            }
            push_doc(&mut text, schema.doc);
            Some((text, head))
        }
    }
}

fn push_doc(text: &mut String, doc: &str) {
    if !doc.is_empty() {
        text.push_str("\n\n");
        text.push_str(doc);
    }
}

fn component(catalog: &dyn Catalog, schema: &ComponentSchema) -> String {
    let mut text = format!("**{}** ({}, {}", schema.name, catalog.title(), schema.stability);
    if schema.community {
        text.push_str(", community");
    }
    text.push(')');
    push_doc(&mut text, schema.doc);
    let required: Vec<&AttributeSchema> = schema
        .arguments
        .attributes
        .iter()
        .filter(|attribute| attribute.required)
        .collect();
    for (title, attributes) in [
        ("Required", required),
        ("Exports", schema.exports.iter().collect()),
    ] {
        if attributes.is_empty() {
            continue;
        }
        let _ = write!(text, "\n\n{title}:\n");
        for attribute in attributes {
            let _ = write!(
                text,
                "\n- `{}`: {}",
                attribute.name,
                code(&types::show(&attribute.ty))
            );
        }
    }
    text
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn custom(declaration: &Target) -> String {
    let name = declaration.name().unwrap_or_default();
    let file = declaration
        .document
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let mut text = format!("**{name}** (custom component, {file})");
    push_doc(&mut text, &navigation::comment(declaration).unwrap_or_default());
    for (title, kind) in [("Arguments", Kind::Argument), ("Exports", Kind::Export)] {
        let members = schema::members(declaration, kind);
        if members.is_empty() {
            continue;
        }
        let _ = write!(text, "\n\n{title}:\n");
        for (member, required) in members {
            let required = if required && kind == Kind::Argument {
                ", required"
            } else {
                ""
            };
            let _ = write!(text, "\n- `{member}`{required}");
        }
    }
    text
}

/// The name of an attribute.
fn of_attribute(
    catalog: &dyn Catalog,
    view: &View<'_>,
    nodes: &[Node<'_>],
    offset: u32,
) -> Option<(String, Span)> {
    let attribute = nodes.iter().rev().find_map(|node| Attribute::cast(*node))?;
    let span = attribute.name_span();
    if !holds(span, offset) {
        return None;
    }
    let around = heads(nodes);
    let scope = view.document.names().scope_at(offset);
    let known = schema::of_body(catalog, view, scope, &around);
    if let Known::Custom(declaration) = &known {
        let argument = view.inside(declaration, &format!("argument.{}", attribute.name()))?;
        let mut text = format!("`{}`: argument of {}", attribute.name(), declaration.name()?);
        push_doc(&mut text, &navigation::comment(&argument).unwrap_or_default());
        return Some((text, span));
    }
    let schema = known.body()?.attribute(attribute.name())?;
    let mut text = format!("```\n{}\n```", types::attribute(schema));
    push_doc(&mut text, schema.doc);
    Some((text, span))
}

/// A name in an expression.
fn of_reference(
    catalog: &dyn Catalog,
    view: &View<'_>,
    outcome: Option<&Outcome>,
    offset: u32,
) -> Option<(String, Span)> {
    let names = view.document.names();
    let reference = names
        .references
        .iter()
        .find(|reference| reference.path.iter().any(|&part| holds(part, offset)))?;
    let part = reference.path.iter().position(|&part| holds(part, offset))?;
    let path: Vec<&str> = reference
        .path
        .iter()
        .map(|&part| view.document.slice(part))
        .collect();
    let (target, length) = view.path(reference.scope, &path)?;
    let shown = path.get(..=part.max(length - 1))?;
    let (first, last) = (reference.path.first()?, reference.path.get(part.max(length - 1))?);
    let span = first.to(*last);
    let mut text = format!("`{}`", shown.join("."));
    if let Some(ty) = path_type(catalog, view, reference.scope, shown) {
        let _ = write!(text, ": {}", code(&types::show(&ty)));
    } else if let Some(ty) = outcome.and_then(|outcome| inferred(outcome, view, span)) {
        let _ = write!(text, ": {}", code(&ty));
    }
    let block = target.block_name();
    match (target.kind()?, path.get(length).filter(|_| part >= length)) {
        (Kind::Component, Some(export)) => match catalog.component(&block) {
            Some(schema) => {
                let export = schema.exports.iter().find(|known| known.name == *export);
                push_doc(&mut text, export.map_or("", |export| export.doc));
            }
            None => push_doc(&mut text, &navigation::comment(&target).unwrap_or_default()),
        },
        (Kind::Component, None) => {
            push_doc(&mut text, &navigation::comment(&target).unwrap_or_default());
            if let Some(schema) = catalog.component(&block) {
                push_doc(&mut text, &component(catalog, &schema));
            } else if let Some(declaration) = view.declaration_of(&target) {
                push_doc(&mut text, &custom(&declaration));
            }
        }
        _ => push_doc(&mut text, &navigation::comment(&target).unwrap_or_default()),
    }
    Some((text, span))
}

/// The type that the checker inferred for exactly this name, where it knows one.
fn inferred(outcome: &Outcome, view: &View<'_>, span: Span) -> Option<String> {
    let file = outcome.number(&view.document.path, view.document.index.text())?;
    let (found, inferred) = outcome.inferred_at(file, span.start)?;
    (found.range() == span.range() && inferred.ty != Ty::Unknown).then(|| inferred.ty.to_string())
}

/// Any expression: the type that the checker inferred, and the value where the text alone gives it.
fn of_expression(
    view: &View<'_>,
    outcome: Option<&Outcome>,
    nodes: &[Node<'_>],
    offset: u32,
) -> Option<(String, Span)> {
    // Of a literal everything can be seen.
    let innermost = nodes.iter().rev().find_map(|node| Expr::cast(*node))?;
    if matches!(innermost, Expr::Literal(_)) {
        return None;
    }
    let outcome = outcome?;
    let file = outcome.number(&view.document.path, view.document.index.text())?;
    let (span, inferred) = outcome.inferred_at(file, offset)?;
    let mut text = code(&inferred.ty.to_string());
    if let Some(value) = &inferred.value {
        let shown = river_eval::show::text(value);
        let cut = shown.char_indices().nth(MAX_VALUE_CHARS).map(|(at, _)| at);
        match cut {
            Some(at) => {
                let _ = write!(text, "\n\n```alloy\n{}…\n```", shown.get(..at).unwrap_or(""));
            }
            None => {
                let _ = write!(text, "\n\n```alloy\n{shown}\n```");
            }
        }
    }
    Some((text, view.document.span(span.start..span.end)))
}
