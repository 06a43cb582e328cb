//! Makes entries of the journal's: their lines and labels.

use super::arguments::{Arguments, Match};
use crate::relabel::{Rules, Scratch};
use crate::signals::{Entry, Labels, LabelsBuilder};
use crate::text::go_json::for_html;
use river_eval::Shared;
use sdjournal::EntryRef;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is made of an entry.
pub(super) enum Made {
    Entry(Entry),
    /// It does not match.
    Other,
    /// It has no text.
    NoMessage,
    /// The rules drop it.
    Relabelled,
}

/// How entries are made.
pub(super) struct Maker {
    as_json: bool,
    matches: Vec<Match>,
    rules: Option<Shared<Rules>>,
    /// The labels of the configuration, with the job.
    own: LabelsBuilder,
    /// What they are where no rules change them.
    plain: Labels,
    scratch: Scratch,
}

impl Maker {
    /// `id` is the component's.
    pub(super) fn new(id: &str, arguments: &Arguments) -> Self {
        let mut own = Labels::default().builder();
        for (name, value) in &arguments.labels {
            own.set(name, value);
        }
        own.set("job", id);
        let mut plain = own.build().builder();
        plain.retain(|name, _| !name.starts_with("__"));
        Self {
            as_json: arguments.format_as_json,
            matches: Match::all(&arguments.matches),
            rules: arguments
                .relabel_rules
                .clone()
                .filter(|rules| !rules.inner.is_empty()),
            plain: plain.build(),
            own,
            scratch: Scratch::default(),
        }
    }

    pub(super) fn make(&mut self, entry: &EntryRef) -> Made {
        if !self.is_wanted(entry) {
            return Made::Other;
        }
        let line = match self.as_json {
            true => json(entry),
            false => match last(entry, "MESSAGE") {
                Some(message) if !message.is_empty() => message.into(),
                _ => return Made::NoMessage,
            },
        };
        let Some(labels) = self.labels(entry) else {
            return Made::Relabelled;
        };
        let microseconds = i64::try_from(entry.realtime_usec()).unwrap_or(i64::MAX);
        Made::Entry(Entry {
            labels,
            timestamp: microseconds.saturating_mul(1000),
            line: line.into(),
            metadata: None,
        })
    }

    /// Every field that is asked for has one of the values that are asked for.
    fn is_wanted(&self, entry: &EntryRef) -> bool {
        self.matches.iter().all(|one| {
            let asked = self.matches.iter().filter(|other| other.field == one.field);
            let mut has = entry.iter_fields().filter(|(name, _)| *name == one.field);
            has.any(|(_, value)| asked.clone().any(|asked| asked.value.as_bytes() == value))
        })
    }

    fn labels(&mut self, entry: &EntryRef) -> Option<Labels> {
        let Some(rules) = &self.rules else {
            return Some(self.plain.clone());
        };
        let mut builder = self.own.clone();
        let mut label = String::new();
        for (name, value) in entry.iter_fields() {
            let value = String::from_utf8_lossy(value);
            if name == "PRIORITY" {
                builder.set("__journal_priority_keyword", keyword(&value));
            }
            label.clear();
            label.push_str("__journal_");
            label.extend(name.chars().map(|character| character.to_ascii_lowercase()));
            builder.set(&label, &value);
        }
        if !rules.inner.apply(&mut builder, &mut self.scratch) {
            return None;
        }
        builder.retain(|name, _| !name.starts_with("__"));
        let labels = builder.build();
        (!labels.is_empty()).then_some(labels)
    }
}

/// Of a field that an entry has several times the last counts.
fn last<'e>(entry: &'e EntryRef, field: &str) -> Option<Cow<'e, str>> {
    let values = entry.iter_fields().filter(|(name, _)| *name == field);
    values.last().map(|(_, value)| String::from_utf8_lossy(value))
}

/// All fields, in order of their names, as Go writes JSON that is safe within HTML.
fn json(entry: &EntryRef) -> String {
    let fields: BTreeMap<_, _> = entry
        .iter_fields()
        .map(|(name, value)| (name, String::from_utf8_lossy(value)))
        .collect();
    for_html(serde_json::to_string(&fields).unwrap_or_default())
}

/// The word for a priority.
fn keyword(priority: &str) -> &str {
    match priority {
        "0" => "emerg",
        "1" => "alert",
        "2" => "crit",
        "3" => "error",
        "4" => "warning",
        "5" => "notice",
        "6" => "info",
        "7" => "debug",
        other => other,
    }
}
