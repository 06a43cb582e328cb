//! zstd files (RFC 8878): all frames of a file one after the other, in bounded memory.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, Read};

/// Bytes that a frame may look back at the most: what every decoder has to support (RFC 8878, 3.1.1.1.2), and what levels up to 19 need.
const MAX_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// The first bytes of a frame, little-endian.
const MAGIC: u32 = 0xfd2f_b528;
/// Of one that holds no data; its last four bits are free.
const SKIPPABLE: u32 = 0x184d_2a50;

/// The decompressed bytes of a file.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether a frame has been begun and not ended.
    is_inside: bool,
    /// Why it does not go on behind what can still be collected.
    broken: Option<String>,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            decoder: FrameDecoder::new(),
            is_inside: false,
            broken: None,
        }
    }

    /// Begins the next frame; whether there is one.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            let mut magic = [0; 4];
            self.source.read_exact(&mut magic)?;
            let number = u32::from_le_bytes(magic);
            if number & !0xf == SKIPPABLE {
                let mut length = [0; 4];
                self.source.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if number != MAGIC {
                return Err(io::Error::other("what follows is no zstd frame"));
            }
            let header = self.header(magic)?;
            self.decoder
                .reset(header.as_slice().chain(&mut self.source))
                .map_err(io::Error::other)?;
            return Ok(true);
        }
    }

    /// A frame's header, of which it is known that its window is not too large.
    fn header(&mut self, magic: [u8; 4]) -> io::Result<Vec<u8>> {
        let mut header = magic.to_vec();
        let mut next = |count: usize| {
            let mut bytes = [0; 8];
            let part = bytes.get_mut(..count).unwrap_or_default();
            self.source.read_exact(part)?;
            header.extend_from_slice(part);
            Ok::<u64, io::Error>(u64::from_le_bytes(bytes))
        };
        let descriptor = next(1)?;
        let is_single = descriptor & 0x20 != 0;
        let mut window = 0;
        if !is_single {
            let byte = next(1)?;
            let base = 1_u64 << (10 + (byte >> 3));
            window = base + base / 8 * (byte & 7);
        }
        next([0, 1, 2, 4].get((descriptor & 3) as usize).copied().unwrap_or(0))?;
        let size_bytes = match descriptor >> 6 {
            0 => usize::from(is_single),
            1 => 2,
            2 => 4,
            _ => 8,
        };
        let size = next(size_bytes)?;
        if is_single {
            window = size;
        }
        if window > MAX_WINDOW_BYTES {
            return Err(io::Error::other(format!(
                "it has to be decompressed with a window of {window} bytes, and {MAX_WINDOW_BYTES} are the most: compress it with a level up to 19 and without --long"
            )));
        }
        Ok(header)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_inside {
                if !self.next_frame()? {
                    return Ok(0);
                }
                self.is_inside = true;
            }
            let decoder = &mut self.decoder;
            while self.broken.is_none() && !decoder.is_finished() && decoder.can_collect() < buffer.len() {
                let missing = buffer.len() - decoder.can_collect();
                let decoded =
                    decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBytes(missing));
                self.broken = decoded.err().map(|error| error.to_string());
            }
            let count = decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if let Some(reason) = &self.broken {
                return Err(io::Error::other(reason.clone()));
            }
            if buffer.is_empty() {
                return Ok(0);
            }
            if let Some(stored) = decoder.get_checksum_from_data()
                && decoder.get_calculated_checksum() != Some(stored)
            {
                return Err(io::Error::other("its checksum does not fit"));
            }
            self.is_inside = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        // A source that gives few bytes at a time, as the end of a buffer does.
        let source = io::BufReader::with_capacity(3, bytes);
        match Frames::new(source).read_to_end(&mut out) {
            Ok(_) => Ok(out),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn frames_follow_one_another() {
        let text = b"some line\n".repeat(50_000);
        let frame = compress_to_vec(text.as_slice(), CompressionLevel::Fastest);
        assert!(frame.len() < text.len() / 10);
        let skippable = [0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        let file = [&frame[..], &skippable, &frame[..]].concat();
        assert!(unpacked(&file).unwrap() == [text.as_slice(), &text].concat());
        assert_eq!(unpacked(b"").unwrap(), b"");
    }

    #[test]
    fn what_is_damaged_is_told() {
        let frame = compress_to_vec(b"some line\n".repeat(50).as_slice(), CompressionLevel::Fastest);
        assert!(unpacked(&frame[..frame.len() - 1]).is_err());
        assert!(unpacked(&frame[..5]).is_err());
        assert!(unpacked(b"plain text").unwrap_err().contains("no zstd frame"));
        let mut changed = frame;
        *changed.last_mut().unwrap() ^= 1;
        assert!(unpacked(&changed).is_err());
        // A window of 2 GiB, as `--long=31` makes it.
        let huge = [0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0];
        assert!(unpacked(&huge).unwrap_err().contains("without --long"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), at in 0..400_usize, byte in proptest::num::u8::ANY) {
            let _ = unpacked(&bytes);
            let mut frame = compress_to_vec(bytes.as_slice(), CompressionLevel::Fastest);
            if let Some(place) = frame.get_mut(at) {
                *place = byte;
            }
            let _ = unpacked(&frame);
        }
    }
}
