//! Memory, from `/proc/meminfo`.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Meminfo;

impl Collector for Meminfo {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        for line in files.proc("meminfo")?.lines() {
            let mut words = line.split_ascii_whitespace();
            let Some(key) = words.next() else { continue };
            let key = key.strip_suffix(':').unwrap_or(key);
            let Some(Ok(value)) = words.next().map(str::parse::<f64>) else {
                return Err(Failure::parse("meminfo", format!("not a number at {key}")));
            };
            // The unit, where there is one, is always kB.
            let (value, unit) = match words.next() {
                Some(_) => (value * 1024.0, "_bytes"),
                None => (value, ""),
            };
            // `Active(anon)` is `Active_anon`.
            let (key, mark, rest) = match key.split_once('(') {
                Some((key, rest)) => (key, "_", rest.strip_suffix(')').unwrap_or(rest)),
                None => (key, "", ""),
            };
            let counts =
                unit.is_empty() && (rest.ends_with("_total") || (rest.is_empty() && key.ends_with("_total")));
            out.named(
                format_args!("node_memory_{key}{mark}{rest}{unit}"),
                format_args!("Memory information field {key}{mark}{rest}{unit}."),
                if counts { Kind::Counter } else { Kind::Gauge },
            )
            .value(value);
        }
        Ok(())
    }
}
