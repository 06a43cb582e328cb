//! How requests are compressed.

use bytes::Bytes;
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::Write;

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, river_eval::TextEnum)]
#[river(text = "compression")]
pub(crate) enum Compression {
    /// gzip.
    #[river(name = "gzip")]
    Gzip,
    /// zlib, which HTTP calls `deflate`.
    #[river(name = "zlib")]
    Zlib,
    /// zlib, under HTTP's name.
    #[river(name = "deflate")]
    Deflate,
    /// snappy, framed.
    #[river(name = "snappy")]
    Snappy,
    /// zstd; not built.
    #[river(name = "zstd")]
    Zstd,
    /// lz4; not built.
    #[river(name = "lz4")]
    Lz4,
    /// As it is.
    #[river(name = "none")]
    None,
    /// As it is.
    #[river(name = "")]
    Empty,
}

impl Compression {
    /// The word in `Content-Encoding`; `None` where nothing is compressed.
    pub(crate) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Gzip => Some("gzip"),
            Self::Zlib => Some("zlib"),
            Self::Deflate => Some("deflate"),
            Self::Snappy => Some("snappy"),
            Self::Zstd => Some("zstd"),
            Self::Lz4 => Some("lz4"),
            Self::None | Self::Empty => None,
        }
    }

    /// Compresses, at a level of the algorithm or at its default.
    pub(crate) fn pack(self, plain: Vec<u8>, level: Option<u32>) -> std::io::Result<Bytes> {
        let level = level.map_or_else(flate2::Compression::default, flate2::Compression::new);
        let room = Vec::with_capacity(plain.len() / 4 + 64);
        let packed = match self {
            Self::Gzip => {
                let mut packer = GzEncoder::new(room, level);
                packer.write_all(&plain)?;
                packer.finish()?
            }
            Self::Zlib | Self::Deflate => {
                let mut packer = ZlibEncoder::new(room, level);
                packer.write_all(&plain)?;
                packer.finish()?
            }
            Self::Snappy => {
                let mut packer = snap::write::FrameEncoder::new(room);
                packer.write_all(&plain)?;
                packer
                    .into_inner()
                    .map_err(|error| std::io::Error::other(error.to_string()))?
            }
            // Refused when the arguments were checked.
            Self::Zstd | Self::Lz4 => {
                return Err(std::io::Error::other("this compression is not built in"));
            }
            Self::None | Self::Empty => plain,
        };
        Ok(packed.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_packed_is_unpacked_by_others() {
        let plain = b"spans ".repeat(1000);
        let pack = |how: Compression| how.pack(plain.clone(), Some(1)).unwrap();
        let read = |mut from: Box<dyn Read>| {
            let mut all = Vec::new();
            from.read_to_end(&mut all).unwrap();
            all
        };
        let gzip = std::io::Cursor::new(pack(Compression::Gzip));
        assert_eq!(read(Box::new(flate2::read::GzDecoder::new(gzip))), plain);
        let zlib = std::io::Cursor::new(pack(Compression::Deflate));
        assert_eq!(read(Box::new(flate2::read::ZlibDecoder::new(zlib))), plain);
        let snappy = std::io::Cursor::new(pack(Compression::Snappy));
        assert_eq!(read(Box::new(snap::read::FrameDecoder::new(snappy))), plain);
        assert_eq!(pack(Compression::None), plain);
    }
}
