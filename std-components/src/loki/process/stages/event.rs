//! `stage.eventlogmessage` and `stage.windowsevent`: extract the `key: value` lines of a Windows event's message.

use super::super::arguments::{self, is_label_name};
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use river_eval::Str;

/// What both stages do with a key.
struct Keys {
    source: String,
    drop_invalid: bool,
    overwrite: bool,
}

impl Keys {
    fn new(arguments: &arguments::Event) -> Self {
        Self {
            source: arguments.source.clone(),
            drop_invalid: arguments.drop_invalid_labels,
            overwrite: arguments.overwrite_existing,
        }
    }

    /// Extracts a value under a key that is made a label name.
    fn extract(&self, record: &mut Record, key: &str, value: &str) {
        let mut key = if is_label_name(key) {
            key.to_owned()
        } else if self.drop_invalid {
            return;
        } else {
            label_name(key)
        };
        if !self.overwrite && record.extracted(&key).is_some() {
            key.push_str("_extracted");
        }
        record.extract(&Str::from(key.as_str()), Extracted::Text(value.to_owned().into()));
    }
}

/// A label name of a key: other characters become `_`.
fn label_name(key: &str) -> String {
    if key.is_empty() {
        return "_".to_owned();
    }
    let fits = |(at, c): (usize, char)| {
        let fits = c.is_ascii_alphabetic() || c == '_' || (c.is_ascii_digit() && at > 0);
        if fits { c } else { '_' }
    };
    key.char_indices().map(fits).collect()
}

/// `stage.eventlogmessage`.
pub(super) struct EventLogMessage {
    keys: Keys,
}

impl EventLogMessage {
    pub(super) fn new(arguments: &arguments::Event) -> Self {
        Self {
            keys: Keys::new(arguments),
        }
    }
}

impl Stage for EventLogMessage {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let Some(message) = record.extracted_text(&self.keys.source) else {
            return Flow::Next;
        };
        for line in message.split("\r\n") {
            if let Some((key, value)) = line.split_once(':') {
                self.keys.extract(record, key, value.trim());
            }
        }
        Flow::Next
    }
}

/// `stage.windowsevent`.
pub(super) struct WindowsEvent {
    keys: Keys,
}

impl WindowsEvent {
    pub(super) fn new(arguments: &arguments::Event) -> Self {
        Self {
            keys: Keys::new(arguments),
        }
    }

    /// Extracts a value whose key and text lose their line ends and tabs.
    fn extract(&self, record: &mut Record, key: &str, value: &str) {
        let key: String = key
            .chars()
            .filter(|c| !matches!(c, '\t' | '\r' | '\n' | ' '))
            .collect();
        let value: String = value
            .chars()
            .filter(|c| !matches!(c, '\t' | '\r' | '\n'))
            .collect();
        self.keys.extract(record, &key, value.trim());
    }
}

impl Stage for WindowsEvent {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let Some(message) = record.extracted_text(&self.keys.source) else {
            return Flow::Next;
        };
        let mut sections = message.split("\r\n\r\n");
        if let Some(description) = sections.next() {
            self.extract(record, "Description", description);
        }
        for section in sections {
            let mut title = "";
            let mut lines = section.split("\r\n").enumerate().peekable();
            while let Some((at, line)) = lines.next() {
                let Some((key, value)) = line.split_once(':') else {
                    continue;
                };
                if value.is_empty() {
                    // A section's title: the same keys come in several sections.
                    if at == 0 {
                        title = key;
                    }
                    continue;
                }
                let mut value = value.to_owned();
                // Lines without a key go on with the value.
                while let Some((_, more)) = lines.next_if(|(_, line)| !line.is_empty() && !line.contains(':'))
                {
                    value.push(',');
                    value.push_str(more);
                }
                if title.is_empty() {
                    self.extract(record, key, &value);
                } else {
                    self.extract(record, &format!("{title}_{key}"), &value);
                }
            }
        }
        Flow::Next
    }
}
