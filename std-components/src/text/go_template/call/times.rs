//! Sprig's functions of times and durations.

use super::super::value::Value;
use super::numbers::whole;
use super::{Arguments, Function, function};
use crate::text::go_time::Layout;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use river_eval::{FromValue, SignedDuration};

pub(super) const ALL: &[Function] = &[
    function("now", 0, 0, |_| Ok(Value::Time(Box::new(Zoned::now())))),
    function("date", 2, 2, |arguments| {
        Ok(formatted(
            arguments.text(0)?,
            arguments.get(1),
            TimeZone::system(),
        ))
    }),
    function("dateInZone", 3, 3, in_zone),
    function("date_in_zone", 3, 3, in_zone),
    function("htmlDate", 1, 1, |arguments| {
        Ok(formatted("2006-01-02", arguments.get(0), TimeZone::system()))
    }),
    function("htmlDateInZone", 2, 2, |arguments| {
        Ok(formatted(
            "2006-01-02",
            arguments.get(0),
            zone(arguments.text(1)?),
        ))
    }),
    function("toDate", 2, 2, |arguments| {
        // As in sprig what is no time is the first of all.
        let time = parsed(arguments).unwrap_or_else(|_| first());
        Ok(Value::Time(Box::new(time)))
    }),
    function("mustToDate", 2, 2, |arguments| {
        parsed(arguments).map(|time| Value::Time(Box::new(time)))
    }),
    function("dateModify", 2, 2, |arguments| {
        Ok(modified(arguments).unwrap_or_else(|_| arguments.get(1).clone()))
    }),
    function("date_modify", 2, 2, |arguments| {
        Ok(modified(arguments).unwrap_or_else(|_| arguments.get(1).clone()))
    }),
    function("mustDateModify", 2, 2, modified),
    function("must_date_modify", 2, 2, modified),
    function("unixEpoch", 1, 1, |arguments| match arguments.get(0) {
        Value::Time(time) => Ok(Value::of(time.timestamp().as_second().to_string())),
        other => Err(format!("expected time.Time, got {}", other.type_name())),
    }),
    function("ago", 1, 1, |arguments| {
        let seconds = Timestamp::now().as_second() - moment(arguments.get(0)).as_second();
        Ok(Value::of(duration(seconds.saturating_mul(SECOND)).to_string()))
    }),
    function("duration", 1, 1, |arguments| {
        let seconds = whole(arguments.get(0));
        Ok(Value::of(duration(seconds.saturating_mul(SECOND)).to_string()))
    }),
    function("durationRound", 1, 1, |arguments| {
        let nanoseconds = match arguments.get(0) {
            Value::Text(text) => SignedDuration::from_value(&river_eval::Value::string(text.to_string()))
                .map_or(0, |duration| duration.0),
            Value::Time(time) => {
                let since = Timestamp::now().as_nanosecond() - time.timestamp().as_nanosecond();
                i64::try_from(since).unwrap_or(i64::MAX)
            }
            Value::Int(nanoseconds) => *nanoseconds,
            _ => 0,
        };
        Ok(Value::of(rounded(nanoseconds)))
    }),
];

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;

fn duration(nanoseconds: i64) -> SignedDuration {
    SignedDuration(nanoseconds)
}

/// In the largest unit that fits, cut.
fn rounded(nanoseconds: i64) -> String {
    const UNITS: [(&str, u64); 6] = [
        ("y", 365 * 24 * 3600),
        ("mo", 30 * 24 * 3600),
        ("d", 24 * 3600),
        ("h", 3600),
        ("m", 60),
        ("s", 1),
    ];
    let seconds = nanoseconds.unsigned_abs() / SECOND.unsigned_abs();
    // As in sprig a unit that just fits is not taken.
    let unit = UNITS.iter().find(|(_, unit)| seconds > *unit);
    match unit {
        Some((name, unit)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

/// Go's zero time, 1 January of the year 1.
fn first() -> Zoned {
    let first = jiff::civil::date(1, 1, 1).at(0, 0, 0, 0);
    first.to_zoned(TimeZone::UTC).unwrap_or_default()
}

/// Of a time, or seconds since 1970. Everything else is now, as in sprig.
fn moment(value: &Value) -> Timestamp {
    match value {
        Value::Time(time) => time.timestamp(),
        Value::Int(seconds) => Timestamp::from_second(*seconds).unwrap_or_else(|_| Timestamp::now()),
        _ => Timestamp::now(),
    }
}

fn zone(name: &str) -> TimeZone {
    match name {
        "" | "UTC" => TimeZone::UTC,
        "Local" => TimeZone::system(),
        name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
    }
}

fn formatted(layout: &str, value: &Value, zone: TimeZone) -> Value {
    Value::of(Layout::new(layout).format(&moment(value).to_zoned(zone)))
}

fn in_zone(arguments: &Arguments<'_>) -> Result<Value, String> {
    let zone = zone(arguments.text(2)?);
    Ok(formatted(arguments.text(0)?, arguments.get(1), zone))
}

fn parsed(arguments: &Arguments<'_>) -> Result<Zoned, String> {
    let zone = TimeZone::system();
    let parsed = Layout::new(arguments.text(0)?).parse(arguments.text(1)?);
    let nanoseconds = parsed.and_then(|parsed| parsed.to_nanoseconds(Some(&zone)));
    let nanoseconds = nanoseconds.map_err(|reason| format!("cannot parse the time: {reason}"))?;
    let timestamp = Timestamp::from_nanosecond(nanoseconds.into()).map_err(|error| error.to_string())?;
    Ok(timestamp.to_zoned(zone))
}

fn modified(arguments: &Arguments<'_>) -> Result<Value, String> {
    let Value::Time(time) = arguments.get(1) else {
        return Err(format!(
            "expected time.Time, got {}",
            arguments.get(1).type_name()
        ));
    };
    let by = SignedDuration::from_value(&river_eval::Value::string(arguments.text(0)?.to_string()))
        .map_err(|_| format!("{:?} is no duration", arguments.text(0).map_or("", |text| text)))?;
    time.checked_add(jiff::SignedDuration::from_nanos(by.0))
        .map(|time| Value::Time(Box::new(time)))
        .map_err(|error| error.to_string())
}
