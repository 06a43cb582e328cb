//! RFC 3164 as senders really write it: everything between the priority and the text is optional or varies. Times are UTC, as the reference takes them.
//!
//! `syslog_loose` is not used here: it takes what stands in brackets at the beginning of a text for structured data and off the text, and knows nothing of Cisco.

use super::arguments::Cisco;
use super::message::{Message, NotSyslog, priority};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Bytes of a tag at the most.
const MAX_TAG: usize = 48;

/// Bytes of a host's name at the most.
const MAX_HOSTNAME: usize = 255;

/// Reads a message. `year_of` is the moment (nanoseconds since 1970) that says the year of its time; without, a time without year is none.
pub(super) fn read<'a>(
    text: &'a str,
    cisco: Option<&Cisco>,
    year_of: Option<i64>,
) -> Result<Message<'a>, NotSyslog> {
    let Some((priority, rest)) = priority(text, 191) else {
        return Err(NotSyslog(
            "expecting a priority value from 0 to 191 within angle brackets",
        ));
    };
    let mut message = Message {
        priority: Some(priority),
        ..Message::default()
    };
    let mut rest = rest.trim_start_matches(' ');
    let is_on = |option: fn(&Cisco) -> bool| cisco.is_some_and(|cisco| cisco.enable_all || option(cisco));
    if is_on(|cisco| cisco.message_counter) {
        (message.counter, rest) = number(rest);
    }
    if is_on(|cisco| cisco.sequence_number) {
        (message.sequence, rest) = number(rest);
    }
    if is_on(|cisco| cisco.hostname)
        && let Some((host, after)) = rest.split_once(": ")
        && is_hostname(host)
    {
        message.hostname = Some(host);
        rest = after.trim_start_matches(' ');
    }
    if cisco.is_some() {
        // A clock that is not set, or has lost its server.
        rest = rest.strip_prefix(['*', '.']).unwrap_or(rest);
    }
    let Some((time, after)) = stamp(rest, is_on(|cisco| cisco.second_fractions)) else {
        return Err(NotSyslog("expecting a Stamp timestamp"));
    };
    message.time = time.nanoseconds(year_of);
    let after = match cisco {
        Some(_) => after.strip_prefix(':').unwrap_or(after),
        None => after,
    };
    let Some(after) = after.strip_prefix(' ') else {
        return Err(NotSyslog("expecting a space after the timestamp"));
    };
    let mut rest = after.trim_start_matches(' ');
    if let Some((host, after)) = rest.split_once(' ')
        && is_hostname(host)
        && !after.trim_start_matches(' ').is_empty()
    {
        if host != "-" {
            message.hostname = Some(host);
        }
        rest = after.trim_start_matches(' ');
    }
    if let Some((tag, id, after)) = tag(rest) {
        message.app_name = Some(tag).filter(|tag| *tag != "-");
        message.proc_id = id.filter(|id| !matches!(*id, "" | "-"));
        rest = after;
    }
    message.text = rest;
    Ok(message)
}

/// A number with a colon after it.
fn number(text: &str) -> (Option<u32>, &str) {
    match text.split_once(':') {
        Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => match digits.parse() {
            Ok(number) => (Some(number), rest.trim_start_matches(' ')),
            Err(_) => (None, text),
        },
        _ => (None, text),
    }
}

fn is_hostname(text: &str) -> bool {
    (1..=MAX_HOSTNAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// `name[id]: `, of which the id may be left out.
fn tag(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let end =
        text.find(|character: char| matches!(character, ' ' | ':' | '[') || !character.is_ascii_graphic())?;
    let (name, rest) = text.split_at_checked(end)?;
    if !(1..=MAX_TAG).contains(&name.len()) {
        return None;
    }
    let (id, rest) = match rest.strip_prefix('[') {
        None => (None, rest),
        Some(rest) => {
            let (id, rest) = rest.split_once(']')?;
            let is_id = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'[');
            (is_id.then_some(id), rest)
        }
    };
    Some((name, id, rest.strip_prefix(": ")?))
}

/// A time as it is written.
#[derive(Clone, Copy, Debug)]
enum Stamp {
    /// Without a year.
    Yearless { month: i8, day: i8, time: Time },
    /// RFC 3339.
    Whole(i64),
}

/// `Jan  2 15:04:05`, with a fraction where that is on, or an RFC 3339 time; and what follows.
fn stamp(text: &str, fractions: bool) -> Option<(Stamp, &str)> {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        let (time, rest) = text.split_once(' ')?;
        let time: jiff::Timestamp = time.parse().ok()?;
        let rest = text.get(text.len() - rest.len() - 1..)?;
        return Some((Stamp::Whole(i64::try_from(time.as_nanosecond()).ok()?), rest));
    }
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (name, rest) = text.split_at_checked(3)?;
    let month = months.iter().position(|month| *month == name)?;
    let rest = rest.strip_prefix(' ')?;
    let (day, rest) = rest.trim_start_matches(' ').split_once(' ')?;
    let (clock, mut rest) = rest.trim_start_matches(' ').split_at_checked(8)?;
    let part = |at: usize| -> Option<i8> { clock.get(at..at + 2)?.parse().ok() };
    if clock.as_bytes().get(2) != Some(&b':') || clock.as_bytes().get(5) != Some(&b':') {
        return None;
    }
    let mut nanoseconds = 0;
    if fractions && let Some(digits) = rest.strip_prefix('.') {
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = digits.split_at_checked(length)?;
        nanoseconds = format!("{digits:0<9}").get(..9)?.parse().ok()?;
        rest = after;
    }
    let stamp = Stamp::Yearless {
        month: i8::try_from(month).ok()? + 1,
        day: day.parse().ok().filter(|day| (1..=31).contains(day))?,
        time: Time::new(part(0)?, part(3)?, part(6)?, nanoseconds).ok()?,
    };
    Some((stamp, rest))
}

impl Stamp {
    /// Nanoseconds since 1970, of a time without year in the year of a moment; around New Year in the one before or after.
    fn nanoseconds(self, year_of: Option<i64>) -> Option<i64> {
        let (month, day, time) = match self {
            Self::Whole(nanoseconds) => return Some(nanoseconds),
            Self::Yearless { month, day, time } => (month, day, time),
        };
        let now = jiff::Timestamp::from_nanosecond(year_of?.into()).ok()?;
        let now = now.to_zoned(TimeZone::UTC).date();
        let year = match (month, now.month()) {
            (12, 1) => now.year() - 1,
            (1, 12) => now.year() + 1,
            _ => now.year(),
        };
        let date = Date::new(year, month, day).ok()?;
        let zoned = DateTime::from_parts(date, time).to_zoned(TimeZone::UTC).ok()?;
        i64::try_from(zoned.timestamp().as_nanosecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2024-01-05.
    const NOW: i64 = 1_704_412_800_000_000_000;

    fn told(text: &str, cisco: Option<&Cisco>) -> String {
        read(text, cisco, Some(NOW)).map_or_else(|error| error.0.to_owned(), |message| message.told())
    }

    #[test]
    fn messages_are_read() {
        let all = [
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            "<13>Jan  5 00:00:01 host app[12]: [in brackets] stays",
            "<13>Dec 31 23:59:59 host app - - text",
            "<13>Feb 29 01:02:03 - cron[-]: - x",
            "<13>Jan 05 01:02:03  tag: no host",
            "<13>Jan 05 01:02:03 word",
            "<13>Jan 05 01:02:03 host  two words",
            "<13>2024-01-05T01:02:03.5+01:00 host app: as rsyslog forwards",
            "<13> Jan 5 01:02:03 host Ünicode: text",
            "<13>Jan 05 01:02:03",
            "<13>Jan 32 01:02:03 host x",
            "<13>hello",
            "<13>",
            "hello",
        ];
        let told: Vec<_> = all.iter().map(|text| told(text, None)).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        severity=critical facility=auth hostname=mymachine app_name=su at=2024-10-11T22:14:15Z "'su root' failed for lonvick on /dev/pts/8"
        severity=notice facility=user hostname=host app_name=app proc_id=12 at=2024-01-05T00:00:01Z "[in brackets] stays"
        severity=notice facility=user hostname=host at=2023-12-31T23:59:59Z "app - - text"
        severity=notice facility=user app_name=cron at=2024-02-29T01:02:03Z "- x"
        severity=notice facility=user app_name=tag at=2024-01-05T01:02:03Z "no host"
        severity=notice facility=user at=2024-01-05T01:02:03Z "word"
        severity=notice facility=user hostname=host at=2024-01-05T01:02:03Z "two words"
        severity=notice facility=user hostname=host app_name=app at=2024-01-05T00:02:03.5Z "as rsyslog forwards"
        severity=notice facility=user hostname=host at=2024-01-05T01:02:03Z "Ünicode: text"
        expecting a space after the timestamp
        expecting a Stamp timestamp
        expecting a Stamp timestamp
        expecting a Stamp timestamp
        expecting a priority value from 0 to 191 within angle brackets
        "#);
        let no_year = read("<13>Jan  5 00:00:01 host app: x", None, None).unwrap();
        assert_eq!(no_year.time, None);
    }

    #[test]
    fn what_cisco_adds_is_read() {
        let all = Cisco {
            enable_all: true,
            message_counter: false,
            sequence_number: false,
            hostname: false,
            second_fractions: false,
        };
        let told: Vec<_> = [
            "<189>237: 000123: host1: *Jan  8 19:46:03.295: %SYS-5-CONFIG_I: Configured",
            "<189>269614: host1: Apr 11 10:02:08: %LINEPROTO-5-UPDOWN: Line protocol",
            "<189>Apr 11 10:02:08 plain tag: text",
        ]
        .iter()
        .map(|text| told(text, Some(&all)))
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        severity=notice facility=local7 hostname=host1 app_name=%SYS-5-CONFIG_I msg_counter=237 sequence=123 at=2024-01-08T19:46:03.295Z "Configured"
        severity=notice facility=local7 hostname=host1 app_name=%LINEPROTO-5-UPDOWN msg_counter=269614 at=2024-04-11T10:02:08Z "Line protocol"
        severity=notice facility=local7 hostname=plain app_name=tag at=2024-04-11T10:02:08Z "text"
        "#);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<13>)?(Jan  5 00:00:01|2024-01-05T01:02:03Z)?[-a-z0-9\\[\\]: é.*]{0,40}", all: bool) {
            let cisco = Cisco { enable_all: all, message_counter: false, sequence_number: true, hostname: true, second_fractions: true };
            let _ = told(&text, Some(&cisco));
        }
    }
}
