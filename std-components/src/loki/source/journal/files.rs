//! The journal's files: which there are, and whether anything was appended, by a look at their headers.
//!
//! A file that is complete is looked at once. The others' headers are read again at each look, folders only where they have changed.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Files of a journal at the most.
pub(super) const MAX_FILES: usize = 4096;

/// How long a folder is believed not to have changed because its time has not.
const LIST_EVERY: Duration = Duration::from_secs(5);

/// How long a file may be without a header after it was made.
const YOUNG: Duration = Duration::from_secs(2);

/// Bytes of a header that are read.
const HEADER_BYTES: usize = 208;

/// What a journal file begins with.
const SIGNATURE: &[u8] = b"LPKSHHRH";

/// The state of a file that nothing is appended to any more.
const ARCHIVED: u8 = 2;

/// A file's id.
pub(super) type Id = [u8; 16];

/// What a header says. Numbers that count up over all files of a machine are its sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) file: Id,
    /// Which sequence its numbers belong to.
    pub(super) sequence: Id,
    pub(super) is_archived: bool,
    pub(super) entries: u64,
    pub(super) last: u64,
    /// Of the first and the last entry, microseconds since 1970.
    pub(super) first_time: u64,
    pub(super) last_time: u64,
    /// Bytes in use.
    pub(super) used: u64,
}

impl Header {
    fn read(file: &File) -> Result<Self, String> {
        let mut bytes = [0; HEADER_BYTES];
        file.read_exact_at(&mut bytes, 0)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => "it is shorter than a header".to_owned(),
                _ => error.to_string(),
            })?;
        if !bytes.starts_with(SIGNATURE) {
            return Err("it does not begin as a journal".into());
        }
        let number = |at: usize| {
            let eight = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok());
            u64::from_le_bytes(eight.unwrap_or_default())
        };
        let id = |at: usize| {
            bytes
                .get(at..at + 16)
                .and_then(|id| id.try_into().ok())
                .unwrap_or_default()
        };
        Ok(Self {
            file: id(24),
            sequence: id(72),
            is_archived: bytes.get(16) == Some(&ARCHIVED),
            used: number(88).saturating_add(number(96)),
            entries: number(152),
            last: number(160),
            first_time: number(184),
            last_time: number(192),
        })
    }
}

struct Known {
    path: PathBuf,
    inode: u64,
    file: File,
    header: Result<Header, String>,
}

/// The files of a journal.
pub(super) struct Files {
    roots: Vec<PathBuf>,
    known: Vec<Known>,
    /// The folders, with their times, when they were listed.
    folders: Vec<(PathBuf, Option<SystemTime>)>,
    listed: Option<Instant>,
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) headers: Vec<(PathBuf, Header)>,
    /// What is wrong with which file or folder.
    pub(super) problems: Vec<(PathBuf, String)>,
}

impl Files {
    pub(super) fn new(roots: Vec<PathBuf>) -> Self {
        Self {
            roots,
            known: Vec::new(),
            folders: Vec::new(),
            listed: None,
        }
    }

    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Looks at all files.
    pub(super) fn look(&mut self) -> Look {
        let mut look = Look::default();
        let is_old = self.listed.is_none_or(|at| at.elapsed() >= LIST_EVERY);
        if is_old
            || self
                .folders
                .iter()
                .any(|(folder, time)| modified(folder) != *time)
        {
            self.list(&mut look);
        }
        for known in &mut self.known {
            if !matches!(&known.header, Ok(header) if header.is_archived) {
                known.header = Header::read(&known.file);
            }
            match &known.header {
                Ok(header) => look.headers.push((known.path.clone(), *header)),
                // It has just been made.
                Err(_) if is_young(&known.file) => {}
                Err(reason) => look.problems.push((known.path.clone(), reason.clone())),
            }
        }
        look
    }

    fn list(&mut self, look: &mut Look) {
        self.listed = Some(Instant::now());
        self.folders.clear();
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for root in &self.roots {
            self.folders.push((root.clone(), modified(root)));
            let mut inner = Vec::new();
            match entries(root) {
                Ok(entries) => {
                    for (path, is_folder) in entries {
                        match is_folder {
                            true if is_machine(&path) => inner.push(path),
                            false => found.push(path),
                            true => {}
                        }
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(root.clone()),
                Err(error) => look.problems.push((root.clone(), told(&error))),
            }
            for folder in inner {
                self.folders.push((folder.clone(), modified(&folder)));
                match entries(&folder) {
                    Ok(entries) => found.extend(
                        entries
                            .into_iter()
                            .filter(|(_, is_folder)| !is_folder)
                            .map(|(path, _)| path),
                    ),
                    Err(error) => look.problems.push((folder, told(&error))),
                }
            }
        }
        if missing.len() == self.roots.len()
            && let Some(root) = missing.into_iter().next()
        {
            let reason = "there is no such folder; mount the host's journal there, or set path";
            look.problems.push((root, reason.into()));
        }
        found.retain(|path| path.extension().is_some_and(|extension| extension == "journal"));
        found.sort();
        found.dedup();
        found.truncate(MAX_FILES);
        let mut before = std::mem::take(&mut self.known);
        for path in found {
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            if !metadata.is_file() {
                continue;
            }
            let inode = metadata.ino();
            if let Some(at) = before.iter().position(|known| known.inode == inode) {
                let known = before.swap_remove(at);
                self.known.push(Known { path, ..known });
                continue;
            }
            match File::open(&path) {
                Ok(file) => self.known.push(Known {
                    header: Header::read(&file),
                    path,
                    inode,
                    file,
                }),
                // It has been vacuumed meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => look.problems.push((path, told(&error))),
            }
        }
    }
}

fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("{error}; let the agent's user read it, as a member of the group systemd-journal")
        }
        _ => error.to_string(),
    }
}

fn is_young(file: &File) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age.is_none_or(|age| age < YOUNG)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The files and folders of a folder.
fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        found.push((entry.path(), entry.file_type()?.is_dir()));
    }
    Ok(found)
}

/// Whether a folder's name is a machine's id.
fn is_machine(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
