//! Which file an `import.file` names, as far as its text tells.

use super::documents::Document;
use super::names::Definition;
use super::tree::nodes_at;
use river_syntax::ast::{Block, Expr, Statement};
use river_syntax::{Span, SyntaxKind, unquote};
use std::path::{Path, PathBuf};

/// The block of a definition.
pub(crate) fn block<'d>(document: &'d Document, definition: &Definition) -> Option<Block<'d>> {
    nodes_at(document.parse(), definition.span.start)
        .into_iter()
        .filter_map(Block::cast)
        .find(|block| block.span() == definition.span)
}

/// Where an `import.file` says its module is, and the place of the expression that says so.
pub(crate) fn file_name<'d>(document: &'d Document, import: &Definition) -> Option<(String, Span)> {
    let block: Block<'d> = block(document, import)?;
    if block.name() != "import.file" {
        return None;
    }
    let value = block.body()?.statements().find_map(|statement| match statement {
        Statement::Attribute(attribute) if attribute.name() == "filename" => attribute.value(),
        _ => None,
    })?;
    Some((text(value, document.path.parent()?)?, value.span()))
}

/// The file or folder of an `import.file`, if it exists: beside the importing file, or in one of the editor's folders.
pub(crate) fn path(document: &Document, import: &Definition, roots: &[PathBuf]) -> Option<PathBuf> {
    let (name, _) = file_name(document, import)?;
    candidates(&name, document.path.parent()?, roots).find(|path| path.exists())
}

/// Where a module of this name may be.
pub(crate) fn candidates<'p>(
    name: &'p str,
    folder: &'p Path,
    roots: &'p [PathBuf],
) -> impl Iterator<Item = PathBuf> + 'p {
    std::iter::once(folder)
        .chain(roots.iter().map(PathBuf::as_path))
        .map(move |folder| normal(&folder.join(name)))
}

/// A path without `.` and `..`, so that a file has one name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// The text that an expression gives, where it is made of literals, `module_path`, `+` and `file.path_join`.
fn text(expr: Expr<'_>, folder: &Path) -> Option<String> {
    match expr {
        Expr::Literal(literal) if literal.kind() == SyntaxKind::String => {
            unquote(literal.text()).ok().map(|text| text.to_string())
        }
        Expr::Literal(literal) if literal.kind() == SyntaxKind::RawString => {
            Some(literal.text().trim_matches('`').replace('\r', ""))
        }
        Expr::Ident(ident) if ident.name() == "module_path" => Some(folder.display().to_string()),
        Expr::Paren(paren) => text(paren.inner()?, folder),
        Expr::Binary(binary)
            if binary
                .operator()
                .is_some_and(|(kind, _)| kind == SyntaxKind::Plus) =>
        {
            Some(text(binary.left()?, folder)? + &text(binary.right()?, folder)?)
        }
        Expr::Call(call) if call.callee()?.node().text() == "file.path_join" => {
            let mut joined = PathBuf::new();
            for argument in call.arguments() {
                // As the reference joins: an absolute part does not begin anew.
                let part = text(argument, folder)?;
                match joined.as_os_str().is_empty() {
                    true => joined.push(part),
                    false => joined.push(part.trim_start_matches('/')),
                }
            }
            Some(joined.display().to_string())
        }
        _ => None,
    }
}
