//! Where this agent's own components differ from the reference's: docs/catalog-differences.md, and a failure where it is stale.

use alloy_check::catalog::{Catalog, Release, bundled};
use alloy_check::describe::{default_text, type_text};
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Type};
use river_eval::{FromValue, Value};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use std_components::controller::config_block_schemas;

/// Stages hold stages: deeper there is nothing new.
const MAX_DEPTH: usize = 8;

/// Of defaults that the catalog does not know.
const DECODED: &str =
    "the reference sets this default, too, but only as it decodes, which the catalog does not show";

/// Why a difference stands.
const REASONS: &[(&str, &str)] = &[
    (
        "`follow_redirects`: default `true` here, default `false` there",
        DECODED,
    ),
    (
        "`enable_http2`: default `true` here, default `false` there",
        DECODED,
    ),
    ("`refresh_interval`: default 60s here, default 0ns there", DECODED),
    (
        "`url`: type string here, string (URL) there",
        "it is checked to be one, of http or https",
    ),
    ("`decompression > format`", "zstd is this agent's own"),
    (
        "`role`: type one of \"endpoints\"",
        "the reference discovers nothing with other words",
    ),
    (
        "`selectors > role`",
        "the reference leaves selectors with other words out of account",
    ),
    ("`export receiver`: required here", "it is always there"),
    (
        "`stage.timestamp > action_on_failure`",
        "the reference refuses other words when it builds the stage",
    ),
    (
        "`max_cache_size`",
        "the reference refuses numbers below 1 when it builds the cache",
    ),
    (
        "`id`: nothing by default here",
        "the reference makes another one at each first start; the catalog holds one of them",
    ),
    ("`stage.truncate > rule { }`", "both refuse a stage without one"),
    ("`listener { }`", "both refuse a component without one"),
    ("`stage.", "not built yet; `alloy-rs run` refuses it"),
];

/// What differs in a component.
#[derive(Default)]
struct Differences {
    /// What the reference has and this agent has not.
    missing: Vec<String>,
    /// What only this agent has.
    more: Vec<String>,
    /// What both have, each in its own way.
    other: Vec<String>,
}

impl Differences {
    fn of(ours: &ComponentSchema, theirs: &ComponentSchema) -> Self {
        let mut found = Self::default();
        if ours.stability != theirs.stability {
            found.other.push(format!(
                "stability: {} here, {} there",
                ours.stability, theirs.stability
            ));
        }
        if (ours.labelled, ours.community) != (theirs.labelled, theirs.community) {
            found.other.push("label or community".to_owned());
        }
        found.bodies(&ours.arguments, &theirs.arguments, "", MAX_DEPTH);
        found.attributes(&ours.exports, &theirs.exports, "export ");
        found
    }

    fn bodies(&mut self, ours: &BodySchema, theirs: &BodySchema, path: &str, depth: usize) {
        self.attributes(&ours.attributes, &theirs.attributes, path);
        for their in &theirs.blocks {
            match ours.block(&their.name) {
                Some(our) => {
                    self.blocks(our, their, path);
                    let path_in = format!("{path}{} > ", their.name);
                    let (our, their_body) = (our.body.get(), their.body.get());
                    if our.block(&their.name).is_some() && their_body.block(&their.name).is_some() {
                        // It holds its kin again, of which all is told around it.
                        self.attributes(&our.attributes, &their_body.attributes, &path_in);
                    } else if depth > 0 {
                        self.bodies(our, their_body, &path_in, depth - 1);
                    }
                }
                None => self.missing.push(format!("`{path}{} {{ }}`", their.name)),
            }
        }
        for our in ours.blocks.iter().filter(|our| theirs.block(&our.name).is_none()) {
            self.more.push(format!("`{path}{} {{ }}`", our.name));
        }
    }

    fn blocks(&mut self, ours: &BlockSchema, theirs: &BlockSchema, path: &str) {
        let facts = |block: &BlockSchema| {
            let mut facts = vec![if block.required { "required" } else { "optional" }];
            facts.push(if block.repeated {
                "any number of times"
            } else {
                "once"
            });
            facts.extend(block.label.then_some("with a label"));
            facts.extend(block.alternative.then_some("an alternative"));
            facts.join(", ")
        };
        let (our, their) = (facts(ours), facts(theirs));
        if our != their {
            self.other
                .push(format!("`{path}{} {{ }}`: {our} here, {their} there", ours.name));
        }
    }

    fn attributes(&mut self, ours: &[AttributeSchema], theirs: &[AttributeSchema], path: &str) {
        for their in theirs {
            match ours.iter().find(|our| our.name == their.name) {
                Some(our) => self.attribute(our, their, path),
                None => self.missing.push(format!("`{path}{}`", their.name)),
            }
        }
        let more = ours
            .iter()
            .filter(|our| theirs.iter().all(|their| their.name != our.name));
        self.more.extend(more.map(|our| format!("`{path}{}`", our.name)));
    }

    fn attribute(&mut self, ours: &AttributeSchema, theirs: &AttributeSchema, path: &str) {
        let name = format!("`{path}{}`", ours.name);
        let (our, their) = (type_of(&ours.ty), type_of(&theirs.ty));
        if our != their {
            self.other.push(format!("{name}: type {our} here, {their} there"));
        }
        let (our, their) = (default_of(ours), default_of(theirs));
        if our != their {
            self.other.push(format!("{name}: {our} here, {their} there"));
        }
    }

    fn print(&self, out: &mut String) {
        for (title, list) in [
            ("Missing here", &self.missing),
            ("Only here", &self.more),
            ("Different", &self.other),
        ] {
            if !list.is_empty() {
                writeln!(out, "\n{title}:\n").unwrap();
                for difference in list {
                    let reason = REASONS.iter().find(|(start, _)| difference.starts_with(start));
                    let reason = reason.map_or(String::new(), |(_, reason)| format!(" ({reason})"));
                    writeln!(out, "- {difference}{reason}").unwrap();
                }
            }
        }
    }
}

/// A type as configurations notice it: Go's `int` has 64 bits where the agent runs.
fn type_of(ty: &Type) -> String {
    match ty {
        Type::Number("int") => type_of(&Type::Number("int64")),
        Type::Number("uint") => type_of(&Type::Number("uint64")),
        Type::List(item) => format!("list({})", type_of(item)),
        Type::Map(value) => format!("map({})", type_of(value)),
        Type::Text { words, .. } if !words.is_empty() => {
            let mut words = words.to_vec();
            words.sort_unstable();
            let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            format!("one of {}", words.join(", "))
        }
        other => type_text(other),
    }
}

/// What an attribute is when it is left out, as configurations notice it.
fn default_of(attribute: &AttributeSchema) -> String {
    if attribute.required {
        return "required".to_owned();
    }
    let zero = match &attribute.default {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) if attribute.ty != Type::Duration => text.is_empty(),
        Some(Value::List(items)) => items.is_empty(),
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(_) => false,
    };
    if zero {
        return "nothing by default".to_owned();
    }
    let duration = attribute
        .default
        .as_ref()
        .filter(|_| attribute.ty == Type::Duration);
    match duration.and_then(|default| Duration::from_value(default).ok()) {
        Some(duration) => format!("default {duration:?}"),
        None => format!("default `{}`", default_text(attribute).unwrap_or_default()),
    }
}

fn page() -> String {
    let newest = Release::newest();
    let mut out = format!(
        "# Differences from Grafana Alloy\n\n\
        Where the schemas of this agent's components differ from those of {}. A test compares them; `UPDATE_DOCS=1 cargo test -p alloy-check --test e2e differences`\n\
        writes this page. The config blocks `http`, `import.*` and those of the language are not compared.\n\n\
        Not counted: words for the same thing (`int` and `int64`), and whether an empty text, list or map is a default or nothing is.\n",
        newest.title()
    );
    let names = bundled().component_names();
    let mut same = Vec::new();
    for name in &names {
        let ours = bundled().component(name).unwrap();
        let Some(theirs) = newest.component(name) else {
            writeln!(out, "\n## {name}\n\nOnly this agent has it.").unwrap();
            continue;
        };
        let mut differences = String::new();
        Differences::of(&ours, &theirs).print(&mut differences);
        match differences.is_empty() {
            true => same.push(format!("`{name}`")),
            false => write!(out, "\n## {name}\n{differences}").unwrap(),
        }
    }
    for (name, _) in config_block_schemas() {
        let mut differences = String::new();
        let (ours, theirs) = (
            bundled().config_block(name).unwrap(),
            newest.config_block(name).unwrap(),
        );
        Differences::of(&ours, &theirs).print(&mut differences);
        match differences.is_empty() {
            true => same.push(format!("`{name}`")),
            false => write!(out, "\n## {name} (config block)\n{differences}").unwrap(),
        }
    }
    writeln!(out, "\n## Without a difference\n\n{}.", same.join(", ")).unwrap();
    let elsewhere: Vec<String> = newest
        .component_names()
        .into_iter()
        .filter(|name| !names.contains(name))
        .map(|name| format!("`{name}`"))
        .collect();
    writeln!(
        out,
        "\n## Components that this agent does not have\n\n{}.",
        elsewhere.join(", ")
    )
    .unwrap();
    out
}

#[test]
fn every_difference_from_the_reference_is_told() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/catalog-differences.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/catalog-differences.md is stale: run UPDATE_DOCS=1 cargo test -p alloy-check --test e2e differences"
    );
}
