//! The second half of a load: puts what was staged in place. Nothing here can fail; updates of what runs are left to be settled.

use super::host::join;
use super::module::{Entry, Module};
use super::pending::Pending;
use super::stage::{Known, Staged, StagedModule};
use super::{Host, Stopped};
use crate::body::BodyValue;
use crate::graph::{Node, NodeKind};
use crate::value::{Str, Value};
use std::sync::Arc;

/// What a commit changed.
#[derive(Debug)]
pub(super) struct Committed<I> {
    pub(super) started: Vec<Str>,
    pub(super) updated: Vec<Str>,
    pub(super) stopped: Vec<Stopped<I>>,
    pub(super) unchanged: usize,
}

impl<I> Default for Committed<I> {
    fn default() -> Self {
        Self {
            started: Vec::new(),
            updated: Vec::new(),
            stopped: Vec::new(),
            unchanged: 0,
        }
    }
}

impl<I> Committed<I> {
    /// Puts a module in place of the running one. What is left to be done comes back with it.
    pub(super) fn module<H: Host<Instance = I>>(
        &mut self,
        host: &mut H,
        staged: StagedModule<I>,
        old: Option<Module<I>>,
        stage: u32,
    ) -> (Module<I>, Pending) {
        let StagedModule {
            id,
            env,
            inputs,
            metrics,
            depth,
            nodes,
            ..
        } = staged;
        let stages = old.as_ref().map(|old| old.stages().0).unwrap_or_default();
        let at_stage = |number: u32| stage + stages.get(number as usize).copied().unwrap_or(0);
        let old_graph = old.as_ref().map(|old| old.graph().clone());
        let mut old_entries: Vec<Option<Entry<I>>> = old
            .map(|old| old.entries)
            .unwrap_or_default()
            .into_iter()
            .map(Some)
            .collect();
        let mut take = |number: u32| old_entries.get_mut(number as usize).and_then(Option::take);
        let mut pending = Pending::default();
        let mut nodes: Vec<Option<Staged<I>>> = nodes.into_iter().map(Some).collect();
        let mut entries: Vec<Option<Entry<I>>> = Vec::new();
        entries.resize_with(nodes.len(), || None);
        let graph = env.graph.clone();
        // In order, so that what is referred to is started before what refers to it.
        for &number in graph.order() {
            let Some(node) = graph.node(number) else { continue };
            let Some(staged) = nodes.get_mut(number as usize).and_then(Option::take) else {
                continue;
            };
            let place = Place {
                host,
                id: &id,
                metrics,
                node,
                number,
            };
            let entry = match staged {
                Staged::Keep(old) => take(old).inspect(|entry| {
                    self.unchanged += usize::from(node.kind != NodeKind::Input)
                        + entry.modules.iter().map(Module::count).sum::<usize>();
                }),
                Staged::Known(known) => {
                    let old = known.old;
                    let before = old.and_then(&mut take);
                    Some(self.known(place, *known, before, at_stage(old.unwrap_or(0)), &mut pending))
                }
                // What is committed has no mistakes, so that everything is known.
                Staged::Unknown => None,
            };
            if let Some(slot) = entries.get_mut(number as usize) {
                *slot = entry;
            }
        }
        if let Some(graph) = old_graph {
            for (number, entry) in old_entries.into_iter().enumerate() {
                let number = number as u32;
                if let (Some(entry), Some(node)) = (entry, graph.node(number)) {
                    self.stop(join(&id, &node.id), entry, at_stage(number));
                }
            }
        }
        let module = Module {
            id,
            env,
            inputs,
            metrics,
            depth,
            entries: entries.into_iter().map(Option::unwrap_or_default).collect(),
        };
        (module, pending)
    }

    fn known<H: Host<Instance = I>>(
        &mut self,
        place: Place<'_, H>,
        known: Known<I>,
        old: Option<Entry<I>>,
        stage: u32,
        pending: &mut Pending,
    ) -> Entry<I> {
        let Place {
            host,
            id,
            metrics,
            node,
            number,
        } = place;
        let global = || join(id, &node.id);
        let is_new = old.is_none();
        let mut entry = old.unwrap_or_default();
        entry.evaluations += u64::from(known.evaluated);
        let mut is_same = !is_new;
        if let Some(instance) = known.instance {
            is_same = false;
            if let Some(gone) = entry.instance.replace(instance) {
                self.stopped.push(Stopped {
                    id: global(),
                    instance: gone,
                    stage,
                });
            }
            self.started.push(global());
        }
        let runs_on = !is_new && matches!(node.kind, NodeKind::Component | NodeKind::Config);
        match known.arguments {
            Some(arguments) if runs_on => {
                is_same = false;
                self.updated.push(global());
                pending.updates.insert(number, arguments);
            }
            Some(arguments) => {
                if !is_new && node.kind.is_built() && *entry.arguments != *arguments {
                    is_same = false;
                    self.updated.push(global());
                }
                entry.arguments = arguments;
            }
            None => {}
        }
        if !runs_on {
            entry.exports = known.exports;
            entry.content = known.content;
            // An import that goes on with what was used last, as what it has read since is of no use, stays as it is.
            let is_behind = entry.failed
                && node.kind == NodeKind::Import
                && (entry.instance.as_ref())
                    .and_then(|instance| host.content(instance))
                    .is_some_and(|read| entry.content.as_deref() != Some(&read));
            if !is_behind
                && std::mem::take(&mut entry.failed)
                && let Some(instance) = &entry.instance
            {
                let at = super::At {
                    node,
                    module: id,
                    metrics,
                };
                host.evaluated(at, instance, None);
            }
        }
        self.unchanged += usize::from(is_same && node.kind != NodeKind::Input);
        let mut old_modules: Vec<Option<Module<I>>> =
            std::mem::take(&mut entry.modules).into_iter().map(Some).collect();
        for (at, staged) in known.modules.into_iter().enumerate() {
            let old = staged
                .old
                .and_then(|old| old_modules.get_mut(old))
                .and_then(Option::take);
            let (module, inner) = self.module(host, staged, old, stage);
            if !inner.is_empty() {
                pending.nested.insert((number, at), inner);
            }
            entry.modules.push(module);
        }
        for module in old_modules.into_iter().flatten() {
            self.stop_module(module, stage);
        }
        entry
    }

    /// Hands over what an entry ran, and what it held.
    fn stop(&mut self, id: Str, entry: Entry<I>, stage: u32) {
        for module in entry.modules {
            self.stop_module(module, stage);
        }
        if let Some(instance) = entry.instance {
            self.stopped.push(Stopped { id, instance, stage });
        }
    }

    pub(super) fn stop_module(&mut self, module: Module<I>, stage: u32) {
        let (stages, _) = module.stages();
        let graph = module.graph().clone();
        let entries = module.entries.into_iter();
        for ((node, entry), own) in graph.nodes().iter().zip(entries).zip(stages) {
            self.stop(join(&module.id, &node.id), entry, stage + own);
        }
    }

    /// What has stopped, those that refer to others first.
    pub(super) fn into_stopped(mut self) -> Vec<Stopped<I>> {
        self.stopped.sort_by_key(|stopped| stopped.stage);
        self.stopped
    }
}

/// A node and where it stands.
struct Place<'p, H> {
    host: &'p mut H,
    id: &'p Str,
    metrics: bool,
    node: &'p Node,
    number: u32,
}

impl<I> Default for Entry<I> {
    fn default() -> Self {
        Self {
            instance: None,
            arguments: Arc::new(BodyValue::default()),
            exports: Value::Null,
            evaluations: 0,
            failed: false,
            content: None,
            modules: Vec::new(),
        }
    }
}
