//! What has moved since the positions file was written: a line for each move, appended at once, so that the death of the process costs no second of lines.
//!
//! The positions file is written, synced and renamed once a second; the journal beside it is never synced, as it has to outlive the process only. It begins
//! with the number that the positions file says, so that it is never applied to another one. A line has a checksum, for the last may be cut off.

use super::identity::Identity;
use super::positions::{Key, Position};
use super::rotated;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes of a journal at the most; what moves beyond waits for the next positions file.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The journal of a positions file.
#[derive(Debug, Default)]
pub(super) struct Journal {
    path: PathBuf,
    open: Option<(File, u64)>,
    /// It could not be written: left alone until the next positions file.
    is_broken: bool,
    lines: String,
}

impl Journal {
    /// Beside this positions file.
    pub(super) fn beside(positions: &Path) -> Self {
        let mut path = positions.to_owned();
        path.as_mut_os_string().push(".journal");
        Self {
            path,
            ..Self::default()
        }
    }

    /// The moves since the positions file with this number, oldest first.
    pub(super) fn read(&self, number: u64) -> Vec<(Key, Position)> {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut text));
        if read.is_err() {
            return Vec::new();
        }
        let mut lines = text.split(|byte| *byte == b'\n').map_while(checked);
        if lines.next() != Some(number.to_string().as_str()) {
            return Vec::new();
        }
        lines.map_while(move_of).collect()
    }

    /// Appends moves. An error is none of the agent's: the next positions file holds them too.
    pub(super) fn append<'p>(&mut self, number: u64, moves: impl Iterator<Item = (&'p Key, &'p Position)>) {
        if self.is_broken {
            return;
        }
        self.lines.clear();
        if self.open.is_none() {
            push(&mut self.lines, &number.to_string());
        }
        for (key, position) in moves {
            let identity = position.identity.map(Identity::to_text).unwrap_or_default();
            let rotated = rotated::to_text(&position.rotated);
            let line = serde_json::json!([
                key.path,
                key.labels,
                position.offset,
                identity,
                rotated,
                position.detail
            ]);
            push(&mut self.lines, &line.to_string());
        }
        if let Err(error) = self.write() {
            tracing::debug!(path = %self.path.display(), %error, "the journal of positions cannot be written");
            self.open = None;
            self.is_broken = true;
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let (file, length) = match &mut self.open {
            Some(open) => open,
            None => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder)?;
                }
                self.open.insert((File::create(&self.path)?, 0))
            }
        };
        *length += self.lines.len() as u64;
        if *length > MAX_BYTES {
            return Err(io::Error::other("it is large enough"));
        }
        file.write_all(self.lines.as_bytes())
    }

    /// A positions file with everything in it has been written.
    pub(super) fn is_obsolete(&mut self) {
        if self.open.take().is_some() || self.is_broken {
            // If it stays, its number tells that it is obsolete.
            drop(fs::remove_file(&self.path));
        }
        self.is_broken = false;
    }
}

fn push(out: &mut String, line: &str) {
    use std::fmt::Write;
    // Writing to a String does not fail.
    let _ = writeln!(out, "{:08x} {line}", crc32c::crc32c(line.as_bytes()));
}

/// A line whose checksum is right.
fn checked(line: &[u8]) -> Option<&str> {
    let (crc, rest) = line.split_at_checked(8)?;
    let rest = rest.strip_prefix(b" ")?;
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?, 16).ok()?;
    (crc32c::crc32c(rest) == crc).then(|| std::str::from_utf8(rest).ok())?
}

fn move_of(line: &str) -> Option<(Key, Position)> {
    let fields: Vec<String> = serde_json::from_str(line).ok()?;
    // Lines of before there were details have no last field.
    let [path, labels, offset, identity, before, detail @ ..] = fields.as_slice() else {
        return None;
    };
    let position = Position {
        offset: offset.clone(),
        detail: detail.first().cloned().unwrap_or_default(),
        identity: Identity::from_text(identity),
        rotated: rotated::from_text(before),
    };
    let key = Key {
        path: path.clone(),
        labels: labels.clone(),
    };
    Some((key, position))
}
