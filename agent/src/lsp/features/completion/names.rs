//! The values that other blocks give: exports of components, arguments, variables; each with its type.

use crate::lsp::names::{FILE, Kind};
use crate::lsp::resolve::{Target, View};
use crate::lsp::schema;
use river_eval::check::Catalog;
use river_eval::schema::{AttributeSchema, Type};
use river_syntax::ast::{Expr, Statement};

/// References inside of references that are followed for the type of an export.
const MAX_STEPS: u32 = 8;

/// A value that an expression can name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Its path, `loki.write.default.receiver`.
    pub(crate) path: String,
    /// Its type; `None` where nothing is known of it.
    pub(crate) ty: Option<Type>,
    /// What the catalog says of it.
    pub(crate) doc: &'static str,
}

/// Every value that an expression in a scope can name.
pub(crate) fn all(catalog: &dyn Catalog, view: &View<'_>, scope: u32) -> Vec<Named> {
    let own: Vec<u32> = view.document.names().seen_from(scope).collect();
    let mut found = Vec::new();
    for document in view.unit.iter() {
        let here = document.file == view.document.file;
        if !here && !own.contains(&FILE) {
            continue;
        }
        for (index, definition) in (0u32..).zip(&document.names().definitions) {
            let seen = if here {
                own.contains(&definition.scope)
            } else {
                definition.scope == FILE
            };
            let Some(label) = definition.label.filter(|_| seen) else {
                continue;
            };
            let label = document.slice(label);
            let unknown = |path: String| Named {
                path,
                ty: None,
                doc: "",
            };
            match definition.kind {
                Kind::Component => {
                    let document = document.clone();
                    exports(catalog, view, &Target { document, index }, label, &mut found);
                }
                Kind::Argument => found.push(unknown(format!("argument.{label}.value"))),
                Kind::Variable => found.push(unknown(label.to_owned())),
                _ => {}
            }
        }
    }
    found
}

fn exports(catalog: &dyn Catalog, view: &View<'_>, target: &Target, label: &str, found: &mut Vec<Named>) {
    let name = target.block_name();
    if let Some(schema) = catalog.component(&name) {
        found.extend(schema.exports.iter().map(|export: &AttributeSchema| Named {
            path: format!("{name}.{label}.{}", export.name),
            ty: (export.ty != Type::Any).then(|| export.ty.clone()),
            doc: export.doc,
        }));
    } else if let Some(declaration) = view.beside(&target.document).declaration_of(target) {
        for (export, _) in schema::members(&declaration, Kind::Export) {
            found.push(Named {
                path: format!("{name}.{label}.{export}"),
                ty: export_type(catalog, view, &declaration, &export, MAX_STEPS),
                doc: "",
            });
        }
    }
}

/// The type of an export of a `declare`, where its value is a reference or a plain literal.
fn export_type(
    catalog: &dyn Catalog,
    view: &View<'_>,
    declaration: &Target,
    export: &str,
    steps: u32,
) -> Option<Type> {
    let export = view.inside(declaration, &crate::lsp::names::export_key(export))?;
    let definition = export.definition()?;
    let block = crate::lsp::modules::block(&export.document, definition)?;
    let value = block.body()?.statements().find_map(|statement| match statement {
        Statement::Attribute(attribute) if attribute.name() == "value" => attribute.value(),
        _ => None,
    })?;
    match value {
        Expr::Access(_) => {
            let path: Vec<&str> = value.node().text().split('.').map(str::trim).collect();
            type_of(
                catalog,
                &view.beside(&export.document),
                definition.scope,
                &path,
                steps,
            )
        }
        Expr::Literal(literal) if literal.kind() == river_syntax::SyntaxKind::String => Some(Type::String),
        _ => None,
    }
}

/// The type of what a path names; `None` where nothing is known of it.
pub(crate) fn path_type(catalog: &dyn Catalog, view: &View<'_>, scope: u32, path: &[&str]) -> Option<Type> {
    type_of(catalog, view, scope, path, MAX_STEPS)
}

fn type_of(catalog: &dyn Catalog, view: &View<'_>, scope: u32, path: &[&str], steps: u32) -> Option<Type> {
    let steps = steps.checked_sub(1)?;
    let (target, length) = view.path(scope, path)?;
    let rest = path.get(length..).unwrap_or_default();
    if let Some(schema) = catalog.component(&target.block_name()) {
        return schema::field(&schema.exports, rest).cloned();
    }
    let declaration = view.declaration_of(&target)?;
    match rest {
        [export] => export_type(catalog, view, &declaration, export, steps),
        _ => None,
    }
}
