//! The percent encoding of a URL's query, as Go's `url.QueryEscape` writes it.

/// Encodes text: letters, digits and `-_.~` stay, a space becomes `+`.
pub(super) fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(byte >> 4)]));
                encoded.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    encoded
}

/// Decodes text; bytes that are not UTF-8 are replaced by U+FFFD.
pub(super) fn decode(text: &str) -> Result<String, String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let pair = after
                    .get(..2)
                    .and_then(|pair| Some(hex(pair[0])? << 4 | hex(pair[1])?));
                let Some(byte) = pair else {
                    let wrong: String = String::from_utf8_lossy(after).chars().take(2).collect();
                    return Err(format!(
                        "invalid URL escape \"%{wrong}\"; a percent sign by itself is written %25"
                    ));
                };
                decoded.push(byte);
                rest = &after[2..];
            }
            other => decoded.push(*other),
        }
    }
    Ok(String::from_utf8(decoded)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes() {
        for text in ["", "a b&c=d/é", "~-_.", "100%", "+", "日本"] {
            assert_eq!(decode(&encode(text)).as_deref(), Ok(text));
        }
        assert_eq!(encode("a b~"), "a+b~");
    }

    #[test]
    fn a_broken_escape_is_named() {
        for (text, named) in [("%zz", "%zz"), ("a%4", "%4"), ("%", "\"%\""), ("%é1", "%é1")] {
            let error = decode(text).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(decode("%ff").as_deref(), Ok("\u{fffd}"));
    }
}
