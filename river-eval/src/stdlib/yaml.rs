//! YAML with the results of Go's `yaml.v3`: its rules for plain scalars, merge keys, bounded aliases; keys must be text.

mod scalar;

use crate::eval::limits;
use crate::value::{Object, Str, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::collections::HashMap;
use std::sync::Arc;

/// Reads the first document of a text. Empty text is `null`.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    load(text, false)
}

/// Reads the first document of a YAML text as one whose scalars are all texts: `1.10` and `yes` stay what was written, and only what YAML calls
/// null is null. For formats that hold nothing but texts.
///
/// # Errors
/// Where and why the text is not YAML.
pub fn parse_texts(text: &str) -> Result<Value, String> {
    load(text, true)
}

fn load(text: &str, keeps_texts: bool) -> Result<Value, String> {
    let mut loader = Loader {
        keeps_texts,
        length: text.chars().count(),
        ends_line: text.ends_with('\n'),
        ends_blank: text.trim_end_matches(' ').ends_with('\n'),
        ..Loader::default()
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker();
            format!(
                "yaml: line {}, column {}: {}",
                at.line(),
                at.col() + 1,
                error.info()
            )
        })?;
        let done = loader.event(event, span).map_err(|why| {
            format!(
                "yaml: line {}, column {}: {why}",
                span.start.line(),
                span.start.col() + 1
            )
        })?;
        if done {
            break;
        }
    }
    Ok(loader.root.unwrap_or_default())
}

/// A value with how many nodes it has when aliases are written out, and how deep it is.
#[derive(Clone, Debug)]
struct Node {
    value: Value,
    /// Whether the value is the plain scalar `<<`.
    is_merge: bool,
    /// Whether the value is a point in time, which is text to the language but no key.
    is_time: bool,
    nodes: usize,
    depth: u32,
}

#[derive(Debug)]
enum Open {
    List {
        anchor: usize,
        items: Vec<Value>,
        nodes: usize,
        depth: u32,
    },
    Map {
        anchor: usize,
        fields: Object,
        merged: Vec<Arc<Object>>,
        /// The key whose value comes next.
        key: Option<Key>,
        nodes: usize,
        depth: u32,
    },
}

#[derive(Debug)]
enum Key {
    Field(Str),
    Merge,
}

#[derive(Default)]
struct Loader {
    /// Plain scalars are what was written.
    keeps_texts: bool,
    /// Characters of the text, whether the last one ends a line, and whether the last line is of spaces only.
    length: usize,
    ends_line: bool,
    ends_blank: bool,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Value>,
}

impl Loader {
    /// Takes an event; tells whether the first document is complete.
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<bool, String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let tag = tag.as_deref().and_then(core_tag);
                let text = if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    self.without_invented_end(&text, span)
                } else {
                    &text
                };
                let mut value = scalar::resolve(text, plain, tag)?;
                if self.keeps_texts && !matches!(value, Value::Null) {
                    value = Value::string(text);
                }
                let node = Node {
                    is_merge: plain && tag.is_none() && text == "<<",
                    is_time: plain && tag.is_none() && !self.keeps_texts && scalar::timestamp(text).is_some(),
                    value,
                    nodes: 1,
                    depth: 0,
                };
                self.complete(anchor, node)?;
            }
            Event::SequenceStart(anchor, _) => {
                self.check_open()?;
                self.open.push(Open::List {
                    anchor,
                    items: Vec::new(),
                    nodes: 1,
                    depth: 0,
                });
            }
            Event::MappingStart(anchor, _) => {
                self.check_open()?;
                self.open.push(Open::Map {
                    anchor,
                    fields: Object::new(),
                    merged: Vec::new(),
                    key: None,
                    nodes: 1,
                    depth: 0,
                });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List {
                    anchor,
                    items,
                    nodes,
                    depth,
                }) => {
                    let node = Node {
                        value: Value::List(items.into()),
                        is_merge: false,
                        is_time: false,
                        nodes,
                        depth: depth + 1,
                    };
                    self.complete(anchor, node)?;
                }
                Some(Open::Map {
                    anchor,
                    mut fields,
                    merged,
                    nodes,
                    depth,
                    ..
                }) => {
                    for object in merged {
                        for (key, value) in object.iter() {
                            if !fields.contains_key(key) {
                                fields.insert(key.clone(), value.clone());
                            }
                        }
                    }
                    let node = Node {
                        value: Value::Object(Arc::new(fields)),
                        is_merge: false,
                        is_time: false,
                        nodes,
                        depth: depth + 1,
                    };
                    self.complete(anchor, node)?;
                }
                None => return Err("an end without a beginning".to_owned()),
            },
            Event::Alias(anchor) => {
                let node = self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or("an anchor's value contains itself")?;
                self.complete(0, node)?;
            }
            Event::DocumentEnd => return Ok(true),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(false)
    }

    /// The parser ends the last line of a block of text that the end of the whole text ends; Go does not.
    fn without_invented_end<'t>(&self, text: &'t str, span: Span) -> &'t str {
        if self.ends_line || span.end.index() < self.length {
            return text;
        }
        match text.strip_suffix('\n') {
            // A last line of spaces only is no line.
            Some(shorter) if !self.ends_blank || shorter.ends_with('\n') => shorter,
            _ => text,
        }
    }

    fn check_open(&self) -> Result<(), String> {
        if self.open.len() >= limits::MAX_VALUE_DEPTH as usize {
            return Err(format!("nested more than {} deep", limits::MAX_VALUE_DEPTH));
        }
        Ok(())
    }

    /// Puts a complete value where it belongs.
    fn complete(&mut self, anchor: usize, node: Node) -> Result<(), String> {
        if node.depth > limits::MAX_VALUE_DEPTH {
            return Err(format!("nested more than {} deep", limits::MAX_VALUE_DEPTH));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let outer = match self.open.last_mut() {
            None => {
                self.root = Some(node.value);
                return Ok(());
            }
            Some(outer) => outer,
        };
        let total = match outer {
            Open::List {
                items, nodes, depth, ..
            } => {
                items.push(node.value);
                *depth = (*depth).max(node.depth);
                *nodes = nodes.saturating_add(node.nodes);
                *nodes
            }
            Open::Map {
                fields,
                merged,
                key,
                nodes,
                depth,
                ..
            } => {
                match key.take() {
                    None => *key = Some(read_key(&node)?),
                    Some(Key::Merge) => merge(merged, node.value)?,
                    Some(Key::Field(name)) => {
                        if fields.contains_key(&name) {
                            return Err(format!("mapping key {name:?} already defined"));
                        }
                        fields.insert(name, node.value);
                    }
                }
                *depth = (*depth).max(node.depth);
                *nodes = nodes.saturating_add(node.nodes);
                *nodes
            }
        };
        if total > limits::MAX_LIST_ITEMS {
            return Err(format!(
                "more than {} values, counting what aliases stand for",
                limits::MAX_LIST_ITEMS
            ));
        }
        Ok(())
    }
}

fn read_key(node: &Node) -> Result<Key, String> {
    match &node.value {
        _ if node.is_merge => Ok(Key::Merge),
        Value::String(name) if !node.is_time => Ok(Key::Field(name.clone())),
        other => {
            let shown = crate::eval::plain_text(other).unwrap_or_else(|| other.type_name().to_owned());
            Err(format!("a key must be text, got {shown}; write it in quotes"))
        }
    }
}

fn merge(merged: &mut Vec<Arc<Object>>, value: Value) -> Result<(), String> {
    const WRONG: &str = "map merge requires map or sequence of maps as the value";
    match value {
        Value::Object(object) => merged.push(object),
        Value::List(items) => {
            for item in items.iter() {
                match item {
                    Value::Object(object) => merged.push(object.clone()),
                    _ => return Err(WRONG.to_owned()),
                }
            }
        }
        _ => return Err(WRONG.to_owned()),
    }
    Ok(())
}

/// The short name of a tag of YAML's own, `int` for `!!int`; empty for any other tag.
fn core_tag(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() {
        Some(&tag.suffix)
    } else if tag.suffix.is_empty() {
        None
    } else {
        Some("")
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn json(text: &str) -> String {
        match parse(text) {
            Ok(value) => crate::vectors_json::to_json(&value, false).to_string(),
            Err(why) => format!("error: {why}"),
        }
    }

    #[test]
    fn texts_stay_what_was_written() {
        let value = super::parse_texts("a: 1.10\nb: yes\n007: [~, '~', 0x1f]\n").unwrap();
        insta::assert_snapshot!(
            crate::vectors_json::to_json(&value, false),
            @r#"{"object":{"a":{"string":"1.10"},"b":{"string":"yes"},"007":{"list":[{"null":true},{"string":"~"},{"string":"0x1f"}]}}}"#
        );
    }

    #[test]
    fn plain_scalars_resolve_as_in_yaml_v3() {
        for (text, expected) in [
            ("", r#"{"null":true}"#),
            ("~", r#"{"null":true}"#),
            ("yes", r#"{"string":"yes"}"#),
            ("True", r#"{"bool":true}"#),
            ("tRue", r#"{"string":"tRue"}"#),
            ("0x10", r#"{"int":"16"}"#),
            ("0o17", r#"{"int":"15"}"#),
            ("017", r#"{"int":"15"}"#),
            ("08", r#"{"float":"8"}"#),
            ("-0b11", r#"{"int":"-3"}"#),
            ("1_000", r#"{"int":"1000"}"#),
            ("+7", r#"{"int":"7"}"#),
            ("18446744073709551615", r#"{"uint":"18446744073709551615"}"#),
            ("18446744073709551616", r#"{"float":"1.8446744073709552e+19"}"#),
            ("1e3", r#"{"float":"1000"}"#),
            (".5", r#"{"float":"0.5"}"#),
            ("-.inf", r#"{"float":"-Inf"}"#),
            (".nan", r#"{"float":"NaN"}"#),
            ("1.2.3", r#"{"string":"1.2.3"}"#),
            ("12:30", r#"{"string":"12:30"}"#),
            ("'1'", r#"{"string":"1"}"#),
            ("!!str 1", r#"{"string":"1"}"#),
            ("!!float 1", r#"{"float":"1"}"#),
            ("!custom 1", r#"{"string":"1"}"#),
            ("!!binary aGk=", r#"{"string":"hi"}"#),
            ("2020-1-2", r#"{"string":"2020-01-02T00:00:00Z"}"#),
            (
                "2020-01-02T03:04:05.670+02:00",
                r#"{"string":"2020-01-02T03:04:05.67+02:00"}"#,
            ),
            ("|\n a\n b", r#"{"string":"a\nb"}"#),
            ("|\n a\n", r#"{"string":"a\n"}"#),
            ("|\n a\n ", r#"{"string":"a\n"}"#),
            ("|+\n a\n\n", r#"{"string":"a\n\n"}"#),
            ("2020-02-30", r#"{"string":"2020-02-30"}"#),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn merge_keys_fill_in() {
        assert_eq!(
            json("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n"),
            r#"{"object":{"base":{"object":{"x":{"int":"1"},"y":{"int":"2"}}},"use":{"object":{"y":{"int":"3"},"x":{"int":"1"}}}}}"#
        );
    }

    #[test]
    fn only_the_first_document_is_read() {
        assert_eq!(json("a: 1\n---\nb: 2\n"), r#"{"object":{"a":{"int":"1"}}}"#);
    }

    #[test]
    fn what_go_crashes_or_fails_on_is_an_error() {
        for (text, named) in [
            ("1: a", "key must be text"),
            ("2020-01-01: a", "key must be text"),
            ("{[1]: a}", "key must be text"),
            ("a: 1\na: 2", "already defined"),
            ("a: [1", "line"),
            ("a: *nope", "line"),
            ("&a [*a]", "contains itself"),
            ("!!int x", "!!int"),
            ("<<: 1", "map merge"),
        ] {
            let shown = json(text);
            assert!(
                shown.starts_with("error: yaml: line") && shown.contains(named),
                "{text}: {shown}"
            );
        }
    }

    #[test]
    fn aliases_cannot_blow_up() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for at in 1..20 {
            let inner = format!("*a{}, ", at - 1).repeat(10);
            text.push_str(&format!("a{at}: &a{at} [{inner}]\n"));
        }
        assert!(json(&text).contains("counting what aliases stand for"));
        assert!(json(&"[".repeat(100_000)).starts_with("error"));
    }
}
