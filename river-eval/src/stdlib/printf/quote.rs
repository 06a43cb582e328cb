//! Quoted text, quoted characters and text in hexadecimal digits.

use super::Printer;
use std::fmt::Write;

impl Printer {
    /// `%q` of a text.
    pub(super) fn quoted(&mut self, text: &str) {
        let zeros = self.zeros();
        let text = self.cut(text);
        if self.spec.sharp && can_be_raw(text) {
            self.pad(&format!("`{text}`"), zeros);
            return;
        }
        let quoted = quoted_with(text, self.spec.plus);
        self.pad(&quoted, zeros);
    }

    /// `%q` of a character.
    pub(super) fn quoted_character(&mut self, character: char) {
        let zeros = self.zeros();
        let mut quoted = String::from("'");
        escape(&mut quoted, character, '\'', self.spec.plus);
        quoted.push('\'');
        self.pad(&quoted, zeros);
    }

    /// `%x` of a text.
    pub(super) fn hex(&mut self, text: &str, upper: bool) {
        let bytes = text.as_bytes();
        let bytes = self
            .spec
            .precision
            .and_then(|precision| bytes.get(..precision))
            .unwrap_or(bytes);
        let prefix = match (self.spec.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut hex = String::with_capacity(bytes.len() * 2);
        for (at, byte) in bytes.iter().enumerate() {
            if self.spec.space && at > 0 {
                hex.push(' ');
            }
            if self.spec.space || at == 0 {
                hex.push_str(prefix);
            }
            // Writing to a String cannot fail.
            let _ = if upper {
                write!(hex, "{byte:02X}")
            } else {
                write!(hex, "{byte:02x}")
            };
        }
        let zeros = self.zeros();
        self.pad(&hex, zeros);
    }
}

/// A text in double quotes, with escapes where a character would not show.
pub(crate) fn quoted(text: &str) -> String {
    quoted_with(text, false)
}

fn quoted_with(text: &str, ascii: bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        escape(&mut quoted, character, '"', ascii);
    }
    quoted.push('"');
    quoted
}

/// Whether a text can stand between backticks.
fn can_be_raw(text: &str) -> bool {
    text.chars().all(|character| match character {
        '\u{feff}' | '`' | '\u{7f}' => false,
        character => character == '\t' || character >= ' ',
    })
}

/// Whether a character is shown as it is: everything but control, format, private and unassigned ones, and of the
/// spaces only the plain one.
pub(super) fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return (' '..='~').contains(&character);
    }
    // The standard library's own table, behind a letter so that marks that extend the letter before count as themselves.
    let mut pair = String::from("a");
    pair.push(character);
    pair.escape_debug().nth(1) == Some(character)
}

fn escape(out: &mut String, character: char, quote: char, ascii: bool) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        other if other == quote => {
            out.push('\\');
            out.push(quote);
        }
        other if is_printable(other) && (other.is_ascii() || !ascii) => out.push(other),
        other => {
            let code = u32::from(other);
            let _ = match code {
                ..0x20 | 0x7f => write!(out, "\\x{code:02x}"),
                ..0x1_0000 => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
    }
}
