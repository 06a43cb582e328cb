//! Methods of values: `$time.Format "15:04"`, `(semver "1.2").Major`.

use super::value::Value;
use super::version::Version;
use crate::text::go_time::Layout;
use std::cmp::Ordering;
use std::sync::Arc;

/// Calls a method of a value.
pub(super) fn call(of: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    let made = match of {
        Value::Time(time) => of_time(time, name, arguments),
        Value::Version(version) => of_version(version, name, arguments),
        _ => None,
    };
    made.ok_or_else(|| match (of, arguments) {
        (Value::Time(_) | Value::Version(_), _) => {
            format!("a {} has no {name} of such arguments", of.type_name())
        }
        (_, []) => format!("a {} has no field {name}", of.type_name()),
        _ => "what is no function got arguments".to_owned(),
    })
}

fn of_time(time: &jiff::Zoned, name: &str, arguments: &[Value]) -> Option<Value> {
    let int = |value: i64| Some(Value::Int(value));
    match (name, arguments) {
        ("Format", [Value::Text(layout)]) => Some(Value::of(Layout::new(layout).format(time))),
        ("UTC", []) => Some(Value::Time(Box::new(
            time.with_time_zone(jiff::tz::TimeZone::UTC),
        ))),
        ("Unix", []) => int(time.timestamp().as_second()),
        ("UnixMilli", []) => int(time.timestamp().as_millisecond()),
        ("UnixMicro", []) => int(time.timestamp().as_microsecond()),
        ("UnixNano", []) => int(i64::try_from(time.timestamp().as_nanosecond()).ok()?),
        ("Year", []) => int(time.year().into()),
        ("YearDay", []) => int(time.day_of_year().into()),
        ("Day", []) => int(time.day().into()),
        ("Hour", []) => int(time.hour().into()),
        ("Minute", []) => int(time.minute().into()),
        ("Second", []) => int(time.second().into()),
        ("Nanosecond", []) => int(time.subsec_nanosecond().into()),
        // Printed by their names.
        ("Month", []) => Some(Value::of(Layout::new("January").format(time))),
        ("Weekday", []) => Some(Value::of(Layout::new("Monday").format(time))),
        ("String", []) => Some(Value::Text(Value::Time(Box::new(time.clone())).to_text())),
        _ => None,
    }
}

fn of_version(version: &Version, name: &str, arguments: &[Value]) -> Option<Value> {
    let number = |value: u64| Some(Value::Int(i64::try_from(value).unwrap_or(i64::MAX)));
    let without = |version: Version| {
        let original = version.to_string();
        Some(Value::Version(Arc::new(Version { original, ..version })))
    };
    let next = |major: u64, minor: u64, patch: u64| {
        without(Version {
            major,
            minor,
            patch,
            pre: String::new(),
            metadata: String::new(),
            original: String::new(),
        })
    };
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    match (name, arguments) {
        ("Major", []) => number(major),
        ("Minor", []) => number(minor),
        ("Patch", []) => number(patch),
        ("Prerelease", []) => Some(Value::text(&version.pre)),
        ("Metadata", []) => Some(Value::text(&version.metadata)),
        ("Original", []) => Some(Value::text(&version.original)),
        ("String", []) => Some(Value::of(version.to_string())),
        // What precedes a release is followed by it.
        ("IncPatch", []) if !version.pre.is_empty() => next(major, minor, patch),
        ("IncPatch", []) => next(major, minor, patch.saturating_add(1)),
        ("IncMinor", []) => next(major, minor.saturating_add(1), 0),
        ("IncMajor", []) => next(major.saturating_add(1), 0, 0),
        (_, [Value::Version(other)]) => {
            let order = version.compare(other);
            match name {
                "Compare" => Some(Value::Int(order as i64)),
                "LessThan" => Some(Value::Bool(order == Ordering::Less)),
                "LessThanEqual" => Some(Value::Bool(order != Ordering::Greater)),
                "GreaterThan" => Some(Value::Bool(order == Ordering::Greater)),
                "GreaterThanEqual" => Some(Value::Bool(order != Ordering::Less)),
                "Equal" => Some(Value::Bool(order == Ordering::Equal)),
                _ => None,
            }
        }
        _ => None,
    }
}
