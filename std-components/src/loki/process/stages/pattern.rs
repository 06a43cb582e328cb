//! `stage.pattern`: extracts values by a LogQL pattern.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use crate::text::logql_pattern;
use bytestring::ByteString;
use river_eval::Str;

pub(super) struct Pattern {
    pattern: logql_pattern::Pattern,
    names: Vec<Str>,
    source: Option<String>,
    labels: bool,
}

impl Pattern {
    pub(super) fn new(arguments: &arguments::Pattern) -> Result<Self, String> {
        let pattern = logql_pattern::Pattern::new(&arguments.pattern).map_err(|mistake| mistake.message)?;
        Ok(Self {
            names: pattern.names().map(Str::from).collect(),
            pattern,
            source: arguments.source.clone(),
            labels: arguments.labels_from_groups,
        })
    }
}

impl Stage for Pattern {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let Some(input) = record.input(self.source.as_deref()) else {
            return Flow::Next;
        };
        self.pattern.captures(&input, |at, value| {
            let Some(name) = self.names.get(at) else { return };
            let value: ByteString = input.slice_ref(value);
            if self.labels {
                record.set_label(name, value.clone());
            }
            record.extract(name, Extracted::Text(value));
        });
        Flow::Next
    }
}
