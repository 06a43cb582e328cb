//! String literals: where they end, what their escapes mean.
//!
//! Double-quoted strings know `\a \b \f \n \r \t \v \\ \"`, three octal digits, `\x` with two, `\u` with four and `\U` with eight hexadecimal digits, and end
//! with their line. Raw strings stand between backticks, over any number of lines, and know no escape.

use super::raw::Raw;
use logos::Lexer;
use std::borrow::Cow;

/// How a double-quoted string ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Closed,
    /// Closed, with an escape that does not exist.
    BadEscape,
    /// The line ends first.
    Open,
}

pub(super) fn quoted(lexer: &mut Lexer<'_, Raw>) -> End {
    let rest = lexer.remainder().as_bytes();
    let mut at = 0;
    let mut end = End::Closed;
    loop {
        match memchr::memchr3(b'"', b'\\', b'\n', &rest[at..]).map(|found| at + found) {
            Some(found) if rest[found] == b'"' => {
                lexer.bump(found + 1);
                return end;
            }
            Some(found) if rest[found] == b'\\' => match escape(&rest[found + 1..]) {
                Ok((_, length)) => at = found + 1 + length,
                Err(_) => {
                    end = End::BadEscape;
                    at = found + 1;
                }
            },
            found => {
                // A carriage return before the line's end is layout.
                let mut found = found.unwrap_or(rest.len());
                if found > 0 && rest[found - 1] == b'\r' {
                    found -= 1;
                }
                lexer.bump(found);
                return End::Open;
            }
        }
    }
}

/// Answers whether the string is closed.
pub(super) fn raw(lexer: &mut Lexer<'_, Raw>) -> bool {
    let rest = lexer.remainder().as_bytes();
    let end = memchr::memchr(b'`', rest);
    lexer.bump(end.map_or(rest.len(), |end| end + 1));
    end.is_some()
}

/// What another language's string would be, up to the end of the line at the most.
pub(super) fn single_quoted(lexer: &mut Lexer<'_, Raw>) {
    let rest = lexer.remainder().as_bytes();
    let mut at = 0;
    let end = loop {
        match memchr::memchr3(b'\'', b'\\', b'\n', &rest[at..]).map(|found| at + found) {
            Some(found) if rest[found] == b'\'' => break found + 1,
            Some(found)
                if rest[found] == b'\\'
                    && rest
                        .get(found + 1)
                        .is_some_and(|next| *next != b'\n' && next.is_ascii()) =>
            {
                at = found + 2;
            }
            Some(found) if rest[found] == b'\\' => at = found + 1,
            found => break found.unwrap_or(rest.len()),
        }
    };
    lexer.bump(end);
}

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringError {
    /// `\q`; the offset is that of the letter.
    UnknownEscape(usize),
    /// A digit is missing; the offset is that of the letter or first digit.
    MissingDigit(usize),
    /// A number that is no Unicode character; the offset is that of the letter or first digit.
    NoCharacter(usize),
}

impl StringError {
    /// Bytes from the start of the literal.
    pub fn offset(self) -> usize {
        match self {
            Self::UnknownEscape(at) | Self::MissingDigit(at) | Self::NoCharacter(at) => at,
        }
    }
}

/// What an escape stands for.
enum Escaped {
    Char(char),
    /// A byte that `\x` or an octal number names; several may make up one character.
    Byte(u8),
}

/// Reads what follows a backslash and says how many bytes it is.
fn escape(text: &[u8]) -> Result<(Escaped, usize), StringError> {
    let plain = |c: char| Ok((Escaped::Char(c), 1));
    let (digits_from, digits, base) = match text.first() {
        Some(b'a') => return plain('\u{7}'),
        Some(b'b') => return plain('\u{8}'),
        Some(b'f') => return plain('\u{c}'),
        Some(b'n') => return plain('\n'),
        Some(b'r') => return plain('\r'),
        Some(b't') => return plain('\t'),
        Some(b'v') => return plain('\u{b}'),
        Some(b'\\') => return plain('\\'),
        Some(b'"') => return plain('"'),
        Some(b'0'..=b'7') => (0, 3, 8),
        Some(b'x') => (1, 2, 16),
        Some(b'u') => (1, 4, 16),
        Some(b'U') => (1, 8, 16),
        _ => return Err(StringError::UnknownEscape(0)),
    };
    let mut value: u32 = 0;
    for at in digits_from..digits_from + digits {
        let digit = text.get(at).and_then(|digit| char::from(*digit).to_digit(base));
        let digit = digit.ok_or(StringError::MissingDigit(0))?;
        // Eight hexadecimal digits fit exactly.
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    let length = digits_from + digits;
    if digits <= 3 {
        return match u8::try_from(value) {
            Ok(byte) => Ok((Escaped::Byte(byte), length)),
            Err(_) => Err(StringError::NoCharacter(0)),
        };
    }
    match char::from_u32(value) {
        Some(c) => Ok((Escaped::Char(c), length)),
        None => Err(StringError::NoCharacter(0)),
    }
}

/// The text that a literal stands for, quotes included in `literal`. Bytes given by number that are no UTF-8 become U+FFFD.
///
/// # Errors
/// The first escape that does not exist.
pub fn unquote(literal: &str) -> Result<Cow<'_, str>, StringError> {
    if let Some(raw) = literal.strip_prefix('`') {
        let inner = raw.strip_suffix('`').unwrap_or(raw);
        // As in Go, a raw string holds no carriage return.
        return Ok(if inner.contains('\r') {
            Cow::Owned(inner.replace('\r', ""))
        } else {
            Cow::Borrowed(inner)
        });
    }
    let open = literal.strip_prefix('"').unwrap_or(literal);
    let inner = open.strip_suffix('"').unwrap_or(open);
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    let from = literal.len() - open.len();
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    let bytes = inner.as_bytes();
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]).map(|found| at + found) {
        out.extend_from_slice(&bytes[at..found]);
        let (escaped, length) = escape(&bytes[found + 1..]).map_err(|error| {
            let base = from + found + 1;
            match error {
                StringError::UnknownEscape(at) => StringError::UnknownEscape(base + at),
                StringError::MissingDigit(at) => StringError::MissingDigit(base + at),
                StringError::NoCharacter(at) => StringError::NoCharacter(base + at),
            }
        })?;
        match escaped {
            Escaped::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Escaped::Byte(byte) => out.push(byte),
        }
        at = found + 1 + length;
    }
    out.extend_from_slice(&bytes[at..]);
    Ok(Cow::Owned(String::from_utf8(out).unwrap_or_else(|error| {
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_their_characters() {
        assert_eq!(
            unquote(r#""a\n\t\\\"\x41\101\u00e9\U0001F600""#).as_deref(),
            Ok("a\n\t\\\"AAé😀")
        );
        assert_eq!(unquote("\"\\xc3\\xa9\"").as_deref(), Ok("é"));
        assert_eq!(unquote("`a\\n\r\nb`").as_deref(), Ok("a\\n\nb"));
        assert_eq!(unquote("\"plain\"").as_deref(), Ok("plain"));
    }

    #[test]
    fn wrong_escapes_say_where() {
        assert_eq!(unquote(r#""ab\q""#), Err(StringError::UnknownEscape(4)));
        assert_eq!(unquote(r#""\x4g""#), Err(StringError::MissingDigit(2)));
        assert_eq!(unquote(r#""\ud800""#), Err(StringError::NoCharacter(2)));
        assert_eq!(unquote(r#""\777""#), Err(StringError::NoCharacter(2)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(literal in "[\"`]?[a-zA-Z0-9\\\\é\"]{0,16}") {
            let _ = unquote(&literal);
        }
    }
}
