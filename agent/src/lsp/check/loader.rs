//! Reads imported modules: what the editor has open counts before what is on the disk.

use crate::lsp::modules;
use river_eval::check::Loader;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads modules for the checker.
#[derive(Debug)]
pub(super) struct EditorLoader<'j> {
    pub(super) open: &'j HashMap<PathBuf, Arc<str>>,
    pub(super) roots: &'j [PathBuf],
}

impl Loader for EditorLoader<'_> {
    fn load(&self, path: &str, from: &str) -> Result<Vec<(String, Arc<str>)>, String> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        let candidates = modules::candidates(path, folder, self.roots);
        alloy_check::read_module(candidates, |path| self.open.get(path).cloned())
    }
}
