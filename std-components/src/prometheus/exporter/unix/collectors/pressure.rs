//! Pressure stall information, from `/proc/pressure`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Pressure;

/// File, line, name, help.
const TOTALS: [(&str, &str, &str, &str); 5] = [
    (
        "cpu",
        "some",
        "node_pressure_cpu_waiting_seconds_total",
        "Total time in seconds that processes have waited for CPU time",
    ),
    (
        "io",
        "some",
        "node_pressure_io_waiting_seconds_total",
        "Total time in seconds that processes have waited due to IO congestion",
    ),
    (
        "io",
        "full",
        "node_pressure_io_stalled_seconds_total",
        "Total time in seconds no process could make progress due to IO congestion",
    ),
    (
        "memory",
        "some",
        "node_pressure_memory_waiting_seconds_total",
        "Total time in seconds that processes have waited for memory",
    ),
    (
        "memory",
        "full",
        "node_pressure_memory_stalled_seconds_total",
        "Total time in seconds no process could make progress due to memory congestion",
    ),
];

impl Collector for Pressure {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        for resource in ["cpu", "io", "memory"] {
            // Kernels with the feature built in and switched off (`psi=0`) answer EOPNOTSUPP.
            let text = match files.proc(format_args!("pressure/{resource}")) {
                Ok(text) => text,
                Err(Failure::Read { source, .. }) if source.kind() == std::io::ErrorKind::Unsupported => {
                    return Err(Failure::NoData);
                }
                Err(failure) => return Err(failure.absent_is_no_data()),
            };
            for (_, line, name, help) in TOTALS.iter().filter(|(file, ..)| *file == resource) {
                let total = text.lines().find_map(|text| {
                    text.strip_prefix(line)?
                        .rsplit_once("total=")?
                        .1
                        .trim()
                        .parse::<f64>()
                        .ok()
                });
                let micros = total
                    .ok_or_else(|| Failure::parse("pressure", format!("no total of {line} {resource}")))?;
                out.counter(name, help).value(micros / 1000.0 / 1000.0);
            }
        }
        Ok(())
    }
}
