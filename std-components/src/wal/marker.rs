//! Up to where the reader is done: two slots in a file, written in turn, so that one is whole whenever the writing of the other breaks off.

use super::disk::{Disk, DiskFile};
use super::state::Position;
use std::io;
use std::time::{Duration, Instant};

/// The file's name.
pub(super) const NAME: &str = "marker";

/// Where the second slot begins: no sector of a disk holds parts of both.
const SECOND: u64 = 4096;

/// Bytes of a slot: number, segment, offset, checksum.
const SLOT: usize = 28;

/// How often the marker is synced: what a loss of power may have sent again. The death of the process alone loses nothing.
const SYNC_PERIOD: Duration = Duration::from_secs(1);

/// The marker of a log.
pub(super) struct Marker<D: Disk> {
    file: Option<D::File>,
    number: u64,
    synced: Instant,
}

impl<D: Disk> Marker<D> {
    /// Reads it. Where both slots are damaged there is none, and everything that is still there is read again.
    pub(super) fn open(disk: &D) -> io::Result<(Self, Option<Position>)> {
        let mut marker = Self {
            file: None,
            number: 0,
            synced: Instant::now(),
        };
        let file = match disk.open(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((marker, None)),
            Err(error) => return Err(error),
        };
        let slots = [slot(&file, 0), slot(&file, SECOND)];
        marker.file = Some(file);
        let newest = slots.into_iter().flatten().max_by_key(|(number, _)| *number);
        marker.number = newest.map_or(0, |(number, _)| number);
        Ok((marker, newest.map(|(_, position)| position)))
    }

    /// Moves it.
    pub(super) fn write(&mut self, disk: &D, position: Position, now: Instant) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => file,
            None => {
                let file = match disk.create(NAME) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => disk.open(NAME)?,
                    other => other?,
                };
                self.file.insert(file)
            }
        };
        let number = self.number + 1;
        let mut bytes = Vec::with_capacity(SLOT);
        for word in [number, position.segment, position.offset] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        file.write_at(&bytes, if number.is_multiple_of(2) { 0 } else { SECOND })?;
        self.number = number;
        if now.duration_since(self.synced) >= SYNC_PERIOD {
            file.sync()?;
            self.synced = now;
        }
        Ok(())
    }
}

fn slot(file: &impl DiskFile, offset: u64) -> Option<(u64, Position)> {
    let mut bytes = [0; SLOT];
    if file.read_at(&mut bytes, offset).ok()? < SLOT {
        return None;
    }
    let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let crc = u32::from_le_bytes(bytes.get(24..)?.try_into().ok()?);
    if crc32c::crc32c(bytes.get(..24)?) != crc {
        return None;
    }
    let position = Position {
        segment: word(8)?,
        offset: word(16)?,
    };
    Some((word(0)?, position))
}
