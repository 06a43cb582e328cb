//! Where a message ends in what comes over a connection (RFC 6587): its length is said before it, or a byte ends it.
//!
//! The first byte of a connection says which of the two it is. Without lengths a message may go on over several lines: what does not begin with `<` belongs
//! to the message before. So the last message of what came is only complete when another begins, or nothing more has come for a while.

use memchr::memchr;
use memchr::memmem;

/// Bytes of a message at the most whose length is not said before it.
pub(super) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Digits of a length at the most.
const MAX_DIGITS: usize = 9;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A message of `length` bytes after `skip` others; `taken` bytes are done with then.
    Message {
        skip: usize,
        length: usize,
        taken: usize,
    },
    /// Bytes without a message are done with.
    Skip { taken: usize },
    /// A message is too long: it is skipped, from these bytes on.
    TooLong { taken: usize },
    /// Nothing complete. `waits` says that a pause would complete a message.
    More { waits: bool },
    /// Nothing that follows can be understood.
    Broken(Broken),
}

/// Why a stream cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// It begins as no message does.
    Start(u8),
    /// There is no length where one has to be.
    Length,
    /// The connection ended within a message.
    CutOff,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start(byte) => write!(
                f,
                "invalid or unsupported framing. first byte: {:?}",
                char::from(*byte)
            ),
            Self::Length => f.write_str("a message's length is missing or no number"),
            Self::CutOff => f.write_str("the connection ended within a message"),
        }
    }
}

/// Whether more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tide {
    /// It is coming in.
    Coming,
    /// Nothing has come for a while.
    Quiet,
    /// The connection or the datagram has ended.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unknown,
    Counted,
    Delimited,
}

/// Finds the messages of a connection or of a datagram.
#[derive(Debug)]
pub(super) struct Framer {
    kind: Kind,
    /// Whether the format is `raw`: each message says for itself whether it is counted.
    is_raw: bool,
    delimiter: u8,
    max_bytes: usize,
    /// Bytes of a message that is too long, still to come.
    skip: usize,
    /// A message that is too long goes on to its delimiter.
    skips_line: bool,
}

impl Framer {
    pub(super) fn new(is_raw: bool, delimiter: u8, max_bytes: usize) -> Self {
        Self {
            kind: Kind::Unknown,
            is_raw,
            delimiter,
            max_bytes,
            skip: 0,
            skips_line: false,
        }
    }

    /// What comes next in what has come and is not done with.
    pub(super) fn next(&mut self, data: &[u8], tide: Tide) -> Step {
        if self.skip > 0 && !data.is_empty() {
            let taken = self.skip.min(data.len());
            self.skip -= taken;
            return Step::Skip { taken };
        }
        if self.skips_line && !data.is_empty() {
            let end = memchr(self.delimiter, data);
            self.skips_line = end.is_none();
            return Step::Skip {
                taken: end.map_or(data.len(), |end| end + 1),
            };
        }
        let between = data
            .iter()
            .take_while(|byte| matches!(byte, b'\n' | b'\r' | b' ' | 0))
            .count();
        if between > 0 {
            return Step::Skip { taken: between };
        }
        let Some(first) = data.first() else {
            return Step::More { waits: false };
        };
        let kind = match self.kind {
            _ if self.is_raw => self.kind_of_raw(data),
            Kind::Unknown => {
                self.kind = match first {
                    b'<' => Kind::Delimited,
                    b'0'..=b'9' => Kind::Counted,
                    other => return Step::Broken(Broken::Start(*other)),
                };
                self.kind
            }
            known => known,
        };
        match kind {
            Kind::Counted => self.counted(data, tide),
            _ => self.delimited(data, tide),
        }
    }

    /// Raw lines may begin with a digit that is no length.
    fn kind_of_raw(&self, data: &[u8]) -> Kind {
        let digits = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fits = || length(data, digits).is_some_and(|length| length > 0 && length <= self.max_bytes);
        if digits > 0 && digits <= MAX_DIGITS && data.get(digits) == Some(&b' ') && fits() {
            Kind::Counted
        } else {
            Kind::Delimited
        }
    }

    fn counted(&mut self, data: &[u8], tide: Tide) -> Step {
        let digits = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > MAX_DIGITS {
            return Step::Broken(Broken::Length);
        }
        let ended = |step: Step| match tide {
            Tide::Ended => Step::Broken(Broken::CutOff),
            _ => step,
        };
        let head = match data.get(digits) {
            None => return ended(Step::More { waits: false }),
            Some(b' ') => digits + 1,
            Some(_) => return Step::Broken(Broken::Length),
        };
        let Some(length) = length(data, digits).filter(|length| *length > 0) else {
            return Step::Broken(Broken::Length);
        };
        if length > self.max_bytes {
            self.skip = length;
            return Step::TooLong { taken: head };
        }
        if data.len() - head < length {
            return ended(Step::More { waits: false });
        }
        Step::Message {
            skip: head,
            length,
            taken: head + length,
        }
    }

    fn delimited(&mut self, data: &[u8], tide: Tide) -> Step {
        // Of a raw message each delimiter is an end; of others only one before a priority.
        let end = match self.is_raw {
            true => memchr(self.delimiter, data),
            false => memmem::find(data, b"\n<"),
        };
        if let Some(end) = end.filter(|end| *end <= MAX_LINE_BYTES) {
            return Step::Message {
                skip: 0,
                length: end,
                taken: end + 1,
            };
        }
        if data.len() > MAX_LINE_BYTES {
            self.skips_line = true;
            return Step::TooLong { taken: 0 };
        }
        let is_whole = !self.is_raw && data.last() == Some(&b'\n');
        if tide == Tide::Ended || (tide == Tide::Quiet && is_whole) {
            return Step::Message {
                skip: 0,
                length: data.len(),
                taken: data.len(),
            };
        }
        Step::More { waits: is_whole }
    }
}

fn length(data: &[u8], digits: usize) -> Option<usize> {
    std::str::from_utf8(data.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The messages of pieces that come one after the other, and then nothing more.
    fn messages(framer: &mut Framer, pieces: &[&[u8]]) -> String {
        let mut buffer = Vec::new();
        let mut told = String::new();
        let tides = pieces.iter().map(|piece| (*piece, Tide::Coming));
        for (piece, tide) in tides.chain([(&b""[..], Tide::Quiet), (b"", Tide::Ended)]) {
            buffer.extend_from_slice(piece);
            let mut last = usize::MAX;
            loop {
                let taken = match framer.next(&buffer, tide) {
                    Step::Message { skip, length, taken } => {
                        told.push_str(&format!(
                            "{:?} ",
                            String::from_utf8_lossy(&buffer[skip..skip + length])
                        ));
                        taken
                    }
                    Step::Skip { taken } => taken,
                    Step::TooLong { taken } => {
                        told.push_str("too long ");
                        taken
                    }
                    Step::More { waits } => {
                        assert!(!(waits && tide != Tide::Coming));
                        break;
                    }
                    Step::Broken(why) => return told + &why.to_string(),
                };
                assert!(taken > 0 || last > 0, "goes on");
                last = taken;
                buffer.drain(..taken);
            }
        }
        told
    }

    fn of(pieces: &[&[u8]]) -> String {
        messages(&mut Framer::new(false, b'\n', 20), pieces)
    }

    #[test]
    fn lengths_are_followed() {
        assert_eq!(of(&[b"5 <1>ab6 <1>abc"]), r#""<1>ab" "<1>abc" "#);
        assert_eq!(
            of(&[b"1", b"1 <1>with", b"\nline\n", b"4 <1>x"]),
            r#""<1>with\nlin" "#.to_owned() + "a message's length is missing or no number"
        );
        assert_eq!(
            of(&[b"13 <1>with\nline4\n4 <1>x\n"]),
            r#""<1>with\nline4" "<1>x" "#
        );
        assert_eq!(
            of(&[b"25 <1>much too long, t", b"oo lon4 <1>x"]),
            r#"too long "<1>x" "#
        );
        assert_eq!(of(&[b"9 <1>cut"]), "the connection ended within a message");
        assert_eq!(
            of(&[b"9999999999 x"]),
            "a message's length is missing or no number"
        );
        assert_eq!(of(&[b"0 <1>"]), "a message's length is missing or no number");
        assert_eq!(of(&[b"hello"]), "invalid or unsupported framing. first byte: 'h'");
    }

    #[test]
    fn ends_of_lines_are_followed() {
        assert_eq!(of(&[b"<1>a\n<1>", b"b\n"]), r#""<1>a" "<1>b\n" "#);
        assert_eq!(
            of(&[b"<1>trace\n  at one\n  at two\n<1>b"]),
            r#""<1>trace\n  at one\n  at two" "<1>b" "#
        );
        assert_eq!(of(&[b"\r\n\n<1>a\r\n"]), r#""<1>a\r\n" "#);
        let long = [b"<1>".to_vec(), vec![b'x'; MAX_LINE_BYTES]].concat();
        assert_eq!(of(&[&long, b"yy\n<1>b\n"]), r#"too long "<1>b\n" "#);
    }

    #[test]
    fn raw_lines_say_for_themselves() {
        let raw = |pieces: &[&[u8]]| messages(&mut Framer::new(true, b'\n', 20), pieces);
        assert_eq!(
            raw(&[b"CEF:0|a\n2024 b\n5 <1>ab77 lines\n"]),
            r#""CEF:0|a" "2024 b" "<1>ab" "lines\n" "#.replace(r#""lines\n" "#, r#""77 lines" "#).as_str()
        );
        assert_eq!(
            messages(&mut Framer::new(true, 0, 20), &[b"a\nb\0c\0d"]),
            r#""a\nb" "c" "d" "#
        );
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "(<1>[a-z\n]{0,9}\n){0,5}", cut in 0usize..40) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            prop_assert_eq!(of(&[bytes]), of(&[&bytes[..cut], &bytes[cut..]]));
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), raw: bool) {
            messages(&mut Framer::new(raw, b'\n', 20), &[&bytes]);
        }
    }
}
