//! An entry on its way through the stages: the line, what was extracted from it, and its labels as they change.

use super::pipeline::Flow;
use super::slots::Slots;
use crate::signals::{Ack, Entry, Labels};
use bytestring::ByteString;
use river_eval::Str;
use std::borrow::Cow;
use std::sync::Arc;

/// Structured metadata while it changes.
pub(crate) type Metadata = Vec<(Box<str>, Box<str>)>;

/// A value that a stage extracted; the kinds that JSON has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Extracted {
    /// A slice of the line where possible.
    Text(ByteString),
    Number(f64),
    Bool(bool),
    Null,
    /// Taken away, although a label that the entry came with has the name.
    Gone,
}

impl Extracted {
    /// The text of it, as the reference converts values; null has none.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(format!("{number}"))),
            Self::Bool(true) => Some(Cow::Borrowed("true")),
            Self::Bool(false) => Some(Cow::Borrowed("false")),
            Self::Null | Self::Gone => None,
        }
    }
}

/// An entry among the stages. One is used again for every entry of a batch, so that its vectors keep their room.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) line: ByteString,
    /// Nanoseconds since 1970.
    pub(crate) timestamp: i64,
    pub(crate) metadata: Option<Metadata>,
    /// The labels that the entry came with.
    base: Labels,
    /// Labels set (`Some`) and taken away (`None`).
    edits: Slots<Option<ByteString>>,
    extracted: Slots<Extracted>,
    /// Acknowledgements of other batches that went into this entry (partial lines).
    pub(crate) acks: Vec<Ack>,
}

impl Record {
    /// Takes an entry in.
    pub(crate) fn load(&mut self, entry: Entry) {
        self.line = entry.line;
        self.timestamp = entry.timestamp;
        self.metadata = entry.metadata.map(|metadata| metadata.to_vec());
        self.base = entry.labels;
        self.edits.clear();
        self.extracted.clear();
    }

    /// The finished entry.
    pub(crate) fn unload(&mut self, labels: Labels) -> Entry {
        Entry {
            labels,
            timestamp: self.timestamp,
            line: std::mem::take(&mut self.line),
            metadata: self
                .metadata
                .take()
                .filter(|metadata| !metadata.is_empty())
                .map(Arc::from),
        }
    }

    /// A copy to keep beyond this batch: slices of read buffers are copied, so that they can be freed.
    ///
    /// Its share in earlier batches goes along: a second one, left here, would have to end well, too.
    pub(crate) fn detach(&mut self, ack: Ack) -> Self {
        let own = |text: &ByteString| ByteString::from(text.to_string());
        let mut acks = std::mem::take(&mut self.acks);
        acks.push(ack);
        Self {
            line: own(&self.line),
            timestamp: self.timestamp,
            metadata: self.metadata.clone(),
            base: self.base.clone(),
            edits: self.edits.map(|value| value.as_ref().map(own)),
            extracted: self.extracted.map(|value| match value {
                Extracted::Text(text) => Extracted::Text(own(text)),
                other => other.clone(),
            }),
            acks,
        }
    }

    /// A copy without a share in any batch.
    pub(crate) fn copy(&self) -> Self {
        Self {
            line: self.line.clone(),
            timestamp: self.timestamp,
            metadata: self.metadata.clone(),
            base: self.base.clone(),
            edits: self.edits.clone(),
            extracted: self.extracted.clone(),
            acks: Vec::new(),
        }
    }

    /// The labels before any change.
    pub(crate) fn base(&self) -> &Labels {
        &self.base
    }

    /// The changes to the labels, by name: set or taken away. In an order that may be another one for the next entry.
    pub(crate) fn edits(&self) -> impl Iterator<Item = (&Str, Option<&str>)> {
        self.edits.iter().map(|(name, value)| (name, value.as_deref()))
    }

    /// Whether the labels are as they came.
    pub(crate) fn is_unedited(&self) -> bool {
        self.edits.is_empty()
    }

    /// A hash of the labels as they are now: the stream that stages tell entries apart by.
    pub(crate) fn stream(&self) -> u64 {
        use std::hash::Hasher;
        let of_edit = |(name, value): (&Str, Option<&str>)| {
            let mut hasher = rustc_hash::FxHasher::default();
            hasher.write(name.as_bytes());
            hasher.write(value.unwrap_or("").as_bytes());
            hasher.finish()
        };
        // A sum, as it is the same in any order.
        let edits = self.edits().map(of_edit).fold(0_u64, u64::wrapping_add);
        self.base.hash().wrapping_add(edits)
    }

    /// A label as it is now.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        match self.edits.get(name) {
            Some(value) => value.as_deref(),
            None => self.base.get(name),
        }
    }

    /// Sets a label; an empty value takes it away.
    pub(crate) fn set_label(&mut self, name: &Str, value: ByteString) {
        self.edits.set(name, (!value.is_empty()).then_some(value));
    }

    /// Takes a label away.
    pub(crate) fn remove_label(&mut self, name: &Str) {
        self.edits.set(name, None);
    }

    /// All labels as they are now, in no order.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self
            .base
            .iter()
            .filter(|(name, _)| self.edits.get(name).is_none());
        let set = self.edits().filter_map(|(name, value)| Some((&**name, value?)));
        kept.chain(set)
    }

    /// What is extracted under a name. The labels that the entry came with count as extracted, as in Promtail.
    pub(crate) fn extracted(&self, name: &str) -> Option<Cow<'_, Extracted>> {
        match self.extracted.get(name) {
            Some(Extracted::Gone) => None,
            Some(value) => Some(Cow::Borrowed(value)),
            None => self
                .base
                .get(name)
                .map(|value| Cow::Owned(Extracted::Text(value.to_owned().into()))),
        }
    }

    /// The text that is extracted under a name; a slice where it is one already.
    pub(crate) fn extracted_text(&self, name: &str) -> Option<ByteString> {
        match self.extracted(name)?.as_ref() {
            Extracted::Text(text) => Some(text.clone()),
            other => Some(other.text()?.into_owned().into()),
        }
    }

    /// Extracts a value; the last of a name counts.
    pub(crate) fn extract(&mut self, name: &Str, value: Extracted) {
        self.extracted.set(name, value);
    }

    /// Forgets what is extracted under a name.
    pub(crate) fn forget(&mut self, name: &Str) {
        if self.extracted(name).is_some() {
            self.extract(name, Extracted::Gone);
        }
    }

    /// Makes the labels as they are now count as extracted, as they do where stages of their own begin.
    pub(crate) fn extract_labels(&mut self) {
        let Self {
            base,
            edits,
            extracted,
            ..
        } = self;
        // A label as it came counts wherever nothing else is extracted.
        extracted.retain(|name| base.get(name).is_none() || edits.get(name).is_some());
        for (name, value) in edits.iter() {
            if let Some(value) = value {
                extracted.set(name, Extracted::Text(value.clone()));
            }
        }
    }

    /// Everything extracted by a stage, and the labels that the entry came with.
    pub(crate) fn all_extracted(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let of_labels = self
            .base
            .iter()
            .filter(|(name, _)| self.extracted.get(name).is_none());
        let of_stages = self
            .extracted
            .iter()
            .filter_map(|(name, value)| Some((&**name, value.text()?)));
        of_labels
            .map(|(name, value)| (name, Cow::Borrowed(value)))
            .chain(of_stages)
    }

    /// What is extracted as a text, and the labels that the entry came with.
    pub(crate) fn all_extracted_texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_labels = self
            .base
            .iter()
            .filter(|(name, _)| self.extracted.get(name).is_none());
        let of_stages = self.extracted.iter().filter_map(|(name, value)| match value {
            Extracted::Text(text) => Some((&**name, &**text)),
            _ => None,
        });
        of_labels.chain(of_stages)
    }

    /// The text that a stage with an optional `source` works on.
    pub(crate) fn input(&self, source: Option<&str>) -> Option<ByteString> {
        match source {
            None => Some(self.line.clone()),
            Some(source) => self.extracted_text(source),
        }
    }

    /// Lends a stage that leaves the line as it is the text that it works on. The line is lent and put back, as another reference to the read buffer
    /// that it is a slice of would be counted, beside other threads that do so.
    pub(crate) fn with_input(
        &mut self,
        source: Option<&str>,
        work: impl FnOnce(&mut Self, &ByteString) -> Flow,
    ) -> Flow {
        if let Some(source) = source {
            return match self.extracted_text(source) {
                Some(text) => work(self, &text),
                None => Flow::Next,
            };
        }
        let line = std::mem::take(&mut self.line);
        let flow = work(self, &line);
        self.line = line;
        flow
    }

    /// Sets structured metadata.
    pub(crate) fn set_metadata(&mut self, name: &str, value: &str) {
        let metadata = self.metadata.get_or_insert_default();
        match metadata.iter_mut().find(|(key, _)| &**key == name) {
            Some((_, old)) => *old = value.into(),
            None => metadata.push((name.into(), value.into())),
        }
    }
}
