//! Stands for the crate `xz2`, a binding of a C library, in this workspace only: `sdjournal` reads XZ-compressed fields of journals with it.
//! Its releases from 0.1.17 on have a decoder in Rust, the one used here, and need a newer compiler; with them this crate goes.

/// Decoders.
pub mod read {
    use std::fmt;
    use std::io::{Error, ErrorKind, Read, Result};
    use xz4rust::{XzDecoder as Decoder, XzNextBlockResult as Step};

    /// Bytes of the dictionary at the most. The journal writes with 1 MiB.
    const MAX_DICTIONARY: usize = 8 << 20;

    /// Bytes that are read from the source at once.
    const PIECE: usize = 8 << 10;

    /// What comes out of a source of XZ.
    pub struct XzDecoder<R> {
        source: R,
        /// What was read of the source, and how much of it is used up.
        input: Vec<u8>,
        used: usize,
        decoder: Box<Decoder<'static>>,
        is_at_end: bool,
    }

    impl<R> fmt::Debug for XzDecoder<R> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("XzDecoder")
        }
    }

    impl<R: Read> XzDecoder<R> {
        /// Over a source.
        pub fn new(source: R) -> Self {
            Self {
                source,
                input: Vec::new(),
                used: 0,
                decoder: Decoder::in_heap_with_alloc_dict_size(0, MAX_DICTIONARY),
                is_at_end: false,
            }
        }
    }

    impl<R: Read> Read for XzDecoder<R> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            while !self.is_at_end && !out.is_empty() {
                let mut is_short = false;
                if self.used == self.input.len() {
                    self.input.resize(PIECE, 0);
                    let read = self.source.read(&mut self.input)?;
                    self.input.truncate(read);
                    self.used = 0;
                    is_short = read == 0;
                }
                let input = self.input.get(self.used..).unwrap_or_default();
                let (consumed, produced) = match self.decoder.decode(input, out) {
                    Ok(Step::NeedMoreData(consumed, produced)) => (consumed, produced),
                    Ok(Step::EndOfStream(consumed, produced)) => {
                        self.is_at_end = true;
                        (consumed, produced)
                    }
                    // It asks for more, in vain.
                    Err(_) if is_short => return Err(ErrorKind::UnexpectedEof.into()),
                    Err(error) => return Err(Error::new(ErrorKind::InvalidData, error.to_string())),
                };
                self.used = self.used.saturating_add(consumed).min(self.input.len());
                if produced > 0 {
                    return Ok(produced);
                }
                if is_short && !self.is_at_end {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            Ok(0)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// `It is compressed. `, a hundred times, after `MESSAGE=`, as the journal writes it: with LZMA2, a dictionary of 1 MiB, without a check.
        const SAMPLE: &[u8] = &[
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x00, 0xff, 0x12, 0xd9, 0x41, 0x02, 0x00, 0x21, 0x01,
            0x10, 0x00, 0x00, 0x00, 0xa8, 0x70, 0x8e, 0x86, 0xe0, 0x07, 0x0f, 0x00, 0x2b, 0x5d, 0x00, 0x26,
            0x91, 0x46, 0xc0, 0xd1, 0x94, 0x57, 0xe4, 0x8f, 0xf2, 0x81, 0x0c, 0xd4, 0x19, 0xa9, 0xb6, 0x13,
            0x6e, 0xbd, 0x78, 0xa9, 0xd7, 0xd9, 0x0d, 0x4a, 0xec, 0x99, 0x6f, 0x66, 0x2c, 0x34, 0xfa, 0xcd,
            0x69, 0x7d, 0x40, 0xd0, 0xb0, 0x6b, 0x05, 0x21, 0x38, 0x00, 0x00, 0x00, 0x00, 0x01, 0x3f, 0x90,
            0x0e, 0x00, 0x00, 0x00, 0x86, 0x31, 0xa0, 0x07, 0xa8, 0x00, 0x0a, 0xfc, 0x02, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x59, 0x5a,
        ];

        #[test]
        fn a_field_of_a_journal_is_read() {
            let mut out = String::new();
            XzDecoder::new(SAMPLE).read_to_string(&mut out).unwrap();
            assert_eq!(out, format!("MESSAGE={}", "It is compressed. ".repeat(100)));
        }

        #[test]
        fn what_is_cut_off_is_an_error() {
            let mut out = Vec::new();
            let cut = XzDecoder::new(&SAMPLE[..70]).read_to_end(&mut out).unwrap_err();
            assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
            let other = XzDecoder::new(&b"no such thing as that"[..])
                .read_to_end(&mut out)
                .unwrap_err();
            assert_eq!(other.kind(), ErrorKind::InvalidData);
        }
    }
}
