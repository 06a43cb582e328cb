//! The time, its zone and the sources of the clock.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::{SystemTime, UNIX_EPOCH};

/// The collector.
pub(super) struct Time;

impl Collector for Time {
    fn collect(&mut self, out: &mut Writer, files: &mut Files) -> Result<(), Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        out.gauge("node_time_seconds", "System time in seconds since epoch (1970).")
            .value(now.as_nanos() as f64 / 1e9);
        let zone = TimeZone::system();
        let offset = zone.to_offset_info(Timestamp::now());
        out.gauge(
            "node_time_zone_offset_seconds",
            "System time zone offset in seconds.",
        )
        .sample(
            &[("time_zone", offset.abbreviation())],
            offset.offset().seconds().into(),
        );
        let sources = files
            .sys_names("devices/system/clocksource", "clocksource")
            .or_else(|failure| {
                if failure.is_absent() {
                    Ok(Vec::new())
                } else {
                    Err(failure)
                }
            })?;
        for (at, source) in sources.iter().enumerate() {
            let device = at.to_string();
            let path = format_args!("devices/system/clocksource/{source}/available_clocksource");
            for name in files.sys(path)?.split_ascii_whitespace() {
                out.gauge(
                    "node_time_clocksource_available_info",
                    "Available clocksources read from '/sys/devices/system/clocksource'.",
                )
                .sample(&[("clocksource", name), ("device", &device)], 1.0);
            }
            let path = format_args!("devices/system/clocksource/{source}/current_clocksource");
            let name = files.sys(path)?;
            out.gauge(
                "node_time_clocksource_current_info",
                "Current clocksource read from '/sys/devices/system/clocksource'.",
            )
            .sample(&[("clocksource", name), ("device", &device)], 1.0);
        }
        Ok(())
    }
}
