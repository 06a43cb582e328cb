//! Reads imported modules: what the editor has open counts before what is on the disk.

use crate::lsp::modules;
use river_eval::check::Loader;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one imported file at the most.
const MAX_MODULE_BYTES: u64 = 64 << 20;

/// Reads modules for the checker.
#[derive(Debug)]
pub(super) struct EditorLoader<'j> {
    pub(super) open: &'j HashMap<PathBuf, Arc<str>>,
    pub(super) roots: &'j [PathBuf],
}

impl Loader for EditorLoader<'_> {
    fn load(&self, path: &str, from: &str) -> Result<Vec<(String, Arc<str>)>, String> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        let found = modules::candidates(path, folder, self.roots)
            .find(|candidate| self.open.contains_key(candidate) || candidate.exists())
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
            .map(|path| Ok((path.display().to_string(), self.text(&path)?)))
            .collect()
    }
}

impl EditorLoader<'_> {
    fn text(&self, path: &Path) -> Result<Arc<str>, String> {
        if let Some(text) = self.open.get(path) {
            return Ok(text.clone());
        }
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
}
