//! Loki's push request (`logproto.PushRequest`, push.proto of Loki) written field by field.
//!
//! Each entry is encoded when it comes, onto the end of its stream's buffer; a request is those buffers one after the other behind their labels.
//! So nothing is allocated for a line, and the read buffers that lines are slices of are free again while the request still waits.

use crate::signals::Entry;
use prost::encoding::{encode_varint, encoded_len_varint};

/// A field's key: number and wire type 2 (bytes).
const fn bytes_field(number: u8) -> u8 {
    number << 3 | 2
}

const REQUEST_STREAMS: u8 = bytes_field(1);
const STREAM_LABELS: u8 = bytes_field(1);
const STREAM_ENTRIES: u8 = bytes_field(2);
const ENTRY_TIMESTAMP: u8 = bytes_field(1);
const ENTRY_LINE: u8 = bytes_field(2);
const ENTRY_METADATA: u8 = bytes_field(3);
const PAIR_NAME: u8 = bytes_field(1);
const PAIR_VALUE: u8 = bytes_field(2);
/// `google.protobuf.Timestamp`: both fields are varints (wire type 0).
const TIMESTAMP_SECONDS: u8 = 1 << 3;
const TIMESTAMP_NANOS: u8 = 2 << 3;

const NANOS: i64 = 1_000_000_000;

/// Bytes of a field of bytes with its key (of one byte) and length.
fn field_length(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}

fn put_head(out: &mut Vec<u8>, key: u8, length: usize) {
    out.push(key);
    encode_varint(length as u64, out);
}

fn put_bytes(out: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    put_head(out, key, bytes.len());
    out.extend_from_slice(bytes);
}

/// Up to five keys with varints, each of which takes eleven bytes at the most.
struct Head {
    bytes: [u8; 55],
    length: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            bytes: [0; 55],
            length: 0,
        }
    }
}

impl Head {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    fn field(&mut self, key: u8, mut value: u64) {
        self.push(key);
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Appends an entry to the encoded entries of its stream.
pub(super) fn entry(out: &mut Vec<u8>, entry: &Entry) {
    // Seconds before 1970 are negative and travel as ten bytes; nanoseconds are always positive.
    let seconds = entry.timestamp.div_euclid(NANOS) as u64;
    let nanos = entry.timestamp.rem_euclid(NANOS) as u64;
    let mut timestamp = 0;
    if seconds != 0 {
        timestamp += 1 + encoded_len_varint(seconds);
    }
    if nanos != 0 {
        timestamp += 1 + encoded_len_varint(nanos);
    }
    let metadata = entry.metadata.as_deref().unwrap_or_default();
    let pair_length =
        |(name, value): &(Box<str>, Box<str>)| field_length(name.len()) + field_length(value.len());
    let pairs: usize = metadata.iter().map(|pair| field_length(pair_length(pair))).sum();
    let length = field_length(timestamp) + field_length(entry.line.len()) + pairs;
    out.reserve(field_length(length));
    // Everything before the line is gathered on the stack and appended at once.
    let mut head = Head::default();
    head.field(STREAM_ENTRIES, length as u64);
    head.field(ENTRY_TIMESTAMP, timestamp as u64);
    if seconds != 0 {
        head.field(TIMESTAMP_SECONDS, seconds);
    }
    if nanos != 0 {
        head.field(TIMESTAMP_NANOS, nanos);
    }
    head.field(ENTRY_LINE, entry.line.len() as u64);
    out.extend_from_slice(head.bytes());
    out.extend_from_slice(entry.line.as_bytes());
    for pair in metadata {
        put_head(out, ENTRY_METADATA, pair_length(pair));
        put_bytes(out, PAIR_NAME, pair.0.as_bytes());
        put_bytes(out, PAIR_VALUE, pair.1.as_bytes());
    }
}

/// Appends a stream to a request: its labels as text and its encoded entries.
pub(super) fn stream(out: &mut Vec<u8>, labels: &str, entries: &[u8]) {
    let length = field_length(labels.len()) + entries.len();
    out.reserve(field_length(length));
    put_head(out, REQUEST_STREAMS, length);
    put_bytes(out, STREAM_LABELS, labels.as_bytes());
    out.extend_from_slice(entries);
}

/// Appends labels as Loki reads them, `{a="1", b="2"}`, values quoted as Go quotes strings.
pub(super) fn labels<'a>(out: &mut String, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) {
    out.push('{');
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
        out.push('=');
        quote(out, value);
    }
    out.push('}');
}

fn quote(out: &mut String, text: &str) {
    use std::fmt::Write;
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_ascii_control() => {
                // Writing to a String does not fail.
                let _ = write!(out, "\\x{:02x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PushRequest, decode};
    use super::*;
    use crate::signals::Labels;
    use proptest::prelude::*;
    use prost::Message;

    proptest! {
        #[test]
        fn what_is_encoded_is_what_loki_reads(
            entries in prop::collection::vec(
                (any::<i64>(), ".{0,300}", prop::collection::vec(("[a-z]{1,5}", ".{0,150}"), 0..3)), 0..6),
            labels in "\\{.{0,200}\\}",
        ) {
            let mut encoded = Vec::new();
            for (timestamp, line, metadata) in &entries {
                let metadata: Vec<_> = metadata
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                    .collect();
                entry(&mut encoded, &Entry {
                    labels: Labels::default(),
                    timestamp: *timestamp,
                    line: line.as_str().into(),
                    metadata: (!metadata.is_empty()).then(|| metadata.into()),
                });
            }
            let mut request = Vec::new();
            stream(&mut request, &labels, &encoded);
            let decoded = PushRequest::decode(request.as_slice()).unwrap();
            prop_assert_eq!(decoded.streams.len(), 1);
            prop_assert_eq!(&decoded.streams[0].labels, &labels);
            let got: Vec<_> = decoded.streams[0].entries.iter().map(|entry| {
                let at = entry.timestamp.as_ref().unwrap();
                let nanos = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos);
                let metadata: Vec<_> = entry.metadata.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect();
                (nanos as i64, entry.line.clone(), metadata)
            }).collect();
            prop_assert_eq!(got, entries);
        }
    }

    #[test]
    fn labels_are_quoted_as_go_quotes_them() {
        let mut text = String::new();
        labels(&mut text, [("app", "a\"b\\c"), ("path", "x\n\t\u{7}é")]);
        assert_eq!(text, r#"{app="a\"b\\c", path="x\n\t\x07é"}"#);
    }

    #[test]
    fn an_empty_request_decodes() {
        assert!(
            decode(&snap::raw::Encoder::new().compress_vec(&[]).unwrap())
                .streams
                .is_empty()
        );
    }
}
