//! Reads configurations: a file, a folder's `*.alloy` files as one configuration, or standard input.

use river_syntax::{Diagnostic, FileId, Sources};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A text with the name that messages give it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// Where it was read from; `None` for standard input.
    pub(crate) path: Option<PathBuf>,
    pub(crate) text: String,
    /// Where its bytes were no UTF-8; its place is in the source of this one's number.
    pub(crate) not_text: Option<Diagnostic>,
}

/// The texts with their names, numbered in their order.
pub(crate) fn table(texts: &[Source]) -> Sources {
    let mut sources = Sources::new();
    for source in texts {
        sources.add(source.name.as_str(), source.text.as_str());
    }
    sources
}

/// A configuration that cannot be read: the path and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {reason}", path.display())]
pub(crate) struct ReadError {
    path: PathBuf,
    reason: String,
}

impl ReadError {
    fn new(path: &Path, reason: impl ToString) -> Self {
        Self {
            path: path.into(),
            reason: reason.to_string(),
        }
    }
}

/// Reads one configuration. Of a folder only its own `*.alloy` files count, in order of their names, as in the reference.
pub(crate) fn read(path: &Path) -> Result<Vec<Source>, ReadError> {
    if path == Path::new("-") {
        return read_stdin().map(|source| vec![source]);
    }
    let metadata = std::fs::metadata(path).map_err(|error| ReadError::new(path, error))?;
    if !metadata.is_dir() {
        return read_file(path, 0).map(|source| vec![source]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| ReadError::new(path, error))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|extension| extension == "alloy") && file.is_file())
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(ReadError::new(path, "the folder holds no *.alloy file"));
    }
    files
        .iter()
        .enumerate()
        .map(|(number, file)| read_file(file, number))
        .collect()
}

/// Reads the file with this number in the table of sources.
fn read_file(path: &Path, number: usize) -> Result<Source, ReadError> {
    let bytes = std::fs::read(path).map_err(|error| ReadError::new(path, error))?;
    Ok(Source {
        path: Some(path.to_path_buf()),
        ..text_of(path, number, &bytes)
    })
}

/// Reads standard input.
pub(crate) fn read_stdin() -> Result<Source, ReadError> {
    let path = Path::new("<stdin>");
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::new(path, error))?;
    Ok(text_of(path, 0, &bytes))
}

/// The text of a file's bytes under a number in the table of sources. Bytes that are no UTF-8 are a finding, not a failure: the file was read.
fn text_of(path: &Path, number: usize, bytes: &[u8]) -> Source {
    let (text, not_text) = river_syntax::decode(FileId(number as u32), bytes);
    Source {
        name: path.display().to_string(),
        path: None,
        text: text.into_owned(),
        not_text,
    }
}

/// What keeps these files from being texts.
pub(crate) fn not_texts(sources: &[Source]) -> Vec<Diagnostic> {
    sources
        .iter()
        .filter_map(|source| source.not_text.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_configuration_of_its_own_alloy_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.alloy"), "b").unwrap();
        std::fs::write(folder.path().join("a.alloy"), "a").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
        std::fs::create_dir(folder.path().join("sub.alloy")).unwrap();
        let sources = read(folder.path()).unwrap();
        assert_eq!(
            sources
                .iter()
                .map(|source| source.text.as_str())
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert!(sources[0].name.ends_with("/a.alloy"));
    }

    #[test]
    fn what_cannot_be_read_says_where_and_why() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.alloy"), "a = 1\n").unwrap();
        std::fs::write(folder.path().join("latin1.alloy"), b"a = 1\nb = \"\xe9\"\n").unwrap();
        let found = not_texts(&read(folder.path()).unwrap());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code.id, "AR0014");
        assert_eq!(
            (found[0].primary.span.file, found[0].primary.span.start),
            (FileId(1), 11)
        );
        let message = read(folder.path().join("none").as_path())
            .unwrap_err()
            .to_string();
        assert!(message.contains("none: No such file"), "{message}");
    }
}
