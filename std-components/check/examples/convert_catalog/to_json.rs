//! From the text of a catalog back to its JSON: shows that the text says all that the JSON said.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A line, and the lines that stand deeper below it.
#[derive(Debug)]
struct Line<'t> {
    text: &'t str,
    below: Vec<Line<'t>>,
}

/// The JSON of a catalog.
pub(crate) fn convert(text: &str) -> Result<Value, String> {
    let mut lines = text.lines().peekable();
    let top = tree(&mut lines, 0);
    let mut catalog = Catalog::default();
    let mut reference = "";
    let mut components = Vec::new();
    let mut config = Map::new();
    let mut closed = Map::new();
    for line in &top {
        let (kind, rest) = line.text.split_once(' ').unwrap_or((line.text, ""));
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match kind {
            "@catalog" => {
                if name != "1" {
                    return Err(format!("format {name}"));
                }
                reference = quoted(rest).first().copied().ok_or("no reference")?;
            }
            "@text" => {
                let words = quoted(rest);
                let (text, words) = words.split_first().ok_or(line.text)?;
                catalog.texts.insert(name, text);
                if !words.is_empty() {
                    closed.insert((*text).to_owned(), json!(words));
                }
            }
            "@body" => {
                catalog.bodies.insert(name, &line.below);
            }
            "@group" => {
                catalog.groups.insert(name, (rest, &line.below));
            }
            "@config" => {
                let mut body = catalog.body(&line.below, &mut Vec::new())?;
                body.insert("validates".to_owned(), json!(rest == "validates"));
                config.insert(name.to_owned(), Value::Object(body));
            }
            "@component" => components.push(catalog.component(name, rest, &line.below)?),
            _ => return Err(format!("line {:?}", line.text)),
        }
    }
    Ok(json!({
        "components": components, "config_blocks": config, "format": 1, "reference": reference, "text_types": closed,
    }))
}

fn tree<'t>(lines: &mut std::iter::Peekable<std::str::Lines<'t>>, depth: usize) -> Vec<Line<'t>> {
    let mut found: Vec<Line<'t>> = Vec::new();
    while let Some(&line) = lines.peek() {
        let text = line.trim_start_matches('\t');
        let at = line.len() - text.len();
        if at < depth {
            break;
        }
        match found.last_mut() {
            Some(last) if at > depth => last.below = tree(lines, depth + 1),
            _ => {
                lines.next();
                found.push(Line {
                    text,
                    below: Vec::new(),
                });
            }
        }
    }
    found
}

#[derive(Default)]
struct Catalog<'t> {
    texts: HashMap<&'t str, &'t str>,
    bodies: HashMap<&'t str, &'t [Line<'t>]>,
    groups: HashMap<&'t str, (&'t str, &'t [Line<'t>])>,
}

impl<'t> Catalog<'t> {
    fn component(&self, name: &str, rest: &str, lines: &'t [Line<'t>]) -> Result<Value, String> {
        let mut words = rest.split(' ');
        let stability = words.next().unwrap_or_default();
        let (mut community, mut validates, mut carried_from) = (false, false, None);
        for word in words {
            match word.split_once('=') {
                None if word == "community" => community = true,
                None if word == "validates" => validates = true,
                Some(("carried_from", version)) => carried_from = Some(version),
                _ => return Err(format!("{name}: {word}")),
            }
        }
        let mut arguments = self.body(lines, &mut Vec::new())?;
        arguments.insert("validates".to_owned(), json!(validates));
        let mut component =
            json!({"name": name, "stability": stability, "community": community, "arguments": arguments});
        let exports = lines
            .iter()
            .filter_map(|line| line.text.strip_prefix("< "))
            .map(|line| self.attribute(line))
            .collect::<Result<Vec<_>, _>>()?;
        if !exports.is_empty() {
            component["exports"] = json!(exports);
        }
        if let Some(version) = carried_from {
            component["carried_from"] = json!(version);
        }
        Ok(component)
    }

    /// `inside` holds the groups around: one that holds itself is a reference.
    fn body(&self, lines: &'t [Line<'t>], inside: &mut Vec<&'t str>) -> Result<Map<String, Value>, String> {
        let (mut attributes, mut blocks) = (Vec::new(), Vec::new());
        for line in lines {
            if let Some(block) = line.text.strip_prefix("> ") {
                blocks.push(self.block(block, &line.below, inside)?);
            } else if let Some(name) = line.text.strip_prefix("& ") {
                let (kind, below) = self.groups.get(name).copied().ok_or(name)?;
                if inside.contains(&name) {
                    blocks.push(
                        json!({"name": format!("{kind}.*"), "one_of": {"ref": name}, "repeated": true}),
                    );
                } else {
                    inside.push(name);
                    let mut body = self.body(below, inside)?;
                    inside.pop();
                    if let Some(Value::Array(more)) = body.get_mut("attributes") {
                        attributes.append(more);
                    }
                    if let Some(Value::Array(more)) = body.get_mut("blocks") {
                        blocks.append(more);
                    }
                }
            } else if !line.text.starts_with("< ") {
                attributes.push(self.attribute(line.text)?);
            }
        }
        let mut body = Map::new();
        body.insert("attributes".to_owned(), json!(attributes));
        body.insert("blocks".to_owned(), json!(blocks));
        Ok(body)
    }

    fn block(
        &self,
        line: &'t str,
        below: &'t [Line<'t>],
        inside: &mut Vec<&'t str>,
    ) -> Result<Value, String> {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let (name, repeated) = flag(name, '*');
        let (name, required) = flag(name, '!');
        let mut below = below;
        let mut more = Map::new();
        while let Some(word) = words.next() {
            match word {
                "label" => drop(more.insert("label".to_owned(), json!(true))),
                "->" => {
                    let shared = words.next().unwrap_or_default();
                    below = self.bodies.get(shared).copied().ok_or(shared)?;
                }
                _ => {
                    let kind = word.strip_prefix("enum=").ok_or(line)?;
                    more.insert("enum".to_owned(), json!(kind));
                }
            }
        }
        let mut block = self.body(below, inside)?;
        block.append(&mut more);
        block.insert("name".to_owned(), json!(name));
        block.insert("required".to_owned(), json!(required));
        block.insert("repeated".to_owned(), json!(repeated));
        Ok(Value::Object(block))
    }

    fn attribute(&self, line: &'t str) -> Result<Value, String> {
        let (line, default) = match line.split_once(" = ") {
            Some((line, default)) => (line, Some(default)),
            None => (line, None),
        };
        let (name, ty) = line.split_once(' ').ok_or(line)?;
        let (name, required) = flag(name, '!');
        let mut attribute = json!({"name": name, "required": required, "type": self.ty(ty)?});
        if let Some(default) = default {
            attribute["default"] =
                serde_json::from_str(default).map_err(|error| format!("{line}: {error}"))?;
        }
        Ok(attribute)
    }

    fn ty(&self, ty: &'t str) -> Result<Value, String> {
        Ok(match ty.split_once(':') {
            Some((kind @ ("list" | "map"), of)) => json!({kind: self.ty(of)?}),
            Some(("capsule", name)) => json!({"capsule": name}),
            Some(("text", slug)) => json!({"text": self.texts.get(slug).ok_or(slug)?}),
            Some(("object", name)) => {
                let lines = self.bodies.get(name).copied().ok_or(name)?;
                json!({"object": self.body(lines, &mut Vec::new())?})
            }
            Some(_) => return Err(ty.to_owned()),
            None if ["int", "uint", "float"].iter().any(|kind| ty.starts_with(kind)) => json!({"number": ty}),
            None => json!(ty),
        })
    }
}

fn flag(name: &str, mark: char) -> (&str, bool) {
    match name.strip_suffix(mark) {
        Some(name) => (name, true),
        None => (name, false),
    }
}

/// The quoted words of a line.
fn quoted(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}
