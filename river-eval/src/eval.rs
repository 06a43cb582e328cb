//! Evaluates expressions and bodies in a scope.
//!
//! Bounds: how deep an expression may be nested and how much it may build are the constants in [`limits`]; every
//! function of the standard library ends, and none does I/O.

mod access;
mod call;
mod context;
pub mod limits;
mod literal;
mod number;
mod operators;
mod power;

pub use call::Call;
pub use context::{Constants, Context, Environment, ProcessEnvironment, Stability};
#[allow(unused_imports)]
pub(crate) use literal::{number_literal, whole_literal};
pub use number::plain_text;
pub(crate) use operators::equal_within;

use crate::body::{AttributeValue, BlockValue, BodyValue};
use crate::codes::eval as codes;
use crate::ir::{Body, Expr, ExprKind, Statement};
use crate::stdlib;
use crate::value::{Object, Str, Value};
use river_syntax::{Code, Diagnostic, Span};
use std::cell::Cell;
use std::sync::Arc;

/// Where names are looked up. A scope answers for its own names and asks its parent for the rest; names of the standard
/// library are looked up after the scope has been asked, so that a scope may shadow them.
pub trait Scope {
    /// The value of a name, if there is one. Objects are shared, so that an answer copies nothing.
    fn lookup(&self, name: &str) -> Option<Value>;

    /// What expressions see of the world around them, and where their warnings go.
    fn context(&self) -> &Context {
        Context::shared()
    }

    /// The names that could have been meant, for help with a name that is not there.
    fn names(&self) -> Vec<Str> {
        Vec::new()
    }
}

impl Scope for Object {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.get(name).cloned()
    }

    fn names(&self) -> Vec<Str> {
        self.keys().cloned().collect()
    }
}

impl<S: Scope + ?Sized> Scope for &S {
    fn lookup(&self, name: &str) -> Option<Value> {
        (**self).lookup(name)
    }

    fn context(&self) -> &Context {
        (**self).context()
    }

    fn names(&self) -> Vec<Str> {
        (**self).names()
    }
}

/// A scope that sees a context of its own.
#[derive(Clone, Copy)]
pub struct WithContext<'a> {
    /// Where names are looked up.
    pub scope: &'a dyn Scope,
    /// What is seen of the world.
    pub context: &'a Context,
}

impl Scope for WithContext<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.scope.lookup(name)
    }

    fn context(&self) -> &Context {
        self.context
    }

    fn names(&self) -> Vec<Str> {
        self.scope.names()
    }
}

/// An error of an evaluation, at a place.
#[derive(Clone, Debug)]
pub struct EvalError(pub Box<Diagnostic>);

impl EvalError {
    /// Wraps a finding.
    pub fn new(diagnostic: Diagnostic) -> Self {
        Self(Box::new(diagnostic))
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for EvalError {}

impl From<EvalError> for Diagnostic {
    fn from(error: EvalError) -> Self {
        *error.0
    }
}

/// The value of an expression.
pub fn evaluate(expr: &Expr, scope: &dyn Scope) -> Result<Value, EvalError> {
    Evaluator::new(scope).expr(expr, limits::MAX_EXPRESSION_DEPTH)
}

/// The values of a body and of the blocks in it. All errors are told, not only the first.
pub fn evaluate_body(body: &Body, scope: &dyn Scope) -> Result<BodyValue, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let value = body_within(body, scope, limits::MAX_EXPRESSION_DEPTH, &mut errors);
    if errors.is_empty() { Ok(value) } else { Err(errors) }
}

fn body_within(body: &Body, scope: &dyn Scope, depth: u32, errors: &mut Vec<Diagnostic>) -> BodyValue {
    let mut value = BodyValue {
        span: body.span,
        ..BodyValue::default()
    };
    for statement in &body.statements {
        match statement {
            Statement::Attribute(attribute) => match evaluate(&attribute.value, scope) {
                Ok(result) => value.attributes.push(AttributeValue {
                    name: attribute.name.clone(),
                    name_span: attribute.name_span,
                    value: result,
                    value_span: attribute.value.span,
                }),
                Err(error) => errors.push(error.into()),
            },
            Statement::Block(block) => match depth.checked_sub(1) {
                Some(depth) => value.blocks.push(BlockValue {
                    name: block.name.clone(),
                    name_span: block.name_span,
                    label: block.label.clone(),
                    body: body_within(&block.body, scope, depth, errors),
                }),
                None => errors.push(too_deep(block.name_span).into()),
            },
        }
    }
    value
}

/// One evaluation of one expression.
pub(crate) struct Evaluator<'a> {
    scope: &'a dyn Scope,
    /// What the expression has built, in the measure of [`limits::MAX_BUILT_BYTES`].
    built: Cell<usize>,
}

impl<'a> Evaluator<'a> {
    fn new(scope: &'a dyn Scope) -> Self {
        Self {
            scope,
            built: Cell::new(0),
        }
    }

    fn context(&self) -> &'a Context {
        self.scope.context()
    }

    fn warn(&self, code: &'static Code, span: Span, warning: impl FnOnce() -> Diagnostic) {
        self.context().warn(warning, code, span);
    }

    /// Refuses a text that is too long, and counts it.
    fn check_text(&self, bytes: usize, span: Span) -> Result<(), EvalError> {
        if bytes > limits::MAX_TEXT_BYTES {
            return Err(too_big(span, "text", limits::MAX_TEXT_BYTES, "bytes"));
        }
        self.count(bytes, span)
    }

    /// Refuses a list or object that is too long, and counts it.
    fn check_items(&self, items: usize, span: Span) -> Result<(), EvalError> {
        if items > limits::MAX_LIST_ITEMS {
            return Err(too_big(span, "list", limits::MAX_LIST_ITEMS, "items"));
        }
        self.count(items * limits::ITEM_COST_BYTES, span)
    }

    fn count(&self, bytes: usize, span: Span) -> Result<(), EvalError> {
        let built = self.built.get().saturating_add(bytes);
        self.built.set(built);
        if built > limits::MAX_BUILT_BYTES {
            return Err(too_big(
                span,
                "expression",
                limits::MAX_BUILT_BYTES,
                "bytes over all",
            ));
        }
        Ok(())
    }

    /// The value of an expression that may be nested `depth` deep.
    fn expr(&self, expr: &Expr, depth: u32) -> Result<Value, EvalError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(too_deep(expr.span));
        };
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Ident(name) => self.name(name, expr.span),
            ExprKind::Access(base, name, span) => {
                let value = self.expr(base, depth)?;
                self.field(value, name, base, *span)
            }
            ExprKind::Paren(inner) => self.expr(inner, depth),
            ExprKind::Index(base, index) => {
                let value = self.expr(base, depth)?;
                let at = self.expr(index, depth)?;
                self.index(value, &at, base.span, index.span)
            }
            ExprKind::Unary(op, inner) => {
                let value = self.expr(inner, depth)?;
                self.unary(*op, &value, inner.span, expr.span)
            }
            ExprKind::List(items) => self.list(items, depth, expr.span),
            ExprKind::Object(_) => self.object(expr, depth),
            ExprKind::Call(callee, arguments) => self.call(callee, arguments, expr.span, depth),
            ExprKind::Binary(..) => self.chain(expr, depth),
        }
    }

    #[inline(never)]
    fn name(&self, name: &str, span: Span) -> Result<Value, EvalError> {
        if let Some(value) = self.scope.lookup(name) {
            return Ok(value);
        }
        if let Some(entry) = stdlib::entry(name) {
            if let Some(new_name) = entry.renamed_to {
                self.warn(&codes::DEPRECATED_NAME, span, || {
                    stdlib::deprecation(name, new_name, span)
                });
            }
            return Ok(match &entry.value {
                Some(value) => value.clone(),
                None => self.context().constants().clone(),
            });
        }
        Err(EvalError::new(access::unknown_name(name, span, self.scope)))
    }

    /// A value that becomes part of another one: refused where it is as deep as a value may be, so that components that
    /// wrap what others export cannot add up to a value that exhausts the stack of those who walk it.
    fn inner_value(&self, expr: &Expr, depth: u32) -> Result<Value, EvalError> {
        let value = self.expr(expr, depth)?;
        check_depth(&value, limits::MAX_VALUE_DEPTH - 1, expr.span)?;
        Ok(value)
    }

    #[inline(never)]
    fn list(&self, items: &[Expr], depth: u32, span: Span) -> Result<Value, EvalError> {
        self.check_items(items.len(), span)?;
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.inner_value(item, depth)?);
        }
        Ok(Value::List(values.into()))
    }

    #[inline(never)]
    fn object(&self, expr: &Expr, depth: u32) -> Result<Value, EvalError> {
        let ExprKind::Object(fields) = &expr.kind else {
            return Ok(Value::Null);
        };
        self.check_items(fields.len(), expr.span)?;
        let mut object = Object::with_capacity(fields.len());
        for field in fields.iter() {
            object.insert(field.key.clone(), self.inner_value(&field.value, depth)?);
        }
        Ok(Value::Object(Arc::new(object)))
    }

    /// A chain of operators, from left to right.
    #[inline(never)]
    fn chain(&self, expr: &Expr, depth: u32) -> Result<Value, EvalError> {
        let ExprKind::Binary(first, rest) = &expr.kind else {
            return Ok(Value::Null);
        };
        let mut left = self.expr(first, depth)?;
        let mut left_span = first.span;
        for operand in rest {
            let right = self.expr(&operand.value, depth)?;
            left = self.binary(
                operand.op,
                &left,
                &right,
                [left_span, operand.op_span, operand.value.span],
            )?;
            left_span = left_span.to(operand.value.span);
        }
        Ok(left)
    }
}

pub(crate) fn too_deep(span: Span) -> EvalError {
    EvalError::new(
        Diagnostic::error(
            &codes::TOO_DEEP,
            span,
            format!("nested more than {} deep", limits::MAX_EXPRESSION_DEPTH),
        )
        .with_help("give the inner part a name of its own and refer to it"),
    )
}

/// Refuses a value that is nested more than `depth` deep.
fn check_depth(value: &Value, depth: u32, span: Span) -> Result<(), EvalError> {
    fn fits(value: &Value, depth: u32) -> bool {
        match value {
            Value::List(items) => depth > 0 && items.iter().all(|item| fits(item, depth - 1)),
            Value::Object(fields) => depth > 0 && fields.values().all(|field| fits(field, depth - 1)),
            _ => true,
        }
    }
    if fits(value, depth) {
        Ok(())
    } else {
        Err(too_deep_value(span))
    }
}

pub(crate) fn too_deep_value(span: Span) -> EvalError {
    EvalError::new(Diagnostic::error(
        &codes::TOO_DEEP,
        span,
        format!("the value is nested more than {} deep", limits::MAX_VALUE_DEPTH),
    ))
}

fn too_big(span: Span, what: &str, bound: usize, unit: &str) -> EvalError {
    EvalError::new(
        Diagnostic::error(
            &codes::TOO_BIG,
            span,
            format!("the {what} would be too big: the bound is {bound} {unit}"),
        )
        .with_help("data of that size belongs into a file that a component reads"),
    )
}

#[cfg(test)]
mod tests;
