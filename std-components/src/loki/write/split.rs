//! Cuts a push request in two, for a peer that finds it too large.

use super::encode;
use bytes::Buf;
use prost::encoding::decode_varint;

/// A request with how many entries it holds.
pub(super) type Half = (Vec<u8>, u64);

/// Takes a field of bytes off the front: its number and contents.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let key = decode_varint(rest).ok()?;
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let contents = rest.get(..length).filter(|_| key & 7 == 2)?;
    rest.advance(length);
    Some((key >> 3, contents))
}

struct Stream<'a> {
    labels: &'a str,
    /// With keys and lengths.
    entries: Vec<&'a [u8]>,
}

/// The streams of a request as `encode` writes it.
fn streams(mut request: &[u8]) -> Option<Vec<Stream<'_>>> {
    let mut streams = Vec::new();
    while !request.is_empty() {
        let (_, mut rest) = field(&mut request)?;
        let (_, labels) = field(&mut rest)?;
        let mut stream = Stream {
            labels: std::str::from_utf8(labels).ok()?,
            entries: Vec::new(),
        };
        while !rest.is_empty() {
            let before = rest;
            field(&mut rest)?;
            stream.entries.push(before.get(..before.len() - rest.len())?);
        }
        streams.push(stream);
    }
    Some(streams)
}

/// Two requests that hold what one held, about as large as each other; `None` if there are no two entries to part.
pub(super) fn halves(request: &[u8]) -> Option<[Half; 2]> {
    let streams = streams(request)?;
    let count: usize = streams.iter().map(|stream| stream.entries.len()).sum();
    let bytes: usize = streams
        .iter()
        .flat_map(|stream| &stream.entries)
        .map(|entry| entry.len())
        .sum();
    let mut halves = [(Vec::new(), 0), (Vec::new(), 0)];
    let (mut passed, mut number) = (0, 0);
    let mut parted = Vec::new();
    for stream in streams {
        let mut parts = [Vec::new(), Vec::new()];
        for entry in stream.entries {
            // Each side gets one at least.
            let is_first = number == 0 || (passed + entry.len() <= bytes / 2 && number + 1 < count);
            passed += entry.len();
            number += 1;
            let [first, second] = &mut parts;
            if is_first { first } else { second }.extend_from_slice(entry);
            let [(_, left), (_, right)] = &mut halves;
            *(if is_first { left } else { right }) += 1;
        }
        parted.push((stream.labels, parts));
    }
    for (labels, parts) in parted {
        for ((request, _), entries) in halves.iter_mut().zip(parts) {
            if !entries.is_empty() {
                encode::stream(request, labels, &entries);
            }
        }
    }
    (count > 1).then_some(halves)
}

#[cfg(test)]
mod tests {
    use super::super::testing::PushRequest;
    use super::*;
    use crate::signals::{Entry, Labels};
    use proptest::prelude::*;
    use prost::Message;

    proptest! {
        #[test]
        fn nothing_is_lost_and_order_stays(
            streams in prop::collection::vec(prop::collection::vec(".{0,40}", 1..8), 1..5),
        ) {
            let mut request = Vec::new();
            for (at, lines) in streams.iter().enumerate() {
                let mut entries = Vec::new();
                for line in lines {
                    encode::entry(&mut entries, &Entry {
                        labels: Labels::default(),
                        timestamp: 1,
                        line: line.as_str().into(),
                        metadata: None,
                    });
                }
                encode::stream(&mut request, &format!("{{at=\"{at}\"}}"), &entries);
            }
            let whole = PushRequest::decode(request.as_slice()).unwrap();
            let count: usize = streams.iter().map(Vec::len).sum();
            match halves(&request) {
                None => prop_assert_eq!(count, 1),
                Some(halves) => {
                    let mut lines = Vec::new();
                    for (half, entries) in &halves {
                        let half = PushRequest::decode(half.as_slice()).unwrap();
                        prop_assert_eq!(half.lines().len() as u64, *entries);
                        prop_assert!(*entries > 0);
                        lines.extend(half.streams.iter().flat_map(|stream| {
                            stream.entries.iter().map(|entry| (stream.labels.clone(), entry.line.clone()))
                        }));
                    }
                    let all: Vec<_> = whole.streams.iter().flat_map(|stream| {
                        stream.entries.iter().map(|entry| (stream.labels.clone(), entry.line.clone()))
                    }).collect();
                    prop_assert_eq!(lines, all);
                }
            }
        }

        #[test]
        fn what_is_no_request_is_left_alone(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = halves(&bytes);
        }
    }
}
