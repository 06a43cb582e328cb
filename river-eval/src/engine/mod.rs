//! The incremental engine: takes configurations as a whole or not at all, and evaluates again only what changed.
//!
//! It is synchronous and knows no threads, clocks or components: a [`Host`] builds, updates and watches whatever stands behind the blocks.
//! Invariants: a load with any error leaves everything as it was; what neither changed its text nor its inputs is not evaluated; a value that
//! comes out equal to the one before reaches nobody.

mod blocks;
mod commit;
mod env;
mod host;
mod items;
mod load;
mod module;
mod pending;
mod scope;
mod settle;
mod sources;
mod stage;
#[cfg(test)]
mod tests;

pub use host::{At, Content, Host, Refused};
pub use load::{LoadError, LoadReport, Stopped};
pub use module::{RunningModule, RunningNode};

use crate::eval::Context;
use crate::graph::{NodeKind, ParsedFile};
use crate::value::Str;
use commit::Committed;
use module::{Entry, Module};
use pending::Pending;
use river_syntax::{FileId, Sources};
use settle::Settler;
use std::sync::Arc;

/// The running configuration and what it takes to change it.
#[derive(Debug)]
pub struct Engine<H: Host> {
    host: H,
    context: Arc<Context>,
    running: Running<H::Instance>,
    evaluations: u64,
    module_path: Str,
}

/// A configuration that was accepted.
#[derive(Debug)]
struct Running<I> {
    /// The configuration's own files, then what imports have read.
    sources: Sources,
    /// Numbers of imported texts that nothing uses any more.
    free: Vec<FileId>,
    /// The configuration's own files.
    files: Vec<Arc<ParsedFile>>,
    root: Module<I>,
}

impl<I> Default for Running<I> {
    fn default() -> Self {
        Self {
            sources: Sources::new(),
            free: Vec::new(),
            files: Vec::new(),
            root: Module::default(),
        }
    }
}

/// What changed exports led to. All ids are global ones.
#[derive(Debug)]
pub struct Changes<I> {
    /// How many bodies were evaluated.
    pub evaluated: u64,
    /// Ids of new nodes, those that are referred to before those that refer to them. They are built and have to be started.
    pub started: Vec<Str>,
    /// Nodes that are gone, those that refer to others first. They have to be stopped.
    pub stopped: Vec<Stopped<I>>,
    /// What could not be followed: where an export of a module keeps its last value.
    pub warnings: Vec<river_syntax::Diagnostic>,
}

impl<H: Host> Engine<H> {
    /// An engine that runs nothing yet.
    pub fn new(host: H, context: Arc<Context>) -> Self {
        Self {
            host,
            context,
            running: Running::default(),
            evaluations: 0,
            module_path: "".into(),
        }
    }

    /// Sets what `module_path` is at the top level: the folder of the configuration.
    #[must_use]
    pub fn with_module_path(mut self, folder: impl Into<Str>) -> Self {
        self.module_path = folder.into();
        self
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The host, to change what it keeps.
    pub fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// How many bodies have been evaluated over all, rejected loads included.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// The sources of the running configuration.
    pub fn sources(&self) -> &Sources {
        &self.running.sources
    }

    /// The configuration itself as a module.
    pub fn root(&self) -> RunningModule<'_, H::Instance> {
        RunningModule(&self.running.root)
    }

    /// The running module with this id; the root's is empty.
    pub fn module(&self, id: &str) -> Option<RunningModule<'_, H::Instance>> {
        self.running.root.find_module(id).map(RunningModule)
    }

    /// All running modules, outer ones first; imports among them.
    pub fn modules(&self) -> Vec<RunningModule<'_, H::Instance>> {
        let mut modules = Vec::new();
        self.running
            .root
            .visit(&mut |module| modules.push(RunningModule(module)));
        modules
    }

    /// The running node with this global id.
    pub fn find(&self, id: &str) -> Option<RunningNode<'_, H::Instance>> {
        let (way, number) = self.running.root.way(id)?;
        let mut module = &self.running.root;
        for (number, at) in way {
            module = module.entries.get(number as usize)?.modules.get(at)?;
        }
        RunningModule(module).get(number)
    }

    /// All running nodes of all modules.
    pub fn nodes(&self) -> impl Iterator<Item = RunningNode<'_, H::Instance>> {
        self.modules().into_iter().flat_map(RunningModule::nodes)
    }

    /// The exports of the nodes with these global ids may have changed, or what they have read, for imports: evaluates what depends on those
    /// that did, in order. Ids that are not running (any more) are left out.
    pub fn exports_changed<'i>(&mut self, ids: impl IntoIterator<Item = &'i str>) -> Changes<H::Instance> {
        let mut pending = Pending::default();
        for id in ids {
            if let Some((way, number)) = self.running.root.way(id) {
                pending.at(&way).changed.insert(number);
            }
        }
        self.settle(pending)
    }

    /// Tries imports and lists again that could not be used: what they need may be there by now.
    pub fn retry(&mut self) -> Changes<H::Instance> {
        let pending = failed(&self.running.root, false);
        self.settle(pending)
    }

    /// Tries everything again whose last evaluation or update failed, and what depends on it where that helps.
    pub fn retry_failed(&mut self) -> Changes<H::Instance> {
        let pending = failed(&self.running.root, true);
        self.settle(pending)
    }

    /// How many running nodes failed at their last evaluation or update.
    pub fn failed(&self) -> usize {
        let mut failed = 0;
        self.running.root.visit(&mut |module| {
            failed += module.entries.iter().filter(|entry| entry.failed).count();
        });
        failed
    }

    fn settle(&mut self, pending: Pending) -> Changes<H::Instance> {
        let before = self.evaluations;
        let running = &mut self.running;
        let mut settler = Settler {
            host: &mut self.host,
            context: &self.context,
            evaluations: &mut self.evaluations,
            sources: &mut running.sources,
            free: running.free.clone(),
            committed: Committed::default(),
            warnings: Vec::new(),
        };
        settler.settle(&mut running.root, pending);
        let Settler {
            committed, warnings, ..
        } = settler;
        // Warnings of expressions are told at loads; what comes again and again does not pile up.
        drop(self.context.take_warnings());
        running.free = load::free(&running.root, &running.sources, running.files.len());
        Changes {
            evaluated: self.evaluations - before,
            started: committed.started.clone(),
            stopped: committed.into_stopped(),
            warnings,
        }
    }

    /// Ends everything: hands all instances over, those that refer to others before those others.
    pub fn clear(&mut self) -> Vec<Stopped<H::Instance>> {
        let running = std::mem::take(&mut self.running);
        let mut committed = Committed::default();
        committed.stop_module(running.root, 0);
        committed.into_stopped()
    }
}

/// The imports and lists that have failed, and if wanted everything else that has.
fn failed<I>(module: &Module<I>, all: bool) -> Pending {
    let mut pending = Pending::default();
    for (number, (node, entry)) in module.graph().nodes().iter().zip(&module.entries).enumerate() {
        let number = number as u32;
        match node.kind {
            NodeKind::Import if entry.failed => {
                pending.changed.insert(number);
            }
            NodeKind::Import => {}
            _ if entry.failed && (all || node.kind == NodeKind::Foreach) => {
                pending.evaluate.insert(number);
            }
            _ => {}
        }
        for (at, held) in entry.modules.iter().enumerate() {
            let inner = failed(held, all);
            if !inner.is_empty() {
                pending.nested.insert((number, at), inner);
            }
        }
    }
    pending
}
