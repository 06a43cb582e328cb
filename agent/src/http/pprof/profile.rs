//! Takes a CPU profile of this process.
//!
//! A timer interrupts whichever thread uses the CPU, a hundred times in a second of CPU time; the handler walks its stack with the system's unwinder and
//! keeps it in memory that was taken before. The unwinder may need a lock of libc's or its own, which the interrupted code could hold: so what is
//! interrupted inside of these libraries is passed over.

use super::proto::Writer;
use pprof::{ProfilerGuard, ProfilerGuardBuilder};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Semaphore;

/// Samples in a second of CPU time, as in Go.
const FREQUENCY: i32 = 100;

/// Libraries in which nobody is looked at, by parts of their paths.
const PASSED_OVER: [&str; 6] = [
    "/libc.so",
    "/libc-",
    "/libgcc_s",
    "/libpthread",
    "vdso",
    "/ld-linux",
];

/// One profile at a time: there is one timer in a process.
static UNDER_WAY: Semaphore = Semaphore::const_new(1);

/// Why there is no profile.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Another one is being taken.
    #[error("cpu profiling already in use; try again when it is done")]
    UnderWay,
    /// It might be the end of the process.
    #[error(
        "a profile takes up to {needed} MiB of memory, and {free} MiB are free; make room, or record with perf"
    )]
    NoRoom {
        /// In MiB.
        needed: u64,
        /// In MiB.
        free: u64,
    },
    /// The system does not let us.
    #[error("{0}")]
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Refused {
    Refused::Failed(error.to_string())
}

/// A profile over some time: pprof's protobuf, gzipped.
pub(super) async fn cpu(duration: Duration) -> Result<Vec<u8>, Refused> {
    let Ok(_only) = UNDER_WAY.try_acquire() else {
        return Err(Refused::UnderWay);
    };
    super::room::check()?;
    let (started, begun) = (SystemTime::now(), Instant::now());
    let guard = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY)
        .blocklist(&PASSED_OVER)
        .build()
        .map_err(failed)?;
    tokio::time::sleep(duration).await;
    let took = begun.elapsed();
    // Names are looked up in the program's file.
    let write = move || write(&guard, started, took);
    tokio::task::spawn_blocking(write).await.map_err(failed)?
}

fn write(guard: &ProfilerGuard<'_>, started: SystemTime, took: Duration) -> Result<Vec<u8>, Refused> {
    let report = guard.report().build_unresolved().map_err(failed)?;
    let mut writer = Writer::new(started, took, FREQUENCY);
    for (stack, count) in &report.data {
        let name = stack.thread_name.get(..stack.thread_name_length);
        let thread = String::from_utf8_lossy(name.unwrap_or_default());
        let addresses: Vec<usize> = stack.frames.iter().map(|frame| frame.ip() as usize).collect();
        // The innermost ones are the handler's, up to libc's frame around it.
        let handler = addresses
            .iter()
            .position(|&address| writer.is_in(address, "libc"));
        let own = addresses.get(handler.map_or(0, |last| last + 1)..);
        let places = own
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(|(depth, address)| {
                // All but the innermost are where the program goes on after a call: the call itself stands before.
                if depth == 0 {
                    *address
                } else {
                    address.saturating_sub(1)
                }
            });
        writer.sample(places, i64::try_from(*count).unwrap_or(i64::MAX), &thread);
    }
    writer.finish().map_err(failed)
}
