//! A log on disk: what is written to it is there after a crash, and is read in order, from where the reader marked, until the reader has marked it done.
//!
//! Records stand in segments, files of their own that grow to a bounded size and are removed once all of each is marked. Each record has a checksum over its
//! contents and one over its head, which holds for one place of one segment only; so a damaged record is skipped, and behind a damaged head the next
//! record is looked for. [`Appender::commit`] answers when the records are synced; nothing that failed to be written is read, and after a start records
//! go to a new segment, never behind what a crash may have torn.
//!
//! One [`Appender`] and one [`Reader`] work on a log, each in a thread of its own if need be. All calls block for as long as the disk does.
//!
//! What other crates offer: of those looked at, some map files without checksums, some have no bound or sync nothing, and none lets a test stand in for the
//! file system, which is how `tests.rs` goes through every point at which a machine may stop.

mod appender;
mod disk;
#[cfg(test)]
pub(crate) mod faulty;
mod frame;
mod marker;
mod reader;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use appender::Appender;
pub(crate) use disk::Folder;
pub(crate) use reader::{Next, Reader};
pub(crate) use state::{Log, Position};

use std::time::Duration;

/// How large and how old a log may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of a segment at which the next one begins.
    pub(crate) segment_bytes: u64,
    /// Bytes of all segments at the most; what does not fit is not taken.
    pub(crate) most_bytes: u64,
    /// Age at which a segment is dropped unread.
    pub(crate) most_age: Duration,
}
