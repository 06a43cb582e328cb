//! Changed exports: evaluates what depends on them, and stops where nothing comes out different.

use super::scope::NodeScope;
use super::stage::placed;
use super::{Engine, Host};
use crate::body::BodyValue;
use crate::eval::evaluate_body;
use river_syntax::Diagnostic;
use std::collections::BTreeSet;
use std::sync::Arc;

impl<H: Host> Engine<H> {
    /// The exports of the nodes with these ids may have changed: evaluates what depends on those that did, in order. Gives the number of bodies that
    /// were evaluated. Ids that are not running (any more) are left out.
    pub fn exports_changed<'i>(&mut self, ids: impl IntoIterator<Item = &'i str>) -> u64 {
        let numbers: Vec<u32> = ids
            .into_iter()
            .filter_map(|id| self.running.graph.find(id))
            .collect();
        let before = self.evaluations;
        self.propagate(&numbers);
        self.evaluations - before
    }

    /// Follows changed exports from these nodes.
    pub(super) fn propagate(&mut self, numbers: &[u32]) {
        // Ranks, so that the first is always a node whose inputs are settled.
        let mut waiting = BTreeSet::new();
        for &number in numbers {
            self.take_exports(number, &mut waiting);
        }
        while let Some(rank) = waiting.pop_first() {
            let Some(&number) = self.running.graph.order().get(rank as usize) else {
                continue;
            };
            if self.evaluate_running(number) {
                self.take_exports(number, &mut waiting);
            }
        }
        // Warnings are told at loads; what comes again and again does not pile up.
        drop(self.context.take_warnings());
    }

    /// Notes what a node exports now; where that is something else, its dependants wait for evaluation.
    fn take_exports(&mut self, number: u32, waiting: &mut BTreeSet<u32>) {
        let Some(entry) = self.running.entries.get_mut(number as usize) else {
            return;
        };
        let exports = self.host.exports(&entry.instance);
        if exports == entry.exports {
            return;
        }
        entry.exports = exports;
        if let Some(node) = self.running.graph.node(number) {
            waiting.extend(
                node.dependants
                    .iter()
                    .map(|&dependant| self.running.graph.rank(dependant)),
            );
        }
    }

    /// Evaluates a running node again. Whether its instance got other arguments, so that its exports may be different.
    fn evaluate_running(&mut self, number: u32) -> bool {
        let running = &mut self.running;
        let Some(node) = running.graph.node(number) else {
            return false;
        };
        let known = node.dependencies.iter().filter_map(|&dependency| {
            let entry = running.entries.get(dependency as usize)?;
            Some((running.graph.node(dependency)?.id.as_ref(), &entry.exports))
        });
        let scope = NodeScope::new(&self.context, known);
        let timer = self.host.timer();
        let result = evaluate_body(&node.block.body, &scope);
        drop(timer);
        self.evaluations += 1;
        let Some(entry) = running.entries.get_mut(number as usize) else {
            return false;
        };
        entry.evaluations += 1;
        match result {
            Ok(body) if *entry.arguments == body && !entry.failed => {
                self.host.evaluated(node, &entry.instance, None);
                false
            }
            Ok(body) => {
                let body = placed(node, body);
                self.update(number, Arc::new(body)).is_ok()
            }
            Err(mistakes) => {
                entry.failed = true;
                let reason = mistakes.iter().find(|mistake| mistake.is_error());
                let reason = reason.map_or("the arguments cannot be evaluated", |mistake| &mistake.message);
                self.host.evaluated(node, &entry.instance, Some(reason));
                false
            }
        }
    }

    /// Gives a running instance other arguments. Where it does not take them it goes on with the old ones.
    pub(super) fn update(&mut self, number: u32, arguments: Arc<BodyValue>) -> Result<(), Box<Diagnostic>> {
        let (Some(node), Some(entry)) = (
            self.running.graph.node(number),
            self.running.entries.get_mut(number as usize),
        ) else {
            return Ok(());
        };
        match self.host.update(node, &entry.instance, &arguments) {
            Ok(()) => {
                entry.failed = false;
                entry.arguments = arguments;
                self.host.evaluated(node, &entry.instance, None);
                Ok(())
            }
            Err(finding) => {
                entry.failed = true;
                self.host.evaluated(node, &entry.instance, Some(&finding.message));
                Err(finding)
            }
        }
    }
}
