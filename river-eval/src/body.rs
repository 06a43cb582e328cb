//! A block's body with every expression evaluated: what a component decodes its arguments from, what the UI shows of them, and what is
//! compared to tell whether a component has to be touched at all.

use crate::value::{Str, Value};
use river_syntax::Span;

/// An evaluated body.
#[derive(Clone, Debug, Default)]
pub struct BodyValue {
    /// In the order in which they were written.
    pub attributes: Vec<AttributeValue>,
    /// In the order in which they were written.
    pub blocks: Vec<BlockValue>,
    /// Where the body stands.
    pub span: Span,
}

/// An evaluated attribute.
#[derive(Clone, Debug)]
pub struct AttributeValue {
    /// Its name.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value.
    pub value: Value,
    /// Where the value's expression stands.
    pub value_span: Span,
}

/// An evaluated block.
#[derive(Clone, Debug)]
pub struct BlockValue {
    /// The dotted name.
    pub name: Str,
    /// Where the name stands.
    pub name_span: Span,
    /// The label.
    pub label: Option<(Str, Span)>,
    /// What it holds.
    pub body: BodyValue,
}

impl PartialEq for BodyValue {
    /// Equal values; places and layout do not count.
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes && self.blocks == other.blocks
    }
}

impl PartialEq for AttributeValue {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl PartialEq for BlockValue {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.label.as_ref().map(|(text, _)| text) == other.label.as_ref().map(|(text, _)| text)
            && self.body == other.body
    }
}

impl BodyValue {
    /// Adds an attribute that no configuration wrote, as in debug information.
    pub fn attribute(&mut self, name: impl Into<Str>, value: impl crate::convert::IntoValue) -> &mut Self {
        self.attributes.push(AttributeValue {
            name: name.into(),
            name_span: Span::default(),
            value: value.into_value(),
            value_span: Span::default(),
        });
        self
    }

    /// Adds a block that no configuration wrote, as in debug information.
    pub fn block(&mut self, name: impl Into<Str>, body: BodyValue) -> &mut Self {
        self.blocks.push(BlockValue {
            name: name.into(),
            name_span: Span::default(),
            label: None,
            body,
        });
        self
    }
}
