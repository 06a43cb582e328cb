//! What tells one file from another: device, inode and its first bytes.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Bytes at the beginning of a file that are part of its identity.
pub(super) const HEAD_BYTES: usize = 1024;

/// Entries of a folder that are looked at to find a renamed file, at the most.
const MAX_FOLDER_ENTRIES: usize = 65_536;

/// The first bytes of a file, as a hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// How many bytes.
    pub(super) length: u64,
    /// FNV-1a of them. It is stored, so it must never change.
    pub(super) hash: u64,
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Head {
    /// Of a file as it is now.
    ///
    /// # Errors
    /// Of reading.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let mut buffer = [0; HEAD_BYTES];
        let bytes = read_at(file, &mut buffer, 0)?;
        Ok(Self {
            length: bytes.len() as u64,
            hash: fnv1a(bytes),
        })
    }

    /// Whether a file begins with these bytes. Every file does when there are none.
    ///
    /// # Errors
    /// Of reading.
    pub(super) fn is_of(&self, file: &File) -> io::Result<bool> {
        let length = usize::try_from(self.length).unwrap_or(HEAD_BYTES).min(HEAD_BYTES);
        let mut buffer = [0; HEAD_BYTES];
        let wanted = buffer.get_mut(..length).unwrap_or_default();
        let bytes = read_at(file, wanted, 0)?;
        Ok(bytes.len() == length && fnv1a(bytes) == self.hash)
    }

    /// Whether more bytes would make it tell more.
    pub(super) fn is_full(&self) -> bool {
        self.length >= HEAD_BYTES as u64
    }
}

/// The format of a compressed file, by what it begins with.
///
/// # Errors
/// Of reading.
pub(super) fn packing_of(file: &File) -> io::Result<Option<&'static str>> {
    let mut first = [0; 6];
    Ok(match read_at(file, &mut first, 0)? {
        [0x1f, 0x8b, 8, ..] => Some("gz"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some("bz2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Some("xz"),
        _ => None,
    })
}

/// Fills the buffer as far as the file goes.
pub(super) fn read_at<'b>(file: &File, buffer: &'b mut [u8], offset: u64) -> io::Result<&'b [u8]> {
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match file.read_at(free, offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}

/// What tells one file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) head: Head,
}

impl Identity {
    /// Whether it is the same inode of the same device; the content may have changed.
    pub(super) fn is_inode(&self, metadata: &Metadata) -> bool {
        (self.device, self.inode) == (metadata.dev(), metadata.ino())
    }

    /// `device:inode:length:hash`, all but the hash decimal.
    pub(super) fn to_text(self) -> String {
        format!(
            "{}:{}:{}:{:016x}",
            self.device, self.inode, self.head.length, self.head.hash
        )
    }

    /// The reverse of [`to_text`](Self::to_text).
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let identity = Self {
            device: parts.next()?.parse().ok()?,
            inode: parts.next()?.parse().ok()?,
            head: Head {
                length: parts.next()?.parse().ok()?,
                hash: u64::from_str_radix(parts.next()?, 16).ok()?,
            },
        };
        parts.next().is_none().then_some(identity)
    }
}

/// The file of this identity under another name in the same folder: where rotation by renaming has put it.
pub(super) fn find_renamed(path: &Path, identity: &Identity) -> Option<(PathBuf, File)> {
    let folder = std::fs::read_dir(path.parent()?).ok()?;
    for entry in folder.take(MAX_FOLDER_ENTRIES).flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_file() && identity.is_inode(&metadata) {
            let file = File::open(entry.path()).ok()?;
            return matches!(identity.head.is_of(&file), Ok(true)).then(|| (entry.path(), file));
        }
    }
    None
}

/// Files that are found by [`find_born_between`] at the most: as many as wait at the most for a path.
const MAX_MISSED: usize = 64;

/// How far the clock of file systems may be behind: it goes by ticks of the kernel.
const CLOCK_STEP: Duration = Duration::from_millis(10);

/// Files, oldest first, that had a path's name before the one that has it now and after another one that had it, as far as rotation has left them in the
/// folder: named as it names files (`NAME.1`, `NAME-20261121`, `NAME.20261121-120000`), not compressed, and made in that time, and since the last time that
/// the earlier one was seen by the name, where that is known: a copy that was made while it had the name is none of them. No files where the file system
/// does not tell when one was made.
pub(super) fn find_born_between(
    path: &Path,
    after: &Metadata,
    seen: Option<SystemTime>,
    before: &Metadata,
) -> Vec<(PathBuf, File)> {
    let seen = seen.and_then(|seen| seen.checked_sub(CLOCK_STEP));
    let (Ok(from), Ok(to), Some(name), Some(folder)) = (
        after.created(),
        before.created(),
        path.file_name(),
        path.parent().and_then(|folder| std::fs::read_dir(folder).ok()),
    ) else {
        return Vec::new();
    };
    let from = seen.map_or(from, |seen| seen.max(from));
    let is_rotated = |other: &std::ffi::OsStr| {
        let rest = other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        matches!(rest, Some([b'.' | b'-', first, ..]) if first.is_ascii_digit())
    };
    let is = |one: &Metadata, other: &Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    let mut found: Vec<_> = folder
        .take(MAX_FOLDER_ENTRIES)
        .flatten()
        .filter(|entry| is_rotated(&entry.file_name()))
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
            let born = metadata.created().ok()?;
            let is_missed = (from..=to).contains(&born) && !is(&metadata, after) && !is(&metadata, before);
            let order = (born, metadata.modified().ok()?);
            is_missed.then(|| (order, entry.path()))
        })
        .collect();
    found.sort();
    let open = |(_, path): (_, PathBuf)| {
        let file = File::open(&path).ok()?;
        packing_of(&file).ok()?.is_none().then_some((path, file))
    };
    found.into_iter().filter_map(open).take(MAX_MISSED).collect()
}

/// Whether `new` holds what `old` holds up to an offset, judged by both ends of it: a file that has been written anew and put in place of
/// the old one.
pub(super) fn is_rewritten(old: &File, new: &File, offset: u64) -> bool {
    let same = |start: u64, length: usize| {
        let (mut one, mut two) = ([0; HEAD_BYTES], [0; HEAD_BYTES]);
        let (Some(one), Some(two)) = (one.get_mut(..length), two.get_mut(..length)) else {
            return false;
        };
        match (read_at(old, one, start), read_at(new, two, start)) {
            (Ok(one), Ok(two)) => one.len() == length && one == two,
            _ => false,
        }
    };
    let length = usize::try_from(offset).unwrap_or(HEAD_BYTES).min(HEAD_BYTES);
    offset > 0 && same(0, length) && same(offset - length as u64, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_survives() {
        let identity = Identity {
            device: 64769,
            inode: 12,
            head: Head {
                length: 5,
                hash: 0xff,
            },
        };
        assert_eq!(identity.to_text(), "64769:12:5:00000000000000ff");
        assert_eq!(Identity::from_text(&identity.to_text()), Some(identity));
        for broken in ["", "1:2:3", "1:2:3:zz", "1:2:3:4:5", "-1:2:3:4"] {
            assert_eq!(Identity::from_text(broken), None, "{broken}");
        }
        // It is stored: another value would make every file a new one.
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
