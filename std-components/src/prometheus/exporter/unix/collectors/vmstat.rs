//! Counts of the memory management, from `/proc/vmstat`.

use super::Collector;
use crate::component::BuildError;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::filter::expression;
use crate::prometheus::exporter::unix::{Failure, Files};
use regex::Regex;
use rustc_hash::FxHashMap;

/// The collector.
pub(super) struct Vmstat {
    fields: Regex,
    /// Whether a field is told: an expression is matched once for each.
    told: FxHashMap<Box<str>, bool>,
}

impl Vmstat {
    pub(super) fn new(arguments: &crate::prometheus::exporter::unix::Vmstat) -> Result<Self, BuildError> {
        Ok(Self {
            fields: expression("fields", &arguments.fields)?,
            told: FxHashMap::default(),
        })
    }
}

impl Collector for Vmstat {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        for line in files.proc("vmstat")?.lines() {
            let Some((field, value)) = line.split_once(' ') else {
                return Err(Failure::parse("vmstat", format!("no value in {line:?}")));
            };
            let told = match self.told.get(field) {
                Some(told) => *told,
                None => {
                    let told = self.fields.is_match(field);
                    self.told.insert(field.into(), told);
                    told
                }
            };
            if !told {
                continue;
            }
            let value: f64 = value
                .trim()
                .parse()
                .map_err(|_| Failure::parse("vmstat", format!("not a number at {field}")))?;
            out.named(
                format_args!("node_vmstat_{field}"),
                format_args!("/proc/vmstat information field {field}."),
                Kind::Untyped,
            )
            .value(value);
        }
        Ok(())
    }
}
