//! OpenMetrics text.

use super::cursor::{Cursor, skip_labels};
use super::{Item, RawExemplar, Series, canonical, number, unquoted};
use crate::signals::MetricType;

const NO_END: &str = "data does not end with # EOF";

pub(super) fn next<'a>(cursor: &mut Cursor<'a>, expected: Option<&[u8]>) -> Result<Option<Item<'a>>, String> {
    cursor.item = cursor.at;
    if let Some(expected) = expected
        && let Some([b' ', ..]) = cursor.rest().strip_prefix(expected)
    {
        let start = cursor.at;
        cursor.at += expected.len();
        let raw = cursor.since(start);
        return suffix(cursor, raw, true).map(Some);
    }
    match cursor.peek() {
        None => Err(NO_END.into()),
        Some(b'#') => {
            cursor.at += 1;
            comment(cursor)
        }
        Some(_) => series(cursor).map(Some),
    }
}

enum Word {
    Help,
    Type,
    Unit,
}

/// Behind the `#`.
fn comment<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Item<'a>>, String> {
    if !cursor.eat(b' ') {
        return Err(cursor.expected("a blank after #"));
    }
    let word = if cursor.eat_word(b"HELP ") {
        Word::Help
    } else if cursor.eat_word(b"TYPE ") {
        Word::Type
    } else if cursor.eat_word(b"UNIT ") {
        Word::Unit
    } else if cursor.eat_word(b"EOF") {
        cursor.eat(b'\n');
        return if cursor.rest().is_empty() {
            Ok(None)
        } else {
            Err("unexpected data after # EOF".into())
        };
    } else {
        return Err(cursor.expected("HELP, TYPE, UNIT or EOF"));
    };
    let name = if cursor.peek() == Some(b'"') {
        cursor.quoted(true).unwrap_or_default()
    } else {
        cursor.metric_name()
    };
    if name.is_empty() {
        return Err(cursor.expected("metric name after HELP, TYPE or UNIT"));
    }
    if !cursor.eat(b' ') {
        return Err(cursor.expected("text behind the metric name"));
    }
    let text = cursor.line();
    if !cursor.eat(b'\n') {
        return Err(NO_END.into());
    }
    let name = unquoted(name);
    Ok(Some(match word {
        Word::Help => Item::Help(
            name,
            std::str::from_utf8(text).map_err(|_| "help text is not a valid utf8 string")?,
        ),
        Word::Type => Item::Type(name, kind(text)?),
        Word::Unit => {
            let is_suffix = name
                .strip_suffix(text)
                .is_some_and(|before| before.ends_with(b"_"));
            if !text.is_empty() && !is_suffix {
                let (unit, name) = (String::from_utf8_lossy(text), String::from_utf8_lossy(name));
                return Err(format!("unit {unit:?} not a suffix of metric {name:?}"));
            }
            Item::Unit(name, text)
        }
    }))
}

fn kind(text: &[u8]) -> Result<MetricType, String> {
    Ok(match text {
        b"counter" => MetricType::Counter,
        b"gauge" => MetricType::Gauge,
        b"histogram" => MetricType::Histogram,
        b"gaugehistogram" => MetricType::GaugeHistogram,
        b"summary" => MetricType::Summary,
        b"info" => MetricType::Info,
        b"stateset" => MetricType::StateSet,
        b"unknown" => MetricType::Unknown,
        other => {
            return Err(format!(
                "invalid metric type {:?}",
                String::from_utf8_lossy(other)
            ));
        }
    })
}

fn series<'a>(cursor: &mut Cursor<'a>) -> Result<Item<'a>, String> {
    let start = cursor.at;
    let name = cursor.metric_name();
    if cursor.eat(b'{') {
        if !skip_labels(cursor, !name.is_empty(), false, false)? {
            return Err("metric name not set".into());
        }
    } else if name.is_empty() {
        return Err(cursor.expected("a valid start token"));
    }
    let raw = cursor.since(start);
    suffix(cursor, raw, false)
}

/// A blank and what stands behind it.
fn word<'a>(cursor: &mut Cursor<'a>, what: &str) -> Result<&'a [u8], String> {
    let is_spaced = cursor.eat(b' ');
    let word = cursor.take_while(|byte| byte != b' ' && byte != b'\n');
    if is_spaced && !word.is_empty() {
        Ok(word)
    } else {
        Err(cursor.expected(what))
    }
}

/// Value, time and exemplar.
fn suffix<'a>(cursor: &mut Cursor<'a>, raw: &'a [u8], expected: bool) -> Result<Item<'a>, String> {
    let value = canonical(number::float(word(cursor, "value after metric")?)?);
    let mut timestamp = None;
    if cursor.peek() == Some(b' ') && !cursor.rest().starts_with(b" # {") {
        timestamp = Some(number::seconds(word(cursor, "timestamp")?)?);
    }
    let exemplar = cursor.eat_word(b" # {").then(|| exemplar(cursor)).transpose()?;
    end_of_line(cursor)?;
    Ok(Item::Series(Series {
        raw,
        value,
        timestamp,
        exemplar,
        expected,
    }))
}

/// Behind the opening brace.
fn exemplar<'a>(cursor: &mut Cursor<'a>) -> Result<RawExemplar<'a>, String> {
    let start = cursor.at - 1;
    skip_labels(cursor, true, true, false)?;
    let raw = cursor.since(start);
    let value = canonical(number::float(word(cursor, "value after exemplar labels")?)?);
    let timestamp = match cursor.peek() {
        Some(b' ') => Some(number::seconds(word(cursor, "timestamp")?)?),
        _ => None,
    };
    Ok(RawExemplar {
        raw,
        value,
        timestamp,
    })
}

fn end_of_line(cursor: &mut Cursor<'_>) -> Result<(), String> {
    if cursor.eat(b'\n') {
        Ok(())
    } else if cursor.rest().is_empty() {
        Err(NO_END.into())
    } else {
        Err(cursor.expected("the end of the line"))
    }
}
