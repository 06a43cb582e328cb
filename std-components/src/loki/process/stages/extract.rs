//! `stage.regex`: extracts the named groups of an expression.

use super::super::arguments::{self, is_label_name};
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use crate::text::re2;
use river_eval::Str;

pub(super) struct Regex {
    expression: std::sync::Arc<regex::Regex>,
    locations: regex::CaptureLocations,
    /// The named groups by their number.
    groups: Vec<(usize, Str)>,
    source: Option<String>,
    labels: bool,
}

impl Regex {
    pub(super) fn new(arguments: &arguments::Regex) -> Result<Self, String> {
        let expression = re2::shared(&arguments.expression)?;
        let groups = expression.capture_names().enumerate();
        let groups = groups
            .filter_map(|(at, name)| Some((at, Str::from(name?))))
            .collect();
        let locations = expression.capture_locations();
        Ok(Self {
            expression,
            locations,
            groups,
            source: arguments.source.clone(),
            labels: arguments.labels_from_groups,
        })
    }
}

impl Stage for Regex {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let Self {
            expression,
            locations,
            groups,
            source,
            labels,
        } = self;
        record.with_input(source.as_deref(), |record, input| {
            if expression.captures_read(locations, input).is_none() {
                return Flow::Next;
            }
            for (group, name) in groups {
                // A group that took no part is empty, as in Go.
                let text = locations.get(*group).map_or("", |(from, to)| &input[from..to]);
                let text = input.slice_ref(text);
                if *labels && is_label_name(name) {
                    record.set_label(name, text.clone());
                }
                record.extract(name, Extracted::Text(text));
            }
            Flow::Next
        })
    }
}
