//! How (a part of) a push request stands in the log on disk: a head for the agent, then the request as Snappy has packed it.
//!
//! Several parts make a request without being unpacked: protobuf messages one behind the other are one message, and a Snappy block is its
//! length followed by elements that refer to nothing before them, so that the elements of several blocks behind the sum of their lengths are one block.

/// What the first byte says: another layout would have another number.
const LAYOUT: u8 = 1;

/// A record's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) tenant: &'a str,
    /// Milliseconds since 1970 at which it was written.
    pub(super) written: u64,
    /// How many streams it has.
    pub(super) streams: u32,
    /// Bytes that Snappy unpacks.
    pub(super) plain: u64,
    /// The elements of the Snappy block.
    pub(super) elements: &'a [u8],
}

/// Writes a record: `block` is a whole Snappy block.
pub(super) fn write(out: &mut Vec<u8>, tenant: &str, written: u64, streams: u32, block: &[u8]) {
    out.push(LAYOUT);
    out.extend_from_slice(&written.to_le_bytes());
    out.extend_from_slice(&streams.to_le_bytes());
    out.extend_from_slice(&(tenant.len() as u32).to_le_bytes());
    out.extend_from_slice(tenant.as_bytes());
    out.extend_from_slice(block);
}

/// Reads one; `None` if it is none.
pub(super) fn read(bytes: &[u8]) -> Option<Record<'_>> {
    let (layout, rest) = bytes.split_first()?;
    let (written, rest) = rest.split_first_chunk()?;
    let (streams, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (tenant, mut block) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let plain = prost::encoding::decode_varint(&mut block).ok()?;
    (*layout == LAYOUT).then_some(Record {
        tenant: std::str::from_utf8(tenant).ok()?,
        written: u64::from_le_bytes(*written),
        streams: u32::from_le_bytes(*streams),
        plain,
        elements: block,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_one_behind_the_other_are_one(
            parts in prop::collection::vec(("[ab]{0,9}", prop::collection::vec(0..4_u8, 0..70_000)), 1..5),
        ) {
            let mut snappy = snap::raw::Encoder::new();
            let (mut plain, mut elements) = (0, Vec::new());
            for (at, (tenant, bytes)) in parts.iter().enumerate() {
                let mut out = Vec::new();
                write(&mut out, tenant, 7, at as u32, &snappy.compress_vec(bytes).unwrap());
                let record = read(&out).unwrap();
                prop_assert_eq!((record.tenant, record.streams, record.written), (tenant.as_str(), at as u32, 7));
                plain += record.plain;
                elements.extend_from_slice(record.elements);
            }
            let mut block = Vec::new();
            prost::encoding::encode_varint(plain, &mut block);
            block.extend_from_slice(&elements);
            let unpacked = snap::raw::Decoder::new().decompress_vec(&block).unwrap();
            let whole: Vec<u8> = parts.into_iter().flat_map(|(_, bytes)| bytes).collect();
            prop_assert_eq!(unpacked, whole);
        }

        #[test]
        fn what_is_no_record_is_none(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes);
        }
    }
}
