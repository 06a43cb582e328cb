//! `stage.template`: an extracted value that a Go template makes.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use crate::text::go_template::{self, Data, Value};
use bytestring::ByteString;
use river_eval::Str;
use std::collections::BTreeMap;

pub(super) struct Template {
    template: go_template::Template,
    source: Str,
    out: String,
}

impl Template {
    pub(super) fn new(arguments: &arguments::Template) -> Result<Self, String> {
        Ok(Self {
            template: go_template::Template::new(&arguments.template).map_err(|mistake| mistake.message)?,
            source: arguments.source.as_str().into(),
            out: String::new(),
        })
    }
}

/// What a template sees of a record: extracted values by their names, and some more.
pub(super) struct View<'r> {
    pub(super) record: &'r Record,
    /// `.Value`; where it is `None`, it is what is extracted under this name, if anything.
    pub(super) value: Option<ByteString>,
    /// Whether the line is `.Entry`.
    pub(super) has_line: bool,
}

impl Data for View<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "Entry" if self.has_line => Some(Value::Text(self.record.line.clone())),
            "Value" if self.value.is_some() => self.value.clone().map(Value::Text),
            name => self.record.extracted_text(name).map(Value::Text),
        }
    }

    fn all(&self) -> BTreeMap<String, Value> {
        let mut all: BTreeMap<String, Value> = self
            .record
            .all_extracted()
            .map(|(name, value)| (name.to_owned(), Value::text(&value)))
            .collect();
        for name in ["Entry", "Value"] {
            if let Some(value) = self.get(name) {
                all.insert(name.to_owned(), value);
            }
        }
        all
    }
}

impl Stage for Template {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let view = View {
            value: record.extracted_text(&self.source),
            record,
            has_line: true,
        };
        self.out.clear();
        // As in the reference a template that fails leaves the value as it was.
        if self.template.run(&view, &mut self.out).is_err() {
            return Flow::Next;
        }
        if self.out.is_empty() {
            record.forget(&self.source);
        } else {
            record.extract(&self.source, Extracted::Text(self.out.as_str().into()));
        }
        Flow::Next
    }
}
