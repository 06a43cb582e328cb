//! Merging of equal pages of memory, from `/sys/kernel/mm/ksm`. Off by default.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Ksmd;

/// File, name, type, divisor.
const FILES: [(&str, &str, Kind, f64); 9] = [
    ("full_scans", "node_ksmd_full_scans_total", Kind::Counter, 1.0),
    (
        "merge_across_nodes",
        "node_ksmd_merge_across_nodes",
        Kind::Gauge,
        1.0,
    ),
    ("pages_shared", "node_ksmd_pages_shared", Kind::Gauge, 1.0),
    ("pages_sharing", "node_ksmd_pages_sharing", Kind::Gauge, 1.0),
    ("pages_to_scan", "node_ksmd_pages_to_scan", Kind::Gauge, 1.0),
    ("pages_unshared", "node_ksmd_pages_unshared", Kind::Gauge, 1.0),
    ("pages_volatile", "node_ksmd_pages_volatile", Kind::Gauge, 1.0),
    ("run", "node_ksmd_run", Kind::Gauge, 1.0),
    ("sleep_millisecs", "node_ksmd_sleep_seconds", Kind::Gauge, 1000.0),
];

impl Collector for Ksmd {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        for (file, name, kind, divisor) in FILES {
            let value = files.sys_number(format_args!("kernel/mm/ksm/{file}"))?;
            out.family(name, format_args!("ksmd '{file}' file."), kind)
                .value(value / divisor);
        }
        Ok(())
    }
}
