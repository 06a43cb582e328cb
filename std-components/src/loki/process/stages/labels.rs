//! Stages that change labels, the tenant and structured metadata.

use super::super::arguments::{self, SourceType};
use super::super::pipeline::{Flow, Outlet, Stage};
use super::super::record::Record;
use crate::text::re2;
use bytestring::ByteString;
use river_eval::Str;
use std::collections::BTreeMap;

/// Names with the source of each; an empty or null source is the name itself.
fn sources(values: &BTreeMap<String, Option<String>>) -> Vec<(Str, Str)> {
    let source = |(name, source): (&String, &Option<String>)| {
        let source = source
            .as_deref()
            .filter(|source| !source.is_empty())
            .unwrap_or(name);
        (Str::from(name.as_str()), Str::from(source))
    };
    values.iter().map(source).collect()
}

fn names(values: &[String]) -> Vec<Str> {
    values.iter().map(|name| Str::from(name.as_str())).collect()
}

/// `stage.labels`.
pub(super) struct Set {
    labels: Vec<(Str, Str)>,
    from_metadata: bool,
}

impl Set {
    pub(super) fn new(arguments: &arguments::Labels) -> Self {
        Self {
            labels: sources(&arguments.values),
            from_metadata: arguments.source_type == Some(SourceType::StructuredMetadata),
        }
    }
}

impl Stage for Set {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        for (name, source) in &self.labels {
            let value = if self.from_metadata {
                let metadata = record.metadata.iter().flatten();
                metadata
                    .clone()
                    .find(|(key, _)| **key == **source)
                    .map(|(_, value)| ByteString::from(&**value))
            } else {
                record.extracted_text(source)
            };
            if let Some(value) = value {
                record.set_label(name, value);
            }
        }
        Flow::Next
    }
}

/// `stage.static_labels`.
pub(super) struct Static {
    labels: Vec<(Str, ByteString)>,
}

impl Static {
    pub(super) fn new(arguments: &arguments::StaticLabels) -> Self {
        let set = arguments
            .values
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let set = set.filter(|(_, value)| !value.is_empty());
        Self {
            labels: set
                .map(|(name, value)| (Str::from(name.as_str()), ByteString::from(value)))
                .collect(),
        }
    }
}

impl Stage for Static {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        for (name, value) in &self.labels {
            record.set_label(name, value.clone());
        }
        Flow::Next
    }
}

/// `stage.label_drop`.
pub(super) struct Remove {
    names: Vec<Str>,
}

impl Remove {
    pub(super) fn new(values: &[String]) -> Self {
        Self { names: names(values) }
    }
}

impl Stage for Remove {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        for name in &self.names {
            if record.label(name).is_some() {
                record.remove_label(name);
            }
        }
        Flow::Next
    }
}

/// `stage.label_keep`.
pub(super) struct Keep {
    names: Vec<Str>,
}

impl Keep {
    pub(super) fn new(values: &[String]) -> Self {
        Self { names: names(values) }
    }
}

impl Stage for Keep {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let others = record
            .labels()
            .map(|(name, _)| name)
            .filter(|name| !self.names.iter().any(|kept| &**kept == *name));
        let others: Vec<Str> = others.map(Str::from).collect();
        for name in &others {
            record.remove_label(name);
        }
        Flow::Next
    }
}

/// The label that `loki.write` takes the tenant from (the reference's name).
pub(crate) const TENANT_LABEL: &str = "__tenant_id__";

/// `stage.tenant`.
pub(super) struct Tenant {
    name: Str,
    from: TenantFrom,
}

enum TenantFrom {
    Label(String),
    Source(String),
    Value(ByteString),
}

impl Tenant {
    pub(super) fn new(arguments: &arguments::Tenant) -> Self {
        let from = if !arguments.source.is_empty() {
            TenantFrom::Source(arguments.source.clone())
        } else if !arguments.label.is_empty() {
            TenantFrom::Label(arguments.label.clone())
        } else {
            TenantFrom::Value(arguments.value.as_str().into())
        };
        Self {
            name: TENANT_LABEL.into(),
            from,
        }
    }
}

impl Stage for Tenant {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let tenant = match &self.from {
            TenantFrom::Label(label) => record
                .label(label)
                .map(|value| ByteString::from(value.to_owned())),
            TenantFrom::Source(source) => record.extracted_text(source),
            TenantFrom::Value(value) => Some(value.clone()),
        };
        if let Some(tenant) = tenant.filter(|tenant| !tenant.is_empty()) {
            record.set_label(&self.name, tenant);
        }
        Flow::Next
    }
}

/// `stage.structured_metadata`.
pub(super) struct Metadata {
    values: Vec<(Str, Str)>,
    expression: Option<std::sync::Arc<regex::Regex>>,
}

impl Metadata {
    pub(super) fn new(arguments: &arguments::StructuredMetadata) -> Result<Self, String> {
        let expression = match arguments.regex.as_str() {
            "" => None,
            expression => Some(re2::shared(expression)?),
        };
        Ok(Self {
            values: sources(&arguments.values),
            expression,
        })
    }
}

impl Stage for Metadata {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        let mut found: Vec<(Str, ByteString)> = Vec::new();
        // Extracted values first, then labels, which turn into metadata and leave the stream.
        for (name, source) in &self.values {
            found.extend(record.extracted_text(source).map(|value| (name.clone(), value)));
        }
        if let Some(expression) = &self.expression {
            let matching = record
                .all_extracted()
                .filter(|(name, _)| expression.is_match(name));
            found.extend(
                matching.map(|(name, value)| (Str::from(name), ByteString::from(value.into_owned()))),
            );
        }
        let mut moved: Vec<Str> = Vec::new();
        for (name, source) in &self.values {
            if let Some(value) = record.label(source) {
                found.push((name.clone(), value.to_owned().into()));
                moved.push(source.clone());
            }
        }
        if let Some(expression) = &self.expression {
            let matching: Vec<(Str, ByteString)> = record
                .labels()
                .filter(|(name, _)| expression.is_match(name))
                .map(|(name, value)| (Str::from(name), value.to_owned().into()))
                .collect();
            moved.extend(matching.iter().map(|(name, _)| name.clone()));
            found.extend(matching);
        }
        for (name, value) in &found {
            record.set_metadata(name, value);
        }
        for name in &moved {
            record.remove_label(name);
        }
        Flow::Next
    }
}

/// `stage.structured_metadata_drop`.
pub(super) struct MetadataDrop {
    names: Vec<String>,
}

impl MetadataDrop {
    pub(super) fn new(values: &[String]) -> Self {
        Self {
            names: values.to_vec(),
        }
    }
}

impl Stage for MetadataDrop {
    fn process(&mut self, record: &mut Record, _: &mut Outlet<'_>) -> Flow {
        if let Some(metadata) = &mut record.metadata {
            metadata.retain(|(name, _)| !self.names.iter().any(|dropped| **dropped == **name));
        }
        Flow::Next
    }
}
