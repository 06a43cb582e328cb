//! What the parser says: one error a line, each with a way out, and help for what other languages taught.

use super::{MAX_ERRORS, Parser};
use crate::codes;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::SyntaxKind;
use crate::lexer::{StringError, unquote};
use crate::source::Span;

impl Parser<'_> {
    /// Keeps an error unless its line has one already; hands it back for more words.
    pub(super) fn report(&mut self, error: Diagnostic) -> Option<&mut Diagnostic> {
        let start = error.primary.span.start;
        if self.is_echo(start) {
            return None;
        }
        let rest = self.text.as_bytes().get(start as usize..).unwrap_or_default();
        self.last_error_line_end =
            start + memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end) as u32 + 1;
        self.errors.push(error);
        self.errors.last_mut()
    }

    /// Whether an error at a byte is not worth telling: its line has one already, or there are enough.
    pub(super) fn is_echo(&self, start: u32) -> bool {
        (start < self.last_error_line_end && !self.errors.is_empty()) || self.errors.len() >= MAX_ERRORS
    }

    /// What stands here is not what the grammar needs.
    pub(super) fn expected(&mut self, what: &str) -> Option<&mut Diagnostic> {
        let found = self.kind();
        let span = self.here();
        if matches!(
            found,
            SyntaxKind::Illegal | SyntaxKind::SingleQuoted | SyntaxKind::HalfOperator
        ) {
            // The token itself is the mistake.
            self.wrong_token();
            return None;
        }
        if self.is_echo(span.start) {
            // Before the line is searched for habits: a long line of mistakes would be searched once for each.
            return None;
        }
        let habit = self.habit_of_token();
        let mut error = Diagnostic::error(
            &codes::UNEXPECTED_TOKEN,
            span,
            format!("expected {what}, got {}", found.describe()),
        );
        if let Some(habit) = habit {
            habit.to(&mut error);
        }
        self.report(error)
    }

    /// The token at hand is wrong in itself.
    pub(super) fn wrong_token(&mut self) {
        let token = self.token();
        let span = self.span(token);
        if self.is_echo(span.start) {
            // Before the line is searched for a way out: a long line of mistakes would be searched once for each.
            return;
        }
        let text = &self.text[self.tokens.range(token)];
        let error = match self.kind() {
            SyntaxKind::BadEscape => {
                let error = unquote(text).err().unwrap_or(StringError::UnknownEscape(1));
                let at = span.start + error.offset() as u32;
                let width = text
                    .get(error.offset()..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(1, char::len_utf8);
                let place = Span::new(span.file, at, (at + width as u32).min(span.end));
                let (message, help) = match error {
                    StringError::UnknownEscape(_) => (
                        "unknown escape sequence",
                        "double the backslash (`\\\\`), or write the text between backticks, where no escape is known",
                    ),
                    StringError::MissingDigit(_) => (
                        "a digit of the escape sequence is missing",
                        "`\\x` takes two, `\\u` four and `\\U` eight hexadecimal digits; a number takes three octal ones",
                    ),
                    StringError::NoCharacter(_) => (
                        "the escape sequence is no Unicode character",
                        "use a number of a character, at most `\\U0010ffff`",
                    ),
                };
                Diagnostic::error(&codes::BAD_ESCAPE, place, message).with_help(help)
            }
            SyntaxKind::OpenString => Diagnostic::error(
                &codes::OPEN_STRING,
                span,
                "string literal not terminated",
            )
            .with_label("opened here")
            .with_help(
                "close it with `\"` on the same line; a text over several lines goes between backticks",
            ),
            SyntaxKind::OpenRawString => Diagnostic::error(
                &codes::OPEN_STRING,
                Span::new(span.file, span.start, span.start + 1),
                "string literal not terminated",
            )
            .with_label("opened here")
            .with_help("close it with a backtick"),
            SyntaxKind::SingleQuoted => {
                let mut error = Diagnostic::error(
                    &codes::SINGLE_QUOTES,
                    span,
                    "single-quoted strings are not part of the language",
                );
                self.habit_of_single_quotes(span, text).to(&mut error);
                error
            }
            SyntaxKind::BadNumber => {
                Diagnostic::error(&codes::BAD_NUMBER, span, "the exponent has no digits")
                    .with_help("write digits after the `e`, as in 1e6")
            }
            SyntaxKind::HalfOperator => {
                let twice = text.repeat(2);
                let after = Span::new(span.file, span.end, span.end);
                Diagnostic::error(
                    &codes::ILLEGAL_CHARACTER,
                    after,
                    format!("missing second {text} in {twice}"),
                )
                .with_help(format!("the operator is `{twice}`"))
            }
            _ => {
                let c = text.chars().next().unwrap_or(' ');
                let mut error = Diagnostic::error(
                    &codes::ILLEGAL_CHARACTER,
                    span,
                    format!("illegal character {}", describe_char(c)),
                );
                self.habit_of_character(c, span).to(&mut error);
                error
            }
        };
        self.report(error);
    }

    /// NUL bytes are illegal everywhere, as in the reference, also inside of strings and comments, which the lexer reads as they stand. Each
    /// token tells its first one.
    pub(super) fn check_nul_bytes(&mut self) {
        let mut at = 0;
        let mut found = Vec::new();
        while let Some(next) = self
            .text
            .as_bytes()
            .get(at..)
            .and_then(|rest| memchr::memchr(0, rest))
        {
            let offset = (at + next) as u32;
            let token = self.tokens.at_offset(offset);
            if self.tokens.start(token) != offset {
                let span = Span::new(self.file, offset, offset + 1);
                found.push(
                    Diagnostic::error(&codes::ILLEGAL_CHARACTER, span, "illegal character NUL")
                        .with_help("the file holds a NUL byte; was it cut off when it was written?"),
                );
            }
            at = (self.tokens.end(token) as usize).max(at + next + 1);
        }
        if !found.is_empty() {
            self.errors.extend(found);
            self.errors.sort_by_key(|error| error.primary.span.start);
        }
    }

    /// A comment that is never closed reaches to the end of the text, so it is the last token.
    pub(super) fn check_last_comment(&mut self) {
        let Some(last) = (self.tokens.len() as u32).checked_sub(1) else {
            return;
        };
        if self.tokens.kind(last) == SyntaxKind::OpenBlockComment {
            let start = self.tokens.start(last);
            let error = Diagnostic::error(
                &codes::OPEN_COMMENT,
                Span::new(self.file, start, start + 2),
                "block comment not terminated",
            )
            .with_label("opened here")
            .with_help("close it with `*/`");
            self.errors.push(error);
        }
    }

    /// A bracket that is still open where something else stands.
    pub(super) fn unclosed(&mut self, open: u32, what: &'static str, close: &str) {
        let opened = self.span(open);
        let code: &'static Code = &codes::UNCLOSED;
        let found = self.kind();
        if matches!(
            found,
            SyntaxKind::Illegal | SyntaxKind::SingleQuoted | SyntaxKind::HalfOperator
        ) {
            self.wrong_token();
            return;
        }
        let message = format!("expected {close}, got {}", found.describe());
        let error = Diagnostic::error(code, self.here(), message)
            .with_secondary(opened, format!("this {what} is never closed"))
            .with_help(format!("add the missing `{close}`"));
        self.report(error);
    }

    pub(super) fn too_deep(&mut self) {
        let error = Diagnostic::error(&codes::TOO_DEEP, self.here(), "nested too deep")
            .with_help("split the expression or the blocks up");
        self.report(error);
    }

    /// Takes tokens up to the end of the statement: a terminator outside of brackets that open on the way.
    pub(super) fn skip_statement(&mut self) {
        let mut open = 0_i32;
        loop {
            match self.kind() {
                SyntaxKind::Eof => return,
                SyntaxKind::Terminator if open <= 0 => return,
                SyntaxKind::RCurly if open <= 0 => return,
                SyntaxKind::LCurly | SyntaxKind::LBrack | SyntaxKind::LParen => open += 1,
                SyntaxKind::RCurly | SyntaxKind::RBrack | SyntaxKind::RParen => open -= 1,
                _ => {}
            }
            self.bump();
        }
    }
}

fn describe_char(c: char) -> String {
    let code = c as u32;
    if c.is_control() || c == '\u{feff}' {
        format!("U+{code:04X}")
    } else {
        format!("U+{code:04X} '{c}'")
    }
}
