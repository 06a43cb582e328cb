//! From the raw text of a series to its labels.

use super::cursor::Cursor;
use crate::signals::{LabelsBuilder, MetricType};
use std::borrow::Cow;

/// Takes the raw text of series apart. Reuses its buffers.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Names and values in the order of the page, empty values included.
    pairs: Vec<(String, String)>,
}

impl Decoder {
    /// The labels of a series whose raw text a [`Reader`](super::Reader) has accepted, its name as `__name__`.
    ///
    /// # Errors
    /// A name or value that is not UTF-8.
    pub fn series(&mut self, raw: &[u8], kind: MetricType) -> Result<&[(String, String)], String> {
        self.pairs.clear();
        let text = std::str::from_utf8(raw)
            .map_err(|_| format!("invalid UTF-8 label value: {:?}", String::from_utf8_lossy(raw)))?;
        let mut cursor = Cursor::new(text.as_bytes());
        let name = lossy(cursor.metric_name());
        if !name.is_empty() {
            self.pairs.push(("__name__".into(), name.into_owned()));
        }
        self.read(&mut cursor);
        for (name, value) in &mut self.pairs {
            let is_number = match kind {
                MetricType::Histogram => name == "le",
                MetricType::Summary => name == "quantile",
                _ => false,
            };
            if is_number && let Some(normal) = format_le(value) {
                *value = normal;
            }
        }
        Ok(&self.pairs)
    }

    /// The labels of an exemplar.
    ///
    /// # Errors
    /// A name or value that is not UTF-8.
    pub fn exemplar(&mut self, raw: &[u8]) -> Result<crate::signals::Labels, String> {
        self.pairs.clear();
        let text = std::str::from_utf8(raw).map_err(|_| "invalid UTF-8 in an exemplar's labels")?;
        self.read(&mut Cursor::new(text.as_bytes()));
        let mut labels = LabelsBuilder::default();
        for (name, value) in &self.pairs {
            labels.set(name, value);
        }
        Ok(labels.build())
    }

    /// From the brace on.
    fn read(&mut self, cursor: &mut Cursor<'_>) {
        cursor.skip_blanks();
        if !cursor.eat(b'{') {
            return;
        }
        loop {
            cursor.take_while(|byte| matches!(byte, b' ' | b'\t' | b','));
            let name = if cursor.peek() == Some(b'"') {
                cursor.quoted(true).map(inside)
            } else {
                Some(lossy(cursor.label_name())).filter(|name| !name.is_empty())
            };
            let Some(name) = name else {
                return;
            };
            cursor.skip_blanks();
            if cursor.eat(b'=') {
                cursor.skip_blanks();
                let Some(value) = cursor.quoted(true) else {
                    return;
                };
                self.pairs.push((name.into_owned(), inside(value).into_owned()));
            } else {
                self.pairs.push(("__name__".into(), name.into_owned()));
            }
        }
    }
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// What stands between the quotes, without escapes.
fn inside(quoted: &[u8]) -> Cow<'_, str> {
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let text = lossy(inner);
    if memchr::memchr(b'\\', inner).is_none() {
        return text;
    }
    unescape(&text, true).into()
}

/// Replaces `\\`, `\n` and, if wanted, `\"`; other backslashes stay.
pub fn unescape(text: &str, quotes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (byte, used) = match rest.as_bytes().get(at + 1) {
            Some(b'n') => ('\n', 2),
            Some(b'\\') => ('\\', 2),
            Some(b'"') if quotes => ('"', 2),
            _ => ('\\', 1),
        };
        out.push(byte);
        rest = &rest[at + used..];
    }
    out.push_str(rest);
    out
}

/// A bucket's bound or a quantile as OpenMetrics writes it: `1` is `1.0`. `None` if it is no number.
pub fn format_le(text: &str) -> Option<String> {
    let value = super::number::float(text.as_bytes()).ok()?;
    let mut out = String::new();
    crate::prometheus::exporter::exposition::push_float(&mut out, value);
    if value.is_finite() && !out.contains(['.', 'e']) {
        out.push_str(".0");
    }
    Some(out)
}
