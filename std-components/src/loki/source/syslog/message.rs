//! A message, however it was written, and the labels that it brings.

use super::arguments::{Format, Listener};
use super::{rfc3164, rfc5424};
use std::borrow::Cow;

/// Names and values of an element of structured data.
pub(super) type Pairs<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// What a message says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Message<'a> {
    /// Facility times 8 and severity.
    pub(super) priority: Option<u8>,
    pub(super) hostname: Option<&'a str>,
    pub(super) app_name: Option<&'a str>,
    pub(super) proc_id: Option<&'a str>,
    pub(super) msg_id: Option<&'a str>,
    /// Cisco's counter and sequence number.
    pub(super) counter: Option<u32>,
    pub(super) sequence: Option<u32>,
    /// Nanoseconds since 1970; `None` where the message says none, or none with a year.
    pub(super) time: Option<i64>,
    /// Id, and names with values.
    pub(super) data: Vec<(&'a str, Pairs<'a>)>,
    /// The text.
    pub(super) text: &'a str,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotSyslog(pub(super) &'static str);

/// Reads a message. `now` is nanoseconds since 1970.
pub(super) fn read<'a>(listener: &Listener, text: &'a str, now: i64) -> Result<Message<'a>, NotSyslog> {
    match listener.syslog_format {
        Format::Rfc5424 => rfc5424::read(text),
        Format::Rfc3164 => {
            let year_of = listener.rfc3164_default_to_current_year.then_some(now);
            rfc3164::read(text, listener.rfc3164_cisco_components.as_ref(), year_of)
        }
        Format::Raw => {
            let (priority, rest) = match priority(text, u32::from(u8::MAX)) {
                Some((priority, rest)) => (Some(priority), rest),
                None => (None, text),
            };
            Ok(Message {
                priority,
                text: rest.trim(),
                ..Message::default()
            })
        }
    }
}

/// The priority that a message begins with, `<13>`, and what follows.
pub(super) fn priority(text: &str, most: u32) -> Option<(u8, &str)> {
    let (digits, rest) = text.strip_prefix('<')?.split_once('>')?;
    let is_number =
        !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let priority = digits
        .parse::<u32>()
        .ok()
        .filter(|number| is_number && *number <= most)?;
    Some((u8::try_from(priority).ok()?, rest))
}

/// The severities' names.
const SEVERITIES: [&str; 8] = [
    "emergency",
    "alert",
    "critical",
    "error",
    "warning",
    "notice",
    "informational",
    "debug",
];

/// The facilities' names (RFC 5427).
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "security", "console", "cron2", "local0", "local1", "local2", "local3", "local4", "local5",
    "local6", "local7",
];

impl Message<'_> {
    /// Hands out the labels of the message.
    pub(super) fn labels(&self, with_data: bool, mut set: impl FnMut(&str, &str)) {
        if let Some(priority) = self.priority {
            if let Some(severity) = SEVERITIES.get(usize::from(priority & 7)) {
                set("__syslog_message_severity", severity);
            }
            if let Some(facility) = FACILITIES.get(usize::from(priority >> 3)) {
                set("__syslog_message_facility", facility);
            }
        }
        let texts = [
            ("__syslog_message_hostname", self.hostname),
            ("__syslog_message_app_name", self.app_name),
            ("__syslog_message_proc_id", self.proc_id),
            ("__syslog_message_msg_id", self.msg_id),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                set(name, value);
            }
        }
        let numbers = [
            ("__syslog_message_msg_counter", self.counter),
            ("__syslog_message_sequence", self.sequence),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                set(name, &value.to_string());
            }
        }
        if with_data {
            for (id, pairs) in &self.data {
                let id = id.replace('@', "_");
                for (name, value) in pairs {
                    set(&format!("__syslog_message_sd_{id}_{name}"), value);
                }
            }
        }
    }

    #[cfg(test)]
    pub(super) fn told(&self) -> String {
        let mut told = String::new();
        self.labels(true, |name, value| {
            let name = name.strip_prefix("__syslog_message_").unwrap();
            told.push_str(&format!("{name}={value} "));
        });
        if let Some(time) = self.time {
            let time = jiff::Timestamp::from_nanosecond(time.into()).unwrap();
            told.push_str(&format!("at={time} "));
        }
        told + &format!("{:?}", self.text)
    }
}
