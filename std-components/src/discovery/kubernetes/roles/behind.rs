//! The pods behind endpoints: their labels, and targets for those of their ports that no endpoint leads to.

use super::{Around, pod};
use crate::discovery::kubernetes::labels::{Labels, Names};
use crate::discovery::kubernetes::objects::{Pod, Reference};
use river_eval::Str;
use std::collections::BTreeMap;

/// The pods behind an object's endpoints, by namespace and name, with the ports that targets lead to.
#[derive(Default)]
pub(super) struct Behind<'a>(BTreeMap<(Str, Str), (&'a Pod, Vec<i32>)>);

impl<'a> Behind<'a> {
    /// Labels of the pod that an address stands for, if it is one, and of its container with this port.
    pub(super) fn put(
        &mut self,
        labels: &mut Labels,
        names: &mut Names,
        around: &Around<'a>,
        reference: Option<&Reference>,
        (port, protocol): (Option<i32>, Option<&Str>),
    ) {
        let Some(reference) = reference.filter(|reference| &*reference.kind == "Pod") else {
            return;
        };
        let Some(found) = around.objects.pod(&reference.namespace, &reference.name) else {
            return;
        };
        pod::put(labels, names, found);
        if let Some(port) = port {
            pod::put_ports_behind(labels, names, found, port, protocol);
        }
        let key = (found.metadata.namespace.clone(), found.metadata.name.clone());
        let (_, covered) = self.0.entry(key).or_insert_with(|| (found, Vec::new()));
        covered.extend(port);
    }

    /// Targets for the other ports of those pods.
    pub(super) fn uncovered(&self, base: &Labels, names: &mut Names) -> Vec<Labels> {
        let pods = self.0.values();
        pods.flat_map(|(pod, covered)| pod::uncovered(base, names, pod, covered))
            .collect()
    }
}
