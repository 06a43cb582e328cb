//! What is pushed: Loki's push request in protobuf (packed with Snappy) or JSON, or plain lines.

use bytestring::ByteString;
use serde::Deserialize;
use std::collections::BTreeMap;

/// An entry as it was pushed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pushed {
    /// Nanoseconds since 1970.
    pub(super) timestamp: i64,
    pub(super) line: ByteString,
    pub(super) metadata: Vec<(Box<str>, Box<str>)>,
}

/// A stream as it was pushed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stream {
    pub(super) labels: Vec<(String, String)>,
    pub(super) entries: Vec<Pushed>,
}

mod wire {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct PushRequest {
        #[prost(message, repeated, tag = "1")]
        pub(super) streams: Vec<Stream>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Stream {
        #[prost(string, tag = "1")]
        pub(super) labels: String,
        #[prost(message, repeated, tag = "2")]
        pub(super) entries: Vec<Entry>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Entry {
        #[prost(message, optional, tag = "1")]
        pub(super) timestamp: Option<Timestamp>,
        #[prost(string, tag = "2")]
        pub(super) line: String,
        #[prost(message, repeated, tag = "3")]
        pub(super) metadata: Vec<Pair>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Timestamp {
        #[prost(int64, tag = "1")]
        pub(super) seconds: i64,
        #[prost(int32, tag = "2")]
        pub(super) nanos: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Pair {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(string, tag = "2")]
        pub(super) value: String,
    }
}

/// Reads a protobuf request, packed with Snappy.
///
/// # Errors
/// Why it is none, or too large.
pub(super) fn protobuf(body: &[u8], most: usize) -> Result<Vec<Stream>, String> {
    use prost::Message;
    let length = snap::raw::decompress_len(body).map_err(|error| error.to_string())?;
    if length > most {
        return Err(format!(
            "the request has {length} bytes unpacked, more than {most}"
        ));
    }
    let plain = snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(|error| error.to_string())?;
    let request = wire::PushRequest::decode(plain.as_slice()).map_err(|error| error.to_string())?;
    let stream = |stream: wire::Stream| {
        Ok(Stream {
            labels: labels(&stream.labels)?,
            entries: stream.entries.into_iter().map(entry).collect(),
        })
    };
    request.streams.into_iter().map(stream).collect()
}

fn entry(entry: wire::Entry) -> Pushed {
    let at = entry.timestamp.unwrap_or_default();
    let pair = |pair: wire::Pair| (pair.name.into(), pair.value.into());
    Pushed {
        timestamp: at
            .seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::from(at.nanos)),
        line: entry.line.into(),
        metadata: entry.metadata.into_iter().map(pair).collect(),
    }
}

#[derive(Deserialize)]
struct JsonRequest {
    streams: Vec<JsonStream>,
}

#[derive(Deserialize)]
struct JsonStream {
    stream: BTreeMap<String, String>,
    values: Vec<JsonValue>,
}

/// Time, line and perhaps structured metadata.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a value is [\"TIME IN NANOSECONDS\", \"LINE\"], with an object of strings behind it for structured metadata"
)]
enum JsonValue {
    Plain(String, String),
    Rich(String, String, BTreeMap<Box<str>, Box<str>>),
}

/// Reads a JSON request.
///
/// # Errors
/// Why it is none.
pub(super) fn json(body: &[u8]) -> Result<Vec<Stream>, String> {
    let request: JsonRequest = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let value = |value| {
        let (timestamp, line, metadata): (String, String, BTreeMap<_, _>) = match value {
            JsonValue::Plain(timestamp, line) => (timestamp, line, BTreeMap::new()),
            JsonValue::Rich(timestamp, line, metadata) => (timestamp, line, metadata),
        };
        Ok(Pushed {
            timestamp: timestamp
                .parse()
                .map_err(|_| format!("{timestamp:?} is no time in nanoseconds"))?,
            line: line.into(),
            metadata: metadata.into_iter().collect(),
        })
    };
    let stream = |stream: JsonStream| {
        Ok(Stream {
            labels: stream.stream.into_iter().collect(),
            entries: stream
                .values
                .into_iter()
                .map(value)
                .collect::<Result<_, String>>()?,
        })
    };
    request.streams.into_iter().map(stream).collect()
}

/// Reads lines, each an entry; empty ones are left out.
pub(super) fn raw(body: &[u8], now: i64) -> Vec<Stream> {
    let text = String::from_utf8_lossy(body);
    let lines = text.lines().filter(|line| !line.is_empty());
    let entries = lines
        .zip(now..)
        .map(|(line, timestamp)| Pushed {
            timestamp,
            line: line.into(),
            metadata: Vec::new(),
        })
        .collect();
    vec![Stream {
        labels: Vec::new(),
        entries,
    }]
}

/// Reads labels as Loki writes them: `{a="1", b="2"}`.
fn labels(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || format!("error parsing labels {text}");
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    let mut rest = inner.ok_or_else(wrong)?.trim();
    let mut labels = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let name = name.trim();
        let is_word =
            |character: char| character.is_ascii_alphanumeric() || character == '_' || character == ':';
        if name.is_empty()
            || name.starts_with(|first: char| first.is_ascii_digit())
            || !name.chars().all(is_word)
        {
            return Err(wrong());
        }
        let (value, after) = quoted(after.trim_start()).ok_or_else(wrong)?;
        labels.push((name.to_owned(), value));
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(rest) => rest.trim_start(),
            None if rest.is_empty() => rest,
            None => return Err(wrong()),
        };
    }
    Ok(labels)
}

/// Takes a string as Go quotes it off the front.
fn quoted(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('`') {
        let (value, rest) = rest.split_once('`')?;
        return Some((value.to_owned(), rest));
    }
    let rest = text.strip_prefix('"')?;
    let mut value = Vec::new();
    let mut characters = rest.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((String::from_utf8(value).ok()?, rest.get(at + 1..)?)),
            '\\' => {
                let (_, escape) = characters.next()?;
                let mut number = |digits: usize, radix: u32, first: Option<char>| {
                    let mut code = first.map_or(Some(0), |first| first.to_digit(radix))?;
                    for _ in 0..digits {
                        code = code * radix + characters.next()?.1.to_digit(radix)?;
                    }
                    Some(code)
                };
                match escape {
                    'a' => value.push(0x07),
                    'b' => value.push(0x08),
                    'f' => value.push(0x0c),
                    'n' => value.push(b'\n'),
                    'r' => value.push(b'\r'),
                    't' => value.push(b'\t'),
                    'v' => value.push(0x0b),
                    '\\' | '"' | '\'' => value.push(escape as u8),
                    'x' => value.push(u8::try_from(number(2, 16, None)?).ok()?),
                    'u' => push_char(&mut value, number(4, 16, None)?)?,
                    'U' => push_char(&mut value, number(8, 16, None)?)?,
                    '0'..='7' => value.push(u8::try_from(number(2, 8, Some(escape))?).ok()?),
                    _ => return None,
                }
            }
            other => push_char(&mut value, u32::from(other))?,
        }
    }
    None
}

fn push_char(out: &mut Vec<u8>, code: u32) -> Option<()> {
    let character = char::from_u32(code)?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_read_as_loki_writes_them() {
        let read = |text: &str| labels(text).map(|labels| format!("{labels:?}"));
        assert_eq!(read("{}").unwrap(), "[]");
        assert_eq!(
            read(r#" {a="1", b_2 = "x\"\\\n\x41\u00e9\101", c=`\n`,} "#).unwrap(),
            r#"[("a", "1"), ("b_2", "x\"\\\nAéA"), ("c", "\\n")]"#
        );
        for wrong in [
            "",
            "{",
            "{a}",
            "{a=1}",
            "{a=\"1\"",
            "{1a=\"\"}",
            "{a=\"\\q\"}",
            "{a=\"1\" b=\"2\"}",
            "{=\"\"}",
        ] {
            assert_eq!(read(wrong), Err(format!("error parsing labels {wrong}")));
        }
    }

    #[test]
    fn json_is_read() {
        let body = br#"{"streams": [{"stream": {"app": "a"}, "values": [["7", "one"], ["8", "two", {"trace": "t"}]]}]}"#;
        let streams = json(body).unwrap();
        assert_eq!(streams[0].labels, [("app".to_owned(), "a".to_owned())]);
        assert_eq!(
            (streams[0].entries[0].timestamp, &*streams[0].entries[0].line),
            (7, "one")
        );
        assert_eq!(streams[0].entries[1].metadata, [("trace".into(), "t".into())]);
        assert!(json(b"{}").is_err());
        assert_eq!(
            json(br#"{"streams": [{"stream": {}, "values": [["x", ""]]}]}"#).unwrap_err(),
            "\"x\" is no time in nanoseconds"
        );
        assert_eq!(
            json(br#"{"streams": [{"stream": {}, "values": [[7, ""]]}]}"#).unwrap_err(),
            "a value is [\"TIME IN NANOSECONDS\", \"LINE\"], with an object of strings behind it for structured metadata at line 1 column 47"
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}a-b=\"\\\\x0-9u,` é]{0,40}") {
            let _ = protobuf(&bytes, 1 << 20);
            let _ = json(&bytes);
            let _ = labels(&text);
            let _ = raw(&bytes, 0);
        }
    }
}
