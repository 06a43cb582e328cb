//! Samples as text.

use crate::prometheus::exporter::exposition::push_float;
use crate::signals::{Labels, MetricBatch, MetricType, is_stale_nan};
use std::fmt::Write;

/// What is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// The Prometheus text format.
    #[default]
    Text,
    /// OpenMetrics.
    OpenMetrics,
}

impl Format {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "" | "text" => Some(Self::Text),
            "openmetrics" => Some(Self::OpenMetrics),
            _ => None,
        }
    }
}

/// Prints batches. Reuses its buffer.
#[derive(Debug, Default)]
pub(super) struct Printer {
    text: String,
}

impl Printer {
    /// A batch as text: a heading, metadata if there is any, a line for each sample. The end of a series is a comment, as no exposition format has
    /// a word for it.
    pub(super) fn page(&mut self, component_id: &str, batch: &MetricBatch, format: Format) -> &str {
        self.text.clear();
        let out = &mut self.text;
        let _ = writeln!(out, "# {component_id}: {} samples", batch.samples.len());
        for family in batch.metadata.iter().flat_map(|families| families.iter()) {
            let (name, help) = (
                &family.family,
                family.help.replace('\\', "\\\\").replace('\n', "\\n"),
            );
            let _ = writeln!(out, "# HELP {name} {help}");
            let kind = match (family.kind, format) {
                (MetricType::Unknown, Format::Text) => "untyped",
                (kind, _) => crate::prometheus::scrape::type_name(kind),
            };
            let _ = writeln!(out, "# TYPE {name} {kind}");
            if !family.unit.is_empty() && format == Format::OpenMetrics {
                let _ = writeln!(out, "# UNIT {name} {}", family.unit);
            }
        }
        for sample in &batch.samples {
            if is_stale_nan(sample.value) {
                out.push_str("# ended: ");
            }
            push_series(out, &sample.labels);
            out.push(' ');
            if is_stale_nan(sample.value) {
                out.push_str("StaleNaN");
            } else {
                push_float(out, sample.value);
            }
            push_time(out, sample.timestamp, format);
            if format == Format::OpenMetrics
                && let Some(exemplar) = batch
                    .exemplars
                    .iter()
                    .find(|exemplar| exemplar.series == sample.labels)
            {
                out.push_str(" # ");
                push_labels(out, &exemplar.labels, |_| true);
                out.push(' ');
                push_float(out, exemplar.value);
                push_time(out, exemplar.timestamp, format);
            }
            out.push('\n');
        }
        if format == Format::OpenMetrics {
            out.push_str("# EOF\n");
        }
        out
    }
}

fn push_time(out: &mut String, milliseconds: i64, format: Format) {
    let _ = match format {
        Format::Text => write!(out, " {milliseconds}"),
        Format::OpenMetrics => write!(
            out,
            " {}.{:03}",
            milliseconds.div_euclid(1000),
            milliseconds.rem_euclid(1000)
        ),
    };
}

fn push_series(out: &mut String, labels: &Labels) {
    out.push_str(labels.get("__name__").unwrap_or(""));
    if labels.len() > usize::from(labels.get("__name__").is_some()) {
        push_labels(out, labels, |name| name != "__name__");
    }
}

fn push_labels(out: &mut String, labels: &Labels, is_shown: impl Fn(&str) -> bool) {
    out.push('{');
    let shown = labels.iter().filter(|(name, _)| is_shown(name));
    for (at, (name, value)) in shown.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        for c in value.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                other => out.push(other),
            }
        }
        out.push('"');
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{Exemplar, Metadata, Sample, stale_nan};

    #[test]
    fn a_batch_reads_well() {
        let series = |name: &str, label: &str| Labels::from_pairs([("__name__", name), ("l", label)]);
        let sample = |labels: Labels, value: f64| Sample {
            labels,
            timestamp: 1_700_000_000_042,
            value,
        };
        let mut batch = MetricBatch::of(vec![
            sample(series("a_total", "x\"\\\n"), 1.5),
            sample(series("b", ""), 1e6),
            sample(series("gone", "y"), stale_nan()),
        ]);
        batch.metadata = Some(
            [Metadata {
                family: "a".into(),
                kind: MetricType::Counter,
                help: "One\nline".into(),
                unit: "".into(),
            }]
            .into(),
        );
        batch.exemplars = vec![Exemplar {
            series: series("a_total", "x\"\\\n"),
            labels: Labels::from_pairs([("trace_id", "t")]),
            timestamp: 1,
            value: 2.0,
        }];
        let mut printer = Printer::default();
        insta::assert_snapshot!(printer.page("prometheus.echo.x", &batch, Format::Text), @r##"
        # prometheus.echo.x: 3 samples
        # HELP a One\nline
        # TYPE a counter
        a_total{l="x\"\\\n"} 1.5 1700000000042
        b 1e+06 1700000000042
        # ended: gone{l="y"} StaleNaN 1700000000042
        "##);
        insta::assert_snapshot!(printer.page("prometheus.echo.x", &batch, Format::OpenMetrics), @r##"
        # prometheus.echo.x: 3 samples
        # HELP a One\nline
        # TYPE a counter
        a_total{l="x\"\\\n"} 1.5 1700000000.042 # {trace_id="t"} 2 0.001
        b 1e+06 1700000000.042
        # ended: gone{l="y"} StaleNaN 1700000000.042
        # EOF
        "##);
    }
}
