//! Takes a CPU profile of this process.
//!
//! A timer interrupts whichever thread uses the CPU, a hundred times in a second of CPU time; the handler walks its stack. framehop does that without
//! locks and without memory once it knows the process' libraries, which it finds out at the first sample. So the first sample of the process is
//! taken where no lock of libc's memory can be held: what is interrupted inside of libc is passed over until then.

use super::proto::Writer;
use pprof::{ProfilerGuard, ProfilerGuardBuilder};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Semaphore;

/// Samples in a second of CPU time, as in Go.
const FREQUENCY: i32 = 100;

/// How long the first sample is waited for at the most.
const FIRST_SAMPLE: Duration = Duration::from_secs(5);

/// One profile at a time: there is one timer in a process.
static UNDER_WAY: Semaphore = Semaphore::const_new(1);

/// Whether the first sample of the process has been taken.
static IS_PREPARED: AtomicBool = AtomicBool::new(false);

/// Why there is no profile.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::http) enum Refused {
    /// Another one is being taken.
    #[error("cpu profiling already in use; try again when it is done")]
    UnderWay,
    /// The system does not let us.
    #[error("{0}")]
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Refused {
    Refused::Failed(error.to_string())
}

/// A profile over some time: pprof's protobuf, gzipped.
pub(in crate::http) async fn cpu(duration: Duration) -> Result<Vec<u8>, Refused> {
    let Ok(_only) = UNDER_WAY.try_acquire() else {
        return Err(Refused::UnderWay);
    };
    if !IS_PREPARED.load(Ordering::Acquire) {
        tokio::task::spawn_blocking(prepare).await.map_err(failed)??;
        IS_PREPARED.store(true, Ordering::Release);
    }
    let (started, begun) = (SystemTime::now(), Instant::now());
    let guard = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY)
        .build()
        .map_err(failed)?;
    tokio::time::sleep(duration).await;
    let took = begun.elapsed();
    // Names are looked up in the program's file.
    let write = move || write(&guard, started, took);
    tokio::task::spawn_blocking(write).await.map_err(failed)?
}

/// Takes the first sample of the process.
fn prepare() -> Result<(), Refused> {
    let guard = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY)
        .blocklist(&["libc", "libgcc", "pthread", "vdso", "ld-"])
        .build()
        .map_err(failed)?;
    let begun = Instant::now();
    while begun.elapsed() < FIRST_SAMPLE {
        // Uses the CPU without calling into libc.
        let mut sum = 0_u64;
        for number in 0..5_000_000_u64 {
            sum = black_box(sum.wrapping_mul(31).wrapping_add(number));
        }
        let report = guard.report().build_unresolved().map_err(failed)?;
        if !report.data.is_empty() {
            return Ok(());
        }
    }
    Err(Refused::Failed("the process gets no SIGPROF".into()))
}

fn write(guard: &ProfilerGuard<'_>, started: SystemTime, took: Duration) -> Result<Vec<u8>, Refused> {
    let report = guard.report().build_unresolved().map_err(failed)?;
    let mut writer = Writer::new(started, took, FREQUENCY);
    for (stack, count) in &report.data {
        let name = stack.thread_name.get(..stack.thread_name_length);
        let thread = String::from_utf8_lossy(name.unwrap_or_default());
        let addresses = stack.frames.iter().enumerate().map(|(depth, frame)| {
            // All but the innermost are where the program goes on after a call: the call itself stands before.
            if depth == 0 {
                frame.ip
            } else {
                frame.ip.saturating_sub(1)
            }
        });
        writer.sample(addresses, i64::try_from(*count).unwrap_or(i64::MAX), &thread);
    }
    writer.finish().map_err(failed)
}
