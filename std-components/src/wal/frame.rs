//! How a record stands in a segment: a head of 20 bytes, then the contents.
//!
//! | bytes | what (little-endian) |
//! |---|---|
//! | 4 | [`MAGIC`] |
//! | 4 | length of the contents |
//! | 4 | how many entries it holds |
//! | 4 | CRC-32C of the contents |
//! | 4 | CRC-32C of the head before, the segment's number and the offset of the head |
//!
//! As the place is part of the head's checksum, contents that look like a record are not taken for one where a head is looked for behind a damaged one.

use super::disk::DiskFile;
use std::io;

/// What a head begins with.
pub(super) const MAGIC: [u8; 4] = [0xa7, b'W', b'L', 0x01];

/// Bytes of a head.
pub(super) const HEAD: usize = 20;

/// Bytes of a record's contents at the most.
pub(crate) const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// Bytes that are looked through at once for the next head.
const WINDOW: usize = 64 * 1024;

/// A sound head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of the contents.
    pub(super) length: usize,
    pub(super) entries: u32,
    crc: u32,
}

impl Head {
    /// Whether these are its contents.
    pub(super) fn fits(&self, contents: &[u8]) -> bool {
        contents.len() == self.length && crc32c::crc32c(contents) == self.crc
    }

    /// Bytes of the record.
    pub(super) fn size(&self) -> u64 {
        (HEAD + self.length) as u64
    }
}

fn head_crc(head: &[u8], segment: u64, offset: u64) -> u32 {
    let crc = crc32c::crc32c(head);
    let crc = crc32c::crc32c_append(crc, &segment.to_le_bytes());
    crc32c::crc32c_append(crc, &offset.to_le_bytes())
}

/// Appends a record that will stand at this offset of this segment.
pub(super) fn put(out: &mut Vec<u8>, contents: &[u8], entries: u32, segment: u64, offset: u64) {
    let begin = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(contents.len() as u32).to_le_bytes());
    out.extend_from_slice(&entries.to_le_bytes());
    out.extend_from_slice(&crc32c::crc32c(contents).to_le_bytes());
    let crc = head_crc(out.get(begin..).unwrap_or_default(), segment, offset);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(contents);
}

/// Reads a head; `None` if there is none at this place.
fn parse(bytes: &[u8], segment: u64, offset: u64) -> Option<Head> {
    let word = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(bytes))
    };
    if !bytes.starts_with(&MAGIC) || word(16)? != head_crc(bytes.get(..16)?, segment, offset) {
        return None;
    }
    let length = word(4)? as usize;
    (length <= MAX_RECORD_BYTES).then_some(Head {
        length,
        entries: word(8)?,
        crc: word(12)?,
    })
}

/// The head at an offset of a segment that ends at `end`; `None` if there is none, or its record does not end there.
pub(super) fn head_at(file: &impl DiskFile, segment: u64, offset: u64, end: u64) -> io::Result<Option<Head>> {
    let mut bytes = [0; HEAD];
    if file.read_at(&mut bytes, offset)? < HEAD {
        return Ok(None);
    }
    let head = parse(&bytes, segment, offset);
    Ok(head.filter(|head| offset.saturating_add(head.size()) <= end))
}

/// The offset of the first head at or behind an offset, if there is one before `end`.
pub(super) fn find(file: &impl DiskFile, segment: u64, from: u64, end: u64) -> io::Result<Option<u64>> {
    let mut window = vec![0; WINDOW.min(usize::try_from(end.saturating_sub(from)).unwrap_or(WINDOW))];
    let mut begin = from;
    while begin + (HEAD as u64) <= end {
        let read = file.read_at(&mut window, begin)?;
        let bytes = window.get(..read).unwrap_or_default();
        if read < HEAD {
            break;
        }
        for at in memchr::memmem::find_iter(bytes, &MAGIC) {
            let offset = begin + at as u64;
            if head_at(file, segment, offset, end)?.is_some() {
                return Ok(Some(offset));
            }
        }
        // A magic that the window cuts is found in the next one.
        begin += (read - (MAGIC.len() - 1)) as u64;
    }
    Ok(None)
}
