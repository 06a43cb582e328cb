//! The features on small configurations, asked as the server asks them.

mod completion;
mod hover;
mod names;
mod text;

use crate::lsp::documents::{Document, uri_of};
use crate::lsp::positions::Encoding;
use crate::lsp::resolve::View;
use crate::lsp::workspace::Workspace;
use lsp_types::{Position, TextDocumentItem};
use std::path::PathBuf;
use std::rc::Rc;
use tempfile::TempDir;

/// A folder with files, one of them open with the cursor in it.
pub(super) struct Fixture {
    folder: TempDir,
    pub(super) workspace: Workspace,
    pub(super) document: Rc<Document>,
    pub(super) position: Position,
}

impl Fixture {
    /// A file with the cursor at `$0`, and others on the disk.
    pub(super) fn with(marked: &str, others: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in others {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let offset = marked.find("$0").unwrap() as u32;
        let path = folder.path().join("main.alloy");
        let text = marked.replacen("$0", "", 1);
        std::fs::write(&path, &text).unwrap();
        let mut workspace = Workspace::new(Encoding::Utf16, vec![folder.path().to_owned()]);
        let document = workspace.open(TextDocumentItem {
            uri: uri_of(&path).unwrap(),
            language_id: "alloy".to_owned(),
            version: 1,
            text,
        });
        let position = document.index.position(offset);
        Self {
            folder,
            workspace,
            document,
            position,
        }
    }

    pub(super) fn new(marked: &str) -> Self {
        Self::with(marked, &[])
    }

    pub(super) fn view(&self) -> View<'_> {
        View::new(&self.workspace, self.document.clone())
    }

    /// The name of a file of the folder.
    pub(super) fn name(&self, document: &Document) -> String {
        let path: &PathBuf = &document.path;
        path.strip_prefix(self.folder.path())
            .unwrap()
            .display()
            .to_string()
    }
}
