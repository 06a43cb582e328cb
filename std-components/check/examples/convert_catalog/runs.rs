//! Attributes that stand together in many bodies, such as those of an HTTP client.

use super::from_json::attributes;
use serde_json::Value;
use std::collections::BTreeMap;

/// The least that a run has to save, in bytes of JSON: few runs that people recognise, not all that repeats.
const WORTH: usize = 3000;

/// Attributes that are written once.
pub(super) struct Run {
    pub(super) name: String,
    pub(super) attributes: Vec<Value>,
}

/// The runs that save the most, sorted by name.
pub(super) fn find<'v>(bodies: impl Iterator<Item = &'v Value>) -> Vec<Run> {
    let mut lists: Vec<&[Value]> = bodies.map(attributes).collect();
    let mut found = Vec::new();
    while let Some(best) = best(&lists) {
        lists = lists.iter().flat_map(|list| without(list, best)).collect();
        found.push(Run {
            name: format!("{}..{}", name(best.first()), name(best.last())),
            attributes: best.to_vec(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn name(attribute: Option<&Value>) -> &str {
    attribute
        .and_then(|attribute| attribute["name"].as_str())
        .unwrap_or_default()
}

fn best<'v>(lists: &[&'v [Value]]) -> Option<&'v [Value]> {
    // By their JSON, so that the same lists give the same runs.
    let mut times: BTreeMap<String, (usize, &'v [Value])> = BTreeMap::new();
    for list in lists {
        for start in 0..list.len() {
            let mut json = String::new();
            for end in start..list.len() {
                json.push_str(&list.get(end).map(Value::to_string).unwrap_or_default());
                if let Some(run) = list.get(start..=end).filter(|run| run.len() > 1) {
                    times.entry(json.clone()).or_insert((0, run)).0 += 1;
                }
            }
        }
    }
    times
        .into_iter()
        .map(|(json, (times, run))| ((times - 1) * json.len(), run))
        .filter(|(saved, _)| *saved >= WORTH)
        .max_by_key(|(saved, _)| *saved)
        .map(|(_, run)| run)
}

/// What is left of a list around a run.
fn without<'v>(list: &'v [Value], run: &[Value]) -> Vec<&'v [Value]> {
    let mut left = Vec::new();
    let mut rest = list;
    while let Some(at) = (0..rest.len()).find(|&at| rest.get(at..).is_some_and(|rest| rest.starts_with(run)))
    {
        left.extend(rest.get(..at));
        rest = rest.get(at + run.len()..).unwrap_or_default();
    }
    left.push(rest);
    left
}
