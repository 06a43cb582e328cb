//! From the syntax tree to the [intermediate form](crate::ir): names and literals are taken out, layout is left behind.

use crate::codes::eval as codes;
use crate::eval::limits::MAX_EXPRESSION_DEPTH;
use crate::eval::{number_literal, too_deep};
use crate::ir::{Attribute, BinaryOp, Block, Body, Expr, ExprKind, Field, Operand, Statement, UnaryOp};
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, FileId, Parse, SyntaxKind, ast};
use std::sync::Arc;

/// Parses and lowers one expression. All mistakes are told.
pub fn expression(file: FileId, text: impl Into<Arc<str>>) -> Result<Expr, Vec<Diagnostic>> {
    let parse = river_syntax::parse_expression(file, text);
    if parse.errors.iter().any(Diagnostic::is_error) {
        return Err(parse.errors);
    }
    let mut lowering = Lowering::default();
    let expr = parse
        .expression()
        .and_then(|expr| lowering.expr(expr, MAX_EXPRESSION_DEPTH));
    match expr {
        Some(expr) if lowering.errors.is_empty() => Ok(expr),
        _ => Err(lowering.errors),
    }
}

/// Lowers a parsed file. What is broken is left out; the second part holds what only lowering can find, such as numbers
/// that are too big, and not the parse's own errors.
pub fn file(parse: &Parse) -> (Body, Vec<Diagnostic>) {
    let mut lowering = Lowering::default();
    let body = parse.body().map(|body| lowering.body(body)).unwrap_or_default();
    (body, lowering.errors)
}

#[derive(Default)]
struct Lowering {
    errors: Vec<Diagnostic>,
}

impl Lowering {
    fn body(&mut self, body: ast::Body<'_>) -> Body {
        let mut statements = Vec::new();
        for statement in body.statements() {
            match statement {
                ast::Statement::Attribute(attribute) => {
                    if let Some(value) = attribute
                        .value()
                        .and_then(|value| self.expr(value, MAX_EXPRESSION_DEPTH))
                    {
                        statements.push(Statement::Attribute(Attribute {
                            name: attribute.name().into(),
                            name_span: attribute.name_span(),
                            value,
                        }));
                    }
                }
                ast::Statement::Block(block) => statements.push(Statement::Block(Block {
                    name: block.name().into(),
                    name_span: block.name_span(),
                    label: block.label().map(|(label, span)| (label.into(), span)),
                    body: block.body().map(|body| self.body(body)).unwrap_or_default(),
                    span: block.span(),
                })),
            }
        }
        Body {
            statements,
            span: body.span(),
        }
    }

    /// An expression that may be nested `depth` deep; `None` where it is broken or too deep.
    fn expr(&mut self, expr: ast::Expr<'_>, depth: u32) -> Option<Expr> {
        let span = expr.span();
        let Some(depth) = depth.checked_sub(1) else {
            self.errors.push(too_deep(span).into());
            return None;
        };
        let kind = match expr {
            ast::Expr::Literal(literal) => ExprKind::Literal(self.literal(&literal)?),
            ast::Expr::Ident(ident) => ExprKind::Ident(ident.name().into()),
            ast::Expr::Access(access) => {
                let (name, name_span) = access.name()?;
                let base = self.boxed(access.base()?, depth)?;
                ExprKind::Access(base, name.into(), name_span)
            }
            ast::Expr::Index(index) => ExprKind::Index(
                self.boxed(index.base()?, depth)?,
                self.boxed(index.index()?, depth)?,
            ),
            ast::Expr::Call(call) => {
                let callee = self.boxed(call.callee()?, depth)?;
                let arguments: Vec<_> = call.arguments().collect();
                ExprKind::Call(callee, self.all(arguments, depth)?)
            }
            ast::Expr::Unary(unary) => {
                let op = match unary.operator() {
                    SyntaxKind::Bang => UnaryOp::Not,
                    _ => UnaryOp::Neg,
                };
                ExprKind::Unary(op, self.boxed(unary.operand()?, depth)?)
            }
            ast::Expr::Binary(binary) => return self.chain(binary, depth),
            ast::Expr::Paren(paren) => ExprKind::Paren(self.boxed(paren.inner()?, depth)?),
            ast::Expr::List(list) => {
                let items: Vec<_> = list.items().collect();
                ExprKind::List(self.all(items, depth)?.into())
            }
            ast::Expr::Object(object) => {
                let mut fields = Vec::new();
                for field in object.fields() {
                    let (written, key_span) = field.key();
                    fields.push(Field {
                        key: key(written),
                        key_span,
                        value: self.expr(field.value()?, depth)?,
                    });
                }
                ExprKind::Object(fields.into())
            }
        };
        Some(Expr { kind, span })
    }

    fn boxed(&mut self, expr: ast::Expr<'_>, depth: u32) -> Option<Box<Expr>> {
        self.expr(expr, depth).map(Box::new)
    }

    fn all(&mut self, exprs: Vec<ast::Expr<'_>>, depth: u32) -> Option<Vec<Expr>> {
        exprs.into_iter().map(|expr| self.expr(expr, depth)).collect()
    }

    /// Nested pairs that lean to the left become one flat chain.
    fn chain(&mut self, outermost: ast::BinaryExpr<'_>, depth: u32) -> Option<Expr> {
        let span = outermost.span();
        let mut pairs = vec![outermost];
        let mut first = outermost.left()?;
        while let ast::Expr::Binary(inner) = first {
            pairs.push(inner);
            first = inner.left()?;
        }
        let first = self.boxed(first, depth)?;
        let mut rest = Vec::with_capacity(pairs.len());
        for pair in pairs.into_iter().rev() {
            let (operator, op_span) = pair.operator()?;
            rest.push(Operand {
                op: operator_of(operator)?,
                op_span,
                value: self.expr(pair.right()?, depth)?,
            });
        }
        Some(Expr {
            kind: ExprKind::Binary(first, rest),
            span,
        })
    }

    fn literal(&mut self, literal: &ast::LiteralExpr<'_>) -> Option<Value> {
        let text = literal.text();
        Some(match literal.kind() {
            SyntaxKind::Null => Value::Null,
            SyntaxKind::Bool => Value::Bool(text == "true"),
            SyntaxKind::String | SyntaxKind::RawString => {
                Value::string(river_syntax::unquote(text).unwrap_or_default().as_ref())
            }
            SyntaxKind::Number | SyntaxKind::Float => match number_literal(text) {
                Some(number) => number,
                None => {
                    self.errors.push(
                        Diagnostic::error(
                            &codes::BAD_NUMBER,
                            literal.span(),
                            format!("the number {text} is out of range"),
                        )
                        .with_help("floating-point numbers reach up to about 1.8e308"),
                    );
                    return None;
                }
            },
            _ => return None,
        })
    }
}

/// The key of a field. As in the reference, escapes in it mean nothing, and `""` keeps its quotes.
fn key(written: &str) -> Str {
    match written.as_bytes() {
        [b'"' | b'`', inner @ .., b'"' | b'`'] if !inner.is_empty() => {
            written.get(1..written.len() - 1).unwrap_or(written).into()
        }
        _ => written.into(),
    }
}

fn operator_of(kind: SyntaxKind) -> Option<BinaryOp> {
    Some(match kind {
        SyntaxKind::OrOr => BinaryOp::Or,
        SyntaxKind::AndAnd => BinaryOp::And,
        SyntaxKind::EqEq => BinaryOp::Eq,
        SyntaxKind::BangEq => BinaryOp::Ne,
        SyntaxKind::Lt => BinaryOp::Lt,
        SyntaxKind::Le => BinaryOp::Le,
        SyntaxKind::Gt => BinaryOp::Gt,
        SyntaxKind::Ge => BinaryOp::Ge,
        SyntaxKind::Plus => BinaryOp::Add,
        SyntaxKind::Minus => BinaryOp::Sub,
        SyntaxKind::Star => BinaryOp::Mul,
        SyntaxKind::Slash => BinaryOp::Div,
        SyntaxKind::Percent => BinaryOp::Mod,
        SyntaxKind::Caret => BinaryOp::Pow,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
