//! From an evaluated body to a typed struct: the trait behind `#[derive(Arguments)]`.

use crate::body::BodyValue;
use crate::schema::BodySchema;
use river_syntax::Diagnostic;

/// A struct that a block's body decodes into; derive it.
pub trait Arguments: Sized {
    /// Decodes a body. All mistakes are told at once, each at its place.
    fn decode(body: &BodyValue) -> Result<Self, Vec<Diagnostic>>;
    /// What may stand in the body.
    fn schema() -> BodySchema;
}

/// A struct that a component exports; derive it.
pub trait Exports: Sized {
    /// The exported object.
    fn to_value(&self) -> crate::value::Value;
    /// What it holds.
    fn schema() -> BodySchema;
}

/// A component that exports nothing, or takes no arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nothing {}
