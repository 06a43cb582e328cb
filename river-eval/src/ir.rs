//! The configuration as the evaluator sees it: owned, without layout, each piece with its span.
//!
//! Made from the syntax tree once per load ([`crate::lower`]), so that trees need not live as long as a running configuration.

use crate::value::{Str, Value};
use river_syntax::Span;
use std::sync::Arc;

/// The statements between braces, or of a whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// In the order in which they were written.
    pub statements: Vec<Statement>,
    /// From the first brace to the last, or the whole file.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `name = value`.
    Attribute(Attribute),
    /// `name "label" { … }`.
    Block(Block),
}

/// `name = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// What it is set to.
    pub value: Expr,
}

/// `name "label" { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The dotted name, `loki.source.file`.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// The label and where it stands, quotes included.
    pub label: Option<(Str, Span)>,
    /// What stands between the braces.
    pub body: Body,
    /// The whole block.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal: null, bool, number or string.
    Literal(Value),
    /// A list.
    List(Arc<[Expr]>),
    /// An object.
    Object(Arc<[Field]>),
    /// A name by itself.
    Ident(Str),
    /// `base.name`, with the place of the name.
    Access(Box<Expr>, Str, Span),
    /// `base[index]`.
    Index(Box<Expr>, Box<Expr>),
    /// `callee(arguments)`.
    Call(Box<Expr>, Vec<Expr>),
    /// `-x` or `!x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b` and the like, with the place of the operator.
    Binary(BinaryOp, Box<Expr>, Box<Expr>, Span),
    /// `(x)`.
    Paren(Box<Expr>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The key.
    pub key: Str,
    /// Where the key stands.
    pub key_span: Span,
    /// What it is set to.
    pub value: Expr,
}

/// An operator before its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`.
    Neg,
    /// `!`.
    Not,
}

/// An operator between its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the operators'")]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
}
