//! `stage.drop`: drops entries that meet all of its conditions.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use crate::text::re2;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) struct Drop {
    reason: Arc<str>,
    sources: Vec<String>,
    separator: String,
    expression: Option<Arc<regex::Regex>>,
    older_than_nanos: i64,
    longer_than: u64,
}

impl Drop {
    pub(super) fn new(arguments: &arguments::Drop) -> Result<Self, String> {
        let expression = match (arguments.value.as_str(), arguments.expression.as_str()) {
            ("", "") => None,
            ("", expression) => Some(re2::shared(expression)?),
            (value, _) => Some(re2::shared(&format!("^{}$", regex::escape(value)))?),
        };
        let or = |text: &str, default: &str| {
            if text.is_empty() {
                default.to_owned()
            } else {
                text.to_owned()
            }
        };
        let sources = arguments
            .source
            .split(',')
            .filter(|source| !source.is_empty())
            .map(str::to_owned);
        Ok(Self {
            reason: or(&arguments.drop_counter_reason, "drop_stage").into(),
            sources: sources.collect(),
            separator: or(&arguments.separator, ";"),
            expression,
            older_than_nanos: i64::try_from(arguments.older_than.as_nanos()).unwrap_or(i64::MAX),
            longer_than: arguments.longer_than.0,
        })
    }

    fn meets(&self, record: &Record) -> bool {
        if self.longer_than > 0 && record.line.len() as u64 <= self.longer_than {
            return false;
        }
        if self.older_than_nanos > 0 {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |now| now.as_nanos() as i64);
            if record.timestamp >= now.saturating_sub(self.older_than_nanos) {
                return false;
            }
        }
        match &self.expression {
            None => self
                .sources
                .iter()
                .all(|source| record.extracted(source).is_some()),
            Some(expression) if self.sources.is_empty() => expression.is_match(&record.line),
            Some(expression) => {
                let mut joined = String::new();
                let mut any = false;
                for source in &self.sources {
                    let Some(value) = record.extracted(source) else {
                        continue;
                    };
                    // A value that has no text cannot be compared: the entry stays.
                    let Some(text) = value.text() else { return false };
                    if any {
                        joined.push_str(&self.separator);
                    }
                    any = true;
                    joined.push_str(&text);
                }
                expression.is_match(&joined)
            }
        }
    }
}

impl Stage for Drop {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        if self.meets(record) {
            Flow::DropFor(self.reason.clone())
        } else {
            Flow::Next
        }
    }
}
