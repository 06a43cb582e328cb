//! Places: the protocol counts lines and UTF-16 units (or bytes), the language counts bytes.
//!
//! Both ways cost about the same at every place, also in a line of many megabytes: units are counted from the nearest checkpoint, not from the
//! line's beginning. Whatever a client asks for there is an answer: a place behind a line's end is its end, one inside of a character is the
//! character's beginning.

use lsp_types::{Position, PositionEncodingKind, Range};
use river_syntax::Span;
use std::sync::Arc;

/// Bytes between two checkpoints.
const STEP: usize = 1024;

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 units: what the protocol counts where nothing else is agreed.
    Utf16,
}

impl Encoding {
    /// The best of what the client offers: bytes need no counting.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        match offered {
            Some(offered) if offered.contains(&PositionEncodingKind::UTF8) => Self::Utf8,
            _ => Self::Utf16,
        }
    }

    /// Its name in the protocol.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    /// How long a text is in the units of columns.
    pub(crate) fn len(self, text: &str) -> u32 {
        match self {
            Self::Utf8 => text.len() as u32,
            Self::Utf16 => utf16_len(text.as_bytes()),
        }
    }
}

/// UTF-16 units of valid UTF-8: one for each character, two for those of four bytes.
fn utf16_len(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .map(|&byte| u32::from(byte & 0xc0 != 0x80) + u32::from(byte >= 0xf0))
        .sum()
}

/// The beginning of the character that a byte is part of; the text's end behind it.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A text with an index of its lines.
#[derive(Clone, Debug)]
pub(crate) struct LineIndex {
    text: Arc<str>,
    encoding: Encoding,
    /// The first byte of each line; never empty.
    starts: Vec<u32>,
    /// UTF-16 units before every [`STEP`]th byte; empty where every byte is one unit.
    checkpoints: Vec<u32>,
}

impl LineIndex {
    pub(crate) fn new(text: impl Into<Arc<str>>, encoding: Encoding) -> Self {
        let text = text.into();
        let starts = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1))
            .collect();
        let mut checkpoints = Vec::new();
        if encoding == Encoding::Utf16 && !text.is_ascii() {
            let mut units = 0;
            let mut last = 0;
            for at in (0..=text.len()).step_by(STEP) {
                let at = floor(&text, at);
                units += utf16_len(text.as_bytes().get(last..at).unwrap_or_default());
                checkpoints.push(units);
                last = at;
            }
        }
        Self {
            text,
            encoding,
            starts,
            checkpoints,
        }
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// What columns count.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    #[cfg(test)]
    /// How many lines there are; at least one.
    pub(crate) fn lines(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line of a byte, from 0.
    pub(crate) fn line_of(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= offset) as u32).saturating_sub(1)
    }

    /// The first byte of a line; the text's end behind the last one.
    pub(crate) fn line_start(&self, line: u32) -> u32 {
        let end = self.text.len() as u32;
        self.starts.get(line as usize).copied().unwrap_or(end)
    }

    /// The byte behind a line's last one, its line break not counted.
    pub(crate) fn line_end(&self, line: u32) -> u32 {
        let (start, next) = (self.line_start(line), self.line_start(line.saturating_add(1)));
        let line = self.text.get(start as usize..next as usize).unwrap_or("");
        let line = line.strip_suffix('\n').unwrap_or(line);
        start + line.strip_suffix('\r').unwrap_or(line).len() as u32
    }

    /// UTF-16 units before a byte, which is the first of a character.
    fn units_before(&self, offset: u32) -> u32 {
        let at = offset as usize / STEP;
        let Some(&before) = self.checkpoints.get(at) else {
            return offset;
        };
        let from = floor(&self.text, at * STEP);
        before
            + utf16_len(
                self.text
                    .as_bytes()
                    .get(from..offset as usize)
                    .unwrap_or_default(),
            )
    }

    /// The place of a byte.
    pub(crate) fn position(&self, offset: u32) -> Position {
        let offset = floor(&self.text, offset as usize) as u32;
        let line = self.line_of(offset);
        let start = self.line_start(line);
        let character = if self.checkpoints.is_empty() {
            offset - start
        } else {
            self.units_before(offset) - self.units_before(start)
        };
        Position { line, character }
    }

    /// The byte of a place.
    pub(crate) fn offset(&self, position: Position) -> u32 {
        let (start, end) = (self.line_start(position.line), self.line_end(position.line));
        if self.checkpoints.is_empty() {
            let offset = start.saturating_add(position.character).min(end);
            return floor(&self.text, offset as usize) as u32;
        }
        let wanted = self.units_before(start).saturating_add(position.character);
        let checkpoint = self
            .checkpoints
            .partition_point(|&units| units <= wanted)
            .saturating_sub(1);
        let from = (floor(&self.text, checkpoint * STEP) as u32).clamp(start, end);
        let mut units = self.units_before(from);
        let rest = self.text.get(from as usize..end as usize).unwrap_or("");
        for (at, char) in rest.char_indices() {
            units += char.len_utf16() as u32;
            if units > wanted {
                return from + at as u32;
            }
        }
        end
    }

    /// The places of a range of bytes.
    pub(crate) fn range(&self, span: Span) -> Range {
        Range {
            start: self.position(span.start),
            end: self.position(span.end.max(span.start)),
        }
    }

    /// The bytes of a range of places; never backwards.
    pub(crate) fn bytes(&self, range: Range) -> std::ops::Range<u32> {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by counting every character.
    fn counted(text: &str, encoding: Encoding, offset: usize) -> Position {
        let before = &text[..floor(text, offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() as u32,
            character: match encoding {
                Encoding::Utf8 => (before.len() - line_start) as u32,
                Encoding::Utf16 => before[line_start..].encode_utf16().count() as u32,
            },
        }
    }

    #[test]
    fn what_the_client_can_is_taken() {
        let both = [PositionEncodingKind::UTF16, PositionEncodingKind::UTF8];
        assert_eq!(Encoding::negotiate(Some(&both)), Encoding::Utf8);
        assert_eq!(Encoding::negotiate(Some(&both[..1])), Encoding::Utf16);
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
    }

    #[test]
    fn a_place_behind_the_end_of_a_line_is_its_end() {
        let index = LineIndex::new("ab\r\ncd", Encoding::Utf16);
        let at = |line, character| index.offset(Position { line, character });
        assert_eq!(
            (at(0, 9), at(1, 9), at(7, 0), at(u32::MAX, u32::MAX)),
            (2, 6, 6, 6)
        );
    }

    proptest! {
        #[test]
        fn places_are_those_that_counting_gives(
            pieces in prop::collection::vec("[a\n\r]{0,4}|é{0,700}|[\u{10000}b]{0,600}|x{1000}", 0..8),
            offset in 0usize..9000,
            utf8: bool,
        ) {
            let text = pieces.concat();
            let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
            let index = LineIndex::new(text.as_str(), encoding);
            let offset = offset.min(text.len());
            let position = index.position(offset as u32);
            prop_assert_eq!(position, counted(&text, encoding, offset));
            let back = index.offset(position);
            // Between `\r` and `\n` nobody can stand.
            let expected = (floor(&text, offset) as u32).min(index.line_end(position.line));
            prop_assert_eq!(back, expected);
        }

        #[test]
        fn no_place_is_outside_of_the_text(
            text in "[a\n\ré\u{10000}]{0,60}", line: u32, near in 0u32..8, character: u32, offset: u32, utf8: bool,
        ) {
            let encoding = if utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
            let index = LineIndex::new(text.as_str(), encoding);
            for position in [
                Position { line, character },
                Position { line: near, character },
                Position { line: near, character: character % 16 },
            ] {
                prop_assert!(text.is_char_boundary(index.offset(position) as usize));
            }
            prop_assert!(index.position(offset).line < index.lines());
        }
    }
}
