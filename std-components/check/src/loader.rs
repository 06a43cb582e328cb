//! Reads the modules that a checked configuration imports.

use river_eval::check::Loader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one imported file at the most.
const MAX_MODULE_BYTES: u64 = 64 << 20;

/// Reads imported modules from files: from the folder of the process, and where nothing is there from the folder of the importing file.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileLoader;

impl Loader for FileLoader {
    fn load(&self, path: &str, from: &str) -> Result<Vec<(String, Arc<str>)>, String> {
        let beside = Path::new(from).parent().map(|folder| folder.join(path));
        let candidates = std::iter::once(PathBuf::from(path)).chain(beside);
        read_module(candidates, |_| None)
    }
}

/// The texts of the first candidate that exists: a file, or a folder's own `*.alloy` files in order of their names. `open` gives the text of a
/// file that is known already.
///
/// # Errors
/// Why nothing could be read, for a message.
pub fn read_module(
    mut candidates: impl Iterator<Item = PathBuf>,
    open: impl Fn(&Path) -> Option<Arc<str>>,
) -> Result<Vec<(String, Arc<str>)>, String> {
    let found = candidates
        .find(|candidate| open(candidate).is_some() || candidate.exists())
        .ok_or("no such file or folder")?;
    let mut files = vec![found.clone()];
    if found.is_dir() {
        let entries = std::fs::read_dir(&found).map_err(|error| error.to_string())?;
        files = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "alloy"))
            .collect();
        files.sort();
        if files.is_empty() {
            return Err("the folder holds no *.alloy file".to_owned());
        }
    }
    files
        .into_iter()
        .map(|path| {
            let text = match open(&path) {
                Some(text) => text,
                None => read(&path)?,
            };
            Ok((path.display().to_string(), text))
        })
        .collect()
}

fn read(path: &Path) -> Result<Arc<str>, String> {
    let bytes = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if bytes > MAX_MODULE_BYTES {
        return Err(format!(
            "{} is larger than {MAX_MODULE_BYTES} bytes",
            path.display()
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    Ok(Arc::from(text))
}
