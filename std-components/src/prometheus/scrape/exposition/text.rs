//! Prometheus text.

use super::cursor::{Cursor, skip_labels};
use super::{Item, Series, canonical, number, unquoted};
use crate::signals::MetricType;

pub(super) fn next<'a>(cursor: &mut Cursor<'a>, expected: Option<&[u8]>) -> Result<Option<Item<'a>>, String> {
    loop {
        cursor.item = cursor.at;
        if let Some(expected) = expected
            && let Some(after) = cursor.rest().strip_prefix(expected)
            && let [b' ' | b'\t', ..] = after
        {
            let start = cursor.at;
            cursor.at += expected.len();
            cursor.skip_blanks();
            if cursor.peek() != Some(b'{') {
                let raw = cursor.page.get(start..start + expected.len()).unwrap_or_default();
                return suffix(cursor, raw, true).map(Some);
            }
            cursor.at = start;
        }
        cursor.skip_blanks();
        match cursor.peek() {
            None | Some(0) => return Ok(None),
            Some(b'\n') => cursor.at += 1,
            Some(b'#') => {
                cursor.at += 1;
                if let Some(item) = comment(cursor)? {
                    return Ok(Some(item));
                }
            }
            Some(_) => return series(cursor).map(Some),
        }
    }
}

/// Behind the `#`.
fn comment<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Item<'a>>, String> {
    let is_spaced = matches!(cursor.peek(), Some(b' ' | b'\t'));
    cursor.skip_blanks();
    let is_word = |word: &[u8]| {
        cursor
            .rest()
            .strip_prefix(word)
            .is_some_and(|after| matches!(after, [b' ' | b'\t', ..]))
    };
    let is_help = is_word(b"HELP");
    if !is_spaced || !(is_help || is_word(b"TYPE")) {
        cursor.line();
        return Ok(None);
    }
    cursor.at += 4;
    cursor.skip_blanks();
    let name = if cursor.peek() == Some(b'"') {
        cursor.quoted(true).unwrap_or_default()
    } else {
        cursor.metric_name()
    };
    if name.is_empty() {
        return Err(cursor.expected("metric name after HELP or TYPE"));
    }
    let text = cursor.line();
    let text = if text.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
        &[]
    } else {
        text.get(1..).unwrap_or_default()
    };
    let name = unquoted(name);
    if is_help {
        let text = std::str::from_utf8(text).map_err(|_| "help text is not a valid utf8 string")?;
        return Ok(Some(Item::Help(name, text)));
    }
    let kind = match text {
        b"counter" => MetricType::Counter,
        b"gauge" => MetricType::Gauge,
        b"histogram" => MetricType::Histogram,
        b"summary" => MetricType::Summary,
        b"untyped" => MetricType::Unknown,
        other => {
            return Err(format!(
                "invalid metric type {:?}",
                String::from_utf8_lossy(other)
            ));
        }
    };
    Ok(Some(Item::Type(name, kind)))
}

fn series<'a>(cursor: &mut Cursor<'a>) -> Result<Item<'a>, String> {
    let start = cursor.at;
    let name = cursor.metric_name();
    let mut end = cursor.at;
    cursor.skip_blanks();
    if cursor.eat(b'{') {
        if !skip_labels(cursor, !name.is_empty(), false, true)? {
            return Err("metric name not set".into());
        }
        end = cursor.at;
    } else if name.is_empty() {
        return Err(cursor.expected("a valid start token"));
    }
    let raw = cursor.page.get(start..end).unwrap_or_default();
    suffix(cursor, raw, false)
}

/// Value and time.
fn suffix<'a>(cursor: &mut Cursor<'a>, raw: &'a [u8], expected: bool) -> Result<Item<'a>, String> {
    cursor.skip_blanks();
    let value = cursor.take_while(|byte| !matches!(byte, b'{' | b' ' | b'\t' | b'\n'));
    if value.is_empty() {
        return Err(cursor.expected("value after metric"));
    }
    let value = canonical(number::float(value)?);
    cursor.skip_blanks();
    let digits = cursor.take_while(|byte| byte.is_ascii_digit());
    let timestamp = match digits {
        [] => None,
        digits => Some(number::milliseconds(digits)?),
    };
    cursor.skip_blanks();
    match cursor.peek() {
        None => {}
        Some(b'\n') => cursor.at += 1,
        Some(_) if timestamp.is_some() => return Err(cursor.expected("next entry after timestamp")),
        Some(_) => return Err(cursor.expected("timestamp or new record")),
    }
    Ok(Item::Series(Series {
        raw,
        value,
        timestamp,
        exemplar: None,
        expected,
    }))
}
