//! Evaluates expressions in a scope.

use crate::ir::Expr;
use crate::value::{Object, Str, Value};
use river_syntax::{Diagnostic, Span};
use std::sync::Arc;

/// Where names are looked up. A scope answers for its own names and asks its parent for the rest.
pub trait Scope {
    /// The value of a name, if there is one. Objects are shared, so that an answer copies nothing.
    fn lookup(&self, name: &str) -> Option<Value>;
}

impl Scope for Object {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.get(name).cloned()
    }
}

/// An error of an evaluation, at a place.
#[derive(Clone, Debug)]
pub struct EvalError(pub Box<Diagnostic>);

/// A call of a function of the standard library.
#[derive(Debug)]
pub struct Call<'a> {
    /// The evaluated arguments.
    pub arguments: &'a [Value],
    /// Where each argument stands.
    pub spans: &'a [Span],
    /// Where the whole call stands.
    pub span: Span,
}

#[allow(unused)]
fn placeholder(_: &Expr, _: Str, _: Arc<Object>) {}
