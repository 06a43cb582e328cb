//! What a `#[river(validate = …)]` function is handed to report what is wrong with values that each fit by themselves.

use super::Reader;
use crate::codes::decode::INVALID_ARGUMENTS;
use river_syntax::{Diagnostic, Span};

/// Reports at attributes and blocks of the body that is being validated.
#[derive(Debug)]
pub struct Checks<'r, 'b> {
    reader: &'r mut Reader<'b>,
}

impl<'r, 'b> Checks<'r, 'b> {
    /// For the body of a reader; made by the derive macro.
    pub fn new(reader: &'r mut Reader<'b>) -> Self {
        Self { reader }
    }

    /// An error at an attribute's value; at the block where the attribute is not written.
    pub fn attribute(&mut self, name: &str, message: impl Into<String>) -> &mut Diagnostic {
        let span = self.reader.attribute_span(name).unwrap_or(self.reader.place());
        self.report(span, message)
    }

    /// An error at the n-th block (from 0) of a name; at the block around it where there is none.
    pub fn block(&mut self, name: &str, nth: usize, message: impl Into<String>) -> &mut Diagnostic {
        let span = self.reader.block_span(name, nth).unwrap_or(self.reader.place());
        self.report(span, message)
    }

    /// An error at an attribute's value in the n-th block (from 0) of a name; at the block, or the one around it, where there is none.
    pub fn block_attribute(
        &mut self,
        (name, nth): (&str, usize),
        attribute: &str,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let span = self.reader.block_attribute_span(name, nth, attribute);
        self.report(span.unwrap_or(self.reader.place()), message)
    }

    /// An error at the block itself.
    pub fn here(&mut self, message: impl Into<String>) -> &mut Diagnostic {
        self.report(self.reader.place(), message)
    }

    /// Whether an attribute was written.
    pub fn is_written(&self, name: &str) -> bool {
        self.reader.attribute_span(name).is_some()
    }

    /// Whether a block was written.
    pub fn is_block_written(&self, name: &str) -> bool {
        self.reader.block_span(name, 0).is_some()
    }

    fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.reader
            .report(Diagnostic::error(&INVALID_ARGUMENTS, span, message))
    }
}
