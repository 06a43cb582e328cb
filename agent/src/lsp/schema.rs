//! Which schema holds at a place: the catalog's for components and config blocks, the language's own, or that of a `declare`.

use super::context::{Head, Inside};
use super::names::{Kind, declare_key};
use super::resolve::{Target, View};
use river_eval::check::Catalog;
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, ComponentSchema, LazyBody, Type};
use river_syntax::ast::Statement;
use std::sync::{Arc, LazyLock};

/// What may stand in a body.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// What stands in a file, a `declare` or a `template`: components and config blocks.
    Container,
    /// What a block of the catalog takes: the component, and the names of the blocks down to this one.
    Catalog(Arc<ComponentSchema>, Vec<String>),
    /// What a block of the language takes.
    Language(&'static str),
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
    if let Some(name) = language_block(&head.name) {
        return match below.is_empty() {
            true => Known::Language(name),
            false => Known::Unknown,
        };
    }
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

/// A component or config block by its name.
pub(crate) fn find(catalog: &dyn Catalog, name: &str) -> Option<Arc<ComponentSchema>> {
    catalog.component(name).or_else(|| catalog.config_block(name))
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
            Self::Language(name) => language(name),
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
                            && attribute.value().is_some_and(|value| value.node().text() == "true")
                    }
                    Statement::Block(_) => false,
                })
            });
            Some((name, !optional))
        })
        .collect()
}

/// Whether a name is that of a `declare` here.
pub(crate) fn is_declared(view: &View<'_>, scope: u32, name: &str) -> bool {
    let names = view.document.names();
    names.around(scope).any(|scope| names.get(scope, &declare_key(name)).is_some())
}

fn language_block(name: &str) -> Option<&'static str> {
    LANGUAGE.iter().map(|block| block.name).find(|known| *known == name)
}

/// The body of a block of the language.
pub(crate) fn language(name: &str) -> Option<&'static BodySchema> {
    Some(&LANGUAGE.iter().find(|block| block.name == name)?.body)
}

/// A block that belongs to the language.
#[derive(Debug)]
pub(crate) struct LanguageBlock {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) doc: &'static str,
    body: BodySchema,
}

/// The blocks that belong to the language and are in no catalog.
pub(crate) static LANGUAGE: LazyLock<Vec<LanguageBlock>> = LazyLock::new(|| {
    let attribute = |name, ty, required, doc| AttributeSchema {
        name,
        ty,
        required,
        default: None,
        doc,
    };
    vec![
        LanguageBlock {
            name: "declare",
            doc: "Declares a custom component: its `argument` blocks say what it takes, its `export` blocks what it gives.",
            body: BodySchema::default(),
        },
        LanguageBlock {
            name: "argument",
            doc: "What a custom component takes; read as `argument.LABEL.value`.",
            body: BodySchema {
                attributes: vec![
                    attribute("optional", Type::Bool, false, "Whether it may be left out."),
                    attribute("default", Type::Any, false, "Its value where it is left out."),
                    attribute("comment", Type::String, false, "What it is for."),
                ],
                blocks: Vec::new(),
            },
        },
        LanguageBlock {
            name: "export",
            doc: "What a custom component gives to those that refer to it.",
            body: BodySchema {
                attributes: vec![
                    attribute("value", Type::Any, true, "The value."),
                    attribute("comment", Type::String, false, "What it is for."),
                ],
                blocks: Vec::new(),
            },
        },
        LanguageBlock {
            name: "foreach",
            doc: "Runs the components of its template once for each item of a list.",
            body: BodySchema {
                attributes: vec![
                    attribute("collection", Type::List(Box::new(Type::Any)), true, "The items."),
                    attribute("var", Type::String, true, "The name of an item inside of the template."),
                    attribute("id", Type::String, false, "The field of an item that tells it from the others."),
                    attribute("enable_metrics", Type::Bool, false, "Whether the components' own metrics are kept."),
                ],
                blocks: vec![BlockSchema {
                    name: "template".to_owned(),
                    required: true,
                    repeated: false,
                    label: false,
                    alternative: false,
                    body: LazyBody::new(BodySchema::default),
                    doc: "The components that run for each item.",
                }],
            },
        },
    ]
});
