//! Writes tokens with the layout wanted before them, and puts each comment back before the token that it stood before.
//!
//! To write what the reference writes, positions are kept as it keeps them: where a token is written without its place in the source, the place is
//! taken to be right after the last one.

use super::Placing;
use super::columns::Columns;
use super::lines::Lines;
use crate::kind::SyntaxKind;
use crate::tree::Tree;

/// Wanted layout, written before the next token.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Layout {
    Blank,
    /// Aligned with the lines above and below.
    Column,
    Newline,
    /// A line's end that ends columns, too.
    Section,
    Indent,
    Unindent,
    /// Taken back.
    Nothing,
}

/// A place in the source, as far as it is known.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: u32,
    line: u32,
}

pub(super) struct Writer<'t> {
    tree: &'t Tree,
    lines: &'t Lines,
    placing: Placing,
    out: Columns,
    nothing_written: bool,
    at_line_start: bool,
    indent: usize,
    wanted: Vec<Layout>,
    place: Place,
    last_line: u32,
    /// The next of the comments to be written, and where it begins: [`u32::MAX`] where there is none.
    next_comment: usize,
    comment_start: u32,
}

/// Empty lines in a row, with the end of the line before, that are kept.
const MAX_NEWLINES: u32 = 2;

impl<'t> Writer<'t> {
    pub(super) fn new(tree: &'t Tree, lines: &'t Lines, placing: Placing) -> Self {
        let mut writer = Self {
            tree,
            lines,
            placing,
            out: Columns::new(tree.text().len() + tree.text().len() / 8),
            nothing_written: true,
            at_line_start: true,
            indent: 0,
            wanted: Vec::with_capacity(16),
            place: Place { offset: 0, line: 1 },
            last_line: 1,
            next_comment: 0,
            comment_start: 0,
        };
        writer.find_comment();
        writer
    }

    #[inline]
    pub(super) fn want(&mut self, layout: Layout) {
        self.wanted.push(layout);
    }

    /// The next token stands where this one does.
    #[inline]
    pub(super) fn place_at(&mut self, token: u32) {
        self.place = Place {
            offset: self.tree.tokens().start(token),
            line: self.lines.start(token),
        };
    }

    /// Writes a text that belongs at the current place.
    pub(super) fn text(&mut self, text: &str) {
        let place = self.place;
        self.before_text();
        self.write(place, text, false);
    }

    /// Writes a text in which tabs and line ends are part of it.
    pub(super) fn literal(&mut self, text: &str) {
        let place = self.place;
        self.before_text();
        self.write(place, text, true);
    }

    /// Writes punctuation, whose place the reference does not keep.
    pub(super) fn punctuation(&mut self, token: Option<u32>, text: &str) {
        if let (Placing::Exact, Some(token)) = (self.placing, token) {
            self.place_at(token);
        }
        self.text(text);
    }

    /// What is to be written first before a text: the comments that stood before it, or the wanted layout.
    fn before_text(&mut self) {
        if self.comment_start <= self.place.offset {
            self.comments_before(self.place);
        } else {
            self.write_wanted(self.wanted.len());
        }
    }

    /// Ends the file: what is left of the comments.
    pub(super) fn finish(mut self) -> String {
        while let Some(token) = self.peek_comment() {
            self.comment(token, u32::MAX);
        }
        self.out.finish()
    }

    fn find_comment(&mut self) {
        let token = self.peek_comment();
        self.comment_start = token.map_or(u32::MAX, |token| self.tree.tokens().start(token));
    }

    fn peek_comment(&self) -> Option<u32> {
        self.lines.comments().get(self.next_comment).copied()
    }

    fn comment_before(&self, offset: u32) -> Option<u32> {
        self.peek_comment().filter(|_| self.comment_start <= offset)
    }

    fn comments_before(&mut self, next: Place) {
        let mut last = None;
        while let Some(token) = self.comment_before(next.offset) {
            self.comment(token, next.line);
            last = Some(token);
        }
        let Some(last) = last else { return };
        if self.tree.tokens().kind(last) != SyntaxKind::LineComment && next.line == self.lines.end(last) {
            self.layout(b' ', 1);
        }
        let mut newlines = next.line.saturating_sub(self.last_line);
        if self.placing == Placing::Exact && self.tree.tokens().kind(last) == SyntaxKind::LineComment {
            newlines = newlines.max(1);
        }
        let mut section = false;
        for wanted in &mut self.wanted {
            section |= *wanted == Layout::Section;
            if !matches!(wanted, Layout::Indent | Layout::Unindent) {
                *wanted = Layout::Nothing;
            }
        }
        self.write_wanted(self.wanted.len());
        if newlines > 0 {
            self.layout(if section { b'\x0c' } else { b'\n' }, newlines.min(MAX_NEWLINES));
        }
    }

    /// Writes a comment, parted from what is before it as it was in the source.
    fn comment(&mut self, token: u32, next_line: u32) {
        self.next_comment += 1;
        self.find_comment();
        let line = self.lines.start(token);
        if !self.nothing_written {
            if line == self.last_line {
                // At the end of its line it is aligned; a block comment between tokens is not.
                self.layout(if line == next_line { b' ' } else { b'\t' }, 1);
            } else {
                // Indentation that was wanted up to the first line's end applies to the comment; that line's end is its own.
                let first = self
                    .wanted
                    .iter()
                    .position(|wanted| !matches!(wanted, Layout::Indent | Layout::Unindent));
                if let Some(first) = first {
                    self.wanted[first] = Layout::Nothing;
                    self.write_wanted(first);
                }
                let newlines = line.saturating_sub(self.last_line);
                if newlines > 0 {
                    self.layout(b'\x0c', newlines.min(MAX_NEWLINES));
                }
            }
        }
        let place = Place {
            offset: self.tree.tokens().start(token),
            line,
        };
        let text = self.tree.token_text(token);
        if text.contains('\r') {
            let text = text.replace('\r', "");
            self.write(place, &text, true);
        } else {
            self.write(place, text, true);
        }
    }

    fn write_wanted(&mut self, count: usize) {
        for at in 0..count {
            match self.wanted[at] {
                Layout::Nothing => {}
                Layout::Indent => self.indent += 1,
                Layout::Unindent => self.indent = self.indent.saturating_sub(1),
                Layout::Blank => self.layout(b' ', 1),
                Layout::Column => self.layout(b'\x0b', 1),
                Layout::Newline => self.layout(b'\n', 1),
                Layout::Section => self.layout(b'\x0c', 1),
            }
        }
        if count == self.wanted.len() {
            self.wanted.clear();
        } else {
            self.wanted.drain(..count);
        }
    }

    fn indentation(&mut self) {
        if self.at_line_start {
            self.out.push_indentation(self.indent);
            self.place.offset += self.indent as u32;
        }
    }

    fn layout(&mut self, byte: u8, count: u32) {
        self.indentation();
        self.nothing_written = false;
        for _ in 0..count {
            self.out.push_layout(byte);
        }
        self.place.offset += count;
        self.at_line_start = matches!(byte, b'\n' | b'\x0c');
        if self.at_line_start {
            self.place.line += count;
        }
    }

    fn write(&mut self, place: Place, text: &str, literal: bool) {
        self.indentation();
        self.nothing_written = false;
        if literal {
            self.out.push_literal(text);
        } else {
            self.out.push(text);
        }
        self.place = Place {
            offset: place.offset + text.len() as u32,
            line: place.line
                + if literal {
                    memchr::memchr_iter(b'\n', text.as_bytes()).count() as u32
                } else {
                    0
                },
        };
        self.at_line_start = false;
        self.last_line = self.place.line;
    }
}
