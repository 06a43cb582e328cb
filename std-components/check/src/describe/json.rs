//! Schemas as JSON of our own. Format (version 1): docs/catalog.md.

use super::Around;
use river_eval::schema::{AttributeSchema, BlockSchema, BodySchema, ComponentSchema, Type};
use river_eval::vectors_json;
use serde_json::{Map, Value, json};

/// What of the format an incompatible change counts up.
const VERSION: u32 = 1;

/// One component or config block.
pub fn component(component: &ComponentSchema, target: &str, runs_here: bool) -> Value {
    let mut told = head(component, runs_here);
    let mut around = Around::default();
    told.insert(
        "arguments".to_owned(),
        body(&component.arguments, component.name, &mut around),
    );
    json!({"version": VERSION, "target": target, "component": told})
}

/// All components, without their arguments.
pub fn list<'c>(components: impl IntoIterator<Item = (&'c ComponentSchema, bool)>, target: &str) -> Value {
    let components: Vec<_> = components
        .into_iter()
        .map(|(component, runs_here)| head(component, runs_here))
        .collect();
    json!({"version": VERSION, "target": target, "components": components})
}

fn head(component: &ComponentSchema, runs_here: bool) -> Map<String, Value> {
    let exports: Vec<Value> = component.exports.iter().map(attribute).collect();
    let mut told = Map::new();
    told.insert("name".to_owned(), json!(component.name));
    told.insert("labelled".to_owned(), json!(component.labelled));
    told.insert("stability".to_owned(), json!(component.stability.name()));
    told.insert("community".to_owned(), json!(component.community));
    told.insert("runs_here".to_owned(), json!(runs_here));
    doc(&mut told, component.doc);
    told.insert("exports".to_owned(), json!(exports));
    told
}

fn body<'s>(of: &'s BodySchema, path: &str, around: &mut Around<'s>) -> Value {
    let mut told = Map::new();
    let attributes: Vec<Value> = of.attributes.iter().map(attribute).collect();
    told.insert("attributes".to_owned(), json!(attributes));
    let again = around.same_alternatives(of).map(str::to_owned);
    around.enter(path, of);
    let blocks: Vec<Value> = of
        .blocks
        .iter()
        .filter(|block| again.is_none() || !block.alternative)
        .map(|of| block(of, path, around))
        .collect();
    around.leave();
    told.insert("blocks".to_owned(), json!(blocks));
    if let Some(place) = again {
        told.insert("alternatives_of".to_owned(), json!(place));
    }
    Value::Object(told)
}

fn block<'s>(block: &'s BlockSchema, path: &str, around: &mut Around<'s>) -> Value {
    let mut told = Map::new();
    told.insert("name".to_owned(), json!(block.name));
    told.insert("required".to_owned(), json!(block.required));
    told.insert("repeated".to_owned(), json!(block.repeated));
    told.insert("labelled".to_owned(), json!(block.label));
    told.insert("alternative".to_owned(), json!(block.alternative));
    doc(&mut told, block.doc);
    let path = format!("{path} > {}", block.name);
    told.insert("body".to_owned(), body(block.body.get(), &path, around));
    Value::Object(told)
}

fn attribute(attribute: &AttributeSchema) -> Value {
    let mut told = Map::new();
    told.insert("name".to_owned(), json!(attribute.name));
    told.insert("type".to_owned(), ty(&attribute.ty));
    told.insert("required".to_owned(), json!(attribute.required));
    if let Some(default) = &attribute.default {
        told.insert("default".to_owned(), plain(default));
    }
    doc(&mut told, attribute.doc);
    Value::Object(told)
}

fn ty(of: &Type) -> Value {
    match of {
        Type::String => json!("string"),
        Type::Bool => json!("bool"),
        Type::Duration => json!("duration"),
        Type::Secret => json!("secret"),
        Type::OptionalSecret => json!("optional_secret"),
        Type::Any => json!("any"),
        Type::Function => json!("function"),
        Type::Number(kind) => json!({"number": kind}),
        Type::List(item) => json!({"list": ty(item)}),
        Type::Map(value) => json!({"map": ty(value)}),
        Type::Object(of) => json!({"object": body(of, "", &mut Around::default())}),
        Type::Capsule(name) => json!({"capsule": name}),
        Type::Text { name, words: [] } => json!({"text": name}),
        Type::Text { name, words } => json!({"text": name, "words": words}),
    }
}

fn doc(told: &mut Map<String, Value>, doc: &str) {
    if !doc.is_empty() {
        told.insert("doc".to_owned(), json!(doc));
    }
}

/// A default as the JSON that a program expects: a string as a string.
pub(super) fn plain(value: &river_eval::Value) -> Value {
    use river_eval::Value as V;
    match value {
        V::Null => Value::Null,
        V::Bool(value) => json!(value),
        V::Int(number) => json!(number),
        V::Uint(number) => json!(number),
        V::Float(number) => json!(number),
        V::String(text) => json!(&**text),
        V::List(items) => items.iter().map(plain).collect(),
        V::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.to_string(), plain(field)));
            Value::Object(fields.collect())
        }
        other => vectors_json::to_json(other, false),
    }
}
