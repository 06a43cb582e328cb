//! A body after its structure and types have been checked: what rules look at.

use super::known::KnownText;
use super::types::Inferred;
use crate::ir;
use crate::schema::{AttributeSchema, BodySchema};
use crate::value::{Str, Value};
use river_syntax::Span;

/// The body of a component, a config block, or a block inside of one.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The names from the component inwards: `["loki.process", "stage.json"]`. Never empty.
    pub path: Vec<&'a str>,
    /// The label of the block itself.
    pub label: Option<&'a (Str, Span)>,
    /// The name of the block: where something missing is reported.
    pub head: Span,
    /// What was written.
    pub body: &'a ir::Body,
    /// What may be written.
    pub schema: &'a BodySchema,
    /// The attributes that the schema knows, in the order in which they stand.
    pub attributes: Vec<CheckedAttribute<'a>>,
    /// The blocks that the schema knows, in the order in which they stand.
    pub blocks: Vec<Checked<'a>>,
}

/// An attribute that the schema knows.
#[derive(Debug)]
pub struct CheckedAttribute<'a> {
    /// What was written.
    pub attribute: &'a ir::Attribute,
    /// What may be written.
    pub schema: &'a AttributeSchema,
    /// What is known of the value. Where a mistake in it has been told, nothing is known.
    pub inferred: Inferred,
}

impl<'a> Checked<'a> {
    /// The component or config block that the body belongs to.
    pub fn component(&self) -> &'a str {
        self.path.first().copied().unwrap_or_default()
    }

    /// The name of the block itself.
    pub fn name(&self) -> &'a str {
        self.path.last().copied().unwrap_or_default()
    }

    /// Whether it is a block inside of a component.
    pub fn is_nested(&self) -> bool {
        self.path.len() > 1
    }

    /// The attribute of this name, if it was written.
    pub fn attribute(&self, name: &str) -> Option<&CheckedAttribute<'a>> {
        self.attributes
            .iter()
            .find(|attribute| attribute.schema.name == name)
    }

    /// The blocks of this name.
    pub fn blocks_named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Checked<'a>> + 's {
        self.blocks.iter().filter(move |block| block.name() == name)
    }

    /// The known value of an attribute; its default where it was not written.
    pub fn value(&self, name: &str) -> Option<&Value> {
        match self.attribute(name) {
            Some(attribute) => attribute.inferred.value.as_ref(),
            None => self.schema.attribute(name)?.default.as_ref(),
        }
    }

    /// The known text that was written for an attribute.
    pub fn text(&self, name: &str) -> Option<KnownText> {
        self.attribute(name)?.text()
    }

    /// This body and all bodies inside of it, outermost first.
    pub fn visit<'s>(&'s self, found: &mut dyn FnMut(&'s Checked<'a>)) {
        found(self);
        for block in &self.blocks {
            block.visit(found);
        }
    }
}

impl CheckedAttribute<'_> {
    /// The text, where the value is a known one.
    pub fn text(&self) -> Option<KnownText> {
        match self.inferred.value.as_ref()? {
            Value::String(text) => Some(KnownText::of(&self.attribute.value, text)),
            _ => None,
        }
    }

    /// All known texts in the value, also those in lists and objects beside others that are not known, each with its key if it stands in an
    /// object: `["a", sys.env("B")]` gives `a`.
    pub fn texts(&self) -> Vec<(Option<Str>, KnownText)> {
        let mut found = Vec::new();
        match self.text() {
            Some(text) => found.push((None, text)),
            None => KnownText::collect(&self.attribute.value, None, &mut found),
        }
        found
    }
}
