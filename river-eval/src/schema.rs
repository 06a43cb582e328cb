//! What a component accepts and exports, as data: made by the derive macros, read by the checker, the editor and the reference pages.

use crate::eval::Stability;
use crate::value::Value;
use std::sync::{Arc, OnceLock};

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
    /// Which of its values need `--stability.level=experimental`.
    pub experimental: Experimental,
    /// The reference text (Markdown), from the field's doc comment.
    pub doc: &'static str,
}

/// Which values of an attribute need `--stability.level=experimental`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Experimental {
    /// None.
    #[default]
    No,
    /// All but the default.
    Changed,
    /// This one.
    Value(Value),
}

impl AttributeSchema {
    /// Whether a value may only be written at the level experimental.
    pub fn is_experimental(&self, value: &Value) -> bool {
        match &self.experimental {
            Experimental::No => false,
            Experimental::Changed => value != self.default.as_ref().unwrap_or(&Value::Null),
            Experimental::Value(experimental) => value == experimental,
        }
    }
}

/// The body of a block, made when it is first asked for: bodies may recur (`stage.match` holds stages), and of a large catalog only the blocks
/// that a configuration uses are ever made.
#[derive(Clone)]
pub struct LazyBody(Arc<Lazy>);

struct Lazy {
    made: OnceLock<BodySchema>,
    make: Box<dyn Fn() -> BodySchema + Send + Sync>,
}

impl LazyBody {
    /// A body that `make` makes.
    pub fn new(make: impl Fn() -> BodySchema + Send + Sync + 'static) -> Self {
        Self(Arc::new(Lazy {
            made: OnceLock::new(),
            make: Box::new(make),
        }))
    }

    /// The body.
    pub fn get(&self) -> &BodySchema {
        self.0.made.get_or_init(|| (self.0.make)())
    }
}

impl std::fmt::Debug for LazyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.made.get() {
            Some(_) => f.write_str("LazyBody(made)"),
            None => f.write_str("LazyBody"),
        }
    }
}

/// A component or a config block as a catalog describes it.
#[derive(Clone, Debug)]
pub struct ComponentSchema {
    /// Its name, `loki.source.file`, `logging`.
    pub name: &'static str,
    /// Whether its block takes a label.
    pub labelled: bool,
    /// How settled it is.
    pub stability: Stability,
    /// Whether it is kept up by the community only, and has to be allowed by a flag.
    pub community: bool,
    /// What its block takes.
    pub arguments: BodySchema,
    /// What it exports.
    pub exports: Vec<AttributeSchema>,
    /// The reference text (Markdown); empty where none is known.
    pub doc: &'static str,
}

impl BodySchema {
    /// The attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&AttributeSchema> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The block of this name.
    pub fn block(&self, name: &str) -> Option<&BlockSchema> {
        self.blocks.iter().find(|block| block.name == name)
    }
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
    /// Whether it needs `--stability.level=experimental`.
    pub experimental: bool,
    /// What it holds.
    pub body: LazyBody,
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
