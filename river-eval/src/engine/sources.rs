//! The table of texts while something is staged: the configuration's own files first, then what imports have read.

use crate::value::Str;
use river_syntax::{FileId, Sources};
use std::sync::Arc;

/// The table of texts of what is staged.
#[derive(Debug)]
pub(super) struct Table {
    sources: Sources,
    /// Numbers of imported texts that are in use no more.
    free: Vec<FileId>,
    carried_over: bool,
}

impl Table {
    /// For a load of these files. Imported texts keep their numbers where that can be, so that they are not parsed again.
    pub(super) fn for_load(files: &Sources, running: &Sources, own_files: usize, free: &[FileId]) -> Self {
        let mut sources = files.clone();
        let carried_over = files.len() == own_files;
        if carried_over {
            for (_, file) in running.iter().skip(own_files) {
                sources.add_file(file.clone());
            }
        }
        Self {
            sources,
            free: if carried_over { free.to_vec() } else { Vec::new() },
            carried_over,
        }
    }

    /// For a change of what runs.
    pub(super) fn for_refresh(running: &Sources, free: &[FileId]) -> Self {
        Self {
            sources: running.clone(),
            free: free.to_vec(),
            carried_over: true,
        }
    }

    /// Whether running texts have the numbers that they had.
    pub(super) fn is_carried_over(&self) -> bool {
        self.carried_over
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(super) fn into_sources(self) -> Sources {
        self.sources
    }

    /// Adds a text that an import has read, in a place that is free or at the end. A text without a name of its own gets the import's.
    pub(super) fn add(&mut self, import: &Str, name: &Str, text: &Str) -> FileId {
        let name = if name.is_empty() { import } else { name };
        match self.free.pop() {
            Some(id) => self.sources.replace(id, &**name, text.clone()),
            None => self.sources.add(&**name, Arc::clone(text)),
        }
    }
}
