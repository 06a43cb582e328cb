//! `stage.pack`: the line and labels in one JSON object.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use river_eval::Str;

/// The key of the line, as Loki's `unpack` knows it.
const LINE: &str = "_entry";

pub(super) struct Pack {
    /// By name: the keys come in this order.
    labels: Vec<Str>,
    now: bool,
}

impl Pack {
    pub(super) fn new(arguments: &arguments::Pack) -> Self {
        let mut labels: Vec<Str> = arguments
            .labels
            .iter()
            .map(|name| Str::from(name.as_str()))
            .collect();
        labels.sort_unstable();
        labels.dedup();
        Self {
            labels,
            now: arguments.ingest_timestamp,
        }
    }
}

/// A JSON string; texts always are one.
fn push_json(out: &mut Vec<u8>, text: &str) {
    // Writing to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

impl Stage for Pack {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let mut packed = Vec::with_capacity(record.line.len() + 64);
        packed.push(b'{');
        for name in &self.labels {
            let Some(value) = record.extracted_text(name) else {
                continue;
            };
            push_json(&mut packed, name);
            packed.push(b':');
            push_json(&mut packed, &value);
            packed.push(b',');
            if record.label(name).is_some() {
                record.remove_label(name);
            }
        }
        push_json(&mut packed, LINE);
        packed.push(b':');
        push_json(&mut packed, &record.line);
        packed.push(b'}');
        if let Ok(line) = String::from_utf8(packed) {
            record.line = line.into();
        }
        if self.now {
            record.timestamp = jiff::Timestamp::now()
                .as_nanosecond()
                .try_into()
                .unwrap_or(record.timestamp);
        }
        Flow::Next
    }
}
