//! What comes on a stream of a container's log: frames of both streams, or the plain text of a terminal.
//!
//! Source protocol: `GET /containers/ID/logs?timestamps=1`. A frame has 8 bytes before it (1 is stdout, 2 is stderr, 3 an error of the daemon; three zeros;
//! the length, big endian) and holds a time (RFC 3339), a space and the text. A text without a newline goes on in the next frame of its stream: the daemon cuts
//! lines at 16 KiB. A container with a terminal has no frames, only times and text, with the same cuts but without a sign of them.

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;
use std::mem;

/// Bytes of a line at the most. A longer one arrives in pieces, each but the last marked with [`CUT_MARK`].
pub(super) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// What the pieces of a line that is too long end with.
pub(super) const CUT_MARK: &str = " [cut: the line goes on in the next entry]";

/// Bytes of a frame at the most; the daemon's have some 16 KiB.
const MAX_FRAME_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of a text that the daemon cuts lines at.
const DAEMON_CUT: usize = 16 * 1024;

/// Bytes before a frame.
const HEADER: usize = 8;

/// A stream of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// What is told of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    /// A line, or a piece of one that goes on.
    Line(Line),
    /// A text without a time, which is in no log.
    Untimed(String),
    /// What the daemon says of itself.
    Daemon(String),
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Nanoseconds since 1970.
    pub(super) time: i64,
    pub(super) stream: Stream,
    pub(super) text: ByteString,
    /// More of the same line follows.
    pub(super) goes_on: bool,
    /// Bytes were replaced by U+FFFD.
    pub(super) is_replaced: bool,
}

/// A line of which the end is still to come.
#[derive(Debug, Default)]
struct Begun {
    time: i64,
    text: Vec<u8>,
    is_begun: bool,
}

/// Puts a stream together.
#[derive(Debug)]
pub(super) struct Decoder {
    is_terminal: bool,
    /// What has come and is not yet whole.
    rest: BytesMut,
    begun: [Begun; 2],
}

impl Decoder {
    /// For a container with or without a terminal.
    pub(super) fn new(is_terminal: bool) -> Self {
        Self {
            is_terminal,
            rest: BytesMut::new(),
            begun: <[Begun; 2]>::default(),
        }
    }

    /// Takes what has come.
    ///
    /// # Errors
    /// What is no such stream: nothing behind it can be understood.
    pub(super) fn feed(&mut self, chunk: &[u8], mut tell: impl FnMut(Told)) -> Result<(), String> {
        self.rest.extend_from_slice(chunk);
        if self.is_terminal {
            self.texts(&mut tell);
            return Ok(());
        }
        while let Some(header) = self.rest.first_chunk::<HEADER>() {
            let [kind, zeros @ .., a, b, c, d] = *header;
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            if kind > 3 || zeros != [0, 0, 0] || length > MAX_FRAME_BYTES {
                return Err("what comes is no stream of log frames".into());
            }
            if self.rest.len() < HEADER + length {
                break;
            }
            self.rest.advance(HEADER);
            let payload = self.rest.split_to(length).freeze();
            match kind {
                3 => tell(Told::Daemon(String::from_utf8_lossy(&payload).trim().to_owned())),
                2 => self.frame(Stream::Stderr, payload, &mut tell),
                _ => self.frame(Stream::Stdout, payload, &mut tell),
            }
        }
        Ok(())
    }

    /// The stream has ended as it should: what was begun is whole.
    pub(super) fn finish(&mut self, mut tell: impl FnMut(Told)) {
        if self.is_terminal && !self.rest.is_empty() {
            let rest = self.rest.split().freeze();
            self.text(rest, &mut tell);
        }
        for stream in [Stream::Stdout, Stream::Stderr] {
            let begun = mem::take(self.begun(stream));
            if begun.is_begun && !begun.text.is_empty() {
                tell(line(begun.time, stream, begun.text.into(), false));
            }
        }
    }

    fn begun(&mut self, stream: Stream) -> &mut Begun {
        let [stdout, stderr] = &mut self.begun;
        match stream {
            Stream::Stdout => stdout,
            Stream::Stderr => stderr,
        }
    }

    fn frame(&mut self, stream: Stream, payload: Bytes, tell: &mut impl FnMut(Told)) {
        let is_end = payload.ends_with(b"\n");
        let payload = without_end(payload);
        let begun = self.begun(stream);
        let (time, text) = match time_and_text(&payload) {
            Some(split) => split,
            // A part without a time of its own is one all the same.
            None if begun.is_begun => (begun.time, payload),
            None => {
                tell(Told::Untimed(String::from_utf8_lossy(&payload).into_owned()));
                return;
            }
        };
        if !begun.is_begun && is_end {
            for told in pieces(time, stream, text) {
                tell(told);
            }
            return;
        }
        if !begun.is_begun {
            begun.is_begun = true;
            begun.time = time;
        }
        begun.text.extend_from_slice(&text);
        while begun.text.len() > MAX_LINE_BYTES {
            let more = begun.text.split_off(boundary(&begun.text, MAX_LINE_BYTES));
            let piece = mem::replace(&mut begun.text, more);
            tell(line(begun.time, stream, piece.into(), true));
        }
        if is_end {
            let begun = mem::take(begun);
            tell(line(begun.time, stream, begun.text.into(), false));
        }
    }

    /// The lines of a terminal.
    fn texts(&mut self, tell: &mut impl FnMut(Told)) {
        // What was looked through before is not looked through again only for lines, which are short.
        while let Some(end) = memchr::memchr(b'\n', &self.rest) {
            let text = self.rest.split_to(end + 1).freeze();
            self.text(text, tell);
        }
        // Twice as much, so that the daemon's cuts do not make a line that fits too long.
        if self.rest.len() > 2 * MAX_LINE_BYTES {
            let end = boundary(&self.rest, MAX_LINE_BYTES);
            let piece = self.rest.split_to(end).freeze();
            let begun = self.begun(Stream::Stdout);
            let (time, text) = match time_and_text(&piece) {
                Some(split) if !begun.is_begun => split,
                _ => (begun.time, piece),
            };
            (begun.is_begun, begun.time) = (true, time);
            tell(line(time, Stream::Stdout, text, true));
        }
    }

    fn text(&mut self, text: Bytes, tell: &mut impl FnMut(Told)) {
        let text = without_end(text);
        let begun = mem::take(self.begun(Stream::Stdout));
        if begun.is_begun {
            tell(line(begun.time, Stream::Stdout, text, false));
            return;
        }
        match time_and_text(&text) {
            Some((time, text)) => {
                for told in pieces(time, Stream::Stdout, without_times(text)) {
                    tell(told);
                }
            }
            None => tell(Told::Untimed(String::from_utf8_lossy(&text).into_owned())),
        }
    }
}

/// A text without its newline, and without one carriage return before it.
fn without_end(mut text: Bytes) -> Bytes {
    if text.ends_with(b"\n") {
        text.truncate(text.len() - 1);
        if text.ends_with(b"\r") {
            text.truncate(text.len() - 1);
        }
    }
    text
}

/// The time at the beginning, in nanoseconds, and what follows the space behind it.
fn time_and_text(text: &Bytes) -> Option<(i64, Bytes)> {
    /// The longest time: nine digits of a second and an offset.
    const LONGEST: usize = 40;
    let end = memchr::memchr(b' ', text.get(..LONGEST.min(text.len()))?);
    // A line may be empty, and its space may be gone.
    let end = end.unwrap_or(text.len());
    let time: jiff::Timestamp = std::str::from_utf8(text.get(..end)?).ok()?.parse().ok()?;
    let time = i64::try_from(time.as_nanosecond()).ok()?;
    Some((time, text.slice((end + 1).min(text.len())..)))
}

/// A terminal's line without the times that the daemon puts where it cut it.
fn without_times(text: Bytes) -> Bytes {
    if text.len() <= DAEMON_CUT {
        return text;
    }
    let mut whole = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > DAEMON_CUT {
        whole.extend_from_slice(&rest.split_to(DAEMON_CUT));
        match time_and_text(&rest) {
            Some((_, text)) => rest = text,
            // It was not cut here, so it was not cut.
            None => break,
        }
    }
    whole.extend_from_slice(&rest);
    whole.into()
}

/// A whole line; several where it is too long for one entry.
fn pieces(time: i64, stream: Stream, mut text: Bytes) -> impl Iterator<Item = Told> {
    let mut is_done = false;
    std::iter::from_fn(move || {
        if is_done {
            return None;
        }
        is_done = text.len() <= MAX_LINE_BYTES;
        let piece = if is_done {
            mem::take(&mut text)
        } else {
            text.split_to(boundary(&text, MAX_LINE_BYTES))
        };
        Some(line(time, stream, piece, !is_done))
    })
}

/// The largest length up to this one at which no character is cut.
fn boundary(text: &[u8], most: usize) -> usize {
    let is_inside = |at: usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    // A character has four bytes at the most; what has more of these is no UTF-8.
    (0..4)
        .map(|back| most - back)
        .find(|at| !is_inside(*at))
        .unwrap_or(most)
}

fn line(time: i64, stream: Stream, text: Bytes, goes_on: bool) -> Told {
    let (mut text, is_replaced) = match ByteString::try_from(text.clone()) {
        Ok(text) => (text, false),
        Err(_) => (String::from_utf8_lossy(&text).into_owned().into(), true),
    };
    if goes_on {
        text = format!("{text}{CUT_MARK}").into();
    }
    Told::Line(Line {
        time,
        stream,
        text,
        goes_on,
        is_replaced,
    })
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
