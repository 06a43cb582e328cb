//! The texts that the server knows, by their paths.

use super::documents::{Document, path_of};
use super::positions::Encoding;
use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};
use river_syntax::FileId;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

/// All texts.
#[derive(Debug)]
pub(crate) struct Workspace {
    encoding: Encoding,
    open: HashMap<PathBuf, Rc<Document>>,
    /// The number of every path that was ever seen.
    numbers: HashMap<PathBuf, FileId>,
}

impl Workspace {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            open: HashMap::new(),
            numbers: HashMap::new(),
        }
    }

    fn number(&mut self, path: PathBuf) -> FileId {
        let next = FileId(self.numbers.len() as u32);
        *self.numbers.entry(path).or_insert(next)
    }

    /// The editor opened a text.
    pub(crate) fn open(&mut self, item: TextDocumentItem) -> Rc<Document> {
        let file = self.number(path_of(&item.uri));
        let document = Rc::new(Document::new(
            item.uri,
            file,
            Some(item.version),
            &item.text,
            self.encoding,
        ));
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

    /// The text of a URI.
    pub(crate) fn get(&self, uri: &Uri) -> Option<Rc<Document>> {
        self.open.get(&path_of(uri)).cloned()
    }
}
