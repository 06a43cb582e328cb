//! What a check found out, for those who draw, list, complete and rename.

use super::types::{Inferred, Ty};
use crate::schema::ComponentSchema;
use crate::value::Str;
use river_syntax::{Diagnostic, Span};
use std::sync::Arc;

/// Everything that is known of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// What is wrong, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// The root (first) and every module in it.
    pub scopes: Vec<ScopeInfo>,
    /// Every name in every expression that means something.
    pub references: Vec<ReferenceInfo>,
    /// What calls, operators and indices give.
    pub expressions: Vec<ExpressionInfo>,
}

/// A room of names: the root, the body of a `declare`, the template of a `foreach`, an imported module.
#[derive(Clone, Debug)]
pub struct ScopeInfo {
    /// What it is.
    pub kind: ScopeKind,
    /// The room around it.
    pub parent: Option<usize>,
    /// Its blocks in the order in which they stand.
    pub nodes: Vec<NodeInfo>,
}

/// What a room of names is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// The configuration itself.
    Root,
    /// The body of a `declare`.
    Declare,
    /// What an import brings.
    Import,
    /// The template of a `foreach`.
    Foreach,
}

/// What a block is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A component of the catalog.
    Component,
    /// A config block of the catalog, `import.*` included.
    Config,
    /// A use of a `declare`: where the declare's label stands.
    Custom(Span),
    /// A block of the language: `declare`, `argument`, `export`, `foreach`.
    Language,
    /// Nothing that is known.
    Unknown,
}

/// A block.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// `loki.write.out`; the name alone where there is no label.
    pub id: Str,
    /// Its name.
    pub name: Str,
    /// What it is.
    pub kind: NodeKind,
    /// What the catalog says of it.
    pub schema: Option<Arc<ComponentSchema>>,
    /// What it exports, with types; empty where that is not known.
    pub exports: Vec<(Str, Ty)>,
    /// The nodes of its scope that it refers to, each once.
    pub dependencies: Vec<usize>,
    /// The room that a `declare` or `foreach` opens.
    pub opens: Option<usize>,
    /// Where the name stands.
    pub name_span: Span,
    /// Where the label stands, quotes included.
    pub label_span: Option<Span>,
    /// The whole block.
    pub span: Span,
}

/// A name in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceInfo {
    /// The whole of it with the fields that are asked for.
    pub span: Span,
    /// The part that names what it refers to.
    pub head: Span,
    /// The label inside of the part that names a block.
    pub label: Option<Span>,
    /// What it refers to.
    pub target: Target,
    /// The type of the whole.
    pub ty: Ty,
}

/// A call, an operator with its operands, or an index.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionInfo {
    /// The whole of it.
    pub span: Span,
    /// What is known of it.
    pub inferred: Inferred,
}

/// What a name in an expression refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A block, by the number of its scope and its number there.
    Node(usize, usize),
    /// An `argument` of the `declare` around it, the same way.
    Argument(usize, usize),
    /// The variable of a `foreach`, the same way.
    Variable(usize, usize),
    /// Something of the standard library, by its full name.
    Standard(Str),
}
