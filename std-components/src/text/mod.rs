//! Text forms that configurations share with Go programs: RE2 expressions, time layouts, numbers, templates; and LogQL selectors.

pub mod go_float;
pub(crate) mod go_json;
pub mod go_template;
pub mod go_time;
pub mod jmes;
pub mod logql;
pub mod logql_pattern;
pub mod re2;
pub mod re2_syntax;

use std::ops::Range;

/// The start of a text, of so many bytes at the most; never a part of a character.
pub(crate) fn start(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The end of a text, of so many bytes at the most; never a part of a character.
pub(crate) fn end(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// What is wrong with a text of a special form, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The bytes of the text that are wrong; empty where something is missing.
    pub range: Range<usize>,
    /// The way out, where one is known.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            range,
            help: None,
        }
    }

    /// The way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
