//! Asks for everything that is wrong with one configuration: the one place where the command meets the checker.

use super::options::Settled;
use crate::runtime::{self, Options};
use crate::sources::Source;
use alloy_check::catalog::Target;
use alloy_check::{FileLoader, Settings};
use river_eval::graph::ParsedFile;
use river_syntax::{Diagnostic, FileId, Sources};
use std::collections::HashMap;
use std::sync::Arc;

/// The texts as a table (those that it imports after its own), and what the checker says of them, in order of places.
pub(super) fn analyze(settled: &Settled, texts: &[Source]) -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let mut files = Vec::with_capacity(texts.len());
    let mut unreadable = Vec::new();
    for text in texts {
        let file = sources.add(text.name.as_str(), text.text.as_str());
        unreadable.extend(text.not_text.clone());
        if let Some(source) = sources.get(file) {
            files.push(Arc::new(ParsedFile::parse(file, source.text())));
        }
    }
    if !unreadable.is_empty() {
        // What stands around such bytes cannot be trusted to be what was meant.
        return (sources, unreadable);
    }
    let settings = Settings {
        target: settled.target,
        min_stability: settled.stability,
        community: settled.community_components,
    };
    let mut found = alloy_check::check(&mut sources, &files, &settings, &FileLoader).diagnostics;
    if settled.target == Target::AlloyRs && !found.iter().any(Diagnostic::is_error) {
        // What only the components themselves know: they decode their arguments as at a start, and nothing is started.
        let options = Options {
            // Where modules beside it are looked for.
            path: texts
                .first()
                .map(|text| text.name.as_str().into())
                .unwrap_or_default(),
            stability: settled.stability,
            ..Options::default()
        };
        let (theirs, of_components) = runtime::check(&options, texts);
        let mut numbers = Numbers::new(&theirs);
        let new: Vec<Diagnostic> = of_components
            .into_iter()
            .map(|finding| numbers.translate(&mut sources, finding))
            .filter(|finding| {
                !found
                    .iter()
                    .any(|known| known.primary.span == finding.primary.span)
            })
            .collect();
        found.extend(new);
    }
    found.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
    (sources, found)
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
