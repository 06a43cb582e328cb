//! The texts that the editor has open, and those of the disk beside them.
//!
//! A text is parsed when something first asks for its tree, so a burst of edits parses once.

use super::names::Names;
use super::positions::{Encoding, LineIndex};
use lsp_types::{TextDocumentContentChangeEvent, Uri};
use river_syntax::{FileId, Parse, Span, parse_file};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A text at one version.
#[derive(Debug)]
pub(crate) struct Document {
    /// As the client spells it; what is published has to be spelt so, too.
    pub(crate) uri: Uri,
    /// Where it lies; for texts that are no file (`untitled:1`) the URI itself.
    pub(crate) path: PathBuf,
    /// The number in its tree's spans.
    pub(crate) file: FileId,
    /// Its version, if the editor has it open.
    pub(crate) version: Option<i32>,
    /// The text and its lines.
    pub(crate) index: LineIndex,
    parse: OnceCell<Parse>,
    names: OnceCell<Names>,
}

impl Document {
    pub(crate) fn new(uri: Uri, file: FileId, version: Option<i32>, text: &str, encoding: Encoding) -> Self {
        Self {
            path: path_of(&uri),
            uri,
            file,
            version,
            index: LineIndex::new(text, encoding),
            parse: OnceCell::new(),
            names: OnceCell::new(),
        }
    }

    /// The text after the editor's changes, one after the other.
    pub(crate) fn changed(&self, version: i32, changes: Vec<TextDocumentContentChangeEvent>) -> Self {
        let encoding = self.index.encoding();
        let mut index = self.index.clone();
        for change in changes {
            let text = match change.range {
                None => change.text,
                Some(range) => {
                    let bytes = index.bytes(range);
                    let mut text = String::with_capacity(index.text().len() + change.text.len());
                    text.push_str(index.text().get(..bytes.start as usize).unwrap_or(""));
                    text.push_str(&change.text);
                    text.push_str(index.text().get(bytes.end as usize..).unwrap_or(""));
                    text
                }
            };
            index = LineIndex::new(text, encoding);
        }
        Self {
            uri: self.uri.clone(),
            path: self.path.clone(),
            file: self.file,
            version: Some(version),
            index,
            parse: OnceCell::new(),
            names: OnceCell::new(),
        }
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        self.index.text()
    }

    /// Its tree.
    pub(crate) fn parse(&self) -> &Parse {
        self.parse
            .get_or_init(|| parse_file(self.file, self.index.text().clone()))
    }

    /// What it defines and refers to.
    pub(crate) fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::of(self.parse()))
    }

    /// What stands at a place.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text().get(span.range()).unwrap_or("")
    }

    /// A range of its bytes.
    pub(crate) fn span(&self, bytes: std::ops::Range<u32>) -> Span {
        Span::new(self.file, bytes.start, bytes.end)
    }
}

/// Where a URI's file lies; the URI itself where it is none.
pub(crate) fn path_of(uri: &Uri) -> PathBuf {
    url::Url::parse(uri.as_str())
        .ok()
        .filter(|url| url.scheme() == "file")
        .and_then(|url| url.to_file_path().ok())
        .unwrap_or_else(|| PathBuf::from(uri.as_str()))
}

/// The URI of a file; `None` of a path that is not absolute.
pub(crate) fn uri_of(path: &Path) -> Option<Uri> {
    Uri::from_str(url::Url::from_file_path(path).ok()?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lsp_types::{Position, Range};

    fn document(text: &str) -> Document {
        let uri = Uri::from_str("file:///tmp/a%20b.alloy").unwrap();
        Document::new(uri, FileId(3), Some(1), text, Encoding::Utf16)
    }

    #[test]
    fn changes_apply_one_after_the_other() {
        let change = |from: (u32, u32), to: (u32, u32), text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(
                Position::new(from.0, from.1),
                Position::new(to.0, to.1),
            )),
            range_length: None,
            text: text.to_owned(),
        };
        let new = document("é = 1\nb = 2\n").changed(
            2,
            vec![
                change((0, 0), (0, 1), "größe"),
                change((0, 8), (0, 9), "7"),
                // Behind the end: at the end.
                change((9, 9), (9, 9), "c = 3\n"),
                // Backwards: an insertion.
                change((1, 1), (0, 0), "b"),
            ],
        );
        assert_eq!(new.text(), "größe = 7\nbb = 2\nc = 3\n");
        assert_eq!(new.version, Some(2));
        assert_eq!(new.parse().errors.len(), 0);
    }

    #[test]
    fn paths_and_uris_are_two_spellings() {
        assert_eq!(document("").path, Path::new("/tmp/a b.alloy"));
        assert_eq!(
            uri_of(Path::new("/tmp/a b.alloy")).unwrap().as_str(),
            "file:///tmp/a%20b.alloy"
        );
        let untitled = Uri::from_str("untitled:Untitled-1").unwrap();
        assert_eq!(path_of(&untitled), Path::new("untitled:Untitled-1"));
        assert!(uri_of(Path::new("untitled:Untitled-1")).is_none());
    }
}
