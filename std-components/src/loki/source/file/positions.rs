//! The positions file: how far each file has been taken for good.
//!
//! `positions` is the reference's map, which both agents read. `alloy_rs_identities` beside it says which file each position belongs to; the
//! reference does not look at it, nor at `alloy_rs_journal`, which says which [`Journal`] belongs to the file. The file is replaced as a whole (written beside, synced, renamed, folder synced), so that it is never half written.

use super::identity::Identity;
use super::journal::Journal;
use super::rotated::{self, Rotated};
use saphyr_parser::{Event, Parser};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes of a positions file at the most: 100,000 files with long labels.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What positions of sources other than files begin with; they have no file that could be gone.
const CURSORS: [&str; 2] = ["cursor-", "journal-"];

/// A file with its labels: what a position belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::loki::source) struct Key {
    /// As in `__path__`.
    pub(in crate::loki::source) path: String,
    /// `{a="1", b="2"}` without `filename`.
    pub(in crate::loki::source) labels: String,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// What the file says: a number in sound files.
    pub(super) offset: String,
    /// What is known beyond the number where it is no file's.
    pub(super) detail: String,
    /// Which file it belongs to, where that is known.
    pub(super) identity: Option<Identity>,
    /// The files that the name pointed to before, or while this one waited, oldest first.
    pub(super) rotated: Vec<Rotated>,
}

/// All positions of a component.
#[derive(Debug, Default)]
pub(in crate::loki::source) struct Positions {
    file: PathBuf,
    entries: BTreeMap<Key, Position>,
    /// Why the stored file could not be understood, and when it was tried.
    damage: Option<(String, SystemTime)>,
    /// Where the damaged file has to go before another takes its place.
    kept: Option<PathBuf>,
    is_changed: bool,
    /// Those that have moved since the journal was told.
    moved: BTreeSet<Key>,
    journal: Journal,
    /// Says which journal belongs to the stored file.
    number: u64,
}

impl Positions {
    /// Reads the positions file, or takes over the one of a predecessor when there is none. One that cannot be understood is kept under
    /// another name, and [`damage`](Self::damage) says so.
    ///
    /// # Errors
    /// A file that exists and cannot be read: to begin without it would send every log again.
    pub(in crate::loki::source) fn load(file: PathBuf, legacy: Option<&Path>) -> Result<Self, String> {
        let mut positions = Self {
            journal: Journal::beside(&file),
            file,
            ..Self::default()
        };
        let cannot = |path: &Path, error: &io::Error| {
            format!(
                "the positions file {} cannot be read ({error}); let the agent's user read it, or move it away to read every log again",
                path.display()
            )
        };
        let own = read(&positions.file).map_err(|error| cannot(&positions.file, &error))?;
        match (own.filter(|bytes| !bytes.is_empty()), legacy) {
            (Some(bytes), _) => match parse(&bytes) {
                Ok(stored) => {
                    positions.entries = stored.entries;
                    // A file without a number is another agent's: no journal is about it.
                    if let Some(number) = stored.number {
                        positions.number = number;
                        positions.replay();
                    }
                }
                Err(reason) => positions.set_aside(&reason),
            },
            (None, Some(legacy)) => {
                if let Some(bytes) = read(legacy).map_err(|error| cannot(legacy, &error))? {
                    match parse(&bytes) {
                        Ok(stored) => {
                            positions.entries = stored.entries;
                            positions.is_changed = true;
                            tracing::info!(path = %legacy.display(), "took over the legacy positions file");
                        }
                        Err(reason) => tracing::error!(
                            path = %legacy.display(), error = reason,
                            "the legacy positions file is not valid and is not taken over"
                        ),
                    }
                }
            }
            (None, None) => positions.replay(),
        }
        Ok(positions)
    }

    /// Applies the journal of an agent that was killed.
    fn replay(&mut self) {
        let moves = self.journal.read(self.number);
        self.is_changed |= !moves.is_empty();
        // The journal is begun anew, and has to hold them too until the file is written.
        self.moved.extend(moves.iter().map(|(key, _)| key.clone()));
        self.entries.extend(moves);
    }

    /// Lets the journal know what has moved, so that it is known although the process dies.
    pub(in crate::loki::source) fn note(&mut self) {
        if self.moved.is_empty() {
            return;
        }
        let moved = std::mem::take(&mut self.moved);
        let moves = moved.iter().filter_map(|key| self.entries.get_key_value(key));
        self.journal.append(self.number, moves);
    }

    /// Only with the first save, as a component may be built and never run.
    fn set_aside(&mut self, reason: &str) {
        let mut kept = self.file.clone();
        kept.as_mut_os_string().push(".damaged");
        let damage = format!(
            "the positions file {} is damaged ({reason}); it is kept as {}",
            self.file.display(),
            kept.display()
        );
        self.damage = Some((damage, SystemTime::now()));
        self.kept = Some(kept);
    }

    /// Why the stored file could not be understood, if so.
    pub(in crate::loki::source) fn damage(&self) -> Option<&str> {
        self.damage.as_ref().map(|(damage, _)| damage.as_str())
    }

    /// Why nothing is known of a file, if its position may have been lost. One that was made since then never had any.
    pub(super) fn damage_for(&self, born: Option<SystemTime>) -> Option<&str> {
        let (damage, at) = self.damage.as_ref()?;
        born.is_none_or(|born| born <= *at).then_some(damage)
    }

    /// From now on files without a position are new ones.
    pub(super) fn forget_damage(&mut self) {
        self.damage = None;
    }

    /// The position of a file.
    pub(super) fn get(&self, key: &Key) -> Option<&Position> {
        self.entries.get(key)
    }

    /// A position that was stored without labels, by a predecessor.
    pub(super) fn get_legacy(&self, path: &str) -> Option<&Position> {
        self.entries.get(&Key {
            path: path.into(),
            labels: "{}".into(),
        })
    }

    /// The positions of which it is known which file they belong to.
    pub(super) fn identified(&self) -> impl Iterator<Item = (&Key, u64, Identity)> {
        self.entries.iter().flat_map(|(key, position)| {
            let own = position.offset.parse().ok().zip(position.identity);
            let rotated = position.rotated.iter().map(|one| (one.offset, one.identity));
            own.into_iter()
                .chain(rotated)
                .map(move |(offset, identity)| (key, offset, identity))
        })
    }

    /// Moves a file's position.
    pub(super) fn set(&mut self, key: &Key, offset: u64, identity: Identity, rotated: Vec<Rotated>) {
        let position = Position {
            offset: offset.to_string(),
            detail: String::new(),
            identity: Some(identity),
            rotated,
        };
        if self.entries.get(key) != Some(&position) {
            self.entries.insert(key.clone(), position);
            self.moved.insert(key.clone());
            self.is_changed = true;
        }
    }

    /// The positions that are no file's and have this path: labels, the number that the reference understands, and what is known beyond it.
    pub(in crate::loki::source) fn cursors(&self, path: &str) -> impl Iterator<Item = (&str, &str, &str)> {
        let first = Key {
            path: path.into(),
            labels: String::new(),
        };
        let own = self
            .entries
            .range(first..)
            .take_while(move |(key, _)| key.path == path);
        own.map(|(key, position)| {
            (
                key.labels.as_str(),
                position.offset.as_str(),
                position.detail.as_str(),
            )
        })
    }

    /// All keys.
    pub(in crate::loki::source) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.keys()
    }

    /// Moves a position that is no file's.
    pub(in crate::loki::source) fn set_cursor(&mut self, key: &Key, number: i64, detail: String) {
        let position = Position {
            offset: number.to_string(),
            detail,
            identity: None,
            rotated: Vec::new(),
        };
        self.entries.insert(key.clone(), position);
        self.moved.insert(key.clone());
        self.is_changed = true;
    }

    /// Forgets a position; the journal tells it only with the next save.
    pub(in crate::loki::source) fn remove(&mut self, key: &Key) {
        self.is_changed |= self.entries.remove(key).is_some();
        self.moved.remove(key);
    }

    /// Forgets files that are gone, unless the function says that they are still being read.
    pub(super) fn forget_missing(&mut self, is_read: impl Fn(&Key) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|key, _| {
            let is_cursor = CURSORS.iter().any(|prefix| key.path.starts_with(prefix));
            let is_gone = || matches!(fs::symlink_metadata(&key.path), Err(error) if error.kind() == io::ErrorKind::NotFound);
            is_cursor || is_read(key) || !is_gone()
        });
        self.is_changed |= self.entries.len() != before;
    }

    /// Whether there is something to be saved.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Writes the file if anything has changed.
    ///
    /// # Errors
    /// Of writing; the file on disk is then still the old one, and the next save tries again.
    pub(in crate::loki::source) fn save(&mut self) -> io::Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        if let Some(kept) = &self.kept {
            match fs::rename(&self.file, kept) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.kept = None,
            }
        }
        let number = self.number + 1;
        replace(&self.file, self.to_yaml(number).as_bytes())?;
        self.number = number;
        self.is_changed = false;
        self.moved.clear();
        self.journal.is_obsolete();
        Ok(())
    }

    fn to_yaml(&self, number: u64) -> String {
        let mut out = String::from("positions:");
        self.write_map(&mut out, |position| Some(position.offset.clone()));
        out.push_str("alloy_rs_identities:");
        self.write_map(&mut out, |position| position.identity.map(Identity::to_text));
        if self.entries.values().any(|position| !position.rotated.is_empty()) {
            out.push_str("alloy_rs_rotated:");
            self.write_map(&mut out, |position| {
                let rotated = &position.rotated;
                (!rotated.is_empty()).then(|| rotated::to_text(rotated))
            });
        }
        if self.entries.values().any(|position| !position.detail.is_empty()) {
            out.push_str("alloy_rs_cursors:");
            self.write_map(&mut out, |position| {
                (!position.detail.is_empty()).then(|| position.detail.clone())
            });
        }
        out.push_str(&format!("alloy_rs_journal: \"{number}\"\n"));
        out
    }

    /// A map from structs, as Go's YAML library writes and reads it.
    fn write_map(&self, out: &mut String, value: impl Fn(&Position) -> Option<String>) {
        let mut is_empty = true;
        for (key, position) in &self.entries {
            let Some(value) = value(position) else {
                continue;
            };
            is_empty = false;
            // A JSON string is a double-quoted YAML one.
            let quoted = |text: &str| serde_json::Value::from(text).to_string();
            out.push_str(&format!(
                "\n  ? path: {}\n    labels: {}\n  : {}",
                quoted(&key.path),
                quoted(&key.labels),
                quoted(&value)
            ));
        }
        out.push_str(if is_empty { " {}\n" } else { "\n" });
    }
}

/// The bytes of a positions file; `None` where there is none.
pub(in crate::loki::source) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => Err(io::Error::other(format!(
            "it is larger than {MAX_FILE_BYTES} bytes"
        ))),
        Ok(_) => fs::read(path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts bytes in place of a file so that after a crash at any point the old or the new content is there.
pub(in crate::loki::source) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = path.to_owned();
    beside.as_mut_os_string().push(".new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match File::open(folder)?.sync_all() {
        // Some file systems cannot sync a folder; the file is in its place all the same.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// A piece of a positions file.
enum Node {
    Text(String),
    Map(Vec<(Node, Node)>),
    /// Something that has no place in one.
    Other,
}

/// What a positions file says.
#[derive(Debug, Default)]
struct Stored {
    entries: BTreeMap<Key, Position>,
    /// Which journal belongs to it.
    number: Option<u64>,
}

/// The positions of a file as they are written, whoever wrote it.
///
/// # Errors
/// Why it is no positions file.
pub(in crate::loki::source) fn texts(bytes: &[u8]) -> Result<Vec<(Key, String)>, String> {
    let stored = parse(bytes)?.entries;
    Ok(stored
        .into_iter()
        .map(|(key, position)| (key, position.offset))
        .collect())
}

fn parse(bytes: &[u8]) -> Result<Stored, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    if text.contains('\0') {
        return Err("it holds NUL bytes, as a file that was not written to its end".into());
    }
    let mut events = Parser::new_from_str(text);
    let mut next = || match events.next() {
        Some(Ok((event, _))) => Ok(Some(event)),
        Some(Err(error)) => Err(format!("line {}: {}", error.marker().line(), error.info())),
        None => Ok(None),
    };
    let mut root = None;
    while let Some(event) = next()? {
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => break,
            event => root = Some(node(event, &mut next, 0)?),
        }
    }
    let mut stored = Stored::default();
    let entries = &mut stored.entries;
    let fields = match root {
        None => Vec::new(),
        Some(Node::Map(fields)) => fields,
        Some(_) => return Err("it is no map".into()),
    };
    let (mut identities, mut rotated, mut cursors) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in fields {
        match (name, value) {
            (Node::Text(name), Node::Map(items)) if name == "positions" => {
                for (key, value) in items {
                    let position = Position {
                        offset: text_of(value).ok_or("a position is no number")?,
                        detail: String::new(),
                        identity: None,
                        rotated: Vec::new(),
                    };
                    entries.insert(key_of(key)?, position);
                }
            }
            (Node::Text(name), Node::Map(items)) if name == "alloy_rs_identities" => identities = items,
            (Node::Text(name), Node::Map(items)) if name == "alloy_rs_rotated" => rotated = items,
            (Node::Text(name), Node::Map(items)) if name == "alloy_rs_cursors" => cursors = items,
            (Node::Text(name), Node::Text(number)) if name == "alloy_rs_journal" => {
                stored.number = number.parse().ok();
            }
            _ => {}
        }
    }
    for (key, value) in identities {
        if let Some(position) = entries.get_mut(&key_of(key)?) {
            position.identity = text_of(value).and_then(|text| Identity::from_text(&text));
        }
    }
    for (key, value) in rotated {
        if let Some(position) = entries.get_mut(&key_of(key)?) {
            position.rotated = text_of(value).map_or_else(Vec::new, |text| rotated::from_text(&text));
        }
    }
    for (key, value) in cursors {
        if let Some(position) = entries.get_mut(&key_of(key)?) {
            position.detail = text_of(value).unwrap_or_default();
        }
    }
    Ok(stored)
}

fn text_of(node: Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(text),
        _ => None,
    }
}

/// A key: path and labels, or (Promtail's) the path alone.
fn key_of(node: Node) -> Result<Key, String> {
    let fields = match node {
        Node::Text(path) => {
            return Ok(Key {
                path,
                labels: "{}".into(),
            });
        }
        Node::Map(fields) => fields,
        Node::Other => return Err("a key is neither a path nor a map".into()),
    };
    let (mut path, mut labels) = (None, None);
    for (name, value) in fields {
        match text_of(name).as_deref() {
            Some("path") => path = text_of(value),
            Some("labels") => labels = text_of(value),
            _ => {}
        }
    }
    match (path, labels) {
        (Some(path), labels) => Ok(Key {
            path,
            labels: labels.unwrap_or_default(),
        }),
        (None, _) => Err("a key has no path".into()),
    }
}

fn node<'t>(
    event: Event<'t>,
    next: &mut dyn FnMut() -> Result<Option<Event<'t>>, String>,
    depth: usize,
) -> Result<Node, String> {
    if depth > 8 {
        return Err("it is nested too deeply".into());
    }
    match event {
        Event::Scalar(text, ..) => Ok(Node::Text(text.into_owned())),
        Event::MappingStart(..) => {
            let mut fields = Vec::new();
            loop {
                let key = match next()? {
                    Some(Event::MappingEnd) => return Ok(Node::Map(fields)),
                    Some(event) => node(event, next, depth + 1)?,
                    None => return Err("it ends in the middle".into()),
                };
                let value = next()?.ok_or("it ends in the middle")?;
                fields.push((key, node(value, next, depth + 1)?));
            }
        }
        Event::SequenceStart(..) => loop {
            match next()? {
                Some(Event::SequenceEnd) => return Ok(Node::Other),
                Some(event) => drop(node(event, next, depth + 1)?),
                None => return Err("it ends in the middle".into()),
            }
        },
        _ => Ok(Node::Other),
    }
}

#[cfg(test)]
#[path = "positions_tests.rs"]
mod tests;
