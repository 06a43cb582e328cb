//! A parsed expression.

use super::functions::Function;
use serde_json::Value;

/// A part of an expression, applied to the current value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// `@`, and where nothing is written.
    Current,
    /// `$`.
    Root,
    Literal(Value),
    /// `$name`, without the dollar.
    Variable(String),
    Field(String),
    Index(i64),
    /// `a.b`, `a[0]`: the second applied to the first, unless that is null.
    Then(Box<Node>, Box<Node>),
    Pipe(Box<Node>, Box<Node>),
    /// `a[*].b`: the second applied to each item of the first.
    Items(Box<Node>, Box<Node>),
    /// `a.*.b`.
    Values(Box<Node>, Box<Node>),
    /// `a[].b`.
    Flat(Box<Node>, Box<Node>),
    /// `a[1:2].b`, which takes texts, too.
    Slice(Box<Node>, Slice, Box<Node>),
    /// `a[?b].c`: list, condition, what of each.
    Filter(Box<Node>, Box<Node>, Box<Node>),
    List(Vec<Node>),
    Hash(Vec<(String, Node)>),
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Arithmetic(Operation, Box<Node>, Box<Node>),
    /// `+a`, or `-a` where it is true.
    Sign(bool, Box<Node>),
    Let(Vec<(String, Node)>, Box<Node>),
    Call(&'static Function, Vec<Argument>),
}

/// Start, stop and step as written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) stop: Option<i64>,
    /// Never 0.
    pub(super) step: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Plus,
    Minus,
    Times,
    Divide,
    /// `//`.
    DivideWhole,
    Modulo,
}

/// What a function is called with.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Value(Node),
    /// `&a`.
    Expression(Node),
}
