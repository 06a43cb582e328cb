//! The process' own metrics: `alloy_build_info` and `alloy_resources_*`, read when the page is asked for.

use procfs::process::{Process, StatM};
use procfs::{Current, CurrentSI};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, Opts};
use std::sync::Mutex;

/// The values of one reading.
#[derive(Debug, Default, PartialEq)]
struct Reading {
    cpu_seconds: f64,
    resident_bytes: f64,
    virtual_bytes: f64,
    start_seconds: f64,
    received_bytes: f64,
    sent_bytes: f64,
}

/// Reads `/proc` at each collection. What cannot be read is 0 and the log says so once.
pub(crate) struct Resources {
    cpu: Counter,
    received: Counter,
    sent: Counter,
    resident: Gauge,
    virtual_memory: Gauge,
    start: Gauge,
    build: Gauge,
    // Counters only take additions: one collection at a time works out by how much.
    collecting: Mutex<()>,
}

impl Resources {
    /// # Errors
    /// Only where a name were invalid; they are constants.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let build = Opts::new(
            "alloy_build_info",
            "The version of this agent; the value is always 1.",
        )
        .const_label("version", env!("CARGO_PKG_VERSION"))
        .const_label("goversion", "")
        .const_label("goos", std::env::consts::OS)
        .const_label("goarch", std::env::consts::ARCH)
        .const_label("branch", "")
        .const_label("revision", "")
        .const_label("tags", "");
        let build = Gauge::with_opts(build)?;
        build.set(1.0);
        Ok(Self {
            cpu: Counter::new(
                "alloy_resources_process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
            )?,
            received: Counter::new(
                "alloy_resources_machine_rx_bytes_total",
                "Total bytes, host-wide, received across all network interfaces.",
            )?,
            sent: Counter::new(
                "alloy_resources_machine_tx_bytes_total",
                "Total bytes, host-wide, sent across all network interfaces.",
            )?,
            resident: Gauge::new(
                "alloy_resources_process_resident_memory_bytes",
                "Current resident memory size in bytes.",
            )?,
            virtual_memory: Gauge::new(
                "alloy_resources_process_virtual_memory_bytes",
                "Current virtual memory size in bytes.",
            )?,
            start: Gauge::new(
                "alloy_resources_process_start_time_seconds",
                "Start time of the process since Unix epoch in seconds.",
            )?,
            build,
            collecting: Mutex::new(()),
        })
    }

    fn parts(&self) -> [&dyn Collector; 7] {
        [
            &self.cpu,
            &self.received,
            &self.sent,
            &self.resident,
            &self.virtual_memory,
            &self.start,
            &self.build,
        ]
    }
}

impl Collector for Resources {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _one_at_a_time = self.collecting.lock();
        match read() {
            Ok(reading) => {
                advance(&self.cpu, reading.cpu_seconds);
                advance(&self.received, reading.received_bytes);
                advance(&self.sent, reading.sent_bytes);
                self.resident.set(reading.resident_bytes);
                self.virtual_memory.set(reading.virtual_bytes);
                self.start.set(reading.start_seconds);
            }
            Err(error) => tracing::debug!(%error, "cannot read the process' resources from /proc"),
        }
        self.parts().into_iter().flat_map(Collector::collect).collect()
    }
}

/// Brings a counter to a total; totals that fall (an interface that went away) leave it where it is.
fn advance(counter: &Counter, total: f64) {
    let by = total - counter.get();
    if by > 0.0 {
        counter.inc_by(by);
    }
}

fn read() -> procfs::ProcResult<Reading> {
    let process = Process::myself()?;
    let stat = process.stat()?;
    let ticks = procfs::ticks_per_second() as f64;
    let mut reading = Reading {
        cpu_seconds: (stat.utime + stat.stime) as f64 / ticks,
        resident_bytes: (stat.rss * procfs::page_size()) as f64,
        virtual_bytes: stat.vsize as f64,
        start_seconds: procfs::KernelStats::current()?.btime as f64 + stat.starttime as f64 / ticks,
        ..Reading::default()
    };
    for device in procfs::net::InterfaceDeviceStatus::current()?.0.values() {
        reading.received_bytes += device.recv_bytes as f64;
        reading.sent_bytes += device.sent_bytes as f64;
    }
    Ok(reading)
}

/// The process' memory now; 0 where it cannot be read.
pub(crate) fn resident_bytes() -> u64 {
    pages(|memory| memory.resident)
}

/// The part of the process' memory that no file backs: heap, stacks; 0 where it cannot be read.
pub(crate) fn own_bytes() -> u64 {
    pages(|memory| memory.resident.saturating_sub(memory.shared))
}

/// Bytes of so many pages of the process as a function finds; 0 where they cannot be read.
fn pages(of: impl Fn(&StatM) -> u64) -> u64 {
    let read = Process::myself().and_then(|process| process.statm());
    read.map_or(0, |memory| of(&memory) * procfs::page_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_start_in_the_past() {
        let reading = read().unwrap();
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        assert!((1..resident_bytes()).contains(&own_bytes()));
        assert!(reading.resident_bytes > 100_000.0 && reading.virtual_bytes >= reading.resident_bytes);
        assert!(
            reading.start_seconds <= now + 1.0 && reading.start_seconds > now - 86_400.0,
            "{reading:?}"
        );
    }

    #[test]
    fn counters_never_fall() {
        let counter = Counter::new("c", "c").unwrap();
        advance(&counter, 10.0);
        advance(&counter, 4.0);
        assert_eq!(counter.get(), 10.0);
        advance(&counter, 12.5);
        assert_eq!(counter.get(), 12.5);
    }
}
