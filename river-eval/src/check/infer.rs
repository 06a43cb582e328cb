//! The type of an expression, and its value where the text alone gives it.
//!
//! Operators and pure functions whose operands are known are evaluated by the evaluator itself, one step at a time; where only types are
//! known, the operator is tried on a value that stands for its type, so that the checker and the evaluator cannot disagree.

use super::analysis::{ExpressionInfo, ReferenceInfo, Target};
use super::analyzer::Analyzer;
use super::fits::{self, Misfit};
use super::resolve::Found;
use super::signatures::{self, Kind, Signature};
use super::types::{Inferred, Ty};
use crate::codes::check as codes;
use crate::codes::eval as eval_codes;
use crate::eval::{WithContext, evaluate};
use crate::ir::{Expr, ExprKind, Operand};
use crate::stdlib;
use crate::value::{Object, Secret, Str, Value};
use river_syntax::{Diagnostic, Span};
use std::sync::Arc;

impl Analyzer<'_, '_> {
    /// What is known of an expression in a scope; mistakes in it are told, and nothing is known of what has one.
    pub(super) fn infer(&mut self, scope: usize, expr: &Expr) -> Inferred {
        let inferred = self.infer_kind(scope, expr);
        // What literals and names are stands elsewhere.
        if matches!(
            expr.kind,
            ExprKind::Call(..) | ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Index(..)
        ) {
            self.expressions.push(ExpressionInfo {
                span: expr.span,
                inferred: inferred.clone(),
            });
        }
        inferred
    }

    fn infer_kind(&mut self, scope: usize, expr: &Expr) -> Inferred {
        match &expr.kind {
            ExprKind::Literal(value) => Inferred::known(value.clone()),
            ExprKind::List(items) => {
                let items: Vec<Inferred> = items.iter().map(|item| self.infer(scope, item)).collect();
                list(&items)
            }
            ExprKind::Object(fields) => {
                let fields: Vec<(Str, Inferred)> = fields
                    .iter()
                    .map(|field| (field.key.clone(), self.infer(scope, &field.value)))
                    .collect();
                object(fields)
            }
            ExprKind::Ident(_) | ExprKind::Access(..) => self.infer_path(scope, expr),
            ExprKind::Paren(inner) => self.infer(scope, inner),
            ExprKind::Index(base, index) => {
                let of = self.infer(scope, base);
                let at = self.infer(scope, index);
                self.infer_index(expr, (base, &of), (index, &at))
            }
            ExprKind::Unary(op, inner) => {
                let operand = self.infer(scope, inner);
                let Some(value) = stand_in(&operand) else {
                    return Inferred::unknown();
                };
                let kind = ExprKind::Unary(*op, Box::new(literal(value, inner.span)));
                self.apply(kind, expr.span, operand.value.is_some())
            }
            ExprKind::Binary(first, rest) => {
                let mut left = self.infer(scope, first);
                let mut span = first.span;
                for operand in rest {
                    let right = self.infer(scope, &operand.value);
                    let whole = span.to(operand.value.span);
                    left = match (stand_in(&left), stand_in(&right)) {
                        (Some(a), Some(b)) => {
                            let known = left.value.is_some() && right.value.is_some();
                            let right = Operand {
                                op: operand.op,
                                op_span: operand.op_span,
                                value: literal(b, operand.value.span),
                            };
                            self.apply(
                                ExprKind::Binary(Box::new(literal(a, span)), vec![right]),
                                whole,
                                known,
                            )
                        }
                        _ => Inferred::of(unknown_result(operand.op)),
                    };
                    span = whole;
                }
                left
            }
            ExprKind::Call(callee, arguments) => self.infer_call(scope, expr, callee, arguments),
        }
    }

    /// Evaluates one step on values; `known` tells whether they are what stands there, or only of its types.
    fn apply(&mut self, kind: ExprKind, span: Span, known: bool) -> Inferred {
        let step = Expr { kind, span };
        let scope = Object::new();
        let result = evaluate(
            &step,
            &WithContext {
                scope: &scope,
                context: &self.context,
            },
        );
        match result {
            Ok(value) if known => Inferred::known(value),
            Ok(value) => Inferred::of(widened(&value)),
            Err(error) => {
                let of_types = [
                    eval_codes::WRONG_OPERAND.id,
                    eval_codes::MIXED_OPERANDS.id,
                    eval_codes::WRONG_INDEX.id,
                    eval_codes::NO_FIELDS.id,
                    eval_codes::SECRET_TO_TEXT.id,
                ];
                if known || of_types.contains(&error.0.code.id) {
                    self.tell(*error.0);
                }
                Inferred::unknown()
            }
        }
    }

    fn infer_index(&mut self, expr: &Expr, base: (&Expr, &Inferred), index: (&Expr, &Inferred)) -> Inferred {
        if let (Some(of), Some(at)) = (&base.1.value, &index.1.value) {
            let kind = ExprKind::Index(
                Box::new(literal(of.clone(), base.0.span)),
                Box::new(literal(at.clone(), index.0.span)),
            );
            return self.apply(kind, expr.span, true);
        }
        match &base.1.ty {
            Ty::List(item) => Inferred::of((**item).clone()),
            Ty::Map(value) => Inferred::of((**value).clone()),
            Ty::Object(fields) => {
                let name = index.1.value.as_ref().and_then(Value::as_text);
                let field = fields.iter().find(|(field, _)| name.as_deref() == Some(field));
                Inferred::of(field.map_or(Ty::Unknown, |(_, ty)| ty.clone()))
            }
            Ty::Unknown | Ty::Null => Inferred::unknown(),
            // Targets are maps of texts to the language.
            Ty::Capsule(_) => Inferred::unknown(),
            other => {
                self.tell(
                    Diagnostic::error(
                        &eval_codes::WRONG_INDEX,
                        base.0.span,
                        format!("expected object or array, got {}", other.name()),
                    )
                    .with_label("has neither items nor fields"),
                );
                Inferred::unknown()
            }
        }
    }

    /// A name with fields.
    fn infer_path(&mut self, scope: usize, expr: &Expr) -> Inferred {
        let Some(reference) = expr.as_reference() else {
            let ExprKind::Access(base, name, span) = &expr.kind else {
                return Inferred::unknown();
            };
            let of = self.infer(scope, base);
            return self.field(&of, name, *span, base.span);
        };
        match self.resolve(scope, &reference) {
            Found::Node {
                scope: room,
                node,
                used,
            } => self.infer_export(scope, (room, node), used, &reference),
            Found::Own => Inferred::unknown(),
            Found::Argument(room, node) => {
                self.refer(&reference, 2, Target::Argument(room, node), Ty::Unknown);
                Inferred::unknown()
            }
            Found::Variable(room, node, ty) => {
                self.refer(&reference, 1, Target::Variable(room, node), ty.clone());
                let mut found = Inferred::of(ty);
                let mut base = reference.path.first().map_or(expr.span, |(_, span)| *span);
                for (name, span) in reference.path.iter().skip(1) {
                    found = self.field(&found, name, *span, base);
                    base = base.to(*span);
                }
                found
            }
            Found::Text => Inferred::of(Ty::String),
            Found::Standard => self.infer_standard(expr, &reference),
            Found::Unknown => Inferred::unknown(),
        }
    }

    fn infer_standard(&mut self, expr: &Expr, reference: &crate::ir::Reference) -> Inferred {
        if let Some(finding) = stdlib::check(reference, self.options.min_stability) {
            self.tell(finding);
        }
        let dotted: Str = reference.dotted().into();
        if reference
            .path
            .first()
            .is_some_and(|(name, _)| &**name == "constants")
            && reference.path.len() == 2
        {
            let root = Object::new();
            // What the constants are is known at run time only; which there are is known.
            return match evaluate(
                expr,
                &WithContext {
                    scope: &root,
                    context: &self.context,
                },
            ) {
                Ok(_) => {
                    self.refer(reference, 2, Target::Standard(dotted), Ty::String);
                    Inferred::of(Ty::String)
                }
                Err(error) => {
                    self.tell(*error.0);
                    Inferred::unknown()
                }
            };
        }
        let found = self.apply(expr.kind.clone(), expr.span, true);
        self.refer(
            reference,
            reference.path.len(),
            Target::Standard(dotted),
            found.ty.clone(),
        );
        found
    }

    /// A field of something whose type is known.
    pub(super) fn field(&mut self, of: &Inferred, name: &str, span: Span, base: Span) -> Inferred {
        match (&of.value, &of.ty) {
            (Some(value), _) => {
                let kind = ExprKind::Access(Box::new(literal(value.clone(), base)), name.into(), span);
                self.apply(kind, base.to(span), true)
            }
            (None, Ty::Object(fields)) => match fields.iter().find(|(field, _)| &**field == name) {
                Some((_, ty)) => Inferred::of(ty.clone()),
                None => {
                    let known: Vec<&str> = fields.iter().map(|(field, _)| field.as_ref()).collect();
                    let help = match crate::suggest::nearest(name, known.iter().copied()) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("it has {}", known.join(", ")),
                    };
                    self.tell(
                        Diagnostic::error(
                            &eval_codes::UNKNOWN_FIELD,
                            span,
                            format!("field {name:?} does not exist"),
                        )
                        .with_help(help),
                    );
                    Inferred::unknown()
                }
            },
            (None, Ty::Map(value)) => Inferred::of((**value).clone()),
            (None, Ty::Unknown | Ty::Null | Ty::Capsule(_)) => Inferred::unknown(),
            (None, other) => {
                let list = matches!(other, Ty::List(_));
                let mistake = Diagnostic::error(
                    &eval_codes::NO_FIELDS,
                    base,
                    format!("cannot access field {name:?} on a value of type {}", other.name()),
                );
                self.tell(match list {
                    true => mistake.with_help(format!("take an item of the list first: [0].{name}")),
                    false => mistake.with_help("only objects have fields"),
                });
                Inferred::unknown()
            }
        }
    }

    fn infer_call(&mut self, scope: usize, expr: &Expr, callee: &Expr, arguments: &[Expr]) -> Inferred {
        let function = self.infer(scope, callee);
        let given: Vec<Inferred> = arguments
            .iter()
            .map(|argument| self.infer(scope, argument))
            .collect();
        let name = match function.ty {
            Ty::Function(name) => name,
            Ty::Unknown | Ty::Null => return Inferred::unknown(),
            other => {
                self.tell(
                    Diagnostic::error(
                        &eval_codes::NOT_A_FUNCTION,
                        callee.span,
                        format!("{} is no function", other.name()),
                    )
                    .with_help("only functions of the standard library can be called"),
                );
                return Inferred::unknown();
            }
        };
        let Some(signature) = signatures::of(name) else {
            return Inferred::unknown();
        };
        if let Some(wanted) = signature.count_mistake(arguments.len()) {
            let shown = stdlib::function(name).map_or(name, |info| info.signature);
            self.tell(
                Diagnostic::error(
                    &eval_codes::ARGUMENT_COUNT,
                    expr.span,
                    format!("{name} takes {wanted}, got {}", arguments.len()),
                )
                .with_help(format!("call it as {shown}")),
            );
            return Inferred::of(signature.gives.ty());
        }
        if !self.check_arguments(name, &signature, arguments, &given) {
            return Inferred::of(signature.gives.ty());
        }
        let values: Option<Vec<Value>> = given.iter().map(|given| given.value.clone()).collect();
        match values.filter(|_| signature.pure) {
            Some(values) => {
                let literals = values
                    .into_iter()
                    .zip(arguments)
                    .map(|(value, argument)| literal(value, argument.span))
                    .collect();
                self.apply(
                    ExprKind::Call(Box::new(callee.clone()), literals),
                    expr.span,
                    true,
                )
            }
            None => Inferred::of(result(name, &signature, &given)),
        }
    }

    /// Checks the arguments of a call against the signature; whether they fit.
    fn check_arguments(
        &mut self,
        name: &str,
        signature: &Signature,
        arguments: &[Expr],
        given: &[Inferred],
    ) -> bool {
        let mut fit = true;
        for (at, (argument, given)) in arguments.iter().zip(given).enumerate() {
            let Some(kind) = signature.argument(at) else {
                continue;
            };
            let place = |message: String| format!("argument {} of {name}: {message}", at + 1);
            match fits::misfit(given, &kind.schema()) {
                None => {}
                Some(Misfit::Wrong(error)) => {
                    fit = false;
                    let mut finding =
                        Diagnostic::error(&eval_codes::WRONG_ARGUMENT, argument.span, place(error.message));
                    finding.help = error.help;
                    self.tell(finding);
                }
                Some(Misfit::SecretToText) => {
                    fit = false;
                    self.tell(
                        Diagnostic::error(
                            &eval_codes::SECRET_TO_TEXT,
                            argument.span,
                            place("a secret does not become text".to_owned()),
                        )
                        .with_help("if the value is not sensitive, open it with convert.nonsensitive(…)"),
                    );
                }
                Some(Misfit::Capsule(found, _)) => {
                    fit = false;
                    self.tell(Diagnostic::error(
                        &eval_codes::WRONG_ARGUMENT,
                        argument.span,
                        place(format!("a {found} is no value of the language")),
                    ));
                }
            }
            if kind == Kind::Text && given.ty == Ty::Number {
                let shown = match &given.value {
                    Some(Value::Int(number)) => {
                        format!("write \"{number}\" in double quotes if text was meant")
                    }
                    _ => "it becomes text; use string.format to say how".to_owned(),
                };
                self.tell(
                    Diagnostic::warning(
                        &codes::NUMBER_AS_TEXT,
                        argument.span,
                        place("expected string, got number".to_owned()),
                    )
                    .with_help(shown),
                );
            }
        }
        fit
    }

    fn refer(&mut self, reference: &crate::ir::Reference, head: usize, target: Target, ty: Ty) {
        let first = reference.path.first().map_or(reference.span, |(_, span)| *span);
        let last = reference
            .path
            .get(head.saturating_sub(1))
            .map_or(reference.span, |(_, span)| *span);
        let label = match target {
            Target::Node(..) | Target::Argument(..) => Some(last),
            _ => None,
        };
        self.references.push(ReferenceInfo {
            span: reference.span,
            head: first.to(last),
            label,
            target,
            ty,
        });
    }

    /// A node with the exports that are asked of it.
    fn infer_export(
        &mut self,
        from: usize,
        (room, node): (usize, usize),
        used: usize,
        reference: &crate::ir::Reference,
    ) -> Inferred {
        self.note_use(from, room, node, reference);
        let exports = self.exports(room, node);
        let found = match (exports, reference.path.get(used)) {
            (None, _) => Inferred::unknown(),
            (Some(exports), None) => Inferred::of(Ty::Object(exports.to_vec())),
            (Some(exports), Some((name, span))) => match exports.iter().find(|(export, _)| export == name) {
                Some((_, ty)) => {
                    let mut found = Inferred::of(ty.clone());
                    let mut base = reference.path.first().map_or(*span, |(_, first)| first.to(*span));
                    for (name, span) in reference.path.iter().skip(used + 1) {
                        found = self.field(&found, name, *span, base);
                        base = base.to(*span);
                    }
                    found
                }
                None => {
                    self.tell_unknown_export((room, node), &exports, name, *span);
                    Inferred::unknown()
                }
            },
        };
        self.refer(reference, used, Target::Node(room, node), found.ty.clone());
        found
    }

    fn tell_unknown_export(
        &mut self,
        (room, node): (usize, usize),
        exports: &[(Str, Ty)],
        name: &str,
        span: Span,
    ) {
        let id = self.node_id(room, node);
        let mistake = Diagnostic::error(
            &codes::UNKNOWN_EXPORT,
            span,
            format!("{id} does not export {name:?}"),
        );
        let known: Vec<&str> = exports.iter().map(|(export, _)| export.as_ref()).collect();
        self.tell(
            match (
                crate::suggest::nearest(name, known.iter().copied()),
                known.as_slice(),
            ) {
                (Some(near), _) => {
                    mistake
                        .with_help(format!("did you mean {near}?"))
                        .with_fix(river_syntax::Fix {
                            title: format!("write {near}"),
                            edits: vec![river_syntax::Edit {
                                span,
                                replacement: near.to_owned(),
                            }],
                            safe: false,
                        })
                }
                (None, []) => mistake.with_help("it exports nothing"),
                (None, [only]) => {
                    mistake
                        .with_help(format!("it exports {only}"))
                        .with_fix(river_syntax::Fix {
                            title: format!("write {only}"),
                            edits: vec![river_syntax::Edit {
                                span,
                                replacement: (*only).to_owned(),
                            }],
                            safe: false,
                        })
                }
                (None, known) => mistake.with_help(format!("it exports {}", known.join(", "))),
            },
        );
    }
}

fn literal(value: Value, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Literal(value),
        span,
    }
}

/// The value, or one that has its type; `None` where no value of the type can be made here.
fn stand_in(of: &Inferred) -> Option<Value> {
    if let Some(value) = &of.value {
        return Some(value.clone());
    }
    Some(match &of.ty {
        Ty::Unknown | Ty::Capsule(_) | Ty::Function(_) | Ty::OptionalSecret => return None,
        Ty::Null => Value::Null,
        Ty::Bool => Value::Bool(true),
        Ty::Number => Value::Int(1),
        Ty::String => Value::string("1"),
        Ty::List(_) => Value::list([]),
        Ty::Object(_) | Ty::Map(_) => Value::Object(Arc::default()),
        Ty::Secret => Value::Secret(Secret::new("")),
    })
}

/// The type of a value that was made from stand-ins: what it holds means nothing.
fn widened(value: &Value) -> Ty {
    match value {
        Value::List(_) | Value::Bytes(_) => Ty::List(Box::default()),
        Value::Object(_) => Ty::Map(Box::default()),
        other => Ty::of_value(other),
    }
}

fn unknown_result(op: crate::ir::BinaryOp) -> Ty {
    use crate::ir::BinaryOp::{Add, And, Eq, Ge, Gt, Le, Lt, Ne, Or};
    match op {
        Or | And | Eq | Ne | Lt | Le | Gt | Ge => Ty::Bool,
        Add => Ty::Unknown,
        _ => Ty::Number,
    }
}

/// The result of a call whose arguments are not all known.
fn result(name: &str, signature: &Signature, given: &[Inferred]) -> Ty {
    match name {
        "array.concat" | "concat" => Ty::common(given.iter().map(|given| given.ty.clone())),
        "coalesce" => Ty::common(given.iter().map(|given| given.ty.clone())),
        _ => signature.gives.ty(),
    }
}

/// A list of what its items are.
pub(super) fn list(items: &[Inferred]) -> Inferred {
    let values: Option<Vec<Value>> = items.iter().map(|item| item.value.clone()).collect();
    match values {
        Some(values) => Inferred::known(Value::list(values)),
        None => Inferred::of(Ty::List(Box::new(Ty::common(
            items.iter().map(|item| item.ty.clone()),
        )))),
    }
}

/// An object of what its fields are.
pub(super) fn object(fields: Vec<(Str, Inferred)>) -> Inferred {
    if fields.iter().all(|(_, field)| field.value.is_some()) {
        return Inferred::known(Value::object(
            fields
                .into_iter()
                .map(|(key, field)| (key, field.value.unwrap_or_default())),
        ));
    }
    Inferred::of(Ty::Object(
        fields.into_iter().map(|(key, field)| (key, field.ty)).collect(),
    ))
}
