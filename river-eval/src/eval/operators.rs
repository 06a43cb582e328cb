//! The operators, secrets included.

use super::access::describe;
use super::number::{self, Number, Trouble};
use super::{EvalError, Evaluator};
use crate::codes::eval as codes;
use crate::eval::limits;
use crate::ir::{BinaryOp, UnaryOp};
use crate::value::{OptionalSecret, Secret, Str, Value};
use river_syntax::{Diagnostic, Span};
use std::cmp::Ordering;

impl Evaluator<'_> {
    /// `left op right`; `spans` are the places of left operand, operator and right operand.
    pub(super) fn binary(
        &self,
        op: BinaryOp,
        left: &Value,
        right: &Value,
        spans: [Span; 3],
    ) -> Result<Value, EvalError> {
        match op {
            BinaryOp::Eq => return self.equals(left, right, spans[1]).map(Value::Bool),
            BinaryOp::Ne => {
                return self
                    .equals(left, right, spans[1])
                    .map(|equal| Value::Bool(!equal));
            }
            _ => {}
        }
        match (op, left, right) {
            (BinaryOp::Or, Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(*a || *b)),
            (BinaryOp::And, Value::Bool(a), Value::Bool(b)) => Ok(Value::Bool(*a && *b)),
            (BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, _, _) => {
                self.ordered(op, left, right, spans)
            }
            (BinaryOp::Add, Value::String(a), Value::String(b)) => {
                self.joined(a, b, spans).map(Value::String)
            }
            (BinaryOp::Or | BinaryOp::And, _, _) => Err(misfit(op, left, right, spans)),
            _ => match (Number::of(left), Number::of(right)) {
                (Some(a), Some(b)) => self.calculate(op, a, b, spans),
                _ if op == BinaryOp::Add => self.add_secrets(left, right, spans),
                _ => Err(misfit(op, left, right, spans)),
            },
        }
    }

    fn calculate(&self, op: BinaryOp, a: Number, b: Number, spans: [Span; 3]) -> Result<Value, EvalError> {
        if op == BinaryOp::Pow && number::is_surprising_power(a, b) {
            self.warn(&codes::SURPRISING_NUMBER, spans[0].to(spans[2]), || {
                Diagnostic::warning(
                    &codes::SURPRISING_NUMBER,
                    spans[0].to(spans[2]),
                    "a whole number to a negative power is the number itself",
                )
                .with_help("write the number with a point, such as 2.0, to get a fraction")
            });
        }
        number::arithmetic(op, a, b).map_err(|trouble| match trouble {
            Trouble::DivisionByZero => {
                EvalError::new(Diagnostic::error(&codes::DIVISION_BY_ZERO, spans[2], "divide by zero error")
                    .with_label("this is zero"))
            }
            Trouble::Overflow => EvalError::new(
                Diagnostic::error(
                    &codes::OVERFLOW,
                    spans[0].to(spans[2]),
                    format!("integer overflow: the result of {} does not fit 64 bits", op.text()),
                )
                .with_help("write one of the numbers with a point, such as 2.0, to calculate with floating-point numbers"),
            ),
        })
    }

    fn ordered(
        &self,
        op: BinaryOp,
        left: &Value,
        right: &Value,
        spans: [Span; 3],
    ) -> Result<Value, EvalError> {
        let order = match (plain_text(left), plain_text(right)) {
            (Some(a), Some(b)) => Some(a.cmp(b)),
            _ => match (Number::of(left), Number::of(right)) {
                (Some(a), Some(b)) => number::compare(a, b),
                _ => return Err(misfit(op, left, right, spans)),
            },
        };
        Ok(Value::Bool(match op {
            BinaryOp::Lt => order == Some(Ordering::Less),
            BinaryOp::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            BinaryOp::Gt => order == Some(Ordering::Greater),
            _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }))
    }

    /// Text joined with a secret is a secret, as careful as the more careful of the two.
    fn add_secrets(&self, left: &Value, right: &Value, spans: [Span; 3]) -> Result<Value, EvalError> {
        let (Some(a), Some(b)) = (Hidden::of(left), Hidden::of(right)) else {
            return Err(misfit(BinaryOp::Add, left, right, spans));
        };
        let text = self.joined(a.text, b.text, spans)?;
        Ok(match a.care.max(b.care) {
            Care::Secret => Value::Secret(Secret::new(text)),
            Care::OptionalSecret => Value::OptionalSecret(OptionalSecret::secret(text)),
            Care::OptionalPlain if a.care == b.care => Value::OptionalSecret(OptionalSecret::plain(text)),
            Care::OptionalPlain | Care::Text => Value::String(text),
        })
    }

    fn joined(&self, a: &str, b: &str, spans: [Span; 3]) -> Result<Str, EvalError> {
        let span = spans[0].to(spans[2]);
        self.check_text(a.len() + b.len(), span)?;
        let mut text = String::with_capacity(a.len() + b.len());
        text.push_str(a);
        text.push_str(b);
        Ok(text.into())
    }

    /// The language's `==`: anything compares with anything, numbers by their value whatever their kind, functions
    /// never.
    pub(super) fn equals(&self, left: &Value, right: &Value, span: Span) -> Result<bool, EvalError> {
        equal_within(left, right, limits::MAX_VALUE_DEPTH).ok_or_else(|| super::too_deep_value(span))
    }

    pub(super) fn unary(
        &self,
        op: UnaryOp,
        value: &Value,
        inner: Span,
        whole: Span,
    ) -> Result<Value, EvalError> {
        match (op, value) {
            (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
            (UnaryOp::Not, other) => Err(EvalError::new(Diagnostic::error(
                &codes::WRONG_OPERAND,
                inner,
                format!("! takes a bool, not {}", describe(other)),
            ))),
            (UnaryOp::Neg, other) => {
                let Some(number) = Number::of(other) else {
                    return Err(EvalError::new(Diagnostic::error(
                        &codes::WRONG_OPERAND,
                        inner,
                        format!("- takes a number, not {}", describe(other)),
                    )));
                };
                let (negative, surprising) = number::negative(number);
                if surprising {
                    self.warn(&codes::SURPRISING_NUMBER, whole, || {
                        Diagnostic::warning(
                            &codes::SURPRISING_NUMBER,
                            whole,
                            "the number is too big for its negative, which wraps around",
                        )
                        .with_help("write it with a point to calculate with a floating-point number")
                    });
                }
                Ok(negative)
            }
        }
    }
}

/// The language's `==`; `None` where the values are nested more than `depth` deep.
pub(crate) fn equal_within(left: &Value, right: &Value, depth: u32) -> Option<bool> {
    let depth = depth.checked_sub(1)?;
    Some(match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(_) | Value::Bytes(_), Value::List(_) | Value::Bytes(_)) => {
            let (Some(a), Some(b)) = (left.items(), right.items()) else {
                return Some(false);
            };
            if a.len() != b.len() {
                return Some(false);
            }
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal_within(a, b, depth)? {
                    return Some(false);
                }
            }
            true
        }
        (Value::Object(a), Value::Object(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            for (key, a) in a.iter() {
                match b.get(key) {
                    Some(b) if equal_within(a, b, depth)? => {}
                    _ => return Some(false),
                }
            }
            true
        }
        (Value::Capsule(a), Value::Capsule(b)) => a == b,
        (Value::OptionalSecret(a), Value::OptionalSecret(b)) => a == b,
        (Value::Secret(_) | Value::OptionalSecret(_), _)
        | (_, Value::Secret(_) | Value::OptionalSecret(_)) => match (Hidden::of(left), Hidden::of(right)) {
            (Some(a), Some(b)) => a.text == b.text,
            _ => false,
        },
        _ => match (Number::of(left), Number::of(right)) {
            (Some(a), Some(b)) => number::equal(a, b),
            _ => false,
        },
    })
}

/// How carefully a text has to be handled, from least to most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Care {
    Text,
    OptionalPlain,
    OptionalSecret,
    Secret,
}

/// Text of any care.
struct Hidden<'a> {
    text: &'a str,
    care: Care,
}

impl<'a> Hidden<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        let (text, care): (&str, Care) = match value {
            Value::String(text) => (text, Care::Text),
            Value::OptionalSecret(secret) if secret.is_secret() => (secret.reveal(), Care::OptionalSecret),
            Value::OptionalSecret(secret) => (secret.reveal(), Care::OptionalPlain),
            Value::Secret(secret) => (secret.reveal(), Care::Secret),
            _ => return None,
        };
        Some(Self { text, care })
    }
}

fn plain_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::OptionalSecret(secret) if !secret.is_secret() => Some(secret.reveal()),
        _ => None,
    }
}

/// Names the operand that the operator does not take: the left one if both are wrong.
fn misfit(op: BinaryOp, left: &Value, right: &Value, spans: [Span; 3]) -> EvalError {
    let (allowed, accepts): (&str, fn(&str) -> bool) = match op {
        BinaryOp::Or | BinaryOp::And => ("bools", |name| name == "bool"),
        BinaryOp::Add => ("numbers, strings and secrets", |name| {
            matches!(name, "number" | "string" | "capsule")
        }),
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            ("numbers and strings", |name| matches!(name, "number" | "string"))
        }
        _ => ("numbers", |name| name == "number"),
    };
    // Where both operands are the same wrong value, the reference cannot tell them apart and names the right one.
    let mut operands = [(left, spans[0]), (right, spans[2])];
    if is_shared(left) && left == right {
        operands.reverse();
    }
    for (value, span) in operands {
        if !accepts(value.type_name()) {
            let diagnostic = Diagnostic::error(
                &codes::WRONG_OPERAND,
                span,
                format!("{} takes {allowed}, not {}", op.text(), describe(value)),
            )
            .with_secondary(spans[1], "this operator");
            return EvalError::new(match (op, value) {
                (BinaryOp::Add, Value::List(_)) => diagnostic.with_help("join lists with array.concat"),
                (_, Value::Null) => diagnostic.with_help("give a default with coalesce(value, default)"),
                (_, Value::Secret(_) | Value::OptionalSecret(_)) => {
                    diagnostic.with_help("secrets can only be joined with + and compared with == and !=")
                }
                _ => diagnostic,
            });
        }
    }
    let diagnostic = Diagnostic::error(
        &codes::MIXED_OPERANDS,
        spans[2],
        format!(
            "both sides of {} must be of one type, got {} and {}",
            op.text(),
            describe(left),
            describe(right)
        ),
    )
    .with_label(describe(right))
    .with_secondary(spans[0], describe(left));
    EvalError::new(match (op, left, right) {
        (BinaryOp::Add, Value::String(_), _) | (BinaryOp::Add, _, Value::String(_)) => {
            diagnostic.with_help("make text of the other value: string.format(\"%v\", value)")
        }
        _ => diagnostic,
    })
}

/// Whether Go keeps such a value once for all its uses.
fn is_shared(value: &Value) -> bool {
    match value {
        Value::Bool(_) => true,
        Value::Int(number) => (0..256).contains(number),
        Value::Float(number) => number.to_bits() == 0,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
