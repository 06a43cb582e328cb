//! The writing end of a log.

use super::disk::{Disk, DiskFile};
use super::frame;
use super::state::{Log, Segment, file_name};
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// Why records were not taken; they stay with the appender, and the next commit tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The log is as large as it may be.
    #[error("it holds {0} bytes, as many as it may")]
    Full(u64),
    /// The disk says no.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

struct Open<F> {
    number: u64,
    file: Arc<F>,
    length: u64,
    begun: Instant,
}

/// Appends records.
pub(crate) struct Appender<D: Disk> {
    log: Arc<Log<D>>,
    open: Option<Open<D::File>>,
    next: u64,
    /// Contents that were not committed yet, one after the other.
    contents: Vec<u8>,
    /// Length and entries of each.
    records: Vec<(usize, u32)>,
    frames: Vec<u8>,
}

/// Bytes that an appender keeps for the next commit at the most.
const KEPT_BYTES: usize = 1024 * 1024;

impl<D: Disk> Appender<D> {
    pub(super) fn new(log: Arc<Log<D>>, next: u64) -> Self {
        Self {
            log,
            open: None,
            next,
            contents: Vec::new(),
            records: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Takes a record for the next commit. One that is larger than a record may be is left out: answers false.
    #[must_use]
    pub(crate) fn add(&mut self, contents: &[u8], entries: u32) -> bool {
        if contents.len() > frame::MAX_RECORD_BYTES {
            return false;
        }
        self.contents.extend_from_slice(contents);
        self.records.push((contents.len(), entries));
        true
    }

    /// Writes and syncs what was added.
    ///
    /// # Errors
    /// Nothing of it lasts for sure then, and nothing of it is read.
    pub(crate) fn commit(&mut self, now: Instant) -> Result<(), Trouble> {
        if self.records.is_empty() {
            return Ok(());
        }
        let size = self.contents.len() + self.records.len() * frame::HEAD;
        let (limits, held) = (*self.log.limits.lock(), self.log.bytes());
        if held + size as u64 > limits.most_bytes {
            return Err(Trouble::Full(held));
        }
        let is_over = self.open.as_ref().is_some_and(|open| {
            open.length >= limits.segment_bytes
                // Each segment is dropped as a whole: with several to an age not much is dropped early.
                || now.saturating_duration_since(open.begun) >= limits.most_age / 8
                // Somebody has taken it away: what goes into it now would be gone with this process.
                || !self.log.disk.has(&file_name(open.number))
        });
        if is_over {
            self.seal();
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => self.create(now)?,
        };
        self.frames.clear();
        let mut rest = self.contents.as_slice();
        for (length, entries) in &self.records {
            let (contents, others) = rest.split_at_checked(*length).unwrap_or_default();
            rest = others;
            let offset = open.length + self.frames.len() as u64;
            frame::put(&mut self.frames, contents, *entries, open.number, offset);
        }
        let written = open
            .file
            .write_at(&self.frames, open.length)
            .map_err(|error| (error, true))
            // Once a sync has failed nobody knows what lasts: the segment ends before it.
            .and_then(|()| open.file.sync().map_err(|error| (error, false)));
        if let Err((error, may_go_on)) = written {
            let is_cut = open.file.set_len(open.length).is_ok();
            // The disk may be full: a segment that ends here can be removed as soon as all of it is sent, which makes room.
            let may_go = open.length > 0;
            self.open = Some(open);
            if may_go || !(may_go_on && is_cut) {
                self.seal();
            }
            return Err(error.into());
        }
        let mut segments = self.log.segments.lock();
        let length = open.length + self.frames.len() as u64;
        // The reader forgets a segment whose file is gone, and this one may have gone since it was looked for.
        let segment = segments.entry(open.number).or_insert_with(|| Segment {
            length,
            unread: 0,
            written: None,
            is_open: true,
            file: Some(open.file.clone()),
        });
        segment.length = length;
        segment.written = Some(now);
        segment.unread += self
            .records
            .iter()
            .map(|(_, entries)| u64::from(*entries))
            .sum::<u64>();
        drop(segments);
        self.open = Some(Open { length, ..open });
        self.records.clear();
        for buffer in [&mut self.contents, &mut self.frames] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
        Ok(())
    }

    /// Nothing more goes into the open segment.
    fn seal(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let mut segments = self.log.segments.lock();
        if open.length == 0 {
            segments.remove(&open.number);
            // It is empty: if it stays it is in nobody's way.
            drop(self.log.disk.remove(&file_name(open.number)));
        } else if let Some(segment) = segments.get_mut(&open.number) {
            segment.is_open = false;
            // Of a file that somebody has taken away there is nothing but this handle.
            if self.log.disk.has(&file_name(open.number)) {
                segment.file = None;
            }
        }
    }

    fn create(&mut self, now: Instant) -> io::Result<Open<D::File>> {
        let number = self.next;
        let name = file_name(number);
        // A number is never used again, also not after a failure: a name may last although its making has failed.
        self.next += 1;
        let file = Arc::new(self.log.disk.create(&name)?);
        if let Err(error) = self.log.disk.sync_folder() {
            drop(self.log.disk.remove(&name));
            return Err(error);
        }
        self.log.segments.lock().insert(
            number,
            Segment {
                length: 0,
                unread: 0,
                written: Some(now),
                is_open: true,
                file: Some(file.clone()),
            },
        );
        Ok(Open {
            number,
            file,
            length: 0,
            begun: now,
        })
    }
}
