//! Cuts a stream of `pods/log` into lines and takes their times off.

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use jiff::Timestamp;

/// Bytes of a line at the most; a longer one arrives in pieces, each but the last marked with [`CUT_MARK`].
pub(super) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// What the pieces of a line that is too long end with.
const CUT_MARK: &str = " [cut: the line goes on in the next entry]";

/// A line of the stream.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// Nanoseconds since 1970; `None` where the kubelet says something of its own.
    pub(super) time: Option<i64>,
    /// Without its time and its end.
    pub(super) text: ByteString,
    /// Whether bytes were replaced by U+FFFD.
    pub(super) is_replaced: bool,
    /// Whether it is a piece that another follows.
    pub(super) is_piece: bool,
}

/// The bytes that have come and are no line yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: BytesMut,
    /// How much of `bytes` has no line feed.
    searched: usize,
    /// The time of the line of which pieces have gone out.
    cut: Option<Option<i64>>,
}

impl Lines {
    /// Bytes have come.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    /// The lines that are whole.
    pub(super) fn drain(&mut self, mut take: impl FnMut(Line)) {
        if let Some(end) = memchr::memrchr(b'\n', self.bytes.get(self.searched..).unwrap_or_default()) {
            let mut whole = self.bytes.split_to(self.searched + end + 1).freeze();
            while let Some(end) = memchr::memchr(b'\n', &whole) {
                let line = whole.split_to(end + 1);
                let line = line.slice(..end);
                let line = self.line(line, false);
                take(line);
            }
        }
        self.searched = self.bytes.len();
        while self.bytes.len() > MAX_LINE_BYTES {
            let mut end = MAX_LINE_BYTES;
            // A character stays whole: its further bytes begin with 10.
            while end > MAX_LINE_BYTES - 4 && self.bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
                end -= 1;
            }
            let piece = self.bytes.split_to(end).freeze();
            let piece = self.line(piece, true);
            take(piece);
            self.searched = self.bytes.len();
        }
        if self.bytes.is_empty() {
            // A quiet container holds no buffer.
            self.bytes = BytesMut::new();
            self.searched = 0;
        }
    }

    /// What is left where nothing will follow: a line without its end.
    pub(super) fn rest(&mut self) -> Option<Line> {
        self.searched = 0;
        let rest = std::mem::take(&mut self.bytes).freeze();
        (!rest.is_empty()).then(|| self.line(rest, false))
    }

    fn line(&mut self, bytes: Bytes, is_piece: bool) -> Line {
        let (time, text) = match self.cut {
            Some(time) => (time, bytes),
            None => timed(bytes),
        };
        self.cut = is_piece.then_some(time);
        let text = match text.last() {
            Some(b'\r') if !is_piece => text.slice(..text.len() - 1),
            _ => text,
        };
        let (text, is_replaced) = match ByteString::try_from(text.clone()) {
            Ok(text) => (text, false),
            Err(_) => (String::from_utf8_lossy(&text).into_owned().into(), true),
        };
        let text = match is_piece {
            true => format!("{text}{CUT_MARK}").into(),
            false => text,
        };
        Line {
            time,
            text,
            is_replaced,
            is_piece,
        }
    }
}

/// The time at a line's beginning, and what follows it.
fn timed(line: Bytes) -> (Option<i64>, Bytes) {
    let end = memchr::memchr(b' ', line.get(..64).unwrap_or(&line)).unwrap_or(line.len());
    let time = line.get(..end).and_then(|word| std::str::from_utf8(word).ok());
    let time = time.and_then(|word| word.parse::<Timestamp>().ok());
    match time.and_then(|time| i64::try_from(time.as_nanosecond()).ok()) {
        Some(time) => (Some(time), line.slice((end + 1).min(line.len())..)),
        None => (None, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<(Option<i64>, String)> {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        let mut take = |line: Line| seen.push((line.time, line.text.to_string()));
        for chunk in chunks {
            lines.push(chunk);
            lines.drain(&mut take);
        }
        if let Some(rest) = lines.rest() {
            take(rest);
        }
        seen
    }

    #[test]
    fn chunks_may_tear_lines_anywhere() {
        let text = "2026-01-01T00:00:00.5Z one\n2026-01-01T00:00:00Z \n2026-01-01T01:00:00.000000001+01:00 zwölf  \r\nunable to retrieve container logs\n";
        let whole = lines(&[text.as_bytes()]);
        insta::assert_debug_snapshot!(whole, @r#"
        [
            (
                Some(
                    1767225600500000000,
                ),
                "one",
            ),
            (
                Some(
                    1767225600000000000,
                ),
                "",
            ),
            (
                Some(
                    1767225600000000001,
                ),
                "zwölf  ",
            ),
            (
                None,
                "unable to retrieve container logs",
            ),
        ]
        "#);
        for size in [1, 2, 3, 7, 50] {
            let chunks: Vec<_> = text.as_bytes().chunks(size).collect();
            assert_eq!(lines(&chunks), whole);
        }
    }

    #[test]
    fn long_lines_come_in_pieces_of_one_time() {
        let mut long = b"2026-01-01T00:00:00Z ".to_vec();
        long.extend("ö".repeat(MAX_LINE_BYTES).bytes());
        long.extend(b"\n2026-01-01T00:00:01Z next");
        let chunks: Vec<_> = long.chunks(100_000).collect();
        let seen = lines(&chunks);
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[0].0, seen[1].0);
        assert_eq!(seen[2], (Some(1_767_225_601_000_000_000), "next".into()));
        let count = |text: &str| text.chars().filter(|character| *character == 'ö').count();
        assert_eq!(
            seen.iter().map(|(_, text)| count(text)).sum::<usize>(),
            MAX_LINE_BYTES
        );
        assert!(seen[0].1.ends_with(CUT_MARK) && !seen[1].1.ends_with(CUT_MARK));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_lines(chunks in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..50), 0..20)) {
            let chunks: Vec<_> = chunks.iter().map(Vec::as_slice).collect();
            let whole = chunks.concat();
            let feeds = memchr::memchr_iter(b'\n', &whole).count();
            let expected = feeds + usize::from(whole.last().is_some_and(|last| *last != b'\n'));
            assert_eq!(lines(&chunks).len(), expected);
        }
    }
}
