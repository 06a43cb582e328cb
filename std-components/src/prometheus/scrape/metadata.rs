//! What a page says of its metric families, kept as long as it says the same.

use super::cycle::{Failure, Page};
use super::exposition::{Item, Reader};
use crate::signals::{Metadata, MetricType};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The families of the last page.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    families: Option<Arc<[Metadata]>>,
    by_name: FxHashMap<Box<str>, usize>,
}

impl Cache {
    /// Reads a page's metadata; true if it differs from the last page's.
    ///
    /// # Errors
    /// The page is malformed.
    pub(crate) fn read(&mut self, page: Page<'_>) -> Result<bool, Failure> {
        let mut families: Vec<Metadata> = Vec::new();
        let mut by_name: FxHashMap<Box<str>, usize> = FxHashMap::default();
        let mut reader = Reader::new(page.bytes, page.format);
        while let Some(item) = reader.next(None)? {
            let name = match item {
                Item::Help(name, _) | Item::Type(name, _) | Item::Unit(name, _) => {
                    String::from_utf8_lossy(name)
                }
                Item::Series(_) => continue,
            };
            let place = *by_name.entry(name.as_ref().into()).or_insert_with(|| {
                families.push(Metadata {
                    family: name.as_ref().into(),
                    kind: MetricType::Unknown,
                    help: "".into(),
                    unit: "".into(),
                });
                families.len() - 1
            });
            let Some(family) = families.get_mut(place) else {
                continue;
            };
            match item {
                Item::Help(_, help) => family.help = super::exposition::unescape(help, false).into(),
                Item::Type(_, kind) => family.kind = kind,
                Item::Unit(_, unit) => family.unit = String::from_utf8_lossy(unit).into(),
                Item::Series(_) => {}
            }
        }
        if self.families.as_deref().unwrap_or_default() == families {
            return Ok(false);
        }
        self.families = (!families.is_empty()).then(|| families.into());
        self.by_name = by_name;
        Ok(true)
    }

    /// The families, if there are any.
    pub(crate) fn families(&self) -> Option<Arc<[Metadata]>> {
        self.families.clone()
    }

    /// The family of a series by its name, with or without the suffix that its type adds.
    pub(crate) fn family(&self, series: &str) -> Option<&Metadata> {
        let stems = ["_total", "_bucket", "_sum", "_count", "_created", "_info"];
        let mut names =
            std::iter::once(series).chain(stems.iter().filter_map(|suffix| series.strip_suffix(suffix)));
        let place = names.find_map(|name| self.by_name.get(name))?;
        self.families.as_ref()?.get(*place)
    }
}

/// As `# TYPE` lines spell it.
pub(crate) fn type_name(kind: MetricType) -> &'static str {
    match kind {
        MetricType::Unknown => "unknown",
        MetricType::Counter => "counter",
        MetricType::Gauge => "gauge",
        MetricType::Histogram => "histogram",
        MetricType::GaugeHistogram => "gaugehistogram",
        MetricType::Summary => "summary",
        MetricType::Info => "info",
        MetricType::StateSet => "stateset",
    }
}
