//! Calls of functions, and what a function sees of its call.

use super::{Context, EvalError, Evaluator, access};
use crate::codes::eval as codes;
use crate::ir::{Expr, ExprKind};
use crate::stdlib;
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Span};
use std::fmt;
use std::sync::Arc;

/// A call of a function of the standard library.
pub struct Call<'a> {
    /// The function's full name, or the old one if it was called by that.
    pub name: &'static str,
    /// The evaluated arguments.
    pub arguments: &'a [Value],
    /// The arguments as they are written.
    pub written: &'a [Expr],
    /// Where the function's name stands.
    pub callee: Span,
    /// Where the whole call stands.
    pub span: Span,
    evaluator: &'a Evaluator<'a>,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("name", &self.name)
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

impl Evaluator<'_> {
    #[inline(never)]
    pub(super) fn call(
        &self,
        callee: &Expr,
        arguments: &[Expr],
        span: Span,
        depth: u32,
    ) -> Result<Value, EvalError> {
        let function = match self.expr(callee, depth)? {
            Value::Function(function) => function,
            other => {
                return Err(EvalError::new(
                    Diagnostic::error(
                        &codes::NOT_A_FUNCTION,
                        callee.span,
                        format!(
                            "only functions can be called, this is {}",
                            access::describe(&other)
                        ),
                    )
                    .with_label("this is called as a function"),
                ));
            }
        };
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.expr(argument, depth)?);
        }
        if stdlib::stability(function.name) < self.context().stability() {
            return Err(EvalError::new(stdlib::unstable(
                function.name,
                callee.span,
                self.context().stability(),
            )));
        }
        (function.run)(&mut Call {
            name: function.name,
            arguments: &values,
            written: arguments,
            callee: callee.span,
            span,
            evaluator: self,
        })
    }
}

impl<'a> Call<'a> {
    /// What is seen of the world.
    pub fn context(&self) -> &'a Context {
        self.evaluator.context()
    }

    /// Where an argument stands; the whole call where there is none.
    pub fn span_of(&self, argument: usize) -> Span {
        self.written.get(argument).map_or(self.span, |expr| expr.span)
    }

    /// Where an item of a list that is an argument stands, if the list is written in the call; else the argument.
    pub fn span_of_item(&self, argument: usize, item: usize) -> Span {
        let mut written = self.written.get(argument);
        while let Some(Expr {
            kind: ExprKind::Paren(inner),
            ..
        }) = written
        {
            written = Some(inner);
        }
        match written.map(|expr| &expr.kind) {
            Some(ExprKind::List(items)) => items.get(item).map_or(self.span_of(argument), |item| item.span),
            _ => self.span_of(argument),
        }
    }

    /// Refuses a call with another number of arguments.
    pub fn expect_arguments(&self, count: usize) -> Result<(), EvalError> {
        if self.arguments.len() == count {
            Ok(())
        } else {
            Err(self.wrong_count(&count.to_string()))
        }
    }

    /// The error of a call with another number of arguments than `expected`.
    pub fn wrong_count(&self, expected: &str) -> EvalError {
        let diagnostic = Diagnostic::error(
            &codes::ARGUMENT_COUNT,
            self.callee,
            format!(
                "{} expected {expected} args, got {}",
                self.name,
                self.arguments.len()
            ),
        );
        EvalError::new(match stdlib::function(self.name) {
            Some(function) => diagnostic.with_help(format!("it is called as {}", function.signature)),
            None => diagnostic,
        })
    }

    /// The error of a function that cannot do its work.
    pub fn failed(&self, why: impl fmt::Display) -> EvalError {
        EvalError::new(Diagnostic::error(
            &codes::FUNCTION_FAILED,
            self.callee,
            format!("{}: {why}", self.name),
        ))
    }

    /// The error of an argument of the wrong type, at a place in the call.
    pub fn wrong_type(&self, expected: &str, got: &Value, span: Span) -> EvalError {
        let diagnostic = Diagnostic::error(
            &codes::WRONG_ARGUMENT,
            span,
            format!("should be {expected}, got {}", access::type_of(got)),
        );
        EvalError::new(match stdlib::function(self.name) {
            Some(function) => diagnostic.with_help(format!("it is called as {}", function.signature)),
            None => diagnostic,
        })
    }

    /// An argument as text.
    pub fn text(&self, argument: usize) -> Result<Str, EvalError> {
        let value = self.arguments.get(argument).unwrap_or(&Value::Null);
        self.to_text(value, || self.span_of(argument))
    }

    /// A value as text: numbers convert, `null` is empty, secrets do not.
    pub fn to_text(&self, value: &Value, span: impl Fn() -> Span) -> Result<Str, EvalError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Ok(Str::from("")),
            Value::OptionalSecret(secret) if !secret.is_secret() => Ok(secret.reveal().clone()),
            Value::Secret(_) | Value::OptionalSecret(_) => Err(EvalError::new(
                Diagnostic::error(
                    &codes::SECRET_TO_TEXT,
                    span(),
                    "secrets may not be converted into strings",
                )
                .with_label("a secret")
                .with_help("if it may be seen, say so with convert.nonsensitive(...)"),
            )),
            Value::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into()),
            other => match super::plain_text(other) {
                Some(text) => Ok(text.into()),
                None => Err(self.wrong_type("string", other, span())),
            },
        }
    }

    /// An argument as a list; `null` is an empty one.
    pub fn list(&self, argument: usize) -> Result<Arc<[Value]>, EvalError> {
        match self.arguments.get(argument).unwrap_or(&Value::Null) {
            Value::Null => Ok(Arc::new([])),
            other => other
                .items()
                .ok_or_else(|| self.wrong_type("array", other, self.span_of(argument))),
        }
    }

    /// A result that is text, refused where it is too long.
    pub fn give_text(&self, text: impl Into<Str>) -> Result<Value, EvalError> {
        let text = text.into();
        self.allow_text(text.len())?;
        Ok(Value::String(text))
    }

    /// Refuses to make a text of so many bytes if that is too long; counts it otherwise. To be called before the text
    /// is made where it may be much longer than the arguments.
    pub fn allow_text(&self, bytes: usize) -> Result<(), EvalError> {
        self.evaluator.check_text(bytes, self.span)
    }

    /// Refuses to make a list or object of so many items if that is too long; counts it otherwise.
    pub fn allow_items(&self, items: usize) -> Result<(), EvalError> {
        self.evaluator.check_items(items, self.span)
    }

    /// Refuses a result that is nested too deep; for functions that wrap their arguments.
    pub fn allow_depth(&self, result: Value) -> Result<Value, EvalError> {
        super::check_depth(&result, super::limits::MAX_VALUE_DEPTH, self.span)?;
        Ok(result)
    }

    /// Keeps a warning, once for its code and place.
    pub fn warn(&self, warning: Diagnostic) {
        let (code, span) = (warning.code, warning.primary.span);
        self.evaluator.warn(code, span, || warning);
    }
}
