//! Running components as the HTTP API tells of them.

use super::host::ComponentHost;
use super::instance::{Instance, RunningComponent};
use crate::component::Health;
use river_eval::engine::{Engine, RunningModule, RunningNode};
use river_eval::graph::NodeReference;
use river_eval::ui_json::{UiBody, UiObject};
use river_eval::{Str, Value};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A component as `/api/v0/web/components` answers it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentInfo {
    /// `loki.write`.
    pub name: Str,
    /// Always `block`.
    pub r#type: &'static str,
    /// `loki.write.out`.
    #[serde(rename = "localID")]
    pub local_id: Str,
    /// The module that it stands in; empty for the root.
    #[serde(rename = "moduleID")]
    pub module_id: Str,
    /// `out`.
    pub label: Str,
    /// Ids of the components that its arguments name, sorted; those of its own module.
    pub references_to: Vec<Str>,
    /// Ids of the components whose arguments name it, sorted.
    pub referenced_by: Vec<Str>,
    /// Ids of the components that data flows to, sorted.
    pub data_flow_edges_to: Vec<Str>,
    /// How it fares.
    pub health: HealthInfo,
    /// Always empty, as in the reference.
    pub original: &'static str,
    /// Its arguments; empty in lists.
    pub arguments: serde_json::Value,
    /// Its exports; empty in lists.
    pub exports: serde_json::Value,
    /// Its debug information; empty in lists.
    pub debug_info: serde_json::Value,
    /// The modules that it made; left out where there are none.
    #[serde(rename = "createdModuleIDs", skip_serializing_if = "Vec::is_empty")]
    pub created_module_ids: Vec<Str>,
    /// Whether its data can be watched.
    pub live_debugging_enabled: bool,
}

/// A component's health as the API answers it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthInfo {
    /// `healthy`, `unhealthy`, `unknown` or `exited`.
    pub state: &'static str,
    /// Why.
    pub message: String,
    /// Since when, as RFC 3339 with nanoseconds.
    pub updated_time: String,
}

impl From<Health> for HealthInfo {
    fn from(health: Health) -> Self {
        Self {
            state: health.state.as_str(),
            message: health.message,
            updated_time: jiff::Timestamp::try_from(health.updated)
                .map(|time| format!("{time:.9}"))
                .unwrap_or_default(),
        }
    }
}

type ComponentNode<'e> = RunningNode<'e, Instance>;

/// The components of a module, without details.
pub(super) fn all(module: RunningModule<'_, Instance>) -> Vec<ComponentInfo> {
    module
        .nodes()
        .filter_map(|node| Some(describe(&node, node.instance.component()?)))
        .collect()
}

/// One component with details.
pub(super) fn one(engine: &Engine<ComponentHost>, id: &str) -> Option<ComponentInfo> {
    let node = engine.find(id)?;
    let component = node.instance.component()?;
    let mut info = describe(&node, component);
    info.arguments = json(UiBody(&(component.schema)().conceal(node.arguments)));
    // What a custom component exports is known to the engine only.
    let exports = match node.instance {
        Instance::Module(_) => node.exports.clone(),
        _ => component.exports.get(),
    };
    info.exports = json(UiObject(&exports));
    info.debug_info = json(UiBody(&component.component.debug_info()));
    Some(info)
}

fn json(value: impl Serialize) -> serde_json::Value {
    // Nothing of a value refuses to be JSON; an empty list says less than an error page, but never nothing.
    serde_json::to_value(value).unwrap_or_else(|_| empty())
}

fn empty() -> serde_json::Value {
    serde_json::Value::Array(Vec::new())
}

fn describe(running: &ComponentNode<'_>, component: &Arc<RunningComponent>) -> ComponentInfo {
    let (node, module) = (running.node, running.module);
    ComponentInfo {
        name: node.block.name.clone(),
        r#type: "block",
        local_id: node.id.clone(),
        module_id: component.id.module.clone(),
        label: node
            .block
            .label
            .as_ref()
            .map_or("".into(), |(label, _)| label.clone()),
        references_to: ids(module, node.dependencies.iter().copied()),
        referenced_by: ids(module, node.dependants.iter().copied()),
        data_flow_edges_to: ids(module, flows_to(running)),
        health: component.health().into(),
        original: "",
        arguments: empty(),
        exports: empty(),
        debug_info: empty(),
        created_module_ids: match running.instance {
            Instance::Module(_) => running.modules().map(|module| module.id().clone()).collect(),
            _ => Vec::new(),
        },
        live_debugging_enabled: component.flow.can_be_watched(),
    }
}

/// The ids of those that are components, sorted.
fn ids(module: RunningModule<'_, Instance>, numbers: impl IntoIterator<Item = u32>) -> Vec<Str> {
    let ids: BTreeSet<Str> = numbers
        .into_iter()
        .filter_map(|number| module.get(number))
        .filter(|node| node.instance.component().is_some())
        .map(|node| node.node.id.clone())
        .collect();
    ids.into_iter().collect()
}

/// Data flows to the receivers that a component names, and to those that name its targets.
fn flows_to<'e>(running: &ComponentNode<'e>) -> impl Iterator<Item = u32> + use<'e> {
    let module = running.module;
    let to_receivers = running.node.references.iter().filter_map(move |reference| {
        let target = module.get(reference.to)?;
        (flow(target.exports, reference) == Some(Flow::ToReferenced)).then_some(reference.to)
    });
    let (number, exports) = (running.number, running.exports);
    let to_users = running.node.dependants.iter().copied().filter(move |&dependant| {
        let Some(dependant) = module.get(dependant) else {
            return false;
        };
        let mut references = dependant
            .node
            .references
            .iter()
            .filter(|reference| reference.to == number);
        references.any(|reference| flow(exports, reference) == Some(Flow::FromReferenced))
    });
    to_receivers.chain(to_users)
}

#[derive(PartialEq)]
enum Flow {
    ToReferenced,
    FromReferenced,
}

/// Which way data flows along a reference: into a capsule, out of a list of targets; plain values carry none.
fn flow(exports: &Value, reference: &NodeReference) -> Option<Flow> {
    let mut value = exports;
    for field in &reference.fields {
        let Value::Object(fields) = value else { return None };
        value = fields.get(field)?;
    }
    match value {
        Value::Capsule(capsule) if capsule.type_name() != "relabel.Rules" => Some(Flow::ToReferenced),
        Value::List(items) if items.iter().all(|item| matches!(item, Value::Object(_))) => {
            Some(Flow::FromReferenced)
        }
        _ => None,
    }
}
