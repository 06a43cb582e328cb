//! An entry on its way through the stages: the line, what was extracted from it, and its labels as they change.

use crate::signals::{Ack, Entry, Labels};
use bytestring::ByteString;
use river_eval::Str;
use smallvec::SmallVec;
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
    /// Labels set (`Some`) and taken away (`None`), the last of a name counts.
    edits: SmallVec<[(Str, Option<ByteString>); 8]>,
    extracted: SmallVec<[(Str, Extracted); 8]>,
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
            edits: self
                .edits
                .iter()
                .map(|(name, value)| (name.clone(), value.as_ref().map(own)))
                .collect(),
            extracted: self
                .extracted
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Extracted::Text(text) => Extracted::Text(own(text)),
                        other => other.clone(),
                    };
                    (name.clone(), value)
                })
                .collect(),
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

    /// The changes to the labels.
    pub(crate) fn edits(&self) -> &[(Str, Option<ByteString>)] {
        &self.edits
    }

    /// A hash of the labels as they are now: the stream that stages tell entries apart by.
    pub(crate) fn stream(&self) -> u64 {
        use std::hash::Hasher;
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write_u64(self.base.hash());
        for (name, value) in &self.edits {
            hasher.write(name.as_bytes());
            hasher.write(value.as_deref().unwrap_or("").as_bytes());
        }
        hasher.finish()
    }

    /// A label as it is now.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        match self.edits.iter().rev().find(|(edited, _)| &**edited == name) {
            Some((_, value)) => value.as_deref(),
            None => self.base.get(name),
        }
    }

    /// Sets a label; an empty value takes it away.
    pub(crate) fn set_label(&mut self, name: &Str, value: ByteString) {
        self.edit(name, (!value.is_empty()).then_some(value));
    }

    /// Takes a label away.
    pub(crate) fn remove_label(&mut self, name: &Str) {
        self.edit(name, None);
    }

    fn edit(&mut self, name: &Str, value: Option<ByteString>) {
        match self.edits.iter_mut().find(|(edited, _)| edited == name) {
            Some((_, old)) => *old = value,
            None => self.edits.push((name.clone(), value)),
        }
    }

    /// All labels as they are now, in no order.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self
            .base
            .iter()
            .filter(|(name, _)| !self.edits.iter().any(|(edited, _)| &**edited == *name));
        let set = self
            .edits
            .iter()
            .filter_map(|(name, value)| Some((&**name, &**value.as_ref()?)));
        kept.chain(set)
    }

    /// What is extracted under a name. The labels that the entry came with count as extracted, as in Promtail.
    pub(crate) fn extracted(&self, name: &str) -> Option<Cow<'_, Extracted>> {
        match self.extracted.iter().find(|(extracted, _)| &**extracted == name) {
            Some((_, Extracted::Gone)) => None,
            Some((_, value)) => Some(Cow::Borrowed(value)),
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
        match self.extracted.iter_mut().find(|(extracted, _)| extracted == name) {
            Some((_, old)) => *old = value,
            None => self.extracted.push((name.clone(), value)),
        }
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
        extracted
            .retain(|(name, _)| base.get(name).is_none() || edits.iter().any(|(edited, _)| edited == name));
        for (name, value) in edits.iter() {
            let Some(value) = value else { continue };
            let value = Extracted::Text(value.clone());
            match extracted.iter_mut().find(|(extracted, _)| extracted == name) {
                Some((_, old)) => *old = value,
                None => extracted.push((name.clone(), value)),
            }
        }
    }

    /// Everything extracted by a stage, and the labels that the entry came with.
    pub(crate) fn all_extracted(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let of_labels = self
            .base
            .iter()
            .filter(|(name, _)| !self.extracted.iter().any(|(extracted, _)| &**extracted == *name));
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
            .filter(|(name, _)| !self.extracted.iter().any(|(extracted, _)| &**extracted == *name));
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

    /// Sets structured metadata.
    pub(crate) fn set_metadata(&mut self, name: &str, value: &str) {
        let metadata = self.metadata.get_or_insert_default();
        match metadata.iter_mut().find(|(key, _)| &**key == name) {
            Some((_, old)) => *old = value.into(),
            None => metadata.push((name.into(), value.into())),
        }
    }
}
