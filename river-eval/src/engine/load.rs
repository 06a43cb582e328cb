//! Loading a configuration: parsed, put together and staged as a whole, then committed or dropped as a whole.

use super::commit::Committed;
use super::env::Env;
use super::module::{Inputs, Module};
use super::settle::Settler;
use super::sources::Table;
use super::stage::{Plan, Purpose, StagedModule, Stager};
use super::{Engine, Host, Running};
use crate::graph::{Graph, MODULE_PATH, ParsedFile};
use crate::value::{Str, Value};
use river_syntax::{Diagnostic, Sources};
use std::collections::HashMap;
use std::sync::Arc;

/// A configuration that was rejected; what ran before runs on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the configuration was rejected: {}", first(.diagnostics))]
pub struct LoadError {
    /// The texts that were rejected, imported ones behind the configuration's own.
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
    /// The global id that it had.
    pub id: Str,
    /// What the host built for it.
    pub instance: I,
    /// How far from its sources it stands: those with a lower number stop first.
    pub stage: u32,
}

/// What a load changed. All ids are global ones.
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
    sources: Sources,
    root: StagedModule<I>,
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
            && self.running.root.env.module_path == self.module_path
            && !self.running.root.any(&|entry| entry.failed);
        if nothing_changed {
            // Names may have changed.
            self.running.sources =
                Table::for_load(&sources, &self.running.sources, files.len(), &self.running.free)
                    .into_sources();
            return Ok(LoadReport {
                warnings: parse_diagnostics(&files),
                started: Vec::new(),
                updated: Vec::new(),
                stopped: Vec::new(),
                unchanged: self.running.root.count(),
                evaluated: 0,
            });
        }
        let prepared = match self.prepare(&files, &sources, Purpose::Load { newest: true }) {
            Ok(prepared) => prepared,
            // Where an import has read something that is of no use, the configuration may still be right with what the import read before.
            Err(error) if self.has_failed_import() => self
                .prepare(&files, &sources, Purpose::Load { newest: false })
                .map_err(|_| error)?,
            Err(error) => return Err(error),
        };
        let mut report = self.commit(files, prepared);
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
        Ok(self.prepare(&files, &sources, Purpose::Check)?.diagnostics)
    }

    fn has_failed_import(&self) -> bool {
        self.running
            .root
            .any(&|entry| entry.failed && entry.content.is_some())
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
        let running = &self.running;
        let mut table = Table::for_load(sources, &running.sources, running.files.len(), &running.free);
        let mut stager = Stager::new(
            &mut self.host,
            &self.context,
            &mut self.evaluations,
            &running.sources,
            &mut table,
            purpose,
        );
        let root = stager.module(root_plan(graph, &self.module_path, &running.root));
        diagnostics.append(&mut stager.diagnostics);
        diagnostics.extend(self.context.take_warnings());
        diagnostics.sort_by_key(|finding| (finding.primary.span.file, finding.primary.span.start));
        let sources = table.into_sources();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(LoadError { sources, diagnostics });
        }
        Ok(Prepared {
            sources,
            root,
            diagnostics,
        })
    }

    /// Puts what was staged in place. Only updates can fail from here on; then the instance goes on with what it had.
    fn commit(
        &mut self,
        files: Vec<Arc<ParsedFile>>,
        prepared: Prepared<H::Instance>,
    ) -> LoadReport<H::Instance> {
        let old = std::mem::take(&mut self.running);
        let mut committed = Committed::default();
        let (mut root, pending) = committed.module(&mut self.host, prepared.root, Some(old.root), 0);
        let mut sources = prepared.sources;
        let mut settler = Settler {
            host: &mut self.host,
            context: &self.context,
            evaluations: &mut self.evaluations,
            sources: &mut sources,
            free: Vec::new(),
            committed,
            warnings: prepared.diagnostics,
        };
        settler.settle(&mut root, pending);
        let Settler {
            committed, warnings, ..
        } = settler;
        // Warnings of expressions are told at loads; what comes again and again does not pile up.
        drop(self.context.take_warnings());
        self.running = Running {
            free: free(&root, &sources, files.len()),
            sources,
            files,
            root,
        };
        LoadReport {
            warnings,
            started: committed.started.clone(),
            updated: committed.updated.clone(),
            unchanged: committed.unchanged,
            stopped: committed.into_stopped(),
            evaluated: 0,
        }
    }
}

fn root_plan<'p, I>(graph: Graph, module_path: &Str, running: &'p Module<I>) -> Plan<'p, I> {
    let outer = [(MODULE_PATH.into(), Value::String(module_path.clone()))];
    Plan {
        env: Env {
            graph: Arc::new(graph),
            libraries: HashMap::new(),
            parent: None,
            module_path: module_path.clone(),
            imported: None,
            outer: outer.into_iter().collect(),
        },
        inputs: Inputs::default(),
        id: "".into(),
        metrics: true,
        depth: 0,
        old: Some((0, running)),
        pending: None,
    }
}

/// The numbers of imported texts that nothing uses any more.
pub(super) fn free<I>(root: &Module<I>, sources: &Sources, own_files: usize) -> Vec<river_syntax::FileId> {
    if sources.len() == own_files {
        return Vec::new();
    }
    let mut used = vec![false; sources.len()];
    root.visit(&mut |module| {
        for file in module.graph().files() {
            if let Some(slot) = used.get_mut(file.0 as usize) {
                *slot = true;
            }
        }
    });
    let numbers = used.iter().enumerate().skip(own_files);
    numbers
        .filter(|(_, used)| !**used)
        .map(|(number, _)| river_syntax::FileId(number as u32))
        .collect()
}

fn parse_diagnostics(files: &[Arc<ParsedFile>]) -> Vec<Diagnostic> {
    files
        .iter()
        .flat_map(|file| file.diagnostics.iter().cloned())
        .collect()
}
