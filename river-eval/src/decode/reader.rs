//! Reads attributes and blocks of a body one by one and keeps what is wrong; what nobody asked for is unknown.

use super::{Alternatives, Arguments};
use crate::body::{AttributeValue, BlockValue, BodyValue};
use crate::codes::decode as codes;
use crate::convert::FromValue;
use crate::suggest;
use crate::value::Str;
use river_syntax::{Diagnostic, Edit, Fix, Span};

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
            mistakes: Vec::new(),
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
                    self.mistakes.push(
                        Diagnostic::error(
                            &codes::DUPLICATE_ATTRIBUTE,
                            attribute.name_span,
                            format!("attribute \"{name}\" may only be provided once"),
                        )
                        .with_secondary(first.name_span, "first set here")
                        .with_help("keep one of the two"),
                    );
                }
            }
        }
        if found.is_none()
            && let Some(block) = self.body.blocks.iter().find(|block| &*block.name == name)
        {
            self.mistakes.push(
                Diagnostic::error(
                    &codes::BLOCK_FOR_ATTRIBUTE,
                    block.name_span,
                    format!("\"{name}\" must be an attribute, not a block"),
                )
                .with_help(format!("write `{name} = …`")),
            );
        }
        found
    }

    fn convert<T: FromValue>(&mut self, attribute: &AttributeValue) -> Option<T> {
        match T::from_value(&attribute.value) {
            Ok(value) => Some(value),
            Err(error) => {
                let mut path = attribute.name.to_string();
                for step in &error.path {
                    path.push_str(&step.to_string());
                }
                let mut mistake = Diagnostic::error(
                    &codes::WRONG_TYPE,
                    attribute.value_span,
                    format!("{path}: {}", error.message),
                );
                mistake.help = error.help;
                self.mistakes.push(mistake);
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
                self.mistakes.push(
                    Diagnostic::error(
                        &codes::MISSING_ATTRIBUTE,
                        self.place,
                        format!("missing required attribute \"{name}\""),
                    )
                    .with_help(format!("add `{name} = …` to this block")),
                );
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
            self.mistakes.push(
                Diagnostic::error(
                    &codes::ATTRIBUTE_FOR_BLOCK,
                    attribute.name_span,
                    format!("\"{name}\" must be a block, not an attribute"),
                )
                .with_help(format!("write `{name} {{ … }}`, without `=`")),
            );
        }
    }

    fn read_block<T>(
        &mut self,
        block: &'b BlockValue,
        labelled: bool,
        read: impl FnOnce(&mut Reader<'b>) -> Option<T>,
    ) -> Option<T> {
        let mut reader = Reader::new(&block.body, block.label.as_ref(), block.name_span);
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
            self.mistakes.push(
                Diagnostic::error(
                    &codes::DUPLICATE_BLOCK,
                    further.name_span,
                    format!("block \"{name}\" may only be provided once"),
                )
                .with_secondary(first.name_span, "first given here")
                .with_help("join the two, or keep one of them"),
            );
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
            self.mistakes.push(
                Diagnostic::error(
                    &codes::MISSING_BLOCK,
                    self.place,
                    format!("missing required block \"{name}\""),
                )
                .with_help(format!("add `{name} {{ … }}` to this block")),
            );
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
                self.mistakes.push(
                    Diagnostic::error(&codes::MISSING_LABEL, self.place, "this block must have a label")
                        .with_help("write a name in quotes before the brace"),
                );
                None
            }
        }
    }

    /// Ends the reading: what nobody asked for is unknown.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        for attribute in &self.body.attributes {
            if !self.attributes.contains(&&*attribute.name) && !self.blocks.contains(&&*attribute.name) {
                self.mistakes.push(unknown(
                    &codes::UNKNOWN_ATTRIBUTE,
                    format!("unrecognized attribute name \"{}\"", attribute.name),
                    (&attribute.name, attribute.name_span),
                    &self.attributes,
                ));
            }
        }
        for block in &self.body.blocks {
            if !self.blocks.contains(&&*block.name) && !self.attributes.contains(&&*block.name) {
                self.mistakes.push(unknown(
                    &codes::UNKNOWN_BLOCK,
                    format!("unrecognized block name \"{}\"", block.name),
                    (&block.name, block.name_span),
                    &self.blocks,
                ));
            }
        }
        if let Some((_, span)) = self.label
            && !self.label_asked
        {
            self.mistakes.push(
                Diagnostic::error(
                    &codes::UNEXPECTED_LABEL,
                    *span,
                    "this block does not take a label",
                )
                .with_help("take the quoted text before the brace away"),
            );
        }
        self.mistakes
    }
}

/// Known names that a help line lists at the most.
const LISTED_NAMES: usize = 20;

fn unknown(
    code: &'static river_syntax::Code,
    message: String,
    (written, span): (&str, Span),
    known: &[&'static str],
) -> Diagnostic {
    let mistake = Diagnostic::error(code, span, message);
    match suggest::nearest(written, known.iter().copied()) {
        Some(name) => mistake
            .with_help(format!("did you mean `{name}`?"))
            .with_fix(Fix {
                title: format!("change to `{name}`"),
                edits: vec![Edit {
                    span,
                    replacement: name.to_owned(),
                }],
                safe: false,
            }),
        None if known.is_empty() => mistake.with_help("nothing of the kind may stand here"),
        None => {
            let mut names: Vec<&str> = known.to_vec();
            names.sort_unstable();
            names.dedup();
            let more = names.len().saturating_sub(LISTED_NAMES);
            names.truncate(LISTED_NAMES);
            let mut list = names.join(", ");
            if more > 0 {
                list.push_str(&format!(" and {more} more"));
            }
            mistake.with_help(format!("this block takes: {list}"))
        }
    }
}
