//! Reads the journal's files in the order of their times, a batch at a time.
//!
//! What has been read is known by the entries' numbers in each file, not by a place in the order of all: entries of one file may be written after later ones
//! of another, and a clock may be set back. A pass begins where the first file has something new and goes over all files; what is known is passed over.

use super::entries::{Made, Maker};
use super::files::{Files, Header, Id, MAX_FILES};
use super::position::{Cursor, Origin, Position, Seen, unhex};
use crate::signals::{Entry, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES};
use sdjournal::{EntryRef, Journal, JournalConfig, SdJournalError};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Entries that are looked at in one go at the most.
const MAX_STEPS: usize = 8192;

/// Bytes of a field at the most.
const MAX_FIELD_BYTES: usize = 16 * 1024 * 1024;

/// Fields of an entry at the most, as journald has it.
const MAX_FIELDS: usize = 1024;

/// Troubles that are remembered at the most, so that each is told and counted once.
const MAX_TOLD: usize = 1024;

/// What was read in one go.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    /// How far which file has been read.
    pub(super) files: BTreeMap<Id, Seen>,
    /// The last entry.
    pub(super) cursor: Option<Cursor>,
    /// Bytes of lines.
    pub(super) bytes: usize,
    /// Entries without text, and those that the rules drop.
    pub(super) no_message: u64,
    pub(super) relabelled: u64,
    /// Entries that cannot be read.
    pub(super) corrupt: u64,
    /// At most so many entries were deleted before they were read.
    pub(super) vacuumed: u64,
    /// Trouble that has not been told yet.
    pub(super) news: Vec<String>,
    /// What is wrong now.
    pub(super) problem: Option<String>,
    /// There is more to be read at once.
    pub(super) has_more: bool,
}

type Entries = Box<dyn Iterator<Item = Result<EntryRef, SdJournalError>> + Send>;

/// A way over all files.
struct Pass {
    entries: Entries,
    /// The files as they were before it began.
    headers: Vec<(PathBuf, Header)>,
    sequences: HashMap<Id, Id>,
    /// Of which files something was new, and of which of them an entry has come.
    new: BTreeSet<Id>,
    came: BTreeSet<Id>,
}

/// Reads a journal.
pub(super) struct Reader {
    files: Files,
    position: Position,
    maker: Maker,
    pass: Option<Pass>,
    /// The files' headers when a pass over them had ended.
    done: HashMap<Id, (PathBuf, Header)>,
    told: BTreeSet<String>,
    /// What is wrong now.
    problem: Option<String>,
}

impl Reader {
    pub(super) fn new(files: Files, position: Position, maker: Maker) -> Self {
        Self {
            files,
            position,
            maker,
            pass: None,
            done: HashMap::new(),
            told: BTreeSet::new(),
            problem: None,
        }
    }

    /// From now on with these settings.
    pub(super) fn set(&mut self, roots: Vec<PathBuf>, maker: Maker) {
        self.maker = maker;
        if roots != self.files.roots() {
            self.files = Files::new(roots);
            self.pass = None;
            self.done.clear();
        }
    }

    /// Goes back to a position.
    pub(super) fn go_back(&mut self, position: Position) {
        self.position = position;
        self.pass = None;
        self.done.clear();
    }

    /// Reads the next batch.
    pub(super) fn next(&mut self) -> Batch {
        let mut batch = self.read();
        batch.problem.clone_from(&self.problem);
        batch
    }

    fn read(&mut self) -> Batch {
        let mut batch = Batch::default();
        let mut pass = match self.pass.take() {
            Some(pass) => pass,
            None => match self.begin(&mut batch) {
                Some(pass) => pass,
                None => return batch,
            },
        };
        for _ in 0..MAX_STEPS {
            if batch.entries.len() >= MAX_BATCH_ENTRIES || batch.bytes >= MAX_BATCH_BYTES {
                break;
            }
            match pass.entries.next() {
                Some(Ok(entry)) => self.take(&entry, &mut pass, &mut batch),
                Some(Err(error)) => self.complain(&error, &pass, &mut batch),
                None => {
                    self.end(pass, &mut batch);
                    return batch;
                }
            }
        }
        self.pass = Some(pass);
        batch.has_more = true;
        batch
    }

    /// Begins a pass, if anything is new.
    fn begin(&mut self, batch: &mut Batch) -> Option<Pass> {
        let look = self.files.look();
        self.problem = None;
        for (path, reason) in &look.problems {
            let text = format!("the journal {} cannot be read: {reason}", path.display());
            self.tell(text.clone(), batch);
            self.problem = Some(text);
        }
        self.miss(&look.headers, batch);
        self.position.prune();
        let (mut new, mut since) = (BTreeSet::new(), u64::MAX);
        for (_, header) in &look.headers {
            let (number, from) = self.position.of(header);
            let is_known = self
                .done
                .get(&header.file)
                .is_some_and(|(_, before)| before == header);
            if is_known || header.entries == 0 || header.last <= number || header.last_time < from {
                continue;
            }
            new.insert(header.file);
            since = since.min(
                match (self.position.files.get(&header.file), self.position.origin) {
                    (Some(seen), _) => seen.time.min(header.last_time),
                    (None, Origin::Cursor(cursor))
                        if (header.first_time..=header.last_time).contains(&cursor.time) =>
                    {
                        cursor.time
                    }
                    (None, _) => header.first_time.max(from),
                },
            );
        }
        for (path, header) in &look.headers {
            if !new.contains(&header.file) {
                self.done.insert(header.file, (path.clone(), *header));
            }
        }
        if new.is_empty() {
            return None;
        }
        match entries(self.files.roots(), since) {
            Ok(entries) => Some(Pass {
                entries,
                sequences: look
                    .headers
                    .iter()
                    .map(|(_, header)| (header.file, header.sequence))
                    .collect(),
                headers: look.headers,
                new,
                came: BTreeSet::new(),
            }),
            Err(error) => {
                let text = format!("the journal cannot be read: {error}");
                self.tell(text.clone(), batch);
                self.problem = Some(text);
                None
            }
        }
    }

    fn take(&mut self, entry: &EntryRef, pass: &mut Pass, batch: &mut Batch) {
        let cursor = entry
            .cursor()
            .map(|cursor| cursor.to_string())
            .unwrap_or_default();
        // `SJ1:`, the kind of cursor, the file's id.
        let Some(file) = cursor.get(6..38).and_then(unhex) else {
            return;
        };
        let sequence = pass.sequences.get(&file).copied().unwrap_or_default();
        let (number, from) = match self.position.files.get(&file) {
            Some(seen) => (seen.number, 0),
            None => self.position.origin_of(sequence),
        };
        pass.came.insert(file);
        if entry.seqnum() <= number || entry.realtime_usec() < from {
            return;
        }
        let seen = Seen {
            number: entry.seqnum(),
            time: entry.realtime_usec(),
        };
        self.position.files.insert(file, seen);
        batch.files.insert(file, seen);
        batch.cursor = Some(Cursor {
            sequence,
            number: entry.seqnum(),
            boot: entry.boot_id(),
            monotonic: entry.monotonic_usec(),
            time: entry.realtime_usec(),
        });
        match self.maker.make(entry) {
            Made::Entry(entry) => {
                batch.bytes += entry.line.len();
                batch.entries.push(entry);
            }
            Made::Other => {}
            Made::NoMessage => batch.no_message += 1,
            Made::Relabelled => batch.relabelled += 1,
        }
    }

    /// Says what is wrong with a file, once.
    fn complain(&mut self, error: &SdJournalError, pass: &Pass, batch: &mut Batch) {
        let is_growing = match error {
            // It was appended to while it was read; what is new comes with the next pass.
            SdJournalError::Transient { .. } => true,
            SdJournalError::Corrupt {
                path: Some(path),
                offset: Some(offset),
                ..
            } => pass
                .headers
                .iter()
                .any(|(known, header)| known == path && !header.is_archived && *offset >= header.used),
            _ => false,
        };
        if !is_growing
            && self.tell(
                format!("a part of the journal cannot be read and is passed over: {error}"),
                batch,
            )
        {
            batch.corrupt += 1;
        }
    }

    /// Ends a pass.
    fn end(&mut self, pass: Pass, batch: &mut Batch) {
        for (path, header) in pass.headers {
            let is_dumb = pass.new.contains(&header.file) && !pass.came.contains(&header.file);
            if is_dumb {
                let text = format!(
                    "nothing can be read of the journal {}, which has new entries; check it with journalctl --verify",
                    path.display()
                );
                self.tell(text, batch);
            }
            self.done.insert(header.file, (path, header));
        }
        batch.has_more = !batch.files.is_empty();
    }

    /// Counts what was deleted before it was read.
    fn miss(&mut self, headers: &[(PathBuf, Header)], batch: &mut Batch) {
        let is_there = |id: &Id| headers.iter().any(|(_, header)| header.file == *id);
        let gone: Vec<Id> = self.done.keys().filter(|id| !is_there(id)).copied().collect();
        for id in gone {
            let Some((path, header)) = self.done.remove(&id) else {
                continue;
            };
            let (number, from) = self.position.of(&header);
            let is_read = header.entries == 0 || header.last <= number || header.last_time < from;
            if !is_read {
                batch.vacuumed += header.entries.min(header.last.saturating_sub(number));
                batch.news.push(format!(
                    "the journal {} was deleted before all of it was read; look why receivers are slow, or raise SystemMaxUse of journald",
                    path.display()
                ));
            }
        }
    }

    /// Tells something that has not been told. Answers whether it is new.
    fn tell(&mut self, text: String, batch: &mut Batch) -> bool {
        if self.told.contains(&text) {
            return false;
        }
        if self.told.len() >= MAX_TOLD {
            self.told.clear();
        }
        self.told.insert(text.clone());
        batch.news.push(text);
        true
    }
}

/// The entries of all files from a time on.
fn entries(roots: &[PathBuf], since: u64) -> Result<Entries, SdJournalError> {
    let config = JournalConfig {
        max_object_size_bytes: MAX_FIELD_BYTES as u64,
        max_decompressed_bytes: MAX_FIELD_BYTES,
        max_fields_per_entry: MAX_FIELDS,
        max_journal_files: MAX_FILES,
        allow_mmap_online: false,
        ..JournalConfig::default()
    };
    let there: Vec<PathBuf> = roots.iter().filter(|root| Path::is_dir(root)).cloned().collect();
    let journal = Journal::open_dirs_with_config(&there, config)?;
    let mut query = journal.query();
    query.since_realtime(since);
    Ok(Box::new(query.iter()?))
}
