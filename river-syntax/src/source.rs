//! Source texts and places in them: which file, which bytes, which line and column.

use crate::codes;
use crate::diagnostic::Diagnostic;
use std::borrow::Cow;
use std::sync::Arc;

/// Number of a source text in a [`Sources`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A range of bytes in one source text; `start..end`, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The text that the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// A range in a file.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The smallest range that covers both; both must lie in the same file.
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The range as array indices.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Line and column, both counted from 1; the column counts bytes, as the reference does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Byte within the line, from 1.
    pub column: u32,
}

/// One source text with its name (as it shall stand in messages) and an index of its lines.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    line_starts: std::sync::OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// A text under a name, usually the path that the user gave.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            line_starts: std::sync::OnceLock::new(),
        }
    }

    /// The name for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at as u32 + 1))
                .collect()
        })
    }

    /// Line and column of a byte; a byte past the end counts as the end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.text.len() as u32);
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        LineColumn {
            line: line as u32,
            column: offset - starts[line - 1] + 1,
        }
    }

    /// The text of a line (from 1) without its end; empty where there is no such line.
    pub fn line(&self, line: u32) -> &str {
        let starts = self.line_starts();
        let Some(&start) = starts.get((line as usize).wrapping_sub(1)) else {
            return "";
        };
        let end = starts
            .get(line as usize)
            .map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }
}

/// All source texts of one configuration, imported ones included.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and gives its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(Arc::new(SourceFile::new(name, text)));
        id
    }

    /// Adds a text of another table and gives its number.
    pub fn add_file(&mut self, file: Arc<SourceFile>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(file);
        id
    }

    /// Puts a text in the place of another one. Where there is no such place it is added.
    pub fn replace(&mut self, id: FileId, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        match self.files.get_mut(id.0 as usize) {
            Some(slot) => {
                *slot = Arc::new(SourceFile::new(name, text));
                id
            }
            None => self.add(name, text),
        }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text of a number, if it is in this table.
    pub fn get(&self, id: FileId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// All texts in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<SourceFile>)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, file)| (FileId(at as u32), file))
    }

    /// The text that a span covers; empty where the span is not of this table.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|file| file.text().get(span.range()))
            .unwrap_or("")
    }
}

/// The text of a file's bytes. Where they are no UTF-8 the text has U+FFFD and the first such place is an error.
pub fn decode(file: FileId, bytes: &[u8]) -> (Cow<'_, str>, Option<Diagnostic>) {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return (Cow::Borrowed(text), None),
        Err(error) => error,
    };
    let at = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX);
    // U+FFFD, which stands there in the text, is three bytes long.
    let place = Span::new(file, at, at.saturating_add(3));
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is UTF-16: save it as UTF-8",
        _ => "save the file as UTF-8",
    };
    let error = Diagnostic::error(&codes::NOT_UTF8, place, "these bytes are no UTF-8").with_help(help);
    (String::from_utf8_lossy(bytes), Some(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_an_error_at_their_place() {
        let (text, error) = decode(FileId(0), b"a = \"\xff\"\n");
        let error = error.unwrap();
        assert_eq!(
            (&*text, &text[error.primary.span.range()]),
            ("a = \"\u{fffd}\"\n", "\u{fffd}")
        );
        assert!(decode(FileId(0), "größe = 1".as_bytes()).1.is_none());
        let (_, error) = decode(FileId(0), b"\xff\xfea\0");
        assert!(error.unwrap().help.unwrap().contains("UTF-16"));
    }

    #[test]
    fn columns_count_bytes_and_lines_end_anywhere() {
        let file = SourceFile::new("t", "é = 1\r\nb");
        assert_eq!(file.line_column(3), LineColumn { line: 1, column: 4 });
        assert_eq!(file.line_column(99), LineColumn { line: 2, column: 2 });
        assert_eq!((file.line(1), file.line(2), file.line(3)), ("é = 1", "b", ""));
    }
}
