//! Cuts a chunk of a file into lines: slices of the chunk wherever it is valid UTF-8.

use super::encoding::Encoding;
use bytes::Bytes;
use bytestring::ByteString;

/// Bytes of a line at the most. A longer line arrives in pieces, each but the last marked with [`CUT_MARK`], so that nothing is lost and
/// memory stays bounded.
pub(super) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// What the pieces of a line that is too long end with.
pub(super) const CUT_MARK: &str = " [cut: the line goes on in the next entry]";

/// What happened to the lines of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Lines handed on, pieces too.
    pub(super) lines: u64,
    /// Of these with bytes replaced by U+FFFD.
    pub(super) replaced: u64,
    /// Of these pieces of a line that goes on.
    pub(super) cut: u64,
}

/// What to do with bytes after the last newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// They wait for their newline.
    Waits,
    /// Nothing will follow: they are a line.
    IsLine,
    /// There are as many as a line may have: they are a piece of one.
    IsPiece,
}

/// Hands on the lines of a chunk that begins at a line, each with the offset in the chunk behind its newline.
pub(super) fn split(
    chunk: &Bytes,
    encoding: Encoding,
    rest: Rest,
    mut line: impl FnMut(ByteString, usize),
) -> Seen {
    let mut seen = Seen::default();
    let unit = encoding.unit();
    let complete = encoding.find_last_newline(chunk).map_or(0, |at| at + unit);
    let whole = (encoding == Encoding::Utf8)
        .then(|| ByteString::try_from(chunk.slice(..complete)).ok())
        .flatten();
    match whole {
        // One check for all lines.
        Some(whole) => {
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', whole.as_bytes()) {
                let text = whole.get(start..end).unwrap_or_default();
                let text = text.strip_suffix('\r').unwrap_or(text);
                line(whole.slice_ref(text), end + 1);
                seen.lines += 1;
                start = end + 1;
            }
        }
        None => {
            let mut start = 0;
            while let Some(length) = chunk
                .get(start..complete)
                .and_then(|bytes| encoding.find_newline(bytes))
            {
                let (text, replaced) = encoding.decode(chunk.slice(start..start + length));
                start += length + unit;
                seen.lines += 1;
                seen.replaced += u64::from(replaced);
                line(text, start);
            }
        }
    }
    let left = chunk.slice(complete..);
    if left.is_empty() || rest == Rest::Waits {
        return seen;
    }
    seen.lines += 1;
    if rest == Rest::IsLine {
        let (text, replaced) = encoding.decode(left);
        seen.replaced += u64::from(replaced);
        line(text, chunk.len());
    } else {
        let length = character_boundary(&left, encoding);
        let (text, replaced) = encoding.decode(left.slice(..length));
        seen.replaced += u64::from(replaced);
        seen.cut += 1;
        line(format!("{text}{CUT_MARK}").into(), complete + length);
    }
    seen
}

/// The largest length at which no character is cut.
fn character_boundary(bytes: &[u8], encoding: Encoding) -> usize {
    if encoding.unit() == 2 {
        return bytes.len() - bytes.len() % 2;
    }
    if encoding != Encoding::Utf8 {
        return bytes.len();
    }
    match std::str::from_utf8(bytes) {
        // Only a character that the end cuts moves the boundary; invalid bytes are replaced in any case.
        Err(error) if error.error_len().is_none() => error.valid_up_to().max(1),
        _ => {
            let is_start = |byte: &u8| byte & 0xc0 != 0x80;
            match bytes.iter().rev().take(4).position(is_start) {
                Some(back)
                    if std::str::from_utf8(bytes.get(bytes.len() - 1 - back..).unwrap_or_default())
                        .is_err() =>
                {
                    (bytes.len() - 1 - back).max(1)
                }
                _ => bytes.len(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunk: &'static [u8], encoding: Encoding, rest: Rest) -> (Vec<(String, usize)>, Seen) {
        let mut lines = Vec::new();
        let seen = split(&Bytes::from_static(chunk), encoding, rest, |text, end| {
            lines.push((text.to_string(), end));
        });
        (lines, seen)
    }

    fn texts(chunk: &'static [u8]) -> Vec<(String, usize)> {
        cut(chunk, Encoding::Utf8, Rest::Waits).0
    }

    #[test]
    fn ends_of_lines() {
        let line = |text: &str, end| (text.to_owned(), end);
        assert_eq!(texts(b"a\n\nb\r\nc"), [line("a", 2), line("", 3), line("b", 6)]);
        // One carriage return goes, as in the reference; one in the middle stays.
        assert_eq!(texts(b"a\r\r\nb\rc\n"), [line("a\r", 4), line("b\rc", 8)]);
        assert_eq!(texts(b"nul\0nul\n"), [line("nul\0nul", 8)]);
        assert_eq!(texts(b""), []);
        assert_eq!(
            cut(b"a\nrest", Encoding::Utf8, Rest::IsLine).0,
            [line("a", 2), line("rest", 6)]
        );
    }

    #[test]
    fn one_invalid_line_does_not_hurt_the_others() {
        let (lines, seen) = cut("é\n\u{fe}".as_bytes(), Encoding::Utf8, Rest::Waits);
        assert_eq!((lines.len(), seen.replaced), (1, 0));
        let (lines, seen) = cut(b"good\n\xff\xfebad\n\xc3\xa9\n", Encoding::Utf8, Rest::Waits);
        let texts: Vec<&str> = lines.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["good", "\u{fffd}\u{fffd}bad", "é"]);
        assert_eq!((seen.lines, seen.replaced), (3, 1));
    }

    #[test]
    fn a_piece_ends_between_characters() {
        let (lines, seen) = cut(b"ab\xc3", Encoding::Utf8, Rest::IsPiece);
        assert_eq!(lines, [(format!("ab{CUT_MARK}"), 2)]);
        assert_eq!((seen.cut, seen.replaced), (1, 0));
        let (lines, _) = cut(b"\xffab\xc3", Encoding::Utf8, Rest::IsPiece);
        assert_eq!(lines, [(format!("\u{fffd}ab{CUT_MARK}"), 3)]);
        let (lines, _) = cut(b"a\0b", Encoding::Utf16Le, Rest::IsPiece);
        assert_eq!(lines, [(format!("a{CUT_MARK}"), 2)]);
    }

    #[test]
    fn two_bytes_a_character() {
        let (lines, seen) = cut(b"\0h\0i\0\r\0\n\x0a\0\0\n", Encoding::Utf16Be, Rest::Waits);
        assert_eq!(lines, [("hi".to_owned(), 8), ("\u{a00}".to_owned(), 12)]);
        assert_eq!(seen.replaced, 0);
    }
}
