//! The reading end of a log.

use super::disk::{Disk, DiskFile};
use super::frame;
use super::marker::Marker;
use super::state::{Log, Position, file_name};
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A record of so many entries.
    Record(u32),
    /// Nothing for now.
    End,
}

/// Reads records in the order in which they were appended.
pub(crate) struct Reader<D: Disk> {
    log: Arc<Log<D>>,
    marker: Marker<D>,
    marked: Position,
    position: Position,
    open: Option<(u64, Arc<D::File>)>,
    /// Errors of the disk in a row.
    errors: u32,
}

/// How often a segment that cannot be read is tried.
const TRIES: u32 = 3;

impl<D: Disk> Reader<D> {
    pub(super) fn new(log: Arc<Log<D>>, marker: Marker<D>, position: Position) -> Self {
        Self {
            log,
            marker,
            marked: position,
            position,
            open: None,
            errors: 0,
        }
    }

    /// What it shares with the appender.
    pub(crate) fn log(&self) -> &Arc<Log<D>> {
        &self.log
    }

    /// Behind the last record that was read.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Reads the next sound record in place of what `contents` holds.
    ///
    /// # Errors
    /// Of the disk: to be tried again after a pause. What cannot be read again and again is skipped.
    pub(crate) fn next(&mut self, contents: &mut Vec<u8>) -> io::Result<Next> {
        loop {
            match self.step(contents) {
                Ok(Some(next)) => {
                    self.errors = 0;
                    return Ok(next);
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.skip_segment(),
                Err(error) => {
                    self.errors += 1;
                    if self.errors < TRIES {
                        return Err(error);
                    }
                    self.errors = 0;
                    self.skip_segment();
                }
            }
        }
    }

    fn go(&mut self, position: Position) {
        self.position = position;
        *self.log.read.lock() = position;
    }

    /// A step forward; `None` if that brought nothing yet.
    fn step(&mut self, contents: &mut Vec<u8>) -> io::Result<Option<Next>> {
        let (number, end, file, is_open, following) = {
            let segments = self.log.segments.lock();
            let mut ahead = segments.range(self.position.segment..);
            let Some((number, segment)) = ahead.next() else {
                return Ok(Some(Next::End));
            };
            let following = ahead.next().map(|(number, _)| *number);
            let file = segment.file.clone();
            (*number, segment.length, file, segment.is_open, following)
        };
        if number > self.position.segment {
            self.go(Position {
                segment: number,
                offset: 0,
            });
        }
        let offset = self.position.offset;
        if offset >= end {
            if following.is_none() && is_open {
                return Ok(Some(Next::End));
            }
            self.leave(number);
            self.go(Position {
                segment: following.unwrap_or(number + 1),
                offset: 0,
            });
            return Ok(None);
        }
        let file = match (&self.open, file) {
            (_, Some(file)) => file,
            (Some((open, file)), None) if *open == number => file.clone(),
            (_, None) => Arc::new(self.log.disk.open(&file_name(number))?),
        };
        self.open = Some((number, file.clone()));
        let Some(head) = frame::head_at(&*file, number, offset, end)? else {
            let next = frame::find(&*file, number, offset + 1, end)?;
            // Behind the last record of a life of the agent there may be one that a crash has torn: nobody was told that it is taken.
            if next.is_some() {
                self.log.has_damage(0);
            }
            self.go(Position {
                segment: number,
                offset: next.unwrap_or(end),
            });
            return Ok(None);
        };
        contents.resize(head.length, 0);
        let read = file.read_at(contents, offset + frame::HEAD as u64)?;
        contents.truncate(read);
        let is_sound = head.fits(contents);
        let entries = u64::from(head.entries);
        if let Some(segment) = self.log.segments.lock().get_mut(&number) {
            segment.unread = segment.unread.saturating_sub(entries);
        }
        self.go(Position {
            segment: number,
            offset: offset + head.size(),
        });
        if !is_sound {
            self.log.has_damage(entries);
        }
        Ok(is_sound.then_some(Next::Record(head.entries)))
    }

    /// The reader is behind a segment's end: what it has not come to was damaged.
    fn leave(&mut self, number: u64) {
        self.open = None;
        if let Some(segment) = self.log.segments.lock().get_mut(&number)
            && segment.unread > 0
        {
            let unread = std::mem::take(&mut segment.unread);
            self.log.has_damage(unread);
        }
    }

    /// The segment is gone or cannot be read.
    fn skip_segment(&mut self) {
        self.open = None;
        let number = self.position.segment;
        if let Some(segment) = self.log.segments.lock().remove(&number) {
            self.log.has_damage(segment.unread);
        }
        self.go(Position {
            segment: number + 1,
            offset: 0,
        });
    }

    /// Everything before this position is done with. Segments that are done with as a whole are removed.
    ///
    /// # Errors
    /// If the marker cannot be written: after a crash records would be read again. The log goes on.
    pub(crate) fn mark(&mut self, position: Position, now: Instant) -> io::Result<()> {
        if position <= self.marked {
            return Ok(());
        }
        let log = &self.log;
        let mut segments = log.segments.lock();
        let last = segments.last_key_value().map(|(number, _)| *number);
        let done: Vec<u64> = segments
            .range(..=position.segment)
            .filter(|(number, segment)| {
                let is_behind =
                    **number < position.segment || (!segment.is_open && position.offset >= segment.length);
                is_behind && !(segment.is_open && Some(**number) == last)
            })
            .map(|(number, _)| *number)
            .collect();
        for number in &done {
            segments.remove(number);
        }
        drop(segments);
        // The segments first: a full disk takes the marker only then.
        for number in done {
            // What cannot be removed now is found, and removed, at the next start.
            drop(log.disk.remove(&file_name(number)));
        }
        self.marked = position;
        self.marker.write(&log.disk, position, now)
    }
}
