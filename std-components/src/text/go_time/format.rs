//! Writes times by a layout.

use super::{DAYS, Element, Layout, MONTHS};
use jiff::Zoned;
use std::fmt::Write;

impl Layout {
    /// A time as the layout has it.
    pub fn format(&self, time: &Zoned) -> String {
        let mut out = String::new();
        for element in &self.elements {
            push(&mut out, element, time);
        }
        out
    }
}

/// Writing to a String cannot fail.
macro_rules! put {
    ($out:expr, $($what:tt)*) => {
        {
            let _ = write!($out, $($what)*);
        }
    };
}

fn push(out: &mut String, element: &Element, time: &Zoned) {
    let name =
        |names: &[&'static str], at: i8| usize::try_from(at).ok().and_then(|at| names.get(at).copied());
    let month = name(&MONTHS, time.month() - 1).unwrap_or_default();
    let day = name(&DAYS, time.weekday().to_sunday_zero_offset()).unwrap_or_default();
    let hour12 = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    match element {
        Element::Text(text) => out.push_str(text),
        Element::LongYear => put!(out, "{:04}", time.year()),
        Element::ShortYear => put!(out, "{:02}", time.year().rem_euclid(100)),
        Element::LongMonth => out.push_str(month),
        Element::ShortMonth => out.push_str(month.get(..3).unwrap_or(month)),
        Element::Month(two) => number(out, time.month(), *two),
        Element::LongWeekday => out.push_str(day),
        Element::ShortWeekday => out.push_str(day.get(..3).unwrap_or(day)),
        Element::Day(two) => number(out, time.day(), *two),
        Element::SpaceDay => put!(out, "{:2}", time.day()),
        Element::YearDay(true) => put!(out, "{:3}", time.day_of_year()),
        Element::YearDay(false) => put!(out, "{:03}", time.day_of_year()),
        Element::Hour => put!(out, "{:02}", time.hour()),
        Element::Hour12(two) => number(out, hour12, *two),
        Element::AmPm(capital) => out.push_str(match (time.hour() >= 12, capital) {
            (false, true) => "AM",
            (true, true) => "PM",
            (false, false) => "am",
            (true, false) => "pm",
        }),
        Element::Minute(two) => number(out, time.minute(), *two),
        Element::Second(two) => number(out, time.second(), *two),
        Element::Fraction(digits) => {
            out.push('.');
            out.push_str(&nanoseconds(time, *digits));
        }
        Element::OptionalFraction(digits) => {
            let all = nanoseconds(time, *digits);
            let shown = all.trim_end_matches('0');
            if !shown.is_empty() {
                out.push('.');
                out.push_str(shown);
            }
        }
        Element::ZoneName => zone_name(out, time),
        Element::Zone {
            z,
            colon,
            minutes,
            seconds,
        } => {
            let offset = time.offset().seconds();
            if *z && offset == 0 {
                out.push('Z');
            } else {
                zone(out, offset, *colon, *minutes, *seconds);
            }
        }
    }
}

fn number(out: &mut String, number: i8, two: bool) {
    if two {
        put!(out, "{number:02}");
    } else {
        put!(out, "{number}");
    }
}

fn nanoseconds(time: &Zoned, digits: usize) -> String {
    let mut all = format!("{:09}", time.subsec_nanosecond());
    // More digits than there are: zeros, as in Go.
    while all.len() < digits {
        all.push('0');
    }
    all.truncate(digits);
    all
}

fn zone_name(out: &mut String, time: &Zoned) {
    let info = time.time_zone().to_offset_info(time.timestamp());
    let name = info.abbreviation();
    if name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()) {
        out.push_str(name);
        return;
    }
    let offset = time.offset().seconds();
    if offset == 0 {
        out.push_str("UTC");
    } else {
        zone(out, offset, false, offset % 3600 != 0, false);
    }
}

fn zone(out: &mut String, offset: i32, colon: bool, minutes: bool, seconds: bool) {
    let colon = if colon { ":" } else { "" };
    let size = offset.abs();
    put!(out, "{}{:02}", if offset < 0 { '-' } else { '+' }, size / 3600);
    if minutes {
        put!(out, "{colon}{:02}", size / 60 % 60);
    }
    if seconds {
        put!(out, "{colon}{:02}", size % 60);
    }
}

#[cfg(test)]
mod tests {
    use super::super::NAMED;
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn times_are_written_as_go_writes_them() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let time = jiff::civil::date(2026, 3, 4)
            .at(5, 6, 7, 80_900_000)
            .to_zoned(zone)
            .unwrap();
        let more = [
            ("", "3:4 PM .000 .999 ,00 2 _2 __2 002 06 1 01 Z0700 -07"),
            ("", "03:04:05pm"),
        ];
        let written: Vec<String> = NAMED
            .iter()
            .chain(&more)
            .map(|(name, layout)| format!("{name} {}", Layout::new(layout).format(&time)))
            .collect();
        insta::assert_snapshot!(written.join("\n"), @r#"
        RFC3339 2026-03-04T05:06:07+01:00
        RFC3339Nano 2026-03-04T05:06:07.0809+01:00
        ANSIC Wed Mar  4 05:06:07 2026
        UnixDate Wed Mar  4 05:06:07 CET 2026
        RubyDate Wed Mar 04 05:06:07 +0100 2026
        RFC822 04 Mar 26 05:06 CET
        RFC822Z 04 Mar 26 05:06 +0100
        RFC850 Wednesday, 04-Mar-26 05:06:07 CET
        RFC1123 Wed, 04 Mar 2026 05:06:07 CET
        RFC1123Z Wed, 04 Mar 2026 05:06:07 +0100
         5:6 AM .080 .08 .08 4  4  63 063 26 3 03 +0100 +01
         05:06:07am
        "#);
    }
}
