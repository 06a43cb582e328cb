//! Remote write 1.0 (`prometheus.WriteRequest`, <https://prometheus.io/docs/specs/prw/remote_write_spec/>) written field by field, straight from label
//! sets into one buffer.

use crate::signals::{Metadata, MetricType};
use prost::encoding::{encode_varint, encoded_len_varint};

/// A field's key: number and wire type 2 (bytes).
const fn bytes_field(number: u8) -> u8 {
    number << 3 | 2
}

const REQUEST_SERIES: u8 = bytes_field(1);
const REQUEST_METADATA: u8 = bytes_field(3);
const SERIES_LABELS: u8 = bytes_field(1);
const SERIES_SAMPLES: u8 = bytes_field(2);
const SERIES_EXEMPLARS: u8 = bytes_field(3);
const LABEL_NAME: u8 = bytes_field(1);
const LABEL_VALUE: u8 = bytes_field(2);
/// Wire type 1: eight bytes.
const SAMPLE_VALUE: u8 = 1 << 3 | 1;
const SAMPLE_TIMESTAMP: u8 = 2 << 3;
const EXEMPLAR_LABELS: u8 = bytes_field(1);
const EXEMPLAR_VALUE: u8 = 2 << 3 | 1;
const EXEMPLAR_TIMESTAMP: u8 = 3 << 3;
const METADATA_TYPE: u8 = 1 << 3;
const METADATA_FAMILY: u8 = bytes_field(2);
const METADATA_HELP: u8 = bytes_field(4);
const METADATA_UNIT: u8 = bytes_field(5);

fn field_length(length: usize) -> usize {
    1 + encoded_len_varint(length as u64) + length
}

fn put_head(out: &mut Vec<u8>, key: u8, length: usize) {
    // Nearly all lengths are of one byte.
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.extend_from_slice(&[key, short]),
        _ => {
            out.push(key);
            encode_varint(length as u64, out);
        }
    }
}

/// Text; left out where it is empty, as proto3 has it.
fn put_text(out: &mut Vec<u8>, key: u8, text: &str) {
    if !text.is_empty() {
        put_head(out, key, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

fn text_length(text: &str) -> usize {
    if text.is_empty() {
        0
    } else {
        field_length(text.len())
    }
}

fn label_length((name, value): (&str, &str)) -> usize {
    text_length(name) + text_length(value)
}

fn put_label(out: &mut Vec<u8>, key: u8, label: (&str, &str)) {
    put_head(out, key, label_length(label));
    put_text(out, LABEL_NAME, label.0);
    put_text(out, LABEL_VALUE, label.1);
}

/// Bytes of value and timestamp, which stand in samples and exemplars alike. The value is compared by its bits: staleness is one NaN among many,
/// and a negative zero is a value.
fn point_length(value: f64, timestamp: i64) -> usize {
    let value = if value.to_bits() == 0 { 0 } else { 9 };
    let timestamp = match timestamp as u64 {
        0 => 0,
        timestamp => 1 + encoded_len_varint(timestamp),
    };
    value + timestamp
}

fn put_point(out: &mut Vec<u8>, keys: (u8, u8), value: f64, timestamp: i64) {
    if value.to_bits() != 0 {
        out.push(keys.0);
        out.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    if timestamp != 0 {
        out.push(keys.1);
        encode_varint(timestamp as u64, out);
    }
}

/// Appends a series with one sample. `scratch` is a buffer that is reused: the labels are gone through once, their length is known afterwards.
pub(super) fn sample<'a>(
    out: &mut Vec<u8>,
    scratch: &mut Vec<u8>,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
    value: f64,
    timestamp: i64,
) {
    scratch.clear();
    for label in labels {
        put_label(scratch, SERIES_LABELS, label);
    }
    let point = point_length(value, timestamp);
    put_head(scratch, SERIES_SAMPLES, point);
    put_point(scratch, (SAMPLE_VALUE, SAMPLE_TIMESTAMP), value, timestamp);
    out.reserve(field_length(scratch.len()));
    put_head(out, REQUEST_SERIES, scratch.len());
    out.extend_from_slice(scratch);
}

/// Appends a series with one exemplar.
pub(super) fn exemplar<'a, 'b>(
    out: &mut Vec<u8>,
    series: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    labels: impl Iterator<Item = (&'b str, &'b str)> + Clone,
    value: f64,
    timestamp: i64,
) {
    let named: usize = series
        .clone()
        .map(|label| field_length(label_length(label)))
        .sum();
    let own: usize = labels
        .clone()
        .map(|label| field_length(label_length(label)))
        .sum();
    let inner = own + point_length(value, timestamp);
    put_head(out, REQUEST_SERIES, named + field_length(inner));
    for label in series {
        put_label(out, SERIES_LABELS, label);
    }
    put_head(out, SERIES_EXEMPLARS, inner);
    for label in labels {
        put_label(out, EXEMPLAR_LABELS, label);
    }
    put_point(out, (EXEMPLAR_VALUE, EXEMPLAR_TIMESTAMP), value, timestamp);
}

/// `MetricMetadata.MetricType`.
fn type_number(kind: MetricType) -> u8 {
    match kind {
        MetricType::Unknown => 0,
        MetricType::Counter => 1,
        MetricType::Gauge => 2,
        MetricType::Histogram => 3,
        MetricType::GaugeHistogram => 4,
        MetricType::Summary => 5,
        MetricType::Info => 6,
        MetricType::StateSet => 7,
    }
}

/// Appends a family's metadata.
pub(super) fn metadata(out: &mut Vec<u8>, metadata: &Metadata) {
    let kind = type_number(metadata.kind);
    let kind_length = if kind == 0 { 0 } else { 2 };
    let texts = text_length(&metadata.family) + text_length(&metadata.help) + text_length(&metadata.unit);
    put_head(out, REQUEST_METADATA, kind_length + texts);
    if kind != 0 {
        out.extend([METADATA_TYPE, kind]);
    }
    put_text(out, METADATA_FAMILY, &metadata.family);
    put_text(out, METADATA_HELP, &metadata.help);
    put_text(out, METADATA_UNIT, &metadata.unit);
}

/// Two sorted sets as one; where both have a name, that of `over` counts.
#[derive(Clone)]
pub(super) struct Merged<'a, A: Iterator<Item = (&'a str, &'a str)>, B: Iterator<Item = (&'a str, &'a str)>> {
    over: std::iter::Peekable<A>,
    under: std::iter::Peekable<B>,
}

/// Merges sorted labels with sorted external ones.
pub(super) fn merged<'a, A, B>(over: A, under: B) -> Merged<'a, A, B>
where
    A: Iterator<Item = (&'a str, &'a str)>,
    B: Iterator<Item = (&'a str, &'a str)>,
{
    Merged {
        over: over.peekable(),
        under: under.peekable(),
    }
}

impl<'a, A, B> Iterator for Merged<'a, A, B>
where
    A: Iterator<Item = (&'a str, &'a str)>,
    B: Iterator<Item = (&'a str, &'a str)>,
{
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        match (self.over.peek(), self.under.peek()) {
            (Some(over), Some(under)) => match over.0.cmp(under.0) {
                std::cmp::Ordering::Less => self.over.next(),
                std::cmp::Ordering::Greater => self.under.next(),
                std::cmp::Ordering::Equal => {
                    self.under.next();
                    self.over.next()
                }
            },
            (Some(_), None) => self.over.next(),
            (None, _) => self.under.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::WriteRequest;
    use super::*;
    use crate::signals::{Labels, stale_nan};
    use proptest::prelude::*;
    use prost::Message;

    proptest! {
        #[test]
        fn what_is_encoded_is_what_prometheus_reads(
            series in prop::collection::vec(
                (prop::collection::btree_map("[a-z_]{1,8}", ".{1,200}", 0..5), any::<u64>(), any::<i64>()), 0..8),
        ) {
            let mut out = Vec::new();
            for (labels, bits, timestamp) in &series {
                let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                sample(&mut out, &mut Vec::new(), labels.iter(), f64::from_bits(*bits), *timestamp);
                exemplar(&mut out, labels.iter(), [("trace_id", "x")].into_iter(), 1.5, *timestamp);
            }
            let decoded = WriteRequest::decode(out.as_slice()).unwrap();
            prop_assert_eq!(decoded.series.len(), series.len() * 2);
            for (got, (labels, bits, timestamp)) in decoded.series.chunks(2).zip(&series) {
                prop_assert_eq!(got[0].samples[0].value.to_bits(), *bits);
                prop_assert_eq!(got[0].samples[0].timestamp, *timestamp);
                prop_assert_eq!(got[1].exemplars[0].timestamp, *timestamp);
                for one in got {
                    let pairs: Vec<_> = one.labels.iter().map(|label| (&label.name, &label.value)).collect();
                    prop_assert_eq!(pairs, labels.iter().collect::<Vec<_>>());
                }
            }
        }
    }

    #[test]
    fn staleness_keeps_its_bits_and_metadata_its_type() {
        let mut out = Vec::new();
        sample(
            &mut out,
            &mut Vec::new(),
            [("__name__", "up")].into_iter(),
            stale_nan(),
            7,
        );
        metadata(
            &mut out,
            &Metadata {
                family: "up".into(),
                kind: MetricType::Gauge,
                help: "Whether".into(),
                unit: "".into(),
            },
        );
        let decoded = WriteRequest::decode(out.as_slice()).unwrap();
        assert_eq!(
            decoded.series[0].samples[0].value.to_bits(),
            0x7ff0_0000_0000_0002
        );
        let metadata = &decoded.metadata[0];
        assert_eq!(
            (metadata.kind, metadata.family.as_str(), metadata.help.as_str()),
            (2, "up", "Whether")
        );
    }

    #[test]
    fn labels_of_the_series_go_before_external_ones() {
        let labels = merged(
            [("b", "1"), ("c", "1")].into_iter(),
            [("a", "2"), ("b", "2"), ("d", "2")].into_iter(),
        );
        assert_eq!(
            labels.collect::<Vec<_>>(),
            [("a", "2"), ("b", "1"), ("c", "1"), ("d", "2")]
        );
    }
}
