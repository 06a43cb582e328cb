//! From the JSON of a release to the text of its catalog. Whatever the text cannot say is an error, so that nothing is lost.

use super::runs;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// The version of the text's format.
const FORMAT: u32 = 1;

/// The text of a catalog.
pub(crate) fn convert(json: &Value) -> Result<String, String> {
    let root = object(json, "the catalog")?;
    known_keys(
        root,
        &["components", "config_blocks", "format", "reference", "text_types"],
        "the catalog",
    )?;
    if root.get("format") != Some(&Value::from(1)) {
        return Err("only JSON of format 1 is understood".to_owned());
    }
    let reference = string(root.get("reference"), "reference")?;
    let version = reference
        .rsplit_once(" v")
        .map(|(_, version)| version)
        .ok_or_else(|| format!("no version in reference {reference:?}"))?;

    let mut shared = Shared::default();
    let components = list(root.get("components"), "components")?;
    let config = object(root.get("config_blocks").unwrap_or(&Value::Null), "config_blocks")?;
    for component in components {
        let arguments = &component["arguments"];
        shared.find_groups(arguments, &mut Vec::new())?;
        shared.visit_component(arguments)?;
        for export in component["exports"].as_array().into_iter().flatten() {
            shared.visit_type(&export["type"])?;
        }
    }
    for (_, body) in config {
        shared.visit_component(body)?;
    }
    let closed = object(root.get("text_types").unwrap_or(&Value::Null), "text_types")?;
    shared.texts.extend(closed.keys().cloned());
    shared.name_all();
    let arguments = components.iter().map(|component| &component["arguments"]);
    let bodies: Vec<&Value> = arguments.chain(config.values()).collect();
    shared.runs = runs::find(
        bodies
            .into_iter()
            .chain(shared.bodies.iter().map(|body| &body.value)),
    );

    let mut out = Out {
        text: String::new(),
        shared: &shared,
    };
    put(
        &mut out.text,
        &format!("@catalog {FORMAT} {version} {}\n", quoted(reference)?),
    );
    for (slug, name) in &shared.slugs {
        let mut line = format!("@text {slug} {}", quoted(name)?);
        if let Some(words) = closed.get(name) {
            let words = list(Some(words), name)?;
            if words.is_empty() {
                return Err(format!("text type {name:?} accepts no word"));
            }
            for word in words {
                put(&mut line, &format!(" {}", quoted(string(Some(word), name)?)?));
            }
        }
        put(&mut out.text, &format!("{line}\n"));
    }
    for (name, body) in shared.by_name() {
        put(&mut out.text, &format!("@body {name}\n"));
        out.body(body, 1)?;
    }
    for run in &shared.runs {
        put(&mut out.text, &format!("@group {}\n", run.name));
        for attribute in &run.attributes {
            let line = out.attribute(attribute)?;
            out.line(1, &line);
        }
    }
    for (name, group) in &shared.groups {
        put(&mut out.text, &format!("@group {name} {}\n", group.kind));
        for block in &group.blocks {
            out.block(block, 1)?;
        }
    }
    for (name, body) in config {
        let fields = object(body, name)?;
        known_keys(fields, &["attributes", "blocks", "validates"], name)?;
        put(
            &mut out.text,
            &format!("@config {name}{}\n", validates(fields, name)?),
        );
        out.body(body, 1)?;
    }
    for component in components {
        out.component(component)?;
    }
    Ok(out.text)
}

/// What is written once and referred to.
#[derive(Default)]
struct Shared {
    /// How often each body is referred to, with the name of the block that held it first, in the order of finding.
    bodies: Vec<Body>,
    /// From the JSON of a body to its place in `bodies`.
    places: HashMap<String, usize>,
    /// Alternatives that hold themselves.
    groups: BTreeMap<String, Group>,
    /// Attributes that stand together in many bodies.
    runs: Vec<runs::Run>,
    texts: BTreeSet<String>,
    /// The short names of the text types.
    slugs: BTreeMap<String, String>,
}

struct Body {
    value: Value,
    name: String,
    times: usize,
    /// It stands in a type, where it cannot be written out.
    object: bool,
}

struct Group {
    /// What `enum` says of its blocks.
    kind: String,
    blocks: Vec<Value>,
}

impl Shared {
    /// Finds `one_of` references and the alternatives that they mean: the blocks with the same `enum` in a body around them.
    fn find_groups<'v>(&mut self, body: &'v Value, around: &mut Vec<&'v Value>) -> Result<(), String> {
        around.push(body);
        for block in blocks(body) {
            match block.get("one_of") {
                Some(one_of) => {
                    let name = string(one_of.get("ref"), "one_of")?;
                    let kind = string(block.get("name"), "one_of")?
                        .strip_suffix(".*")
                        .ok_or("the name of a one_of block ends in .*")?;
                    let of_kind = |block: &&Value| block.get("enum").and_then(Value::as_str) == Some(kind);
                    let found = around
                        .iter()
                        .map(|body| blocks(body).iter().filter(of_kind).cloned().collect::<Vec<_>>())
                        .find(|found| !found.is_empty())
                        .ok_or_else(|| format!("no blocks around are the {name}"))?;
                    let group = Group {
                        kind: kind.to_owned(),
                        blocks: found,
                    };
                    self.groups.insert(name.to_owned(), group);
                }
                None => self.find_groups(block, around)?,
            }
        }
        around.pop();
        Ok(())
    }

    /// The group whose blocks begin here.
    fn group_at(&self, rest: &[Value]) -> Option<(&str, usize)> {
        self.groups
            .iter()
            .find(|(_, group)| rest.starts_with(&group.blocks))
            .map(|(name, group)| (name.as_str(), group.blocks.len()))
    }

    /// The arguments of a component are written out where they stand.
    fn visit_component(&mut self, body: &Value) -> Result<(), String> {
        for attribute in attributes(body) {
            self.visit_type(&attribute["type"])?;
        }
        for block in blocks(body) {
            if block.get("one_of").is_none() {
                self.visit(block, string(block.get("name"), "a block")?, false)?;
            }
        }
        Ok(())
    }

    fn visit(&mut self, body: &Value, name: &str, object: bool) -> Result<(), String> {
        let key = key(body);
        if let Some(known) = self
            .places
            .get(&key)
            .and_then(|&place| self.bodies.get_mut(place))
        {
            known.times += 1;
            known.object |= object;
            return Ok(());
        }
        self.places.insert(key, self.bodies.len());
        self.bodies.push(Body {
            value: body.clone(),
            name: name.to_owned(),
            times: 1,
            object,
        });
        self.visit_component(body)
    }

    fn visit_type(&mut self, ty: &Value) -> Result<(), String> {
        let Value::Object(fields) = ty else { return Ok(()) };
        for (kind, of) in fields {
            match kind.as_str() {
                "list" | "map" => self.visit_type(of)?,
                "object" => self.visit(of, "object", true)?,
                "text" => {
                    self.texts.insert(string(Some(of), "text")?.to_owned());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn name_all(&mut self) {
        let mut taken = HashMap::new();
        for body in &mut self.bodies {
            // A body of one line is no longer than the reference to it.
            let long = attributes(&body.value).len() + blocks(&body.value).len() > 1;
            if !(body.object || body.times > 1 && long) {
                body.name.clear();
                continue;
            }
            let times: &mut usize = taken.entry(body.name.clone()).or_default();
            *times += 1;
            if *times > 1 {
                body.name = format!("{}~{times}", body.name);
            }
        }
        for name in &self.texts {
            let short: Vec<&str> = name
                .split([' ', '-'])
                .take_while(|word| !["with", "on"].contains(word))
                .collect();
            let short = short.join("-").to_lowercase();
            let short = short.split(',').next().unwrap_or_default().to_owned();
            let slug = match self.slugs.contains_key(&short) {
                true => name.replace([' ', ','], "-").to_lowercase(),
                false => short,
            };
            self.slugs.insert(slug, name.clone());
        }
    }

    fn by_name(&self) -> BTreeMap<&str, &Value> {
        self.bodies
            .iter()
            .filter(|body| !body.name.is_empty())
            .map(|body| (body.name.as_str(), &body.value))
            .collect()
    }

    fn name_of(&self, body: &Value) -> Option<&str> {
        let body = self.bodies.get(*self.places.get(&key(body))?)?;
        (!body.name.is_empty()).then_some(body.name.as_str())
    }

    fn slug_of(&self, text: &str) -> Option<&str> {
        self.slugs
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(slug, _)| slug.as_str())
    }
}

/// The text as it grows.
struct Out<'s> {
    text: String,
    shared: &'s Shared,
}

impl Out<'_> {
    fn component(&mut self, component: &Value) -> Result<(), String> {
        let fields = object(component, "a component")?;
        let name = string(fields.get("name"), "a component's name")?;
        known_keys(
            fields,
            &[
                "name",
                "stability",
                "community",
                "arguments",
                "exports",
                "carried_from",
            ],
            name,
        )?;
        let mut line = format!("@component {name} {}", string(fields.get("stability"), name)?);
        if boolean(fields.get("community"), name)? {
            put(&mut line, " community");
        }
        let arguments = object(&component["arguments"], name)?;
        known_keys(arguments, &["attributes", "blocks", "validates"], name)?;
        put(&mut line, validates(arguments, name)?);
        if let Some(from) = fields.get("carried_from") {
            put(&mut line, &format!(" carried_from={}", string(Some(from), name)?));
        }
        put(&mut self.text, &format!("{line}\n"));
        self.body(&component["arguments"], 1)?;
        if let Some(exports) = fields.get("exports") {
            let exports = list(Some(exports), name)?;
            if exports.is_empty() {
                return Err(format!("{name} exports an empty list"));
            }
            for export in exports {
                let line = self.attribute(export)?;
                put(&mut self.text, &format!("\t< {line}\n"));
            }
        }
        Ok(())
    }

    fn body(&mut self, body: &Value, depth: usize) -> Result<(), String> {
        let mut rest = attributes(body);
        while let Some((attribute, after)) = rest.split_first() {
            let run = self
                .shared
                .runs
                .iter()
                .find(|run| rest.starts_with(&run.attributes));
            match run {
                Some(run) => {
                    self.line(depth, &format!("& {}", run.name));
                    rest = rest.get(run.attributes.len()..).unwrap_or_default();
                }
                None => {
                    let line = self.attribute(attribute)?;
                    self.line(depth, &line);
                    rest = after;
                }
            }
        }
        let mut rest = blocks(body);
        while let Some((block, after)) = rest.split_first() {
            match self.shared.group_at(rest) {
                Some((name, length)) => {
                    self.line(depth, &format!("& {name}"));
                    rest = rest.get(length..).unwrap_or_default();
                }
                None => {
                    self.block(block, depth)?;
                    rest = after;
                }
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Value, depth: usize) -> Result<(), String> {
        let fields = object(block, "a block")?;
        let name = string(fields.get("name"), "a block's name")?;
        if let Some(one_of) = fields.get("one_of") {
            known_keys(fields, &["name", "one_of", "repeated"], name)?;
            if !boolean(fields.get("repeated"), name)? {
                return Err(format!("{name} is not repeated"));
            }
            self.line(depth, &format!("& {}", string(one_of.get("ref"), name)?));
            return Ok(());
        }
        known_keys(
            fields,
            &[
                "name",
                "required",
                "repeated",
                "label",
                "enum",
                "attributes",
                "blocks",
            ],
            name,
        )?;
        let mut line = format!("> {name}");
        if boolean(fields.get("required"), name)? {
            put(&mut line, "!");
        }
        if boolean(fields.get("repeated"), name)? {
            put(&mut line, "*");
        }
        match fields.get("label") {
            None => {}
            Some(Value::Bool(true)) => put(&mut line, " label"),
            Some(other) => return Err(format!("label of {name} is {other}")),
        }
        if let Some(kind) = fields.get("enum") {
            put(&mut line, &format!(" enum={}", string(Some(kind), name)?));
        }
        if let Some(body) = self.shared.name_of(block) {
            self.line(depth, &format!("{line} -> {body}"));
            return Ok(());
        }
        self.line(depth, &line);
        self.body(block, depth + 1)
    }

    fn attribute(&self, attribute: &Value) -> Result<String, String> {
        let fields = object(attribute, "an attribute")?;
        let name = string(fields.get("name"), "an attribute's name")?;
        known_keys(fields, &["name", "type", "required", "default"], name)?;
        let mut line = name.to_owned();
        if boolean(fields.get("required"), name)? {
            line.push('!');
        }
        line.push(' ');
        self.ty(&attribute["type"], &mut line)?;
        if let Some(default) = fields.get("default") {
            put(&mut line, &format!(" = {default}"));
        }
        Ok(line)
    }

    fn ty(&self, ty: &Value, line: &mut String) -> Result<(), String> {
        let fields = match ty {
            Value::String(plain) => {
                put(line, plain);
                return Ok(());
            }
            other => object(other, "a type")?,
        };
        let Some((kind, of)) = fields.iter().next().filter(|_| fields.len() == 1) else {
            return Err(format!("type {ty}"));
        };
        match kind.as_str() {
            "list" | "map" => {
                put(line, &format!("{kind}:"));
                self.ty(of, line)
            }
            "number" => {
                put(line, string(Some(of), kind)?);
                Ok(())
            }
            "capsule" => {
                put(line, &format!("capsule:{}", string(Some(of), kind)?));
                Ok(())
            }
            "text" => {
                let name = string(Some(of), kind)?;
                let slug = self.shared.slug_of(name).ok_or("a text type without a name")?;
                put(line, &format!("text:{slug}"));
                Ok(())
            }
            "object" => {
                let name = self.shared.name_of(of).ok_or("an object without a name")?;
                put(line, &format!("object:{name}"));
                Ok(())
            }
            _ => Err(format!("type {ty}")),
        }
    }

    fn line(&mut self, depth: usize, line: &str) {
        for _ in 0..depth {
            self.text.push('\t');
        }
        put(&mut self.text, &format!("{line}\n"));
    }
}

fn put(text: &mut String, more: &str) {
    // Writing to a String cannot fail.
    let _ = text.write_str(more);
}

/// What makes two bodies the same.
fn key(body: &Value) -> String {
    format!("{:?}{:?}", attributes(body), blocks(body))
}

pub(super) fn attributes(body: &Value) -> &[Value] {
    body.get("attributes")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn blocks(body: &Value) -> &[Value] {
    body.get("blocks")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn validates(fields: &Map<String, Value>, of: &str) -> Result<&'static str, String> {
    Ok(match boolean(fields.get("validates"), of)? {
        true => " validates",
        false => "",
    })
}

fn known_keys(fields: &Map<String, Value>, known: &[&str], of: &str) -> Result<(), String> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{of} has a key {key:?} that the text cannot say")),
        None => Ok(()),
    }
}

fn object<'v>(value: &'v Value, of: &str) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{of} is not an object"))
}

fn list<'v>(value: Option<&'v Value>, of: &str) -> Result<&'v [Value], String> {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| format!("{of} is not a list"))
}

fn string<'v>(value: Option<&'v Value>, of: &str) -> Result<&'v str, String> {
    value
        .and_then(Value::as_str)
        .ok_or_else(|| format!("{of}: a string is missing"))
}

fn boolean(value: Option<&Value>, of: &str) -> Result<bool, String> {
    value
        .and_then(Value::as_bool)
        .ok_or_else(|| format!("{of}: true or false is missing"))
}

/// In quotes; the text has no escapes outside of defaults.
fn quoted(text: &str) -> Result<String, String> {
    match text.contains(['"', '\n']) {
        true => Err(format!("{text:?} cannot be quoted")),
        false => Ok(format!("\"{text}\"")),
    }
}
