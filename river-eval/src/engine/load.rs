//! Loading a configuration: parsed, put together and staged as a whole, then committed or dropped as a whole.

use super::stage::{Purpose, Stage, Staged};
use super::{Engine, Entry, Host, Running};
use crate::graph::{Graph, ParsedFile};
use crate::value::Str;
use river_syntax::{Diagnostic, Sources};
use std::sync::Arc;

/// A configuration that was rejected; what ran before runs on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the configuration was rejected: {}", first(.diagnostics))]
pub struct LoadError {
    /// The texts that were rejected.
    pub sources: Sources,
    /// Everything that was found, in order of places; warnings too.
    pub diagnostics: Vec<Diagnostic>,
}

fn first(diagnostics: &[Diagnostic]) -> &str {
    diagnostics
        .iter()
        .find(|diagnostic| diagnostic.is_error())
        .map_or("", |diagnostic| &diagnostic.message)
}

/// An instance that is not part of the configuration any more.
#[derive(Debug)]
pub struct Stopped<I> {
    /// The id that it had.
    pub id: Str,
    /// What the host built for it.
    pub instance: I,
    /// How far from its sources it stands: those with a lower number stop first.
    pub stage: u32,
}

/// What a load changed.
#[derive(Debug)]
pub struct LoadReport<I> {
    /// Findings that do not keep the configuration from being used.
    pub warnings: Vec<Diagnostic>,
    /// Ids of new nodes, those that are referred to before those that refer to them. They are built and have to be started.
    pub started: Vec<Str>,
    /// Ids of nodes that got other arguments.
    pub updated: Vec<Str>,
    /// Nodes that are gone, those that refer to others first. They have to be stopped.
    pub stopped: Vec<Stopped<I>>,
    /// How many nodes stayed as they were.
    pub unchanged: usize,
    /// How many bodies were evaluated.
    pub evaluated: u64,
}

/// A load before its commit.
struct Prepared<I> {
    graph: Graph,
    stage: Stage<I>,
    diagnostics: Vec<Diagnostic>,
}

impl<H: Host> Engine<H> {
    /// Takes a configuration, or rejects it and changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&mut self, sources: Sources) -> Result<LoadReport<H::Instance>, LoadError> {
        let evaluations_before = self.evaluations;
        self.context.reset_warnings();
        let files = self.parse(&sources);
        let nothing_changed = files.len() == self.running.files.len()
            && files
                .iter()
                .zip(&self.running.files)
                .all(|(new, old)| Arc::ptr_eq(new, old))
            && !self.running.entries.iter().any(|entry| entry.failed);
        if nothing_changed {
            self.running.sources = sources;
            return Ok(LoadReport {
                warnings: parse_diagnostics(&files),
                started: Vec::new(),
                updated: Vec::new(),
                stopped: Vec::new(),
                unchanged: self.running.entries.len(),
                evaluated: 0,
            });
        }
        let Prepared {
            graph,
            stage,
            diagnostics,
        } = self.prepare(&files, &sources, Purpose::Load)?;
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(LoadError { sources, diagnostics });
        }
        let mut report = self.commit(sources, files, graph, stage, diagnostics);
        report.evaluated = self.evaluations - evaluations_before;
        Ok(report)
    }

    /// Finds everything that is wrong with a configuration. Instances are built where that can be, and dropped; what cannot be built on
    /// this machine is a warning, and what depends on its exports is checked as far as it does not. What runs is not looked at.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&mut self, sources: Sources) -> Result<Vec<Diagnostic>, LoadError> {
        self.context.reset_warnings();
        let files: Vec<_> = sources
            .iter()
            .map(|(id, file)| Arc::new(ParsedFile::parse(id, file.text())))
            .collect();
        let diagnostics = self.prepare(&files, &sources, Purpose::Check)?.diagnostics;
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(LoadError { sources, diagnostics });
        }
        Ok(diagnostics)
    }

    /// The files, those with an unchanged text as they were parsed before.
    fn parse(&self, sources: &Sources) -> Vec<Arc<ParsedFile>> {
        sources
            .iter()
            .map(|(id, file)| {
                let before = self.running.files.get(id.0 as usize).filter(|_| {
                    let old = self.running.sources.get(id);
                    old.is_some_and(|old| old.text() == file.text())
                });
                match before {
                    Some(parsed) => parsed.clone(),
                    None => Arc::new(ParsedFile::parse(id, file.text())),
                }
            })
            .collect()
    }

    /// Everything but the commit. A text that cannot be parsed ends it early: what stands in it would seem to be missing elsewhere.
    fn prepare(
        &mut self,
        files: &[Arc<ParsedFile>],
        sources: &Sources,
        purpose: Purpose,
    ) -> Result<Prepared<H::Instance>, LoadError> {
        let mut diagnostics = parse_diagnostics(files);
        if files.iter().any(|file| file.has_errors()) {
            return Err(LoadError {
                sources: sources.clone(),
                diagnostics,
            });
        }
        let (graph, mistakes) = Graph::build(files, &self.host);
        diagnostics.extend(mistakes);
        let mut stage = self.stage(&graph, sources, purpose);
        diagnostics.append(&mut stage.diagnostics);
        diagnostics.extend(self.context.take_warnings());
        diagnostics.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
        Ok(Prepared {
            graph,
            stage,
            diagnostics,
        })
    }

    /// Puts what was staged in place. Only updates can fail from here on; then the instance goes on with what it had.
    fn commit(
        &mut self,
        sources: Sources,
        files: Vec<Arc<ParsedFile>>,
        graph: Graph,
        stage: Stage<H::Instance>,
        warnings: Vec<Diagnostic>,
    ) -> LoadReport<H::Instance> {
        let old = std::mem::take(&mut self.running);
        let mut old_entries: Vec<Option<Entry<H::Instance>>> = old.entries.into_iter().map(Some).collect();
        let mut take = |number: u32| old_entries.get_mut(number as usize).and_then(Option::take);
        let mut entries = Vec::with_capacity(stage.nodes.len());
        let mut updates: Vec<Option<Arc<crate::body::BodyValue>>> = vec![None; stage.nodes.len()];
        let mut is_new = vec![false; stage.nodes.len()];
        let mut unchanged = 0;
        for (number, staged) in stage.nodes.into_iter().enumerate() {
            let entry = match staged {
                Staged::Keep { old, evaluated } => {
                    unchanged += 1;
                    take(old).map(|mut entry| {
                        entry.evaluations += u64::from(evaluated);
                        entry
                    })
                }
                Staged::Update { old, arguments } => take(old).map(|mut entry| {
                    entry.evaluations += 1;
                    if let Some(slot) = updates.get_mut(number) {
                        *slot = Some(arguments);
                    }
                    entry
                }),
                Staged::New {
                    instance,
                    arguments,
                    exports,
                } => {
                    if let Some(slot) = is_new.get_mut(number) {
                        *slot = true;
                    }
                    Some(Entry {
                        instance,
                        arguments,
                        exports,
                        evaluations: 1,
                        failed: false,
                    })
                }
                // A load with a node that is not known has errors and does not get here.
                Staged::Unknown => None,
            };
            entries.extend(entry);
        }
        self.running = Running {
            sources,
            files,
            graph,
            entries,
        };
        let mut report = LoadReport {
            warnings,
            started: Vec::new(),
            updated: Vec::new(),
            stopped: stopped(&old.graph, old_entries),
            unchanged,
            evaluated: 0,
        };
        let order = self.running.graph.order().to_vec();
        let mut changed = Vec::new();
        for number in order {
            if is_new.get(number as usize) == Some(&true) {
                report.started.push(self.id(number));
            }
            if let Some(arguments) = updates.get_mut(number as usize).and_then(Option::take) {
                report.updated.push(self.id(number));
                match self.update(number, arguments) {
                    Ok(()) => {}
                    Err(mut finding) => {
                        finding.severity = river_syntax::Severity::Warning;
                        report.warnings.push(*finding);
                    }
                }
                changed.push(number);
            }
        }
        self.propagate(&changed);
        report
    }
}

fn parse_diagnostics(files: &[Arc<ParsedFile>]) -> Vec<Diagnostic> {
    files
        .iter()
        .flat_map(|file| file.diagnostics.iter().cloned())
        .collect()
}

/// The entries that are left, those that refer to others first.
pub(super) fn stopped<I>(graph: &Graph, entries: Vec<Option<Entry<I>>>) -> Vec<Stopped<I>> {
    let mut stages = vec![0_u32; graph.nodes().len()];
    // Against the order of evaluation: every dependant has its number before what it refers to gets one.
    for &number in graph.order().iter().rev() {
        let Some(node) = graph.node(number) else { continue };
        let below = stages.get(number as usize).copied().unwrap_or(0) + 1;
        for &dependency in &node.dependencies {
            if let Some(stage) = stages.get_mut(dependency as usize) {
                *stage = below.max(*stage);
            }
        }
    }
    let mut stopped: Vec<Stopped<I>> = entries
        .into_iter()
        .enumerate()
        .filter_map(|(number, entry)| {
            Some(Stopped {
                id: graph.node(number as u32)?.id.clone(),
                instance: entry?.instance,
                stage: stages.get(number).copied().unwrap_or(0),
            })
        })
        .collect();
    stopped.sort_by_key(|stopped| stopped.stage);
    stopped
}
