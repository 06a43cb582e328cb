//! `stage.logfmt`: extracts values from `key=value key="quoted value"` lines.
//!
//! Written here rather than taken from a crate because it is on the path of each line: it looks only for the wanted keys and hands out slices of the
//! line. Behaviour: <https://github.com/go-logfmt/logfmt>.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use bytestring::ByteString;
use river_eval::Str;

pub(super) struct Logfmt {
    /// Keys of the line with the name that each is extracted under.
    mapping: Vec<(String, Str)>,
    source: Option<String>,
}

impl Logfmt {
    pub(super) fn new(arguments: &arguments::Logfmt) -> Self {
        let pair = |(name, key): (&String, &String)| {
            let key = if key.is_empty() { name } else { key };
            (key.clone(), Str::from(name.as_str()))
        };
        Self {
            mapping: arguments.mapping.iter().map(pair).collect(),
            source: (!arguments.source.is_empty()).then(|| arguments.source.clone()),
        }
    }
}

impl Stage for Logfmt {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        record.with_input(self.source.as_deref(), |record, input| {
            let mut pairs = Pairs { text: input, at: 0 };
            while let Some((key, value)) = pairs.next() {
                for (wanted, name) in &self.mapping {
                    if key == wanted {
                        let value = match value {
                            Value::Plain(text) => input.slice_ref(text),
                            Value::Quoted(text) => match unquote(text) {
                                Some(text) => ByteString::from(text),
                                None => return Flow::Next,
                            },
                        };
                        record.extract(name, Extracted::Text(value));
                    }
                }
            }
            Flow::Next
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Value<'l> {
    Plain(&'l str),
    /// Between the quotes, with escapes in it.
    Quoted(&'l str),
}

/// The pairs of a line up to its end or its first mistake.
struct Pairs<'l> {
    text: &'l str,
    at: usize,
}

impl<'l> Pairs<'l> {
    /// The first byte from here on that is white space or one of three others.
    fn find(&self, from: usize, stops: [u8; 2]) -> usize {
        let rest = &self.text.as_bytes()[from..];
        rest.iter()
            .position(|byte| *byte <= b' ' || *byte == stops[0] || *byte == stops[1])
            .map_or(self.text.len(), |found| from + found)
    }

    fn next(&mut self) -> Option<(&'l str, Value<'l>)> {
        let bytes = self.text.as_bytes();
        while *bytes.get(self.at)? <= b' ' {
            self.at += 1;
        }
        let end = self.find(self.at, [b'=', b'"']);
        let key = &self.text[self.at..end];
        // No key before `=`, or a quote in a key, ends the line.
        if key.is_empty() || bytes.get(end) == Some(&b'"') {
            self.at = self.text.len();
            return None;
        }
        if bytes.get(end) != Some(&b'=') {
            self.at = end;
            return Some((key, Value::Plain(&self.text[end..end])));
        }
        let start = end + 1;
        if bytes.get(start) == Some(&b'"') {
            return self.quoted(key, start + 1);
        }
        let end = self.find(start, [b'=', b'"']);
        if matches!(bytes.get(end), Some(b'=' | b'"')) {
            self.at = self.text.len();
            return None;
        }
        self.at = end;
        Some((key, Value::Plain(&self.text[start..end])))
    }

    fn quoted(&mut self, key: &'l str, start: usize) -> Option<(&'l str, Value<'l>)> {
        let bytes = self.text.as_bytes();
        let mut at = start;
        let mut escaped = false;
        loop {
            let found = memchr::memchr2(b'"', b'\\', bytes.get(at..)?).map(|found| at + found);
            let Some(found) = found else {
                self.at = self.text.len();
                return None;
            };
            if bytes[found] == b'"' {
                self.at = found + 1;
                // After a closing quote white space has to follow.
                if bytes.get(self.at).is_some_and(|byte| *byte > b' ') {
                    self.at = self.text.len();
                }
                let text = &self.text[start..found];
                return Some((
                    key,
                    if escaped {
                        Value::Quoted(text)
                    } else {
                        Value::Plain(text)
                    },
                ));
            }
            escaped = true;
            at = found + 2;
        }
    }
}

/// The text of a quoted value: JSON's escapes.
fn unquote(text: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{text}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(line: &str) -> String {
        let mut pairs = Pairs { text: line, at: 0 };
        let mut out = Vec::new();
        while let Some((key, value)) = pairs.next() {
            let value = match value {
                Value::Plain(text) => text.to_owned(),
                Value::Quoted(text) => unquote(text).unwrap_or("(broken)".into()),
            };
            out.push(format!("{key}={value}"));
        }
        out.join("|")
    }

    #[test]
    fn pairs_of_every_form() {
        assert_eq!(
            pairs(r#"a=1 b="two words" flag c="x\"y\n" d= e="""#),
            "a=1|b=two words|flag=|c=x\"y\n|d=|e="
        );
        assert_eq!(pairs("  é=ü\tz=1 "), "é=ü|z=1");
    }

    #[test]
    fn a_mistake_ends_the_line_and_keeps_what_was_before() {
        assert_eq!(pairs(r#"a=1 b=x"y c=2"#), "a=1");
        assert_eq!(pairs(r#"a=1 =2 c=3"#), "a=1");
        assert_eq!(pairs(r#"a=1 b="open"#), "a=1");
        assert_eq!(pairs("a=1 b=c=d e=1"), "a=1");
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(line in "[a-c=\" \\\\é]{0,24}") {
            pairs(&line);
        }
    }
}
