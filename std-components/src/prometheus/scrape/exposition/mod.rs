//! Readers of the exposition formats: Prometheus text 0.0.4 / 1.0.0 and OpenMetrics text 0.0.1 / 1.0.0.
//!
//! They work on the bytes of the page and allocate nothing: a [`Series`] is the raw text of the series (the key of a scrape's cache) with its
//! number and time. The labels are decoded by [`Decoder`] only for series that were not seen before. What is accepted and refused is what Prometheus'
//! lexers accept and refuse (<https://prometheus.io/docs/instrumenting/exposition_formats/>, <https://prometheus.io/docs/specs/om/open_metrics_spec/>).

mod cursor;
mod labels;
mod number;
mod open_metrics;
mod text;

#[cfg(test)]
mod tests;

pub use labels::{Decoder, format_le, unescape};

use crate::signals::MetricType;
use cursor::Cursor;

/// A format of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text.
    Text,
    /// OpenMetrics text.
    OpenMetrics,
}

/// Why a page cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, with an excerpt.
    pub message: String,
}

/// A series of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series<'a> {
    /// The text from the name to the end of the labels, as it stands on the page.
    pub raw: &'a [u8],
    /// Its value; every NaN is the ordinary one, so that a page cannot end a series.
    pub value: f64,
    /// Milliseconds since 1970, if the page says.
    pub timestamp: Option<i64>,
    /// The exemplar, if it has one.
    pub exemplar: Option<RawExemplar<'a>>,
    /// Whether it is the series that the caller expected.
    pub expected: bool,
}

/// An exemplar of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawExemplar<'a> {
    /// Its labels with the braces.
    pub raw: &'a [u8],
    /// The observed value.
    pub value: f64,
    /// Milliseconds since 1970, if the page says.
    pub timestamp: Option<i64>,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// A sample.
    Series(Series<'a>),
    /// `# HELP family text`, escapes not yet taken away.
    Help(&'a [u8], &'a str),
    /// `# TYPE family kind`.
    Type(&'a [u8], MetricType),
    /// `# UNIT family unit`.
    Unit(&'a [u8], &'a [u8]),
}

/// A reader of one page.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    cursor: Cursor<'a>,
    format: Format,
    kind: MetricType,
}

/// NaN as Prometheus stores it, unlike the staleness marker.
const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

impl<'a> Reader<'a> {
    /// Reads a page from its beginning.
    pub fn new(page: &'a [u8], format: Format) -> Self {
        Self {
            cursor: Cursor::new(page),
            format,
            kind: MetricType::Unknown,
        }
    }

    /// The type that the last `# TYPE` line gave.
    pub fn kind(&self) -> MetricType {
        self.kind
    }

    /// The next line that says something; `None` at the end of the page. Where `expected` (the raw text of a series) comes next, it is not
    /// taken apart again.
    ///
    /// # Errors
    /// The page is malformed here; nothing of it may be used.
    pub fn next(&mut self, expected: Option<&[u8]>) -> Result<Option<Item<'a>>, ParseError> {
        let item = match self.format {
            Format::Text => text::next(&mut self.cursor, expected),
            Format::OpenMetrics => open_metrics::next(&mut self.cursor, expected),
        };
        let item = item.map_err(|message| self.cursor.error(message))?;
        if let Some(Item::Type(_, kind)) = item {
            self.kind = kind;
        }
        Ok(item)
    }

    /// An error about the line that was read last.
    pub fn error(&self, message: String) -> ParseError {
        self.cursor.error(message)
    }
}

/// The name of a family on a metadata line, without quotes.
fn unquoted(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"\"")
        .and_then(|name| name.strip_suffix(b"\""))
        .unwrap_or(name)
}

fn canonical(value: f64) -> f64 {
    if value.is_nan() {
        f64::from_bits(NORMAL_NAN_BITS)
    } else {
        value
    }
}
