//! Groups of targets as Prometheus' HTTP and file discovery exchange them: a list of `{"targets": [...], "labels": {...}}`.

use crate::signals::Target;
use river_eval::{Str, Value};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Targets of one text at the most.
const MAX_TARGETS: usize = 1_000_000;

/// A group as it is written. What is null is empty, as Go reads it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    targets: Option<Vec<Option<String>>>,
    labels: Option<BTreeMap<String, Option<String>>>,
}

type Groups = Option<Vec<Option<Group>>>;

/// Reads groups from JSON. `own` is a label that every target gets: where it was found.
///
/// # Errors
/// Why the text is no list of groups.
pub(super) fn from_json(text: &[u8], own: (&str, &str)) -> Result<Vec<Target>, String> {
    let groups: Groups = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    targets(groups, own)
}

/// Reads groups from YAML.
///
/// # Errors
/// As [`from_json`].
pub(super) fn from_yaml(text: &str, own: (&str, &str)) -> Result<Vec<Target>, String> {
    let value = river_eval::stdlib::yaml_texts(text)?;
    let groups: Groups = serde_json::from_value(json(&value)).map_err(|error| error.to_string())?;
    targets(groups, own)
}

/// A value of texts, lists and maps as JSON.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => serde_json::Value::String(text.to_string()),
        Value::List(_) => value
            .items()
            .map_or(serde_json::Value::Null, |items| items.iter().map(json).collect()),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.to_string(), json(value)))
            .collect(),
        _ => serde_json::Value::Null,
    }
}

fn targets(groups: Groups, own: (&str, &str)) -> Result<Vec<Target>, String> {
    let mut found = Vec::new();
    for group in groups.unwrap_or_default() {
        let group = group.ok_or("nil target group item found")?;
        let mut labels: Vec<(Str, Str)> = Vec::new();
        for (name, value) in group.labels.unwrap_or_default() {
            if name.is_empty() {
                return Err("a label has no name".into());
            }
            labels.push((name.into(), value.unwrap_or_default().into()));
        }
        labels.push((own.0.into(), own.1.into()));
        for address in group.targets.unwrap_or_default() {
            if found.len() >= MAX_TARGETS {
                return Err(format!("it holds more than {MAX_TARGETS} targets"));
            }
            let address = ("__address__".into(), address.unwrap_or_default().into());
            found.push(Target::new(labels.iter().cloned().chain([address])));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_formats_say_the_same() {
        let json = br#"[{"targets": ["a:1", "b:1"], "labels": {"version": "1.10", "__address__": "no"}},
            {"targets": null, "labels": {"x": "y"}}, {"targets": ["c:1"]}]"#;
        let yaml = "
- targets: [a:1, b:1]
  labels: &labels {version: 1.10, __address__: no}
- targets: ~
  labels: {x: y}
- targets: ['c:1']
";
        let own = ("__meta_from", "here");
        let found = from_json(json, own).unwrap();
        assert_eq!(found, from_yaml(yaml, own).unwrap());
        insta::assert_snapshot!(format!("{found:?}"), @r#"[{"__address__": "a:1", "__meta_from": "here", "version": "1.10"}, {"__address__": "b:1", "__meta_from": "here", "version": "1.10"}, {"__address__": "c:1", "__meta_from": "here"}]"#);
        assert_eq!(from_json(b"null", own).unwrap(), []);
        assert_eq!(from_yaml("", own).unwrap(), []);
    }

    #[test]
    fn what_is_no_list_of_groups_is_told() {
        let own = ("__meta_from", "here");
        let mistakes: Vec<String> = [
            "[null]",
            "{}",
            r#"[{"target": ["a:1"]}]"#,
            r#"[{"targets": [{"a": "b"}]}]"#,
            r#"[{"targets": ["a:1"], "labels": {"": "x"}}]"#,
            "[",
        ]
        .iter()
        .flat_map(|text| [from_json(text.as_bytes(), own), from_yaml(text, own)])
        .map(|read| read.unwrap_err())
        .collect();
        insta::assert_snapshot!(mistakes.join("\n"), @"
        nil target group item found
        nil target group item found
        invalid type: map, expected a sequence at line 1 column 0
        invalid type: map, expected a sequence
        unknown field `target`, expected `targets` or `labels` at line 1 column 10
        unknown field `target`, expected `targets` or `labels`
        invalid type: map, expected a string at line 1 column 14
        invalid type: map, expected a string
        a label has no name
        a label has no name
        EOF while parsing a list at line 1 column 1
        yaml: line 2, column 1: while parsing a node, did not find expected node content
        ");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-\\[\\]{}:,'\"a-z&*<!~ \n]{0,60}") {
            let _ = from_json(text.as_bytes(), ("a", "b"));
            let _ = from_yaml(&text, ("a", "b"));
        }
    }
}
