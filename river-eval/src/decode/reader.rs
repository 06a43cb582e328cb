//! Reads attributes and blocks of a body one by one and keeps what is wrong; what nobody asked for is unknown.

use super::{Alternatives, Arguments, messages};
use crate::body::{AttributeValue, BlockValue, BodyValue};
use crate::convert::FromValue;
use crate::eval::Stability;
use crate::value::Str;
use river_syntax::{Diagnostic, Span};

/// A body being decoded.
#[derive(Debug)]
pub struct Reader<'b> {
    body: &'b BodyValue,
    label: Option<&'b (Str, Span)>,
    /// Where a missing attribute is reported.
    place: Span,
    attributes: Vec<&'static str>,
    blocks: Vec<&'static str>,
    label_asked: bool,
    /// The least stability that is allowed.
    allowed: Stability,
    mistakes: Vec<Diagnostic>,
}

impl<'b> Reader<'b> {
    /// Over a body, with its block's label and the place of its name.
    pub fn new(body: &'b BodyValue, label: Option<&'b (Str, Span)>, place: Span) -> Self {
        Self {
            body,
            label,
            place,
            attributes: Vec::new(),
            blocks: Vec::new(),
            label_asked: false,
            allowed: Stability::Experimental,
            mistakes: Vec::new(),
        }
    }

    /// With a least stability for what may be written; without, everything may.
    #[must_use]
    pub fn allowing(mut self, allowed: Stability) -> Self {
        self.allowed = allowed;
        self
    }

    /// Refuses an attribute that is written where experimental ones are not allowed.
    pub fn experimental_attribute(&mut self, name: &'static str) {
        if self.allowed > Stability::Experimental
            && let Some(place) = self.attribute_span(name)
        {
            let mistake = messages::experimental("attribute", name, place, self.allowed);
            self.mistakes.push(mistake);
        }
    }

    /// Refuses a block that is written where experimental ones are not allowed.
    pub fn experimental_block(&mut self, name: &'static str) {
        if self.allowed > Stability::Experimental
            && let Some(place) = self.block_span(name, 0)
        {
            let mistake = messages::experimental("block", name, place, self.allowed);
            self.mistakes.push(mistake);
        }
    }

    /// Where the block's name stands.
    pub fn place(&self) -> Span {
        self.place
    }

    /// Keeps a mistake and hands it back for more words.
    pub fn report(&mut self, mistake: Diagnostic) -> &mut Diagnostic {
        let at = self.mistakes.len();
        self.mistakes.push(mistake);
        &mut self.mistakes[at]
    }

    /// How many mistakes there are so far.
    pub fn mistakes(&self) -> usize {
        self.mistakes.len()
    }

    /// Where an attribute's value stands, if it is written.
    pub fn attribute_span(&self, name: &str) -> Option<Span> {
        self.body
            .attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
            .map(|attribute| attribute.value_span)
    }

    fn nth_block(&self, name: &str, nth: usize) -> Option<&'b BlockValue> {
        self.body
            .blocks
            .iter()
            .filter(|block| &*block.name == name)
            .nth(nth)
    }

    /// Where the name of the n-th block of a name stands.
    pub fn block_span(&self, name: &str, nth: usize) -> Option<Span> {
        self.nth_block(name, nth).map(|block| block.name_span)
    }

    /// Where the value of an attribute of the n-th block of a name stands; the block's name where the attribute is not written.
    pub fn block_attribute_span(&self, name: &str, nth: usize, attribute: &str) -> Option<Span> {
        let block = self.nth_block(name, nth)?;
        let attributes = &mut block.body.attributes.iter();
        let found = attributes.find(|found| &*found.name == attribute);
        Some(found.map_or(block.name_span, |found| found.value_span))
    }

    fn find(&mut self, name: &'static str) -> Option<&'b AttributeValue> {
        self.attributes.push(name);
        let mut found: Option<&'b AttributeValue> = None;
        for attribute in self
            .body
            .attributes
            .iter()
            .filter(|attribute| &*attribute.name == name)
        {
            match found {
                None => found = Some(attribute),
                Some(first) => {
                    self.mistakes.push(messages::duplicate_attribute(
                        name,
                        attribute.name_span,
                        first.name_span,
                    ));
                }
            }
        }
        if found.is_none()
            && let Some(block) = self.body.blocks.iter().find(|block| &*block.name == name)
        {
            self.mistakes
                .push(messages::block_for_attribute(name, block.name_span));
        }
        found
    }

    fn convert<T: FromValue>(&mut self, attribute: &AttributeValue) -> Option<T> {
        match T::from_value(&attribute.value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistakes
                    .push(messages::wrong_type(&attribute.name, attribute.value_span, error));
                None
            }
        }
    }

    /// An attribute that may be left out.
    pub fn optional<T: FromValue>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.find(name) {
            None => Some(None),
            Some(attribute) => self.convert(attribute).map(Some),
        }
    }

    /// An attribute that has a default.
    pub fn defaulted<T: FromValue>(&mut self, name: &'static str, default: impl FnOnce() -> T) -> Option<T> {
        self.optional(name).map(|value| value.unwrap_or_else(default))
    }

    /// An attribute that has to be there.
    pub fn required<T: FromValue>(&mut self, name: &'static str) -> Option<T> {
        let before = self.mistakes.len();
        let Some(attribute) = self.find(name) else {
            if self.mistakes.len() == before {
                self.mistakes.push(messages::missing_attribute(name, self.place));
            }
            return None;
        };
        self.convert(attribute)
    }

    fn find_blocks(&mut self, name: &'static str) -> impl Iterator<Item = &'b BlockValue> + use<'b> {
        self.blocks.push(name);
        self.refuse_attribute(name);
        self.body.blocks.iter().filter(move |block| &*block.name == name)
    }

    /// Tells of an attribute where a block of its name belongs.
    fn refuse_attribute(&mut self, name: &'static str) {
        if let Some(attribute) = self
            .body
            .attributes
            .iter()
            .find(|attribute| &*attribute.name == name)
        {
            self.attributes.push(name);
            self.mistakes
                .push(messages::attribute_for_block(name, attribute.name_span));
        }
    }

    fn read_block<T>(
        &mut self,
        block: &'b BlockValue,
        labelled: bool,
        read: impl FnOnce(&mut Reader<'b>) -> Option<T>,
    ) -> Option<T> {
        let mut reader =
            Reader::new(&block.body, block.label.as_ref(), block.name_span).allowing(self.allowed);
        reader.label_asked = labelled;
        let value = read(&mut reader);
        self.mistakes.extend(reader.finish());
        value
    }

    /// A block that may be left out.
    pub fn optional_block<T: Arguments>(&mut self, name: &'static str) -> Option<Option<T>> {
        let mut blocks = self.find_blocks(name);
        let Some(first) = blocks.next() else {
            return Some(None);
        };
        for further in blocks {
            self.mistakes.push(messages::duplicate_block(
                name,
                further.name_span,
                first.name_span,
            ));
        }
        self.read_block(first, T::LABELLED, T::read).map(Some)
    }

    /// A block that stands for an empty one when left out.
    pub fn defaulted_block<T: Arguments>(&mut self, name: &'static str) -> Option<T> {
        match self.optional_block(name)? {
            Some(block) => Some(block),
            None => {
                let empty = BodyValue {
                    span: self.place,
                    ..BodyValue::default()
                };
                let mut reader = Reader::new(&empty, None, self.place);
                let value = T::read(&mut reader);
                let mistakes = reader.finish();
                self.mistakes.extend(mistakes);
                value
            }
        }
    }

    /// A block that has to be there.
    pub fn required_block<T: Arguments>(&mut self, name: &'static str) -> Option<T> {
        let before = self.mistakes.len();
        let block = self.optional_block(name)?;
        if block.is_none() && self.mistakes.len() == before {
            self.mistakes.push(messages::missing_block(name, self.place));
        }
        block
    }

    /// A block that may be given any number of times.
    pub fn repeated_block<T: Arguments>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let blocks = self.find_blocks(name);
        let mut all = Some(Vec::new());
        for block in blocks {
            match (self.read_block(block, T::LABELLED, T::read), &mut all) {
                (Some(value), Some(all)) => all.push(value),
                _ => all = None,
            }
        }
        all
    }

    /// Blocks of several kinds in the order in which they were written.
    pub fn alternatives<T: Alternatives>(&mut self) -> Option<Vec<T>> {
        self.blocks.extend(T::NAMES);
        for name in T::NAMES {
            self.refuse_attribute(name);
        }
        let mut all = Some(Vec::new());
        for block in &self.body.blocks {
            if !T::NAMES.contains(&&*block.name) {
                continue;
            }
            match (
                self.read_block(block, false, |reader| T::read_named(&block.name, reader)),
                &mut all,
            ) {
                (Some(value), Some(all)) => all.push(value),
                _ => all = None,
            }
        }
        all
    }

    /// The block's label.
    pub fn label(&mut self) -> Option<String> {
        self.label_asked = true;
        match self.label {
            Some((text, _)) => Some(text.to_string()),
            None => {
                self.mistakes.push(messages::missing_label(self.place));
                None
            }
        }
    }

    /// Ends the reading: what nobody asked for is unknown.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        for attribute in &self.body.attributes {
            if !self.attributes.contains(&&*attribute.name) && !self.blocks.contains(&&*attribute.name) {
                self.mistakes.push(messages::unknown_attribute(
                    &attribute.name,
                    attribute.name_span,
                    &self.attributes,
                ));
            }
        }
        for block in &self.body.blocks {
            if !self.blocks.contains(&&*block.name) && !self.attributes.contains(&&*block.name) {
                self.mistakes.push(messages::unknown_block(
                    &block.name,
                    block.name_span,
                    &self.blocks,
                ));
            }
        }
        if let Some((_, span)) = self.label
            && !self.label_asked
        {
            self.mistakes.push(messages::unexpected_label(*span));
        }
        self.mistakes
    }
}
