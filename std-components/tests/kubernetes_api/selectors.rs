//! Label and field selectors.

use serde_json::Value;

/// Whether an object is one that a list or watch asked for.
pub(super) fn matches(object: &Value, namespace: &str, labels: &str, fields: &str) -> bool {
    let own = object["metadata"]["namespace"].as_str().unwrap_or_default();
    (namespace.is_empty() || own == namespace)
        && terms(labels).all(|term| label(object, term))
        && terms(fields).all(|term| field(object, term))
}

/// The terms between commas that are not in brackets.
fn terms(selector: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let split = move |character: char| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    };
    selector
        .split(split)
        .map(str::trim)
        .filter(|term| !term.is_empty())
}

fn label(object: &Value, term: &str) -> bool {
    let value = |name: &str| object["metadata"]["labels"][name.trim()].as_str();
    let among = |list: &str, value: Option<&str>| {
        let list = list.trim().trim_start_matches('(').trim_end_matches(')');
        list.split(',').any(|one| Some(one.trim()) == value)
    };
    if let Some((name, list)) = term.split_once(" notin ") {
        !among(list, value(name))
    } else if let Some((name, list)) = term.split_once(" in ") {
        among(list, value(name))
    } else if let Some((name, wanted)) = term.split_once("!=") {
        value(name) != Some(wanted.trim())
    } else if let Some((name, wanted)) = term.split_once('=') {
        value(name) == Some(wanted.trim_start_matches('=').trim())
    } else if let Some(name) = term.strip_prefix('!') {
        value(name).is_none()
    } else {
        value(term).is_some()
    }
}

fn field(object: &Value, term: &str) -> bool {
    let value = |path: &str| {
        let found = path.trim().split('.').fold(object, |value, step| &value[step]);
        found.as_str().unwrap_or_default().to_owned()
    };
    if let Some((path, wanted)) = term.split_once("!=") {
        value(path) != wanted.trim()
    } else if let Some((path, wanted)) = term.split_once('=') {
        value(path) == wanted.trim_start_matches('=').trim()
    } else {
        false
    }
}
