//! How the kernel disciplines its clock, from `adjtimex`.

use super::Collector;
use crate::prometheus::exporter::exposition::Writer;
use crate::prometheus::exporter::unix::{Failure, Files};
use rtime_clock::adjtime::{Timex as Question, adjtimex};

/// The collector.
pub(super) struct Timex;

/// What `adjtimex` answers when the clock is not synchronised (`TIME_ERROR`).
const UNSYNCHRONISED: i32 = 5;
/// The bit of the status that says that offsets are in nanoseconds (`STA_NANO`).
const NANO: i32 = 0x2000;
const NANOS: f64 = 1e9;
const MICROS: f64 = 1e6;
/// Frequencies are in parts per million with a fraction of 16 bits.
const PPM: f64 = 1_000_000.0 * 65_536.0;

impl Collector for Timex {
    fn collect(&mut self, out: &mut Writer, _: &mut Files) -> Result<(), Failure> {
        // All zero asks and changes nothing.
        let mut question = Question::new();
        let state = match adjtimex(&mut question) {
            Ok(state) => state,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(Failure::NoData);
            }
            Err(error) => return Err(Failure::read("adjtimex", error)),
        };
        let told = question.0;
        let unit = if told.status & NANO != 0 { NANOS } else { MICROS };
        let gauges = [
            (
                "node_timex_offset_seconds",
                "Time offset in between local system and reference clock.",
                told.offset as f64 / unit,
            ),
            (
                "node_timex_frequency_adjustment_ratio",
                "Local clock frequency adjustment.",
                1.0 + told.freq as f64 / PPM,
            ),
            (
                "node_timex_maxerror_seconds",
                "Maximum error in seconds.",
                told.maxerror as f64 / MICROS,
            ),
            (
                "node_timex_estimated_error_seconds",
                "Estimated error in seconds.",
                told.esterror as f64 / MICROS,
            ),
            (
                "node_timex_status",
                "Value of the status array bits.",
                told.status.into(),
            ),
            (
                "node_timex_loop_time_constant",
                "Phase-locked loop time constant.",
                told.constant as f64,
            ),
            (
                "node_timex_tick_seconds",
                "Seconds between clock ticks.",
                told.tick as f64 / MICROS,
            ),
            (
                "node_timex_pps_frequency_hertz",
                "Pulse per second frequency.",
                told.ppsfreq as f64 / PPM,
            ),
            (
                "node_timex_pps_jitter_seconds",
                "Pulse per second jitter.",
                told.jitter as f64 / unit,
            ),
            (
                "node_timex_pps_shift_seconds",
                "Pulse per second interval duration.",
                told.shift.into(),
            ),
            (
                "node_timex_pps_stability_hertz",
                "Pulse per second stability, average of recent frequency changes.",
                told.stabil as f64 / PPM,
            ),
            (
                "node_timex_tai_offset_seconds",
                "International Atomic Time (TAI) offset.",
                told.tai.into(),
            ),
            (
                "node_timex_sync_status",
                "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
                if state == UNSYNCHRONISED { 0.0 } else { 1.0 },
            ),
        ];
        for (name, help, value) in gauges {
            out.gauge(name, help).value(value);
        }
        let counters = [
            (
                "node_timex_pps_jitter_total",
                "Pulse per second count of jitter limit exceeded events.",
                told.jitcnt,
            ),
            (
                "node_timex_pps_calibration_total",
                "Pulse per second count of calibration intervals.",
                told.calcnt,
            ),
            (
                "node_timex_pps_error_total",
                "Pulse per second count of calibration errors.",
                told.errcnt,
            ),
            (
                "node_timex_pps_stability_exceeded_total",
                "Pulse per second count of stability limit exceeded events.",
                told.stbcnt,
            ),
        ];
        for (name, help, value) in counters {
            out.counter(name, help).value(value as f64);
        }
        Ok(())
    }
}
