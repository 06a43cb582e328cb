//! The component reference under `docs/components/reference`: made from the schemas, and a failure where it is stale.

use river_eval::Value;
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, Experimental, Type};
use std::fmt::Write;
use std::path::PathBuf;
use std_components::component::Registration;

/// How deep blocks are told; beyond, a block that holds itself would go on for ever.
const MAX_DEPTH: usize = 4;

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "string".into(),
        Type::Bool => "bool".into(),
        Type::Duration => "duration".into(),
        Type::Secret => "secret".into(),
        Type::OptionalSecret => "secret or string".into(),
        Type::Any => "any".into(),
        Type::Function => "function".into(),
        Type::Number(kind) => format!("number ({kind})"),
        Type::List(item) => format!("list of {}", type_name(item)),
        Type::Map(value) => format!("map of {}", type_name(value)),
        Type::Object(_) => "object".into(),
        Type::Capsule(name) => format!("`{name}`"),
        Type::Text { name, words: [] } => format!("string ({name})"),
        Type::Text { words, .. } => words
            .iter()
            .map(|word| format!("`\"{word}\"`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn default_text(attribute: &AttributeSchema) -> String {
    match &attribute.default {
        _ if attribute.required => "required".into(),
        None | Some(Value::Null) => "—".into(),
        Some(value) => format!(
            "`{}`",
            river_eval::show::text(value)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        ),
    }
}

fn attributes(out: &mut String, body: &BodySchema) {
    if body.attributes.is_empty() {
        return;
    }
    out.push_str("\n| attribute | type | default | |\n|---|---|---|---|\n");
    for attribute in &body.attributes {
        let mut doc = attribute.doc.replace('\n', " ");
        match &attribute.experimental {
            Experimental::No => {}
            Experimental::Changed => {
                doc.push_str(" Other values than the default need `--stability.level=experimental`.");
            }
            Experimental::Value(value) => {
                let value = river_eval::show::text(value);
                write!(doc, " `{value}` needs `--stability.level=experimental`.").unwrap();
            }
        }
        let row = [
            attribute.name.to_owned(),
            type_name(&attribute.ty),
            default_text(attribute),
            doc,
        ]
        .map(|cell| cell.replace('|', "\\|"));
        writeln!(out, "| `{}` | {} | {} | {} |", row[0], row[1], row[2], row[3]).unwrap();
    }
}

fn blocks(out: &mut String, body: &BodySchema, path: &str, depth: usize) {
    for block in &body.blocks {
        let path = if path.is_empty() {
            block.name.clone()
        } else {
            format!("{path} > {}", block.name)
        };
        let facts = facts(block);
        writeln!(out, "\n### `{path}`\n\n{facts}. {}", block.doc.replace('\n', " ")).unwrap();
        if depth >= MAX_DEPTH {
            continue;
        }
        let inner = block.body.get();
        attributes(out, inner);
        if inner.block(&block.name).is_some() {
            out.push_str("\nIt holds the blocks around it again.\n");
            continue;
        }
        blocks(out, inner, &path, depth + 1);
    }
}

fn facts(block: &BlockSchema) -> String {
    let mut facts = vec![if block.required { "Required" } else { "Optional" }];
    facts.extend(block.repeated.then_some("any number of times"));
    facts.extend(block.label.then_some("with a label"));
    facts.extend(block.alternative.then_some("mixed with its kin in any order"));
    facts.extend(
        block
            .experimental
            .then_some("with `--stability.level=experimental` only"),
    );
    facts.join(", ")
}

fn page(component: &Registration) -> String {
    let mut out = format!(
        "# {}\n\nStability: {}.\n\n## Arguments\n",
        component.name, component.stability
    );
    let arguments = (component.arguments)();
    if arguments.attributes.is_empty() && arguments.blocks.is_empty() {
        out.push_str("\nNone.\n");
    }
    attributes(&mut out, &arguments);
    blocks(&mut out, &arguments, "", 0);
    out.push_str("\n## Exports\n");
    let exports = (component.exports)();
    if exports.attributes.is_empty() {
        out.push_str("\nNone.\n");
    } else {
        out.push_str("\n| export | type | |\n|---|---|---|\n");
    }
    for export in &exports.attributes {
        writeln!(
            out,
            "| `{}` | {} | {} |",
            export.name,
            type_name(&export.ty),
            export.doc.replace('\n', " ")
        )
        .unwrap();
    }
    // One blank line at the most, no space at a line's end: as an editor leaves it.
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_reference_is_that_of_the_schemas() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/components/reference");
    let mut pages: Vec<(String, String)> = std_components::components()
        .map(|component| (format!("{}.md", component.name), page(component)))
        .collect();
    pages.sort();
    let mut index = String::from(
        "# Components\n\nMade from the components' schemas; `UPDATE_DOCS=1 cargo test -p std-components --test e2e reference` writes it.\n\n",
    );
    for (file, _) in &pages {
        writeln!(index, "- [{}]({file})", file.trim_end_matches(".md")).unwrap();
    }
    pages.push(("README.md".to_owned(), index));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in &pages {
            std::fs::write(folder.join(file), text).unwrap();
        }
    }
    for (file, text) in &pages {
        let written = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert!(
            written == *text,
            "docs/components/reference/{file} is stale: run UPDATE_DOCS=1 cargo test -p std-components --test e2e reference"
        );
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(
        files,
        pages.len(),
        "docs/components/reference holds a page of a component that is gone"
    );
}
