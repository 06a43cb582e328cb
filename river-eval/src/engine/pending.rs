//! What is still to be done in a module and in what it holds.

use crate::body::BodyValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is to be done, by numbers of nodes.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// What these export, or have read, may have changed.
    pub(super) changed: BTreeSet<u32>,
    /// What these refer to has changed.
    pub(super) evaluate: BTreeSet<u32>,
    /// These get other arguments.
    pub(super) updates: BTreeMap<u32, Arc<BodyValue>>,
    /// By node and place among its modules.
    pub(super) nested: BTreeMap<(u32, usize), Pending>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty()
            && self.evaluate.is_empty()
            && self.updates.is_empty()
            && self.nested.is_empty()
    }

    /// Whether anything is to be done at a node or in what it holds.
    pub(super) fn concerns(&self, number: u32) -> bool {
        self.changed.contains(&number)
            || self.evaluate.contains(&number)
            || self
                .nested
                .range((number, 0)..=(number, usize::MAX))
                .next()
                .is_some()
    }

    /// The nodes at which something is to be done.
    pub(super) fn numbers(&self) -> BTreeSet<u32> {
        let nested = self.nested.keys().map(|(number, _)| *number);
        (self.changed.iter().chain(&self.evaluate).copied())
            .chain(nested)
            .collect()
    }

    /// What is to be done in a module that is entered by this way.
    pub(super) fn at(&mut self, way: &[(u32, usize)]) -> &mut Self {
        let mut at = self;
        for step in way {
            at = at.nested.entry(*step).or_default();
        }
        at
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.changed.extend(other.changed);
        self.evaluate.extend(other.evaluate);
        self.updates.extend(other.updates);
        for (step, inner) in other.nested {
            self.nested.entry(step).or_default().merge(inner);
        }
    }
}
