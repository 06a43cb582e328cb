//! When configurations are checked, and whom the findings are told.

use super::check::{Job, Outcome, findings};
use super::documents::Document;
use super::server::Server;
use lsp_types::notification as told;
use lsp_types::{Location, PublishDiagnosticsParams};
use river_syntax::{Diagnostic, FileId, Span};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long typing has to pause before a check.
const PAUSE: Duration = Duration::from_millis(120);

impl Server<'_> {
    /// What counts for a file.
    pub(super) fn for_file(&self, path: &Path) -> alloy_check::Settings {
        self.settings.for_file(path, &mut self.finder.borrow_mut()).0
    }

    /// The last check of exactly this text.
    pub(super) fn outcome_of(&self, document: &Document) -> Option<&Outcome> {
        self.outcomes.values().find(|outcome| {
            let number = outcome.number(&document.path, document.index.text());
            number.is_some_and(|number| (number.0 as usize) < outcome.own)
        })
    }

    /// Checks when nothing more has come for a while.
    pub(super) fn check_soon(&mut self) {
        self.due = Some(Instant::now() + PAUSE);
    }

    /// Checks as soon as all that has come is read.
    pub(super) fn check_now(&mut self) {
        self.due = Some(Instant::now());
    }

    /// Asks for checks of all configurations that are open and have changed.
    pub(super) fn check(&mut self) {
        self.due = None;
        let everything = std::mem::take(&mut self.everything);
        let mut units: HashMap<PathBuf, Vec<Rc<Document>>> = HashMap::new();
        for document in self.workspace.opened() {
            let unit = self.workspace.unit(document);
            if let Some(first) = unit.first() {
                units.insert(first.path.clone(), unit);
            }
        }
        self.outcomes.retain(|key, _| units.contains_key(key));
        let open: HashMap<PathBuf, Arc<str>> = self
            .workspace
            .opened()
            .map(|document| (document.path.clone(), document.index.text().clone()))
            .collect();
        for (key, unit) in units {
            let last = self.outcomes.get(&key).filter(|_| !everything);
            if last.is_some_and(|outcome| self.is_fresh(outcome, &unit)) {
                continue;
            }
            let (settings, levels) = self.settings.for_file(&key, &mut self.finder.borrow_mut());
            let files = unit
                .iter()
                .map(|document| (document.path.clone(), document.index.text().clone()))
                .collect();
            self.checker.ask(Job {
                key,
                files,
                open: open.clone(),
                roots: self.workspace.roots().to_vec(),
                settings,
                levels,
            });
        }
    }

    /// Whether nothing that a check has read has changed since.
    fn is_fresh(&self, outcome: &Outcome, unit: &[Rc<Document>]) -> bool {
        let same_files = outcome.own == unit.len()
            && unit.iter().all(|document| {
                let number = outcome.number(&document.path, document.index.text());
                number.is_some_and(|number| (number.0 as usize) < outcome.own)
            });
        same_files
            && outcome.sources.iter().skip(outcome.own).all(|(_, source)| {
                // What is imported as a text has no path.
                let now = self.workspace.at(Path::new(source.name()));
                now.is_none_or(|now| now.index.text() == source.text())
            })
    }

    /// A check has ended: tells what it found of the texts that are open and have not changed since.
    pub(super) fn checked(&mut self, outcome: Outcome) {
        let mut all: HashMap<FileId, Vec<&Diagnostic>> = HashMap::new();
        for found in &outcome.analysis.diagnostics {
            all.entry(shown_in(found, &outcome)).or_default().push(found);
        }
        let open: Vec<Rc<Document>> = self.workspace.opened().cloned().collect();
        for document in open {
            let number = outcome.number(&document.path, document.index.text());
            let Some(number) = number.filter(|number| (number.0 as usize) < outcome.own) else {
                continue;
            };
            let found = all.remove(&number).unwrap_or_default();
            let diagnostics = found
                .into_iter()
                .map(|found| self.finding(&document, number, &outcome, found));
            let diagnostics = diagnostics.collect();
            self.told.insert(document.path.clone());
            self.notify::<told::PublishDiagnostics>(PublishDiagnosticsParams {
                uri: document.uri.clone(),
                diagnostics,
                version: document.version,
            });
        }
        self.outcomes.insert(outcome.key.clone(), outcome);
    }

    /// A finding as it is told of a text.
    fn finding(
        &self,
        document: &Document,
        number: FileId,
        outcome: &Outcome,
        found: &Diagnostic,
    ) -> lsp_types::Diagnostic {
        let place = |span: Span| {
            let other = self.workspace.at(outcome.path(span.file)?)?;
            Some(Location::new(other.uri.clone(), other.index.range(span)))
        };
        let mut found = found.clone();
        if found.primary.span.file != number {
            // It stands in an imported file that is not open: told where it is imported.
            let there = found.primary.clone();
            if let Some(at) = found.secondary.iter().position(|label| label.span.file == number) {
                found.primary = found.secondary.swap_remove(at);
                found.secondary.insert(0, there);
            }
        }
        findings::diagnostic(document, &found, self.client.related_information, place)
    }

    /// A text is not open any more: its findings go.
    pub(super) fn clear(&mut self, document: &Document) {
        self.told.remove(&document.path);
        self.notify::<told::PublishDiagnostics>(PublishDiagnosticsParams {
            uri: document.uri.clone(),
            diagnostics: Vec::new(),
            version: None,
        });
    }
}

/// The file whose findings this one is told among: its own, or of an imported one the file that imports it.
fn shown_in(found: &Diagnostic, outcome: &Outcome) -> FileId {
    let own = |file: FileId| (file.0 as usize) < outcome.own;
    let places = std::iter::once(found.primary.span).chain(found.secondary.iter().map(|label| label.span));
    places
        .map(|span| span.file)
        .find(|&file| own(file))
        .unwrap_or(found.primary.span.file)
}
