//! What appender and reader of a log share: which segments there are, how much of each lasts and how much is unread.

use super::appender::Appender;
use super::disk::Disk;
use super::marker::Marker;
use super::reader::Reader;
use super::{Limits, frame};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// A place in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
}

/// A segment.
pub(super) struct Segment<F> {
    /// Bytes that last.
    pub(super) length: u64,
    /// Entries that the reader has not come to yet.
    pub(super) unread: u64,
    /// When it was written to; `None`: so long ago that the clock of this process cannot tell.
    pub(super) written: Option<Instant>,
    /// Whether it is written to.
    pub(super) is_open: bool,
    /// While it is written to, and after that if it can no longer be opened by its name.
    pub(super) file: Option<Arc<F>>,
}

pub(super) type Segments<F> = BTreeMap<u64, Segment<F>>;

/// A log.
pub(crate) struct Log<D: Disk> {
    pub(super) disk: D,
    pub(super) limits: Mutex<Limits>,
    pub(super) segments: Mutex<Segments<D::File>>,
    /// Where the reader is.
    pub(super) read: Mutex<Position>,
    damaged: AtomicU64,
    lost: AtomicU64,
}

const ENDING: &str = ".wal";

/// The file of a segment.
pub(super) fn file_name(segment: u64) -> String {
    format!("{segment:010}{ENDING}")
}

impl<D: Disk> Log<D> {
    /// Finds what is there. Segments that cannot be read are left to the reader.
    ///
    /// # Errors
    /// Of listing the folder and reading the marker; damaged contents are none.
    pub(crate) fn open(disk: D, limits: Limits) -> io::Result<(Appender<D>, Reader<D>)> {
        let (marker, marked) = Marker::open(&disk)?;
        let mut segments = Segments::new();
        for (name, length) in disk.list()? {
            let number = name.strip_suffix(ENDING).and_then(|number| number.parse().ok());
            if let Some(number) = number.filter(|number| *number > 0 && file_name(*number) == name) {
                segments.insert(
                    number,
                    Segment {
                        length,
                        unread: 0,
                        written: Instant::now().checked_sub(disk.age(&name)),
                        is_open: false,
                        file: None,
                    },
                );
            }
        }
        let begin = marked.unwrap_or_default();
        let last = segments.last_key_value().map_or(0, |(number, _)| *number);
        // Never behind what was there: it may be torn, and what the marker says of it may be about bytes that are lost.
        let next = last.max(begin.segment) + 1;
        let log = Arc::new(Self {
            disk,
            limits: Mutex::new(limits),
            segments: Mutex::default(),
            read: Mutex::new(begin),
            damaged: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        segments.retain(|number, segment| {
            let from = if *number == begin.segment { begin.offset } else { 0 };
            let is_done = *number < begin.segment || (from >= segment.length);
            // What cannot be removed is in nobody's way.
            let is_kept = !(is_done && log.disk.remove(&file_name(*number)).is_ok());
            if is_kept {
                segment.unread = log.count(*number, from, segment.length).unwrap_or(0);
            }
            is_kept
        });
        *log.segments.lock() = segments;
        Ok((Appender::new(log.clone(), next), Reader::new(log, marker, begin)))
    }

    /// Counts the entries of a segment by the heads of its records.
    fn count(&self, number: u64, from: u64, end: u64) -> io::Result<u64> {
        let file = self.disk.open(&file_name(number))?;
        let (mut offset, mut entries) = (from, 0);
        while offset < end {
            match frame::head_at(&file, number, offset, end)? {
                Some(head) => {
                    entries += u64::from(head.entries);
                    offset += head.size();
                }
                None => match frame::find(&file, number, offset + 1, end)? {
                    Some(next) => offset = next,
                    None => break,
                },
            }
        }
        Ok(entries)
    }

    /// Takes other limits.
    pub(crate) fn limit(&self, limits: Limits) {
        *self.limits.lock() = limits;
    }

    /// Entries that the reader has not come to yet.
    pub(crate) fn unread(&self) -> u64 {
        self.segments.lock().values().map(|segment| segment.unread).sum()
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments.lock().values().map(|segment| segment.length).sum()
    }

    /// How many segments there are.
    pub(crate) fn segments(&self) -> usize {
        self.segments.lock().len()
    }

    /// Damaged places that were skipped so far.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Entries of damaged and missing records so far, as far as it is known that they were there.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn has_damage(&self, entries: u64) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        self.lost.fetch_add(entries, Ordering::Relaxed);
    }

    /// Drops segments that have become too old before the reader came to them; answers how many entries they held.
    pub(crate) fn expire(&self, now: Instant) -> u64 {
        let most = self.limits.lock().most_age;
        let reading = self.read.lock().segment;
        let mut entries = 0;
        self.segments.lock().retain(|number, segment| {
            let is_old = segment
                .written
                .is_none_or(|written| now.saturating_duration_since(written) >= most);
            let goes = is_old
                && *number > reading
                && !segment.is_open
                && self.disk.remove(&file_name(*number)).is_ok();
            if goes {
                entries += segment.unread;
            }
            !goes
        });
        entries
    }
}
