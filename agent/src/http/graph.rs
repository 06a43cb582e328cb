//! The graph of a module with its drawing: boxes and edges with their places.

use super::view::{Totals, generation};
use crate::layout::{Size, layered};
use crate::runtime::Agent;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std_components::controller::ComponentInfo;

/// The box of a component in pixels; the page draws it in this size.
const BOX: Size = Size {
    width: 216.0,
    height: 56.0,
};

/// Drawings that are kept, so that many pages cost one.
const MAX_KEPT: usize = 8;

#[derive(Debug, serde::Deserialize)]
pub(super) struct GraphQuery {
    #[serde(default)]
    module: String,
}

#[derive(Debug, Serialize)]
struct Node {
    id: String,
    name: String,
    label: String,
    x: f64,
    y: f64,
    /// The module that it made, where it made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    live: bool,
}

#[derive(Debug, Serialize)]
struct Edge {
    from: String,
    to: String,
    /// `loki_log`, `prometheus_metric`, `target`, `other`, or `value` for a plain reference.
    kind: &'static str,
    points: Vec<(f64, f64)>,
}

#[derive(Debug, Serialize)]
pub(super) struct Drawn {
    module: String,
    generation: String,
    width: f64,
    height: f64,
    node_width: f64,
    node_height: f64,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// The last drawings. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawings(Arc<Mutex<Vec<Arc<Drawn>>>>);

impl Drawings {
    fn get(&self, module: &str, generation: &str) -> Option<Arc<Drawn>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|drawn| drawn.module == module && drawn.generation == generation)
            .cloned()
    }

    fn keep(&self, drawn: Arc<Drawn>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.module != drawn.module);
        if kept.len() >= MAX_KEPT {
            kept.remove(0);
        }
        kept.push(drawn);
    }
}

/// A module's graph, drawn.
pub(super) async fn graph(
    State(agent): State<Arc<Agent>>,
    Extension(drawings): Extension<Drawings>,
    Query(query): Query<GraphQuery>,
) -> Response {
    let Some(components) = agent.components_of(&query.module) else {
        return (
            StatusCode::NOT_FOUND,
            format!("module {:?} does not exist\n", query.module),
        )
            .into_response();
    };
    let generation = generation(&components);
    if let Some(kept) = drawings.get(&query.module, &generation) {
        return super::json(&*kept);
    }
    let kinds = Totals::of(agent.flows(), &query.module).edges;
    // Some milliseconds for hundreds of components: not on a thread that serves others.
    let drawn =
        tokio::task::spawn_blocking(move || draw(query.module, generation, &components, &kinds)).await;
    match drawn {
        Ok(drawn) => {
            let drawn = Arc::new(drawn);
            drawings.keep(drawn.clone());
            super::json(&*drawn)
        }
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("drawing failed: {error}\n"),
        )
            .into_response(),
    }
}

fn draw(
    module: String,
    generation: String,
    components: &[ComponentInfo],
    kinds: &HashMap<(String, String), (&'static str, u64)>,
) -> Drawn {
    let numbers: HashMap<&str, usize> = components
        .iter()
        .enumerate()
        .map(|(at, component)| (&*component.local_id, at))
        .collect();
    let mut seen = HashSet::new();
    let mut edges: Vec<(usize, usize, &'static str)> = Vec::new();
    for (from, component) in components.iter().enumerate() {
        for to in &component.data_flow_edges_to {
            if let Some(&to) = numbers.get(&**to)
                && seen.insert((from, to))
            {
                edges.push((from, to, ""));
            }
        }
    }
    // What flows decides the direction; a reference that carries no data points from what is referred to.
    for (to, component) in components.iter().enumerate() {
        for from in &component.references_to {
            if let Some(&from) = numbers.get(&**from)
                && !seen.contains(&(to, from))
                && seen.insert((from, to))
            {
                edges.push((from, to, "value"));
            }
        }
    }
    let id = |at: usize| {
        components
            .get(at)
            .map_or_else(String::new, |component| component.local_id.to_string())
    };
    for (from, to, kind) in &mut edges {
        if kind.is_empty() {
            *kind = kinds
                .get(&(id(*from), id(*to)))
                .map_or("target", |(kind, _)| kind);
        }
    }
    let pairs: Vec<(usize, usize)> = edges.iter().map(|&(from, to, _)| (from, to)).collect();
    let layout = layered(&vec![BOX; components.len()], &pairs);
    let nodes = components
        .iter()
        .zip(&layout.nodes)
        .map(|(component, place)| Node {
            id: component.local_id.to_string(),
            name: component.name.to_string(),
            label: component.label.to_string(),
            x: place.x,
            y: place.y,
            module: component.created_module_ids.first().map(ToString::to_string),
            live: component.live_debugging_enabled,
        });
    let drawn_edges = edges
        .iter()
        .zip(&layout.edges)
        .map(|(&(from, to, kind), points)| Edge {
            from: id(from),
            to: id(to),
            kind,
            points: points.iter().map(|point| (point.x, point.y)).collect(),
        });
    Drawn {
        nodes: nodes.collect(),
        edges: drawn_edges.collect(),
        module,
        generation,
        width: layout.width,
        height: layout.height,
        node_width: BOX.width,
        node_height: BOX.height,
    }
}
