//! What a component accepts and exports, as data: made by the derive macros, read by the checker, the editor and the reference pages.

use crate::value::Value;

/// A type of the catalog.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the catalog")]
pub enum Type {
    String,
    Bool,
    Duration,
    Secret,
    OptionalSecret,
    Any,
    Function,
    /// `int`, `int64`, `uint64`, `float64` …
    Number(&'static str),
    List(Box<Type>),
    Map(Box<Type>),
    Object(Box<BodySchema>),
    /// A capsule by the reference's name of its type.
    Capsule(&'static str),
    /// A string of a special form; the accepted words where the set is closed.
    Text {
        name: &'static str,
        words: &'static [&'static str],
    },
}

/// What may stand in a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodySchema {
    /// `name = value`.
    pub attributes: Vec<AttributeSchema>,
    /// `name { … }`.
    pub blocks: Vec<BlockSchema>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeSchema {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when not given; `None` where nothing stands for it.
    pub default: Option<Value>,
    /// The reference text (Markdown), from the field's doc comment.
    pub doc: &'static str,
}

/// A block. Two are equal when their heads are: bodies may recur.
#[derive(Clone, Debug)]
pub struct BlockSchema {
    /// Its dotted name.
    pub name: String,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it may be given more than once.
    pub repeated: bool,
    /// Whether it takes a label.
    pub label: bool,
    /// Whether it is one of alternatives that may be mixed in any order, such as the stages of `loki.process`.
    pub alternative: bool,
    /// What it holds. A function, as bodies may recur (`stage.match` holds stages).
    pub body: fn() -> BodySchema,
    /// The reference text (Markdown), from the field's doc comment.
    pub doc: &'static str,
}

impl PartialEq for BlockSchema {
    fn eq(&self, other: &Self) -> bool {
        (
            &self.name,
            self.required,
            self.repeated,
            self.label,
            self.alternative,
        ) == (
            &other.name,
            other.required,
            other.repeated,
            other.label,
            other.alternative,
        )
    }
}
