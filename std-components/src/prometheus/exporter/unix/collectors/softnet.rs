//! Packets that each CPU took from the network's queues, from `/proc/net/softnet_stat`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Softnet;

const COLUMNS: [(&str, &str); 3] = [
    ("node_softnet_processed_total", "Number of processed packets"),
    ("node_softnet_dropped_total", "Number of dropped packets"),
    (
        "node_softnet_times_squeezed_total",
        "Number of times processing packets ran out of quota",
    ),
];

/// Where kernels since 5.10 write the CPU's number: lines of CPUs that are offline are left out.
const CPU_COLUMN: usize = 12;

impl Collector for Softnet {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        for (at, line) in files.proc("net/softnet_stat")?.lines().enumerate() {
            let columns = || {
                line.split_ascii_whitespace()
                    .map(|column| u32::from_str_radix(column, 16))
            };
            let cpu = match columns().nth(CPU_COLUMN) {
                Some(Ok(cpu)) => cpu.to_string(),
                _ => at.to_string(),
            };
            for ((name, help), count) in COLUMNS.iter().zip(columns()) {
                let count =
                    count.map_err(|_| Failure::parse("net/softnet_stat", "not a hexadecimal number"))?;
                out.counter(name, help).sample(&[("cpu", &cpu)], count.into());
            }
        }
        Ok(())
    }
}
