//! Base64 with padding, as Go's `base64.StdEncoding` and `URLEncoding` take it.

use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use ::base64::engine::{DecodePaddingMode, Engine};
use ::base64::{DecodeError, alphabet};

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
    engine(alphabet).decode(&packed).map_err(|error| {
        let at = match error {
            DecodeError::InvalidByte(at, _) => at,
            DecodeError::InvalidLength(len) => len / 4 * 4,
            _ => packed.len() / 4 * 4,
        };
        let hint = match (alphabet, packed.get(at)) {
            (Alphabet::Standard, Some(b'-' | b'_')) => {
                "; this is the alphabet for URLs, use encoding.from_URLbase64"
            }
            (Alphabet::Url, Some(b'+' | b'/')) => "; this is the standard alphabet, use encoding.from_base64",
            _ if !packed.len().is_multiple_of(4) && at + 4 > packed.len() => {
                "; the padding with = is missing"
            }
            _ => "",
        };
        format!("illegal base64 data at input byte {at}{hint}")
    })
}
