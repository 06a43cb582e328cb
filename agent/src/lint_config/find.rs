//! Looks for `alloy-rs.toml`: beside what is checked, and from there upwards.

use super::file::{self, Settings};
use river_syntax::{Diagnostic, Sources};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file's name.
pub(crate) const FILE_NAME: &str = "alloy-rs.toml";

/// A file that was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Where it is; `None` where there is none.
    pub(crate) path: Option<PathBuf>,
    /// What it decides.
    pub(crate) settings: Settings,
    /// Its text.
    pub(crate) sources: Sources,
    /// What is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Why it cannot be read.
    pub(crate) failure: Option<String>,
}

/// Reads each file once.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    folders: HashMap<PathBuf, Arc<Found>>,
}

impl Finder {
    /// What counts for a file or folder; for standard input, `-`, what counts for the current folder.
    pub(crate) fn of(&mut self, path: &Path) -> Arc<Found> {
        let here = std::env::current_dir().unwrap_or_default();
        let folder = if path == Path::new("-") {
            here.clone()
        } else {
            let full = path.canonicalize().unwrap_or_else(|_| here.join(path));
            match full.is_dir() {
                true => full,
                false => full.parent().map(Path::to_path_buf).unwrap_or_default(),
            }
        };
        self.above(&folder, &here)
    }

    fn above(&mut self, folder: &Path, here: &Path) -> Arc<Found> {
        if let Some(known) = self.folders.get(folder) {
            return known.clone();
        }
        let path = folder.join(FILE_NAME);
        let found = if path.is_file() {
            Arc::new(read(path, here))
        } else {
            match folder.parent() {
                Some(parent) => self.above(parent, here),
                None => Arc::default(),
            }
        };
        self.folders.insert(folder.to_path_buf(), found.clone());
        found
    }

    /// All files that were found, each once.
    pub(crate) fn all(&self) -> Vec<Arc<Found>> {
        let mut all: Vec<Arc<Found>> = Vec::new();
        for found in self.folders.values() {
            if found.path.is_some() && !all.iter().any(|known| known.path == found.path) {
                all.push(found.clone());
            }
        }
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

fn read(path: PathBuf, here: &Path) -> Found {
    let name = path.strip_prefix(here).unwrap_or(&path).display().to_string();
    let mut found = Found::default();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let id = found.sources.add(name, text.as_str());
            (found.settings, found.diagnostics) = file::parse(id, &text);
        }
        Err(error) => found.failure = Some(format!("cannot read {name}: {error}")),
    }
    found.path = Some(path);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint_config::Target;

    #[test]
    fn the_nearest_file_above_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join(FILE_NAME), "target = \"alloy-rs\"\n").unwrap();
        std::fs::write(root.join("a").join(FILE_NAME), "targt = 1\n").unwrap();
        std::fs::write(root.join("a/b/c.alloy"), "").unwrap();
        let mut finder = Finder::default();
        let near = finder.of(&root.join("a/b/c.alloy"));
        assert!(near.path.as_ref().unwrap().ends_with("a/alloy-rs.toml"));
        assert_eq!(near.diagnostics.len(), 1);
        let top = finder.of(root);
        assert_eq!(top.settings.target, Some(Target::AlloyRs));
        assert_eq!(finder.of(&root.join("a")).path, near.path);
        assert_eq!(finder.all().len(), 2);
    }
}
