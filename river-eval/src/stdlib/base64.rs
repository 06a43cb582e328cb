//! Base64 with padding, as Go's `base64.StdEncoding` and `URLEncoding` take it.

use ::base64::alphabet;
use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use ::base64::engine::{DecodePaddingMode, Engine};

#[derive(Clone, Copy)]
pub(super) enum Alphabet {
    Standard,
    Url,
}

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
static STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
static URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

fn engine(alphabet: Alphabet) -> &'static GeneralPurpose {
    match alphabet {
        Alphabet::Standard => &STANDARD,
        Alphabet::Url => &URL,
    }
}

pub(super) fn encode(bytes: &[u8], alphabet: Alphabet) -> String {
    engine(alphabet).encode(bytes)
}

/// Decodes text. Line ends in it do not count.
pub(super) fn decode(text: &str, alphabet: Alphabet) -> Result<Vec<u8>, String> {
    let packed: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    engine(alphabet).decode(&packed).map_err(|_| {
        let at = place_of_error(text.as_bytes(), alphabet);
        let hint = match (alphabet, text.as_bytes().get(at)) {
            (Alphabet::Standard, Some(b'-' | b'_')) => {
                "; this is the alphabet for URLs, use encoding.from_URLbase64"
            }
            (Alphabet::Url, Some(b'+' | b'/')) => "; this is the standard alphabet, use encoding.from_base64",
            _ if !packed.len().is_multiple_of(4) && at + 4 > text.len() => "; the padding with = is missing",
            _ => "",
        };
        format!("illegal base64 data at input byte {at}{hint}")
    })
}

/// The byte that Go names for a text that does not decode: the one that is wrong, or where the last group of four begins.
fn place_of_error(text: &[u8], alphabet: Alphabet) -> usize {
    let next = |from: usize| {
        let layout = text
            .iter()
            .skip(from)
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        from + layout.count()
    };
    let mut at = 0;
    loop {
        let mut in_group = 0;
        while in_group < 4 {
            at = next(at);
            let Some(&byte) = text.get(at) else {
                return at - in_group;
            };
            at += 1;
            if belongs(byte, alphabet) {
                in_group += 1;
                continue;
            }
            if byte != b'=' || in_group < 2 {
                return at - 1;
            }
            if in_group == 2 {
                at = next(at);
                match text.get(at) {
                    None => return text.len(),
                    Some(b'=') => at += 1,
                    Some(_) => return at - 1,
                }
            }
            return next(at);
        }
    }
}

fn belongs(byte: u8, alphabet: Alphabet) -> bool {
    byte.is_ascii_alphanumeric()
        || match alphabet {
            Alphabet::Standard => matches!(byte, b'+' | b'/'),
            Alphabet::Url => matches!(byte, b'-' | b'_'),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_byte_that_go_names() {
        for (text, alphabet, named) in [
            (
                "aGVsbG8",
                Alphabet::Standard,
                "byte 4; the padding with = is missing",
            ),
            ("****", Alphabet::Standard, "byte 0"),
            (
                "/+8=",
                Alphabet::Url,
                "byte 0; this is the standard alphabet, use encoding.from_base64",
            ),
            (
                "a-==",
                Alphabet::Standard,
                "byte 1; this is the alphabet for URLs, use encoding.from_URLbase64",
            ),
            ("aG=k", Alphabet::Standard, "byte 2"),
            ("aG==x", Alphabet::Standard, "byte 4"),
            ("A/A\r\n*", Alphabet::Standard, "byte 5"),
        ] {
            let error = decode(text, alphabet).unwrap_err();
            assert!(
                error.starts_with(&format!("illegal base64 data at input {named}")),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn line_ends_do_not_count() {
        assert_eq!(
            decode("aG\r\nk=\n", Alphabet::Standard).as_deref(),
            Ok(&b"hi"[..])
        );
        assert_eq!(decode("aGl=", Alphabet::Standard).as_deref(), Ok(&b"hi"[..]));
        assert_eq!(encode(b"\xff\xef?", Alphabet::Url), "_-8_");
    }
}
