//! Load averages, from `/proc/loadavg`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Loadavg;

const LOADS: [(&str, &str); 3] = [
    ("node_load1", "1m load average."),
    ("node_load5", "5m load average."),
    ("node_load15", "15m load average."),
];

impl Collector for Loadavg {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let mut numbers = files.proc("loadavg")?.split_ascii_whitespace().map(str::parse);
        for (name, help) in LOADS {
            let Some(Ok(load)) = numbers.next() else {
                return Err(Failure::parse("loadavg", "not three numbers"));
            };
            out.gauge(name, help).value(load);
        }
        Ok(())
    }
}
