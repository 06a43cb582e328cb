//! Stages that change the line itself.

use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use std::borrow::Cow;

/// `stage.output`.
pub(super) struct Output {
    source: String,
}

impl Output {
    pub(super) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
        }
    }
}

impl Stage for Output {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        if let Some(line) = record.extracted_text(&self.source) {
            record.line = line;
        }
        Flow::Next
    }
}

/// ANSI escape sequences: control sequences and operating system commands (ECMA-48).
const ESCAPES: &str = "[\u{1b}\u{9b}](?:\\[[0-?]*[ -/]*[@-~]|\\][^\u{7}\u{1b}]*(?:\u{7}|\u{1b}\\\\)|[()#][0-9A-Za-z]|[0-?]*[ -/]*[@-Z\\\\^_`a-~])";

/// `stage.decolorize`.
pub(super) struct Decolorize {
    escapes: regex::Regex,
}

impl Decolorize {
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self {
            escapes: regex::Regex::new(ESCAPES).map_err(|error| error.to_string())?,
        })
    }
}

impl Stage for Decolorize {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        if let Cow::Owned(plain) = self.escapes.replace_all(&record.line, "") {
            record.line = plain.into();
        }
        Flow::Next
    }
}
