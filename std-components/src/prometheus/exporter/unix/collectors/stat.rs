//! Interrupts, context switches, forks, boot time and running processes, from `/proc/stat`.

use super::Collector;
use crate::prometheus::exporter::exposition::Kind;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Stat;

/// Key, name, help, type.
const LINES: [(&str, &str, &str, Kind); 6] = [
    (
        "intr",
        "node_intr_total",
        "Total number of interrupts serviced.",
        Kind::Counter,
    ),
    (
        "ctxt",
        "node_context_switches_total",
        "Total number of context switches.",
        Kind::Counter,
    ),
    (
        "processes",
        "node_forks_total",
        "Total number of forks.",
        Kind::Counter,
    ),
    (
        "btime",
        "node_boot_time_seconds",
        "Node boot time, in unixtime.",
        Kind::Gauge,
    ),
    (
        "procs_running",
        "node_procs_running",
        "Number of processes in runnable state.",
        Kind::Gauge,
    ),
    (
        "procs_blocked",
        "node_procs_blocked",
        "Number of processes blocked waiting for I/O to complete.",
        Kind::Gauge,
    ),
];

impl Collector for Stat {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mut found = false;
        for line in files.proc("stat")?.lines() {
            let mut words = line.split_ascii_whitespace();
            let key = words.next().unwrap_or_default();
            if let Some((_, name, help, kind)) = LINES.iter().find(|(wanted, ..)| *wanted == key) {
                // Of `intr` the first number is the sum.
                let Some(Ok(value)) = words.next().map(str::parse) else {
                    return Err(Failure::parse("stat", format!("not a number at {key}")));
                };
                out.family(name, help, *kind).value(value);
                found = true;
            }
        }
        if !found {
            return Err(Failure::parse("stat", "no line of those that are known"));
        }
        Ok(())
    }
}
