//! A place on a page, and the tokens that both formats share.

use super::ParseError;

/// Bytes of a line that an error shows at the most.
const EXCERPT_BYTES: usize = 120;

/// A place on a page.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) page: &'a [u8],
    pub(super) at: usize,
    /// Where the item began that is being read.
    pub(super) item: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(page: &'a [u8]) -> Self {
        Self { page, at: 0, item: 0 }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.page.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.page.get(self.at).copied()
    }

    /// From a place to here.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.page.get(start..self.at).unwrap_or_default()
    }

    /// Goes past a byte, if it is the next one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes past a word, if it comes next.
    pub(super) fn eat_word(&mut self, word: &[u8]) -> bool {
        let is_next = self.rest().starts_with(word);
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    pub(super) fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes past all bytes for which the function answers true and hands them back.
    pub(super) fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Goes past a metric's name (`[a-zA-Z_:][a-zA-Z0-9_:]*`); empty if none comes.
    pub(super) fn metric_name(&mut self) -> &'a [u8] {
        if !self
            .peek()
            .is_some_and(|byte| is_name_start(byte) || byte == b':')
        {
            return &[];
        }
        self.take_while(|byte| is_name_start(byte) || byte.is_ascii_digit() || byte == b':')
    }

    /// Goes past a label's name (`[a-zA-Z_][a-zA-Z0-9_]*`); empty if none comes.
    pub(super) fn label_name(&mut self) -> &'a [u8] {
        if !self.peek().is_some_and(is_name_start) {
            return &[];
        }
        self.take_while(|byte| is_name_start(byte) || byte.is_ascii_digit())
    }

    /// Goes past a quoted string and hands it back with its quotes; `None` if none comes or it does not end.
    pub(super) fn quoted(&mut self, may_hold_newlines: bool) -> Option<&'a [u8]> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at;
        let mut at = self.at + 1;
        loop {
            let rest = self.page.get(at..)?;
            let found = memchr::memchr2(b'"', b'\\', rest)?;
            if !may_hold_newlines && memchr::memchr(b'\n', &rest[..found]).is_some() {
                return None;
            }
            at += found + 1;
            if rest[found] == b'"' {
                self.at = at;
                return Some(self.since(start));
            }
            // A backslash takes the next byte with it, which may be anything but the end of a line.
            if matches!(self.page.get(at), None | Some(b'\n')) {
                return None;
            }
            at += 1;
        }
    }

    /// Goes to the end of the line, not past it.
    pub(super) fn line(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// `expected WHAT, got "x"`.
    pub(super) fn expected(&self, what: &str) -> String {
        match self.rest() {
            [] => format!("expected {what}, got the end of the page"),
            [b'\n', ..] => format!("expected {what}, got the end of the line"),
            rest => {
                let text = String::from_utf8_lossy(&rest[..rest.len().min(4)]);
                let got: String = text.chars().take(1).collect();
                format!("expected {what}, got {got:?}")
            }
        }
    }

    /// An error with the number of its line and an excerpt.
    pub(super) fn error(&self, message: String) -> ParseError {
        let item = self.item.min(self.page.len());
        let line = 1 + memchr::memchr_iter(b'\n', &self.page[..item]).count();
        let end = self.at.min(self.page.len()).max(item);
        let end = (end + 20).min(self.page.len()).min(item + EXCERPT_BYTES);
        let excerpt = &self.page[item..end];
        let excerpt = excerpt.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let message = if excerpt.is_empty() {
            message
        } else {
            format!("{message} while parsing: {:?}", String::from_utf8_lossy(excerpt))
        };
        ParseError { line, message }
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Goes past the labels behind an opening brace, up to and past the closing one. `named` tells whether the metric's name is known already; where it is
/// not, a quoted string alone is the name. Answers whether there is a name now.
///
/// The text format allows blanks between all tokens and a missing comma between two labels; OpenMetrics allows neither.
pub(super) fn skip_labels(
    cursor: &mut Cursor<'_>,
    mut named: bool,
    is_exemplar: bool,
    is_text: bool,
) -> Result<bool, String> {
    let blanks = |cursor: &mut Cursor<'_>| {
        if is_text {
            cursor.skip_blanks();
        }
    };
    loop {
        blanks(cursor);
        if cursor.eat(b'}') {
            return Ok(named);
        }
        let is_quoted = cursor.peek() == Some(b'"');
        if is_quoted {
            cursor.quoted(!is_exemplar).ok_or("a quoted name does not end")?;
        } else if cursor.label_name().is_empty() {
            return Err(cursor.expected("label name"));
        }
        blanks(cursor);
        if is_quoted && !is_exemplar && matches!(cursor.peek(), Some(b',' | b'}')) {
            if named {
                return Err("the metric's name is given twice".into());
            }
            named = true;
            cursor.eat(b',');
            continue;
        }
        if !cursor.eat(b'=') {
            return Err(cursor.expected("equal"));
        }
        blanks(cursor);
        if cursor.quoted(is_text).is_none() {
            return Err(cursor.expected("label value"));
        }
        blanks(cursor);
        if !cursor.eat(b',') && !is_text && cursor.peek() != Some(b'}') {
            return Err(cursor.expected("comma or brace close"));
        }
    }
}
