//! Time that processes ran on and waited for each CPU, from `/proc/schedstat`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};

/// The collector.
pub(super) struct Schedstat;

const NANOS: f64 = 1e9;

impl Collector for Schedstat {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let text = files.proc("schedstat").map_err(Failure::absent_is_no_data)?;
        for line in text.lines() {
            let Some((cpu, columns)) = line.strip_prefix("cpu").and_then(|rest| rest.split_once(' ')) else {
                continue;
            };
            let mut columns = columns.split_ascii_whitespace().map(str::parse::<f64>).skip(6);
            let (Some(Ok(running)), Some(Ok(waiting)), Some(Ok(slices))) =
                (columns.next(), columns.next(), columns.next())
            else {
                return Err(Failure::parse(
                    "schedstat",
                    format!("not nine numbers at cpu{cpu}"),
                ));
            };
            let labels = [("cpu", cpu)];
            out.counter(
                "node_schedstat_running_seconds_total",
                "Number of seconds CPU spent running a process.",
            )
            .sample(&labels, running / NANOS);
            out.counter(
                "node_schedstat_waiting_seconds_total",
                "Number of seconds spent by processing waiting for this CPU.",
            )
            .sample(&labels, waiting / NANOS);
            out.counter(
                "node_schedstat_timeslices_total",
                "Number of timeslices executed by CPU.",
            )
            .sample(&labels, slices);
        }
        Ok(())
    }
}
