//! Which schema holds at a place: the catalog's for components and config blocks, the language's own, or that of a `declare`.

use super::context::{Head, Inside};
use super::names::Kind;
use super::resolve::{Target, View};
use river_eval::check::{Catalog, language_block};
use river_eval::schema::{AttributeSchema, BodySchema, ComponentSchema, Type};
use river_syntax::ast::Statement;
use std::sync::Arc;

/// What may stand in a body.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// What stands in a file, a `declare` or a `template`: components and config blocks.
    Container,
    /// What a block of the catalog, or of the language, takes: the component, and the names of the blocks down to this one.
    Catalog(Arc<ComponentSchema>, Vec<String>),
    /// What a custom component takes: its `declare`.
    Custom(Target),
    /// Nobody knows.
    Unknown,
}

/// What the block that blocks lead to may hold; outermost first.
pub(crate) fn of_body(catalog: &dyn Catalog, view: &View<'_>, scope: u32, blocks: &[Head]) -> Known {
    let mut rest = blocks;
    loop {
        rest = match rest {
            [] => return Known::Container,
            [head, below @ ..] if head.name == "declare" => below,
            [head, template, below @ ..] if head.name == "foreach" && template.name == "template" => below,
            _ => break,
        };
    }
    let Some((head, below)) = rest.split_first() else {
        return Known::Container;
    };
    if let Some(schema) = find(catalog, &head.name) {
        let path: Vec<String> = below.iter().map(|head| head.name.clone()).collect();
        return match body(&schema, &path) {
            Some(_) => Known::Catalog(schema, path),
            None => Known::Unknown,
        };
    }
    let name: Vec<&str> = head.name.split('.').collect();
    match view.declaration(scope, &name) {
        Some(declaration) if below.is_empty() => Known::Custom(declaration),
        _ => Known::Unknown,
    }
}

/// A component, a config block or a block of the language by its name.
pub(crate) fn find(catalog: &dyn Catalog, name: &str) -> Option<Arc<ComponentSchema>> {
    catalog
        .component(name)
        .or_else(|| catalog.config_block(name))
        .or_else(|| language_block(name))
}

/// The body of a block inside of a component.
pub(crate) fn body<'s>(schema: &'s ComponentSchema, path: &[String]) -> Option<&'s BodySchema> {
    let mut body = &schema.arguments;
    for name in path {
        body = body.block(name)?.body.get();
    }
    Some(body)
}

impl Known {
    /// The schema, where it is fixed.
    pub(crate) fn body(&self) -> Option<&BodySchema> {
        match self {
            Self::Catalog(schema, path) => body(schema, path),
            _ => None,
        }
    }
}

/// The type that is wanted inside of the brackets of an attribute's value; `None` where nothing is known.
pub(crate) fn wanted<'t>(attribute: &'t Type, inside: &[Inside]) -> Option<&'t Type> {
    let mut ty = attribute;
    for bracket in inside {
        ty = match (bracket, ty) {
            (Inside::Paren, ty) => ty,
            (Inside::List, Type::List(item)) => item,
            (Inside::Object(Some(_)), Type::Map(value)) => value,
            (Inside::Object(Some(key)), Type::Object(body)) => &body.attribute(key)?.ty,
            _ => return None,
        };
    }
    (*ty != Type::Any).then_some(ty)
}

/// The type of a field of a component's exports: what a path names behind the component.
pub(crate) fn field<'t>(exports: &'t [AttributeSchema], path: &[&str]) -> Option<&'t Type> {
    let (first, rest) = path.split_first()?;
    let mut ty = &exports.iter().find(|export| export.name == *first)?.ty;
    for name in rest {
        ty = match ty {
            Type::Map(value) => value,
            Type::Object(body) => &body.attribute(name)?.ty,
            _ => return None,
        };
    }
    Some(ty)
}

/// The labels of the `argument` or `export` blocks of a `declare`, each with whether it has to be given.
pub(crate) fn members(declaration: &Target, kind: Kind) -> Vec<(String, bool)> {
    let names = declaration.document.names();
    let inner = declaration.definition().and_then(|definition| definition.inner);
    names
        .definitions
        .iter()
        .filter(|member| member.kind == kind && Some(member.scope) == inner)
        .filter_map(|member| {
            let name = declaration.document.slice(member.label?).to_owned();
            let block = super::modules::block(&declaration.document, member);
            let optional = block.and_then(|block| block.body()).is_some_and(|body| {
                body.statements().any(|statement| match statement {
                    Statement::Attribute(attribute) => {
                        attribute.name() == "optional"
                            && attribute
                                .value()
                                .is_some_and(|value| value.node().text() == "true")
                    }
                    Statement::Block(_) => false,
                })
            });
            Some((name, !optional))
        })
        .collect()
}
