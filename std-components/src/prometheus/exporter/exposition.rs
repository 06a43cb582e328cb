//! The Prometheus text format 0.0.4, written into buffers that are kept from page to page.
//!
//! Samples may come in any order from any number of places; [`Writer::finish`] prints each family once, in order of names, as Go's client
//! does. After the first page nothing is allocated for a family that was seen before.

use rustc_hash::FxHashMap;
use std::fmt::{self, Display, Write as _};

pub use crate::text::go_float::push_float;

/// What a family's `# TYPE` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the format's")]
pub enum Kind {
    Counter,
    Gauge,
    Untyped,
    Histogram,
    Summary,
}

impl Kind {
    /// As the format spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Untyped => "untyped",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// A page holds at most this many families; what comes above it is counted and left out.
pub const MAX_FAMILIES: usize = 16_384;

/// This many families may be kept that the last page did not print.
const MAX_IDLE_FAMILIES: usize = 1024;

#[derive(Debug)]
struct Family {
    name: Box<str>,
    /// The two comment lines.
    head: String,
    body: String,
}

/// Collects samples by family. See the module.
#[derive(Debug, Default)]
pub struct Writer {
    families: Vec<Family>,
    by_name: FxHashMap<Box<str>, usize>,
    /// Places in `families`, sorted by name; shorter than `families` when new ones came.
    order: Vec<usize>,
    name: String,
    overflow: Family,
    left_out: u64,
}

impl Default for Family {
    fn default() -> Self {
        Self {
            name: "".into(),
            head: String::new(),
            body: String::new(),
        }
    }
}

/// Takes the samples of a family.
#[derive(Debug)]
pub struct FamilyWriter<'w> {
    family: &'w mut Family,
}

impl Writer {
    /// Begins a new page.
    pub fn clear(&mut self) {
        let idle = self.families.iter().filter(|family| family.body.is_empty());
        if self.left_out > 0 || idle.count() > MAX_IDLE_FAMILIES {
            // Names that came and went (text files, sensors) must not fill the table for ever.
            self.families.clear();
            self.by_name.clear();
            self.order.clear();
        }
        for family in &mut self.families {
            family.body.clear();
        }
        self.overflow.body.clear();
        self.left_out = 0;
    }

    /// The family with this name. The first help and type given for a name stand.
    pub fn family(&mut self, name: &str, help: impl Display, kind: Kind) -> FamilyWriter<'_> {
        let at = match self.by_name.get(name) {
            Some(&at) => at,
            None if self.families.len() >= MAX_FAMILIES => {
                self.left_out += 1;
                self.overflow.body.clear();
                return FamilyWriter {
                    family: &mut self.overflow,
                };
            }
            None => {
                let mut head = format!("# HELP {name} ");
                push_escaped(&mut head, &help.to_string(), false);
                // Writing into a String cannot fail.
                let _ = write!(head, "\n# TYPE {name} {}\n", kind.as_str());
                self.families.push(Family {
                    name: name.into(),
                    head,
                    body: String::new(),
                });
                self.by_name.insert(name.into(), self.families.len() - 1);
                self.families.len() - 1
            }
        };
        match self.families.get_mut(at) {
            Some(family) => FamilyWriter { family },
            None => FamilyWriter {
                family: &mut self.overflow,
            },
        }
    }

    /// The same for a name that is put together: `out.named(format_args!("node_memory_{key}"), …)` allocates nothing.
    pub fn named(
        &mut self,
        name: fmt::Arguments<'_>,
        help: fmt::Arguments<'_>,
        kind: Kind,
    ) -> FamilyWriter<'_> {
        let mut text = std::mem::take(&mut self.name);
        text.clear();
        let _ = text.write_fmt(name);
        let known = self.by_name.get(text.as_str()).copied();
        if known.is_none() {
            self.family(&text, help, kind);
        }
        let at = known.or_else(|| self.by_name.get(text.as_str()).copied());
        self.name = text;
        match at.and_then(|at| self.families.get_mut(at)) {
            Some(family) => FamilyWriter { family },
            None => FamilyWriter {
                family: &mut self.overflow,
            },
        }
    }

    /// A gauge.
    pub fn gauge(&mut self, name: &str, help: &str) -> FamilyWriter<'_> {
        self.family(name, help, Kind::Gauge)
    }

    /// A counter.
    pub fn counter(&mut self, name: &str, help: &str) -> FamilyWriter<'_> {
        self.family(name, help, Kind::Counter)
    }

    /// How many samples the bound [`MAX_FAMILIES`] has kept off this page.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Appends the page.
    pub fn finish(&mut self, out: &mut String) {
        if self.order.len() != self.families.len() {
            self.order.clear();
            self.order.extend(0..self.families.len());
            let families = &self.families;
            self.order
                .sort_unstable_by_key(|&at| families.get(at).map(|family| &*family.name));
        }
        let families = self.order.iter().filter_map(|&at| self.families.get(at));
        for family in families.filter(|family| !family.body.is_empty()) {
            out.push_str(&family.head);
            out.push_str(&family.body);
        }
    }
}

impl FamilyWriter<'_> {
    /// A sample without labels.
    pub fn value(&mut self, value: f64) -> &mut Self {
        self.sample(&[], value)
    }

    /// A sample. Label names are printed as they are: they are constants of the exporters.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) -> &mut Self {
        let Family { name, body, .. } = &mut *self.family;
        body.push_str(name);
        let mut mark = '{';
        for (name, value) in labels {
            body.push(mark);
            mark = ',';
            body.push_str(name);
            body.push_str("=\"");
            push_escaped(body, value, true);
            body.push('"');
        }
        if mark == ',' {
            body.push('}');
        }
        body.push(' ');
        push_float(body, value);
        body.push('\n');
        self
    }

    /// A sample whose name and labels are written already: `foo_bucket{le="1"}`.
    pub fn raw(&mut self, series: &str, value: f64) -> &mut Self {
        let body = &mut self.family.body;
        body.push_str(series);
        body.push(' ');
        push_float(body, value);
        body.push('\n');
        self
    }
}

/// Escapes a help text (backslash, line feed) or a label's value (the quote as well).
fn push_escaped(out: &mut String, text: &str, quote: bool) {
    let special = |byte: u8| byte == b'\\' || byte == b'\n' || (quote && byte == b'"');
    if !text.bytes().any(special) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quote => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_headed_once_and_families_are_sorted() {
        let mut writer = Writer::default();
        let mut page = String::new();
        for _ in 0..2 {
            writer.clear();
            writer
                .gauge("b", "A \"b\"\\\n.")
                .sample(&[("x", "a\"\\\nb"), ("y", "é")], 1.5);
            writer
                .named(
                    format_args!("a_{}", "total"),
                    format_args!("An {}.", "a"),
                    Kind::Counter,
                )
                .value(2.0);
            writer.gauge("b", "another help").sample(&[("x", "")], 3.0);
            page.clear();
            writer.finish(&mut page);
        }
        insta::assert_snapshot!(page, @r#"
        # HELP a_total An a.
        # TYPE a_total counter
        a_total 2
        # HELP b A "b"\\\n.
        # TYPE b gauge
        b{x="a\"\\\nb",y="é"} 1.5
        b{x=""} 3
        "#);
    }

    #[test]
    fn families_are_bounded() {
        let mut writer = Writer::default();
        for at in 0..MAX_FAMILIES + 3 {
            writer
                .named(format_args!("m{at}"), format_args!("."), Kind::Gauge)
                .value(1.0);
        }
        assert_eq!(writer.left_out(), 3);
        writer.clear();
        writer.gauge("again", ".").value(1.0);
        let mut page = String::new();
        writer.finish(&mut page);
        assert_eq!(page.lines().count(), 3);
    }

    proptest::proptest! {
        #[test]
        fn numbers_read_back_the_same(bits in proptest::num::u64::ANY) {
            let value = f64::from_bits(bits);
            let mut text = String::new();
            push_float(&mut text, value);
            let back: f64 = text.parse().unwrap();
            assert!(value.is_nan() && back.is_nan() || value == back, "{value:e}");
        }
    }
}
