//! Label sets: sorted name-value pairs in one shared allocation, as series and log streams carry them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A sorted set of labels. Cloning shares; equality compares the bytes.
///
/// Layout: for each pair in order of names `len(name) name len(value) value`, each length as a run of bytes below 0x80. One allocation for
/// a whole set, as a scrape keeps tens of thousands of them.
#[derive(Clone, Eq)]
pub struct Labels {
    /// A hash of the bytes, kept as it picks shards and buckets for each sample.
    hash: u64,
    bytes: Arc<str>,
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        // Entries of a stream nearly always share one set.
        self.hash == other.hash && (Arc::ptr_eq(&self.bytes, &other.bytes) || self.bytes == other.bytes)
    }
}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::from_sorted(std::iter::empty())
    }
}

/// Appends a length. Each byte is below 0x80, so that the whole is valid UTF-8: seven bits a byte, a run of
/// continuation bytes is marked by 0x7f (meaning: add 127 and go on).
fn push_length(out: &mut String, mut length: usize) {
    while length >= 127 {
        out.push('\u{7f}');
        length -= 127;
    }
    out.push(char::from(length as u8));
}

fn read_length(bytes: &[u8], at: &mut usize) -> usize {
    let mut length = 0;
    while let Some(&byte) = bytes.get(*at) {
        *at += 1;
        length += byte as usize;
        if byte != 127 {
            break;
        }
    }
    length
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    let mixed = hasher.finish();
    // FxHash leaves weak low bits; shards are picked by them.
    (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Labels {
    /// Makes a set of pairs that are sorted by name and have no name twice. Pairs with an empty value are left out, as an
    /// empty value means an absent label (Prometheus data model).
    pub fn from_sorted<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut bytes = String::new();
        for (name, value) in pairs {
            if value.is_empty() {
                continue;
            }
            push_length(&mut bytes, name.len());
            bytes.push_str(name);
            push_length(&mut bytes, value.len());
            bytes.push_str(value);
        }
        Self {
            hash: hash_bytes(bytes.as_bytes()),
            bytes: bytes.into(),
        }
    }

    /// Makes a set of pairs in any order; of a name given twice the last value counts.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// The pairs in order of their names.
    pub fn iter(&self) -> LabelsIter<'_> {
        LabelsIter {
            bytes: &self.bytes,
            at: 0,
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many labels.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// A hash of the whole set; equal sets have equal hashes within a process.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// A set to change.
    pub fn builder(&self) -> LabelsBuilder {
        LabelsBuilder {
            pairs: self
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

impl fmt::Display for Labels {
    /// `{a="1", b="2"}`, the form that Prometheus and Loki print and that Loki's push API takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            write!(f, "{}{name}={value:?}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The pairs of a set.
#[derive(Clone, Debug)]
pub struct LabelsIter<'a> {
    bytes: &'a str,
    at: usize,
}

impl<'a> LabelsIter<'a> {
    fn piece(&mut self) -> Option<&'a str> {
        let length = read_length(self.bytes.as_bytes(), &mut self.at);
        let piece = self.bytes.get(self.at..self.at + length)?;
        self.at += length;
        Some(piece)
    }
}

impl<'a> Iterator for LabelsIter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        Some((self.piece()?, self.piece()?))
    }
}

/// A set of labels under change, kept sorted.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
}

impl LabelsBuilder {
    /// Sets a label; an empty value takes it away.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        match self.pairs.binary_search_by(|(key, _)| key.as_str().cmp(name)) {
            Ok(at) if value.is_empty() => {
                self.pairs.remove(at);
            }
            Ok(at) => value.clone_into(&mut self.pairs[at].1),
            Err(_) if value.is_empty() => {}
            Err(at) => self.pairs.insert(at, (name.into(), value.into())),
        }
        self
    }

    /// Takes a label away.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.set(name, "")
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self
            .pairs
            .binary_search_by(|(key, _)| key.as_str().cmp(name))
            .ok()?;
        Some(&self.pairs[at].1)
    }

    /// Keeps the labels for which the function answers true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) -> &mut Self {
        self.pairs.retain(|(name, value)| keep(name, value));
        self
    }

    /// The pairs in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The finished set.
    pub fn build(&self) -> Labels {
        Labels::from_sorted(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_sorted_and_whole() {
        let long = "x".repeat(400);
        let labels = Labels::from_pairs([("b", "2"), ("a", long.as_str()), ("empty", ""), ("b", "3")]);
        assert_eq!(
            labels.iter().collect::<Vec<_>>(),
            [("a", long.as_str()), ("b", "3")]
        );
        assert_eq!(labels.get("b"), Some("3"));
        assert_eq!(labels, Labels::from_sorted([("a", long.as_str()), ("b", "3")]));
    }

    #[test]
    fn lengths_around_the_marker_survive() {
        for length in [0, 1, 126, 127, 128, 253, 254, 255, 1000] {
            let value = "é".repeat(length) + "v";
            let labels = Labels::from_pairs([("n", value.as_str()), ("z", "end")]);
            assert_eq!(labels.get("n"), Some(value.as_str()), "length {length}");
            assert_eq!(labels.get("z"), Some("end"), "length {length}");
        }
    }
}
