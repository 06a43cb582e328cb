//! The texts that the server knows: what the editor has open, and files of the disk beside them.
//!
//! What is open hides what is on the disk. Files of the disk are read when something asks for them and kept until they change.

use super::documents::{Document, path_of, uri_of};
use super::modules;
use super::names::{Definition, FILE};
use super::positions::Encoding;
use super::settings::Mode;
use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};
use river_syntax::FileId;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

/// Larger files of the disk are not read, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Files of one folder that are looked at.
const MAX_FOLDER_FILES: usize = 512;

/// Files of all folders of the editor that are looked at.
const MAX_WORKSPACE_FILES: usize = 4096;

/// Entries of folders that are looked at on the search for files.
const MAX_WALKED: usize = 100_000;

/// All texts.
#[derive(Debug)]
pub(crate) struct Workspace {
    encoding: Encoding,
    roots: Vec<PathBuf>,
    /// Which files make a configuration.
    pub(crate) mode: Mode,
    open: BTreeMap<PathBuf, Rc<Document>>,
    disk: RefCell<HashMap<PathBuf, Cached>>,
    /// The number of every path that was ever seen.
    numbers: RefCell<HashMap<PathBuf, FileId>>,
}

/// A file as it was read.
#[derive(Debug)]
struct Cached {
    modified: Option<SystemTime>,
    bytes: u64,
    document: Rc<Document>,
}

impl Workspace {
    /// A workspace of these folders.
    pub(crate) fn new(encoding: Encoding, roots: Vec<PathBuf>) -> Self {
        Self {
            encoding,
            roots,
            mode: Mode::default(),
            open: BTreeMap::new(),
            disk: RefCell::default(),
            numbers: RefCell::default(),
        }
    }

    /// The folders that the editor shows.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    fn number(&self, path: &Path) -> FileId {
        let mut numbers = self.numbers.borrow_mut();
        let next = FileId(numbers.len() as u32);
        *numbers.entry(path.to_owned()).or_insert(next)
    }

    /// The editor opened a text.
    pub(crate) fn open(&mut self, item: TextDocumentItem) -> Rc<Document> {
        let file = self.number(&path_of(&item.uri));
        let version = Some(item.version);
        let document = Rc::new(Document::new(item.uri, file, version, &item.text, self.encoding));
        self.open.insert(document.path.clone(), document.clone());
        document
    }

    /// The editor changed a text; `None` where it is not open.
    pub(crate) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
    ) -> Option<Rc<Document>> {
        let document = self.open.get_mut(&path_of(uri))?;
        *document = Rc::new(document.changed(version, changes));
        Some(document.clone())
    }

    /// The editor closed a text; what it was.
    pub(crate) fn close(&mut self, uri: &Uri) -> Option<Rc<Document>> {
        self.open.remove(&path_of(uri))
    }

    /// The text of a URI that is open.
    pub(crate) fn get(&self, uri: &Uri) -> Option<Rc<Document>> {
        self.open.get(&path_of(uri)).cloned()
    }

    /// Every text that the editor has open.
    pub(crate) fn opened(&self) -> impl Iterator<Item = &Rc<Document>> {
        self.open.values()
    }

    /// The text at a path, from the editor or the disk; `None` where it cannot be read, is too long, or no text.
    pub(crate) fn at(&self, path: &Path) -> Option<Rc<Document>> {
        if let Some(document) = self.open.get(path) {
            return Some(document.clone());
        }
        let metadata = std::fs::metadata(path).ok()?;
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return None;
        }
        let modified = metadata.modified().ok();
        let mut disk = self.disk.borrow_mut();
        if let Some(cached) = disk.get(path)
            && cached.modified == modified
            && cached.bytes == metadata.len()
        {
            return Some(cached.document.clone());
        }
        let text = String::from_utf8(std::fs::read(path).ok()?).ok()?;
        let file = self.number(path);
        let document = Rc::new(Document::new(uri_of(path)?, file, None, &text, self.encoding));
        if disk.len() >= MAX_WORKSPACE_FILES {
            disk.clear();
        }
        let cached = Cached {
            modified,
            bytes: metadata.len(),
            document: document.clone(),
        };
        disk.insert(path.to_owned(), cached);
        Some(document)
    }

    /// The `*.alloy` files of a folder, in order of their names.
    fn folder(&self, folder: &Path) -> Vec<Rc<Document>> {
        let listed = std::fs::read_dir(folder).into_iter().flatten();
        let mut paths: Vec<PathBuf> = listed
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_alloy(path))
            .collect();
        let of_folder = self.open.keys().filter(|path| path.parent() == Some(folder));
        paths.extend(of_folder.filter(|path| is_alloy(path)).cloned());
        paths.sort();
        paths.dedup();
        paths.truncate(MAX_FOLDER_FILES);
        paths.iter().filter_map(|path| self.at(path)).collect()
    }

    /// The files that make a configuration with this one, itself among them, in order of their names.
    pub(crate) fn unit(&self, document: &Rc<Document>) -> Vec<Rc<Document>> {
        let alone = || vec![document.clone()];
        let Some(folder) = document.path.parent().filter(|_| document.path.is_absolute()) else {
            return alone();
        };
        if self.mode == Mode::File {
            return alone();
        }
        let mut files = self.folder(folder);
        let Some(own) = files.iter().position(|file| file.path == document.path) else {
            return alone();
        };
        if self.mode == Mode::Auto {
            let mut groups = related(&files).into_iter();
            let group: Vec<usize> = groups.find(|group| group.contains(&own)).unwrap_or_default();
            files = group
                .into_iter()
                .filter_map(|at| files.get(at).cloned())
                .collect();
        }
        files
    }

    /// The files of a module that an `import.file` names.
    pub(crate) fn module(&self, document: &Document, import: &Definition) -> Vec<Rc<Document>> {
        let Some(path) = modules::path(document, import, &self.roots) else {
            return Vec::new();
        };
        match path.is_dir() {
            true => self.folder(&path),
            false => self.at(&path).into_iter().collect(),
        }
    }

    /// All `*.alloy` files of the editor's folders, and all that are open.
    pub(crate) fn all(&self) -> Vec<Rc<Document>> {
        let mut found: BTreeMap<PathBuf, Rc<Document>> = self.open.clone();
        let walks = self
            .roots
            .iter()
            .flat_map(|root| ignore::Walk::new(root).take(MAX_WALKED));
        for entry in walks.flatten() {
            if found.len() >= MAX_WORKSPACE_FILES {
                break;
            }
            if is_alloy(entry.path())
                && !found.contains_key(entry.path())
                && let Some(document) = self.at(entry.path())
            {
                found.insert(entry.path().to_owned(), document);
            }
        }
        found.into_values().collect()
    }
}

fn is_alloy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "alloy")
}

/// The files of a folder in groups: two belong together where one refers to a name that it does not define and of all files only the other one
/// does. Where several define it they are configurations of their own.
fn related(files: &[Rc<Document>]) -> Vec<Vec<usize>> {
    let mut group: Vec<usize> = (0..files.len()).collect();
    for (at, file) in files.iter().enumerate() {
        for path in &file.names().missing {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let defines = |other: &&usize| {
                let other = files.get(**other).filter(|_| **other != at);
                other.is_some_and(|other| other.names().resolve_in(FILE, &path).is_some())
            };
            let all: Vec<usize> = (0..files.len()).collect();
            let mut owners = all.iter().filter(defines);
            if let (Some(&owner), None) = (owners.next(), owners.next()) {
                let (from, to) = (group.get(owner).copied(), group.get(at).copied());
                for number in &mut group {
                    if Some(*number) == from {
                        *number = to.unwrap_or(*number);
                    }
                }
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (file, &number) in group.iter().enumerate() {
        groups.entry(number).or_default().push(file);
    }
    groups.into_values().collect()
}
