//! From an evaluated body to a typed struct: the traits behind `#[derive(Arguments)]` and `#[derive(Exports)]`.

mod checks;
pub(crate) mod messages;
mod reader;
#[cfg(test)]
mod tests;

pub use checks::Checks;
pub use reader::Reader;

use crate::body::BodyValue;
use crate::eval::Stability;
use crate::schema::{BlockSchema, BodySchema};
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Span};

/// A struct that a block's body decodes into; derive it.
pub trait Arguments: Sized {
    /// Whether the block takes a label (a field marked `#[river(label)]`).
    const LABELLED: bool = false;

    /// Reads this struct's attributes and blocks; mistakes are kept in the reader. `None` where something required is
    /// missing or wrong.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;

    /// Adds what this struct takes to a body's schema.
    fn describe(schema: &mut BodySchema);

    /// Decodes a body.
    ///
    /// # Errors
    /// All mistakes at once, each at its place.
    fn decode(body: &BodyValue) -> Result<Self, Vec<Diagnostic>> {
        Self::decode_labelled(body, None, body.span)
    }

    /// Decodes a body and refuses what is less stable than allowed.
    ///
    /// # Errors
    /// All mistakes at once, each at its place.
    fn decode_allowing(body: &BodyValue, allowed: Stability) -> Result<Self, Vec<Diagnostic>> {
        Self::decode_with(Reader::new(body, None, body.span).allowing(allowed))
    }

    /// Decodes the body of a block with its label; `place` is where a missing attribute is reported (the block's name).
    ///
    /// # Errors
    /// All mistakes at once, each at its place.
    fn decode_labelled(
        body: &BodyValue,
        label: Option<&(Str, Span)>,
        place: Span,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::decode_with(Reader::new(body, label, place))
    }

    /// Reads all, or tells all mistakes.
    ///
    /// # Errors
    /// All mistakes at once, each at its place.
    fn decode_with(mut reader: Reader<'_>) -> Result<Self, Vec<Diagnostic>> {
        let read = Self::read(&mut reader);
        match (read, reader.finish()) {
            (Some(read), mistakes) if mistakes.is_empty() => Ok(read),
            (_, mistakes) => Err(mistakes),
        }
    }

    /// What may stand in the body.
    fn schema() -> BodySchema {
        let mut schema = BodySchema::default();
        Self::describe(&mut schema);
        schema
    }
}

impl<T: Arguments> Arguments for Box<T> {
    const LABELLED: bool = T::LABELLED;

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        T::read(reader).map(Box::new)
    }

    fn describe(schema: &mut BodySchema) {
        T::describe(schema);
    }
}

/// An enum of alternative blocks that may be mixed in any order; derive [`Arguments`](derive@crate::Arguments) on the enum.
pub trait Alternatives: Sized {
    /// The blocks' dotted names.
    const NAMES: &'static [&'static str];

    /// Reads the body of the block with this name. `None` where it is wrong, with the mistakes in the reader.
    fn read_named(name: &str, reader: &mut Reader<'_>) -> Option<Self>;

    /// The blocks.
    fn blocks() -> Vec<BlockSchema>;
}

/// A struct that a component exports; derive it.
pub trait Exports: Sized {
    /// The exported object.
    fn to_value(&self) -> Value;
    /// What it holds.
    fn schema() -> BodySchema;
}

/// A component that exports nothing, or takes no arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nothing {}

impl Arguments for Nothing {
    fn read(_: &mut Reader<'_>) -> Option<Self> {
        Some(Self {})
    }

    fn describe(_: &mut BodySchema) {}
}

impl Exports for Nothing {
    fn to_value(&self) -> Value {
        Value::object::<Str>([])
    }

    fn schema() -> BodySchema {
        BodySchema::default()
    }
}
