//! Go's time layouts (`2006-01-02T15:04:05Z07:00`): parsing here, writing in `format`.
//!
//! Behaviour: <https://pkg.go.dev/time#Layout>. A layout is compiled once into elements; parsing allocates nothing.

mod format;

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use std::borrow::Cow;

/// A compiled layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    elements: Vec<Element>,
}

#[derive(Clone, Debug, PartialEq)]
enum Element {
    Text(Box<str>),
    LongYear,
    ShortYear,
    LongMonth,
    ShortMonth,
    /// `1` (false) or `01` (true: two digits).
    Month(bool),
    LongWeekday,
    ShortWeekday,
    /// `2` or `02`.
    Day(bool),
    /// `_2`: padded by a space.
    SpaceDay,
    /// `002`, or `__2` (true: padded by spaces).
    YearDay(bool),
    /// `15`.
    Hour,
    /// `3` or `03`.
    Hour12(bool),
    /// `pm` or `PM` (true).
    AmPm(bool),
    Minute(bool),
    Second(bool),
    /// `.000` or `,000`: this many digits.
    Fraction(usize),
    /// `.999`: any number of digits, or none; so many are written at the most.
    OptionalFraction(usize),
    /// `MST`.
    ZoneName,
    /// `-0700` and its kin.
    Zone {
        z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
}

/// A parsed time; parts that the layout does not name are as in Go: year 0, 1 January, midnight, UTC.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    year: i16,
    month: i8,
    day: i8,
    year_day: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    /// Seconds east of UTC, where the text said so.
    offset: Option<i32>,
    zone_name: Option<Box<str>>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The elements by the text that stands for them, longest first where one begins another.
const WORDS: &[(&str, Element)] = &[
    ("January", Element::LongMonth),
    ("Monday", Element::LongWeekday),
    ("Jan", Element::ShortMonth),
    ("Mon", Element::ShortWeekday),
    ("MST", Element::ZoneName),
    ("2006", Element::LongYear),
    ("002", Element::YearDay(false)),
    ("__2", Element::YearDay(true)),
    ("_2006", Element::LongYear),
    ("_2", Element::SpaceDay),
    ("01", Element::Month(true)),
    ("02", Element::Day(true)),
    ("03", Element::Hour12(true)),
    ("04", Element::Minute(true)),
    ("05", Element::Second(true)),
    ("06", Element::ShortYear),
    ("15", Element::Hour),
    ("PM", Element::AmPm(true)),
    ("pm", Element::AmPm(false)),
    (
        "-07:00:00",
        Element::Zone {
            z: false,
            colon: true,
            minutes: true,
            seconds: true,
        },
    ),
    (
        "-07:00",
        Element::Zone {
            z: false,
            colon: true,
            minutes: true,
            seconds: false,
        },
    ),
    (
        "-070000",
        Element::Zone {
            z: false,
            colon: false,
            minutes: true,
            seconds: true,
        },
    ),
    (
        "-0700",
        Element::Zone {
            z: false,
            colon: false,
            minutes: true,
            seconds: false,
        },
    ),
    (
        "-07",
        Element::Zone {
            z: false,
            colon: false,
            minutes: false,
            seconds: false,
        },
    ),
    (
        "Z07:00:00",
        Element::Zone {
            z: true,
            colon: true,
            minutes: true,
            seconds: true,
        },
    ),
    (
        "Z07:00",
        Element::Zone {
            z: true,
            colon: true,
            minutes: true,
            seconds: false,
        },
    ),
    (
        "Z070000",
        Element::Zone {
            z: true,
            colon: false,
            minutes: true,
            seconds: true,
        },
    ),
    (
        "Z0700",
        Element::Zone {
            z: true,
            colon: false,
            minutes: true,
            seconds: false,
        },
    ),
    (
        "Z07",
        Element::Zone {
            z: true,
            colon: false,
            minutes: false,
            seconds: false,
        },
    ),
    ("1", Element::Month(false)),
    ("2", Element::Day(false)),
    ("3", Element::Hour12(false)),
    ("4", Element::Minute(false)),
    ("5", Element::Second(false)),
];

/// The layouts that Go names.
pub const NAMED: &[(&str, &str)] = &[
    ("RFC3339", "2006-01-02T15:04:05Z07:00"),
    ("RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"),
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
];

impl Layout {
    /// Compiles a layout; any text is one.
    pub fn new(layout: &str) -> Self {
        let mut elements = Vec::new();
        let mut plain = String::new();
        let mut rest = layout;
        while let Some(first) = rest.chars().next() {
            let (element, used) = match fraction(rest) {
                Some((element, used)) => (Some(element), used),
                None => match WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                    // "Jan" must not be taken out of "Janet": Go asks that no lower-case letter follow.
                    Some((word @ ("Jan" | "Mon"), _))
                        if rest[word.len()..].starts_with(|c: char| c.is_ascii_lowercase()) =>
                    {
                        (None, first.len_utf8())
                    }
                    // An underscore before a year is plain.
                    Some(("_2006", _)) => (None, 1),
                    Some((word, element)) => (Some(element.clone()), word.len()),
                    None => (None, first.len_utf8()),
                },
            };
            match element {
                Some(element) => {
                    if !plain.is_empty() {
                        elements.push(Element::Text(std::mem::take(&mut plain).into()));
                    }
                    elements.push(element);
                }
                None => plain.push_str(&rest[..used]),
            }
            rest = &rest[used..];
        }
        if !plain.is_empty() {
            elements.push(Element::Text(plain.into()));
        }
        Self { elements }
    }

    /// Whether the layout names a year.
    pub fn has_year(&self) -> bool {
        self.elements
            .iter()
            .any(|element| matches!(element, Element::LongYear | Element::ShortYear))
    }

    /// Whether anything in the layout stands for a part of a time.
    pub fn names_a_time(&self) -> bool {
        self.elements
            .iter()
            .any(|element| !matches!(element, Element::Text(_)))
    }

    /// A part of a time that the layout names more than once: a sign that it is a time of its own, not the reference time.
    pub fn names_twice(&self) -> Option<&'static str> {
        let part = |element: &Element| {
            Some(match element {
                Element::LongYear | Element::ShortYear => "year",
                Element::LongMonth | Element::ShortMonth | Element::Month(_) => "month",
                Element::Day(_) | Element::SpaceDay => "day",
                Element::Hour | Element::Hour12(_) => "hour",
                Element::Minute(_) => "minute",
                Element::Second(_) => "second",
                _ => return None,
            })
        };
        let parts: Vec<&str> = self.elements.iter().filter_map(part).collect();
        let twice = |(at, name): &(usize, &&'static str)| parts.iter().take(*at).any(|other| other == *name);
        parts.iter().enumerate().find(twice).map(|(_, name)| *name)
    }

    /// Parses a text.
    ///
    /// # Errors
    /// What did not fit, in a few words.
    pub fn parse(&self, text: &str) -> Result<Parsed, Cow<'static, str>> {
        let mut parsed = Parsed {
            year: 0,
            month: 1,
            day: 1,
            year_day: None,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            offset: None,
            zone_name: None,
        };
        let mut rest = text;
        let mut afternoon = None;
        let mut hour12 = false;
        for (at, element) in self.elements.iter().enumerate() {
            match element {
                Element::Text(plain) => rest = skip_plain(rest, plain)?,
                Element::LongYear => parsed.year = number(&mut rest, 4, 4)? as i16,
                Element::ShortYear => {
                    let year = number(&mut rest, 2, 2)? as i16;
                    parsed.year = if year >= 69 { 1900 + year } else { 2000 + year };
                }
                Element::LongMonth => parsed.month = name(&mut rest, &MONTHS, None)? + 1,
                Element::ShortMonth => parsed.month = name(&mut rest, &MONTHS, Some(3))? + 1,
                Element::Month(two) => parsed.month = digits(&mut rest, *two)?,
                Element::LongWeekday => drop(name(&mut rest, &DAYS, None)?),
                Element::ShortWeekday => drop(name(&mut rest, &DAYS, Some(3))?),
                Element::Day(two) => parsed.day = digits(&mut rest, *two)?,
                Element::SpaceDay => {
                    rest = rest.strip_prefix(' ').unwrap_or(rest);
                    parsed.day = digits(&mut rest, false)?;
                }
                Element::YearDay(_) => {
                    let padded = rest.trim_start_matches(' ');
                    rest = padded;
                    parsed.year_day = Some(number(&mut rest, 1, 3)? as i16);
                }
                Element::Hour => parsed.hour = digits(&mut rest, false)?,
                Element::Hour12(two) => {
                    parsed.hour = digits(&mut rest, *two)?;
                    hour12 = true;
                    if parsed.hour > 12 {
                        return Err("hour out of range".into());
                    }
                }
                Element::AmPm(_) => {
                    let word = rest.get(..2).ok_or("AM or PM expected")?;
                    afternoon = Some(match word {
                        "AM" | "am" => false,
                        "PM" | "pm" => true,
                        _ => return Err("AM or PM expected".into()),
                    });
                    rest = &rest[2..];
                }
                Element::Minute(two) => parsed.minute = digits(&mut rest, *two)?,
                Element::Second(two) => {
                    parsed.second = digits(&mut rest, *two)?;
                    // A fraction may follow the seconds even where the layout has none.
                    let layout_has_one = matches!(
                        self.elements.get(at + 1),
                        Some(Element::Fraction(_) | Element::OptionalFraction(_))
                    );
                    if !layout_has_one {
                        parsed.nanosecond = optional_fraction(&mut rest);
                    }
                }
                Element::Fraction(count) => {
                    let found = rest
                        .strip_prefix(['.', ','])
                        .ok_or("a fraction of a second expected")?;
                    let end = found.bytes().take_while(u8::is_ascii_digit).count();
                    if end != *count {
                        return Err(format!("{count} digits of a second expected").into());
                    }
                    parsed.nanosecond = optional_fraction(&mut rest);
                }
                Element::OptionalFraction(_) => parsed.nanosecond = optional_fraction(&mut rest),
                Element::ZoneName => {
                    let end = rest.bytes().take_while(u8::is_ascii_uppercase).count();
                    let end = if end >= 3 {
                        end.min(5)
                    } else {
                        return Err("a time zone's name expected".into());
                    };
                    let zone = &rest[..end];
                    rest = &rest[end..];
                    if zone == "UTC" || zone == "GMT" {
                        parsed.offset = Some(0);
                    } else {
                        parsed.zone_name = Some(zone.into());
                    }
                }
                Element::Zone {
                    z,
                    colon,
                    minutes,
                    seconds,
                } => {
                    parsed.offset = Some(offset(&mut rest, *z, *colon, *minutes, *seconds)?);
                }
            }
        }
        if !rest.is_empty() {
            return Err(format!("extra text: {rest:?}").into());
        }
        if hour12 || afternoon.is_some() {
            match afternoon {
                Some(true) if parsed.hour < 12 => parsed.hour += 12,
                Some(false) if parsed.hour == 12 => parsed.hour = 0,
                _ => {}
            }
        }
        Ok(parsed)
    }
}

impl Parsed {
    /// The same day and time of another year.
    #[must_use]
    pub fn with_year(mut self, year: i16) -> Self {
        self.year = year;
        self
    }

    /// Nanoseconds since 1970 (UTC), with a zone for texts that name none.
    ///
    /// # Errors
    /// Where the parts are no date or time, or out of range.
    pub fn to_nanoseconds(&self, zone: Option<&TimeZone>) -> Result<i64, Cow<'static, str>> {
        let out_of_range = |_| Cow::Borrowed("day or time out of range");
        let date = match self.year_day {
            Some(day) => Date::new(self.year, 1, 1)
                .and_then(|date| date.with().day_of_year(day).build())
                .map_err(out_of_range)?,
            None => Date::new(self.year, self.month, self.day).map_err(out_of_range)?,
        };
        let time = Time::new(self.hour, self.minute, self.second, self.nanosecond).map_err(out_of_range)?;
        let civil = date.to_datetime(time);
        let timestamp = match (self.offset, zone) {
            (Some(seconds), _) => {
                let offset = Offset::from_seconds(seconds).map_err(out_of_range)?;
                offset.to_timestamp(civil).map_err(out_of_range)?
            }
            (None, Some(zone)) => zone.to_timestamp(civil).map_err(out_of_range)?,
            (None, None) => TimeZone::UTC.to_timestamp(civil).map_err(out_of_range)?,
        };
        i64::try_from(timestamp.as_nanosecond()).map_err(|_| Cow::Borrowed("year out of range"))
    }
}

/// `.000`, `,000` or `.999` at the start of a layout, where no further digit follows.
fn fraction(layout: &str) -> Option<(Element, usize)> {
    let bytes = layout.as_bytes();
    if !matches!(bytes.first(), Some(b'.' | b',')) {
        return None;
    }
    let digit = *bytes.get(1)?;
    if digit != b'0' && digit != b'9' {
        return None;
    }
    let count = bytes[1..].iter().take_while(|byte| **byte == digit).count();
    if bytes.get(1 + count).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let element = if digit == b'0' {
        Element::Fraction(count)
    } else {
        Element::OptionalFraction(count)
    };
    Some((element, 1 + count))
}

/// Plain text of a layout: a run of spaces there matches any run of spaces, as in Go.
fn skip_plain<'a>(mut text: &'a str, plain: &str) -> Result<&'a str, Cow<'static, str>> {
    let mut plain = plain;
    while let Some(expected) = plain.chars().next() {
        if expected == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return Err("a space expected".into());
            }
            plain = plain.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        text = text
            .strip_prefix(expected)
            .ok_or_else(|| Cow::Owned(format!("{expected:?} expected")))?;
        plain = &plain[expected.len_utf8()..];
    }
    Ok(text)
}

/// Between `least` and `most` digits.
fn number(text: &mut &str, least: usize, most: usize) -> Result<u32, Cow<'static, str>> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return Err("a number expected".into());
    }
    let value = text[..count]
        .bytes()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    *text = &text[count..];
    Ok(value)
}

/// One or two digits; exactly two where asked for.
fn digits(text: &mut &str, two: bool) -> Result<i8, Cow<'static, str>> {
    number(text, if two { 2 } else { 1 }, 2).map(|value| value as i8)
}

/// A month or weekday by its name, without regard to case; the index of it.
fn name(text: &mut &str, names: &[&str], cut: Option<usize>) -> Result<i8, Cow<'static, str>> {
    for (at, name) in names.iter().enumerate() {
        let name = cut.map_or(*name, |length| &name[..length]);
        if text
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
        {
            *text = &text[name.len()..];
            return Ok(at as i8);
        }
    }
    Err("the name of a month or day expected".into())
}

/// `.123` or `,123` if there is one; digits beyond nanoseconds are read and ignored.
fn optional_fraction(text: &mut &str) -> i32 {
    let Some(found) = text.strip_prefix(['.', ',']) else {
        return 0;
    };
    let count = found.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return 0;
    }
    let mut value = 0;
    for at in 0..9 {
        value = value * 10
            + found
                .as_bytes()
                .get(at)
                .filter(|_| at < count)
                .map_or(0, |digit| i32::from(digit - b'0'));
    }
    *text = &found[count..];
    value
}

fn offset(
    text: &mut &str,
    z: bool,
    colon: bool,
    minutes: bool,
    seconds: bool,
) -> Result<i32, Cow<'static, str>> {
    if z && let Some(after) = text.strip_prefix('Z') {
        *text = after;
        return Ok(0);
    }
    let sign = match text.bytes().next() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err("an offset from UTC expected".into()),
    };
    *text = &text[1..];
    let mut total = number(text, 2, 2)? as i32 * 3600;
    for (wanted, unit) in [(minutes, 60), (seconds, 1)] {
        if wanted {
            if colon {
                *text = text.strip_prefix(':').ok_or("':' expected")?;
            }
            total += number(text, 2, 2)? as i32 * unit;
        }
    }
    Ok(sign * total)
}

/// Nanoseconds since 1970 of an RFC 3339 time, without a layout: the form of CRI and Docker lines, so it is the fast way.
/// `None` where the text is none.
pub fn rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let two = |at: usize| {
        let (tens, ones) = (
            bytes.get(at)?.wrapping_sub(b'0'),
            bytes.get(at + 1)?.wrapping_sub(b'0'),
        );
        (tens < 10 && ones < 10).then_some(i64::from(tens) * 10 + i64::from(ones))
    };
    let mark = |at: usize, wanted: u8| (*bytes.get(at)? == wanted).then_some(());
    let year = two(0)? * 100 + two(2)?;
    mark(4, b'-')?;
    let month = two(5)?;
    mark(7, b'-')?;
    let day = two(8)?;
    mark(10, b'T')?;
    let hour = two(11)?;
    mark(13, b':')?;
    let minute = two(14)?;
    mark(16, b':')?;
    let second = two(17)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if day < 1 || day > days || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut at = 19;
    let mut nanosecond: i64 = 0;
    if matches!(bytes.get(at), Some(b'.' | b',')) {
        let digits = bytes[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits == 0 {
            return None;
        }
        for place in 0..9 {
            let digit = bytes
                .get(at + 1 + place)
                .filter(|_| place < digits)
                .map_or(0, |byte| byte - b'0');
            nanosecond = nanosecond * 10 + i64::from(digit);
        }
        at += 1 + digits;
    }
    let offset = match *bytes.get(at)? {
        b'Z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 => {
            mark(at + 3, b':')?;
            let (hours, minutes) = (two(at + 1)?, two(at + 4)?);
            if hours > 24 || minutes > 60 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            if sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanosecond)
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(layout: &str, text: &str) -> Result<String, Cow<'static, str>> {
        let nanoseconds = Layout::new(layout).parse(text)?.to_nanoseconds(None)?;
        Ok(jiff::Timestamp::from_nanosecond(nanoseconds.into())
            .unwrap()
            .to_string())
    }

    #[test]
    fn the_layouts_that_go_names() {
        for (layout, text, expected) in [
            (
                "Mon Jan _2 15:04:05 2006",
                "Tue Mar  5 07:08:09 2024",
                "2024-03-05T07:08:09Z",
            ),
            (
                "Mon Jan _2 15:04:05 MST 2006",
                "Tue Mar 15 07:08:09 UTC 2024",
                "2024-03-15T07:08:09Z",
            ),
            (
                "Mon Jan 02 15:04:05 -0700 2006",
                "Tue Mar 05 07:08:09 +0130 2024",
                "2024-03-05T05:38:09Z",
            ),
            (
                "02 Jan 06 15:04 MST",
                "05 Mar 24 07:08 GMT",
                "2024-03-05T07:08:00Z",
            ),
            (
                "Monday, 02-Jan-06 15:04:05 MST",
                "Tuesday, 05-Mar-24 07:08:09 UTC",
                "2024-03-05T07:08:09Z",
            ),
            (
                "Mon, 02 Jan 2006 15:04:05 -0700",
                "Tue, 05 Mar 2024 07:08:09 -0700",
                "2024-03-05T14:08:09Z",
            ),
            (
                "2006-01-02T15:04:05Z07:00",
                "2024-03-05T07:08:09.25Z",
                "2024-03-05T07:08:09.25Z",
            ),
            (
                "2006-01-02T15:04:05.999999999Z07:00",
                "2024-03-05T07:08:09+01:00",
                "2024-03-05T06:08:09Z",
            ),
            (
                "2006-01-02 15:04:05,000",
                "2024-03-05 07:08:09,123",
                "2024-03-05T07:08:09.123Z",
            ),
            ("2006-1-2 3:4:5 PM", "2024-3-5 7:8:9 PM", "2024-03-05T19:08:09Z"),
            ("2006-002", "2024-065", "2024-03-05T00:00:00Z"),
        ] {
            assert_eq!(at(layout, text).as_deref(), Ok(expected), "{layout} of {text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (layout, text) in [
            ("2006-01-02", "2024-02-30"),
            ("2006-01-02", "2024-2-03"),
            ("2006-01-02", "2024-02-03 and more"),
            ("15:04:05.000", "07:08:09.12"),
            ("Jan 2", "Foo 3"),
            ("3 PM", "13 PM"),
        ] {
            assert!(at(layout, text).is_err(), "{layout} of {text}");
        }
    }

    #[test]
    fn rfc3339_agrees_with_a_calendar_library() {
        for text in [
            "2026-11-21T03:00:00.000000000Z",
            "1969-12-31T23:59:59Z",
            "2000-02-29T12:00:00.5+05:30",
            "2100-03-01T00:00:00.123456789-08:00",
        ] {
            let expected: jiff::Timestamp = text.parse().unwrap();
            assert_eq!(
                rfc3339(text).map(i128::from),
                Some(expected.as_nanosecond()),
                "{text}"
            );
        }
        for text in [
            "",
            "2026-02-30T00:00:00Z",
            "2026-11-21 03:00:00Z",
            "2026-11-21T03:00:00",
            "2026-11-21T24:00:00Z",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(layout in "[0-9Jan Mon:.,TZ+-]{0,24}", text in "\\PC{0,24}") {
            if let Ok(parsed) = Layout::new(&layout).parse(&text) {
                drop(parsed.to_nanoseconds(None));
            }
            let _ = rfc3339(&text);
        }

        #[test]
        fn any_instant_reads_back(seconds in -2_000_000_000_i64..4_000_000_000, nanosecond in 0_i32..1_000_000_000) {
            let instant = jiff::Timestamp::new(seconds, nanosecond).unwrap();
            proptest::prop_assert_eq!(rfc3339(&instant.to_string()).map(i128::from), Some(instant.as_nanosecond()));
        }
    }
}
