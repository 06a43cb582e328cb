//! `stage.truncate`: cuts lines, labels, structured metadata and extracted values that are too long.

use super::super::arguments::{self, TruncateSource};
use super::super::pipeline::{Flow, Outlet, Stage, StageMetrics};
use super::super::record::{Extracted, Record};
use crate::component::metrics::IntCounter;
use bytestring::ByteString;
use river_eval::Str;

/// Fields that can be cut, in the order in which `truncated` names them.
const FIELDS: [&str; 4] = ["extracted", "label", "line", "structured_metadata"];

/// Which of [`FIELDS`].
#[derive(Clone, Copy)]
enum Field {
    Extracted,
    Label,
    Line,
    Metadata,
}

pub(super) struct Truncate {
    rules: Vec<Rule>,
    counters: [IntCounter; 4],
    /// The extracted value that names what was cut.
    truncated: Str,
}

struct Rule {
    field: Field,
    cut: Cut,
    sources: Vec<Str>,
}

struct Cut {
    /// Bytes without the suffix.
    limit: usize,
    suffix: String,
}

impl Cut {
    /// A text that is too long, cut; never inside a character.
    fn apply(&self, text: &str) -> Option<String> {
        if text.len() <= self.limit {
            return None;
        }
        let kept = crate::text::start(text, self.limit);
        let mut cut = String::with_capacity(kept.len() + self.suffix.len());
        cut.push_str(kept);
        cut.push_str(&self.suffix);
        Some(cut)
    }
}

impl Truncate {
    pub(super) fn new(arguments: &arguments::Truncate, metrics: &StageMetrics) -> Self {
        let rule = |rule: &arguments::TruncateRule| Rule {
            field: match rule.source_type {
                TruncateSource::Unset | TruncateSource::Line => Field::Line,
                TruncateSource::Label => Field::Label,
                TruncateSource::StructuredMetadata => Field::Metadata,
                TruncateSource::Extracted => Field::Extracted,
            },
            cut: Cut {
                limit: usize::try_from(rule.limit.0)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(rule.suffix.len()),
                suffix: rule.suffix.clone(),
            },
            sources: rule.sources.iter().map(|name| Str::from(name.as_str())).collect(),
        };
        Self {
            rules: arguments.rules.iter().map(rule).collect(),
            counters: FIELDS.map(|field| metrics.truncated.with_label_values(&[field])),
            truncated: "truncated".into(),
        }
    }
}

impl Rule {
    fn is_for(&self, name: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|source| &**source == name)
    }

    /// Cuts what is too long in a record; how much that is.
    fn apply(&self, record: &mut Record) -> u64 {
        match self.field {
            Field::Line => match self.cut.apply(&record.line) {
                Some(line) => {
                    record.line = line.into();
                    1
                }
                None => 0,
            },
            Field::Label => {
                let cut = record.labels().filter(|(name, _)| self.is_for(name));
                let cut = cut.filter_map(|(name, value)| Some((Str::from(name), self.cut.apply(value)?)));
                let cut: Vec<(Str, String)> = cut.collect();
                for (name, value) in &cut {
                    record.set_label(name, value.as_str().into());
                }
                cut.len() as u64
            }
            Field::Metadata => {
                let mut count = 0;
                for (name, value) in record.metadata.iter_mut().flatten() {
                    if self.is_for(name)
                        && let Some(cut) = self.cut.apply(value)
                    {
                        *value = cut.into();
                        count += 1;
                    }
                }
                count
            }
            Field::Extracted => {
                let cut = record.all_extracted_texts().filter(|(name, _)| self.is_for(name));
                let cut = cut.filter_map(|(name, value)| Some((Str::from(name), self.cut.apply(value)?)));
                let cut: Vec<(Str, String)> = cut.collect();
                let count = cut.len() as u64;
                for (name, value) in cut {
                    record.extract(&name, Extracted::Text(value.into()));
                }
                count
            }
        }
    }
}

impl Stage for Truncate {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let mut cut = [false; 4];
        for rule in &self.rules {
            let count = rule.apply(record);
            if count == 0 {
                continue;
            }
            let at = rule.field as usize;
            if let (Some(counter), Some(cut)) = (self.counters.get(at), cut.get_mut(at)) {
                counter.inc_by(count);
                *cut = true;
            }
        }
        if cut.contains(&true) {
            let earlier = record.extracted_text(&self.truncated).unwrap_or_default();
            let mut names: Vec<&str> = earlier.split(',').filter(|name| !name.is_empty()).collect();
            names.extend(
                FIELDS
                    .iter()
                    .zip(cut)
                    .filter_map(|(name, cut)| cut.then_some(*name)),
            );
            names.sort_unstable();
            names.dedup();
            let names = ByteString::from(names.join(","));
            record.extract(&self.truncated, Extracted::Text(names));
        }
        Flow::Next
    }
}
