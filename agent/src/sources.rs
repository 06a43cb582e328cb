//! Reads configurations: a file, a folder's `*.alloy` files as one configuration, or standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

/// A text with the name that messages give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
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
        return read_file(path).map(|source| vec![source]);
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
    files.iter().map(|file| read_file(file)).collect()
}

/// Reads one file.
pub(crate) fn read_file(path: &Path) -> Result<Source, ReadError> {
    let bytes = std::fs::read(path).map_err(|error| ReadError::new(path, error))?;
    text_of(path, bytes)
}

/// Reads standard input.
pub(crate) fn read_stdin() -> Result<Source, ReadError> {
    let path = Path::new("<stdin>");
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::new(path, error))?;
    text_of(path, bytes)
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<Source, ReadError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..at];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        ReadError::new(
            path,
            format!("line {line} is not valid UTF-8 (byte {at}); save the file as UTF-8"),
        )
    })?;
    Ok(Source {
        name: path.display().to_string(),
        text,
    })
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
        let file = folder.path().join("latin1.alloy");
        std::fs::write(&file, b"a = 1\nb = \"\xe9\"\n").unwrap();
        let message = read(&file).unwrap_err().to_string();
        assert!(
            message.contains("latin1.alloy: line 2 is not valid UTF-8 (byte 11)"),
            "{message}"
        );
        assert!(read(folder.path().join("none").as_path()).is_err());
    }
}
