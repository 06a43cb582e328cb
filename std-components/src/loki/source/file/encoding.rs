//! Encodings of log files: names, byte order marks, newlines, decoding of a line.

use bytes::Bytes;
use bytestring::ByteString;
use std::borrow::Cow;

/// How a file's bytes are text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// ISO 8859-1 as IANA has it: each byte is a character. (The Encoding Standard takes the name for windows-1252.)
    Latin1,
    /// One in which the byte of `\n` is nothing but a newline.
    Other(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// By its IANA name, in any case. UTF-16 without a byte order is big-endian, as in Go's registry.
    pub(super) fn named(name: &str) -> Option<Self> {
        let encoding = match name.to_ascii_lowercase().as_str() {
            "" | "utf-8" | "utf8" | "us-ascii" | "ascii" => Self::Utf8,
            "utf-16" | "utf-16be" => Self::Utf16Be,
            "utf-16le" => Self::Utf16Le,
            "iso-8859-1" | "iso_8859-1" | "latin1" | "l1" => Self::Latin1,
            other => Self::Other(encoding_rs::Encoding::for_label_no_replacement(other.as_bytes())?),
        };
        Some(encoding)
    }

    /// The encoding and the length of the byte order mark, from a file's first bytes. A mark has precedence over the configuration.
    pub(super) fn of_head(self, head: &[u8]) -> (Self, u64) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            _ => (self, 0),
        }
    }

    /// Bytes of a newline, and of the smallest character.
    pub(super) fn unit(self) -> usize {
        match self {
            Self::Utf16Le | Self::Utf16Be => 2,
            _ => 1,
        }
    }

    /// Where the next newline begins. The bytes begin at a character.
    pub(super) fn find_newline(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Utf16Le | Self::Utf16Be => {
                memchr::memchr_iter(b'\n', bytes).find_map(|at| self.newline_around(bytes, at))
            }
            _ => memchr::memchr(b'\n', bytes),
        }
    }

    /// Where the last newline begins. The bytes begin at a character.
    pub(super) fn find_last_newline(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Utf16Le | Self::Utf16Be => {
                memchr::memrchr_iter(b'\n', bytes).find_map(|at| self.newline_around(bytes, at))
            }
            _ => memchr::memrchr(b'\n', bytes),
        }
    }

    /// For an encoding in units of two bytes: where the newline begins whose byte `\n` stands here, if it is one.
    fn newline_around(self, bytes: &[u8], at: usize) -> Option<usize> {
        let (start, other) = match self {
            Self::Utf16Le => (at, at + 1),
            _ => (at.checked_sub(1)?, at.checked_sub(1)?),
        };
        (start.is_multiple_of(2) && bytes.get(other) == Some(&0)).then_some(start)
    }

    /// The text of a line without its newline, and whether bytes had to be replaced by U+FFFD. A carriage return at the end goes.
    pub(super) fn decode(self, line: Bytes) -> (ByteString, bool) {
        match self {
            Self::Utf8 => {
                let line = match line.last() {
                    Some(b'\r') => line.slice(..line.len() - 1),
                    _ => line,
                };
                match ByteString::try_from(line.clone()) {
                    Ok(text) => (text, false),
                    Err(_) => (String::from_utf8_lossy(&line).into_owned().into(), true),
                }
            }
            Self::Latin1 => (without_return(encoding_rs::mem::decode_latin1(&line)), false),
            Self::Utf16Le => decoded(encoding_rs::UTF_16LE, &line),
            Self::Utf16Be => decoded(encoding_rs::UTF_16BE, &line),
            Self::Other(encoding) => decoded(encoding, &line),
        }
    }
}

fn decoded(encoding: &'static encoding_rs::Encoding, line: &[u8]) -> (ByteString, bool) {
    let (text, replaced) = encoding.decode_without_bom_handling(line);
    (without_return(text), replaced)
}

fn without_return(text: Cow<'_, str>) -> ByteString {
    text.strip_suffix('\r').unwrap_or(&text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newline_in_two_bytes_is_aligned() {
        // U+0A00 and U+000A: the byte alone says nothing.
        let little = [0x00, 0x0a, 0x0a, 0x00, 0x41, 0x00];
        assert_eq!(Encoding::Utf16Le.find_newline(&little), Some(2));
        let big = [0x0a, 0x00, 0x00, 0x0a];
        assert_eq!(Encoding::Utf16Be.find_newline(&big), Some(2));
        assert_eq!(Encoding::Utf16Be.find_last_newline(&big), Some(2));
        assert_eq!(Encoding::Utf16Le.find_newline(&[0x41, 0x0a, 0x00, 0x41]), None);
    }

    #[test]
    fn names_are_ianas() {
        assert_eq!(Encoding::named("UTF-16"), Some(Encoding::Utf16Be));
        assert_eq!(
            Encoding::named("Shift_JIS"),
            Some(Encoding::Other(encoding_rs::SHIFT_JIS))
        );
        assert_eq!(Encoding::named("nonsense"), None);
        let (text, replaced) = Encoding::named("ISO-8859-1")
            .unwrap()
            .decode(Bytes::from_static(b"\xe9\x80\r"));
        assert_eq!((&*text, replaced), ("é\u{80}", false));
    }
}
