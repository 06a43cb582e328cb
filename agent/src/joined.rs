//! The checker's findings and those of a load as one list: two tables of the same texts, one finding for each place.

use crate::sources::Source;
use alloy_check::{FileLoader, Settings};
use river_eval::graph::ParsedFile;
use river_syntax::{Diagnostic, FileId, Sources};
use std::collections::HashMap;
use std::sync::Arc;

/// What the checker says of the texts, with the table that its places are in: the texts first, in their order, and then what they import.
pub(crate) fn checked(texts: &[Source], settings: &Settings) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let mut files = Vec::with_capacity(texts.len());
    for text in texts {
        let file = sources.add(text.name.as_str(), text.text.as_str());
        if let Some(source) = sources.get(file) {
            files.push(Arc::new(ParsedFile::parse(file, source.text())));
        }
    }
    let found = alloy_check::check(&mut sources, &files, settings, &FileLoader).diagnostics;
    (sources, found)
}

/// Adds another table's findings where nothing is known yet, and puts all in the order of their places.
pub(crate) fn add(
    sources: &mut Sources,
    found: &mut Vec<Diagnostic>,
    theirs: &Sources,
    findings: Vec<Diagnostic>,
) {
    let mut numbers = Numbers::new(theirs);
    let known = found.len();
    for finding in findings {
        let finding = numbers.translate(sources, finding);
        let is_known = |known: &Diagnostic| known.primary.span == finding.primary.span;
        if !found.iter().take(known).any(is_known) {
            found.push(finding);
        }
    }
    found.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
}

/// The numbers of the texts of one table in another one.
struct Numbers<'s> {
    theirs: &'s Sources,
    known: HashMap<FileId, FileId>,
}

impl<'s> Numbers<'s> {
    fn new(theirs: &'s Sources) -> Self {
        Self {
            theirs,
            known: HashMap::new(),
        }
    }

    /// A finding of the one table as one of the other; a text that is missing there is added.
    fn translate(&mut self, ours: &mut Sources, mut finding: Diagnostic) -> Diagnostic {
        let edits = finding.fix.iter_mut().flat_map(|fix| &mut fix.edits);
        let labels = std::iter::once(&mut finding.primary).chain(&mut finding.secondary);
        let spans = labels
            .map(|label| &mut label.span)
            .chain(edits.map(|edit| &mut edit.span));
        for span in spans {
            let Some(text) = self.theirs.get(span.file) else {
                continue;
            };
            span.file = *self.known.entry(span.file).or_insert_with(|| {
                let same = ours
                    .iter()
                    .find(|(_, own)| own.name() == text.name() && own.text() == text.text())
                    .map(|(number, _)| number);
                same.unwrap_or_else(|| ours.add_file(text.clone()))
            });
        }
        finding
    }
}
