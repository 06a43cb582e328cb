//! `stage.timestamp`: sets the time from an extracted value.

use super::super::arguments::{self, OnFailure};
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use crate::text::go_time::{Layout, NAMED, Parsed, rfc3339};
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

/// Streams whose last time is kept at the most; then all are forgotten.
const MAX_STREAMS: usize = 10_000;

/// How a text is read.
enum Format {
    /// Digits of seconds, with a fraction perhaps.
    Unix,
    /// Digits of a unit of so many nanoseconds.
    Units(i64),
    /// RFC 3339, by the fast way.
    Rfc3339,
    Layout(Layout),
}

impl Format {
    fn new(format: &str) -> Self {
        match format {
            "Unix" => return Self::Unix,
            "UnixMs" => return Self::Units(1_000_000),
            "UnixUs" => return Self::Units(1_000),
            "UnixNs" => return Self::Units(1),
            "RFC3339" | "RFC3339Nano" => return Self::Rfc3339,
            _ => {}
        }
        let named = NAMED.iter().find(|(name, _)| *name == format);
        let layout = named.map_or(format, |(_, layout)| layout);
        Self::Layout(Layout::new(layout))
    }

    /// Nanoseconds since 1970.
    fn parse(&self, text: &str, zone: Option<&TimeZone>) -> Option<i64> {
        match self {
            Self::Unix => {
                let Some((seconds, fraction)) = text.split_once('.') else {
                    return text.parse::<i64>().ok()?.checked_mul(1_000_000_000);
                };
                let seconds: i64 = seconds.parse().ok()?;
                let digits: u64 = fraction.parse().ok()?;
                let nanoseconds = digits as f64 * 10_f64.powi(9 - fraction.len() as i32);
                seconds
                    .checked_mul(1_000_000_000)?
                    .checked_add(nanoseconds as i64)
            }
            Self::Units(unit) => text.parse::<i64>().ok()?.checked_mul(*unit),
            Self::Rfc3339 => rfc3339(text),
            Self::Layout(layout) => {
                let parsed = layout.parse(text).ok()?;
                let parsed = if layout.has_year() {
                    parsed
                } else {
                    let year = assumed_year(&parsed);
                    parsed.with_year(year)
                };
                parsed.to_nanoseconds(zone).ok()
            }
        }
    }
}

/// The year of a time that names none: this one, or, where that lies more than a day ahead (December read in January), the last.
fn assumed_year(parsed: &Parsed) -> i16 {
    let now = jiff::Timestamp::now();
    let year = now.to_zoned(TimeZone::UTC).year();
    let this_year = parsed.clone().with_year(year);
    let ahead = this_year
        .to_nanoseconds(None)
        .is_ok_and(|at| i128::from(at) > now.as_nanosecond() + 86_400_000_000_000);
    if ahead { year - 1 } else { year }
}

pub(super) struct Timestamp {
    source: String,
    formats: Vec<Format>,
    zone: Option<TimeZone>,
    fudge: bool,
    /// The last time of each stream, by the hash of its labels.
    last: FxHashMap<u64, i64>,
}

impl Timestamp {
    pub(super) fn new(arguments: &arguments::Timestamp) -> Result<Self, String> {
        let zone = match &arguments.location {
            None => None,
            Some(name) => {
                Some(TimeZone::get(name).map_err(|_| format!("{name:?} is no time zone of this machine"))?)
            }
        };
        let formats = std::iter::once(&arguments.format).chain(&arguments.fallback_formats);
        Ok(Self {
            source: arguments.source.clone(),
            formats: formats.map(|format| Format::new(format)).collect(),
            zone,
            fudge: arguments.action_on_failure != OnFailure::Skip,
            last: FxHashMap::default(),
        })
    }
}

impl Stage for Timestamp {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let parsed = record.extracted_text(&self.source).and_then(|text| {
            self.formats
                .iter()
                .find_map(|format| format.parse(&text, self.zone.as_ref()))
        });
        if let Some(timestamp) = parsed {
            record.timestamp = timestamp;
        }
        if !self.fudge {
            return Flow::Next;
        }
        let stream = record.stream();
        if parsed.is_none() {
            // Right after the last one of the stream, so that the order stays; the first keeps the time it was read at.
            let Some(last) = self.last.get_mut(&stream) else {
                return Flow::Next;
            };
            *last += 1;
            record.timestamp = *last;
            return Flow::Next;
        }
        if self.last.len() >= MAX_STREAMS && !self.last.contains_key(&stream) {
            self.last.clear();
        }
        self.last.insert(stream, record.timestamp);
        Flow::Next
    }
}
