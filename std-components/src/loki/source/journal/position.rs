//! How far the journal has been read: for each file the last entry's number, and the cursor that systemd knows.

use super::files::{Header, Id, MAX_FILES};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How far a file has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The number of the last entry that has been read.
    pub(super) number: u64,
    /// Its time, microseconds since 1970.
    pub(super) time: u64,
}

/// How far a journal has been read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Position {
    pub(super) files: BTreeMap<Id, Seen>,
    /// For files that are not in it.
    pub(super) origin: Origin,
}

/// Where the reading of a file begins that has not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// With entries of this time, microseconds since 1970.
    Since(u64),
    /// Behind an entry.
    Cursor(Cursor),
}

/// An entry, as systemd's cursors name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) sequence: Id,
    pub(super) number: u64,
    pub(super) boot: Id,
    pub(super) monotonic: u64,
    pub(super) time: u64,
}

impl Position {
    /// How far a file has been read, and the time that entries must have at least.
    pub(super) fn of(&self, header: &Header) -> (u64, u64) {
        match self.files.get(&header.file) {
            Some(seen) => (seen.number, 0),
            None => self.origin_of(header.sequence),
        }
    }

    /// The same of a file that has not been read, whose numbers are of this sequence.
    pub(super) fn origin_of(&self, sequence: Id) -> (u64, u64) {
        match self.origin {
            Origin::Since(time) => (0, time),
            Origin::Cursor(cursor) if cursor.sequence == sequence => (cursor.number, 0),
            Origin::Cursor(cursor) => (0, cursor.time.saturating_add(1)),
        }
    }

    /// Forgets the files that were written to last the longest ago, where there are more than a journal has.
    pub(super) fn prune(&mut self) {
        while self.files.len() > MAX_FILES {
            let oldest = self.files.iter().min_by_key(|(_, seen)| seen.time);
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                return;
            };
            self.files.remove(&oldest);
        }
    }

    /// The files' part, to be stored.
    pub(super) fn files_text(&self) -> String {
        let mut text = String::new();
        for (file, seen) in &self.files {
            if !text.is_empty() {
                text.push(',');
            }
            // Writing to a String does not fail.
            let _ = write!(text, "{}={:x}@{:x}", hex(file), seen.number, seen.time);
        }
        text
    }
}

/// Reads the files' part of what was stored.
pub(super) fn read_files(text: &str) -> BTreeMap<Id, Seen> {
    let file = |text: &str| {
        let (id, seen) = text.split_once('=')?;
        let (number, time) = seen.split_once('@')?;
        let seen = Seen {
            number: u64::from_str_radix(number, 16).ok()?,
            time: u64::from_str_radix(time, 16).ok()?,
        };
        Some((unhex(id)?, seen))
    };
    text.split(',').filter_map(file).collect()
}

impl Cursor {
    /// Reads systemd's text.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut cursor = Self::default();
        let mut has_time = false;
        for part in text.trim().split(';') {
            let (name, value) = part.split_once('=')?;
            let number = || u64::from_str_radix(value, 16).ok();
            match name {
                "s" => cursor.sequence = unhex(value)?,
                "i" => cursor.number = number()?,
                "b" => cursor.boot = unhex(value)?,
                "m" => cursor.monotonic = number()?,
                "t" => {
                    cursor.time = number()?;
                    has_time = true;
                }
                // A hash of the fields, which is not needed to find an entry.
                _ => {}
            }
        }
        has_time.then_some(cursor)
    }

    /// Systemd's text, which it takes without the hash too.
    pub(super) fn to_text(self) -> String {
        format!(
            "s={};i={:x};b={};m={:x};t={:x}",
            hex(&self.sequence),
            self.number,
            hex(&self.boot),
            self.monotonic,
            self.time
        )
    }
}

pub(super) fn hex(id: &Id) -> String {
    let mut text = String::with_capacity(32);
    for byte in id {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The id that 32 digits stand for.
pub(super) fn unhex(text: &str) -> Option<Id> {
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cursors_are_systemds() {
        let text =
            "s=fbcaee3d4a0a41218662ebf14ee939b8;i=2;b=0123456789abcdef0123456789abcdef;m=3e8;t=660c8d93f564a";
        let cursor = Cursor::read(&format!("{text};x=d0e3c94a3a0460ed\n")).unwrap();
        assert_eq!(
            (cursor.number, cursor.monotonic, cursor.to_text().as_str()),
            (2, 1000, text)
        );
        for wrong in [
            "",
            "s=1",
            "s=fbcaee3d4a0a41218662ebf14ee939b8;i=2",
            "t=xyz",
            "hello",
        ] {
            assert_eq!(Cursor::read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn positions_come_back(files in prop::collection::btree_map(any::<Id>(), (any::<u64>(), any::<u64>()), 0..5)) {
            let files = files.into_iter().map(|(id, (number, time))| (id, Seen { number, time })).collect();
            let position = Position { files, origin: Origin::Since(0) };
            prop_assert_eq!(read_files(&position.files_text()), position.files);
        }

        #[test]
        fn nothing_panics(text in "[stibmx=;0-9a-f,@é]{0,60}") {
            let _ = (read_files(&text), Cursor::read(&text));
        }
    }
}
