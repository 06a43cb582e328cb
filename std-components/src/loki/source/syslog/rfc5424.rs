//! RFC 5424, read by `syslog_loose`, which takes what senders really write.

use super::message::{Message, NotSyslog, priority};
use std::borrow::Cow;
use syslog_loose::{ProcId, Variant, parse_message_with_year_exact};

/// The greatest priority: local7, debug.
const MAX_PRIORITY: u32 = 191;

/// Reads a message.
pub(super) fn read(text: &str) -> Result<Message<'_>, NotSyslog> {
    let Some((priority, rest)) = priority(text, MAX_PRIORITY) else {
        return Err(NotSyslog(
            "expecting a priority value from 0 to 191 within angle brackets",
        ));
    };
    if !rest.starts_with(|first: char| matches!(first, '1'..='9')) {
        return Err(NotSyslog("expecting a version value in the range 1-999"));
    }
    let Ok(read) = parse_message_with_year_exact(text, |_| 1970, Variant::RFC5424) else {
        return Err(NotSyslog("it is no RFC 5424 message"));
    };
    let data = read.structured_data.iter().map(|element| {
        let pairs = element
            .params
            .iter()
            .map(|(name, value)| (*name, unescaped(value)));
        (element.id, pairs.collect())
    });
    Ok(Message {
        priority: Some(priority),
        hostname: read.hostname,
        app_name: read.appname,
        // A number is the text that stands for it.
        proc_id: read.procid.as_ref().and_then(|id| match id {
            ProcId::PID(number) => number_in(text, *number),
            ProcId::Name(name) => Some(*name),
        }),
        msg_id: read.msgid,
        time: read.timestamp.and_then(|time| time.timestamp_nanos_opt()),
        data: data.collect(),
        text: with_spaces(text, read.msg),
        ..Message::default()
    })
}

/// The text of a message with the spaces that the parser took off it: only one is not part of it.
fn with_spaces<'a>(all: &'a str, read: &str) -> &'a str {
    let trimmed = all.trim_end();
    let Some(before) = trimmed.strip_suffix(read) else {
        return all;
    };
    let head = before.trim_end_matches([' ', '\t']);
    let text = all.get(head.len()..).unwrap_or_default();
    text.strip_prefix(' ').unwrap_or(text)
}

/// The process id as it is written: the fifth field.
fn number_in(text: &str, number: i32) -> Option<&str> {
    let field = text.split(' ').filter(|field| !field.is_empty()).nth(4)?;
    (field.parse() == Ok(number)).then_some(field)
}

/// A value without the backslashes before `"`, `\` and `]`; another backslash stays.
fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('"' | '\\' | ']')) => plain.extend(characters.next()),
            _ => plain.push(character),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> String {
        read(text).map_or_else(|error| error.0.to_owned(), |message| message.told())
    }

    #[test]
    fn messages_are_read() {
        let all = [
            "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"a \\\"b\\\" \\] \\n\"][x] An event",
            "<34>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time.",
            "<0>1 - - - - - -",
            "<0>1 - - - - - - ",
            "<13>1 - - - 007 - -   two more spaces  ",
            "<13>1 - - app - - [a@1 b=\"\"] \u{feff}with é",
            "<192>1 - - - - - - x",
            "<13>Oct 11 22:14:15 host app: x",
            "<13>0 - - - - - - x",
            "<13>1 yesterday - - - - - x",
            "<13>1 - - - -",
            "hello",
            "<1>",
            "",
        ];
        let told: Vec<_> = all.iter().map(|text| told(text)).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        severity=notice facility=local4 hostname=mymachine.example.com app_name=evntslog msg_id=ID47 sd_exampleSDID_32473_iut=3 sd_exampleSDID_32473_eventSource=a "b" ] \n at=2003-10-11T22:14:15.003Z "An event"
        severity=critical facility=auth hostname=192.0.2.1 app_name=myproc proc_id=8710 at=2003-08-24T12:14:15.000003Z "%% It's time."
        severity=emergency facility=kern ""
        severity=emergency facility=kern ""
        severity=notice facility=user proc_id=007 "  two more spaces  "
        severity=notice facility=user app_name=app sd_a_1_b= "\u{feff}with é"
        expecting a priority value from 0 to 191 within angle brackets
        expecting a version value in the range 1-999
        expecting a version value in the range 1-999
        it is no RFC 5424 message
        it is no RFC 5424 message
        expecting a priority value from 0 to 191 within angle brackets
        expecting a version value in the range 1-999
        expecting a priority value from 0 to 191 within angle brackets
        "#);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(<13>1 )?[-a-z0-9\\[\\]=\"\\\\ é:T.]{0,60}") {
            let _ = read(&text);
        }
    }
}
