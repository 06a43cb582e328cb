//! `stage.replace`: puts what a Go template makes in the place of what the groups of an expression match.

use super::super::arguments;
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::{Extracted, Record};
use super::template::View;
use crate::text::{go_template, re2};
use bytestring::ByteString;
use river_eval::Str;
use std::sync::Arc;

pub(super) struct Replace {
    expression: Arc<regex::Regex>,
    template: go_template::Template,
    /// The line where it is `None`.
    source: Option<Str>,
    /// The named groups by their number.
    groups: Vec<(usize, Str)>,
}

impl Replace {
    pub(super) fn new(arguments: &arguments::Replace) -> Result<Self, String> {
        let expression = re2::shared(&arguments.expression)?;
        let groups = expression.capture_names().enumerate();
        Ok(Self {
            groups: groups
                .filter_map(|(at, name)| Some((at, Str::from(name?))))
                .collect(),
            expression,
            template: go_template::Template::new(&arguments.replace).map_err(|mistake| mistake.message)?,
            source: (!arguments.source.is_empty()).then(|| arguments.source.as_str().into()),
        })
    }

    /// The text with all groups replaced, and what the named groups of the first match became; `None` where nothing matches or the
    /// template fails.
    fn replace(&self, record: &Record, input: &str) -> Option<(String, Vec<(Str, String)>)> {
        let mut out = String::new();
        let mut copied = 0;
        let mut first: Option<Vec<(Str, String)>> = None;
        // What a text became last: a group has what its text became, whichever group that was in.
        let mut became: Vec<(&str, String)> = Vec::new();
        let mut first_texts: Vec<(&Str, &str)> = Vec::new();
        for found in self.expression.captures_iter(input) {
            if first.is_none() {
                let groups = self.groups.iter();
                // A group that took no part is empty, as in Go.
                first_texts = groups
                    .map(|(at, name)| (name, found.get(*at).map_or("", |group| group.as_str())))
                    .collect();
                first = Some(Vec::new());
            }
            for group in found.iter().skip(1).flatten() {
                let view = View {
                    record,
                    value: Some(ByteString::from(group.as_str())),
                    has_line: false,
                };
                let mut made = String::new();
                self.template.run(&view, &mut made).ok()?;
                // A group inside of another one is replaced with it.
                if copied <= group.start() {
                    out.push_str(&input[copied..group.start()]);
                    out.push_str(&made);
                    copied = group.end();
                }
                match became.iter_mut().find(|(text, _)| *text == group.as_str()) {
                    Some((_, old)) => *old = made,
                    None if first_texts.iter().any(|(_, text)| *text == group.as_str()) => {
                        became.push((group.as_str(), made));
                    }
                    None => {}
                }
            }
        }
        let mut named = first?;
        out.push_str(&input[copied..]);
        for (name, text) in first_texts {
            if let Some((_, made)) = became.iter().find(|(known, _)| *known == text) {
                named.push((name.clone(), made.clone()));
            }
        }
        Some((out, named))
    }
}

impl Stage for Replace {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let Some(input) = record.input(self.source.as_deref()) else {
            return Flow::Next;
        };
        let Some((replaced, named)) = self.replace(record, &input) else {
            return Flow::Next;
        };
        match &self.source {
            Some(source) => record.extract(source, Extracted::Text(replaced.into())),
            None => record.line = replaced.into(),
        }
        for (name, made) in named {
            record.extract(&name, Extracted::Text(made.into()));
        }
        Flow::Next
    }
}
