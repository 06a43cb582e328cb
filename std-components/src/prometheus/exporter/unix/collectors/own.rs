//! The exporter's own process, for `include_exporter_metrics`.

use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::Files;

/// Writes `process_*` as Go's client names them. What cannot be read is left out.
pub(crate) fn own_process(out: &mut Writer, files: &mut Files) {
    let page = rustix::param::page_size() as f64;
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let boot = files.proc("stat").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("btime "))?;
        line.trim().parse::<f64>().ok()
    });
    if let Ok(text) = files.proc("self/stat") {
        // Behind the name, which is in parentheses: state is column 3 of proc(5).
        let columns: Vec<f64> = text
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_ascii_whitespace()
            .map(|column| column.parse().unwrap_or_default())
            .collect();
        let column = |number: usize| columns.get(number - 3).copied().unwrap_or_default();
        out.counter(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
        )
        .value((column(14) + column(15)) / ticks);
        out.gauge("process_resident_memory_bytes", "Resident memory size in bytes.")
            .value(column(24) * page);
        out.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")
            .value(column(23));
        if let Some(boot) = boot {
            out.gauge(
                "process_start_time_seconds",
                "Start time of the process since unix epoch in seconds.",
            )
            .value(boot + column(22) / ticks);
        }
    }
    if let Ok(open) = files.proc_names("self/fd", "") {
        out.gauge("process_open_fds", "Number of open file descriptors.")
            .value(open.len() as f64);
    }
    let limit = files.proc("self/limits").ok().and_then(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_ascii_whitespace().next()?.parse::<f64>().ok()
    });
    if let Some(limit) = limit {
        out.gauge("process_max_fds", "Maximum number of open file descriptors.")
            .value(limit);
    }
}
