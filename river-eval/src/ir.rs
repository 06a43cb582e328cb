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
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// `a + b - c` and the like: the first operand, then what is done to it from left to right. Operators that bind
    /// to the right (`^`) come as one operand whose own value is such a chain. A chain, not nested pairs, so that the
    /// sum of ten thousand texts is as flat in memory as it is on paper.
    Binary(Box<Expr>, Vec<Operand>),
    /// `(x)`.
    Paren(Box<Expr>),
}

/// An operator and what stands to the right of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The operator.
    pub op: BinaryOp,
    /// Where the operator stands.
    pub op_span: Span,
    /// What stands to the right of it.
    pub value: Expr,
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

impl BinaryOp {
    /// The operator as it is written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
        }
    }
}

/// A name with the fields that are asked of it, `loki.write.default.receiver`: what the graph makes its edges of.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The name and the fields, outermost first; never empty.
    pub path: Vec<(Str, Span)>,
    /// From the first name to the last.
    pub span: Span,
}

impl Reference {
    /// The path with dots between.
    pub fn dotted(&self) -> String {
        let mut text = String::new();
        for (name, _) in &self.path {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(name);
        }
        text
    }
}

impl Expr {
    /// Every name that the expression reads, each with the longest run of fields that is known without evaluating.
    /// In the order in which they stand; names of the standard library are among them.
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        self.visit_references(&mut |reference| found.push(reference));
        found
    }

    /// Calls `found` for every name that the expression reads, as [`Expr::references`] lists them.
    pub fn visit_references(&self, found: &mut dyn FnMut(Reference)) {
        match &self.kind {
            ExprKind::Literal(_) => {}
            ExprKind::Ident(_) | ExprKind::Access(..) => {
                let mut path = Vec::new();
                if let Some(other) = self.unwind_path(&mut path) {
                    other.visit_references(found);
                } else {
                    path.reverse();
                    found(Reference {
                        path,
                        span: self.span,
                    });
                }
            }
            ExprKind::List(items) => items.iter().for_each(|item| item.visit_references(found)),
            ExprKind::Object(fields) => fields
                .iter()
                .for_each(|field| field.value.visit_references(found)),
            ExprKind::Index(base, index) => {
                base.visit_references(found);
                index.visit_references(found);
            }
            ExprKind::Call(callee, arguments) => {
                callee.visit_references(found);
                arguments
                    .iter()
                    .for_each(|argument| argument.visit_references(found));
            }
            ExprKind::Unary(_, inner) | ExprKind::Paren(inner) => inner.visit_references(found),
            ExprKind::Binary(first, rest) => {
                first.visit_references(found);
                rest.iter()
                    .for_each(|operand| operand.value.visit_references(found));
            }
        }
    }

    /// The name and the fields asked of it, where the expression is nothing else.
    pub fn as_reference(&self) -> Option<Reference> {
        if !matches!(self.kind, ExprKind::Ident(_) | ExprKind::Access(..)) {
            return None;
        }
        let mut path = Vec::new();
        if self.unwind_path(&mut path).is_some() {
            return None;
        }
        path.reverse();
        Some(Reference {
            path,
            span: self.span,
        })
    }

    /// Collects fields from the last to the name; what is left when the path does not start at a name.
    fn unwind_path(&self, path: &mut Vec<(Str, Span)>) -> Option<&Expr> {
        let mut at = self;
        loop {
            match &at.kind {
                ExprKind::Access(base, name, span) => {
                    path.push((name.clone(), *span));
                    at = base;
                }
                ExprKind::Ident(name) => {
                    path.push((name.clone(), at.span));
                    return None;
                }
                _ => return Some(at),
            }
        }
    }
}

impl Body {
    /// Every name that any expression of the body and its blocks reads.
    pub fn visit_references(&self, found: &mut dyn FnMut(Reference)) {
        for statement in &self.statements {
            match statement {
                Statement::Attribute(attribute) => attribute.value.visit_references(found),
                Statement::Block(block) => block.body.visit_references(found),
            }
        }
    }
}
