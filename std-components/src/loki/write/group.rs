//! Entries on their way into a request: grouped by stream, encoded, and pressed to (a part of) a Snappy block.

use super::encode;
use super::resolve::Stream;
use crate::signals::Entry;
use bytes::Bytes;
use prost::encoding::{encode_varint, encoded_len_varint};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Bytes that count for an entry: line and structured metadata.
pub(super) fn size(entry: &Entry) -> usize {
    let metadata = entry.metadata.as_deref().unwrap_or_default();
    let pairs: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    entry.line.len() + pairs
}

struct StreamBuffer {
    labels: Arc<str>,
    entries: Vec<u8>,
}

/// Encoded entries of a tenant, by stream.
#[derive(Default)]
pub(super) struct Group {
    streams: Vec<StreamBuffer>,
    index: FxHashMap<u64, usize>,
    entries: u64,
    /// Bytes of lines and their metadata.
    pub(super) bytes: usize,
}

impl Group {
    /// How many entries it holds.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds an entry of this stream. Answers false where it would be one stream too many (0: any number).
    pub(super) fn add(
        &mut self,
        stream: &Stream,
        entry: &Entry,
        most_streams: usize,
        press: &mut Press,
    ) -> bool {
        let at = match self.index.get(&stream.id) {
            Some(&at) => at,
            None if most_streams > 0 && self.streams.len() >= most_streams => return false,
            None => {
                let at = self.streams.len();
                self.streams.push(StreamBuffer {
                    labels: stream.labels.clone(),
                    entries: press.take(),
                });
                self.index.insert(stream.id, at);
                at
            }
        };
        if let Some(buffer) = self.streams.get_mut(at) {
            encode::entry(&mut buffer.entries, entry);
        }
        self.entries += 1;
        self.bytes += size(entry);
        true
    }
}

/// Bytes before the elements of a block, for the length that is written last.
const HEAD: usize = 10;

/// The elements of a Snappy block that grows: those of blocks one behind the other, behind the sum of their lengths, are one block (see `record`).
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Bytes that Snappy unpacks.
    plain: u64,
    /// How many streams were written; one that comes in several parts counts for each.
    pub(super) streams: usize,
    /// Behind [`HEAD`] unused bytes; empty at first.
    bytes: Vec<u8>,
    /// Something could not be pressed.
    is_broken: bool,
}

impl Block {
    /// The elements so far.
    pub(super) fn elements(&self) -> &[u8] {
        self.bytes.get(HEAD..).unwrap_or_default()
    }

    /// Appends another's elements.
    pub(super) fn append(&mut self, other: &Self) {
        self.push(other.plain, other.elements());
        self.streams += other.streams;
        self.is_broken |= other.is_broken;
    }

    fn push(&mut self, plain: u64, elements: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.reserve(HEAD + elements.len());
            self.bytes.resize(HEAD, 0);
        }
        self.bytes.extend_from_slice(elements);
        self.plain += plain;
    }

    /// The whole block; `None` if it is one that Snappy cannot hold: of 4 GiB and more.
    pub(super) fn finish(mut self) -> Option<Bytes> {
        if self.is_broken || u32::try_from(self.plain).is_err() {
            return None;
        }
        self.push(0, &[]);
        let from = HEAD - encoded_len_varint(self.plain);
        encode_varint(self.plain, &mut self.bytes.get_mut(from..HEAD)?);
        Some(Bytes::from(self.bytes).slice(from..))
    }
}

/// Bytes of unused buffers that are kept at the most.
const MAX_SPARE_BYTES: usize = 2 * 1024 * 1024;

/// Presses groups to blocks; keeps its buffers to use them again.
#[derive(Default)]
pub(super) struct Press {
    /// Made for the first group.
    snappy: Option<Box<snap::raw::Encoder>>,
    request: Vec<u8>,
    packed: Vec<u8>,
    /// Of streams that have been pressed.
    spare: Vec<Vec<u8>>,
    spare_bytes: usize,
}

impl Press {
    /// Whether it keeps no buffers.
    pub(super) fn is_empty(&self) -> bool {
        self.request.capacity() == 0 && self.spare.is_empty()
    }

    fn take(&mut self) -> Vec<u8> {
        let buffer = self.spare.pop().unwrap_or_default();
        self.spare_bytes -= buffer.capacity().min(self.spare_bytes);
        buffer
    }

    fn keep(&mut self, mut buffer: Vec<u8>) {
        if self.spare_bytes + buffer.capacity() <= MAX_SPARE_BYTES {
            buffer.clear();
            self.spare_bytes += buffer.capacity();
            self.spare.push(buffer);
        }
    }

    /// Appends a group to a block and leaves it empty.
    pub(super) fn press(&mut self, group: &mut Group, block: &mut Block) {
        self.request.clear();
        block.streams += group.streams.len();
        for stream in std::mem::take(group).streams {
            encode::stream(&mut self.request, &stream.labels, &stream.entries);
            self.keep(stream.entries);
        }
        if self.request.is_empty() {
            return;
        }
        self.packed
            .resize(snap::raw::max_compress_len(self.request.len()), 0);
        let packed = self
            .snappy
            .get_or_insert_with(|| Box::new(snap::raw::Encoder::new()))
            .compress(&self.request, &mut self.packed);
        let plain = self.request.len() as u64;
        match packed {
            Ok(length) => {
                let elements = self.packed.get(encoded_len_varint(plain)..length);
                block.push(plain, elements.unwrap_or_default());
            }
            Err(_) => block.is_broken = true,
        }
    }
}
