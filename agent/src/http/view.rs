//! What the page shows besides the reference's API: the state of all components with counters, what is known of one, the configuration.

use super::source;
use crate::mask;
use crate::runtime::{Agent, Loads};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;
use std_components::controller::{ComponentInfo, HealthInfo};
use std_components::signals::Flows;

/// Changes when components, their edges, or modules come or go.
pub(super) fn generation(components: &[ComponentInfo]) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    for component in components {
        (
            &component.local_id,
            &component.references_to,
            &component.data_flow_edges_to,
        )
            .hash(&mut hasher);
        component.created_module_ids.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// What has flowed between the components of a module; what flows inside of its modules counts as theirs.
#[derive(Debug, Default)]
pub(super) struct Totals {
    /// By sender and receiver: the kind, and entries or samples.
    pub(super) edges: HashMap<(String, String), (&'static str, u64)>,
    /// What each component took from the others.
    received: HashMap<String, u64>,
}

impl Totals {
    pub(super) fn of(flows: &Flows, module: &str) -> Self {
        let mut totals = Self::default();
        for flow in flows.all() {
            let from = member(flow.id(), module);
            if let (Some(from), Some(received)) = (from, flow.received_total())
                && local(flow.id(), module)
            {
                totals.received.insert(from.to_owned(), received);
            }
            for edge in flow.sent() {
                let (Some(from), Some(to)) = (from, member(&edge.to, module)) else {
                    continue;
                };
                if from == to {
                    continue;
                }
                let total = totals
                    .edges
                    .entry((from.to_owned(), to.to_owned()))
                    .or_insert((edge.kind.as_str(), 0));
                total.1 += edge.sent;
            }
        }
        totals
    }
}

/// The component of `module` that a global id stands for: itself, or the one whose module it is in.
fn member<'i>(id: &'i str, module: &str) -> Option<&'i str> {
    let inside = if module.is_empty() {
        id
    } else {
        id.strip_prefix(module)?.strip_prefix('/')?
    };
    inside.split('/').next()
}

/// Whether a global id is that of a component of `module` itself.
fn local(id: &str, module: &str) -> bool {
    member(id, module)
        .is_some_and(|member| id.len() == member.len() || id.ends_with(&format!("{module}/{member}")))
}

fn rfc3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct ModuleQuery {
    #[serde(default)]
    module: String,
}

#[derive(Serialize)]
struct NodeState<'a> {
    id: &'a str,
    name: &'a str,
    state: &'static str,
    message: &'a str,
    updated: &'a str,
    live: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    /// Entries or samples that came in; left out where none can.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
}

#[derive(Serialize)]
struct EdgeState<'a> {
    from: &'a str,
    to: &'a str,
    kind: &'a str,
    sent: u64,
}

#[derive(Serialize)]
struct ConfigState {
    ready: bool,
    loads: u64,
    hash: String,
    loaded: String,
    warnings: usize,
    /// When a load was refused, and in one line why; left out while what is wanted runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<Failed>,
}

#[derive(Serialize)]
struct Failed {
    at: String,
    errors: usize,
    first: String,
}

impl ConfigState {
    fn of(agent: &Agent, loads: &Loads) -> Self {
        let failed = loads.refused.as_ref().map(|refused| {
            let mut errors = refused.diagnostics.iter().filter(|found| found.is_error());
            let first = match &refused.unreadable {
                Some(reason) => reason.clone(),
                None => errors.clone().next().map_or_else(String::new, |first| {
                    let masks = source::masks(&refused.sources);
                    let text = river_syntax::render::concise(&refused.sources, first);
                    masks.iter().fold(text, |text, mask| mask.hide(&text))
                }),
            };
            Failed {
                at: rfc3339(refused.at),
                errors: errors.by_ref().count().max(1),
                first,
            }
        });
        let taken = loads.taken.as_ref();
        Self {
            ready: agent.is_ready(),
            loads: loads.count,
            hash: taken.map_or_else(String::new, |taken| taken.hash.clone()),
            loaded: taken.map_or_else(String::new, |taken| rfc3339(taken.at)),
            warnings: taken.map_or(0, |taken| taken.warnings.len()),
            failed,
        }
    }
}

#[derive(Serialize)]
struct Process<'a> {
    version: &'static str,
    hostname: &'a str,
    uptime_seconds: f64,
    resident_bytes: u64,
}

/// The state of a module's components, asked for again and again.
pub(super) async fn state(State(agent): State<Arc<Agent>>, Query(query): Query<ModuleQuery>) -> Response {
    let Some(components) = agent.components_of(&query.module) else {
        return (
            StatusCode::NOT_FOUND,
            format!("module {:?} does not exist\n", query.module),
        )
            .into_response();
    };
    let totals = Totals::of(agent.flows(), &query.module);
    let nodes: Vec<NodeState<'_>> = components
        .iter()
        .map(|component| NodeState {
            id: &component.local_id,
            name: &component.name,
            state: component.health.state,
            message: &component.health.message,
            updated: &component.health.updated_time,
            live: component.live_debugging_enabled,
            module: component.created_module_ids.first().map(|id| &**id),
            received: totals.received.get(&*component.local_id).copied(),
        })
        .collect();
    let edges: Vec<EdgeState<'_>> = totals
        .edges
        .iter()
        .map(|((from, to), (kind, sent))| EdgeState {
            from,
            to,
            kind,
            sent: *sent,
        })
        .collect();
    super::json(&serde_json::json!({
        "now": rfc3339(SystemTime::now()),
        "generation": generation(&components),
        "live_debugging": agent.flows().is_enabled(),
        "config": ConfigState::of(&agent, &agent.loads()),
        "process": Process {
            version: env!("CARGO_PKG_VERSION"),
            hostname: agent.hostname(),
            uptime_seconds: agent.uptime().as_secs_f64(),
            resident_bytes: crate::resources::resident_bytes(),
        },
        "modules": agent.modules(),
        "nodes": nodes,
        "edges": edges,
    }))
}

/// The files of the configuration that runs, and of the one that was refused, with its findings.
pub(super) async fn config(State(agent): State<Arc<Agent>>) -> Response {
    let loads = agent.loads();
    let taken = loads.taken.as_ref().map(|taken| {
        serde_json::json!({
            "hash": taken.hash,
            "at": rfc3339(taken.at),
            "files": source::shown(&taken.sources, &taken.warnings),
        })
    });
    let refused = loads.refused.as_ref().map(|refused| {
        serde_json::json!({
            "hash": refused.hash,
            "at": rfc3339(refused.at),
            "unreadable": refused.unreadable,
            "files": source::shown(&refused.sources, &refused.diagnostics),
        })
    });
    super::json(&serde_json::json!({
        "path": agent.options().path.display().to_string(),
        "running": taken,
        "refused": refused,
    }))
}

#[derive(Serialize)]
struct MetricLine {
    name: String,
    labels: String,
    value: String,
}

#[derive(Serialize)]
struct Details {
    history: Vec<HealthInfo>,
    metrics: Vec<MetricLine>,
    source: Option<source::Excerpt>,
    received: Option<u64>,
    sent: Vec<Sent>,
}

#[derive(Serialize)]
struct Sent {
    to: String,
    kind: &'static str,
    sent: u64,
}

/// What is known of a component besides the reference's answer.
pub(super) async fn component(State(agent): State<Arc<Agent>>, Path(id): Path<String>) -> Response {
    let history = agent.health_history(&id);
    let flow = agent.flows().get(&id);
    if history.is_empty() && agent.component(&id).is_none() {
        return (
            StatusCode::NOT_FOUND,
            format!("component {id:?} does not exist\n"),
        )
            .into_response();
    }
    let loads = agent.loads();
    let sent = flow.iter().flat_map(|flow| flow.sent()).map(|edge| Sent {
        to: edge.to.to_string(),
        kind: edge.kind.as_str(),
        sent: edge.sent,
    });
    super::json(&Details {
        history,
        metrics: own_metrics(&agent, &id),
        source: loads.taken.and_then(|taken| source::of(&taken.sources, &id)),
        received: flow.as_ref().and_then(|flow| flow.received_total()),
        sent: sent.collect(),
    })
}

/// The samples on `/metrics` that are the component's own; buckets are left out.
fn own_metrics(agent: &Agent, id: &str) -> Vec<MetricLine> {
    let mut page = String::new();
    if agent.metrics().render(&mut page).is_err() {
        return Vec::new();
    }
    let (module, local) = id.rsplit_once('/').unwrap_or(("", id));
    let labels = [
        format!("component_id=\"{local}\""),
        format!("component_path=\"/{module}\""),
    ];
    page.lines()
        .filter(|line| !line.starts_with('#') && labels.iter().all(|label| line.contains(label.as_str())))
        .filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (name, rest) = series.split_once('{')?;
            if name.ends_with("_bucket") {
                return None;
            }
            let mut rest = rest.trim_end_matches('}').to_owned();
            for label in &labels {
                rest = rest.replace(&format!("{label},"), "").replace(label.as_str(), "");
            }
            let rest = rest.trim_end_matches(',');
            Some(MetricLine {
                name: name.to_owned(),
                labels: mask::in_text(rest.to_owned()),
                value: value.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_inside_a_module_count_as_the_one_that_made_it() {
        assert_eq!(member("node.one/prometheus.scrape.here", ""), Some("node.one"));
        assert_eq!(
            member("node.one/inner.two/loki.echo.x", "node.one"),
            Some("inner.two")
        );
        assert_eq!(member("node.only/loki.echo.x", "node.on"), None);
        assert!(local("loki.echo.x", "") && !local("node.one/loki.echo.x", ""));
        assert!(local("node.one/loki.echo.x", "node.one"));
        assert!(!local("node.one/inner.two/loki.echo.x", "node.one"));
    }
}
